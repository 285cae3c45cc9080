"""What judges the timbres tells good from bad: tones that follow and that do not, lines that are kept and missed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import MissingPart, UnknownName
from assistant.timbre.controls import Controls
from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, hertz, loudness
from assistant.timbre.judging import material
from assistant.timbre.judging.instruments import FAMILIES, Judge, votes
from assistant.timbre.judging.likeness import played_by
from assistant.timbre.judging.material import HeldOut
from assistant.timbre.judging.own import own
from assistant.timbre.judging.pairs import Pair, mean, phrasing
from assistant.timbre.judging.pitch import Agreement, against_control, against_source, exact, tracked
from assistant.timbre.judging.register import Register
from assistant.timbre.judging.report import LINES, Answer, Judged, Likeness, Line, Report, answers
from assistant.timbre.judging.speed import Speeds
from assistant.timbre.judging.ways import OURS, WORLD
from assistant.timbre.measures import loudness_distance
from assistant.timbre.timbre import load_timbre
from assistant.timbre.training.recipes import SOURCES


def swaying(pitch: float, seconds: float = 1.0) -> Controls:
    """A held note with vibrato."""
    times = np.arange(round(seconds * 250)) / 250
    sway = pitch + 0.3 * np.sin(2 * np.pi * 5 * times)
    return Controls(sway.astype(np.float32), np.full(len(times), -20, np.float32), np.ones(len(times), np.bool_))


@pytest.fixture(scope="module")
def librosa():
    return pytest.importorskip("librosa", reason='pip install "hummingbridge[peers]"')


def test_a_tone_that_does_what_was_asked_is_within_two_cents(librosa):
    asked = swaying(60)
    found = against_control(tracked(exact(asked), 52, 72), asked)
    assert found.cents < 2
    assert found.within_50 == 1.0


@pytest.mark.parametrize(("semitones", "cents", "within"), [(0.2, 20, 1.0), (0.8, 80, 0.0)])
def test_a_tone_that_is_off_is_heard_to_be(librosa, semitones, cents, within):
    asked = swaying(60)
    off = replace(asked, pitch=asked.pitch + np.float32(semitones))
    found = against_control(tracked(exact(off), 52, 72), asked)
    assert found.cents == pytest.approx(cents, abs=3)
    assert found.within_50 == pytest.approx(within, abs=0.05)


def test_an_octave_counts_beside_the_control_and_not_beside_the_source(librosa):
    asked = swaying(60)
    low, high = (tracked(exact(swaying(pitch)), 52, 80) for pitch in (60, 72))
    assert against_control(high, asked).within_50 == 0.0
    assert against_source(high, low).within_50 == 1.0


def test_where_no_pitch_is_heard_it_is_as_far_off_as_can_be(librosa):
    none = tracked(np.zeros(SAMPLE_RATE_HZ, np.float32), 52, 72)
    assert against_control(none, swaying(60)) == Agreement(math.inf, 0.0)


def test_phrasing_is_whole_where_the_loudness_is_the_same_and_turned_where_it_is():
    tone = exact(swaying(60, 2.0))
    rising = tone * np.geomspace(0.1, 1, len(tone), dtype=np.float32)
    assert phrasing(rising, rising * np.float32(0.2)) == pytest.approx(1.0, abs=0.01)
    assert phrasing(rising, rising[::-1].copy()) < -0.9


class Always:
    """A classifier of one opinion."""

    def __init__(self, family: str) -> None:
        self.family = FAMILIES.index(family)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return np.full(len(rows), self.family)


def test_votes_are_the_share_for_the_right_families():
    heard = Judge(Always("reed")).heard(exact(swaying(60, 2.0)))
    assert heard == {"reed": 1.0}
    assert votes(heard, "woodwind") == 1.0
    assert votes({"reed": 0.25, "pipe": 0.25, "organ": 0.5}, "woodwind") == 0.5
    assert Judge(Always("reed")).heard(np.zeros(2 * SAMPLE_RATE_HZ, np.float32)) == {}


@pytest.mark.parametrize("name", ["violin", "string-section"])
def test_a_phrase_is_played_as_long_and_as_loud_as_the_instrument_did(name):
    asked = swaying(64)
    true = exact(asked)
    made = played_by(load_timbre(name), HeldOut(true, hertz(asked.pitch)))
    assert len(made) == len(asked) * HOP
    assert loudness_distance(true, made) < 3
    assert np.median(loudness(made)) == pytest.approx(np.median(loudness(true)), abs=1.5)


def test_without_its_soundfont_the_judge_says_what_to_install(monkeypatch):
    monkeypatch.setattr(material, "_FONTS", {Path("/nowhere/FluidR3_GM.sf2"): "fluid-soundfont-gm"})
    monkeypatch.setattr(material.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(MissingPart, match=r"FluidR3_GM\.sf2 is missing") as told:
        material.check_material()
    assert "install fluid-soundfont-gm" in told.value.hint


def test_every_timbre_that_ships_has_an_instrument_to_be_measured_against():
    assert set(material.true_instruments(())) == set(SOURCES) >= {"cello", "string-section", "glass"}
    with pytest.raises(UnknownName, match="my-cello has no instrument"):
        material.true_instruments(("my-cello",))


def test_an_own_timbre_is_learnt_from_a_recording_or_a_name():
    with pytest.raises(UnknownName, match="no recording and no timbre"):
        own("nothing.wav")


GOOD = Pair(
    Agreement(1.0, 0.99), Agreement(1.0, 1.0), Agreement(2.0, 0.99), 0.9, 0.3, 0.2, {"strings": 1.0}, 1.0, False
)
PEER = replace(
    GOOD, control=None, exact=None, source=Agreement(3.0, 0.9), phrasing=0.8, closeness=0.4, at_pitch=0.3, votes=0.5
)


def report(**changed: object) -> Report:
    """A cello of which nothing is to be wished, and what is changed in its one pair."""
    ours = replace(GOOD, **changed)
    cello = Judged("cello", Likeness(0.2, 2.0, 0.5), -80.0, {}, 0.7, {OURS: {"hum": ours}, WORLD: {"hum": PEER}})
    return Report([cello], Speeds({"cello": 30.0}, 14.0, None, 0.4))


def missed(found: Report) -> list[str]:
    return [one.line.what for one in answers(found) if one.missed]


def test_nothing_is_missed_where_all_is_kept():
    assert missed(report()) == []


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"control": Agreement(4.1, 0.99)}, ["pitch beside its control, median cents"]),
        ({"control": Agreement(1.0, 0.979)}, ["the same, share within 50 cents"]),
        ({"control": Agreement(math.nan, 1.0)}, ["pitch beside its control, median cents"]),
        ({"source": Agreement(math.inf, 0.0)}, ["ahead of WORLD: cents from the source"]),
        ({"closeness": 0.399}, []),
        ({"closeness": 0.4}, ["ahead of WORLD: MFCC, to target / to source"]),
        ({"at_pitch": 0.299}, []),
        ({"at_pitch": 0.3}, ["ahead of WORLD: MFCC at the pitches played"]),
        ({"votes": 0.89}, ["votes for the family"]),
        ({"phrasing": 0.79}, ["ahead of WORLD: phrasing", "ahead of WORLD: phrasing, of voices"]),
        ({"phrasing": 0.8}, []),
    ],
)
def test_a_line_is_missed_by_just_what_falls_short_of_it(changed, what):
    assert missed(report(**changed)) == what


def test_a_line_shows_the_worst_of_its_figures_and_how_many_keep_it():
    line = Line("votes", "≥", 0.9, 2, lambda _: {})
    assert Answer(line, {"cello": 0.95, "flute": 0.5, "horn": 0.7}).as_row() == (
        *("votes", "≥ 0.90", "0.50", "flute", "1 of 3", "no"),
    )


def test_what_was_not_measured_is_neither_kept_nor_missed():
    line = next(line for line in LINES if line.needs == "--own")
    answer = Answer(line, line.found(report()))
    assert not answer.missed
    assert answer.as_row()[-1] == "not measured: --own"
    assert answer.as_json()["kept"] is None


def test_the_mean_of_pairs_is_that_of_each_figure():
    one = mean([GOOD, replace(GOOD, closeness=0.5, votes=0.0, heard={"organ": 0.6, "strings": 0.4})])
    assert one.closeness == pytest.approx(0.4)
    assert one.votes == 0.5
    assert one.heard == pytest.approx({"strings": 0.7, "organ": 0.3})
    assert mean([PEER]).control is None


def test_phrasing_is_also_told_apart_by_whether_the_source_dies_away():
    ours = {"hum": replace(GOOD, phrasing=0.95), "piano": replace(GOOD, phrasing=0.2, struck=True)}
    peer = {"hum": replace(PEER, phrasing=0.9), "piano": replace(PEER, phrasing=0.96, struck=True)}
    cello = Judged("cello", Likeness(0.2, 2.0, 0.5), -80.0, {}, 0.7, {OURS: ours, WORLD: peer})
    found = {one.line.what: one.figures for one in answers(Report([cello], Speeds({"cello": 30.0}, 14.0, None, 0.4)))}
    assert found["ahead of WORLD: phrasing"]["cello"] == pytest.approx(-0.355)
    assert found["ahead of WORLD: phrasing, of voices"]["cello"] == pytest.approx(0.05)
    assert found["ahead of WORLD: phrasing, of notes that die away"]["cello"] == pytest.approx(-0.76)


def test_an_instrument_is_heard_at_the_pitches_that_are_played():
    low, high = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    found = Register(np.repeat([48.0, 84.0], 100), np.repeat([low, high], 100, axis=0))
    assert found.at(np.full(10, 48.3)) == pytest.approx(low, abs=1e-6)
    assert found.at(np.full(10, 84.0)) == pytest.approx(high, abs=1e-6)
    assert found.at(np.repeat([48.0, 84.0], [30, 10])) == pytest.approx([0.75, 0.25], abs=1e-6)
