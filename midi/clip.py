"""A clip: notes over a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from midi.errors import InvalidClip
from midi.note import Note, on_grid


@dataclass(frozen=True, slots=True)
class Clip:
    """Notes in order of start then pitch, in `length_beats` beats (at least the end of the last note).

    May be polyphonic; `one_voice` tells. Raises `InvalidClip` when a note ends after the clip.
    """

    notes: tuple[Note, ...]
    length_beats: float = 0.0
    name: str = ""

    def __post_init__(self) -> None:
        notes = tuple(sorted(self.notes))
        end = max((note.end_beats for note in notes), default=0.0)
        length = on_grid(self.length_beats) or end
        if length < end:
            raise InvalidClip(
                f"a note ends at beat {end:g}, after the clip's {length:g} beats",
                hint="lengthen the clip or cut the note",
            )
        object.__setattr__(self, "notes", notes)
        object.__setattr__(self, "length_beats", length)

    def __iter__(self) -> Iterator[Note]:
        return iter(self.notes)

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def pitches(self) -> tuple[int, ...]:
        return tuple(note.pitch for note in self.notes)

    @property
    def one_voice(self) -> bool:
        """No two notes sound at once."""
        return all(a.end_ticks <= b.start_ticks for a, b in zip(self.notes, self.notes[1:], strict=False))

    def with_notes(self, notes: Iterable[Note]) -> Clip:
        """The same stretch of time with other notes."""
        return replace(self, notes=tuple(notes))

    def between(self, start_beats: float, end_beats: float) -> Clip:
        """The notes that start in [start, end), moved to beat 0 and cut at the end."""
        start, end = on_grid(start_beats), on_grid(end_beats)
        kept = (
            replace(
                note, start_beats=note.start_beats - start, length_beats=min(note.end_beats, end) - note.start_beats
            )
            for note in self.notes
            if start <= note.start_beats < end
        )
        return Clip(tuple(kept), length_beats=end - start, name=self.name)
