"""Variations of a drum part as a brief asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from assistant.brief import Brief
from assistant.errors import InvalidBrief
from assistant.tables import resolve, unknown
from assistant.vary.drums.describe import described
from assistant.vary.drums.pattern import Pattern, alike, cut, pattern_of, role_of
from assistant.vary.drums.techniques import DRUM_TECHNIQUES, KEEPING_ONSETS, Technique
from assistant.vary.phrase import Tone, note_of
from assistant.vary.selection import LOT, aims
from assistant.vary.selection import PULL as PULL_OF_LOTS
from assistant.vary.taste import Taste
from assistant.vary.terms import check_locked_bars
from assistant.vary.variation import Variation
from midi.motif import Motif
from midi.note import Note

CANDIDATES_OF_ONE = 12
FEWEST_CANDIDATES = 120
MOST_LAYERS = 3
PULL = PULL_OF_LOTS * LOT
"""How much the composer's own choices count."""
UNLIKE = 0.04
"""How different the chosen are where there are enough."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A part that holds the terms, and the techniques that made it."""

    hits: tuple[Tone, ...]
    techniques: tuple[str, ...]
    closeness: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What must hold: `frozen` hits stay, nothing is struck in `locked` stretches, `counts` hits in all."""

    motif: Motif
    brief: Brief
    source: Pattern
    frozen: frozenset[Tone]
    locked: tuple[tuple[int, int], ...]
    counts: range

    def free(self, hit: Tone) -> bool:
        """Whether this may be struck here."""
        reach = self.brief.pitch_range
        here = not any(hit.start < end and hit.end > start for start, end in self.locked)
        return here and (reach is None or hit.pitch in reach)


def vary_drums(motif: Motif, brief: Brief, taste: Taste | None = None) -> tuple[Variation, ...]:
    """Variations of drums, from near to far; `closeness` is the share of hits in common. Raises `InvalidBrief`,
    `UnknownName`."""
    rules, names = rules_of(motif, brief), techniques_of(brief)
    random = Random(f"{brief.seed} drums")
    found: dict[frozenset[tuple[int, int]], Beat] = {}
    for _ in range(max(FEWEST_CANDIDATES, CANDIDATES_OF_ONE * brief.count)):
        beat = made(rules, names, random)
        if beat is not None:
            found.setdefault(frozenset((hit.start, hit.pitch) for hit in beat.hits), beat)
    found.pop(frozenset((hit.start, hit.pitch) for hit in rules.source.hits), None)
    picked = chosen(list(found.values()), brief, taste)
    if not picked:
        raise InvalidBrief(
            "no variation of the drums holds everything that is asked",
            hint="unlock a bar, widen the range, or name other techniques",
        )
    return tuple(
        Variation(
            motif=motif.with_notes(notes_of(rules, beat.hits)),
            technique=" + ".join(beat.techniques),
            closeness=beat.closeness,
            sentence=described(rules.source, rules.source.with_hits(beat.hits)),
            seed=brief.seed,
            rank=rank,
        )
        for rank, beat in enumerate(picked, 1)
    )


def rules_of(motif: Motif, brief: Brief) -> Rules:
    if not motif.notes:
        raise InvalidBrief("the drums have no notes", hint="give a part that plays")
    if brief.key is not None:
        raise InvalidBrief("drums have no key", hint="leave out the key")
    if brief.keep in ("contour", "pitches"):
        raise InvalidBrief(f"drums have no {brief.keep} to keep", hint="keep the rhythm, or lock bars")
    if brief.locked_notes:
        raise InvalidBrief("drums have no melody whose notes are locked", hint="lock bars")
    if brief.source == "model":
        raise InvalidBrief("the learned model writes no drums", hint="ask the rules")
    check_locked_bars(motif, brief)
    source = pattern_of(motif)
    locked = tuple(((bar - 1) * source.bar_ticks, bar * source.bar_ticks) for bar in sorted(brief.locked_bars))
    frozen = frozenset(hit for hit in source.hits if any(hit.start < end and hit.end > start for start, end in locked))
    if len(frozen) == len(source.hits):
        raise InvalidBrief("nothing is left to vary: every bar with notes is locked", hint="unlock a bar")
    if brief.pitch_range is not None and not any(hit.pitch in brief.pitch_range for hit in source.hits):
        raise InvalidBrief(f"none of the drums lies within {brief.pitch_range}", hint="widen the range")
    counts = brief.note_counts(len(source.hits))
    if len(frozen) >= counts.stop:
        raise InvalidBrief(
            f"the locked bars alone have {len(frozen)} hits, more than the density allows", hint="raise the density"
        )
    return Rules(motif, brief, source, frozen, locked, counts)


def techniques_of(brief: Brief) -> tuple[str, ...]:
    for name in brief.techniques:
        if name not in DRUM_TECHNIQUES:
            raise unknown(name, DRUM_TECHNIQUES, kind="technique for drums")
    names = brief.techniques or tuple(DRUM_TECHNIQUES)
    if brief.keep == "rhythm":
        names = tuple(name for name in names if name in KEEPING_ONSETS)
        if not names:
            raise InvalidBrief(
                f"{' and '.join(brief.techniques)} cannot keep the rhythm",
                hint=f"with it go: {', '.join(KEEPING_ONSETS)}",
            )
    return names


def made(rules: Rules, names: Sequence[str], random: Random) -> Beat | None:
    """One to three techniques one after another, held to the rules; what changed nothing is not named."""
    part, used = rules.source, list[str]()
    some = random.sample(names, min(len(names), random.randint(1, MOST_LAYERS)))
    for name in some:
        technique: Technique = resolve(DRUM_TECHNIQUES, name, kind="technique for drums")
        after = part.with_hits(technique(part, random, random.random()))
        if {hit[:2] for hit in after.hits} != {hit[:2] for hit in part.hits}:
            part, used = after, [*used, name]
    hits = held(rules, part, random)
    if hits is None or not used:
        return None
    return Beat(hits, tuple(used), alike(rules.source.hits, hits))


def held(rules: Rules, part: Pattern, random: Random) -> tuple[Tone, ...] | None:
    """A part made to hold the rules, or None."""
    free = []
    for hit in part.hits:
        ends = [start for start, _ in rules.locked if start > hit.start]
        short = hit._replace(length=min(hit.length, *(end - hit.start for end in ends))) if ends else hit
        if hit not in rules.frozen and rules.free(short) and not _struck_in(rules.frozen, short):
            free.append(short)
    if rules.brief.keep == "rhythm":
        free = _same_moments(rules, free)
    if rules.brief.density is not None:
        free = _as_many(rules, free, random)
    hits = part.with_hits((*free, *rules.frozen)).hits
    onsets = {hit.start for hit in hits} == {hit.start for hit in rules.source.hits}
    good = hits and rules.frozen <= set(hits) and len(hits) in rules.counts
    return hits if good and (rules.brief.keep != "rhythm" or onsets) else None


def chosen(beats: Sequence[Beat], brief: Brief, taste: Taste | None = None) -> list[Beat]:
    """One for each closeness aimed at, unlike those before, of few techniques, to the composer's taste; in order."""
    liked = {beat.techniques: PULL * taste.by_technique(beat.techniques) for beat in beats} if taste else {}
    picked: list[Beat] = []
    left = list(beats)
    for aim in aims(brief.count, brief.closeness):
        if not left:
            break

        def cost(beat: Beat, aim: float = aim) -> float:
            like = max((alike(beat.hits, other.hits) for other in picked), default=0.0)
            again = sum(name in other.techniques for other in picked for name in beat.techniques) / len(beat.techniques)
            crowded = max(0.0, like - (1 - UNLIKE)) / UNLIKE
            wanted = liked.get(beat.techniques, 0.0)
            return 8 * abs(beat.closeness - aim) + 0.15 * len(beat.techniques) + 0.2 * again + 4 * crowded - wanted

        best = min(left, key=cost)
        picked.append(best)
        left.remove(best)
    return sorted(picked, key=lambda beat: (-beat.closeness, beat.hits))


