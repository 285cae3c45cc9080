"""Whether what was asked holds, looked at from outside: random briefs for real motifs, every variation checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from assistant.brief import Brief, Keep
from assistant.errors import InvalidBrief
from assistant.vary.make import vary
from midi.compare import top_line
from midi.motif import Motif
from midi.note import Note
from midi.pitch import PitchRange
from midi.scale import Key

KEPT: dict[str, Keep] = {"rhythm": "rhythm", "contour": "contour", "pitches": "pitches"}
KINDS = ("locked bars", "locked notes", "rhythm", "contour", "pitches", "key", "range", "density", "several")


def checked(motifs: Sequence[Motif], random: Random, *, at_a_time: int = 50) -> Iterator[tuple[str, int, int]]:
    """Without end: a kind of constraint, how many variations were made under it, and how many held it."""
    while True:
        motif = random.choice(motifs)
        kind = random.choice(KINDS)
        brief = replace(random_brief(kind, motif, random), count=at_a_time)
        try:
            made = vary(motif, brief)
        except InvalidBrief:
            continue
        yield kind, len(made), sum(holds(motif, brief, variation.motif) for variation in made)


def random_brief(kind: str, motif: Motif, random: Random) -> Brief:
    brief = Brief(seed=random.randrange(10**6), closeness=random.choice((None, 0.8, 0.5, 0.3)))
    pitches = [note.pitch for note in motif.notes]
    locked = frozenset(random.sample(range(1, motif.bars + 1), random.randrange(1, max(2, motif.bars))))
    reach = PitchRange(min(pitches), max(pitches))
    if kind in KEPT:
        return replace(brief, keep=KEPT[kind])
    if kind == "locked bars":
        return replace(brief, locked_bars=locked)
    if kind == "locked notes":
        return replace(brief, locked_notes=frozenset(random.sample(range(1, len(motif.notes) + 1), 3)))
    if kind == "key":
        return replace(brief, key=Key(random.randrange(12), random.choice(("major", "minor"))))
    if kind == "range":
        return replace(brief, pitch_range=reach)
    if kind == "density":
        return replace(brief, density=random.choice((0.5, 0.8, 1.25, 2.0)))
    keep = random.choice((None, *KEPT.values()))
    return replace(brief, locked_bars=locked, pitch_range=reach, keep=keep)


def holds(motif: Motif, brief: Brief, varied: Motif) -> bool:
    """Every hard constraint of a brief, on a motif of one voice."""
    bar = round(motif.meter.bar_beats * 480)
    locked = [((number - 1) * bar, number * bar) for number in brief.locked_bars]
    free = [note for note in varied.notes if not sounding(note, locked)]
    old, new = top_line(motif.notes), top_line(varied.notes)
    if varied.clip.length_beats != motif.clip.length_beats or varied.meter != motif.meter:
        return False
    if [n for n in motif.notes if sounding(n, locked)] != [n for n in varied.notes if sounding(n, locked)]:
        return False
    kept = [old[number - 1] for number in brief.locked_notes]
    if any(note not in varied.notes for note in kept):
        return False
    free = [note for note in free if note not in kept]
    if brief.key is not None and any(note.pitch not in brief.key for note in free):
        return False
    if brief.pitch_range is not None and any(note.pitch not in brief.pitch_range for note in free):
        return False
    if brief.keep == "rhythm" and [times(note) for note in old] != [times(note) for note in new]:
        return False
    if brief.keep == "pitches" and [note.pitch for note in old] != [note.pitch for note in new]:
        return False
    if brief.keep == "contour" and ways(old) != ways(new):
        return False
    return len(new) in brief.note_counts(len(old))


def sounding(note: Note, stretches: Sequence[tuple[int, int]]) -> bool:
    return any(note.start_ticks < end and note.end_ticks > start for start, end in stretches)


def times(note: Note) -> tuple[int, int]:
    return note.start_ticks, note.end_ticks


def ways(line: Sequence[Note]) -> list[int]:
    return [(b.pitch > a.pitch) - (b.pitch < a.pitch) for a, b in pairwise(line)]
