"""`hummingbridge daw`: the DAWs, and the side of the bridge that lies in them."""

from __future__ import annotations

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import json_option

INSTALLERS = ("ardour",)
"""The DAWs that take a side of the bridge."""


@click.group("daw", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The DAWs there is a way into, and putting the bridge's side into one.

    \b
    hummingbridge daw list
    hummingbridge daw install ardour --osc
    """


@command.command("list")
@json_option
def listed(as_json: bool) -> None:
    """The ways into a DAW: what each can do, and whether it is ready."""
    from assistant.tables import resolve
    from bridge.daw import DAWS

    found = [(name, resolve(DAWS, name, kind="DAW")()) for name in DAWS]
    if as_json:
        rows = []
        for name, daw in found:
            ready = daw.check()
            can = sorted(daw.capabilities)
            rows.append({"daw": name, "can": can, "state": ready.state, "reason": ready.reason, "remedy": ready.remedy})
        answer_json({"daws": rows})
        return
    checked = [(name, daw, daw.check()) for name, daw in found]
    rows_shown = [
        (name, ready.state, ", ".join(sorted(daw.capabilities)).replace("_", " "), ready.reason, ready.remedy)
        for name, daw, ready in checked
    ]
    table(("daw", "", "can", "why", "what mends it"), rows_shown)


@command.command("install")
@click.argument("daw", type=click.Choice(INSTALLERS))
@click.option("--osc", is_flag=True, help="Also switch OSC on in the DAW's settings: answers come faster.")
@json_option
def install(daw: str, osc: bool, as_json: bool) -> None:
    """Put the bridge's side into a DAW. What is there stays, and a backup is kept."""
    from bridge.daw.ardour_install import install as put

    done = put(osc=osc)
    if as_json:
        answer_json({"daw": daw, "folder": str(done.folder), "osc": done.osc, "notes": list(done.notes)})
        return
    say(f"installed in {done.folder}")
    for note in done.notes:
        say(note)


@command.command("uninstall")
@click.argument("daw", type=click.Choice(INSTALLERS))
@json_option
def uninstall(daw: str, as_json: bool) -> None:
    """Take the bridge's side out of a DAW again."""
    from bridge.daw.ardour_install import uninstall as take_out

    was_there = take_out()
    if as_json:
        answer_json({"daw": daw, "was_there": was_there})
        return
    say("taken out" if was_there else "it was not installed")
