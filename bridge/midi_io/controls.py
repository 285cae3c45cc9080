"""Footswitches and buttons: which message means what, learned from the next one that comes, and debounced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from midi.errors import HummingbridgeError

Kind = Literal["cc", "note"]
DEBOUNCE_SECONDS = 0.05
"""A foot cannot come down twice within this; contacts can."""

SUSTAIN = 64
_ON = 64
_MODE_MESSAGES = 120


class WrongControl(HummingbridgeError):
    code: ClassVar[str] = "wrong-control"


@dataclass(frozen=True, slots=True)
class Control:
    """A control change or a note; `channel` 0..15, or None for any. CC 64 on any channel is the usual footswitch."""

    kind: Kind = "cc"
    number: int = SUSTAIN
    channel: int | None = None

    @classmethod
    def parse(cls, text: str) -> Control:
        """From `cc:64`, or `note:36:10` where only one channel counts. Raises `WrongControl`."""
        kind, *numbers = text.split(":")
        if kind not in ("cc", "note") or not 1 <= len(numbers) <= 2 or not all(map(str.isdecimal, numbers)):
            raise WrongControl(f"{text!r} is no MIDI control", hint="write cc:64, or note:36:10 for one channel")
        number, channel = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None
        if number > 127 or channel not in (None, *range(1, 17)):
            raise WrongControl(f"{text!r} is outside 0..127, or its channel outside 1..16", hint="such as cc:64")
        return cls("cc" if kind == "cc" else "note", number, None if channel is None else channel - 1)

    @property
    def text(self) -> str:
        """What `parse` reads."""
        return f"{self.kind}:{self.number}" + ("" if self.channel is None else f":{self.channel + 1}")

    def __str__(self) -> str:
        where = "any channel" if self.channel is None else f"channel {self.channel + 1}"
        return f"{'CC' if self.kind == 'cc' else 'note'} {self.number} on {where}"


def pressed(message: tuple[int, ...]) -> tuple[Control, bool] | None:
    """Which control a message is of, and whether it is down; None for any other message."""
    if len(message) != 3 or not all(0 <= byte <= 127 for byte in message[1:]):
        return None
    status, number, value = message
    channel = status & 0x0F
    match status & 0xF0:
        case 0xB0 if number < _MODE_MESSAGES:
            return Control("cc", number, channel), value >= _ON
        case 0x90:
            return Control("note", number, channel), value > 0
        case 0x80:
            return Control("note", number, channel), False
    return None


class Controls:
    """Gives what is pressed to who asked for it. Feed it every message with its time.

    Callbacks come from the thread that feeds; a loop is entered from there by `call_soon_threadsafe`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bound: dict[str, tuple[Control, Callable[[float, bool], None]]] = {}
        self._learning: Callable[[Control], None] | None = None
        self._down: dict[tuple[str, Control], tuple[bool, float]] = {}

    def bind(self, name: str, control: Control, callback: Callable[[float, bool], None]) -> None:
        """`callback(seconds, down)` for each press and each release; takes the place of what `name` was bound to."""
        with self._lock:
            self._bound[name] = (control, callback)

    def unbind(self, name: str) -> None:
        with self._lock:
            self._bound.pop(name, None)

    def learn(self, callback: Callable[[Control], None] | None) -> None:
        """`callback(control)` for the next control that is pressed, which does nothing else; None to give it up."""
        with self._lock:
            self._learning = callback

    def feed(self, seconds: float, message: tuple[int, ...]) -> None:
        found = pressed(message)
        if found is None:
            return
        control, down = found
        learned: Callable[[Control], None] | None = None
        called: list[Callable[[float, bool], None]] = []
        with self._lock:
            if down and self._learning is not None:
                learned, self._learning = self._learning, None
            else:
                called = [
                    callback
                    for name, (bound, callback) in self._bound.items()
                    if _is(bound, control) and self._changes(name, control, down, seconds)
                ]
        if learned is not None:
            learned(control)
        for callback in called:
            callback(seconds, down)

    def _changes(self, name: str, control: Control, down: bool, seconds: float) -> bool:
        was_down, since = self._down.get((name, control), (False, float("-inf")))
        if down == was_down or (down and seconds - since < DEBOUNCE_SECONDS):
            return False
        self._down[name, control] = (down, seconds)
        return True


def _is(bound: Control, control: Control) -> bool:
    same = (bound.kind, bound.number) == (control.kind, control.number)
    return same and bound.channel in (None, control.channel)
