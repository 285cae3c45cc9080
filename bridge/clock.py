"""Time and musical time: what the clock says, where the music is then, and who leads.

Seconds are those of `time.perf_counter`: one count for every process of a machine, so that a time can be handed from
one process to another (Linux: CLOCK_MONOTONIC, macOS: mach_absolute_time, Windows: QueryPerformanceCounter;
`time.monotonic` steps by 15 ms on Windows).
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from midi.tempo import Meter, Tempo

Follow = Literal["auto", "own", "midi", "link"]
SAME_PLACE_BEATS = 1e-6
"""Beats closer than this are the same place: what rounding leaves between seconds and beats."""


class Clock(Protocol):
    def now(self) -> float:
        """Seconds that never go back."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    def now(self) -> float:
        return time.perf_counter()


class HandClock:
    """A clock that moves only by hand."""

    def __init__(self, now_seconds: float = 0.0) -> None:
        self._now = now_seconds

    def now(self) -> float:
        return self._now

    def move(self, seconds: float) -> float:
        """Goes on by `seconds` (≥ 0) and gives the new time."""
        if seconds < 0:
            raise ValueError(f"a clock does not go back by {-seconds} s")
        self._now += seconds
        return self._now


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where the music is: at `at_seconds` it stood at `beats` (quarter notes from the song's start).

    While it runs it goes on from there at `tempo_bpm`; else it stays. `bar_line_beats` is a place where
    a bar of this metre begins: not 0 where the metre changed in mid-song; `bar_line_number` is that bar's number, None
    where all before it was of this metre. `leader` is who says so.
    """

    tempo_bpm: float = 120.0
    meter: Meter = field(default_factory=Meter)
    beats: float = 0.0
    at_seconds: float = 0.0
    running: bool = False
    leader: str = "own"
    bar_line_beats: float = 0.0
    bar_line_number: int | None = None

    def beats_at(self, seconds: float) -> float:
        """The position at a time."""
        if not self.running:
            return self.beats
        return self.beats + (seconds - self.at_seconds) * self.tempo_bpm / 60.0

    def seconds_at(self, beats: float) -> float:
        """When the music is at a position; infinity while it stands."""
        if not self.running:
            return math.inf
        return self.at_seconds + (beats - self.beats) * 60.0 / self.tempo_bpm

    def seconds_in(self, beats: float) -> float:
        """How long that many beats last."""
        return beats * 60.0 / self.tempo_bpm

    def bar_line_from(self, beats: float) -> float:
        """The first bar line at or after a position."""
        bar = self.meter.bar_beats
        bars = math.ceil((beats - self.bar_line_beats - SAME_PLACE_BEATS) / bar)
        return self.bar_line_beats + bars * bar

    def next_bar(self, now: float) -> float:
        """The position of the first bar line at or after `now`."""
        return self.bar_line_from(self.beats_at(now))

    def bar_at(self, seconds: float) -> tuple[int, float]:
        """The bar and the beats since its beginning."""
        bar = self.meter.bar_beats
        since = self.beats_at(seconds) - self.bar_line_beats
        whole = math.floor((since + SAME_PLACE_BEATS) / bar)
        return self.bar_number + whole, max(0.0, since - whole * bar)

    @property
    def bar_number(self) -> int:
        """The number of the bar that begins at `bar_line_beats`."""
        if self.bar_line_number is not None:
            return self.bar_line_number
        return math.floor(self.bar_line_beats / self.meter.bar_beats + SAME_PLACE_BEATS) + 1

    def barred(self, meter: Meter, bar_line_beats: float, bar_line_number: int | None) -> Timeline:
        """The same music in other bars."""
        return replace(self, meter=meter, bar_line_beats=bar_line_beats, bar_line_number=bar_line_number)

    def moved_to(self, now: float) -> Timeline:
        """The same music, told from `now`."""
        return replace(self, beats=self.beats_at(now), at_seconds=now)


class Leader(Protocol):
    """Somebody who may say where the music is."""

    def timeline(self, now: float) -> Timeline: ...

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None: ...


class OwnClock:
    """The clock that leads where nobody else does. Any thread may call it."""

    def __init__(self, tempo: Tempo | None = None, meter: Meter | None = None) -> None:
        self._timeline = Timeline((tempo or Tempo()).bpm, meter or Meter())
        self._lock = threading.Lock()

    def timeline(self, now: float) -> Timeline:
        return self._timeline

    def set_tempo(self, tempo: Tempo, now: float) -> None:
        with self._lock:
            self._timeline = replace(self._timeline.moved_to(now), tempo_bpm=tempo.bpm)

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None:
        """Its bars are its own: wherever the DAW has its bar lines, the first begins at beat 0."""
        with self._lock:
            self._timeline = self._timeline.barred(meter, 0.0, None)

    def start(self, now: float, beats: float = 0.0) -> None:
        """Runs from `beats`, which are at `now`."""
        with self._lock:
            self._timeline = replace(self._timeline, running=True, beats=beats, at_seconds=now)

    def stop(self, now: float) -> None:
        with self._lock:
            self._timeline = replace(self._timeline.moved_to(now), running=False)


class Lead:
    """Who leads: one named leader, or of all who run the first in `order` ("auto").

    Where a named leader is not there, or in "auto" nobody else runs, the own clock leads.
    """

    order = ("midi", "link")

    def __init__(self, own: OwnClock, others: dict[str, Leader] | None = None, follow: Follow = "auto") -> None:
        self.own = own
        self.others = dict(others or {})
        self.follow = follow

    def timeline(self, now: float) -> Timeline:
        if self.follow in self.others:
            return self.others[self.follow].timeline(now)
        if self.follow == "auto":
            for name in self.order:
                if name in self.others and (led := self.others[name].timeline(now)).running:
                    return led
        return self.own.timeline(now)

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None:
        """MIDI clock and Link tell no metre: the session does, for all."""
        for leader in (self.own, *self.others.values()):
            leader.set_meter(meter, bar_line_beats, bar_line_number)
