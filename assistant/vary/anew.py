"""Bars written anew by the model: gaps filled, a motif gone on with, a call answered. All else stays as it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np

from assistant.brief import LEARNED, Brief
from assistant.errors import InvalidBrief
from assistant.vary.candidates import Candidate, measured, spans_of
from assistant.vary.describe import described
from assistant.vary.hold import assembled
from assistant.vary.learned.controls import Controls
from assistant.vary.learned.models import model_path
from assistant.vary.learned.network import Network
from assistant.vary.learned.page import Page, pages_of
from assistant.vary.learned.sampling import Manner, written
from assistant.vary.learned.source import load_network
from assistant.vary.phrase import Tone, shifted
from assistant.vary.plausible import load_model
from assistant.vary.selection import UNLIKE
from assistant.vary.terms import Terms, terms_of
from assistant.vary.variation import Variation
from midi.compare import closeness, shapes
from midi.compare import measured as compared
from midi.motif import Motif

CANDIDATES_OF_ONE = 3
FEWEST = 24
AT_ONCE = 48
ODD = 1.0
"""How much a bit a note more or less than the motif's counts against chance."""
CROWDED = 1.5
"""The same of twice or half as many notes a bar as in the motif."""
AWAY, CUT_OFF = 2.0, 1.0
"""The same of an end elsewhere than on the tonic, and of one on a note of less than a beat."""
SPARE = 0.1
"""What is newly written differs in the new bars alone: so much of what variations differ by is enough."""


def vary_anew(motif: Motif, brief: Brief) -> tuple[Variation, ...]:
    """Different ways to write the bars asked for, in the motif as long as it then is. Raises `InvalidBrief`."""
    _check(motif, brief)
    longer, bars = lengthened(motif, brief)
    others = frozenset(range(1, longer.bars + 1)) - bars
    terms = terms_of(longer, replace(brief, fill=bars, goes_on=0, answer=False, locked_bars=others, source="model"))
    random = Random(f"{brief.seed} anew")
    count = max(FEWEST, CANDIDATES_OF_ONE * brief.count)
    seeds = [(min(AT_ONCE, count - first), random.getrandbits(32)) for first in range(0, count, AT_ONCE)]
    lines = [line for some, seed in seeds for line in _lines(motif, brief, terms, some, seed)]
    filled = [c for c in measured(terms, lines, LEARNED, "model") if 2 * empty_bars(c, bars) < len(bars)]
    found = []
    for candidate in picked(filled, terms, bars):
        varied = assembled(terms, candidate.tones)
        if varied is not None:
            found.append((closeness(longer.clip, varied.clip), candidate, varied))
    if not found:
        raise InvalidBrief("nothing could be written here", hint="widen the range, or leave more bars free")
    found.sort(key=lambda each: (-each[0], each[1].tones))
    return tuple(
        Variation(varied, LEARNED, close, described(terms, candidate.tones), brief.seed, rank, "model")
        for rank, (close, candidate, varied) in enumerate(found, 1)
    )


def lengthened(motif: Motif, brief: Brief) -> tuple[Motif, frozenset[int]]:
    """The motif as long as it will be, and the bars to write, the first is 1."""
    more = motif.bars if brief.answer else brief.goes_on
    if not more:
        return motif, brief.fill
    clip = replace(motif.clip, length_beats=(motif.bars + more) * motif.meter.bar_beats)
    return replace(motif, clip=clip), frozenset(range(motif.bars + 1, motif.bars + more + 1))


