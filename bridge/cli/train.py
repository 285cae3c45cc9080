"""`hummingbridge train`: a model taught a composer's own style."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import answer_json, counted, note, progress, say, table
from bridge.cli.options import Amount, json_option


@click.group("train", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Teach a model your own style."""


@command.command("variations")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="mine", show_default=True, help="What the model is called.")
@click.option("--minutes", type=Amount(0.05, 1440), default=20, show_default=True, help="How long, in all.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Processor cores to use.")
@click.option("--licence", default="LicenseRef-mine", show_default=True, help="The model's licence, as an SPDX name.")
@json_option
def variations(folder: Path, name: str, minutes: float, threads: int, licence: str, as_json: bool) -> None:
    """Teach the model of variations your own music: the MIDI files in FOLDER.

    It begins as the model that ships. Stopped, it goes on where it was when asked again, and with more minutes on.
    Every sixth file is held back, and what it foretells of these is the curve that is drawn.

    \b
    hummingbridge train variations my-songs --minutes 20
    hummingbridge vary idea.mid --model mine -o variations
    """
    from assistant.optional import require
    from assistant.vary.training.own import music_in, train

    music = music_in(folder)
    require("torch", what_for="training")
    for remark in music.remarks:
        note(remark)
    if not as_json:
        say(f"{counted(music.files, 'file')}, {counted(music.notes, 'note')} to learn from")
    with progress(f"Teaching {name}") as told:
        path, curve = train(music, name, minutes=minutes, threads=threads, licence=licence, told=told)
    best = min(curve, key=lambda each: each["asked"][2])
    gain = 1 - best["asked"][2] / curve[0]["asked"][2]
    if as_json:
        answer_json({"model": name, "file": str(path), "curve": curve, "gain": round(gain, 4)})
        return
    table(
        ("minutes", "updates", "variations as asked", "unasked", "gaps filled"),
        [(f"{each['minutes']:.1f}", each["updates"], *(f"{each[kind][2]:.2f}" for kind in KINDS)) for each in curve],
        title="bits a step on what was held back",
    )
    if gain > 0:
        say(f"it foretells your music with {gain:.1%} fewer bits than the model that ships")
    else:
        say("it did not come to know your music better than the model that ships: give more music or more minutes")
    say(f"model    {path}")
    say(f"curve    {path.with_suffix('.png')}")
    say(f"next     hummingbridge vary idea.mid --model {name} -o variations")


KINDS = ("asked", "unasked", "infill")
"""What is measured, as `assistant.vary.training.fit` names it."""
