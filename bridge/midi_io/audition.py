"""Audition: a motif played in a loop into the DAW's instrument, on the beat of whoever leads.

The state of what is to sound is kept here in beats; what is sent ahead is a short window, which is taken back and made
anew when the music's time changes under it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from bridge.clock import SAME_PLACE_BEATS, Clock, Lead, Timeline
from bridge.midi_io.layers import AS_WRITTEN, Levels, layers_of
from bridge.midi_io.schedule import Event, Voice, is_note_off, is_note_on, note_off
from midi.motif import Motif

State = Literal["idle", "waiting", "playing"]

AHEAD_SECONDS = 0.1
"""So far ahead messages go to the process that keeps time: longer than any pause of this one."""

TURN_SECONDS = 0.02
START_SECONDS = 0.0005
"""So soon after it is asked for the own clock begins: the way to the process that keeps time takes less."""

FENCE_SECONDS = 0.004
"""What is due sooner than this is on its way already and stays."""

SHIFT_SECONDS = 0.002
"""A change of tempo that moves what was sent ahead by less stays unheard, and changes nothing."""

JUMP_BEATS = 0.25
"""The leader went elsewhere, if its place differs by more from where it should be."""

SOURCE = 1


class Sender(Protocol):
    """What `bridge.midi_io.player.Player` does with events."""

    def add(self, events: Iterable[Event]) -> bool: ...

    def replace(
        self, source: int, from_seconds: float, events: Iterable[Event] = (), lasting: Iterable[Voice] = ()
    ) -> bool: ...

    def silence(self, source: int | None = None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A motif for the audition, as it is played: `channel` 0..15, `program` 0..127 or None, `port` of the player."""

    motif: Motif
    channel: int = 0
    program: int | None = None
    port: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Run:
    """A part that loops from a bar line on, until `end_beats`."""

    part: Part
    start_beats: float
    end_beats: float = math.inf

    def events(
        self, from_beats: float, to_beats: float, levels: Levels = AS_WRITTEN
    ) -> Iterator[tuple[float, tuple[int, ...]]]:
        """(place, message) within [from, to); a note that the next of its pitch, or the end, cuts ends there."""
        part = self.part
        if part.program is not None and from_beats <= self.start_beats < to_beats:
            yield self.start_beats, (0xC0 | part.channel, part.program)
        for begins, ends, pitch, velocity in self._notes(from_beats, to_beats, levels):
            # A silent note still ends: its level may have fallen while it sounded.
            if velocity and from_beats <= begins < to_beats:
                yield begins, (0x90 | part.channel, pitch, velocity)
            if from_beats <= ends < to_beats:
                yield ends, note_off(part.channel, pitch)

    def lasting(self, beats: float) -> Iterator[Voice]:
        """The notes begun before a place that end there or later."""
        for begins, ends, pitch, _ in self._notes(beats, beats):
            if begins < beats <= ends:
                yield Voice(self.part.port, self.part.channel, pitch)

    def _notes(
        self, from_beats: float, to_beats: float, levels: Levels = AS_WRITTEN
    ) -> Iterator[tuple[float, float, int, int]]:
        """(begin, end, pitch, velocity) of all notes of the turns that reach into [from, to]."""
        length = self.part.motif.clip.length_beats
        first = max(0, math.floor((from_beats - self.start_beats) / length) - 1)
        last = math.floor((min(to_beats, self.end_beats) - self.start_beats) / length)
        for turn in range(first, last + 1):
            base = self.start_beats + turn * length
            for start, end, pitch, velocity in _cut(self.part.motif, levels):
                begins, ends = base + start, min(base + end, self.end_beats)
                if begins < self.end_beats - SAME_PLACE_BEATS:
                    yield begins, ends, pitch, velocity


