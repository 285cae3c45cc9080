"""From a recording to what was heard in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import NothingHeard
from assistant.hear.heard import Heard
from assistant.hear.network import RATE_HZ, Network, Posteriorgrams
from assistant.hear.pitch import sung_curve
from assistant.hear.rhythm import find_rhythm
from assistant.hear.settings import HearSettings
from assistant.hear.tuning import tuning_offset_cents
from assistant.tables import resolve
from midi.clip import Clip
from midi.heard import HeardNote
from midi.keyfinding import estimate_key
from midi.motif import Motif
from midi.quantize import meant_pitch, placed
from midi.scale import Key
from midi.tempo import SLOWEST_BPM, Tempo

TRACKERS: dict[str, str] = {
    "basic-pitch": "assistant.hear.voice:track",
    "basic-pitch-chords": "assistant.hear.chords:track",
}
"""Name → a function (mono samples at 22050 Hz, their `Posteriorgrams`) → tuple of `HeardNote`, ordered by onset.

The module also has `check() -> Readiness`.
"""

SHORTEST_SECONDS = 0.05
_SILENT_PEAK = 1e-4


def listen(
    audio: Audio,
    settings: HearSettings | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    network: Network | None = None,
) -> Heard:
    """The notes in a recording of any rate and number of channels, and the motif that they were meant as.

    `progress` is told the part that is done, 0..1. `network` is one that is loaded already. Raises `NothingHeard` for
    silence, noise, and less than 50 ms; `MissingPart` where the network is not installed; `UnknownName` for a tracker
    that is not in `TRACKERS`.
    """
    asked = settings or HearSettings()
    track = resolve(TRACKERS, asked.tracker or tracker_for(polyphonic=asked.polyphonic), kind="note tracker")
    samples = prepared(audio)
    ear = network or Network(threads=asked.threads)
    posteriorgrams = ear.posteriorgrams(samples, progress=progress)
    notes: tuple[HeardNote, ...] = track(samples, posteriorgrams)
    if not notes:
        raise NothingHeard(
            f"no note was heard in {audio.duration_seconds:.1f} s of sound",
            hint="hum closer to the microphone, in a quieter room, and hold each note a little",
        )
    return understood(notes, audio, posteriorgrams, asked)


def tracker_for(*, polyphonic: bool) -> str:
    return "basic-pitch-chords" if polyphonic else "basic-pitch"


def prepared(audio: Audio) -> Samples:
    """The recording as the network wants it: mono, 22050 Hz, without a constant offset; shape (samples,).

    Raises `NothingHeard` for less than 50 ms and for silence.
    """
    if audio.duration_seconds < SHORTEST_SECONDS:
        raise NothingHeard(
            f"the recording lasts {audio.duration_seconds * 1000:.0f} ms, under the {SHORTEST_SECONDS * 1000:.0f} ms "
            "that a note takes",
            hint="record for a second or more",
        )
    mono = audio.mono()
    mono = mono - mono.mean(dtype=np.float64).astype(np.float32)
    if float(np.abs(mono).max()) < _SILENT_PEAK:
        raise NothingHeard(
            "the recording is silent", hint="check that the right microphone is chosen and not muted, and record again"
        )
    resampled: Samples = Audio(mono[np.newaxis], audio.sample_rate_hz).resampled(RATE_HZ).samples[0]
    return resampled


def understood(
    notes: Sequence[HeardNote], audio: Audio, posteriorgrams: Posteriorgrams, settings: HearSettings
) -> Heard:
    """Sung notes, at least one, with tuning, key, tempo and metre found and each note on its beat."""
    tuning = 0.0 if settings.polyphonic else tuning_offset_cents(notes, settings.key)
    key, key_confidence = (settings.key, 1.0) if settings.key is not None else _key(notes, tuning)
    rhythm = find_rhythm(notes, tempo=settings.tempo, meter=settings.meter)
    on_bars = placed(
        notes,
        tempo=rhythm.tempo,
        meter=rhythm.meter,
        key=key,
        tuning_cents=tuning,
        grid=settings.grid,
        first_bar_seconds=rhythm.first_bar_seconds,
        polyphonic=settings.polyphonic,
    )
    return Heard(
        notes=tuple(notes),
        placed=on_bars,
        motif=Motif(
            Clip(on_bars), key=key, meter=rhythm.meter, tempo=settings.tempo or told_tempo(rhythm.tempo, audio)
        ),
        tuning_cents=tuning,
        tempo_confidence=rhythm.tempo_confidence,
        key_confidence=key_confidence,
        meter_confidence=rhythm.meter_confidence,
        first_bar_seconds=rhythm.first_bar_seconds,
        curve=sung_curve(posteriorgrams, notes),
        duration_seconds=audio.duration_seconds,
        sample_rate_hz=audio.sample_rate_hz,
        channels=audio.channels,
    )


def told_tempo(found: Tempo, audio: Audio) -> Tempo:
    """A tempo found by ear as composers write one: a whole number, unless the end of the recording would then lie over
    60 ms off; else a tenth.
    """
    whole = Tempo(max(SLOWEST_BPM, round(found.bpm)))
    off_seconds = audio.duration_seconds * abs(found.bpm / whole.bpm - 1.0)
    return whole if off_seconds <= 0.06 else Tempo(round(found.bpm, 1))


def _key(notes: Sequence[HeardNote], tuning_cents: float) -> tuple[Key, float]:
    weights = [0.0] * 12
    for note in notes:
        weights[meant_pitch(note.pitch, tuning_cents) % 12] += note.length_seconds
    return estimate_key(weights)
