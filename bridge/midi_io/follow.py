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
CHANGE_TICKS = (12, 24, 48)
OFF_TIMES_SCATTER = 3.0
LEAST_OFF_SECONDS = 0.0004
SLOWER_AFTER = 4

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
    limit = max(3.5 * distances[len(distances) // 2], 1e-4)
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
        self._running = False
        self._placed = False
        self._zero_beats = 0.0
        self._steps_seen: deque[int] = deque(maxlen=6)
        self.lost_ticks = 0
        """Ticks that never came, as their gaps tell."""

    def timeline(self, now: float) -> Timeline:
        line = self._line
        if line.running and self._ticks and now - self._ticks[-1][1] > LOST_AFTER_SECONDS:
            return replace(line, running=False, beats=line.beats_at(self._ticks[-1][1]))
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
        if self._ticks and not 0 <= seconds - self._ticks[-1][1] <= LOST_AFTER_SECONDS:
            self._begin_anew()
        index = self._ticks[-1][0] + self._steps(seconds) if self._ticks else 0
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
            self._fit = fitted(list(self._ticks))
            self._tell(index, self._fit.at(index), self._fit.tick_seconds)

    def _begin_anew(self) -> None:
        self._ticks.clear()
        self._fit = None
        self._steps_seen.clear()
        if self._running and self._placed:
            # Where the music is after so long nobody has told: it goes on from where it was.
            self._placed = False

    def _steps(self, seconds: float) -> int:
        """How many ticks on this one is: more than one where some were lost."""
        if self._fit is None:
            return 1
        last_index, last_seconds = self._ticks[-1]
        tick = self._fit.tick_seconds
        on_the_line = round((seconds - self._fit.at(last_index)) / tick)
        steps = max(1, min(on_the_line, round((seconds - last_seconds) / tick)))
        doubtful = self._fit.scatter_seconds * 3**0.5 > tick / 2
        if doubtful and steps == 2:
            steps = 1
        late_one = sum(self._steps_seen) - len(self._steps_seen)
        if on_the_line < 1 <= late_one:
            # The tick before was not the next one but a late one: it took this one's place.
            steps = max(on_the_line, -late_one, 0)
        self._steps_seen.append(steps)
        if sum(step > 1 for step in self._steps_seen) >= SLOWER_AFTER:
            # So many in a row are not lost: the tempo has become as slow as that.
            self._count_singly()
            return 1
        self.lost_ticks += steps - 1
        return steps

    def _count_singly(self) -> None:
        counted = len(self._steps_seen) - 1
        index = self._ticks[-1][0] - (sum(self._steps_seen) - self._steps_seen[-1] - counted)
        self.lost_ticks -= self._ticks[-1][0] - index
        times = [seconds for _, seconds in self._ticks][-counted - 1 :]
        self._ticks.clear()
        self._ticks.extend((index - len(times) + 1 + number, seconds) for number, seconds in enumerate(times))
        self._steps_seen.clear()
        self._fit = None

    def _drop_what_is_over(self) -> None:
        """Forgets the ticks before a change of tempo: those after it lie off the line of those before, all together.

        Jitter that is rounded to a driver's periods comes in long waves; but no mean of it lies further off than its
        largest value, √3 times its scatter.
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
                return

    def _tell(self, index: int, seconds: float, tick_seconds: float | None) -> None:
        tempo = self._line.tempo_bpm
        if tick_seconds is not None:
            tempo = min(FASTEST_BPM, max(SLOWEST_BPM, 60.0 / (TICKS_PER_BEAT * tick_seconds)))
        if not self._running:
            self._line = replace(self._line, tempo_bpm=tempo)
            return
        beats = self._zero_beats + index / TICKS_PER_BEAT
        self._line = replace(self._line, tempo_bpm=tempo, beats=beats, at_seconds=seconds, running=True)
