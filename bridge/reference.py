"""The reference page of the commands, made from their table: `python -m bridge.reference > docs/commands.md`."""

from __future__ import annotations

import sys
from itertools import groupby

from bridge.arguments import Asked
from bridge.commands import COMMANDS, Command

HEAD = """# Commands of the running program

`hummingbridge serve` runs beside the DAW and takes these commands, each in the same three ways:

- over OSC, UDP or TCP (SLIP frames), port 9310: `/object/verb id values…`. The id is any text; the answer comes back to
  whoever asked, as `/reply id json` or `/error id code message hint`. An answer too long for one datagram comes before
  its `/reply` as `/reply/part id number of json`. A message without a text in the first place counts as one with the
  id "". `/session/subscribe id` asks for every change, as `/changed/NAME value`; `/session/unsubscribe id` ends that.
  Where the program listens beyond this machine, `/session/authorise id token` comes first.
- over HTTP, port 9311: `POST /api/object/verb` with the arguments as a JSON object. `GET /openapi.json` describes them
  all, and the websocket `/changes` sends `{"changed": NAME, "value": …}`.
  While a hum is recorded, `note` comes a moment after each of its notes: onset, offset, pitch, velocity, confidence.
- in a terminal: `hummingbridge do object/verb name=value …`.

Numbers may come as whole numbers or as floats. An error always says what is wrong and what helps.

This page is made from the program: `python -m bridge.reference > docs/commands.md`.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for thing, commands in groupby(COMMANDS.values(), key=lambda command: command.name.split("/")[0]):
        parts.append(f"## {thing}\n")
        parts += [_command(command) for command in commands]
    return "\n".join(parts)


def _command(command: Command) -> str:
    lines = [f"### {command.name}\n", f"{command.summary} Answers with {command.answers}.\n"]
    if command.asked:
        lines += ["| argument | kind | if not given | what it is |", "| --- | --- | --- | --- |"]
        lines += [f"| `{one.name}` | {_kind(one)} | {_default(one)} | {one.text} |" for one in command.asked]
        lines.append("")
    return "\n".join(lines)


def _kind(one: Asked) -> str:
    if one.choices:
        return ", ".join(f"`{choice}`" for choice in one.choices)
    if one.low is None and one.high is None:
        return one.kind
    low = "" if one.low is None else f"{one.low:g}"
    high = "" if one.high is None else f"{one.high:g}"
    return f"{one.kind}, {low} to {high}" if high else f"{one.kind}, {low} or more"


def _default(one: Asked) -> str:
    if one.required:
        return "must be given"
    return "–" if one.default in (None, "", ()) else f"`{one.default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
