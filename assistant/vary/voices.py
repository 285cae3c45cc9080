"""A polyphonic clip varied voice by voice: each voice by itself, and those put together that sound together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from assistant.brief import Brief
from assistant.errors import InvalidBrief
from assistant.vary.selection import aims
from assistant.vary.texture import voice_motif, voices_of
from assistant.vary.variation import Variation
from midi.compare import Shapes, closenesses, shapes, spans
from midi.motif import Motif
from midi.note import Note
from midi.pitch import PitchRange

TOGETHER = 60
"""So many ways to put voices together are tried for each variation."""
NEAREST = 5
"""Of each voice's variations so many that are nearest to the closeness aimed at are tried."""
HARSH = (1, 2, 6, 10, 11)
"""Intervals above the lower note, in semitones within the octave, that want to be resolved."""
SLOT_TICKS = 60

Vary = Callable[[Motif, Brief], tuple[Variation, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """A voice as it may be played: its notes, whether they are new, and what was done."""

    notes: tuple[Note, ...]
    closeness: float
    technique: str
    sentence: str
    source: str


def vary_voices(motif: Motif, brief: Brief, vary: Vary) -> tuple[Variation, ...]:
    """Variations of all voices at once, from near to far; `vary` varies one. Raises `InvalidBrief`."""
    if brief.locked_notes:
        raise InvalidBrief("notes are locked in one melody, not in voices", hint="lock bars, or vary the melody alone")
    voices = voices_of(motif.notes)
    options = [parts_of(motif, number, voice, brief, vary) for number, voice in enumerate(voices)]
    if all(len(parts) == 1 for parts in options):
        raise InvalidBrief("no voice can be varied under this", hint="unlock a bar, widen the range, or keep less")
    random = Random(f"{brief.seed} voices")
    length = round(motif.clip.length_beats * 480)
    source = shapes([spans(motif.clip)], length)
    usual = harshness(voices, length)
    counts = brief.note_counts(len(motif.notes))
    made: dict[tuple[Note, ...], tuple[float, tuple[Part, ...]]] = {}
    for aim in aims(brief.count, brief.closeness):
        near = [sorted(parts, key=lambda part: abs(part.closeness - aim))[:NEAREST] for parts in options]
        tried = {
            tuple(sorted(note for part in parts for note in part.notes)): parts
            for parts in (tuple(random.choice(some) for some in near) for _ in range(TOGETHER))
        }
        good = [
            (notes, parts)
            for notes, parts in tried.items()
            if notes not in made and notes != motif.notes and len(notes) in counts and apart(notes, motif.notes)
        ]
        if not good:
            continue
        close = _closeness(source, [notes for notes, _ in good], length)
        harsh = [max(0.0, harshness([part.notes for part in parts], length) - usual) for _, parts in good]
        silent = [emptied(voices, [part.notes for part in parts], length) for _, parts in good]
        best = int((4 * np.abs(close - aim) + 3 * np.array(harsh) + 3 * np.array(silent)).argmin())
        made[good[best][0]] = float(close[best]), good[best][1]
    if not made:
        raise InvalidBrief("no voices that hold this go together", hint="unlock a bar, widen the range, or keep less")
    ordered = sorted(made.items(), key=lambda each: (-each[1][0], each[0]))
    return tuple(
        Variation(
            motif=replace(motif.with_notes(notes), key=brief.key or motif.key),
            technique=" + ".join(dict.fromkeys(name for part in parts for name in part.technique.split(" + ") if name)),
            closeness=close,
            sentence=said(parts),
            seed=brief.seed,
            rank=rank,
            source="model" if any(part.source == "model" for part in parts) else "rules",
        )
        for rank, (notes, (close, parts)) in enumerate(ordered, 1)
    )


def parts_of(motif: Motif, number: int, voice: Sequence[Note], brief: Brief, vary: Vary) -> list[Part]:
    """What one voice may play: its variations, and itself where that holds what is asked."""
    alone = voice_motif(motif, voice)
    asked = replace(brief, count=max(10, brief.count), seed=brief.seed + 1000 * number, texture="melody", chords=None)
    if brief.pitch_range is None:
        asked = replace(asked, pitch_range=_own_range(motif, voice, brief))
    itself = Part(tuple(voice), 1.0, "", "", "rules")
    try:
        found = vary(alone, asked)
    except InvalidBrief:
        if not _holds(alone, brief):
            raise
        return [itself]
    parts = [
        Part(one.motif.notes, one.closeness, one.technique, one.sentence, one.source)
        for one in found
        if one.motif.key == (brief.key or motif.key)
    ]
    return [*parts, itself] if _holds(alone, brief) or not parts else parts


def harshness(voices: Sequence[Sequence[Note]], length: int) -> float:
    """The share of the time with two voices sounding in which two are harsh together, or cross."""
    lines = np.stack([_sounding(voice, length) for voice in voices])
    rough = np.zeros(lines.shape[1], bool)
    several = (lines >= 0).sum(0) > 1
    for upper in range(len(lines)):
        for lower in range(upper + 1, len(lines)):
            both = (lines[upper] >= 0) & (lines[lower] >= 0)
            away = lines[upper] - lines[lower]
            rough |= both & (np.isin(np.abs(away) % 12, HARSH) | (away < 0))
    return float(rough.sum() / max(1, several.sum()))


def emptied(voices: Sequence[Sequence[Note]], now: Sequence[Sequence[Note]], length: int) -> float:
    """The share of the time in which a voice sounded that it now is silent in."""
    before, after = (np.stack([_sounding(voice, length) >= 0 for voice in some]) for some in (voices, now))
    return float((before & ~after).sum() / max(1, before.sum()))


def apart(notes: Sequence[Note], original: Sequence[Note]) -> bool:
    """Whether no pitch is struck while it sounds, but for notes that are so in the original."""
    own = set(original)
    ends: dict[int, Note] = {}
    for note in notes:
        before = ends.get(note.pitch)
        if before is not None and before.end_ticks > note.start_ticks and not {before, note} <= own:
            return False
        ends[note.pitch] = note
    return True


def said(parts: Sequence[Part]) -> str:
    """What became of each voice; of those that stayed nothing but that."""
    names = _names(len(parts))
    told = [f"{name}: {part.sentence}" for name, part in zip(names, parts, strict=True) if part.sentence]
    kept = [name for name, part in zip(names, parts, strict=True) if not part.sentence]
    return " | ".join([*told, *([f"{' and '.join(kept)} kept"] if kept else [])])


def _names(count: int) -> list[str]:
    if count == 2:
        return ["upper voice", "lower voice"]
    return [f"voice {number}" for number in range(1, count + 1)]


def _own_range(motif: Motif, voice: Sequence[Note], brief: Brief) -> PitchRange | None:
    """A voice keeps to where it lies, a third beyond, so that voices cross no more than they did; unless the whole
    moves to another key."""
    if brief.key is not None or brief.keep == "pitches":
        return None
    pitches = [note.pitch for note in voice]
    return PitchRange(max(0, min(pitches) - 4), min(127, max(pitches) + 4))


def _holds(alone: Motif, brief: Brief) -> bool:
    """Whether a voice may stay as it is."""
    bar = alone.meter.bar_beats * 480
    locked = [((number - 1) * bar, number * bar) for number in brief.locked_bars]
    free = [n for n in alone.notes if not any(n.start_ticks < end and n.end_ticks > start for start, end in locked)]
    in_key = brief.key is None or all(note.pitch in brief.key for note in free)
    in_range = brief.pitch_range is None or all(note.pitch in brief.pitch_range for note in free)
    return in_key and in_range


def _sounding(voice: Sequence[Note], length: int) -> NDArray[np.int64]:
    line = np.full(-(-length // SLOT_TICKS), -1)
    for note in voice:
        line[-(-note.start_ticks // SLOT_TICKS) : -(-note.end_ticks // SLOT_TICKS)] = note.pitch
    return line


def _closeness(source: Shapes, many: Sequence[Sequence[Note]], length: int) -> NDArray[np.float64]:
    table = [[(note.start_ticks, note.end_ticks, note.pitch) for note in notes] for notes in many]
    return closenesses(source, shapes(table, length))
