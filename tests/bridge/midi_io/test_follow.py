"""Clocks that tremble, stumble and change, made here tick by tick; what is followed is held against what was meant."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.midi_io.follow import MidiClock
from midi.tempo import Meter

PERIOD = 512 / 48000
CLOCK, START, CONTINUE, STOP = (0xF8,), (0xFA,), (0xFB,), (0xFC,)

Jitter = Callable[[float], float]


def steady(seconds: float) -> float:
    return seconds


def in_periods(seconds: float) -> float:
    """As JACK hands them on: at the next period."""
    return math.ceil(seconds / PERIOD) * PERIOD


def trembling(seed: int, most: float = 0.006) -> Jitter:
    draw = random.Random(seed)
    return lambda seconds: seconds + draw.uniform(0, most)


def with_stumbles(seed: int) -> Jitter:
    """Periods, and one tick in thirty held up by up to 30 ms."""
    draw = random.Random(seed)
    return lambda seconds: in_periods(seconds) + (draw.uniform(0.005, 0.03) if draw.random() < 1 / 30 else 0)


class Daw:
    """Sends clock at `bpm`; `beats` is where it truly is, and `told` what the follower says at that moment."""

    def __init__(self, bpm: float, jitter: Jitter = steady, meter: Meter | None = None) -> None:
        self.bpm, self.jitter = bpm, jitter
        self.now, self.ticks = 1000.003, 0
        self.clock = MidiClock(meter)
        self.held: float = 0.0

    def send(self, message: tuple[int, ...]) -> None:
        self.clock.feed(self.jitter(self.now), message)

    def play(self, beats: float, *, lose: Callable[[int], bool] = lambda _: False) -> None:
        for _ in range(round(beats * 24)):
            self.held = max(self.held, self.jitter(self.now))
            if not lose(self.ticks):
                self.clock.feed(self.held, CLOCK)
            self.ticks += 1
            self.now += 60 / self.bpm / 24

    @property
    def line(self):
        return self.clock.timeline(self.now)

    def error_ms(self, delay: float = 0.0) -> float:
        """How far from its place the follower believes the DAW to be, where messages take `delay` seconds."""
        beats = self.line.beats_at(self.now + delay) - self.ticks / 24
        return abs(beats) * 60_000 / self.bpm


TEMPI = [60.0, 72.5, 96.0, 100.0, 113.0, 120.0, 128.0, 140.0, 174.0, 200.0]


@pytest.mark.parametrize("bpm", TEMPI)
def test_after_two_bars_of_ticks_in_periods_the_tempo_is_right_within_a_tenth(bpm):
    daw = Daw(bpm, in_periods)
    daw.send(START)
    daw.play(8.25)
    assert daw.line.tempo_bpm == pytest.approx(bpm, abs=0.1)
    assert daw.error_ms(PERIOD / 2) < 5.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bpm", [60.0, 120.0, 180.0])
def test_after_two_bars_of_trembling_ticks_the_tempo_is_right_within_a_tenth(bpm, seed):
    daw = Daw(bpm, trembling(seed))
    daw.send(START)
    daw.play(8.25)
    assert daw.line.tempo_bpm == pytest.approx(bpm, abs=0.1)
    assert daw.error_ms(0.003) < 2.0


@pytest.mark.parametrize("seed", range(3))
def test_ticks_that_are_held_up_do_not_count(seed):
    daw = Daw(96.0, with_stumbles(seed))
    daw.send(START)
    daw.play(24)
    assert daw.line.tempo_bpm == pytest.approx(96.0, abs=0.15)
    assert daw.error_ms(PERIOD / 2) < 5.0


def test_a_steady_clock_is_followed_exactly():
    daw = Daw(97.3)
    daw.send(START)
    daw.play(2)
    assert daw.line.tempo_bpm == pytest.approx(97.3, abs=1e-6)
    assert daw.error_ms() < 0.001


@pytest.mark.parametrize(
    "jitter", [steady, in_periods, trembling(1), trembling(7)], ids=["steady", "periods", "one", "seven"]
)
@pytest.mark.parametrize("later", [60.0, 90.0, 118.0, 121.0, 132.0, 180.0, 240.0])
def test_a_change_of_tempo_is_followed_within_two_bars(jitter, later):
    daw = Daw(120.0, jitter)
    daw.send(START)
    daw.play(16)
    daw.bpm = later
    daw.play(8)
    assert daw.line.tempo_bpm == pytest.approx(later, rel=0.006)
    assert daw.error_ms(0.0 if jitter is steady else 0.0045) < 8.0
    daw.play(8)
    assert daw.line.tempo_bpm == pytest.approx(later, rel=0.003)


def test_a_slow_change_of_tempo_is_followed():
    daw = Daw(100.0, in_periods)
    daw.send(START)
    daw.play(8)
    for _ in range(64):
        daw.bpm += 0.25
        daw.play(0.25)
    assert daw.line.tempo_bpm == pytest.approx(116, abs=2.0)
    assert daw.error_ms(PERIOD / 2) < 15
    daw.play(8)
    assert daw.line.tempo_bpm == pytest.approx(116, abs=0.3)


@pytest.mark.parametrize("jitter", [steady, in_periods, trembling(2)])
def test_ticks_that_are_lost_are_counted_all_the_same(jitter):
    daw = Daw(120.0, jitter)
    daw.send(START)
    daw.play(4)
    daw.play(12, lose=lambda tick: tick % 37 == 0 or 150 <= tick < 165)
    assert daw.line.tempo_bpm == pytest.approx(120.0, abs=0.2)
    assert daw.error_ms(0.0 if jitter is steady else 0.0045) < 8.0
    assert daw.clock.lost_ticks == 20 + (sum(1 for tick in range(96, 384) if tick % 37 == 0) - 5)


def held_up(*stalls: tuple[float, float]) -> Jitter:
    """What falls into a stall (its beginning, its length) comes at its end, all at once."""

    def jitter(seconds: float) -> float:
        for begins, lasts in stalls:
            if begins <= seconds < begins + lasts:
                seconds = begins + lasts
        return in_periods(seconds)

    return jitter


@pytest.mark.parametrize("lasts", [0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 1.9])
@pytest.mark.parametrize("bpm", [72.5, 96.0, 120.0, 140.0])
def test_ticks_that_come_all_at_once_after_a_stall_neither_hurry_the_tempo_nor_move_the_place(bpm, lasts):
    daw = Daw(bpm, held_up((1006.0, lasts)))
    daw.send(START)
    daw.play(4)
    told = []
    for _ in range(24 * 24):
        daw.play(1 / 24)
        told.append(daw.line.tempo_bpm)
    assert min(told) == pytest.approx(bpm, rel=0.03)
    assert max(told) == pytest.approx(bpm, rel=0.03)
    assert daw.error_ms(PERIOD / 2) < 8.0
    assert daw.clock.lost_ticks == 0


@pytest.mark.parametrize("lasts", [0.1, 0.3, 1.0])
def test_a_stall_at_the_very_start_tells_no_tempo(lasts):
    daw = Daw(96.0, held_up((1000.0, lasts)))
    daw.send(START)
    fastest = 0.0
    for _ in range(24 * 12):
        daw.play(1 / 24)
        fastest = max(fastest, daw.line.tempo_bpm)
    assert fastest < 200
    assert daw.line.tempo_bpm == pytest.approx(96.0, abs=0.5)
    assert daw.error_ms(PERIOD / 2) < 8.0


@settings(deadline=None)
@given(
    bpm=st.floats(50, 200),
    stalls=st.lists(st.tuples(st.floats(1.0, 10.0), st.floats(0.01, 0.4)), max_size=3),
)
def test_whatever_stalls_come_the_tempo_stays_in_reason_and_the_place_is_found_again(bpm, stalls):
    ends, apart = 1000.0, []
    for pause, lasts in stalls:
        apart.append((ends + pause, lasts))
        ends += pause + lasts
    daw = Daw(bpm, held_up(*apart))
    daw.send(START)
    while daw.now < ends + 8:
        daw.play(1 / 24)
        assert daw.line.tempo_bpm < 1.6 * max(bpm, 120)
    # One tick that was lost and one that was late by half of itself look alike.
    assert daw.error_ms(PERIOD / 2) < 60_000 / bpm / 24 + 5.0


def test_a_silence_of_a_second_is_bridged():
    daw = Daw(120.0, in_periods)
    daw.send(START)
    daw.play(8)
    daw.play(2, lose=lambda _: True)
    assert daw.line.running
    assert daw.error_ms(PERIOD / 2) < 5.0
    daw.play(8)
    assert daw.error_ms(PERIOD / 2) < 5.0


def test_when_the_cable_is_out_the_music_stands():
    daw = Daw(120.0)
    daw.send(START)
    daw.play(4)
    daw.play(8, lose=lambda _: True)
    assert not daw.line.running
    assert daw.line.beats == pytest.approx(4.0, abs=0.05)


def test_start_is_the_beginning_and_stop_the_end():
    daw = Daw(120.0)
    daw.play(2)
    assert not daw.line.running
    assert daw.line.tempo_bpm == pytest.approx(120.0)
    daw.ticks = 0
    daw.send(START)
    daw.play(3)
    assert daw.line.running
    assert daw.line.beats_at(daw.now) == pytest.approx(3.0, abs=1e-4)
    daw.send(STOP)
    assert not daw.line.running
    assert daw.line.beats == pytest.approx(3.0, abs=1e-4)


def test_continue_goes_on_from_the_song_position():
    daw = Daw(96.0)
    daw.send((0xF2, 33, 1))
    assert daw.line.beats == (128 + 33) / 4
    daw.send(CONTINUE)
    daw.play(2)
    assert daw.line.beats_at(daw.now) == pytest.approx(161 / 4 + 2, abs=1e-4)


def test_continue_after_stop_goes_on_from_there_though_ticks_paused():
    daw = Daw(96.0, in_periods)
    daw.send(START)
    daw.play(6)
    daw.send(STOP)
    daw.now += 7.0
    daw.send(CONTINUE)
    daw.play(4)
    assert daw.error_ms(PERIOD / 2) < 8.0
    assert daw.line.tempo_bpm == pytest.approx(96, abs=0.3)


def test_the_tempo_before_a_stop_holds_for_the_first_ticks_after_a_start():
    daw = Daw(140.0)
    daw.send(START)
    daw.play(4)
    daw.send(STOP)
    daw.now += 5.0
    daw.ticks = 0
    daw.send(START)
    daw.play(0.25)
    assert daw.line.running
    assert daw.line.tempo_bpm == pytest.approx(140.0)


def test_the_metre_is_told_by_the_session():
    daw = Daw(120.0)
    daw.clock.set_meter(Meter(3, 4), bar_line_beats=4.0)
    daw.send(START)
    daw.play(5)
    assert daw.line.next_bar(daw.now) == 7.0


def test_anything_may_come_in_and_nothing_breaks():
    daw, draw = Daw(120.0), random.Random(3)
    daw.send(START)
    for _ in range(3000):
        daw.now += draw.choice([0.0, 0.001, 0.02, 0.5, 3.0, -0.1])
        length = draw.randrange(0, 5)
        daw.send(tuple(draw.choice([0xF8, 0xFA, 0xFB, 0xFC, 0xF2, 0, 5, 127, 255]) for _ in range(length)))
        line = daw.line
        assert 20 <= line.tempo_bpm <= 400
        assert math.isfinite(line.beats_at(daw.now))


class Cable:
    """Ticks in JACK's periods, of which some are held up (what was due comes in a bunch), lost, or handed on twice."""

    def __init__(self, bpm: float) -> None:
        self.bpm, self.clock = bpm, MidiClock()
        self.tick_seconds = 60 / bpm / 24
        self.began = self.period = 1000.003
        self.handed_on = 0
        self.clock.feed(self.began - 0.001, START)

    def play(self, periods: int, *, held_up_seconds: float = 0.0, times: int = 1) -> None:
        """`times`: how often what is due in them is handed on."""
        at = self.period + PERIOD + held_up_seconds
        for _ in range(periods):
            self.period += PERIOD
            at = max(at, self.period)
            while self.began + self.handed_on * self.tick_seconds <= self.period:
                for _ in range(times):
                    self.clock.feed(at, CLOCK)
                self.handed_on += 1
            self.at = at

    @property
    def tempo(self) -> float:
        return self.clock.timeline(self.at).tempo_bpm

    @property
    def ticks_ahead(self) -> float:
        return self.clock.timeline(self.at).beats_at(self.at) * 24 - (self.at - self.began) / self.tick_seconds


