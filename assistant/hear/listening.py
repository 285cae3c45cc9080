"""From a recording to what was heard in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import NothingHeard
from assistant.hear.frames import RATE_HZ
from assistant.hear.heard import Heard
from assistant.hear.intend import intend
from assistant.hear.kind import Kind
from assistant.hear.quieten import quietened
from assistant.hear.settings import HearSettings
from assistant.hear.sung import Sung
from assistant.hear.timing import timed
from assistant.hear.trackers import TRACKERS, Choice, Tracker, choose
from assistant.tables import resolve
from midi.clip import Clip
from midi.heard import HeardNote
from midi.keyfinding import estimate_key
from midi.motif import Motif
from midi.quantize import meant_pitch, placed
from midi.scale import Key
from midi.tempo import SLOWEST_BPM, Tempo

SHORTEST_SECONDS = 0.05
_SILENT_PEAK = 1e-4


_WORDS: dict[Kind, str] = {
    "speech": "speech",
    "drums": "drums or noise",
    "several notes": "several notes at once",
}
_HINTS: dict[Kind, str] = {
    "speech": "sing, hum or whistle it; to have the notes that are in it all the same, add --anyway",
    "drums": "hum a melody; to have the notes that are in it all the same, add --anyway",
    "several notes": "for a piano, a guitar or a choir, try --poly; to have one voice of it all the same, --anyway",
}
_MAY_BE_SPEECH = "this may be somebody speaking; if nobody sang, these are no notes that anybody meant"


class Listener:
    """Keep one to hear several recordings without loading what hears them again; `loaded` are trackers by name."""

    def __init__(self, *, threads: int = 2, loaded: Mapping[str, Tracker] | None = None) -> None:
        self._threads = threads
        self._loaded = dict(loaded or {})

    def tracker(self, name: str) -> Tracker:
        """Raises `UnknownName`, and `MissingPart` where what it needs is not installed."""
        if name not in self._loaded:
            self._loaded[name] = resolve(TRACKERS, name, kind="note tracker")(threads=self._threads)
        return self._loaded[name]

    def listen(
        self, audio: Audio, settings: HearSettings | None = None, *, progress: Callable[[float], None] | None = None
    ) -> Heard:
        """As `listen` the function."""
        asked = settings or HearSettings()
        chosen = Choice(asked.tracker) if asked.tracker else choose(polyphonic=asked.polyphonic)
        tracker = self.tracker(chosen.name)
        sung = tracker.hear(quietened(prepared(audio)), progress=progress)
        if sung.kind != "voice" and not asked.anyway:
            raise NothingHeard(f"this sounds like {_WORDS[sung.kind]}, not like one voice", hint=_HINTS[sung.kind])
        if not sung.notes:
            raise NothingHeard(
                f"no note was heard in {audio.duration_seconds:.1f} s of sound",
                hint="hum closer to the microphone, in a quieter room, and hold each note a little",
            )
        return understood(sung, audio, asked, chosen)


def listen(
    audio: Audio, settings: HearSettings | None = None, *, progress: Callable[[float], None] | None = None
) -> Heard:
    """The notes in a recording of any rate and number of channels, and the motif that they were meant as.

    `progress` is told the part that is done, 0..1. Raises `NothingHeard` for silence, noise, and less than 50 ms;
    `MissingPart` where the tracker's network is not installed; `UnknownName` for a tracker that is not in `TRACKERS`.
    """
    return Listener().listen(audio, settings, progress=progress)


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


def understood(sung: Sung, audio: Audio, settings: HearSettings, chosen: Choice) -> Heard:
    """Sung notes, at least one, with tuning, key, tempo and metre found and each note on its beat."""
    notes = sung.notes
    if settings.polyphonic:
        pitches, tuning = tuple(meant_pitch(note.pitch, key=settings.key) for note in notes), 0.0
        tunings = (0.0,) * len(notes)
    else:
        lengths = [note.length_seconds for note in notes]
        intended = intend([note.pitch for note in notes], lengths, key=settings.key)
        pitches, tuning = intended.pitches, _tuning_cents(notes, intended.pitches)
        tunings = tuple(round(100 * semitones, 1) for semitones in intended.tuning_semitones)
    key, key_confidence = (settings.key, 1.0) if settings.key is not None else _key(notes, pitches)
    timing = timed(
        notes,
        tempo=settings.tempo,
        meter=settings.meter,
        grid=settings.grid,
        first_bar_seconds=settings.first_bar_seconds,
    )
    rhythm = timing.rhythm
    on_bars = placed(
        timing.notes,
        tempo=rhythm.tempo,
        meter=rhythm.meter,
        pitches=pitches,
        grid=settings.grid,
        feel=timing.feel,
        strength=settings.strength,
        first_bar_seconds=rhythm.first_bar_seconds,
        polyphonic=settings.polyphonic,
    )
    return Heard(
        notes=notes,
        placed=on_bars,
        motif=Motif(
            Clip(on_bars), key=key, meter=rhythm.meter, tempo=settings.tempo or told_tempo(rhythm.tempo, audio)
        ),
        tuning_cents=tuning,
        tunings_cents=tunings,
        tempo_confidence=rhythm.tempo_confidence,
        key_confidence=key_confidence,
        meter_confidence=rhythm.meter_confidence,
        first_bar_seconds=timing.in_recording(rhythm.first_bar_seconds),
        feel=timing.feel,
        freedom=timing.freedom,
        curve=sung.curve,
        duration_seconds=audio.duration_seconds,
        sample_rate_hz=audio.sample_rate_hz,
        channels=audio.channels,
        tracker=chosen.name,
        remarks=tuple(filter(None, (chosen.reason, _MAY_BE_SPEECH if sung.may_be_speech else ""))),
    )


def told_tempo(found: Tempo, audio: Audio) -> Tempo:
    """A tempo found by ear as composers write one: a whole number, unless the end of the recording would then lie over
    60 ms off; else a tenth.
    """
    whole = Tempo(max(SLOWEST_BPM, round(found.bpm)))
    off_seconds = audio.duration_seconds * abs(found.bpm / whole.bpm - 1.0)
    return whole if off_seconds <= 0.06 else Tempo(round(found.bpm, 1))


def _tuning_cents(notes: Sequence[HeardNote], pitches: Sequence[int]) -> float:
    """How sharp the notes are throughout: the middle of their distances from what was meant, long notes first."""
    off = np.array([note.pitch - pitch for note, pitch in zip(notes, pitches, strict=True)])
    weights = np.array([min(note.length_seconds, 1.0) * (0.2 + note.confidence) for note in notes])
    order = off.argsort()
    reached = weights[order].cumsum()
    return round(float(off[order[int(np.searchsorted(reached, reached[-1] / 2))]]) * 100, 1)


def _key(notes: Sequence[HeardNote], pitches: Sequence[int]) -> tuple[Key, float]:
    weights = [0.0] * 12
    for note, pitch in zip(notes, pitches, strict=True):
        weights[pitch % 12] += note.length_seconds
    return estimate_key(weights)
