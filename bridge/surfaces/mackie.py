"""Mackie Control and its extenders: V-pots with rings, scribble strips, motor faders, buttons, jog wheel.

All on channel 1, except the faders, which have a channel each. Strips are counted through: with one extender, those of
the second unit are 9 to 16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import InvalidPreset
from bridge.surfaces.family import BUTTON, FADER, KNOB, TEXT, Message, Packet, Place
from bridge.surfaces.gesture import Arrived, Gesture, Moved, Pressed, Touched, Turned
from bridge.surfaces.knobs import steps
from bridge.surfaces.look import Look
from bridge.surfaces.palette import colour_of
from bridge.surfaces.preset import Surface, known_keys

HEADER = (0xF0, 0x00, 0x00, 0x66)
END = 0xF7
_SERIAL, _DISPLAY, _ALL_DARK = 0x01, 0x12, 0x62
_NOTE, _CONTROL, _BEND = 0x90, 0xB0, 0xE0
_POT, _RING, _JOG, _DIGIT = 0x10, 0x30, 0x3C, 0x4A
_TOUCH = 0x68
STRIPS, SIGNS, LOWER = 8, 7, 0x38
_RING_STEPS = 11
LIGHTS = {"off": 0x00, "blink": 0x01, "on": 0x7F}
_PER_STRIP = {"rec": 0x00, "solo": 0x08, "mute": 0x10, "select": 0x18, "vpush": 0x20}
_BUTTONS = (
    ("assign-track", "assign-send", "assign-pan", "assign-plugin", "assign-eq", "assign-instrument"),
    ("bank-left", "bank-right", "channel-left", "channel-right", "flip", "global-view", "name-value", "smpte-beats"),
    tuple(f"f{number}" for number in range(1, 9)),
    ("midi-tracks", "inputs", "audio-tracks", "audio-instruments", "aux", "busses", "outputs", "user"),
    ("shift", "option", "control", "alt", "read", "write", "trim", "touch", "latch", "group"),
    ("save", "undo", "cancel", "enter", "markers", "nudge", "cycle", "drop", "replace", "click", "solo"),
    ("rewind", "forward", "stop", "play", "record", "up", "down", "left", "right", "zoom", "scrub"),
)
BUTTONS = {name: number for number, name in enumerate((name for row in _BUTTONS for name in row), start=0x28)}
"""Buttons of the main unit, in the order of their notes: 28 to 65."""

_STRIP = re.compile(r"(rec|solo|mute|select|vpush|vpot|fader)-([1-9]\d?)")
_KINDS = {"vpot": KNOB, "fader": FADER}
_STRIP_ROWS = (
    ("vpot", 0.0, 1.5, KNOB),
    ("rec", 1.6, 0.5, BUTTON),
    ("solo", 2.1, 0.5, BUTTON),
    ("mute", 2.6, 0.5, BUTTON),
    ("select", 3.1, 0.5, BUTTON),
    ("fader", 3.7, 3.4, FADER),
)


class Mackie:
    """Controls go by the words printed on them: `select-1`, `vpot-1`, `vpush-1`, `fader-1`, `play`, `jog`, and so on.

    What a strip's SELECT stands for is on its display's upper line, what its V-pot stands for on the lower.
    """

    def __init__(self, surface: Surface) -> None:
        self._units = surface.units
        self._colours = surface.colours
        self._names = {number: name for name, number in BUTTONS.items()}

    @classmethod
    def checked_settings(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, (), where)
        return {}

    @classmethod
    def checked_colour(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, ("light",), where)
        light = table.get("light", "off")
        if light not in LIGHTS:
            raise InvalidPreset(f"{where}: light {light!r} is unknown", hint=f"known: {', '.join(LIGHTS)}")
        return {"light": light}

    @classmethod
    def kind_of(cls, control: str, _settings: Mapping[str, Any], units: int, /) -> str | None:
        strip = _STRIP.fullmatch(control)
        if strip:
            return _KINDS.get(strip[1], BUTTON) if int(strip[2]) <= units * STRIPS else None
        if control in ("jog", "fader-main"):
            return KNOB if control == "jog" else FADER
        if control == "digits":
            return TEXT
        return BUTTON if control in BUTTONS else None

    def hello(self, unit: int) -> Iterator[Packet]:
        yield from self._dark(unit)

    def farewell(self, unit: int) -> Iterator[Packet]:
        yield from self._dark(unit)

    def _dark(self, unit: int) -> Iterator[Packet]:
        header = (*HEADER, self._units[unit].device)
        yield unit, (*header, _ALL_DARK, END)
        yield unit, (*header, _DISPLAY, 0, *(b" " * (2 * STRIPS * SIGNS)), END)

    def read(self, unit: int, message: Message, now: float) -> Gesture | None:
        if message[:4] == HEADER and len(message) > 5:
            return Arrived(unit) if message[5] == _SERIAL else None
        if len(message) != 3:
            return None
        status, number, value = message
        if status & 0xF0 == _BEND:
            to = (number | value << 7) / 0x3FFF
            name = "fader-main" if status & 0x0F == STRIPS else f"fader-{self._strip(unit, status & 0x0F)}"
            return Moved(name, to) if status & 0x0F <= STRIPS else None
        if status == _CONTROL:
            if _POT <= number < _POT + STRIPS:
                return Turned(f"vpot-{self._strip(unit, number - _POT)}", steps("sign-magnitude", value))
            return Turned("jog", steps("sign-magnitude", value)) if number == _JOG else None
        if status in (_NOTE, _NOTE & ~0x10):
            return self._pushed(unit, number, status == _NOTE and value > 0)
        return None

    def _pushed(self, unit: int, number: int, down: bool) -> Gesture | None:
        if _TOUCH <= number <= _TOUCH + STRIPS:
            strip = number - _TOUCH
            return Touched("fader-main" if strip == STRIPS else f"fader-{self._strip(unit, strip)}", down)
        for name, first in _PER_STRIP.items():
            if first <= number < first + STRIPS:
                return Pressed(f"{name}-{self._strip(unit, number - first)}", down)
        return Pressed(self._names[number], down) if number in self._names else None

    def _strip(self, unit: int, number: int) -> int:
        return unit * STRIPS + number + 1

    def write(self, control: str, look: Look, before: Look | None) -> Iterator[Packet]:
        strip = _STRIP.fullmatch(control)
        unit, number = divmod(int(strip[2]) - 1, STRIPS) if strip else (0, 0)
        name = strip[1] if strip else control
        if name in ("fader", "fader-main"):
            yield from self._fader(unit, STRIPS if name == "fader-main" else number, look)
        elif name == "vpot":
            if before is None or before.value != look.value:
                yield unit, (_CONTROL, _RING + number, ring(look.value))
            yield from self._words(unit, LOWER + SIGNS * number, look, before)
        elif name == "digits":
            yield from _digits(look)
        elif name not in ("jog", "vpush"):
            light = LIGHTS[colour_of(self._colours, look.state).get("light", "off")]
            note = _PER_STRIP[name] + number if strip else BUTTONS[name]
            if before is None or before.state != look.state:
                yield unit, (_NOTE, note, light)
            if name == "select":
                yield from self._words(unit, SIGNS * number, look, before)

    def _fader(self, unit: int, number: int, look: Look) -> Iterator[Packet]:
        if look.value is not None:
            stands = round(look.value * 0x3FFF)
            yield unit, (_BEND | number, stands & 0x7F, stands >> 7)

    def _words(self, unit: int, place: int, look: Look, before: Look | None) -> Iterator[Packet]:
        if before is None or before.text != look.text:
            # The last sign stays empty: strips stand side by side.
            text = f"{look.text:<{SIGNS}.{SIGNS - 1}}".encode("ascii", "replace")
            yield unit, (*HEADER, self._units[unit].device, _DISPLAY, place, *text, END)

    def places(self) -> Mapping[str, Place]:
        found: dict[str, Place] = {}
        for strip in range(1, STRIPS * len(self._units) + 1):
            x = 1.5 * (strip - 1)
            shown = (f"select-{strip}", f"vpot-{strip}")
            found[f"display-{strip}"] = Place(x, 0, 1.5, 0.8, TEXT, lines=shown)
            for name, y, height, kind in _STRIP_ROWS:
                caption = name if kind == BUTTON else ""
                found[f"{name}-{strip}"] = Place(x, 1.0 + y, 1.45, height, kind, caption)
        for index, name in enumerate(name for row in _BUTTONS for name in row):
            found[name] = Place(
                1.5 * (index % STRIPS), 8.4 + 0.5 * (index // STRIPS), 1.45, 0.5, BUTTON, name.removeprefix("assign-")
            )
        found["jog"] = Place(9, 11.9, 3, 2, KNOB, "jog")
        return found


def ring(value: float | None) -> int:
    """One dot of the eleven round a V-pot; none where there is no value."""
    return 0 if value is None else 1 + round(value * (_RING_STEPS - 1))


def _digits(look: Look) -> Iterator[Packet]:
    """The two digits over ASSIGNMENT; the right one comes first."""
    for place, sign in enumerate(reversed(f"{look.text:>2.2}")):
        yield 0, (_CONTROL, _DIGIT + place, ord(sign.upper()) & 0x3F)
