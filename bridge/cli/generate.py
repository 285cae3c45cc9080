"""`hummingbridge generate`: sound from a description."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.generate.request import PUBLISHED, PUBLISHED_LICENCE
from bridge.cli.console import note, progress
from bridge.cli.options import KEY, METER, TEMPO, WAV_OUT, json_option, library_option
from midi.scale import Key
from midi.tempo import Meter, Tempo


@click.command("generate")
@click.argument("description")
@click.option("--melody", metavar="SOUND", help="Follow the tune of a recording or a take, such as your hum.")
@click.option("--continue", "start", metavar="SOUND", help="Go on from a recording or a take.")
@click.option("--seconds", type=float, default=12.0, show_default=True, help="How long; rounded to whole bars.")
@click.option("--tempo", type=TEMPO, metavar="BPM", help="The tempo of your session.")
@click.option("--key", type=KEY, metavar="KEY", help="The key of your session.")
@click.option("--meter", type=METER, metavar="METRE", help="The metre of your session; 4/4 if not given.")
@click.option(
    "--model", default=PUBLISHED, show_default=True, metavar="NAME", help="Weights: a hub's name, or a folder."
)
@click.option("--licence", metavar="SPDX", help="The licence of your own weights; the published ones are CC-BY-NC-4.0.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another number, other music.")
@click.option("-o", "--output", type=WAV_OUT, help="The WAV file to write; named by the description if not given.")
@json_option
@library_option
def command(
    description: str,
    melody: str | None,
    start: str | None,
    seconds: float,
    tempo: Tempo | None,
    key: Key | None,
    meter: Meter | None,
    model: str,
    licence: str | None,
    seed: int,
    output: Path | None,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Have sound made from DESCRIPTION by MusicGen, in whole bars of your session.

    It runs on this machine and takes minutes without a graphics card; Ctrl-C stops it. The weights that were published
    may not be used commercially, and every take says which were used.

    \b
    hummingbridge generate "melancholic cello over a lo-fi beat" --melody hum.wav --tempo 84 -o cello.wav
    """
    from assistant.generate import Request
    from assistant.library import Library
    from assistant.steps import generate, sound_of
    from assistant.text import file_name
    from bridge.cli.outputs import write_output
    from bridge.cli.render import show_sound

    if melody and start:
        raise click.UsageError("--melody follows a tune, --continue goes on from a sound: give one of them")
    output = output or Path(f"{file_name(description, otherwise='generated')}.wav")
    with Library(library_folder) as library:
        heard, parent = sound_of(library, melody or start or "") if melody or start else (None, None)
        request = Request(
            description,
            seconds,
            melody=heard if melody else None,
            start=heard if start else None,
            tempo=tempo,
            key=key,
            meter=meter,
            model=model,
            licence_spdx=licence or PUBLISHED_LICENCE,
            seed=seed,
        )
        with progress("Loading the model") as told:
            sounded, made = generate(library, request, parent=parent, progress=told)
        write_output(library, output, sounded.wav, "audio")
    show_sound(sounded, output, as_json=as_json)
    for remark in made.remarks:
        note(remark)
    if "-NC" in request.licence_spdx:
        note(f"made with weights under {request.licence_spdx}: not for commercial use")