def notes_of(rules: Rules, hits: Iterable[Tone]) -> tuple[Note, ...]:
    """Hits as notes; those that stay are the motif's own."""
    own = {(note.start_ticks, note.pitch): note for note in rules.motif.notes}
    return tuple(own[hit.start, hit.pitch] if hit in rules.frozen else note_of(hit) for hit in hits)


def _struck_in(frozen: frozenset[Tone], hit: Tone) -> bool:
    """Whether the sound still rings from a locked bar or is struck again in one before it ends."""
    return any(hit.pitch == other.pitch and hit.start < other.end and other.start < hit.end for other in frozen)


def _same_moments(rules: Rules, free: Sequence[Tone]) -> list[Tone]:
    """Only hits at moments of the source, and at each of those one at least."""
    own = {hit.start for hit in rules.source.hits}
    kept = [hit for hit in free if hit.start in own]
    struck = {hit.start for hit in (*kept, *rules.frozen)}
    return [*kept, *(hit for hit in rules.source.hits if hit.start not in struck and rules.free(hit))]


def _as_many(rules: Rules, free: Sequence[Tone], random: Random) -> list[Tone]:
    """As many hits as the density asks for: the least left out, or the timekeeper struck on further 16ths."""
    part, wanted = rules.source, rules.counts
    hits = sorted(free, key=lambda hit: (part.stress(hit.start), hit.velocity, random.random()))
    room = len(rules.frozen)
    if len(hits) + room >= wanted.stop:
        return hits[len(hits) + room - wanted.stop + 1 :]
    keeper = part.timekeeper or part.hits[0].pitch
    taken = {(hit.start, hit.pitch) for hit in (*hits, *rules.frozen)}
    sounds = [keeper, *dict.fromkeys(hit.pitch for hit in part.hits if role_of(hit.pitch) != "cymbals")]
    for unit in (part.pulse_ticks // 2, part.fine_ticks, part.fine_ticks // 2):
        for sound in sounds:
            places = [Tone(t, sound, part.fine_ticks // 2, 60) for t in range(0, part.length, unit)]
            open_places = [
                hit
                for hit in cut(places, part.length)
                if hit[:2] not in taken and rules.free(hit) and not _struck_in(rules.frozen, hit)
            ]
            for hit in random.sample(open_places, min(len(open_places), max(0, wanted.start - len(hits) - room))):
                hits.append(hit)
                taken.add((hit.start, hit.pitch))
    return hits
