"""`hummingbridge surface`: the control surfaces, how they look now, and learning one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import PNG_OUT, FileOut, json_option, library_option

if TYPE_CHECKING:
    from bridge.surfaces.look import Look
    from bridge.surfaces.preset import Surface

TOSC_OUT = FileOut("a TouchOSC layout", ".tosc")


@click.group("surface", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Control surfaces: which there are, how one looks now, and learning your own.

    \b
    hummingbridge surface list
    hummingbridge serve --surface launchpad-x
    hummingbridge surface learn my-knobs
    """


@command.command("list")
@json_option
def listed(as_json: bool) -> None:
    """The surfaces there are, your own among them, and the MIDI ports of this machine."""
    from assistant.presets import list_presets
    from bridge.midi_io.player import Player

    rows = [(preset.name, _family(preset.path), preset) for preset in list_presets("surfaces")]
    # Asked in another process: the MIDI drivers print to the terminal.
    player = Player()
    ports = player.ports()
    player.close()
    there = {"inputs": ports["inputs"], "outputs": ports["outputs"]} if "api" in ports else {"ports": [ports["reason"]]}
    if as_json:
        surfaces = [{"name": n, "family": f, "own": p.own, "description": p.description} for n, f, p in rows]
        answer_json({"surfaces": surfaces, "ports": there})
        return
    shown = [(name, family, "yours" if preset.own else "", preset.description) for name, family, preset in rows]
    table(("name", "speaks", "", "what it is"), shown)
    say()
    for way, names in there.items():
        say(f"{way:<8} {', '.join(names) or 'none'}")


def _family(path: Path) -> str:
    from bridge.surfaces.preset import load_surface_file
    from midi.errors import HummingbridgeError

    try:
        return load_surface_file(path).family
    except HummingbridgeError:
        return "wrong: see presets check"


@command.command("show")
@click.argument("name")
@click.option("--page", default="", help="This page instead of the one that is open.")
@click.option("--picture", type=PNG_OUT, help="Draw it into a PNG file instead.")
@json_option
@library_option
def show(name: str, page: str, picture: Path | None, as_json: bool, library_folder: Path | None) -> None:
    """Draw a surface as it is now; where it is not in use, as it would be.

    \b
    hummingbridge surface show launchpad-x
    hummingbridge surface show mackie --picture mackie.png
    """
    from assistant.files import write_whole
    from assistant.tables import unknown
    from bridge.surfaces.draw import lines
    from bridge.surfaces.draw import picture as drawn_picture
    from bridge.surfaces.preset import load_surface

    surface = load_surface(name)
    if page and page not in (pages := [each.name for each in surface.pages]):
        raise unknown(page, pages, kind=f"page of {name}")
    open_page, looks = _looks(surface, page, library_folder)
    if picture is not None:
        write_whole(picture, drawn_picture(surface, open_page, looks))
        answer_json({"picture": str(picture)}) if as_json else say(f"picture  {picture}")
        return
    if as_json:
        from dataclasses import asdict

        answer_json({"name": name, "page": open_page, "controls": {key: asdict(look) for key, look in looks.items()}})
        return
    from rich.console import Console

    console = Console()
    console.print(f"{surface.name}: {open_page}", highlight=False)
    for line in lines(surface, open_page, looks, console.width):
        console.print(line, no_wrap=True, crop=True)


def _looks(surface: Surface, page: str, library_folder: Path | None) -> tuple[str, dict[str, Look]]:
    """The page that is open in the running program and its looks; where it does not run, those of the session."""
    from bridge.cli.do import NotRunning, ask
    from bridge.jobs import TaskFailed
    from bridge.surfaces.look import Look

    try:
        if not page:
            shown = ask("surface/show", {"name": surface.name}, library_folder)
            return shown["page"], {key: Look(**look) for key, look in shown["controls"].items()}
    except (NotRunning, TaskFailed):
        pass
    from assistant.library import Library, usual_folder
    from bridge.session import SessionStore
    from bridge.surfaces.desk import Desk
    from bridge.surfaces.glance import scene_of

    folder = library_folder or usual_folder()
    with Library(folder) as library:
        desk = Desk(surface, page)
        return desk.page.name, desk.looks(scene_of(library, SessionStore(folder).session))


@command.command("layout")
@click.argument("name", default="touchosc")
@click.option("-o", "output", type=TOSC_OUT, default="hummingbridge.tosc", show_default=True, help="The file to write.")
@click.option("--token", default="", help="The token of serve --listen: a button in the layout says it.")
@json_option
def layout(name: str, output: Path, token: str, as_json: bool) -> None:
    """Write a TouchOSC layout of a surface, with a page of every command beside it."""
    from assistant.files import write_whole
    from bridge.surfaces.preset import load_surface
    from bridge.surfaces.touchosc import layout as made

    path = write_whole(output, made(load_surface(name), token=token))
    answer_json({"layout": str(path)}) if as_json else say(f"layout   {path}")


@command.command("learn")
@click.argument("name")
@click.option("--port", help="The MIDI port of the controller; asked for if there are several.")
@json_option
def learn(name: str, port: str | None, as_json: bool) -> None:
    """Learn a controller: press or turn what you want for each purpose, or Enter to leave it out.

    \b
    hummingbridge surface learn my-knobs
    hummingbridge serve --surface my-knobs
    """
    from bridge.surfaces.learn import learned

    path, surface = learned(name, port, say)
    if as_json:
        answer_json({"surface": name, "file": str(path), "controls": sorted(surface.controls)})
        return
    say(f"preset   {path}")
    say(f"next     hummingbridge serve --surface {name}")
