"""Ardour's two files that a composer's set-up lives in: `ui_scripts` (Lua actions and hooks) and `config`.

Pure functions from the file's bytes to its new bytes. What stands there stays; what cannot be read is refused, not
guessed. Formats: an `ActionScript` element holds, in base64, Lua statements that rebuild the table of actions, one
slot each; a `LuaCallback` element holds one hook.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

from midi.errors import HummingbridgeError

NAME = "hummingbridge"
SLOTS = 32
"""Actions that Ardour 7 has room for; `LuaAction/script-1` is slot 1."""

_HOOK_ID = "1752526189"
# LuaTimerDS, ten times a second, is signal 47 of Ardour 7. A bit string of exactly 48 characters sets it whatever the
# number of signals above it: std::bitset fills the rest with zeros.
_TEN_TIMES_A_SECOND = "1" + "0" * 47
_FIRST_SCRIPTS = b'<?xml version="1.0" encoding="UTF-8"?>\n<UIScripts/>\n'
OSC_PROTOCOL = "Open Sound Control (OSC)"

_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_STATEMENT = re.compile(
    rb"scripts(?:\[(?P<slot>\d+)\](?:\[(?P<key>" + _TEXT + rb"|\d+)\](?:\[(?:" + _TEXT + rb"|\d+)\])*)?)? = "
    rb"(?:\{\}|nil|true|false|-?\d[\d.eE+-]*|(?P<text>" + _TEXT + rb"))\s*",
    re.DOTALL,
)


class UnreadableSettings(HummingbridgeError):
    """A settings file of the DAW that is not as the DAW writes it; it is left as it is."""

    code: ClassVar[str] = "unreadable-settings"


@dataclass(frozen=True, slots=True)
class _Statement:
    slot: int | None
    name: bytes | None
    source: bytes


def with_bridge(xml: bytes | None, folder: Path) -> tuple[bytes, int]:
    """`ui_scripts` with the bridge's action and hook, and the action's slot. `folder` is where its Lua files lie.

    `xml` is None where there is no file. Raises `UnreadableSettings` also where all slots are taken.
    """
    before = slot_of_bridge(xml) if xml is not None else None
    root = _root(_without(xml) if xml is not None else _FIRST_SCRIPTS, "ui_scripts")
    action = _child(root, "ActionScript")
    statements = tuple(_statements(_decoded(action.text)))
    taken = {statement.slot for statement in statements}
    slot = before or next((number for number in range(1, SLOTS + 1) if number not in taken), None)
    if slot is None:
        raise UnreadableSettings(
            f"all {SLOTS} places for Lua actions are taken in Ardour", hint="remove one under Edit, Lua Scripts"
        )
    state = b"".join(statement.source for statement in statements) or b"scripts = {} "
    entry = f"scripts[{slot}]"
    state += (
        f'{entry} = {{}} {entry}["n"] = {_quoted(NAME)} {entry}["s"] = {_quoted(_NOTE)} '
        f'{entry}["f"] = {_quoted(_loader(folder, "action"))} {entry}["a"] = {{}} '
    ).encode()
    action.text = base64.b64encode(state).decode()
    hook = (
        f's = {{}} s["n"] = {_quoted(NAME)} s["s"] = {_quoted(_NOTE)} '
        f's["f"] = {_quoted(_loader(folder, "hook", slot))} s["a"] = {{}} '
    )
    callback = ElementTree.SubElement(_child(root, "ActionHooks"), "LuaCallback")
    callback.attrib.update(lua="Lua 5.3", id=_HOOK_ID, name=NAME, signals=_TEN_TIMES_A_SECOND)
    callback.text = base64.b64encode(hook.encode()).decode()
    return _bytes(root), slot


def without_bridge(xml: bytes) -> bytes:
    """`ui_scripts` without the bridge; the very same bytes where it was not in there. Raises `UnreadableSettings`."""
    return xml if slot_of_bridge(xml) is None and not _hooks(_root(xml, "ui_scripts")) else _without(xml)


def slot_of_bridge(xml: bytes) -> int | None:
    """The slot of the bridge's action, None where there is none. Raises `UnreadableSettings`."""
    action = _root(xml, "ui_scripts").find("ActionScript")
    if action is None:
        return None
    return next((each.slot for each in _statements(_decoded(action.text)) if each.name == NAME.encode()), None)


