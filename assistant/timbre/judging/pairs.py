"""One source made into one timbre, judged: pitch, phrasing, timbre, and what it is taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.audio import Samples
from assistant.timbre.features import Frames, loudness
from assistant.timbre.judging.instruments import Judge, votes
from assistant.timbre.judging.pitch import (
    SUNG,
    Agreement,
    Pitch,
    against_control,
    against_source,
    compass,
    exact,
    tracked,
)
from assistant.timbre.judging.register import Register
from assistant.timbre.judging.ways import Made
from assistant.timbre.measures import timbre_of
from assistant.timbre.timbre import Timbre

_LOUD_DB, _DEEPEST_DB = 40.0, 60.0


@dataclass(frozen=True, slots=True)
class Source:
    """A sound that is made into timbres, and its pitch."""

    samples: Samples
    pitch: Pitch

    @classmethod
    def of(cls, samples: Samples) -> Source:
        return cls(samples, tracked(samples, *SUNG))


@dataclass(frozen=True, slots=True)
class Pair:
    """`control`: pitch beside what the timbre was given, and `exact` that of a tone that does just this, which is the
    tracker's own error; None for a peer, which is given something else. `source`: beside the source's.

    `phrasing`: the correlation of loudness with the source's. `closeness`: the distance of the mean cepstrum to the
    target's over that to the source's; `at_pitch`: the same, beside the target at the pitches that were asked for.
    `heard`: family → share of seconds; `votes`: the share for the right ones. `struck`: the source's notes die away.
    """

    control: Agreement | None
    exact: Agreement | None
    source: Agreement
    phrasing: float
    closeness: float
    at_pitch: float
    heard: Mapping[str, float]
    votes: float
    struck: bool


def judged(judge: Judge, source: Source, made: Made, target: Samples, timbre: Timbre, instrument: Register) -> Pair:
    """What was made of `source`, beside a true phrase of the target, and the target's register."""
    where = compass(made.control, timbre)
    pitch = tracked(made.samples, *where)
    heard = judge.heard(made.samples)
    own = timbre_of(made.samples)
    away = max(_apart(own, timbre_of(source.samples)), 1e-6)
    return Pair(
        against_control(pitch, made.control) if made.follows else None,
        against_control(tracked(exact(made.control), *where), made.control) if made.follows else None,
        against_source(pitch, source.pitch),
        phrasing(source.samples, made.samples),
        _apart(own, timbre_of(target)) / away,
        _apart(own, instrument.at(made.control.pitch[made.control.sounding])) / away,
        heard,
        votes(heard, timbre.family),
        made.struck,
    )


def _apart(one: Frames, other: Frames) -> float:
    return float(np.linalg.norm(one - other))


def phrasing(source: Samples, made: Samples) -> float:
    """The correlation of loudness in dB where the source is heard."""
    before, after = loudness(source), loudness(made)
    count = min(len(before), len(after))
    heard = before[:count] > before.max() - _LOUD_DB
    return float(np.corrcoef(before[:count][heard], np.maximum(after[:count][heard], after.max() - _DEEPEST_DB))[0, 1])


def mean(pairs: Sequence[Pair]) -> Pair:
    """The mean of several pairs of one way."""
    families = dict.fromkeys(family for one in pairs for family in one.heard)
    heard = {family: _mean([one.heard.get(family, 0.0) for one in pairs]) for family in families}
    return Pair(
        _known([one.control for one in pairs]),
        _known([one.exact for one in pairs]),
        _agreement([one.source for one in pairs]),
        _mean([one.phrasing for one in pairs]),
        _mean([one.closeness for one in pairs]),
        _mean([one.at_pitch for one in pairs]),
        dict(sorted(heard.items(), key=lambda item: -item[1])),
        _mean([one.votes for one in pairs]),
        all(one.struck for one in pairs),
    )


def _known(found: Sequence[Agreement | None]) -> Agreement | None:
    each = [one for one in found if one]
    return _agreement(each) if each else None


def _agreement(each: Sequence[Agreement]) -> Agreement:
    return Agreement(_mean([one.cents for one in each]), _mean([one.within_50 for one in each]))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
