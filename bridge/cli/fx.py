"""`hummingbridge fx`: a recording through a chain of effects."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import progress
from bridge.cli.options import RATE, SETTINGS, WAV_OUT, Misuse, json_option, library_option


@click.command("fx")
@click.argument("sound")
@click.option(
    "--chain", required=True, metavar="NAME", help="Effects: warm-hall, lofi … (hummingbridge presets list chains)."
)
@click.option("--set", "settings", type=SETTINGS, multiple=True, metavar="STAGE.KNOB=VALUE", help="Turn a knob of it.")
@click.option("--rate", type=RATE, default="48000", show_default=True, help="Samples a second.")
@click.option("-o", "--output", type=WAV_OUT, help="The WAV file to write; SOUND-CHAIN.wav here if not given.")
@click.option("--without-failed-plugins", "without_failed", is_flag=True, help="Leave a plugin that fails out.")
@json_option
@library_option
def command(
    sound: str,
    chain: str,
    settings: tuple[tuple[str, str], ...],
    rate: str,
    output: Path | None,
    without_failed: bool,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Send SOUND, a recording or a take, through a chain of effects.

    \b
    hummingbridge fx voice.wav --chain lofi -o voice-lofi.wav
    hummingbridge fx voice.wav --chain warm-hall --set hall.mix=40% -o voice-hall.wav
    """
    from assistant.effects import load_chain
    from assistant.library import Library
    from assistant.steps import effects
    from bridge.cli.outputs import write_output
    from bridge.cli.render import show_sound

    loaded = load_chain(chain)
    output = output or Path(f"{Path(sound).stem}-{loaded.name}.wav")
    if output.exists() and Path(sound).exists() and output.samefile(sound):
        raise Misuse(f"{output} is the recording itself and stays as it is", hint="give another name with -o")
    with Library(library_folder) as library:
        with progress(f"Through {loaded.name}"):
            sounded = effects(
                library,
                sound,
                loaded,
                overrides=dict(settings),
                sample_rate_hz=int(rate),
                without_failed=without_failed,
            )
        write_output(library, output, sounded.wav, "audio")
    show_sound(sounded, output, as_json=as_json)
