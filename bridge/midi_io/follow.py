"""Following another's clock: MIDI clock with its song position, and Ableton Link."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bridge.clock import Timeline
from midi.tempo import Meter

TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6

LONGEST_TICKS = 192
"""Two bars of 4/4: over so many ticks jitter of a period (10.7 ms) leaves 0.02 BPM of doubt at 120."""

FEWEST_TICKS = 12
"""The tempo is told from here on: half a beat."""

FIT_EVERY = 3
"""Ticks from one fit to the next."""

CHANGE_TICKS = (12, 24, 48)
OFF_TIMES_SCATTER = 3.5
LEAST_OFF_SECONDS = 0.011
"""Something happened where half of so many new ticks lie so far off the line of those before. The least is a period of
512 frames: at a tempo that is nearly a whole number of periods, all ticks of a bar may be rounded alike."""

ON_LINE_TICKS = 0.35
"""A tick so near the line is on it, or as near as the scatter of the others."""

STEADY_TICKS = 6
"""So many together show where the clock now is."""

TOGETHER_SECONDS = 0.002
LONGEST_PERIOD_SECONDS = 0.045
"""Ticks may come so much too soon or too late for no other reason than that drivers hand them on in periods, where the
length of those is not known.
"""

PERIOD_TREMBLES_SECONDS = 0.002

SLOWEST_CLOCK_BPM, FASTEST_CLOCK_BPM = 20.0, 400.0
MOST_DOUBT = 0.03
"""Ticks that came in a bunch tell no tempo: none is taken from a line outside these, or whose slope is less sure."""

LOST_AFTER_SECONDS = 2.0
"""So long the music goes on without a tick; then the cable is out and it stands."""

_CLOCK, _START, _CONTINUE, _STOP, _POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """Ticks lie at `first_seconds + index * tick_seconds`, give or take `scatter_seconds`; `doubt` is how far
    `tick_seconds` may be off, as a part of it (one standard deviation).
    """

    first_seconds: float
    tick_seconds: float
    scatter_seconds: float
    doubt: float = 0.0

    def at(self, index: float) -> float:
        return self.first_seconds + index * self.tick_seconds

    @property
    def tells_a_tempo(self) -> bool:
        shortest, longest = (60 / TICKS_PER_BEAT / bpm for bpm in (FASTEST_CLOCK_BPM, SLOWEST_CLOCK_BPM))
        return shortest <= self.tick_seconds <= longest and self.doubt <= MOST_DOUBT


def fitted(ticks: Sequence[tuple[int, float]]) -> Line:
    """The line through (index, seconds), at least three; ticks far off it, such as held-up ones, do not count.

    Method: the median of the slopes between ticks half the length apart, and of the distances (Theil's), then least
    squares through what lies within 3.5 times the median distance.
    """
    rows = np.array(ticks, dtype=np.float64)
    # Times are long since the machine's start: from the first one on nothing is lost in rounding.
    index, zero = rows[:, 0], float(rows[0, 1])
    seconds = rows[:, 1] - zero
    half = len(rows) // 2
    slope = np.median((seconds[half:] - seconds[: len(rows) - half]) / (index[half:] - index[: len(rows) - half]))
    off = seconds - slope * index
    off = np.abs(off - np.median(off))
    near = off <= max(3.5 * float(np.median(off)), LEAST_OFF_SECONDS)
    if np.count_nonzero(near) >= 3:
        index, seconds = index[near], seconds[near]
    middle = index.mean()
    spread = float(((index - middle) ** 2).sum())
    tick = float(((index - middle) * seconds).sum()) / spread
    first = float(seconds.mean() - tick * middle)
    scatter = float((((seconds - first - tick * index) ** 2).sum() / max(1, len(index) - 2)) ** 0.5)
    doubt = scatter / spread**0.5 / tick if tick > 0 else math.inf
    return Line(zero + first, tick, scatter, doubt)


def _step(off: Floats) -> tuple[float, int, float]:
    """These distances from a line as a step: (sum of what is left, the first beyond the step, its height)."""
    best = (math.inf, 0, 0.0)
    for first in range(len(off) - STEADY_TICKS + 1):
        height = float(np.median(off[first:]))
        best = min(best, (float(np.abs(off[:first]).sum() + np.abs(off[first:] - height).sum()), first, height))
    return best


def _bend(off: Floats) -> tuple[float, int]:
    """These distances from a line as a bend: (sum of what is left, the first beyond the bend)."""
    best = (math.inf, 0)
    for first in range(len(off) - STEADY_TICKS + 1):
        since = np.arange(1.0, len(off) - first + 1)
        slope = np.median(off[first:] / since)
        best = min(best, (float(np.abs(off[:first]).sum() + np.abs(off[first:] - slope * since).sum()), first))
    return best


class MidiClock:
    """A leader who follows MIDI clock: feed it each message with its time; any thread may ask `timeline`.

    Tempo and place come from a line through the ticks of the last two bars, so that jitter of a driver's period is
    averaged away; where new ticks leave the line together the tempo has changed, and the line starts anew there. While
    ticks come in a bunch the last line holds. MIDI clock tells no metre: `set_meter` does.
    """

    def __init__(self, meter: Meter | None = None, *, name: str = "midi") -> None:
        self._lock = threading.Lock()
        self._line = Timeline(meter=meter or Meter(), leader=name)
        self._ticks: deque[tuple[int, float]] = deque(maxlen=LONGEST_TICKS)
        self._fit: Line | None = None
        self._running = False
        self._placed = False
        self._zero_beats = 0.0
        self._unsure_ticks = 0
        self._period_seconds: float | None = None
        self.lost_ticks = 0
        """Ticks that never came, as their gaps tell."""

    def timeline(self, now: float) -> Timeline:
        line = self._line
        if line.running and self._ticks and now - self._ticks[-1][1] > LOST_AFTER_SECONDS:
            return replace(line, running=False, beats=line.beats_at(self._ticks[-1][1]))
        return line

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None:
        with self._lock:
            self._line = self._line.barred(meter, bar_line_beats, bar_line_number)

    def set_period(self, seconds: float | None) -> None:
        """How long the driver's periods are, in which ticks come; None where that is not known."""
        with self._lock:
            self._period_seconds = seconds

    def stood_still(self, seconds: float) -> None:
        """The driver's time stood still, and the sender's with it: all that came before lies so much later."""
        with self._lock:
            later = [(index, at + seconds) for index, at in self._ticks]
            self._ticks.clear()
            self._ticks.extend(later)
            if self._fit is not None:
                self._fit = replace(self._fit, first_seconds=self._fit.first_seconds + seconds)
            if self._line.running:
                self._line = replace(self._line, at_seconds=self._line.at_seconds + seconds)

    def feed(self, seconds: float, message: tuple[int, ...]) -> None:
        """One message as it came in; what is not about time is passed over."""
        with self._lock:
            match message:
                case (status,) if status == _CLOCK:
                    self._tick(seconds)
                case (status,) if status == _START:
                    self._go(0.0, seconds)
                case (status,) if status == _CONTINUE:
                    self._go(self._line.beats, seconds)
                case (status,) if status == _STOP:
                    self._stand(seconds)
                case (status, low, high) if status == _POSITION:
                    self._locate((low | high << 7) * TICKS_PER_SIXTEENTH / TICKS_PER_BEAT, seconds)
                case _:
                    pass

    def _go(self, beats: float, seconds: float) -> None:
        """The next tick is at `beats`."""
        self._running, self._placed = True, False
        self._line = replace(self._line, beats=beats, at_seconds=seconds, running=False)

    def _stand(self, seconds: float) -> None:
        self._running = False
        self._line = replace(self._line.moved_to(seconds), running=False)

    def _locate(self, beats: float, seconds: float) -> None:
        if self._running:
            self._go(beats, seconds)
        else:
            self._line = replace(self._line, beats=beats, at_seconds=seconds)

    def _tick(self, seconds: float) -> None:
        if self._ticks and not 0 <= seconds - self._ticks[-1][1] <= LOST_AFTER_SECONDS:
            self._begin_anew()
        if self._came_twice(seconds):
            return
        index = self._ticks[-1][0] + 1 if self._ticks else 0
        if self._running and not self._placed:
            # This tick is the place that was told; before it nothing is known of the time between.
            self._placed = True
            self._zero_beats = self._line.beats - index / TICKS_PER_BEAT
        if len(self._ticks) > 1 and seconds - self._ticks[-2][1] < TOGETHER_SECONDS:
            # Of those that come together only the last may be in time.
            self._ticks.pop()
        self._ticks.append((index, seconds))
        count = len(self._ticks)
        if count < FEWEST_TICKS:
            self._tell(index, seconds, None)
        elif count < 2 * FEWEST_TICKS or index % FIT_EVERY == 0:
            self._look()

    def _came_twice(self, seconds: float) -> bool:
        """Whether a tick is the one before once more: two never come together where a period is shorter than a tick,
        unless the first is late.
        """
        line = self._fit
        if line is None or self._period_seconds is None or line.tick_seconds <= self._longest_period_seconds:
            return False
        index, before = self._ticks[-1]
        return seconds - before < TOGETHER_SECONDS and before - line.at(index) <= self._longest_period_seconds / 2

    def _begin_anew(self) -> None:
        self._ticks.clear()
        self._fit = None
        self._unsure_ticks = 0
        if self._running and self._placed:
            # Where the music is after so long nobody has told: it goes on from where it was.
            self._placed = False

    def _look(self) -> None:
        """Takes the line from the ticks, or holds the one that was while the last ones may be held up."""
        if not self._understood():
            self._unsure_ticks += FIT_EVERY
            if self._unsure_ticks < CHANGE_TICKS[-1]:
                return
            self._keep_last(2 * FEWEST_TICKS)
            self._fit = None
        self._unsure_ticks = 0
        index, seconds = self._ticks[-1]
        line = fitted(self._ticks)
        if line.tells_a_tempo:
            self._fit = line
            self._tell(index, line.at(index), line.tick_seconds)
        elif self._fit is None:
            self._tell(index, seconds, None)

    def _understood(self) -> bool:
        """Whether the last ticks lie on the line of those before, or it is clear what happened: the tempo changed, time
        stood still, ticks were lost or came twice. A smaller change of tempo needs no such step: two bars later the old
        ticks are forgotten by themselves.
        """
        ticks = list(self._ticks)
        understood = True
        for latest in CHANGE_TICKS:
            if len(ticks) < 2 * latest:
                break
            before = fitted(ticks[:-latest])
            if not before.tells_a_tempo:
                break
            off = np.array([seconds - before.at(index) for index, seconds in ticks[-latest:]]) / before.tick_seconds
            bound = max(OFF_TIMES_SCATTER * before.scatter_seconds, LEAST_OFF_SECONDS)
            off_seconds = abs(float(np.median(off))) * before.tick_seconds
            if off_seconds <= bound:
                continue
            if self._explained(off, before):
                return True
            understood = understood and off_seconds < LONGEST_PERIOD_SECONDS
        return understood

    def _explained(self, off: Floats, before: Line) -> bool:
        """Whether the last ticks, `off` the line before by so many ticks, tell what happened; then that is done."""
        scatter = before.scatter_seconds / before.tick_seconds
        near = max(ON_LINE_TICKS, 1.75 * scatter)
        if np.median(off) > 0 and float(off[-STEADY_TICKS // 2 :].min()) <= near:
            return False
        step_left, step, height = _step(off)
        bend_left, bend = _bend(off)
        if min(step_left, bend_left) > near * len(off):
            return False
        if step_left <= 1.5 * bend_left:
            upright = step >= STEADY_TICKS // 2 and abs(float(np.median(off[:step]))) <= ON_LINE_TICKS
            return upright and self._stepped(len(off) - step, height, before, scatter)
        later = list(self._ticks)[bend - len(off) :]
        if len(later) < FEWEST_TICKS or not fitted(later).tells_a_tempo:
            return False
        self._keep_last(len(later))
        return True

    def _stepped(self, later: int, height: float, before: Line, scatter: float) -> bool:
        """The last `later` ticks come `height` ticks later than those before: a whole number was lost, or came twice;
        or the sender's time stood still.

        Where a period is about as long as a tick, one tick a period comes, and now and then none: that is no tick lost.
        """
        ticks, whole = list(self._ticks), round(height)
        earlier, rest = ticks[:-later], ticks[-later:]
        height_seconds = abs(height) * before.tick_seconds
        may_be_a_period = height_seconds <= self._longest_period_seconds
        surely = not may_be_a_period or (whole > 0 and self._period_seconds is None)
        unsure_by = 3 * scatter / later**0.5 + before.doubt * len(ticks) / 2
        if whole and surely and abs(height - whole) <= max(0.1, unsure_by):
            self.lost_ticks += max(0, whole)
            rest = [(index + whole, seconds) for index, seconds in rest]
            earlier = [tick for tick in earlier if tick[0] < rest[0][0]]
        elif height_seconds > LONGEST_PERIOD_SECONDS:
            earlier = [(index, seconds + height * before.tick_seconds) for index, seconds in earlier]
        self._ticks.clear()
        self._ticks.extend(earlier + rest)
        return True

    @property
    def _longest_period_seconds(self) -> float:
        if self._period_seconds is None:
            return LONGEST_PERIOD_SECONDS
        return self._period_seconds + PERIOD_TREMBLES_SECONDS

    def _keep_last(self, count: int) -> None:
        ticks = list(self._ticks)[-count:]
        self._ticks.clear()
        self._ticks.extend(ticks)

    def _tell(self, index: int, seconds: float, tick_seconds: float | None) -> None:
        tempo = self._line.tempo_bpm
        if tick_seconds is not None:
            tempo = 60.0 / (TICKS_PER_BEAT * tick_seconds)
        if not self._running:
            self._line = replace(self._line, tempo_bpm=tempo)
            return
        beats = self._zero_beats + index / TICKS_PER_BEAT
        self._line = replace(self._line, tempo_bpm=tempo, beats=beats, at_seconds=seconds, running=True)
