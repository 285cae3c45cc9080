"""`hummingbridge between`, `splice` and `develop`: working with variations that are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import BARS, FOLDER_OUT, MIDI_OUT, json_option, library_option

if TYPE_CHECKING:
    from assistant.library import Library
    from assistant.take import Take

SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another number, another way.")


@click.command("between")
@click.argument("one")
@click.argument("other")
@click.option("--steps", type=click.IntRange(1, 9), default=3, show_default=True, help="How many steps between them.")
@click.option("-o", "--output", type=FOLDER_OUT, help="The folder for 01.mid, 02.mid …")
@SEED
@json_option
@library_option
def between(
    one: str, other: str, steps: int, output: Path | None, seed: int, as_json: bool, library_folder: Path | None
) -> None:
    """Steps from ONE to OTHER, MIDI files or takes of the same metre and length.

    \b
    hummingbridge between variations/02.mid variations/07.mid -o steps
    """
    from assistant.library import Library
    from assistant.steps import notes_of, steps_between

    with Library(library_folder) as library:
        takes = steps_between(library, notes_of(library, one), notes_of(library, other), steps=steps, seed=seed)
        paths = [output / f"{rank:02d}.mid" for rank in range(1, len(takes) + 1)] if output else []
        _written(library, takes, paths)
    _told(takes, paths, as_json=as_json)


@click.command("splice")
@click.argument("into")
@click.argument("source")
@click.option("--bars", type=BARS, required=True, metavar="BARS", help="The bars to take, such as 3 or 1,3-4.")
@click.option("-o", "--output", type=MIDI_OUT, help="The MIDI file to write.")
@json_option
@library_option
def splice(
    into: str, source: str, bars: frozenset[int], output: Path | None, as_json: bool, library_folder: Path | None
) -> None:
    """Bars of SOURCE in INTO, MIDI files or takes of the same metre and length.

    \b
    hummingbridge splice variations/02.mid variations/05.mid --bars 3 -o mixed.mid
    """
    from assistant.library import Library
    from assistant.steps import notes_of
    from assistant.steps import splice as spliced

    with Library(library_folder) as library:
        takes = spliced(library, notes_of(library, into), notes_of(library, source), sorted(bars))
        _written(library, takes, [output] if output else [])
    _told(takes, [output] if output else [], as_json=as_json)


@click.command("develop")
@click.argument("motif")
@click.option("--form", type=click.Choice(["sentence", "period"]), default="sentence", show_default=True)
@click.option("-o", "--output", type=MIDI_OUT, help="The MIDI file to write.")
@SEED
@json_option
@library_option
def develop(motif: str, form: str, output: Path | None, seed: int, as_json: bool, library_folder: Path | None) -> None:
    """Grow MOTIF, a MIDI file or a take, into a phrase four times as long.

    A sentence is the idea, the idea varied, and a continuation that comes to rest; a period is the idea with a half
    close, then the idea again with a full one.

    \b
    hummingbridge develop idea.mid --form period -o phrase.mid
    """
    from assistant.library import Library
    from assistant.steps import develop as developed
    from assistant.steps import notes_of

    with Library(library_folder) as library:
        takes = developed(library, notes_of(library, motif), form, seed=seed)
        _written(library, takes, [output] if output else [])
    _told(takes, [output] if output else [], as_json=as_json)


def _written(library: Library, takes: Sequence[Take], paths: Sequence[Path]) -> None:
    from bridge.cli.outputs import write_output

    for path, take in zip(paths, takes, strict=False):
        write_output(library, path, library.blob(take, "midi"), "midi")


def _told(takes: Sequence[Take], paths: Sequence[Path], *, as_json: bool) -> None:
    if as_json:
        answer_json({"takes": [take.as_json() for take in takes], "files": [str(path) for path in paths]})
        return
    if not takes:
        say("there is nothing between these two")
        return
    rows = [(take.name, f"{take.facts['closeness']:.2f}", take.facts["sentence"]) for take in takes]
    table(("take", "closeness", "what it is"), rows)
    for path in paths:
        say(f"file     {path}")
    say("undo     hummingbridge takes undo")
