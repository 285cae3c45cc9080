"""`hummingbridge render`: a clip becomes sound."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from bridge.cli.console import answer_json, note, progress, say
from bridge.cli.options import FILE_IN, RATE, SETTINGS, TEMPO, WAV_OUT, json_option, library_option
from midi.tempo import Tempo


@click.command("render")
@click.argument("clip")
@click.option("--instrument", default="piano", show_default=True, metavar="NAME", help="Who plays: cello, rhodes …")
@click.option("--chain", metavar="NAME", help="Effects: warm-hall, lofi … (hummingbridge presets list chains).")
@click.option("--set", "settings", type=SETTINGS, multiple=True, metavar="STAGE.KNOB=VALUE", help="Turn a knob of it.")
@click.option("--tempo", type=TEMPO, metavar="BPM", help="Another tempo than the clip's.")
@click.option("--rate", type=RATE, default="48000", show_default=True, help="Samples a second.")
@click.option(
    "--room",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    metavar="0-1",
    help="Of an own timbre's room.",
)
@click.option("--soundfont", type=FILE_IN, help="The SoundFont to play with, instead of the best one found.")
@click.option("-o", "--output", type=WAV_OUT, help="The WAV file to write; CLIP.wav here if not given.")
@click.option("--without-failed-plugins", "without_failed", is_flag=True, help="Leave a plugin that fails out.")
@json_option
@library_option
def command(
    clip: str,
    instrument: str,
    chain: str | None,
    settings: tuple[tuple[str, str], ...],
    tempo: Tempo | None,
    rate: str,
    room: float,
    soundfont: Path | None,
    output: Path | None,
    without_failed: bool,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Play CLIP, a MIDI file or a take, with an instrument into a 24-bit WAV file.

    \b
    hummingbridge render idea.mid --instrument cello --chain warm-hall -o idea.wav
    """
    from assistant.effects import load_chain
    from assistant.library import Library
    from assistant.render import RenderJob
    from assistant.steps import notes_of, render
    from bridge.cli.outputs import write_output

    if settings and not chain:
        raise click.UsageError("--set turns a knob of a chain: give --chain too")
    job = RenderJob(instrument, tempo, int(rate), soundfont=soundfont, room=room)
    effects = load_chain(chain) if chain else None
    output = output or Path(f"{Path(clip).stem}.wav")
    with Library(library_folder) as library:
        material = notes_of(library, clip, tempo=tempo)
        with progress(f"Playing {material.take.name} with {instrument}"):
            sounded = render(
                library, material, job, chain=effects, overrides=dict(settings), without_failed=without_failed
            )
        write_output(library, output, sounded.wav, "audio")
    show_sound(sounded, output, as_json=as_json)


def show_sound(sounded: object, output: Path, *, as_json: bool) -> None:
    """Says what was made and where it lies."""
    from assistant.steps import Sounded

    assert isinstance(sounded, Sounded)
    audio = sounded.audio
    for remark in sounded.remarks:
        note(remark)
    if as_json:
        answer_json({"file": str(output), "take": sounded.take.as_json(), "peak": round(audio.peak, 4)})
        return
    say(f"{audio.duration_seconds:.1f} s, {audio.sample_rate_hz / 1000:g} kHz, 24 bit, {_channels(audio.channels)}")
    say(f"sound    {output}")
    say(f"next     hummingbridge send {shlex.quote(sounded.take.name)} --to folder --at-bar 1")


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")
