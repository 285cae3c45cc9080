"""`hummingbridge plugins`: your own effects and instruments, each run in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.console import answer_json, counted, note, progress, say, table
from bridge.cli.options import KNOB, json_option

if TYPE_CHECKING:
    from assistant.plugins.catalogue import Plugin


@click.group("plugins", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Your own plugins, as effects in a chain and as instruments.

    \b
    hummingbridge plugins scan
    hummingbridge plugins show vst3:ZamComp
    hummingbridge plugins edit vst3:ZamComp --set threshold_db=-24 -o squash.state
    """


@command.command("scan")
@click.option("--again", metavar="NAME", help="Look at this one anew, whatever came of it before; `all` for all.")
@click.option(
    "--limit", "limit_seconds", type=click.FloatRange(1, 600), default=30.0, show_default=True, help="Seconds a plugin."
)
@json_option
def scan(again: str | None, limit_seconds: float, as_json: bool) -> None:
    """Look for plugins. Each is loaded once; one that crashes or hangs is listed and left alone from then on."""
    from assistant.plugins.catalogue import scan as scanned
    from assistant.plugins.host import Limits

    with progress("Looking at plugins") as step:
        found = scanned(again="" if again == "all" else again, limits=Limits(load_seconds=limit_seconds), progress=step)
    _show_list(found, as_json=as_json)


@command.command("list")
@json_option
def listed(as_json: bool) -> None:
    """The plugins that the last scan found."""
    from assistant.plugins.catalogue import known

    _show_list(known(), as_json=as_json)


def _show_list(plugins: tuple[Plugin, ...], *, as_json: bool) -> None:
    if as_json:
        answer_json({"plugins": [_row(plugin) for plugin in plugins]})
        return
    rows = [
        (one.reference, "instrument" if one.instrument else "effect", one.version, one.maker)
        for one in plugins
        if not one.failed
    ]
    if rows:
        table(("plugin", "what", "version", "maker"), rows)
    offenders = [one for one in plugins if one.failed]
    for one in offenders:
        note(f"not used: {one.failed} ({one.path})")
    if plugins:
        say(f"{counted(len(rows), 'plugin')}, {len(offenders)} that failed")
    else:
        say("no plugins are known; look for them: hummingbridge plugins scan")


def _row(plugin: Plugin) -> dict[str, Any]:
    return {
        "plugin": plugin.reference,
        **plugin.record(),
        "path": plugin.path,
        "category": plugin.category,
        "instrument": plugin.instrument,
        "latency": plugin.latency,
        "failed": plugin.failed,
    }


@command.command("show")
@click.argument("plugin")
@json_option
def show(plugin: str, as_json: bool) -> None:
    """One plugin: who made it, and each knob as a chain calls it, with its unit and range."""
    found = _find(plugin)
    if as_json:
        answer_json({**_row(found), "knobs": [dict(knob) for knob in found.knobs]})
        return
    what = "instrument" if found.instrument else "effect"
    say(f"{found.reference}: {what}, version {found.version}, by {found.maker or 'a maker it does not name'}")
    if found.failed:
        note(f"not used: {found.failed}")
    say(f"file     {found.path}")
    say(f"licence  {found.licence_spdx}")
    _show_knobs(found.knobs)


@command.command("edit")
@click.argument("plugin")
@click.option("--set", "settings", type=KNOB, multiple=True, metavar="KNOB=VALUE", help="Turn a knob.")
@click.option("--from", "before", type=click.Path(path_type=Path), help="Begin with this state, or a .vstpreset file.")
@click.option("--window", is_flag=True, help="Open the plugin's own window; close it when you are done.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file for its state.")
@json_option
def edit(
    plugin: str,
    settings: tuple[tuple[str, str], ...],
    before: Path | None,
    window: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Set a plugin up and save its state, for a chain's or an instrument's line `state = "…"`."""
    from assistant.errors import CannotRead
    from assistant.files import write_whole

    found = _find(plugin)
    output = output or Path(f"{found.name}.state")
    with found.opened() as hosted:
        if before:
            try:
                word = hosted.restore(before.read_bytes())
            except OSError as error:
                raise CannotRead(f"{before} cannot be read: {error.strerror}", hint="check the name") from error
            if word:
                note(word)
        hosted.set(dict(settings))
        if window:
            hosted.window()
        state, knobs = hosted.state(), hosted.knobs()
    write_whole(output, state)
    if as_json:
        answer_json({"plugin": found.reference, "file": str(output), "knobs": knobs})
        return
    _show_knobs(knobs)
    say(f"state    {output}")
    say(f'next     in a chain: kind = "{found.reference}", state = "{output.name}" (the file beside the chain)')


def _show_knobs(knobs: tuple[Mapping[str, Any], ...] | list[dict[str, Any]]) -> None:
    from assistant.plugins.knobs import knob_from

    rows = []
    for each in knobs:
        knob = knob_from(each)
        rows.append((knob.key, knob.value, knob.allowed, knob.name))
    table(("knob", "is", "range", "its name in the plugin"), rows)


def _find(plugin: str) -> Plugin:
    """By `vst3:NAME`, or a name alone: the VST3 plugin of that name, else one that was scanned."""
    from assistant.plugins import FORMATS, is_plugin
    from assistant.plugins.catalogue import find, known

    if is_plugin(plugin):
        return find(plugin)
    named = {each.kind: each.reference for each in known() if each.name.lower() == plugin.lower()}
    return find(next((named[kind] for kind in FORMATS if kind in named), f"vst3:{plugin}"))