def picked(candidates: Sequence[Candidate], terms: Terms, bars: frozenset[int]) -> list[Candidate]:
    """As many as are asked for, unlike each other; those first that leave no bar empty, drawn with better odds the less
    they differ from the motif in how surprising and how dense they are, and where they write its end, if they come
    home."""
    if not candidates:
        return []
    bits = load_model().bits([terms.source, *(candidate.phrase for candidate in candidates)])
    chance = np.random.default_rng((terms.brief.seed, len(candidates))).gumbel(size=len(candidates))
    empty = [empty_bars(candidate, bars) for candidate in candidates]
    costs = ODD * np.abs(bits[1:] - bits[0]) + np.array([_unlikely(candidate, terms, bars) for candidate in candidates])
    order = np.lexsort((costs - chance, empty))
    sampled = shapes([spans_of(c.tones, terms) for c in candidates], terms.source.length)
    chosen: list[int] = []
    different = np.ones(len(candidates))
    for least in (UNLIKE * SPARE, 1e-6):
        for index in map(int, order):
            if len(chosen) < terms.brief.count and different[index] >= least:
                chosen.append(index)
                different = np.minimum(different, 1 - compared(sampled[index], sampled)[:, 0])
    return [candidates[index] for index in chosen]


def _unlikely(candidate: Candidate, terms: Terms, bars: frozenset[int]) -> float:
    """What counts against new bars but how surprising they are."""
    size = terms.source.bar_ticks
    new = [tone for tone in candidate.tones if tone.start // size + 1 in bars]
    old = [tone for tone in terms.source.tones if tone.start // size + 1 not in bars]
    there = len({tone.start // size for tone in old})
    usual = len(bars) * len(old) / max(1, there)
    cost = CROWDED * abs(math.log2((len(new) + 0.5) / (usual + 0.5)))
    if new and terms.base.bars in bars:
        cost += AWAY * (new[-1].pitch % 12 != terms.key.tonic % 12) + CUT_OFF * (
            new[-1].length < terms.base.pulse_ticks
        )
    return cost


def _lines(motif: Motif, brief: Brief, terms: Terms, count: int, seed: int) -> list[list[Tone]]:
    """So many ways to play the whole motif."""
    network = load_network(model_path(brief.model))
    if brief.answer:
        # The model answers bar for bar what it is shown: the call.
        call = terms_of(motif, Brief(key=brief.key, pitch_range=brief.pitch_range))
        replies = _together(pages_of(call), network, Manner(task="answer"), call, count, seed)
        own = list(terms.source.tones)
        return [[*own, *shifted(reply, call.source.length)] for reply in replies]
    pages = []
    for page in pages_of(terms):
        hidden = frozenset(bar - 1 - page.first for bar in terms.brief.fill)
        inside = hidden & frozenset(range(len(page.passage.bars)))
        pages.append(replace(page, constraints=replace(page.constraints, hidden=inside)))
    return _together(pages, network, Manner(task="infill"), terms, count, seed)


def _together(
    pages: Sequence[Page], network: Network, manner: Manner, terms: Terms, count: int, seed: int
) -> list[list[Tone]]:
    if not pages:
        raise InvalidBrief("the model cannot read this melody", hint="a bar is too long, or a note too far away")
    lines: list[list[Tone]] = [[] for _ in range(count)]
    for page in pages:
        made = written(network, page.passage, [Controls()] * count, page.constraints, manner=manner, seed=seed)
        for line, one in zip(lines, made, strict=True):
            line += page.tones(one.bars, terms.base.tones)
    return lines


def empty_bars(candidate: Candidate, bars: frozenset[int]) -> int:
    """In how many of the bars nothing is struck."""
    size = candidate.terms.source.bar_ticks
    return len(bars - {tone.start // size + 1 for tone in candidate.tones})


def _check(motif: Motif, brief: Brief) -> None:
    if motif.drums or brief.texture in ("drums", "voices"):
        raise InvalidBrief("only melodies are written anew", hint="leave out the texture, or give a melody")
    beyond = [bar for bar in sorted(brief.fill) if bar > motif.bars]
    if beyond:
        raise InvalidBrief(f"bar {beyond[0]} is not there to fill", hint=f"give bars 1 to {motif.bars}, or go on")
    if len(brief.fill) == motif.bars:
        raise InvalidBrief("nothing is left to go by: every bar is to be filled", hint="leave one as it is")
