"""The layers of what is auditioned, and how loud each is played: melody, inner voices, bass; of drums cymbals, snare
and toms, kick.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from midi.motif import Motif
from midi.note import Note

Layer = Literal["melody", "inner", "bass"]
_OF_DRUMS: dict[str, Layer] = {"kick": "bass", "hats": "melody", "cymbals": "melody"}
_KEPT = 32


@dataclass(frozen=True, slots=True)
class Levels:
    """What velocities are multiplied by, 0..1; a layer at 0 is silent, everything else is heard, however softly."""

    melody: float = 1.0
    inner: float = 1.0
    bass: float = 1.0

    def velocity(self, layer: Layer, velocity: int) -> int:
        level: float = getattr(self, layer)
        return max(1, round(velocity * level)) if level > 0 else 0


AS_WRITTEN = Levels()


@lru_cache(_KEPT)
def layers_of(motif: Motif) -> dict[Note, Layer]:
    """The layer of each note: the highest voice is the melody, the lowest of several the bass. Of drums, as General
    MIDI numbers them, the cymbals are the melody and the kick the bass.
    """
    if motif.drums:
        from assistant.vary.drums.pattern import role_of

        return {note: _OF_DRUMS.get(role_of(note.pitch), "inner") for note in motif.notes}
    from assistant.vary.texture import voices_of

    voices = voices_of(motif.notes)
    lowest = len(voices) - 1
    return {
        note: "melody" if number == 0 else "bass" if number == lowest else "inner"
        for number, voice in enumerate(voices)
        for note in voice
    }
