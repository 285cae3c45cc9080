"""`hummingbridge takes`: everything that was made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.console import answer_json, counted, say, table
from bridge.cli.options import FOLDER_OUT, commercial_option, json_option, library_option

if TYPE_CHECKING:
    from assistant.library import Library
    from assistant.take import Take

SUFFIXES = {"midi": ".mid", "notes": ".json", "audio": ".wav", "source": ".source.mid"}


@click.group("takes", invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def command(ctx: click.Context) -> None:
    """Everything you made: list, undo, star, rename, export.

    A take is named by its name, its id, or the first letters of its id. Nothing is ever overwritten: a change makes a
    new take, and every step can be undone.
    """
    if ctx.invoked_subcommand is None:
        # Through a context of its own, so that its options and the environment count.
        with listed.make_context("list", [], parent=ctx) as alone:
            listed.invoke(alone)


@command.command("list")
@click.option("--search", default="", metavar="WORDS", help="Only takes in which these words occur.")
@click.option(
    "--kind",
    type=click.Choice(["recording", "motif", "variation", "render", "effects", "generation"]),
    metavar="KIND",
    help="Only recording, motif, variation, render or effects.",
)
@click.option("--starred", is_flag=True, help="Only those with a star.")
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, the newest first."
)
@json_option
@library_option
def listed(
    search: str = "",
    kind: str | None = None,
    starred: bool = False,
    limit: int = 50,
    as_json: bool = False,
    library_folder: Path | None = None,
) -> None:
    """The takes, the newest first."""
    from assistant.library import Library

    with Library(library_folder) as library:
        takes = (
            library.search(search, limit=limit)
            if search
            else library.list(kind=kind or "", starred=starred, limit=limit)
        )
    if search:
        takes = tuple(take for take in takes if kind in (None, take.kind) and (take.starred or not starred))
    if as_json:
        answer_json({"takes": [take.as_json() for take in takes]})
        return
    if not takes:
        say("no takes" if search or kind or starred else "no takes yet: hummingbridge hum VOICE.wav makes the first")
        return
    rows = [
        (take.id[:6], "*" if take.starred else "", take.name, take.kind, _gist(take), _when(take)) for take in takes
    ]
    table(("id", "", "name", "kind", "what", "made"), rows, whole=("id", "kind", "made"), cut="what")


@command.command("show")
@click.argument("take")
@json_option
@library_option
def show(take: str, as_json: bool, library_folder: Path | None) -> None:
    """One take: what it is, how it was made, from what, under which licences."""
    from assistant.library import Library
    from assistant.rights import manifest

    with Library(library_folder) as library:
        shown = library.get(take)
        ancestors = library.ancestors(shown.id)
    if as_json:
        answer_json({**shown.as_json(), "manifest": manifest(shown, ancestors)})
        return
    facts = manifest(shown, ancestors)
    say(f"{shown.name}  ({shown.kind}, {shown.id}, {_when(shown)}){'  *' if shown.starred else ''}")
    for name, value in shown.facts.items():
        say(f"  {name}: {value}")
    say(f"made by {shown.recipe.step} {shown.recipe.engine}".rstrip() + f", seed {shown.recipe.seed}")
    say("from " + (" → ".join(f"{one.name} ({one.kind})" for one in ancestors) or "nothing before it"))
    say("licences " + (", ".join(f"{one['name']} ({one['spdx']})" for one in facts["licences"]) or "none but your own"))
    say("holds " + ", ".join(shown.blobs))


@command.command("tree")
@click.argument("take", required=False)
@json_option
@library_option
def tree(take: str | None, as_json: bool, library_folder: Path | None) -> None:
    """What was made from what: below TAKE, or below each recording and motif that came in."""
    from assistant.library import Library

    with Library(library_folder) as library:
        roots = (library.get(take),) if take else library.roots(limit=20)
        if as_json:
            answer_json({"tree": [_branch(library, root) for root in roots]})
            return
        for root in roots:
            for line in _lines(library, root, "", ""):
                say(line)


def _branch(library: Library, take: Take) -> dict[str, object]:
    below = [_branch(library, child) for child in library.children(take.id)]
    return {"id": take.id, "name": take.name, "kind": take.kind, "made_from_it": below}


def _lines(library: Library, take: Take, first: str, rest: str) -> list[str]:
    lines = [f"{first}{take.name}  {take.kind} {take.id[:6]}{'  *' if take.starred else ''}"]
    children = library.children(take.id)
    for child in children:
        last = child is children[-1]
        lines += _lines(library, child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))
    return lines


@command.command("undo")
@json_option
@library_option
def undo(as_json: bool, library_folder: Path | None) -> None:
    """Take back the last step."""
    _said(library_folder, as_json, "undone", lambda library: library.undo())


@command.command("redo")
@json_option
@library_option
def redo(as_json: bool, library_folder: Path | None) -> None:
    """Do again what was undone."""
    _said(library_folder, as_json, "done again", lambda library: library.redo())


@command.command("star")
@click.argument("take")
@click.option("--off", is_flag=True, help="Take the star away.")
@json_option
@library_option
def star(take: str, off: bool, as_json: bool, library_folder: Path | None) -> None:
    """Give a take a star."""
    words = "star taken away" if off else "starred"
    _said(library_folder, as_json, words, lambda library: library.star(take, not off).name)


@command.command("keep")
@click.argument("take")
@click.option("--off", is_flag=True, help="Keep it no longer.")
@json_option
@library_option
def keep(take: str, off: bool, as_json: bool, library_folder: Path | None) -> None:
    """Keep a variation: later ones are chosen with it in mind."""
    words, mark = ("kept no longer", "") if off else ("kept", "kept")
    _said(library_folder, as_json, words, lambda library: library.mark(take, mark).name)


@command.command("discard")
@click.argument("take")
@click.option("--off", is_flag=True, help="Take it back.")
@json_option
@library_option
def discard(take: str, off: bool, as_json: bool, library_folder: Path | None) -> None:
    """Discard a variation: later ones are chosen with that in mind."""
    words, mark = ("taken back", "") if off else ("discarded", "discarded")
    _said(library_folder, as_json, words, lambda library: library.mark(take, mark).name)


@command.command("forget-choices")
@json_option
@library_option
def forget_choices(as_json: bool, library_folder: Path | None) -> None:
    """Let what was kept and discarded so far have no say in what comes next; its marks stay."""
    _said(library_folder, as_json, "forgotten", lambda library: counted(library.forget_choices(), "choice"))


@command.command("rename")
@click.argument("take")
@click.argument("name")
@json_option
@library_option
def rename(take: str, name: str, as_json: bool, library_folder: Path | None) -> None:
    """Give a take another name."""
    _said(library_folder, as_json, "renamed", lambda library: library.rename(take, name).name)


@command.command("delete")
@click.argument("take")
@json_option
@library_option
def delete(take: str, as_json: bool, library_folder: Path | None) -> None:
    """Take a take out of sight; undo brings it back."""
    _said(library_folder, as_json, "deleted", lambda library: library.delete(take).name)


@command.command("purge")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@library_option
def purge(yes: bool, as_json: bool, library_folder: Path | None) -> None:
    """Free the space of deleted and undone takes, for good."""
    from assistant.library import Library

    if not yes and not click.confirm("Deleted and undone takes can then not be brought back. Go on?", err=True):
        answer_json({"freed_bytes": 0}) if as_json else say("nothing was freed")
        return
    with Library(library_folder) as library:
        freed = library.purge()
    answer_json({"freed_bytes": freed}) if as_json else say(f"freed {freed / 1e6:.1f} MB")


@command.command("export")
@click.argument("take")
@click.option("-o", "--output", type=FOLDER_OUT, help="The folder to write into; the current one if not given.")
@commercial_option
@json_option
@library_option
def export(take: str, output: Path | None, commercial: bool, as_json: bool, library_folder: Path | None) -> None:
    """Write a take's files (MIDI, WAV, notes) into a folder."""
    from assistant.files import write_whole
    from assistant.library import Library
    from assistant.rights import check_for_sale, manifest
    from assistant.text import file_name

    folder = output or Path()
    with Library(library_folder) as library:
        chosen = library.get(take)
        if commercial:
            check_for_sale(manifest(chosen, library.ancestors(chosen.id)))
        stem = file_name(chosen.name, otherwise=chosen.id)
        paths = []
        for role in chosen.blobs:
            suffix = SUFFIXES.get(role, f".{role}")
            if role == "audio" and chosen.kind == "recording":
                suffix = Path(str(chosen.facts.get("file", ""))).suffix or suffix
            paths.append(write_whole(folder / f"{stem}{suffix}", library.blob(chosen, role)))
    if as_json:
        answer_json({"take": chosen.id, "files": [str(path) for path in paths]})
        return
    for path in paths:
        say(str(path))


def _said(folder: Path | None, as_json: bool, what: str, act: Callable[[Library], str]) -> None:
    """Does one thing in the library and says so."""
    from assistant.library import Library

    with Library(folder) as library:
        words = act(library)
    answer_json({"done": what, "what": words}) if as_json else say(f"{what}: {words}")


def _when(take: Take) -> str:
    """When a take was made, by the clock on the composer's wall."""
    from datetime import datetime

    return datetime.fromisoformat(take.created).astimezone().strftime("%Y-%m-%d %H:%M")


def _gist(take: Take) -> str:
    """What a list shows of a take beside its name."""
    facts = take.facts
    if "sentence" in facts:
        return str(facts["sentence"])
    if "notes" in facts:
        notes, bars = counted(facts["notes"], "note"), counted(facts["bars"], "bar")
        return f"{notes}, {bars}, {facts['key']}, {facts['tempo_bpm']:.0f} BPM"
    return (
        ", ".join(str(facts[name]) for name in ("instrument", "chain") if name in facts) or f"{facts['seconds']:.1f} s"
    )
