"""Candidates from candidates: the bars of one and the bars of another, or of the motif itself.

People, too, leave some bars as they are, and come back to what they did before. Two lines that were made for the same
motif fit each other, and a line of theirs costs next to nothing: so there is more to choose from (the crossing over of
genetic algorithms).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from assistant.vary.candidates import Candidate, measured, spans_of
from assistant.vary.phrase import Tone
from midi.compare import measured as compared
from midi.compare import shapes

WITH_THE_MOTIF = 0.35
"""How often it is the motif that the bars come from."""
IN_THE_MIDDLE = 0.5
"""How often bars between others are taken, and not the end."""
TRIES = 2
"""How many are made for each aim."""


def crossed(parents: Sequence[Candidate], aims: Sequence[float], random: Random) -> list[Candidate]:
    """About one candidate for each closeness aimed at, none of them a parent or the motif. None of a motif of one bar.
    All parents hold the same terms."""
    made = in_band(mixed(parents, TRIES * len(aims), random))
    near = np.array([candidate.closeness for candidate in made])
    picked: list[Candidate] = []
    for aim in aims[: len(made)]:
        best = int(np.abs(near - aim).argmin())
        picked.append(made[best])
        near[best] = np.inf
    return picked


def mixed(parents: Sequence[Candidate], tries: int, random: Random) -> list[Candidate]:
    """What comes of so many tries, as near or far as it falls."""
    if not parents or parents[0].terms.base.bars < 2:
        return []
    terms = parents[0].terms
    bars = terms.base.bars
    known = {terms.source.tones, *(parent.tones for parent in parents)}
    lines: dict[tuple[Tone, ...], None] = {}
    for _ in range(tries):
        one = random.choice(parents).tones
        other = terms.base.tones if random.random() < WITH_THE_MOTIF else random.choice(parents).tones
        if random.random() < 0.5:
            one, other = other, one
        first = random.randrange(1, bars)
        last = random.randrange(first, bars) if random.random() < IN_THE_MIDDLE else bars - 1
        line = with_bars(one, other, first * terms.base.bar_ticks, (last + 1) * terms.base.bar_ticks)
        if line not in known:
            lines[line] = None
    return measured(terms, lines, parents[0].techniques[0], parents[0].source)


def in_band(made: list[Candidate]) -> list[Candidate]:
    """Those in the overlap that is asked for, where one is."""
    if not made or made[0].terms.brief.overlap is None:
        return made
    terms = made[0].terms
    far, near = made[0].terms.brief.overlap
    sampled = shapes(
        [spans_of(tones, terms) for tones in (terms.source.tones, *(c.tones for c in made))], terms.source.length
    )
    overlap = compared(sampled[0], sampled)[1:, 0]
    return [candidate for candidate, value in zip(made, overlap, strict=True) if far <= value <= near]


def with_bars(one: Sequence[Tone], other: Sequence[Tone], start: int, end: int) -> tuple[Tone, ...]:
    """The one line, but from `start` to `end`, in ticks, the other; a note over a seam is struck again there."""
    length = max(tone.end for tone in (*one, *other))
    return (*between(one, 0, start), *between(other, start, end), *between(one, end, max(length, end)))


def between(tones: Sequence[Tone], start: int, end: int) -> list[Tone]:
    """What sounds from `start` to `end`, cut to that."""
    return [
        Tone(max(start, tone.start), tone.pitch, min(end, tone.end) - max(start, tone.start), tone.velocity)
        for tone in tones
        if tone.start < end and tone.end > start
    ]
