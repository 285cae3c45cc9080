"""Candidates by rule: techniques alone and one after another, on all bars or on some, as near or far as is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from assistant.brief import LEARNED
from assistant.errors import InvalidBrief
from assistant.vary.hold import held
from assistant.vary.phrase import Phrase, Tone, cut_between, shifted
from assistant.vary.pitches import other_mode
from assistant.vary.techniques import FEWER_NOTES, LIGHT, MORE_NOTES, chosen, technique
from assistant.vary.terms import Terms, terms_of
from midi.compare import Shapes, Span, closenesses, shapes

MOST_LAYERS = 3
TOLERANCE = 0.07
"""How far from the closeness aimed at a candidate may be before it is worked on again."""
FIRST_REACH = 0.55
"""How far a technique on all bars is taken to lead until that has been seen."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A melody that holds the terms; the techniques that made it, in order; how close it is to the motif; the
    source of candidates that it came from."""

    terms: Terms
    tones: tuple[Tone, ...]
    techniques: tuple[str, ...]
    closeness: float
    source: str = "rules"

    @property
    def phrase(self) -> Phrase:
        return replace(self.terms.base, tones=self.tones)


def by_rules(terms: Terms, aims: Sequence[float], random: Random) -> list[Candidate]:
    """About one candidate for each closeness aimed at, no two of the same notes and none the source itself."""
    whole = not terms.frozen
    named = tuple(name for name in terms.brief.techniques if name != LEARNED)
    names = chosen(named, terms.brief.keep, other_modes=whole and terms.brief.key is None)
    if not named and terms.brief.density is not None:
        against = FEWER_NOTES if terms.brief.density > 1 else MORE_NOTES
        names = tuple(name for name in names if name not in against)
    work = Workshop(terms, random)
    found: dict[tuple[tuple[int, int], ...], Candidate] = {}
    deck: list[str] = []
    other = _in_other_mode(terms) if "mode-change" in names else None
    if "mode-change" in names and other is None:
        names = tuple(name for name in names if name != "mode-change")
    for aim in aims:
        if not deck:
            deck = random.sample(names, len(names))
        candidate = work.made(deck, names, aim, other)
        if candidate is not None:
            found.setdefault(tuple((t.start, t.pitch) for t in candidate.tones), candidate)
    found.pop(tuple((t.start, t.pitch) for t in terms.source.tones), None)
    return list(found.values())


def measured(terms: Terms, lines: Iterable[Sequence[Tone]], name: str, source: str) -> list[Candidate]:
    """Lines made to hold the terms as candidates, each once and none the motif itself; those that cannot hold them are
    left out."""
    found = dict.fromkeys(made for line in lines if (made := held(terms, line)) is not None)
    motif = [(tone.start, tone.pitch) for tone in terms.source.tones]
    # Longer or shorter notes alone are a way to play the motif.
    found = {tones: None for tones in found if [(tone.start, tone.pitch) for tone in tones] != motif}
    sampled = shapes([spans_of(tones, terms) for tones in (terms.source.tones, *found)], terms.source.length)
    near = closenesses(sampled[0], sampled)[1:]
    return [Candidate(terms, tones, (name,), float(close), source) for tones, close in zip(found, near, strict=True)]


class Workshop:
    """Makes candidates one after another, and learns on the way how far each technique leads from the source."""

    def __init__(self, terms: Terms, random: Random) -> None:
        self.terms = terms
        self.random = random
        self.source = _sampled(terms.source.tones, terms)
        self.reach: dict[str, float] = {}

    def made(self, deck: list[str], names: Sequence[str], aim: float, other: Terms | None) -> Candidate | None:
        """One candidate: the next technique of the deck, then more until it is as far as aimed."""
        terms = self.terms
        name = deck.pop()
        techniques: list[str] = []
        if name == "mode-change" and other is not None:
            terms, name = other, ""
            techniques.append("mode-change")
        # A melody to be denser or thinner is made so first, so that what follows is done to the notes that stay.
        start = terms.base.tones if terms.brief.density is None else held(terms, terms.base.tones)
        tones = start or terms.base.tones
        closeness = self.closeness(tones)
        untouched = set(range(len(terms.cells)))
        for layer in range(MOST_LAYERS):
            if techniques and (closeness <= aim + TOLERANCE or len(techniques) == MOST_LAYERS):
                break
            if layer or not name:
                light = [each for each in names if each in LIGHT and each not in techniques]
                fresh = [each for each in names if each not in techniques and each != "mode-change"]
                options = fresh if untouched and self.random.random() < 0.5 else light
                if not options:
                    break
                name = self.random.choice(options)
            on = sorted(untouched) if name not in LIGHT and techniques else range(len(terms.cells))
            made = self.layered(
                terms, tones, name, on, aim if techniques else min(aim, closeness - TOLERANCE), closeness
            )
            if made is None or (techniques and made[1] < aim - 3 * TOLERANCE):
                continue
            tones, closeness, used = made
            untouched -= used
            if not techniques or techniques[-1] != name:
                techniques.append(name)
        # Every layer was held to the terms; the other mode as it stands was not.
        tried = held(terms, tones) if techniques == ["mode-change"] else tones
        return Candidate(terms, tried, tuple(techniques), closeness) if techniques and tried else None

    def layered(
        self, terms: Terms, tones: tuple[Tone, ...], name: str, on: Sequence[int], aim: float, closeness: float
    ) -> tuple[tuple[Tone, ...], float, set[int]] | None:
        """The melody with one more technique, on as many bars and as strong as leads near to what is aimed at; with how
        close it is then and which cells were touched. None where the technique changes nothing."""
        if not on:
            return None
        reach = self.reach.get(name, FIRST_REACH)
        need = min(1.0, max(0.02, (closeness - aim) / max(reach, 0.05)))
        best: tuple[float, tuple[Tone, ...], float, set[int]] | None = None
        for _ in range(3):
            count = max(1, min(len(on), round(need * len(terms.cells) + self.random.uniform(-0.3, 0.3))))
            share = count / len(terms.cells)
            strength = 1.0 if need >= 1 else min(1.0, max(0.1, need / share) * self.random.uniform(0.7, 1.0))
            first = self.starting(on, count)
            last = first
            while last + 1 in on and last - first + 1 < count and terms.cells[last + 1][0] == terms.cells[last][1] + 1:
                last += 1
            made = self.worked(terms, tones, name, first, last, strength)
            if made is None:
                need = min(1.0, need * 1.8)
                continue
            after = self.closeness(made)
            led = (closeness - after) / ((last - first + 1) / len(terms.cells))
            self.reach[name] = 0.7 * self.reach.get(name, FIRST_REACH) + 0.3 * max(0.02, min(1.0, led))
            miss = abs(after - aim)
            if best is None or miss < best[0]:
                best = (miss, made, after, set(range(first, last + 1)))
            if after >= aim - TOLERANCE:
                break
            need *= max(0.2, (closeness - aim) / max(0.02, closeness - after))
        return best[1:] if best else None

    def starting(self, on: Sequence[int], count: int) -> int:
        """Where to begin: later bars are varied more often than the first, which lets the idea be known again."""
        places = [cell for cell in on if cell + count - 1 in on] or list(on)
        return self.random.choices(places, [1 + place for place in range(len(places))])[0]

    def worked(
        self, terms: Terms, tones: tuple[Tone, ...], name: str, first: int, last: int, strength: float
    ) -> tuple[Tone, ...] | None:
        """One technique on the cells first..last, held to the terms. None where nothing changes or it cannot."""
        bar = terms.base.bar_ticks
        first_bar, last_bar = terms.cells[first][0], terms.cells[last][1]
        start, end = first_bar * bar, (last_bar + 1) * bar
        free = tuple(t for t in tones if t not in terms.frozen) if terms.frozen else tones
        phrase = replace(terms.base, tones=cut_between(free, start, end), bars=last_bar - first_bar + 1)
        new = technique(name)(phrase, self.random, strength)
        if new == phrase.tones:
            return None
        placed = shifted(_within_reach(new, phrase, terms), start)
        result = held(terms, (*(t for t in tones if not start <= t.start < end), *placed))
        return result if result != tones else None

    def closeness(self, tones: Sequence[Tone]) -> float:
        return float(closenesses(self.source, _sampled(tones, self.terms))[0])


def spans_of(tones: Sequence[Tone], terms: Terms) -> list[Span]:
    """A melody and the notes under it, to be compared."""
    spans = [(t.start, t.start + t.length, t.pitch) for t in tones]
    if terms.under:
        spans += [(t.start, t.start + t.length, t.pitch) for t in terms.under]
        spans.sort()
    return spans


def _sampled(tones: Sequence[Tone], terms: Terms) -> Shapes:
    return shapes([spans_of(tones, terms)], terms.source.length)


def _within_reach(new: tuple[Tone, ...], old: Phrase, terms: Terms) -> tuple[Tone, ...]:
    """The passage in the octave where most of it lies in range and it is nearest to where it was."""
    if not new or not old.tones:
        return new
    mean = sum(t.pitch for t in old.tones) / len(old.tones)
    low, high = terms.low, terms.high

    def misplaced(octaves: int) -> tuple[int, float]:
        pitches = [t.pitch + 12 * octaves for t in new]
        return sum(not low <= p <= high for p in pitches), abs(sum(pitches) / len(pitches) - mean)

    inside = all(low <= t.pitch <= high for t in new)
    octaves = 0 if inside else min((-2, -1, 0, 1, 2), key=misplaced)
    return tuple(t._replace(pitch=t.pitch + 12 * octaves) for t in new) if octaves else new


def _in_other_mode(terms: Terms) -> Terms | None:
    """The terms of the other mode on the same tonic; None where that changes nothing or cannot be."""
    try:
        other = terms_of(terms.motif, replace(terms.brief, key=other_mode(terms.key)))
    except InvalidBrief:
        return None
    return other if other.base.tones != terms.base.tones else None
