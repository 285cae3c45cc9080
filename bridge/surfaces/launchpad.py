"""Novation's Launchpad X, Mini MK3 and Pro MK3 in programmer mode, after the maker's programmer's reference manuals.

Pads are notes 11 (bottom left) to 88 (top right), buttons round the grid control changes, all by the same numbering;
lights are set by the same numbers, on channel 1 static, 2 flashing, 3 pulsing, in colours of the maker's palette.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import InvalidPreset
from bridge.surfaces.family import BUTTON, PAD, Message, Packet, Place
from bridge.surfaces.gesture import Gesture, Pressed
from bridge.surfaces.look import Look
from bridge.surfaces.palette import colour_of
from bridge.surfaces.preset import Surface, known_keys

HEADER = (0xF0, 0x00, 0x20, 0x29, 0x02)
MODE, LIVE, PROGRAMMER, END = 0x0E, 0x00, 0x01, 0xF7
_NOTE, _NOTE_OFF, _CONTROL = 0x90, 0x80, 0xB0
_CHANNELS = {"static": 0, "flash": 1, "pulse": 2}
_EDGES = {
    "top": {f"{90 + x}": (x, 0) for x in range(1, 10)},
    "right": {f"{y}9": (9, 9 - y) for y in range(1, 9)},
    "left": {f"{y}0": (0, 9 - y) for y in range(1, 10)},
    "bottom": {f"{x}": (x, 10) for x in range(1, 9)} | {f"{100 + x}": (x, 9) for x in range(1, 9)},
}


class Launchpad:
    """Controls go by the maker's numbers: pads `11` to `88`; buttons `91` on top, `19` on the right and so on."""

    def __init__(self, surface: Surface) -> None:
        self._colours = surface.colours
        self._device = surface.units[0].device
        self._edges = surface.settings["edges"]

    @classmethod
    def checked_settings(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, ("edges",), where)
        edges = table.get("edges", ["top", "right"])
        if not isinstance(edges, list) or not set(edges) <= set(_EDGES):
            raise InvalidPreset(f"{where}: edges {edges!r} are unknown", hint=f"known: {', '.join(_EDGES)}")
        return {"edges": tuple(edges)}

    @classmethod
    def checked_colour(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        known_keys(table, ("palette", "light", "under"), where)
        light = table.get("light", "static")
        if light not in _CHANNELS:
            raise InvalidPreset(f"{where}: light {light!r} is unknown", hint=f"known: {', '.join(_CHANNELS)}")
        entries = {"palette": table.get("palette", 0), "under": table.get("under", 0)}
        for key, entry in entries.items():
            if not isinstance(entry, int) or not 0 <= entry <= 127:
                raise InvalidPreset(f"{where}: {key} {entry!r} is outside 0..127", hint="see the maker's palette")
        return {**entries, "light": light}

    @classmethod
    def kind_of(cls, control: str, settings: Mapping[str, Any], _units: int, /) -> str | None:
        if _is_pad(control):
            return PAD
        return BUTTON if any(control in _EDGES[edge] for edge in settings["edges"]) else None

    def hello(self, unit: int) -> Iterator[Packet]:
        yield unit, (*HEADER, self._device, MODE, PROGRAMMER, END)

    def farewell(self, unit: int) -> Iterator[Packet]:
        yield unit, (*HEADER, self._device, MODE, LIVE, END)

    def read(self, unit: int, message: Message, now: float) -> Gesture | None:
        if len(message) != 3:
            return None
        status, number, value = message
        kind = {_NOTE: PAD, _NOTE_OFF: PAD, _CONTROL: BUTTON}.get(status & 0xF0)
        if kind is None or self.kind_of(f"{number}", {"edges": self._edges}, 1) != kind:
            return None
        return Pressed(f"{number}", value > 0 and status & 0xF0 != _NOTE_OFF)

    def write(self, control: str, look: Look, before: Look | None) -> Iterator[Packet]:
        if before is not None and before.state == look.state:
            return
        colour = colour_of(self._colours, look.state)
        status = _NOTE if _is_pad(control) else _CONTROL
        channel, number = _CHANNELS[colour.get("light", "static")], int(control)
        if channel == 1:
            # It flashes between this and what the pad showed before.
            yield 0, (status, number, colour["under"])
        yield 0, (status | channel, number, colour.get("palette", 0))

    def places(self) -> Mapping[str, Place]:
        found = {f"{y}{x}": Place(x, 9 - y, 1, 1, PAD) for y in range(1, 9) for x in range(1, 9)}
        for edge in self._edges:
            found |= {control: Place(x, y, 1, 1, BUTTON) for control, (x, y) in _EDGES[edge].items()}
        return found


def _is_pad(control: str) -> bool:
    return len(control) == 2 and control[0] in "12345678" and control[1] in "12345678"
