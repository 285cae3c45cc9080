"""OSCQuery: what can be sent over OSC, for programs that ask, made from the table of commands.

After the OSCQuery proposal of VIDVOX: a node is a JSON object with FULL_PATH, CONTENTS, TYPE, ACCESS, RANGE and
DESCRIPTION; `?NAME` asks for one of them, and `/?HOST_INFO` how the program is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bridge.arguments import Asked
from bridge.commands import COMMANDS, Command

if TYPE_CHECKING:
    from bridge.surfaces.preset import Surface

_TAGS = {"whole number": "i", "number": "f", "yes or no": "T", "text": "s", "list of whole numbers": "i"}
_CONTAINER, _WRITE_ONLY, _READ_WRITE = 0, 2, 3
_ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "RANGE", "DESCRIPTION")
_EXTENSIONS = {"ACCESS": True, "RANGE": True, "DESCRIPTION": True, "VALUE": False, "LISTEN": False}


def namespace(surfaces: Sequence[Surface] = ()) -> dict[str, Any]:
    """The root node, with every command in it, and the controls of the surfaces that are used over OSC."""
    things: dict[str, Any] = {}
    for command in COMMANDS.values():
        thing, verb = command.name.split("/")
        inside = things.setdefault(thing, {"FULL_PATH": f"/{thing}", "ACCESS": _CONTAINER, "CONTENTS": {}})
        inside["CONTENTS"][verb] = _method(command)
    for surface in surfaces:
        things["surface"]["CONTENTS"][surface.name] = _surface(surface)
    return {"FULL_PATH": "/", "ACCESS": _CONTAINER, "DESCRIPTION": "Hummingbridge", "CONTENTS": things}


def host_info(osc_port: int) -> dict[str, Any]:
    return {"NAME": "Hummingbridge", "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP", "EXTENSIONS": _EXTENSIONS}


def found(
    path: str, query: str, *, osc_port: int, surfaces: Sequence[Surface] = ()
) -> tuple[int, dict[str, Any] | None]:
    """The answer to `GET path?query` as HTTP status and JSON: 404 for no such node, 204 for an attribute it has not,
    400 for one that nobody knows.
    """
    if query == "HOST_INFO":
        return 200, host_info(osc_port)
    node: Any = namespace(surfaces)
    for name in path.strip("/").split("/") if path.strip("/") else ():
        node = node.get("CONTENTS", {}).get(name)
        if node is None:
            return 404, None
    if not query:
        return 200, node
    if query in node:
        return 200, {query: node[query]}
    return (204 if query in _ATTRIBUTES or query in _EXTENSIONS else 400), None


def _surface(surface: Surface) -> dict[str, Any]:
    path = f"/surface/{surface.name}"
    controls = {
        name: {
            "FULL_PATH": f"{path}/{name}",
            "ACCESS": _READ_WRITE,
            "TYPE": "f",
            "RANGE": [{"MIN": 0.0, "MAX": 1.0}],
            "DESCRIPTION": COMMANDS[binding.does].summary if binding.does else binding.label,
        }
        for name, binding in surface.controls.items()
    }
    return {"FULL_PATH": path, "ACCESS": _CONTAINER, "DESCRIPTION": surface.description, "CONTENTS": controls}


def _method(command: Command) -> dict[str, Any]:
    return {
        "FULL_PATH": f"/{command.name}",
        "ACCESS": _WRITE_ONLY,
        # The first argument is the request's id.
        "TYPE": "s" + "".join(_TAGS[one.kind] for one in command.asked),
        "RANGE": [None, *(_range(one) for one in command.asked)],
        "DESCRIPTION": f"{command.summary} Values: "
        + "; ".join(["id: any text, the answer carries it", *(f"{one.name}: {one.text}" for one in command.asked)]),
    }


def _range(one: Asked) -> dict[str, Any] | None:
    if one.choices:
        return {"VALS": list(one.choices)}
    ends = {"MIN": one.low, "MAX": one.high}
    return {name: end for name, end in ends.items() if end is not None} or None
