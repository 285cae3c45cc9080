"""`hummingbridge daw`: the DAWs, and the side of the bridge that lies in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import Misuse, json_option

if TYPE_CHECKING:
    from bridge.daw.port import Daw

INSTALLERS = ("ardour", "reaper")
"""The DAWs that take a side of the bridge."""
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("daw", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The DAWs there is a way into, and putting the bridge's side into one.

    \b
    hummingbridge daw list
    hummingbridge daw install ardour --osc
    hummingbridge daw install reaper
    hummingbridge daw go reaper 17
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
@click.option("--osc", is_flag=True, help="Also switch OSC on in Ardour's settings: answers come faster.")
@click.option("--folder", type=_FOLDER, help="The DAW's settings or resource folder, where it is not the usual one.")
@json_option
def install(daw: str, osc: bool, folder: Path | None, as_json: bool) -> None:
    """Put the bridge's side into a DAW. What is there stays."""
    _check_folder(daw, folder)
    if daw == "ardour":
        from bridge.daw import ardour_install

        in_ardour = ardour_install.install(folder, osc=osc)
        there, notes, facts = in_ardour.folder, in_ardour.notes, {"osc": in_ardour.osc}
    else:
        from bridge.daw import reaper_install

        if osc:
            raise Misuse("--osc is for Ardour", hint="docs/set-it-up-in-reaper.md tells how to switch OSC on in REAPER")
        in_reaper = reaper_install.install(folder)
        there, notes, facts = in_reaper.folder, in_reaper.notes, {}
    if as_json:
        answer_json({"daw": daw, "folder": str(there), "notes": list(notes), **facts})
        return
    say(f"installed in {there}")
    for note in notes:
        say(note)


@command.command("uninstall")
@click.argument("daw", type=click.Choice(INSTALLERS))
@click.option("--folder", type=_FOLDER, help="The DAW's settings or resource folder, where it is not the usual one.")
@json_option
def uninstall(daw: str, folder: Path | None, as_json: bool) -> None:
    """Take the bridge's side out of a DAW again."""
    from bridge.daw import ardour_install, reaper_install

    _check_folder(daw, folder)
    was_there = (ardour_install if daw == "ardour" else reaper_install).uninstall(folder)
    if as_json:
        answer_json({"daw": daw, "was_there": was_there})
        return
    say("taken out" if was_there else "it was not installed")


@command.command("tempo")
@click.argument("daw")
@click.argument("bpm", type=float)
@json_option
def tempo(daw: str, bpm: float, as_json: bool) -> None:
    """Give the song in DAW the tempo BPM. A song with a map of tempi keeps it."""
    from midi.tempo import Tempo

    _made(daw).set_tempo(Tempo(bpm))
    if as_json:
        answer_json({"daw": daw, "tempo_bpm": bpm})
        return
    say(f"{daw} plays at {bpm:g} BPM")


@command.command("go")
@click.argument("daw")
@click.argument("bar", type=click.IntRange(1, 9999))
@json_option
def go(daw: str, bar: int, as_json: bool) -> None:
    """Move the playhead of DAW to BAR; `send` puts takes there."""
    _made(daw).locate(bar)
    if as_json:
        answer_json({"daw": daw, "bar": bar})
        return
    say(f"{daw} stands at bar {bar}")


def _check_folder(daw: str, folder: Path | None) -> None:
    if folder is not None and not folder.is_dir():
        raise Misuse(f"there is no folder {folder}", hint=f"name the folder in which {daw} keeps its settings")


def _made(name: str) -> Daw:
    from assistant.tables import resolve
    from bridge.daw import DAWS

    made: Daw = resolve(DAWS, name, kind="DAW")()
    return made