def hooked(xml: bytes) -> bool:
    """Whether the bridge's hook is in `ui_scripts`."""
    return bool(_hooks(_root(xml, "ui_scripts")))


def with_osc(xml: bytes, *, active: bool = True) -> bytes:
    """`config` with the OSC surface switched on (or off); the same bytes where it is so already."""
    root = _root(xml, "config")
    surface = next((each for each in root.iter("Protocol") if each.get("name") == OSC_PROTOCOL), None)
    if surface is None and active:
        surface = ElementTree.SubElement(_child(root, "ControlProtocols"), "Protocol", name=OSC_PROTOCOL)
    if surface is None or (surface.get("active") in {"1", "yes", "true"}) == active:
        return xml
    surface.set("active", "1" if active else "0")
    return _bytes(root)


def osc_active(xml: bytes) -> bool:
    return with_osc(xml) == xml


_NOTE = "-- written by hummingbridge; `hummingbridge daw uninstall ardour` takes it away"


def _loader(folder: Path, part: str, *more: int) -> str:
    """Lua that becomes the script; with its files gone it does nothing, quietly."""
    arguments = ", ".join([_quoted(folder.as_posix()), *map(str, more)])
    return (
        f"local part = loadfile({_quoted((folder / 'hummingbridge.lua').as_posix())}) "
        f"if not part then return function () end end return part().{part}({arguments})"
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\\n").replace("\r", "\\13")
    return f'"{escaped}"'


def _without(xml: bytes) -> bytes:
    root = _root(xml, "ui_scripts")
    action = root.find("ActionScript")
    if action is not None and action.text:
        statements = tuple(_statements(_decoded(action.text)))
        ours = {statement.slot for statement in statements if statement.name == NAME.encode()}
        kept = b"".join(each.source for each in statements if each.slot is None or each.slot not in ours)
        action.text = base64.b64encode(kept).decode()
    hooks = root.find("ActionHooks")
    for callback in _hooks(root):
        if hooks is not None:
            hooks.remove(callback)
    return _bytes(root)


def _hooks(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [each for each in root.findall("ActionHooks/LuaCallback") if each.get("name") == NAME]


def _statements(state: bytes) -> Iterator[_Statement]:
    """The assignments that rebuild Ardour's table of actions, in order. Raises `UnreadableSettings`."""
    position = 0
    while position < len(state):
        found = _STATEMENT.match(state, position)
        if found is None:
            raise UnreadableSettings(
                f"Ardour's ui_scripts holds actions in a form that is not known (at byte {position})",
                hint="remove them under Edit, Lua Scripts, or move the file ui_scripts away, and try again",
            )
        slot = int(found["slot"]) if found["slot"] else None
        name = found["text"][1:-1] if found["key"] == b'"n"' and found["text"] else None
        yield _Statement(slot, name, found[0])
        position = found.end()


def _decoded(text: str | None) -> bytes:
    try:
        return base64.b64decode((text or "").strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableSettings(
            "Ardour's ui_scripts holds actions that are not base64", hint="move the file away and try again"
        ) from error


def _root(xml: bytes, what: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError) as error:
        raise UnreadableSettings(
            f"Ardour's {what} is not a sound XML file: {error}", hint="start Ardour once, or move the file away"
        ) from error


def _child(root: ElementTree.Element, name: str) -> ElementTree.Element:
    child = root.find(name)
    if child is None:
        child = ElementTree.SubElement(root, name)
        if name == "ActionScript":
            child.set("lua", "Lua 5.3")
    return child


def _bytes(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    body: bytes = ElementTree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"
