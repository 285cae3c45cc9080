"""`hummingbridge fx`: a recording through a chain of effects."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import progress
from bridge.cli.options import FILE_OUT, SETTINGS, json_option, library_option


@click.command("fx")
@click.argument("sound")
@click.option("--chain", required=True, metavar="NAME", help="Effects: warm-hall, lofi … (presets list chains).")
@click.option("--set", "settings", type=SETTINGS, multiple=True, metavar="STAGE.KNOB=VALUE", help="Turn a knob of it.")
@click.option("-o", "--output", type=FILE_OUT, help="The WAV file to write; SOUND-CHAIN.wav here if not given.")
@json_option
@library_option
def command(
    sound: str,
    chain: str,
    settings: tuple[tuple[str, str], ...],
    output: Path | None,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Send SOUND, a recording or a take, through a chain of effects.

    \b
    hummingbridge fx voice.wav --chain lofi -o voice-lofi.wav
    hummingbridge fx voice.wav --chain warm-hall --set hall.mix=40% -o voice-hall.wav
    """
    from assistant.effects import load_chain
    from assistant.files import write_whole
    from assistant.library import Library
    from assistant.steps import effects
    from bridge.cli.render import show_sound

    loaded = load_chain(chain)
    output = output or Path(f"{Path(sound).stem}-{loaded.name}.wav")
    with Library(library_folder) as library:
        with progress(f"Through {loaded.name}"):
            sounded = effects(library, sound, loaded, overrides=dict(settings))
        write_whole(output, sounded.wav)
    show_sound(sounded, output, as_json=as_json)