def two_bars(cable: Cable) -> None:
    cable.play(round(8.5 * 24 * cable.tick_seconds / PERIOD))


bpms = st.floats(50, 180)
pauses = st.integers(120, 200)


@settings(max_examples=40, deadline=None)
@given(bpms, st.lists(st.tuples(st.floats(0.0, 0.12), pauses), min_size=1, max_size=8))
def test_ticks_that_come_late_in_a_bunch_move_neither_the_tempo_nor_the_place(bpm, bunches):
    cable = Cable(bpm)
    two_bars(cable)
    for held_up_seconds, periods in bunches:
        cable.play(15, held_up_seconds=held_up_seconds)
        for _ in range(periods):
            cable.play(1)
            assert cable.tempo == pytest.approx(bpm, rel=0.01)
            assert abs(cable.ticks_ahead) < 1.0


@settings(max_examples=60, deadline=None)
@given(st.floats(50, 200), st.sampled_from([256, 512, 1024, 2048]), st.floats(0.0, 0.02), st.integers(0, 5))
def test_however_long_a_period_is_no_tick_is_lost_that_only_came_in_the_next(bpm, frames, begins, seed):
    period, draw = frames / 48000, random.Random(seed)
    daw = Daw(bpm, lambda seconds: math.ceil(seconds / period) * period + draw.uniform(0, 0.0005))
    daw.now += begins
    daw.clock.set_period(period)
    daw.send(START)
    daw.play(4)
    for _ in range(96):
        daw.play(0.25)
        assert daw.line.tempo_bpm == pytest.approx(bpm, rel=0.015)
        assert daw.error_ms(period / 2) < 1000 * period
    assert daw.clock.lost_ticks == 0


