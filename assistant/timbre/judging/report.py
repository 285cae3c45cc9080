"""All that is measured of timbres, and what was asked of each figure."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.timbre.judging.likeness import Likeness
from assistant.timbre.judging.own import Own
from assistant.timbre.judging.pairs import Pair, mean
from assistant.timbre.judging.speed import Speeds
from assistant.timbre.judging.ways import OURS, SOUNDFONT, WORLD


@dataclass(frozen=True, slots=True)
class Judged:
    """A timbre: on its own phrases, and each way → source → pair. `itself`: what the true instrument is taken for."""

    name: str
    likeness: Likeness
    folded_db: float
    itself: Mapping[str, float]
    votes_for_itself: float
    ways: Mapping[str, Mapping[str, Pair]]

    def mean(self, way: str = OURS) -> Pair:
        return mean(list(self.ways[way].values()))

    def only(self, struck: bool) -> Judged:
        """The same, of sources whose notes die away, or of the others."""
        kept = {
            way: {name: pair for name, pair in each.items() if pair.struck == struck} for way, each in self.ways.items()
        }
        return replace(self, ways={way: each for way, each in kept.items() if each})


@dataclass(frozen=True, slots=True)
class Report:
    timbres: Sequence[Judged]
    speeds: Speeds
    own: Own | None = None


Figures = Mapping[str, float]
"""What was measured, by what it was measured of."""

_KEPT: dict[str, Callable[[float, float], bool]] = {"≤": operator.le, "≥": operator.ge, ">": operator.gt}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure that is asked for: every one that is `found` has to keep `sign` `bound`. `needs`: the option that
    measures it.
    """

    what: str
    sign: str
    bound: float
    digits: int
    found: Callable[[Report], Figures]
    needs: str = ""

    @property
    def asked(self) -> str:
        return f"{self.sign} {self.bound:.{self.digits}f}"

    def kept(self, value: float) -> bool:
        return not math.isnan(value) and _KEPT[self.sign](value, self.bound)

    def worst(self, figures: Figures) -> str:
        """The name of the figure that is furthest on the wrong side; one that could not be measured is worse."""
        way = 1 if self.sign == "≤" else -1
        return max(figures, key=lambda name: math.inf if math.isnan(figures[name]) else way * figures[name])


def _timbres(figure: Callable[[Judged], float]) -> Callable[[Report], Figures]:
    return lambda report: {one.name: figure(one) for one in report.timbres}


def _pairs(figure: Callable[[Pair], float]) -> Callable[[Report], Figures]:
    return lambda report: {
        f"{source} to {one.name}": figure(pair) for one in report.timbres for source, pair in one.ways[OURS].items()
    }


def _beside(way: str, lead: Callable[[Pair, Pair], float]) -> Callable[[Report], Figures]:
    """How far the means of ours are ahead of a peer's."""
    return lambda report: {one.name: lead(one.mean(), one.mean(way)) for one in report.timbres if way in one.ways}


def _control(pair: Pair) -> tuple[float, float]:
    return (pair.control.cents, pair.control.within_50) if pair.control else (math.nan, math.nan)


def _own(figure: Callable[[Own], float]) -> Callable[[Report], Figures]:
    return lambda report: {report.own.what: figure(report.own)} if report.own else {}


_LEADS: dict[str, tuple[str, int, Callable[[Pair, Pair], float]]] = {
    "votes": (">", 2, lambda ours, peer: ours.votes - peer.votes),
    "MFCC, to target / to source": (">", 2, lambda ours, peer: peer.closeness - ours.closeness),
    "MFCC at the pitches played": (">", 2, lambda ours, peer: peer.at_pitch - ours.at_pitch),
    "cents from the source": ("≥", 1, lambda ours, peer: peer.source.cents - ours.source.cents),
    "phrasing": ("≥", 2, lambda ours, peer: ours.phrasing - peer.phrasing),
}


def _phrasing(struck: bool) -> Callable[[Report], Figures]:
    """How far ahead of WORLD, of one kind of source. WORLD lets a note die away as its source does; a timbre holds it,
    as it was asked to.
    """
    leads = _beside(WORLD, _LEADS["phrasing"][2])
    return lambda report: leads(replace(report, timbres=[one.only(struck) for one in report.timbres]))


LINES: tuple[Line, ...] = (
    Line("whole transfer, times real time", "≥", 25, 0, lambda report: report.speeds.timbres),
    Line("start, seconds", "≤", 1, 2, lambda report: {"cello": report.speeds.start_seconds}),
    Line("spectral loss, to untrained", "≤", 0.30, 2, _timbres(lambda one: one.likeness.to_untrained)),
    Line("log-mel difference, dB", "≤", 2.5, 2, _timbres(lambda one: one.likeness.mel_db)),
    Line("loudness difference, dB", "≤", 1, 2, _timbres(lambda one: one.likeness.loudness_db)),
    Line("pitch beside its control, median cents", "≤", 4, 1, _timbres(lambda one: _control(one.mean())[0])),
    Line("the same, share within 50 cents", "≥", 0.98, 3, _timbres(lambda one: _control(one.mean())[1])),
    Line("MFCC, to target / to source, every pair", "≤", 0.5, 2, _pairs(lambda pair: pair.closeness)),
    Line("MFCC, the instrument at the pitches played, every pair", "≤", 0.5, 2, _pairs(lambda pair: pair.at_pitch)),
    Line("votes for the family", "≥", 0.9, 2, _timbres(lambda one: one.mean().votes)),
    *(
        Line(f"ahead of {way}: {what}", sign, 0, digits, _beside(way, lead), "--peers")
        for way in (WORLD, SOUNDFONT)
        for what, (sign, digits, lead) in _LEADS.items()
    ),
    Line("ahead of WORLD: phrasing, of voices", "≥", 0, 2, _phrasing(struck=False), "--peers"),
    Line("ahead of WORLD: phrasing, of notes that die away", "≥", 0, 2, _phrasing(struck=True), "--peers"),
    Line("an own timbre, minutes of learning", "≤", 15, 1, _own(lambda one: one.minutes), "--own"),
    Line("its spectral loss, to the shipped one's", "≤", 1.03, 3, _own(lambda one: one.loss_to_shipped), "--own"),
    Line("three voices, times real time", "≥", 12, 0, lambda report: {"cello": report.speeds.three_voices}),
    Line("what folds back, dB", "≤", -75, 0, _timbres(lambda one: one.folded_db)),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A line answered. `kept` of so many `figures`; none where nothing measured it."""

    line: Line
    figures: Figures

    @property
    def kept(self) -> int:
        return sum(map(self.line.kept, self.figures.values()))

    @property
    def missed(self) -> bool:
        return self.kept < len(self.figures)

    def as_row(self) -> tuple[str, ...]:
        """What, asked, the worst figure, whose it is, how many keep it, yes or no."""
        if not self.figures:
            return self.line.what, self.line.asked, "–", "", "", f"not measured: {self.line.needs}"
        name = self.line.worst(self.figures)
        worst = f"{self.figures[name]:.{self.line.digits}f}"
        share = f"{self.kept} of {len(self.figures)}"
        return self.line.what, self.line.asked, worst, name, share, "no" if self.missed else "yes"

    def as_json(self) -> dict[str, object]:
        figures = {name: value if math.isfinite(value) else None for name, value in self.figures.items()}
        kept = None if not self.figures else not self.missed
        return {"what": self.line.what, "asked": self.line.asked, "kept": kept, "figures": figures}


def answers(report: Report) -> tuple[Answer, ...]:
    """Every line that is asked, beside what was measured."""
    return tuple(Answer(line, line.found(report)) for line in LINES)
