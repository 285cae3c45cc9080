"""What was heard in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.hear.sung import PitchCurve
from midi.heard import HeardNote
from midi.motif import Motif
from midi.note import Note
from midi.pitch import hz_from_midi, midi_from_hz
from midi.quantize import Feel

_MARKED_HZ, _MARKED_SEMITONES = 3.75, 0.25
"""How far above the sound people mark a sung pitch, on average; never more than a quarter of a semitone."""


def as_marked(pitch: float) -> float:
    """The pitch of a note that sounds at `pitch`, as people mark it: a little sharp. See `ear.md`."""
    return min(midi_from_hz(hz_from_midi(pitch) + _MARKED_HZ), pitch + _MARKED_SEMITONES)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Sung notes, and the motif that they were meant as.

    `placed` are the motif's notes in the order of `notes`, one for each. `tuning_cents`: how sharp the singer is
    throughout, `tunings_cents` around each note. Confidences 0..1; 1 for what was given. `first_bar_seconds`: when the
    motif's first bar line falls in the recording; negative where the recording begins after it. `curve`: the sung
    pitch, frame by frame. `feel`: how beats are divided. `freedom`: how much the tempo gives and takes, 0 for an
    even one. `remarks` are sentences for the composer.
    """

    notes: tuple[HeardNote, ...]
    placed: tuple[Note, ...]
    motif: Motif
    tuning_cents: float
    tunings_cents: tuple[float, ...]
    tempo_confidence: float
    key_confidence: float
    meter_confidence: float
    first_bar_seconds: float
    curve: PitchCurve
    duration_seconds: float
    sample_rate_hz: int
    channels: int
    feel: Feel = "straight"
    freedom: float = 0.0
    tracker: str = "learned"
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The notes as plain values, as `notes.json` has them."""
        return {
            "tempo_bpm": self.motif.tempo.bpm,
            "key": str(self.motif.key),
            "meter": str(self.motif.meter),
            "tuning_cents": self.tuning_cents,
            "feel": self.feel,
            "freedom": self.freedom,
            "confidence": {
                "tempo": self.tempo_confidence,
                "key": round(self.key_confidence, 3),
                "meter": self.meter_confidence,
            },
            "notes": [
                {
                    "onset_s": round(sung.onset_seconds, 4),
                    "offset_s": round(sung.offset_seconds, 4),
                    "pitch_sung": round(as_marked(sung.pitch), 3),
                    "pitch_midi": note.pitch,
                    "hz": round(hz_from_midi(sung.pitch), 2),
                    "velocity": note.velocity,
                    "confidence": round(sung.confidence, 3),
                    "start_beats": round(note.start_beats, 6),
                    "length_beats": round(note.length_beats, 6),
                }
                for sung, note in zip(self.notes, self.placed, strict=True)
            ],
        }