def _cut(motif: Motif, levels: Levels = AS_WRITTEN) -> Iterator[tuple[float, float, int, int]]:
    """(start, end, pitch, velocity): no note reaches into the next one of its pitch."""
    # Nothing is dealt out to voices where all are as written: a press waits for no sums.
    layers = {} if levels == AS_WRITTEN else layers_of(motif)
    following: dict[int, float] = {}
    rows = []
    for note in reversed(motif.notes):
        end = min(note.end_beats, following.get(note.pitch, note.end_beats), motif.clip.length_beats)
        if end > note.start_beats:
            velocity = levels.velocity(layers[note], note.velocity) if layers else note.velocity
            rows.append((note.start_beats, end, note.pitch, velocity))
        following[note.pitch] = note.start_beats
    return reversed(rows)


class Audition:
    """What is auditioned. `turn(timeline, now)` is to be called every 20 ms or so, by a `Conductor` or a test's hand.

    It begins on the next bar line of whoever leads, loops, and changes to another part on a bar line. It stops when the
    transport stops; where the transport is at a stand, it waits for it; where it goes elsewhere, it starts again on the
    next bar line there. Any thread may call it.
    """

    def __init__(
        self, sender: Sender, *, source: int = SOURCE, on_state: Callable[[State], None] | None = None
    ) -> None:
        self._sender, self._source, self._on_state = sender, source, on_state
        self._lock = threading.RLock()
        self.levels = AS_WRITTEN
        """How loud each layer is, for what is sent ahead from now on."""
        self._state: State = "idle"
        self._wanted: Part | None = None
        self._runs: list[_Run] = []
        self._line = Timeline()
        self._made_beats = 0.0
        self._last_due_seconds = 0.0

    @property
    def state(self) -> State:
        return self._state

    @property
    def part(self) -> Part | None:
        """What was asked for last; it sounds from the next bar line on."""
        return self._wanted

    @property
    def starts_at_beats(self) -> float | None:
        """The bar line on which the part that was asked for last begins; None until it is known."""
        with self._lock:
            return next((run.start_beats for run in reversed(self._runs) if run.part is self._wanted), None)

    def play(self, part: Part) -> None:
        """Starts on the next bar line, or changes to `part` on it."""
        with self._lock:
            self._wanted = part
            if self._state == "idle":
                self._become("waiting")

    def stop(self) -> None:
        """Ends it, and every note of it, at once."""
        with self._lock:
            if self._state != "idle":
                self._end()

    def turn(self, line: Timeline, now: float) -> None:
        """Sends what is due until `AHEAD_SECONDS` from now."""
        with self._lock:
            if self._state == "playing":
                follows_on = line.leader == self._line.leader or line.leader != "own"
                if not (line.running and follows_on):
                    self._end()
                elif self._jumped(line, now):
                    self._sender.silence(self._source)
                    self._become("waiting")
            if self._state == "idle" or not line.running:
                return
            if self._state == "waiting":
                self._runs = []
                self._made_beats, self._last_due_seconds = line.beats_at(now), now
                self._become("playing")
            elif self._shifted(line, now):
                self._take_back(line, now)
            self._line = line
            self._choose()
            events = self._events(line.beats_at(now + AHEAD_SECONDS))
            if events:
                self._sender.add(events)

    def _jumped(self, line: Timeline, now: float) -> bool:
        old = self._line
        return (line.leader, line.meter, line.bar_line_beats) != (old.leader, old.meter, old.bar_line_beats) or abs(
            line.beats_at(now) - old.beats_at(now)
        ) > JUMP_BEATS

    def _shifted(self, line: Timeline, now: float) -> bool:
        places = (line.beats_at(now), self._made_beats)
        return any(abs(line.seconds_at(place) - self._line.seconds_at(place)) > SHIFT_SECONDS for place in places)

    def _take_back(self, line: Timeline, now: float) -> None:
        """What is due from the fence on is made anew on the new time; what comes before it stays as it was sent, and
        what has begun by then goes on.
        """
        fence = now + FENCE_SECONDS
        self._made_beats = min(self._made_beats, self._line.beats_at(fence))
        self._last_due_seconds = fence
        self._line = line
        self._choose()
        lasting = [voice for run in self._runs for voice in run.lasting(self._made_beats)]
        self._sender.replace(self._source, fence, self._events(line.beats_at(now + AHEAD_SECONDS)), lasting)

    def _choose(self) -> None:
        """Lets what is asked for begin on the first bar line that has not been sent ahead."""
        part = self._wanted
        assert part is not None
        if self._runs and self._runs[-1].part is part:
            return
        start = self._line.bar_line_from(self._made_beats)
        runs = [run for run in self._runs if run.start_beats < start and run.end_beats >= self._made_beats - 1.0]
        if runs and runs[-1].part is part:
            runs[-1] = replace(runs[-1], end_beats=math.inf)
        else:
            runs[-1:] = [replace(run, end_beats=start) for run in runs[-1:]]
            runs.append(_Run(part, start))
        self._runs = runs

    def _events(self, until_beats: float) -> list[Event]:
        """What is between the place up to which events were made and `until_beats`, which takes its place.

        Times never go back, nor stand still, so that the order is that of the beats whatever the tempo did.
        """
        if until_beats <= self._made_beats:
            return []
        found = [
            (beats, _rank(message), message, run.part.port)
            for run in self._runs
            for beats, message in run.events(self._made_beats, until_beats, self.levels)
        ]
        self._made_beats = until_beats
        events = []
        for beats, _, message, port in sorted(found):
            due = max(self._line.seconds_at(beats), self._last_due_seconds + 1e-6)
            self._last_due_seconds = due
            events.append(Event(due, message, port, self._source))
        return events

    def _end(self) -> None:
        self._sender.silence(self._source)
        self._runs = []
        self._become("idle")

    def _become(self, state: State) -> None:
        if state != self._state:
            self._state = state
            if self._on_state is not None:
                self._on_state(state)


