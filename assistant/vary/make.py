"""A motif and a brief become variations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import ceil
from random import Random

from assistant.brief import LEARNED, Brief
from assistant.errors import InvalidBrief
from assistant.tables import resolve
from assistant.vary.anew import vary_anew
from assistant.vary.candidates import Candidate
from assistant.vary.crossing import crossed
from assistant.vary.describe import described
from assistant.vary.drums.make import vary_drums
from assistant.vary.hold import assembled
from assistant.vary.learned.source import load_listener, load_wishes
from assistant.vary.phrase import degree
from assistant.vary.plausible import load_model
from assistant.vary.selection import aims, select
from assistant.vary.taste import Taste
from assistant.vary.terms import Terms, terms_of
from assistant.vary.texture import texture_of
from assistant.vary.variation import Variation
from assistant.vary.voices import vary_voices
from midi.compare import closeness
from midi.motif import Motif

Source = Callable[[Terms, Sequence[float], Random], list[Candidate]]
"""A source of candidates: the terms, the closeness to aim at with each, a random generator → candidates that hold the
terms."""

SOURCES: dict[str, str] = {
    "model": "assistant.vary.learned.source:by_model",
    "rules": "assistant.vary.candidates:by_rules",
}
"""Where candidates come from; all of them go into one pool."""

CROSSED = "crossed"
"""What comes of candidates of the model when their bars are mixed."""
CANDIDATES_OF_TEN = {"model": 10, "rules": 8, CROSSED: 32}
"""How many candidates of each kind are made for ten variations: `presets/melody/README.md` has what others gave."""
CANDIDATES_TO_TASTE = {"model": 12, "rules": 20, CROSSED: 30}
"""The same for a composer who has kept and discarded: of what may be liked there is some."""
CANDIDATES_OF_TEN_FAR = {"model": 8, "rules": 40, CROSSED: 8}
FAR = 0.3
"""The closeness under which a motif's variations are asked for that the model seldom writes."""
ALONE = {"model": 20, "rules": 50, CROSSED: 30}
"""The same of a source that is the only one."""
OF_VERY_MANY = {"model": 0.4, "rules": 0.3, CROSSED: 0.5}
"""How many for each variation beyond `MANY_ASKED`: of very many the choice matters less than the wait."""
FEWEST_ASKED = 10
"""For fewer variations as many candidates are made as for these."""
MANY_ASKED = 100
ROUNDS = 3
"""How often more candidates are made when too few of them differ."""
_WIDE = ("octave-displacement",)


def vary(motif: Motif, brief: Brief, taste: Taste | None = None) -> tuple[Variation, ...]:
    """Variations of a motif as the brief asks, from near to far: of its melody, of each of its voices, of its drums.

    Every hard constraint of the brief holds in each; the closeness is met as nearly as the motif allows. There are
    fewer than asked for where no more differ under the constraints. A composer's `taste` re-ranks what is there to
    choose from. The same motif, brief and taste give the same variations.
    Raises `InvalidBrief` where the brief contradicts itself or the motif or nothing is possible, `UnknownName` for an
    unknown technique.
    """
    if brief.anew:
        return vary_anew(motif, brief)
    texture = texture_of(motif, brief)
    if texture == "drums":
        return vary_drums(motif, brief, taste)
    if texture == "voices":
        return vary_voices(motif, brief, partial(vary, taste=taste))
    terms = terms_of(motif, brief, wide=any(name in _WIDE for name in brief.techniques))
    pool: dict[tuple[tuple[int, int], ...], Candidate] = {}
    picked: list[Candidate] = []
    for round_ in range(ROUNDS):
        for candidate in pooled(terms, counts_of(brief, taste), Random(f"{brief.seed} {round_}")):
            pool.setdefault(tuple((t.start, t.pitch) for t in candidate.tones), candidate)
        picked = chosen(terms, tuple(pool.values()), taste)
        if len(picked) == brief.count:
            break
    made = [(candidate, varied) for candidate in picked if (varied := _motif(candidate)) is not None]
    measured = [(closeness(motif.clip, varied.clip), candidate, varied) for candidate, varied in made]
    measured.sort(key=lambda each: (-each[0], each[1].tones))
    variations = tuple(
        Variation(
            motif=varied,
            technique=" + ".join(candidate.techniques),
            source=candidate.source,
            closeness=close,
            sentence=described(candidate.terms, candidate.tones, transposed=_transposed(candidate)),
            seed=brief.seed,
            rank=rank,
        )
        for rank, (close, candidate, varied) in enumerate(measured, 1)
    )
    if not variations:
        raise InvalidBrief(
            "no variation holds everything that is asked",
            hint="unlock a bar, widen the range, keep less, or name other techniques",
        )
    return variations


def pooled(
    terms: Terms, counts: Mapping[str, int], random: Random, table: Mapping[str, str] = SOURCES
) -> list[Candidate]:
    """So many candidates of each kind."""
    pool: list[Candidate] = []
    for name in (name for name in counts if name != CROSSED):
        source: Source = resolve(table, name, kind="source of candidates")
        pool += source(terms, wanted(terms, counts[name], random), random)
    parents = [candidate for candidate in pool if candidate.source == "model"]
    return pool + crossed(parents, wanted(terms, counts.get(CROSSED, 0), random), random)


def chosen(terms: Terms, pool: Sequence[Candidate], taste: Taste | None = None) -> list[Candidate]:
    """The best of a pool."""
    return select(pool, terms, load_model(), load_listener(), taste)


def wanted(terms: Terms, count: int, random: Random) -> list[float]:
    """The closeness to aim at with each of so many candidates, in no order."""
    brief = terms.brief
    spread = aims(count, brief.closeness) if brief.overlap is None else load_wishes().spread(count, *brief.overlap)
    return random.sample(spread, len(spread))


def sources(brief: Brief) -> tuple[str, ...]:
    """The sources that a brief draws on: techniques by name are the rules', but for one name that means the model."""
    if brief.source != "both":
        return (brief.source,)
    if not brief.techniques:
        return tuple(SOURCES)
    asked = {"model": LEARNED in brief.techniques, "rules": set(brief.techniques) != {LEARNED}}
    return tuple(name for name in SOURCES if asked[name])


def counts_of(brief: Brief, taste: Taste | None = None) -> dict[str, int]:
    """How many candidates of each kind a brief is answered from."""
    names = sources(brief)
    far = brief.closeness is not None and brief.closeness < FAR
    usual = CANDIDATES_OF_TEN if taste is None else CANDIDATES_TO_TASTE
    of_ten = ALONE if len(names) == 1 else CANDIDATES_OF_TEN_FAR if far else usual
    counted, more = max(FEWEST_ASKED, min(MANY_ASKED, brief.count)), max(0, brief.count - MANY_ASKED)
    kinds = (*names, CROSSED) if "model" in names else names
    return {name: of_ten[name] * counted // 10 + ceil(OF_VERY_MANY[name] * more) for name in kinds}


def _motif(candidate: Candidate) -> Motif | None:
    return assembled(candidate.terms, candidate.tones, transposed=_transposed(candidate))


def _transposed(candidate: Candidate) -> bool:
    """Whether the whole melody was moved along the scale and nothing else was done."""
    terms = candidate.terms
    steps = {
        degree(terms.key, new.pitch) - degree(terms.key, old.pitch)
        for old, new in zip(terms.base.tones, candidate.tones, strict=False)
    }
    return candidate.techniques == ("transposition",) and len(steps) == 1
