"""`hummingbridge do`: a command for the running program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import Misuse, json_option, library_option
from midi.errors import HummingbridgeError

_FILES = {"path", "source", "chain"}
"""The arguments that are, or may be, a file."""


@click.command("do")
@click.argument("name", required=False, metavar="COMMAND")
@click.argument("given", nargs=-1, metavar="[NAME=VALUE]...")
@json_option
@library_option
def command(name: str | None, given: tuple[str, ...], as_json: bool, library_folder: Path | None) -> None:
    """Ask the running program (hummingbridge serve) to do something; without COMMAND, list what there is.

    \b
    hummingbridge do hum/record
    hummingbridge do variation/next
    hummingbridge do take/send to=ardour at_bar=3
    """
    from bridge.commands import COMMANDS

    if name is None:
        if as_json:
            answer_json({one.name: one.summary for one in COMMANDS.values()})
            return
        table(("command", "takes", "what it does"), [_row(one) for one in COMMANDS.values()])
        return
    from bridge.app import command_named
    from bridge.arguments import from_mapping

    asked = command_named(name.strip("/"))
    arguments = _arguments(given, [one.name for one in asked.asked])
    # What is wrong with the words is said without asking anybody.
    from_mapping(asked.arguments, arguments)
    answer = ask(asked.name, arguments, library_folder)
    if as_json or not answer:
        answer_json(answer) if as_json else say("done")
        return
    for key, value in answer.items():
        say(f"{key:<12} {value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)}")


def _row(one: Any) -> tuple[str, str, str]:
    return one.name, " ".join(arg.name if arg.required else f"[{arg.name}]" for arg in one.asked), one.summary


def _arguments(given: tuple[str, ...], names: list[str]) -> dict[str, object]:
    """`name=value` pairs, or values in the command's order."""
    arguments: dict[str, object] = {}
    for place, text in enumerate(given):
        name, equals, value = text.partition("=")
        if equals and name in names:
            arguments[name] = value
        elif equals and name.isidentifier() and not Path(text).exists():
            raise Misuse(f"this command takes no {name!r}", hint=f"it takes {', '.join(names) or 'nothing'}")
        elif place < len(names):
            arguments[names[place]] = text
        else:
            raise Misuse(f"{text!r} is one argument too many", hint=f"this command takes {', '.join(names) or 'none'}")
    # Files are meant from where the composer is, not from where the program runs.
    for name in _FILES & arguments.keys():
        path = Path(str(arguments[name])).expanduser()
        if name == "path" or (path.suffix and path.is_file()):
            arguments[name] = str(path.resolve())
    return arguments


def ask(name: str, arguments: dict[str, object], library: Path | None) -> dict[str, Any]:
    """What the running program answers. Raises `NotRunning`, and what the command raises as `TaskFailed`."""
    from http.client import HTTPConnection

    from bridge.jobs import TaskFailed
    from bridge.serve import running_file

    not_there = NotRunning("hummingbridge serve is not running", hint="start it: hummingbridge serve")
    try:
        reached = json.loads(running_file(library).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise not_there from None
    # Where it listens at every address, this machine's own is one.
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(reached["listen"], reached["listen"])
    connection = HTTPConnection(address, int(reached["http_port"]), timeout=120)
    headers = {"Content-Type": "application/json"}
    if reached["token"]:
        headers["Authorization"] = f"Bearer {reached['token']}"
    try:
        connection.request("POST", f"/api/{name}", json.dumps(arguments), headers)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, ValueError):
        raise not_there from None
    finally:
        connection.close()
    if "error" in answer and set(answer) == {"error"}:
        raise TaskFailed(**answer["error"])
    return answer


class NotRunning(HummingbridgeError):
    code = "not-running"
