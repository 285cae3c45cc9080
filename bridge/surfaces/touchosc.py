"""A TouchOSC layout: the pages of a surface with their lights and words, and one made from the table of commands.

A `.tosc` file is XML, compressed with zlib: nodes with properties, values, messages and children. Each pad is a lamp
that listens, a button over it that speaks, and a label that listens to the words.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bridge.arguments import Asked
from bridge.commands import COMMANDS, Command
from bridge.surfaces.family import FADER
from bridge.surfaces.osc import Osc
from bridge.surfaces.palette import colour_of
from bridge.surfaces.preset import Surface

WIDTH, HEIGHT, TABS, GAP = 1024, 768, 40, 6
_COLUMNS = 5
_NUMBERS = ("whole number", "number")
_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an address or an argument: a constant, or one of the control's values (`x`, `text`)."""

    kind: str
    conversion: str
    value: str
    low: float = 0.0
    high: float = 1.0


_X, _TEXT = _Part("VALUE", "FLOAT", "x"), _Part("VALUE", "STRING", "text")


def layout(surface: Surface, *, token: str = "") -> bytes:
    """The file's bytes. With a token there is a button that says it to the program."""
    root = Element("lexml", version="5")
    whole = _node(root, "GROUP", "hummingbridge", (0, 0, WIDTH, HEIGHT))
    pager = _node(_children(whole), "PAGER", "pages", (0, 0, WIDTH, HEIGHT), tabbar=True, tabLabels=True)
    pages = _children(pager)
    for page in surface.pages:
        _surface_page(_page(pages, page.name), surface.drawn_with(page.name))
    _command_page(_page(pages, "commands"), token)
    for number, node in enumerate(whole.iter("node")):
        # The same layout has the same bytes: the ids follow from the order.
        node.set("ID", str(uuid.uuid5(uuid.NAMESPACE_URL, f"hummingbridge {surface.name} {number}")))
    return zlib.compress(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _surface_page(parent: Element, surface: Surface) -> None:
    places = Osc(surface).places()
    bindings = surface.controls
    across = max(place.x + place.width for place in places.values())
    down = max(place.y + place.height for place in places.values())
    for name, place in places.items():
        left, top = place.x / across * WIDTH, place.y / down * (HEIGHT - TABS)
        width, height = place.width / across * WIDTH - GAP, place.height / down * (HEIGHT - TABS) - GAP
        address = f"/surface/{surface.name}/{name}"
        box = (left, top, width, height)
        if place.kind == FADER:
            control = _node(parent, "FADER", name, box, colour=_shown(surface, "on"), orientation=1)
            _message(control, address, [_X], send=True, receive=True)
        else:
            lamp = _node(parent, "BUTTON", f"{name} lamp", box, colour=_shown(surface, "on"), interactive=False)
            _message(lamp, address, [_X], receive=True)
            touch = _node(parent, "BUTTON", name, box, background=False)
            _message(touch, address, [_X], send=True)
        _label(parent, bindings[name].label or name, box, f"{address}/text")


def _command_page(parent: Element, token: str) -> None:
    """A button for every command that needs nothing, a fader for every one that needs a number."""
    shown = [(command, needed) for command, needed in _simple() if len(needed) < 2]
    count = len(shown) + bool(token)
    rows = -(-count // _COLUMNS)
    width, height = WIDTH / _COLUMNS, (HEIGHT - TABS) / rows
    for index, (command, needed) in enumerate(shown):
        box = (index % _COLUMNS * width, index // _COLUMNS * height, width - GAP, height - GAP)
        asks = [_Part("CONSTANT", "STRING", "touchosc")]
        control = _node(parent, "FADER" if needed else "BUTTON", command.name, box, orientation=1 if needed else 0)
        for one in needed:
            kind = "INTEGER" if one.kind == "whole number" else "FLOAT"
            asks.append(_Part("VALUE", kind, "x", one.low or 0.0, 1.0 if one.high is None else one.high))
        _message(control, f"/{command.name}", asks, send=True, rises=not needed)
        _label(parent, command.name, box)
    if token:
        box = ((count - 1) % _COLUMNS * width, (count - 1) // _COLUMNS * height, width - GAP, height - GAP)
        control = _node(parent, "BUTTON", "session/authorise", box)
        asks = [_Part("CONSTANT", "STRING", "touchosc"), _Part("CONSTANT", "STRING", token)]
        _message(control, "/session/authorise", asks, send=True, rises=True)
        _label(parent, "say the token", box)


def _simple() -> Iterator[tuple[Command, list[Asked]]]:
    for command in COMMANDS.values():
        needed = [one for one in command.asked if one.required]
        if all(one.kind in _NUMBERS for one in needed):
            yield command, needed


def _page(pages: Element, name: str) -> Element:
    return _children(_node(pages, "GROUP", name, (0, TABS, WIDTH, HEIGHT - TABS), tabLabel=name))


def _label(parent: Element, words: str, box: _Box, address: str = "") -> None:
    label = _node(parent, "LABEL", f"{words} label", box, interactive=False, background=False, textSize=14, words=words)
    if address:
        _message(label, address, [_TEXT], receive=True)


def _node(
    parent: Element,
    kind: str,
    name: str,
    box: _Box,
    *,
    colour: str = "#404040",
    words: str = "",
    **properties: bool | int | str,
) -> Element:
    node = SubElement(parent, "node", type=kind)
    listed = SubElement(node, "properties")
    for key, value in {"name": name, **properties}.items():
        sign = "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "s"
        _property(listed, sign, key).text = str(int(value)) if isinstance(value, bool | int) else value
    frame = _property(listed, "r", "frame")
    for key, number in zip("xywh", box, strict=True):
        SubElement(frame, key).text = f"{number:g}"
    paint = _property(listed, "c", "color")
    for key, two in zip("rgb", (colour[1:3], colour[3:5], colour[5:7]), strict=True):
        SubElement(paint, key).text = f"{int(two, 16) / 255:.3f}"
    SubElement(paint, "a").text = "1"
    values = SubElement(node, "values")
    _value(values, "touch", "false")
    if kind in ("BUTTON", "FADER"):
        _value(values, "x", "0")
    if kind == "LABEL":
        _value(values, "text", words)
    if kind == "PAGER":
        _value(values, "page", "0")
    return node


def _property(parent: Element, kind: str, key: str) -> Element:
    one = SubElement(parent, "property", type=kind)
    SubElement(one, "key").text = key
    return SubElement(one, "value")


def _value(parent: Element, key: str, default: str) -> None:
    one = SubElement(parent, "value")
    for name, text in (("key", key), ("locked", "0"), ("lockedDefaultCurrent", "0"), ("default", default)):
        SubElement(one, name).text = text
    SubElement(one, "defaultPull").text = "0"


def _message(
    node: Element,
    address: str,
    arguments: Sequence[_Part],
    *,
    send: bool = False,
    receive: bool = False,
    rises: bool = False,
) -> None:
    osc = SubElement(SubElement(node, "messages"), "osc")
    for key, on in (("enabled", True), ("send", send), ("receive", receive), ("feedback", False)):
        SubElement(osc, key).text = str(int(on))
    SubElement(osc, "connections").text = "1" * 10
    trigger = SubElement(SubElement(osc, "triggers"), "trigger")
    SubElement(trigger, "var").text = "text" if arguments == [_TEXT] else "x"
    SubElement(trigger, "condition").text = "RISE" if rises else "ANY"
    _parts(SubElement(osc, "path"), [_Part("CONSTANT", "STRING", address)])
    _parts(SubElement(osc, "arguments"), arguments)


def _parts(parent: Element, parts: Sequence[_Part]) -> None:
    for part in parts:
        one = SubElement(parent, "partial")
        for key, text in (("type", part.kind), ("conversion", part.conversion), ("value", part.value)):
            SubElement(one, key).text = text
        SubElement(one, "scaleMin").text = f"{part.low:g}"
        SubElement(one, "scaleMax").text = f"{part.high:g}"


def _children(node: Element) -> Element:
    return SubElement(node, "children")


def _shown(surface: Surface, state: str) -> str:
    return str(colour_of(surface.colours, state).get("shown", "#404040"))