def _rank(message: tuple[int, ...]) -> int:
    return 0 if is_note_off(message) else 2 if is_note_on(message) else 1


class Conductor:
    """The thread that gives an audition its turns; it sleeps while nothing is auditioned.

    Where nobody runs and the own clock may lead, it is started with the audition and stopped with it.
    """

    def __init__(self, audition: Audition, lead: Lead, clock: Clock) -> None:
        self._audition, self._lead, self._clock = audition, lead, clock
        self._busy = threading.Event()
        self._closed = False
        # Whoever starts the own clock, and whoever stops it, is alone: a press may follow a stop at once.
        self._lock = threading.Lock()
        self._started_own = False
        self._thread = threading.Thread(target=self._run, name="audition", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        return self._audition.state

    @property
    def starts_at_beats(self) -> float | None:
        return self._audition.starts_at_beats

    def play(self, part: Part) -> None:
        """Starts on the next bar line, or changes to `part` on it."""
        with self._lock:
            now = self._clock.now()
            own_may = self._lead.follow in ("auto", "own")
            if own_may and self._audition.state == "idle" and not self._lead.timeline(now).running:
                self._lead.own.start(now + START_SECONDS)
                self._started_own = True
            self._audition.play(part)
            self._audition.turn(self._lead.timeline(now), now)
        self._busy.set()

    def stop(self) -> None:
        """Ends it at once."""
        with self._lock:
            self._audition.stop()
            self._rest()

    def close(self) -> None:
        self._closed = True
        self.stop()
        self._busy.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        while not self._closed:
            self._busy.wait()
            with self._lock:
                now = self._clock.now()
                self._audition.turn(self._lead.timeline(now), now)
                if self._audition.state == "idle":
                    self._busy.clear()
                    self._rest()
            time.sleep(TURN_SECONDS)

    def _rest(self) -> None:
        """The own clock stands again where it was started for the audition."""
        if self._started_own:
            self._started_own = False
            self._lead.own.stop(self._clock.now())
