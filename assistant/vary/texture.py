"""What a motif is made of: a melody, with or without chords; several voices; drums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from assistant.brief import Brief, Texture
from assistant.errors import InvalidBrief
from midi.motif import Motif
from midi.note import Note

LEGATO_TICKS = 60
"""So much overlap, a 32nd, is playing and not a second voice."""
MOST_VOICES = 6
MOST_IN_CHORDS = 0.5
"""With a larger share of the lower notes struck two and more at a time, they are chords under a melody."""
LEAST_MOVING = 0.5
"""A voice of its own has at least this share of the notes of the busiest."""


def texture_of(motif: Motif, brief: Brief) -> Texture:
    """What a motif is varied as: as asked, or as it looks. Raises `InvalidBrief` for chords where none are."""
    texture = brief.texture if brief.texture != "auto" else "drums" if motif.drums else _looks(motif, brief)
    if brief.chords is not None and (texture != "melody" or motif.clip.one_voice):
        raise InvalidBrief(
            f"the {texture} {'have' if texture in ('drums', 'voices') else 'has'} no chords below",
            hint="leave that out, or give a motif with chords",
        )
    return texture


def _looks(motif: Motif, brief: Brief) -> Texture:
    if brief.chords is not None:
        return "melody"
    voices = voices_of(motif.notes)
    if not 1 < len(voices) <= MOST_VOICES:
        return "melody"
    busiest = max(map(len, voices))
    moving = all(len(voice) >= LEAST_MOVING * busiest for voice in voices)
    lower = [note.start_ticks for voice in voices[1:] for note in voice]
    in_chords = sum(lower.count(start) > 1 for start in lower) / len(lower)
    return "voices" if moving and in_chords <= MOST_IN_CHORDS else "melody"


def voices_of(notes: Sequence[Note]) -> tuple[tuple[Note, ...], ...]:
    """Notes dealt out to as few voices as sound at once, the highest first.

    Each note goes on in the voice that it is nearest to, and of those that begin together none crosses another.
    """
    count = most_at_once(notes)
    voices: list[list[Note]] = [[] for _ in range(count)]
    starts = sorted({note.start_ticks for note in notes})
    for start in starts:
        struck = sorted((note for note in notes if note.start_ticks == start), key=lambda note: -note.pitch)
        free = [
            number
            for number, voice in enumerate(voices)
            if not voice or voice[-1].end_ticks <= start + min(LEGATO_TICKS, _length(voice[-1]) // 2)
        ]
        ways = combinations(free, len(struck))
        best = min(ways, key=lambda way: sum(map(lambda n, note: _leap(voices, n, note), way, struck)))
        for number, note in zip(best, struck, strict=True):
            voices[number].append(note)
    return tuple(tuple(voice) for voice in voices if voice)


def most_at_once(notes: Sequence[Note]) -> int:
    """The most notes that sound at once, slight overlaps of legato playing left out."""
    events = sorted(
        event
        for note in notes
        for event in (
            (note.start_ticks, 1),
            (note.end_ticks - min(LEGATO_TICKS, _length(note) // 2), -1),
        )
    )
    most = now = 0
    for _, change in events:
        now += change
        most = max(most, now)
    return most


def voice_motif(motif: Motif, voice: Sequence[Note]) -> Motif:
    """One voice alone over the same bars."""
    return replace(motif, clip=motif.clip.with_notes(voice))


def _length(note: Note) -> int:
    return note.end_ticks - note.start_ticks


def _leap(voices: Sequence[Sequence[Note]], number: int, note: Note) -> float:
    """How far a note is from a voice's last one; an empty voice takes it where no other is near, the upper ones first
    for high notes."""
    last = voices[number][-1] if voices[number] else None
    if last is not None:
        return abs(note.pitch - last.pitch)
    sounding = [(n, voice[-1].pitch) for n, voice in enumerate(voices) if voice]
    crossing = any((n < number) != (pitch >= note.pitch) for n, pitch in sounding)
    return 40.0 if crossing else 7.0
