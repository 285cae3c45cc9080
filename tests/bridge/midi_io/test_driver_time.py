"""A driver that leaves periods out, whose messages are handed on late now and then."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.midi_io.driver_time import STEADY_MESSAGES, DriverTime
from bridge.midi_io.follow import MidiClock

PERIOD = 512 / 48000
CLOCK, START = (0xF8,), (0xFA,)


def test_a_message_that_is_handed_on_late_lies_where_its_period_began():
    time = DriverTime(pytest.fail)
    assert time.steady(101.0, 1.0) == 101.0
    assert time.steady(102.007, 2.0) == pytest.approx(102.0)
    assert time.steady(103.0, 3.0) == pytest.approx(103.0)


def test_where_the_driver_stood_still_it_is_told_for_how_long():
    told: list[float] = []
    time = DriverTime(told.append)
    time.steady(101.0, 1.0)
    for seconds in range(2, 2 + STEADY_MESSAGES):
        steady = time.steady(100.15 + seconds, seconds)
    assert told == [pytest.approx(0.15)]
    assert steady == pytest.approx(100.15 + 1 + STEADY_MESSAGES)


def test_a_driver_that_begins_anew_tells_nothing():
    time = DriverTime(pytest.fail)
    time.steady(1000.0, 900.0)
    assert time.steady(1001.0, 0.5) == 1001.0


class Daw:
    """Plays in a driver of 512 frames and sends its clock; what the driver's standstills cost, its own time loses."""

    def __init__(self, bpm: float, seed: int) -> None:
        self.bpm, self.draw = bpm, random.Random(seed)
        self.clock = MidiClock()
        self.clock.set_period(PERIOD)
        self.time = DriverTime(self.clock.stood_still)
        self.lost, self.ticks = 1000.0, 0
        self.say(START, 0.0)

    def say(self, message: tuple[int, ...], due: float) -> None:
        begun = math.ceil(due / PERIOD) * PERIOD
        late = self.draw.uniform(0.0001, 0.0004) + (self.draw.random() < 0.05) * self.draw.uniform(0, PERIOD)
        self.clock.feed(self.time.steady(begun + self.lost + late, begun), message)

    def play(self, beats: float) -> None:
        for _ in range(round(24 * beats)):
            self.say(CLOCK, self.ticks * 60 / self.bpm / 24)
            self.ticks += 1

    @property
    def off_beats(self) -> float:
        """How far from its place the follower believes it to be, now."""
        due = self.ticks * 60 / self.bpm / 24
        return self.clock.timeline(due + self.lost).beats_at(due + self.lost) - self.ticks / 24


@settings(max_examples=60, deadline=None)
@given(
    bpm=st.floats(50, 200),
    seed=st.integers(0, 9),
    standstills=st.lists(st.tuples(st.floats(0.02, 0.4), st.integers(1, 8)), min_size=1, max_size=6),
)
def test_whenever_the_driver_stands_still_the_place_and_the_tempo_are_kept(bpm, seed, standstills):
    daw = Daw(bpm, seed)
    daw.play(8)
    for seconds, beats in standstills:
        daw.lost += seconds
        daw.play(0.5)
        for _ in range(2 * beats):
            daw.play(0.5)
            assert daw.clock.timeline(0).tempo_bpm == pytest.approx(bpm, rel=0.01)
            # A period, and what the callback takes.
            assert abs(daw.off_beats) * 60 / bpm < PERIOD + 0.002
    assert daw.clock.lost_ticks == 0
