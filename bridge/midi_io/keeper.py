"""The process that keeps time: it holds the MIDI ports, sends each message at its moment and stamps what comes in.

`bridge.midi_io.player` starts it and speaks with it in lines. Apart from music, models and web pages live elsewhere, so
nothing takes the interpreter's lock from it for long. When its input ends, however that came about, it ends all notes.
"""

from __future__ import annotations

import gc
import mmap
import os
import signal
import sys
import threading
import time
from array import array
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from bridge.child import Answers, Line, lines
from bridge.midi_io.memory import opened
from bridge.midi_io.patch import PatchBay
from bridge.midi_io.realtime import ask_for_realtime
from bridge.midi_io.schedule import (
    ALL_NOTES_OFF,
    CONTROL,
    SUSTAIN,
    Due,
    Event,
    Schedule,
    Voice,
    is_note_on,
)

SPIN_SECONDS = 0.0003
"""The last stretch before a message is waited for awake: a wait of the system ends up to this much late."""

LONGEST_WAIT_SECONDS = 0.25
LAST_WORDS_SECONDS = 0.1
"""Drivers send in periods: so long the ports stay open after the last note-off."""

_REMEMBERED = 1 << 16


class Keeper:
    """One thread sends (`run`), one reads what is asked (`obey`), the patch bay's looks after the ports."""

    def __init__(self, sounding: mmap.mmap | None, answers: Answers) -> None:
        self._schedule = Schedule(sounding)
        self._changed = threading.Condition()
        self._ended = False
        self._answers = answers
        self._late = array("d", bytes(8 * _REMEMBERED))
        self._sent = 0
        self._channels: set[tuple[int, int]] = set()
        self.patch = PatchBay(answers, self._opened)

    def run(self) -> None:
        """Sends until `end`; then ends what sounds."""
        parent = os.getppid()
        while not self._ended and os.getppid() == parent:
            with self._changed:
                now = time.perf_counter()
                due = self._schedule.take_due(now)
                if due:
                    # Still alone: a silence that came in between would end the notes before they have begun.
                    self._send(due)
                    self._schedule.confirm_sent()
                    continue
                ahead = self._schedule.next_due_seconds
                wait = LONGEST_WAIT_SECONDS if ahead is None else min(ahead - now, LONGEST_WAIT_SECONDS)
                if wait > SPIN_SECONDS:
                    self._changed.wait(wait - SPIN_SECONDS)
                    continue
            while ahead is not None and time.perf_counter() < ahead:
                pass
        with self._changed:
            self._silence(None)
        self.patch.say_farewell()
        time.sleep(LAST_WORDS_SECONDS)

    def end(self, *_: object) -> None:
        self._ended = True

    def obey(self, asked: Iterable[Line]) -> None:
        """Does what each line asks, until there are no more."""
        for line in asked:
            try:
                getattr(self, f"_do_{line['do']}")(line)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                self._answers.say({"error": f"{line!r:.200} cannot be done: {error!r}"})
        self.end()
        with self._changed:
            self._changed.notify()

    def _do_add(self, line: Line) -> None:
        events = _events(line)
        with self._changed:
            self._schedule.add(events)
            self._changed.notify()

    def _do_replace(self, line: Line) -> None:
        events = _events(line)
        lasting = [Voice(*(int(number) for number in row)) for row in line["lasting"]]
        with self._changed:
            self._schedule.replace(int(line["source"]), float(line["from"]), events, lasting)
            self._changed.notify()

    def _do_silence(self, line: Line) -> None:
        with self._changed:
            self._silence(line["source"])

    def _do_send(self, line: Line) -> None:
        """At once, past the schedule: lights and displays are no notes."""
        for message in line["messages"]:
            self.patch.send(int(line["id"]), tuple(message))

    def _do_open(self, line: Line) -> None:
        self.patch.open(line)

    def _do_close(self, line: Line) -> None:
        if line["way"] == "out":
            with self._changed:
                self._silence(None)
            self.patch.say_farewell(int(line["id"]))
            time.sleep(LAST_WORDS_SECONDS)
        self.patch.close(line["way"], int(line["id"]))

    def _do_ports(self, line: Line) -> None:
        self.patch.say_ports()

    def _do_stats(self, line: Line) -> None:
        """How late each message went out since the last asking, in milliseconds."""
        with self._changed:
            late = [1000 * seconds for seconds in self._late[: min(self._sent, _REMEMBERED)]]
            self._sent = 0
        self._answers.say({"stats": late})

    def _opened(self, port: int) -> None:
        """A port is there, perhaps anew: what sounded on it when it, or the process before us, went away ends."""
        with self._changed:
            self._silence(None)

    def _send(self, due: list[Due]) -> None:
        for due_seconds, port, message in due:
            self._late[self._sent % _REMEMBERED] = time.perf_counter() - due_seconds
            self._sent += 1
            if is_note_on(message):
                self._channels.add((port, message[0] & 15))
            self.patch.send(port, message)

    def _silence(self, source: int | None) -> None:
        due = self._schedule.silence(time.perf_counter(), source)
        self._channels.update((each.port, each.message[0] & 15) for each in due)
        for each in due:
            self.patch.send(each.port, each.message)
        if source is None:
            for port, channel in sorted(self._channels):
                self.patch.send(port, (CONTROL | channel, SUSTAIN, 0))
                self.patch.send(port, (CONTROL | channel, ALL_NOTES_OFF, 0))
            self._channels.clear()
        self._schedule.confirm_sent()


def _events(line: Line) -> list[Event]:
    return [_event(*row) for row in line["events"]]


def _event(due_seconds: float, message: list[int], port: int, source: int) -> Event:
    if not (message and message[0] >= 0x80 and all(0 <= byte <= 0xFF for byte in message)):
        raise ValueError(f"{message} is no MIDI message")
    if message[0] < 0xF0 and len(message) != (2 if message[0] & 0xE0 == 0xC0 else 3):
        raise ValueError(f"{message} is no MIDI message")
    return Event(float(due_seconds), tuple(message), port & 7, source & 255)


def main(arguments: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = Answers(sys.stdout.buffer)
    # Before any thread: they inherit it, so that none that holds the interpreter's lock is kept waiting.
    priority = ask_for_realtime()
    sys.setswitchinterval(0.0005)
    keeper = Keeper(opened(arguments[0]) if arguments else None, answers)
    signal.signal(signal.SIGTERM, keeper.end)
    answers.say({"priority": asdict(priority)})
    asked: Any = lines(sys.stdin.buffer)
    threading.Thread(target=keeper.obey, args=(asked,), daemon=True).start()
    keeper.patch.start()
    gc.collect()
    gc.freeze()
    gc.disable()
    keeper.run()
    keeper.patch.close_all()
    # Drivers that lost their server wait for it for ever; everything that matters has been said.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
