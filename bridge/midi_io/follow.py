"""Following another's clock: MIDI clock with its song position, and Ableton Link."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace

from bridge.clock import Timeline
from midi.tempo import FASTEST_BPM, SLOWEST_BPM, Meter

TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6

LONGEST_TICKS = 192
"""Two bars of 4/4: over so many ticks jitter of a period (10.7 ms) leaves 0.02 BPM of doubt at 120."""

FEWEST_TICKS = 12
"""The tempo is told from here on: half a beat. What is new in the tempo shows in the last so many ticks."""

FIT_EVERY = 3
"""Ticks from one fit to the next: a fit costs a quarter of a millisecond."""

CHANGE_TICKS = (12, 24, 48)
OFF_TIMES_SCATTER = 3.5
LEAST_OFF_SECONDS = 0.011
"""The tempo has changed where the mean of so many new ticks lies so far off the line of those before. The least is a
period of 512 frames: at a tempo that is nearly a whole number of periods, all ticks of a bar may be rounded alike."""

SURELY_TWO, SURELY_TWO_AT_FIRST = 1.65, 1.9
"""A gap of fewer ticks is one of a slower tempo, or jitter: half a tick more or less is what a period makes of one."""

SLOWER_AFTER, SLOWER_WITHIN = 4, 2 * TICKS_PER_BEAT
"""So many gaps in two beats are not lost ticks: the tempo is slower."""

HELD_UP_TICKS = TICKS_PER_BEAT
"""After a gap, a tick that comes before its time within a beat is one of those that seemed lost: it was held up."""

SHORTEST_TICK_SECONDS = 60 / (TICKS_PER_BEAT * 400)
SURE_SCATTER = 0.5
"""Ticks that lie closer, or off their line by more of a tick than this, were held up and came together: they tell no
tempo. A period of 512 frames leaves a scatter of 0.25 at 200 BPM."""

LOST_AFTER_SECONDS = 2.0
"""So long the music goes on without a tick; then the cable is out and it stands."""

_CLOCK, _START, _CONTINUE, _STOP, _POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2


@dataclass(frozen=True, slots=True)
class Line:
    """Ticks lie at `first_seconds + index * tick_seconds`, give or take `scatter_seconds`."""

    first_seconds: float
    tick_seconds: float
    scatter_seconds: float

    def at(self, index: float) -> float:
        return self.first_seconds + index * self.tick_seconds


def fitted(ticks: list[tuple[int, float]]) -> Line:
    """The line of least squares through (index, seconds); ticks far off it, such as held-up ones, do not count.

    Method: least squares, then once more without what lies beyond three times the median distance.
    """
    line = _least_squares(ticks)
    distances = sorted(abs(seconds - line.at(index)) for index, seconds in ticks)
    limit = max(3.5 * distances[len(distances) // 2], LEAST_OFF_SECONDS)
    if distances[-1] <= limit:
        return line
    near = [(index, seconds) for index, seconds in ticks if abs(seconds - line.at(index)) <= limit]
    return _least_squares(near) if len(near) >= 3 else line


def _least_squares(ticks: list[tuple[int, float]]) -> Line:
    count = len(ticks)
    middle = sum(index for index, _ in ticks) / count
    # Times are long since the machine's start: from the first one on nothing is lost in rounding.
    zero = ticks[0][1]
    mean = sum(seconds - zero for _, seconds in ticks) / count
    spread = sum((index - middle) ** 2 for index, _ in ticks)
    slope = sum((index - middle) * (seconds - zero - mean) for index, seconds in ticks) / spread
    first = mean - slope * middle
    off = sum((seconds - zero - first - slope * index) ** 2 for index, seconds in ticks)
    return Line(zero + first, slope, (off / max(1, count - 2)) ** 0.5)


class MidiClock:
    """A leader who follows MIDI clock: feed it each message with its time; any thread may ask `timeline`.

    Tempo and place come from a line through the ticks of the last two bars, so that jitter of a driver's period is
    averaged away; where new ticks leave the line together the tempo has changed, and the line starts anew there. Ticks
    that were lost are counted from the gap. MIDI clock tells no metre: `set_meter` does.
    """

    def __init__(self, meter: Meter | None = None, *, name: str = "midi") -> None:
        self._lock = threading.Lock()
        self._line = Timeline(meter=meter or Meter(), leader=name)
        self._ticks: deque[tuple[int, float]] = deque(maxlen=LONGEST_TICKS)
        self._fit: Line | None = None
        self._last_seconds = 0.0
        self._running = False
        self._placed = False
        self._zero_beats = 0.0
        self._gaps: dict[int, int] = {}
        self._owed = self._gap = 0
        self.lost_ticks = 0
        """Ticks that never came, as their gaps tell."""

    def timeline(self, now: float) -> Timeline:
        line = self._line
        if line.running and self._ticks and now - self._last_seconds > LOST_AFTER_SECONDS:
            return replace(line, running=False, beats=line.beats_at(self._last_seconds))
        return line

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0) -> None:
        with self._lock:
            self._line = replace(self._line, meter=meter, bar_line_beats=bar_line_beats)

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
        pause, self._last_seconds = seconds - self._last_seconds, seconds
        if self._ticks and not 0 <= pause <= LOST_AFTER_SECONDS:
            self._begin_anew()
        steps = self._steps(seconds, pause) if self._fit is not None else 1
        if steps == 0:
            return
        index = self._ticks[-1][0] + steps if self._ticks else 0
        if self._running and not self._placed:
            # This tick is the place that was told; before it nothing is known of the time between.
            self._placed = True
            self._zero_beats = self._line.beats - index / TICKS_PER_BEAT
        self._ticks.append((index, seconds))
        count = len(self._ticks)
        if count < FEWEST_TICKS:
            self._tell(index, seconds, None)
        elif count < 2 * FEWEST_TICKS or index % FIT_EVERY == 0:
            self._drop_what_is_over()
            line = fitted(list(self._ticks))
            if line.tick_seconds >= SHORTEST_TICK_SECONDS and line.scatter_seconds < SURE_SCATTER * line.tick_seconds:
                self._fit = line
                self._tell(index, line.at(index), line.tick_seconds)

    def _begin_anew(self) -> None:
        self._ticks.clear()
        self._fit = None
        self._forget_gaps()
        if self._running and self._placed:
            # Where the music is after so long nobody has told: it goes on from where it was.
            self._placed = False

    def _forget_gaps(self) -> None:
        self._gaps.clear()
        self._owed = 0

    def _steps(self, seconds: float, pause: float) -> int:
        """How many ticks on this one is: more than one where some were lost; 0 for one that had only seemed lost."""
        assert self._fit is not None
        last_index = self._ticks[-1][0]
        tick = self._fit.tick_seconds
        place = (seconds - self._fit.at(last_index)) / tick
        if self._owed and place < 0.5:
            self._owed -= 1
            self.lost_ticks -= 1
            if self._gaps.pop(last_index, None):
                # That one was held up as well and says nothing of the tempo: it is laid on the line.
                self._ticks[-1] = last_index, self._fit.at(last_index)
            return 0
        steps = max(1, min(round(place), round(pause / tick)))
        if steps == 2 and min(place, pause / tick) < (
            SURELY_TWO if len(self._ticks) >= 2 * TICKS_PER_BEAT else SURELY_TWO_AT_FIRST
        ):
            steps = 1
        index = last_index + steps
        self._gaps = {gap: lost for gap, lost in self._gaps.items() if gap > index - SLOWER_WITHIN}
        if steps > 1:
            if len(self._gaps) + 1 >= SLOWER_AFTER:
                self._count_singly()
                return 1
            self._gaps[index] = steps - 1
            self._owed, self._gap = self._owed + steps - 1, index
            self.lost_ticks += steps - 1
        elif self._owed and index - self._gap > HELD_UP_TICKS:
            self._owed = 0
        return steps

    def _count_singly(self) -> None:
        """So many of the last ticks are not lost: the tempo has become slower. Each counts one, and the line is new."""
        first = min(self._gaps)
        before = [tick for tick in self._ticks if tick[0] < first][-1:]
        ticks = self._singly(before + [tick for tick in self._ticks if tick[0] >= first])
        self._take_singly(ticks)
        self._fit = None

    def _singly(self, ticks: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """The ticks, those across a gap counted as one."""
        return [(index - sum(lost for gap, lost in self._gaps.items() if gap <= index), at) for index, at in ticks]

    def _take_singly(self, ticks: list[tuple[int, float]]) -> None:
        self.lost_ticks -= sum(self._gaps.values())
        self._ticks.clear()
        self._ticks.extend(ticks)
        self._forget_gaps()

    def _drop_what_is_over(self) -> None:
        """Forgets the ticks before a change of tempo: those after it lie off the line of those before, all together.

        A smaller change needs no such step: two bars later the old ticks are forgotten by themselves.
        """
        ticks = list(self._ticks)
        for latest in CHANGE_TICKS:
            if len(ticks) < 2 * latest:
                return
            before = fitted(ticks[:-latest])
            off = sum(seconds - before.at(index) for index, seconds in ticks[-latest:]) / latest
            if abs(off) > max(OFF_TIMES_SCATTER * before.scatter_seconds, LEAST_OFF_SECONDS):
                self._ticks.clear()
                self._ticks.extend(ticks[-latest:])
                self._doubt_the_lost()
                return

    def _doubt_the_lost(self) -> None:
        """Gaps in a tempo that has become slower looked like lost ticks, if the line is straighter without them."""
        ticks = list(self._ticks)
        singly = self._singly(ticks)
        if self._gaps and fitted(singly).scatter_seconds <= fitted(ticks).scatter_seconds:
            self._take_singly(singly)

    def _tell(self, index: int, seconds: float, tick_seconds: float | None) -> None:
        tempo = self._line.tempo_bpm
        if tick_seconds is not None:
            tempo = min(FASTEST_BPM, max(SLOWEST_BPM, 60.0 / (TICKS_PER_BEAT * tick_seconds)))
        if not self._running:
            self._line = replace(self._line, tempo_bpm=tempo)
            return
        beats = self._zero_beats + index / TICKS_PER_BEAT
        self._line = replace(self._line, tempo_bpm=tempo, beats=beats, at_seconds=seconds, running=True)
