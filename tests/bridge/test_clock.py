"""Musical time is arithmetic; these are its sums."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.clock import HandClock, Lead, OwnClock, SystemClock, Timeline
from midi.tempo import Meter, Tempo

RUNNING = Timeline(120.0, Meter(4, 4), beats=3.0, at_seconds=10.0, running=True)


def test_at_120_a_beat_lasts_half_a_second():
    assert RUNNING.beats_at(10.5) == 4.0
    assert RUNNING.seconds_at(4.0) == 10.5
    assert RUNNING.seconds_in(4.0) == 2.0


def test_music_that_stands_stays_where_it_is_and_never_arrives():
    standing = Timeline(beats=3.0, at_seconds=10.0)
    assert standing.beats_at(99.0) == 3.0
    assert standing.seconds_at(4.0) == math.inf


def test_the_next_bar_is_the_one_that_begins_now_or_later():
    assert RUNNING.next_bar(10.0) == 4.0
    assert RUNNING.next_bar(10.5) == 4.0
    assert RUNNING.next_bar(10.6) == 8.0


def test_bars_of_six_eight_are_three_quarters_long():
    six_eight = Timeline(60.0, Meter(6, 8), running=True)
    assert six_eight.next_bar(0.1) == 3.0
    assert six_eight.bar_at(4.0) == (2, 1.0)


def test_bar_lines_count_from_where_the_metre_began():
    changed = Timeline(60.0, Meter(3, 4), running=True, bar_line_beats=16.0)
    assert changed.next_bar(16.5) == 19.0


def test_bars_are_numbered_as_the_daw_numbers_them():
    # Four bars of 4/4, then 3/4: bar 5 begins at beat 16.
    changed = Timeline(60.0, Meter(3, 4), running=True, bar_line_beats=16.0, bar_line_number=5)
    assert changed.bar_at(16.0) == (5, 0.0)
    assert changed.bar_at(53.0) == (17, 1.0)


def test_the_first_bar_is_bar_one():
    assert RUNNING.bar_at(10.0) == (1, 3.0)
    assert RUNNING.bar_at(10.5) == (2, 0.0)


def test_own_clock_keeps_its_place_when_the_tempo_changes():
    own = OwnClock(Tempo(120))
    own.start(now=0.0)
    own.set_tempo(Tempo(60), now=2.0)
    assert own.timeline(2.0).beats_at(2.0) == 4.0
    assert own.timeline(3.0).beats_at(3.0) == 5.0


def test_own_clock_starts_on_a_bar_line_wherever_the_daw_has_its_own():
    own = OwnClock(Tempo(120), Meter(3, 4))
    own.set_meter(Meter(3, 4), bar_line_beats=1.0, bar_line_number=0)
    assert own.timeline(5.0).bar_at(5.0) == (1, 0.0)
    own.start(now=5.0)
    assert own.timeline(5.0).bar_at(5.0) == (1, 0.0)
    assert own.timeline(5.0).seconds_at(own.timeline(5.0).next_bar(5.0)) == 5.0


def test_own_clock_stands_where_it_was_stopped():
    own = OwnClock(Tempo(120))
    own.start(now=0.0)
    own.stop(now=1.0)
    assert not own.timeline(5.0).running
    assert own.timeline(5.0).beats_at(5.0) == 2.0


def test_whoever_runs_leads_before_the_own_clock():
    own, daw, link = OwnClock(), OwnClock(Tempo(96)), OwnClock(Tempo(100))
    lead = Lead(own, {"link": link, "midi": daw})
    own.start(0.0)
    assert lead.timeline(0.0).tempo_bpm == 120
    link.start(0.0)
    assert lead.timeline(0.0).tempo_bpm == 100
    daw.start(0.0)
    assert lead.timeline(0.0).tempo_bpm == 96
    lead.follow = "own"
    assert lead.timeline(0.0).tempo_bpm == 120


def test_a_named_leader_leads_even_while_it_stands():
    own = OwnClock()
    own.start(0.0)
    assert not Lead(own, {"midi": OwnClock()}, follow="midi").timeline(0.0).running


def test_a_metre_is_told_to_all():
    daw = OwnClock()
    lead = Lead(OwnClock(), {"midi": daw})
    lead.set_meter(Meter(3, 4), 16.0)
    assert daw.timeline(0.0).meter == lead.own.timeline(0.0).meter == Meter(3, 4)


def test_a_clock_moves_by_hand_and_never_back():
    clock = HandClock(1.0)
    assert clock.move(0.5) == clock.now() == 1.5
    with pytest.raises(ValueError, match="does not go back"):
        clock.move(-0.1)


def test_the_system_clock_goes_on():
    clock = SystemClock()
    assert clock.now() <= clock.now()


@given(
    tempo=st.floats(10, 960),
    beats=st.floats(0, 4000),
    later=st.floats(0, 600),
    meter=st.sampled_from([Meter(4, 4), Meter(3, 4), Meter(7, 8), Meter(5, 4), Meter(12, 8)]),
)
def test_beats_and_seconds_are_each_others_inverse_and_bars_lie_ahead(tempo, beats, later, meter):
    line = Timeline(tempo, meter, beats, 100.0, running=True)
    now = 100.0 + later
    here = line.beats_at(now)
    assert line.seconds_at(here) == pytest.approx(now)
    ahead = line.next_bar(now)
    assert -1e-5 <= ahead - here < meter.bar_beats + 1e-5
    assert ahead / meter.bar_beats == pytest.approx(round(ahead / meter.bar_beats))
