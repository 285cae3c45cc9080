"""A surface over OSC, such as a tablet: `/surface/NAME/CONTROL value` comes in and goes out.

A pad says 1 and 0, a fader 0 to 1. What goes out is the same address with where the control stands, 1 for lit, and
beside it `…/state` and `…/text` with words. `/surface/NAME` alone asks for everything again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.surfaces.family import ANY, FADER, PAD, Message, Packet, Place
from bridge.surfaces.gesture import Arrived, Gesture, Moved, Pressed
from bridge.surfaces.look import Look
from bridge.surfaces.preset import Surface, known_keys

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_DARK = frozenset({"off", "idle", "discarded"})
_COLUMNS = 5


class Osc:
    """Controls go by any names: they are addresses of this program's own."""

    def __init__(self, surface: Surface) -> None:
        self._bindings = surface.controls
        self._address = f"/surface/{surface.name}"

    @classmethod
    def checked_settings(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, (), where)
        return {}

    @classmethod
    def checked_colour(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, (), where)
        return {}

    @classmethod
    def kind_of(cls, control: str, _settings: Mapping[str, Any], _units: int, /) -> str | None:
        return ANY if _NAME.fullmatch(control) else None

    def hello(self, unit: int) -> Iterator[Packet]:
        yield from ()

    def farewell(self, unit: int) -> Iterator[Packet]:
        for control in self._bindings:
            yield from self.write(control, Look(), None)

    def read(self, unit: int, message: Message, now: float) -> Gesture | None:
        address, *values = message
        control = str(address).removeprefix(self._address).strip("/")
        if not control:
            return Arrived(unit)
        binding = self._bindings.get(control)
        value = values[-1] if values else 1.0
        if binding is None or isinstance(value, str):
            return None
        if binding.sets:
            return Moved(control, min(1.0, max(0.0, float(value))))
        return Pressed(control, value > 0)

    def write(self, control: str, look: Look, before: Look | None) -> Iterator[Packet]:
        address = f"{self._address}/{control}"
        if self._bindings[control].sets:
            if look.value is not None and (before is None or before.value != look.value):
                yield 0, (address, float(look.value))
        elif before is None or before.state != look.state:
            yield 0, (address, 0.0 if look.state in _DARK else 1.0)
        if before is None or before.state != look.state:
            yield 0, (f"{address}/state", look.state)
        words = look.words or look.text
        if before is None or (before.words or before.text) != words:
            yield 0, (f"{address}/text", words)

    def places(self) -> Mapping[str, Place]:
        faders = [name for name, binding in self._bindings.items() if binding.sets]
        pads = [name for name in self._bindings if name not in faders]
        found = {name: Place(2 * (i % _COLUMNS), 1.1 * (i // _COLUMNS), 1.9, 1, PAD) for i, name in enumerate(pads)}
        top = 1.1 * -(-len(pads) // _COLUMNS) + 0.2
        return found | {
            name: Place(2 * (i % _COLUMNS), top + 1.1 * (i // _COLUMNS), 1.9, 1, FADER) for i, name in enumerate(faders)
        }
