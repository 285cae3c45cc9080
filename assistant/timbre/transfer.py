"""A recording to the same phrase on another instrument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import InvalidBrief, NothingHeard
from assistant.peak import amplified
from assistant.timbre.controls import Controls, heard
from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, Frames
from assistant.timbre.mapping import Settings, is_struck, mapped, within_range
from assistant.timbre.performing import MOST_VOICES, Tone, melody, performed, voices
from assistant.timbre.sounding import Curve, blended, sounded
from assistant.timbre.timbre import Timbre

Progress = Callable[[float], None]
_NOISE_SMOOTH_FRAMES = 6


@dataclass(frozen=True, slots=True)
class Transferred:
    """The new sound, as long as its source and aligned with it to the sample, at 48 kHz; what was done; and what the
    timbre was given, one voice's controls after the other.
    """

    audio: Audio
    octaves: int
    struck: bool
    parts: tuple[Controls, ...]

    @property
    def voices(self) -> int:
        return len(self.parts)


def transfer(
    source: Audio,
    timbre: Timbre,
    settings: Settings | None = None,
    *,
    morph: tuple[Timbre, Curve] | None = None,
    progress: Progress | None = None,
) -> Transferred:
    """`source` played by `timbre`, or by a morph from it to another along a curve.

    Raises `NothingHeard` where no pitch is found, `InvalidBrief`, `MissingPart` where chords need the transcriber.
    """
    asked = settings or Settings()
    if morph and (timbre.players or morph[0].players):
        raise InvalidBrief("an ensemble does not morph", hint="morph between two soloists: violin and cello, say")
    audio = source.resampled(SAMPLE_RATE_HZ)
    mono = audio.mono()
    tell = progress or (lambda _: None)
    several = asked.chords or asked.melody
    done = _transcribed(audio, timbre, asked, tell) if several else _line(mono, timbre, asked, tell)
    played = [_played(timbre, controls, asked, morph, number) for number, controls in enumerate(done.parts)]
    wet = _sum(played, audio.length)
    if asked.noise > 0 and not several:
        wet = wet + np.float32(asked.noise) * _unpitched(mono, done.parts[0])
    mixed = _mixed(wet, mono, asked.wet)
    tell(1.0)
    return replace(done, audio=Audio(amplified(mixed, 1.0), SAMPLE_RATE_HZ))


def _line(mono: Samples, timbre: Timbre, asked: Settings, tell: Progress) -> Transferred:
    found = heard(mono)
    if not found.sounding.any():
        raise NothingHeard(
            f"no pitch was heard in {found.seconds:.1f} s of sound",
            hint="sing or play one note at a time; chords need --chords, or --melody",
        )
    tell(0.4)
    fitted, octaves = within_range(found, timbre, asked)
    struck = is_struck(found) if asked.struck is None else asked.struck
    controls = mapped(fitted, timbre, replace(asked, struck=struck))
    return Transferred(_EMPTY, octaves, struck, (controls,))


def _transcribed(audio: Audio, timbre: Timbre, asked: Settings, tell: Progress) -> Transferred:
    """Several notes at once: written down, given to voices or to the melody alone, held as the timbre holds them."""
    from assistant.hear import HearSettings, listen

    notes = listen(audio, HearSettings(polyphonic=True), progress=lambda share: tell(0.4 * share)).notes
    middle = float(np.median([note.velocity for note in notes]))
    tones = [
        Tone(
            note.onset_seconds,
            note.offset_seconds,
            round(note.pitch) + asked.transpose,
            float(np.clip(middle + asked.loudness * (note.velocity - middle), 1, 127)),
        )
        for note in notes
    ]
    lines = (melody(tones),) if asked.melody else voices(tones, MOST_VOICES)
    # The voices of a chord stay together: none is moved by octaves for itself unless it has to be.
    octaves = asked.octaves if asked.melody else asked.octaves or 0
    parts, moved = [], 0
    for number, line in enumerate(lines):
        controls = performed(line, timbre, audio.duration_seconds, seed=asked.seed + number)
        fitted, moved = within_range(controls, timbre, replace(asked, transpose=0.0, octaves=octaves))
        parts.append(fitted)
    return Transferred(_EMPTY, moved, True, tuple(parts))


_EMPTY = Audio(np.zeros((1, 0), np.float32), SAMPLE_RATE_HZ)


def _played(
    timbre: Timbre, controls: Controls, asked: Settings, morph: tuple[Timbre, Curve] | None, number: int
) -> Samples:
    seed = asked.seed + number
    if morph:
        return blended((timbre, morph[0]), controls, morph[1], seed=seed)
    return sounded(timbre, controls, seed=seed)


def _sum(parts: Sequence[Samples], length: int) -> Samples:
    """Voices added, cut or filled to the source's length."""
    total = np.zeros((max(len(part) for part in parts), length), np.float32)
    for part in parts:
        fits = min(length, part.shape[1])
        total[:, :fits] += part[:, :fits]
    return total / np.float32(np.sqrt(len(parts)))


def _unpitched(mono: Samples, controls: Controls) -> Samples:
    """What the source does where no pitch is held: breath and consonants."""
    kernel = np.ones(2 * _NOISE_SMOOTH_FRAMES + 1) / (2 * _NOISE_SMOOTH_FRAMES + 1)
    share = np.convolve(1.0 - controls.sounding, kernel, mode="same")
    gain = _sampled(share.astype(np.float32), len(mono))
    return mono * gain


def _sampled(frames: Frames, length: int) -> Samples:
    return np.interp(np.arange(length) / HOP, np.arange(len(frames)), frames).astype(np.float32)


def _mixed(wet: Samples, dry: Samples, share: float) -> Samples:
    if share == 1.0:
        return wet
    return wet * np.float32(share) + dry[None] * np.float32(1 - share)