@settings(max_examples=60, deadline=None)
@given(st.floats(50, 170), st.sampled_from([128, 256, 512]), st.sets(st.integers(100, 800), max_size=20))
def test_ticks_that_come_twice_move_neither_the_tempo_nor_the_place(bpm, frames, twice):
    period = frames / 48000
    daw = Daw(bpm, lambda seconds: math.ceil(seconds / period) * period)
    daw.clock.set_period(period)
    daw.send(START)
    for tick in range(900):
        daw.play(1 / 24)
        if tick in twice:
            daw.clock.feed(daw.held + 0.0001, CLOCK)
        if tick > 100:
            assert daw.line.tempo_bpm == pytest.approx(bpm, rel=0.02)
            assert daw.error_ms(period / 2) < 1000 * period


troubles = st.one_of(
    st.tuples(st.floats(0.0, 0.3), st.just(1)),
    st.tuples(st.just(0.0), st.sampled_from([0, 2])),
)


@settings(max_examples=40, deadline=None)
@given(bpms, st.lists(st.tuples(troubles, st.integers(1, 6), st.integers(1, 150)), max_size=12))
def test_whatever_jack_does_to_the_ticks_the_tempo_stays_near_and_comes_back(bpm, story):
    cable = Cable(bpm)
    two_bars(cable)
    for (held_up_seconds, times), periods, quiet in story:
        cable.play(periods, held_up_seconds=held_up_seconds, times=times)
        for _ in range(quiet):
            cable.play(1)
            assert bpm / 2 < cable.tempo < bpm * 2
    two_bars(cable)
    two_bars(cable)
    assert cable.tempo == pytest.approx(bpm, rel=0.01)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([CLOCK] * 8 + [START, CONTINUE, STOP]), st.integers(0, 40)), max_size=200))
def test_no_bunch_of_ticks_tells_a_tempo_that_no_music_has(script):
    clock, now = MidiClock(), 5.0
    for message, wait_ms in script:
        now += wait_ms / 1000 if wait_ms > 20 else 0.0
        clock.feed(now, message)
        line = clock.timeline(now)
        assert 20 <= line.tempo_bpm <= 400
        assert math.isfinite(line.beats_at(now))


def test_a_second_of_ticks_at_one_moment_leaves_the_tempo_as_it_was():
    clock = MidiClock()
    clock.feed(1.0, START)
    for _ in range(48):
        clock.feed(1.0, CLOCK)
    assert clock.timeline(1.0).tempo_bpm == 120.0


def test_where_the_daws_own_time_stood_still_its_beats_come_later_and_the_tempo_stays():
    daw = Daw(96.0, in_periods)
    daw.send(START)
    daw.play(12)
    daw.now += 0.17
    for _ in range(48):
        daw.play(0.25)
        assert daw.line.tempo_bpm == pytest.approx(96.0, abs=0.5)
    assert daw.error_ms(PERIOD / 2) < 6.0
    assert daw.clock.lost_ticks == 0
