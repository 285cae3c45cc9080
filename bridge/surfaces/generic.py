"""Any controller with knobs and pads, a footswitch included: what its controls send is learned into a preset."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import InvalidPreset
from bridge.midi_io.controls import pressed
from bridge.surfaces.family import ANY, BUTTON, KNOB, PAD, Message, Packet, Place
from bridge.surfaces.gesture import Gesture, Moved, Pressed, Turned
from bridge.surfaces.knobs import RELATIVE, FourteenBit, steps
from bridge.surfaces.look import Look
from bridge.surfaces.palette import colour_of
from bridge.surfaces.preset import Surface, known_keys

_CONTROL, _NOTE = 0xB0, 0x90
_NAME = re.compile(r"(cc|note)-(\d{1,3})(?:@(\d{1,2}))?")
_COLUMNS = 8


class Generic:
    """Controls go by their message: `note-36`, `cc-20`, and `cc-20@10` where only channel 10 is meant."""

    def __init__(self, surface: Surface) -> None:
        self._colours = surface.colours
        self._lights = surface.settings["lights"]
        self._debounce_seconds = surface.settings["debounce_ms"] / 1000
        self._bindings = surface.controls
        self._fourteen = FourteenBit()
        self._upper = {
            int(name.partition("@")[0].removeprefix("cc-")): name
            for name, binding in self._bindings.items()
            if binding.sets and binding.encoding == "absolute-14" and name.startswith("cc-")
        }
        self._down: dict[str, tuple[bool, float]] = {}

    @classmethod
    def checked_settings(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, ("lights", "debounce_ms"), where)
        lights, debounce_ms = table.get("lights", True), table.get("debounce_ms", 0)
        if not isinstance(lights, bool):
            raise InvalidPreset(f"{where}: lights {lights!r} is not true or false", hint="write lights = true")
        if not isinstance(debounce_ms, int) or not 0 <= debounce_ms <= 1000:
            raise InvalidPreset(f"{where}: debounce_ms {debounce_ms!r} is outside 0..1000", hint="50 is usual")
        return {"lights": lights, "debounce_ms": debounce_ms}

    @classmethod
    def checked_colour(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, ("value",), where)
        value = table.get("value", 0)
        if not isinstance(value, int) or not 0 <= value <= 127:
            raise InvalidPreset(f"{where}: value {value!r} is outside 0..127", hint="127 lights most pads")
        return {"value": value}

    @classmethod
    def kind_of(cls, control: str, _settings: Mapping[str, Any], _units: int, /) -> str | None:
        found = _NAME.fullmatch(control)
        if found is None or int(found[2]) > 127 or not 1 <= int(found[3] or 1) <= 16:
            return None
        return PAD if found[1] == "note" else ANY

    def hello(self, unit: int) -> Iterator[Packet]:
        yield from ()

    def farewell(self, unit: int) -> Iterator[Packet]:
        for control in self._bindings if self._lights else ():
            yield from self.write(control, Look(), None)

    def read(self, unit: int, message: Message, now: float) -> Gesture | None:
        if len(message) != 3:
            return None
        status, number, value = message
        channel = status & 0x0F
        if status & 0xF0 == _CONTROL:
            if number in self._upper:
                return Moved(self._upper[number], self._fourteen.upper(channel, number, value) / 0x3FFF)
            if number - 32 in self._upper:
                exact = self._fourteen.lower(channel, number, value)
                return None if exact is None else Moved(self._upper[number - 32], exact / 0x3FFF)
        found = pressed(message)
        if found is None:
            return None
        control, down = found
        for name in (f"{control.kind}-{number}@{channel + 1}", f"{control.kind}-{number}"):
            binding = self._bindings.get(name)
            if binding is None:
                continue
            if not binding.sets:
                return self._press(name, down, now)
            if binding.encoding in RELATIVE:
                return Turned(name, steps(binding.encoding, value))
            return Moved(name, value / 127)
        return None

    def _press(self, name: str, down: bool, now: float) -> Pressed | None:
        was_down, since = self._down.get(name, (False, float("-inf")))
        if down and (was_down or now - since < self._debounce_seconds):
            return None
        self._down[name] = (down, now)
        return Pressed(name, down)

    def write(self, control: str, look: Look, before: Look | None) -> Iterator[Packet]:
        found = _NAME.fullmatch(control)
        if not self._lights or found is None:
            return
        channel, number = int(found[3] or 1) - 1, int(found[2])
        if self._bindings[control].sets:
            if look.value is not None and (before is None or before.value != look.value):
                yield 0, (_CONTROL | channel, number, round(look.value * 127))
        elif before is None or before.state != look.state:
            value = colour_of(self._colours, look.state).get("value", 0)
            yield 0, ((_NOTE if found[1] == "note" else _CONTROL) | channel, number, value)

    def places(self) -> Mapping[str, Place]:
        rows: dict[str, list[str]] = {KNOB: [], PAD: [], BUTTON: []}
        for name, binding in self._bindings.items():
            rows[KNOB if binding.sets else PAD if name.startswith("note") else BUTTON].append(name)
        found: dict[str, Place] = {}
        top = 0.0
        for kind, names in rows.items():
            for index, name in enumerate(names):
                x, y = 1.3 * (index % _COLUMNS), top + 1.3 * (index // _COLUMNS)
                found[name] = Place(x, y, 1.2, 1.2 if kind != BUTTON else 0.7, kind, name)
            top += 1.3 * -(-len(names) // _COLUMNS) + (0.2 if names else 0)
        return found
