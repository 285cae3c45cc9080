"""A recording to the same phrase on another instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import InvalidBrief, NothingHeard
from assistant.peak import amplified
from assistant.timbre.controls import Controls, heard
from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, Frames
from assistant.timbre.mapping import Settings, is_struck, mapped, within_range
from assistant.timbre.performing import MOST_VOICES, Tone, melody, performed, voices
from assistant.timbre.room import Ringing
from assistant.timbre.sounding import Curve, blended, flowing, in_step
from assistant.timbre.timbre import Timbre

Progress = Callable[[float], None]
Listener = Callable[[Samples], None]
_NOISE_SMOOTH_FRAMES = 6


@dataclass(frozen=True, slots=True)
class Transferred:
    """The new sound, as long as its source and aligned with it to the sample, at 48 kHz; what was done; and what the
    timbre was given, one voice's controls after the other. What a room would ring on after the end is left out.
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
    listener: Listener | None = None,
) -> Transferred:
    """`source` played by `timbre`, or by a morph from it to another along a curve.

    `listener` is given the sound as it is made, block after block of shape (channels, samples) at 48 kHz. It is what
    is given back in the end, unless that is too loud for a file: then the whole is turned down.
    Raises `NothingHeard` where no pitch is found, `InvalidBrief`, `MissingPart` where chords need the transcriber.
    """
    asked = settings or Settings()
    if morph and any(one.players or one.seats > 1 for one in (timbre, morph[0])):
        raise InvalidBrief("an ensemble does not morph", hint="morph between two soloists: violin and cello, say")
    audio = source.resampled(SAMPLE_RATE_HZ)
    mono = audio.mono()
    tell = progress or (lambda _: None)
    several = asked.chords or asked.melody
    done = _transcribed(audio, timbre, asked, tell) if several else _line(mono, timbre, asked, tell)
    flows = [_played(timbre, controls, asked, morph, number) for number, controls in enumerate(done.parts)]
    unpitched = _unpitched(mono, done.parts[0]) if asked.noise > 0 and not several else None
    ringing = Ringing(timbre.room, asked.room) if timbre.room and asked.room else None
    blocks, made = [], 0
    for parts in zip(*(in_step(flow, audio.length) for flow in flows), strict=True):
        place = slice(made, made + parts[0].shape[1])
        wet = np.sum(parts, axis=0) / np.float32(np.sqrt(len(parts)))
        if ringing:
            wet = ringing.next(wet)
        if unpitched is not None:
            wet = wet + np.float32(asked.noise) * unpitched[place]
        blocks.append(_mixed(wet, mono[place], asked.wet))
        made = place.stop
        tell(0.4 + 0.6 * made / audio.length)
        if listener:
            listener(blocks[-1])
    return replace(done, audio=Audio(amplified(np.concatenate(blocks, axis=1), 1.0), SAMPLE_RATE_HZ))


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
) -> Iterator[Samples]:
    seed = asked.seed + number
    if morph:
        return blended((timbre, morph[0]), controls, morph[1], seed=seed)
    return flowing(timbre, controls, seed=seed)


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
