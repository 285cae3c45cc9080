"""What is to be sent and what sounds: the rules by which no note can stay hanging. Values only, no device, no clock."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from mmap import mmap
from typing import NamedTuple

CHANNELS, PITCHES = 16, 128
PORTS = 8
SOUNDING_BYTES = PORTS * CHANNELS * PITCHES
"""One byte for each note of each port: 0 while it is silent, else the source that plays it."""

NOTE_OFF, NOTE_ON, CONTROL = 0x80, 0x90, 0xB0
ALL_NOTES_OFF, SUSTAIN = 123, 64

AGAIN_SECONDS = 0.2
"""So long after a silence the ends of the notes are said once more: a driver that loses a period loses what was in it,
and JACK does so on a busy machine."""

_AGAIN = 0
"""The source of what is said once more."""


class Event(NamedTuple):
    """One MIDI message due at `due_seconds` on `port` (0..7), from `source` (1..255), who may take it back."""

    due_seconds: float
    message: tuple[int, ...]
    port: int = 0
    source: int = 1


class Voice(NamedTuple):
    """A note that may sound."""

    port: int
    channel: int
    pitch: int


class Due(NamedTuple):
    """What to send now."""

    due_seconds: float
    port: int
    message: tuple[int, ...]


def is_note_on(message: tuple[int, ...]) -> bool:
    return message[0] & 0xF0 == NOTE_ON and message[2] > 0


def is_note_off(message: tuple[int, ...]) -> bool:
    return message[0] & 0xF0 == NOTE_OFF or (message[0] & 0xF0 == NOTE_ON and message[2] == 0)


def note_off(channel: int, pitch: int) -> tuple[int, ...]:
    return (NOTE_OFF | channel, pitch, 0)


class Schedule:
    """Events in order of time. `sounding` may be memory that outlives the process: what it holds already is silenced
    by `silence`.

    Every note-on is followed by a note-off before the next note-on of the same pitch, and notes whose note-off is taken
    back end at that moment, unless it is said that they last. After a silence, what its source has played ends a second
    time, but for what plays anew.
    """

    def __init__(self, sounding: bytearray | mmap | None = None) -> None:
        self._sounding: bytearray | mmap = bytearray(SOUNDING_BYTES) if sounding is None else sounding
        self._held = {key: owner for key, owner in enumerate(self._sounding[:]) if owner}
        self._ended: list[int] = []
        self._begun: dict[int, set[int]] = {}
        self._heap: list[tuple[float, int, int, Event]] = []
        self._count = 0

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            rank = 0 if is_note_off(event.message) else 2 if is_note_on(event.message) else 1
            self._count += 1
            heapq.heappush(self._heap, (event.due_seconds, rank, self._count, event))

    def replace(
        self, source: int, from_seconds: float, events: Iterable[Event] = (), lasting: Iterable[Voice] = ()
    ) -> None:
        """Takes back what `source` has ahead from `from_seconds` on, and puts `events` there instead.

        A note of the source that then has no note-off ahead gets one at `from_seconds`, but for those that are
        `lasting`: their note-offs are added later.
        """
        events = tuple(events)
        self._heap = [row for row in self._heap if row[3].source != source or row[0] < from_seconds]
        heapq.heapify(self._heap)
        open_keys = {key for key, owner in self._held.items() if owner == source}
        for _, _, _, event in sorted(row for row in self._heap if row[3].source == source):
            if is_note_on(event.message):
                open_keys.add(_key(event))
            elif is_note_off(event.message):
                open_keys.discard(_key(event))
        open_keys -= {_key(event) for event in events if is_note_off(event.message)}
        open_keys -= {_place(*voice) for voice in lasting}
        self.add(events)
        self.add(_off(key, from_seconds, source) for key in sorted(open_keys))

    def silence(self, now: float, source: int | None = None) -> list[Due]:
        """Takes back everything (of `source`) and gives the note-offs of what sounds."""
        self._heap = [row for row in self._heap if row[3].source == _AGAIN or source not in (None, row[3].source)]
        heapq.heapify(self._heap)
        keys = sorted(key for key, owner in self._held.items() if source in (None, owner))
        for key in keys:
            del self._held[key]
        self._ended += keys
        played = set(keys).union(
            *(self._begun.pop(one, ()) for one in ([*self._begun] if source is None else [source]))
        )
        self.add(_off(key, now + AGAIN_SECONDS, _AGAIN) for key in sorted(played))
        offs = (_off(key, now, 0) for key in keys)
        return [Due(now, off.port, off.message) for off in offs]

    @property
    def next_due_seconds(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: float) -> list[Due]:
        """What is due at `now`, to be sent in this order; then call `confirm_sent`."""
        due: list[Due] = []
        while self._heap and self._heap[0][0] <= now:
            event = heapq.heappop(self._heap)[3]
            message = event.message
            if is_note_on(message):
                key = _key(event)
                if key in self._held:
                    due.append(Due(event.due_seconds, event.port, note_off(message[0] & 15, message[1])))
                self._held[key] = self._sounding[key] = event.source
                self._begun.setdefault(event.source, set()).add(key)
            elif is_note_off(message):
                key = _key(event)
                if event.source == _AGAIN:
                    if key in self._held:
                        continue
                elif self._held.pop(key, None) is None:
                    continue
                else:
                    self._ended.append(key)
            due.append(Due(event.due_seconds, event.port, message))
        return due

    def confirm_sent(self) -> None:
        """Forgets the notes whose note-offs have gone out; a crash before that finds them in the memory."""
        for key in self._ended:
            if key not in self._held:
                self._sounding[key] = 0
        self._ended.clear()


def _key(event: Event) -> int:
    return _place(event.port, event.message[0] & 15, event.message[1])


def _place(port: int, channel: int, pitch: int) -> int:
    return (port * CHANNELS + channel) * PITCHES + pitch


def _off(key: int, now: float, source: int) -> Event:
    port, rest = divmod(key, CHANNELS * PITCHES)
    return Event(now, note_off(*divmod(rest, PITCHES)), port, source)
