"""`hummingbridge hum`: a recording becomes notes."""

from __future__ import annotations

import shlex
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.console import answer_json, counted, progress, say, table
from bridge.cli.options import FILE_IN, GRID, JSON_OUT, KEY, METER, MIDI_OUT, PNG_OUT, TEMPO, Misuse, library_option
from midi.pitch import pitch_name
from midi.scale import Key
from midi.tempo import Meter, Tempo

if TYPE_CHECKING:
    from assistant.hear import Heard

SURE = 0.5
"""The tempo's confidence under which the composer is told that it is a guess."""


@click.command("hum")
@click.argument("voice", type=FILE_IN)
@click.option("-o", "--output", type=MIDI_OUT, help="The MIDI file to write; VOICE.mid here if not given.")
@click.option(
    "--json",
    "notes_json",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Also write the notes as JSON: to FILE, or to the terminal.",
)
@click.option("--tempo", type=TEMPO, metavar="BPM", help="Beats a minute, where you know it; else found by ear.")
@click.option("--key", type=KEY, metavar="KEY", help='The key, such as "D minor" or Bb; else found by ear.')
@click.option("--meter", type=METER, metavar="METRE", help="The metre, such as 3/4; else found by ear.")
@click.option(
    "--grid", type=GRID, metavar="GRID", help="The notes to round to: 1/8, 1/16, 1/8t for triplets; else by ear."
)
@click.option(
    "--strength",
    type=click.IntRange(0, 100),
    default=100,
    show_default=True,
    metavar="PERCENT",
    help="How far notes are moved to the grid.",
)
@click.option(
    "--first-bar",
    "first_bar",
    type=float,
    metavar="SECONDS",
    help="When a bar line falls in the recording; 0 for one made from a bar of your DAW.",
)
@click.option("--tracker", metavar="NAME", default="", help="What hears: learned (the usual one), or basic-pitch.")
@click.option("--poly", is_flag=True, help="Several notes at once: a piano or a guitar.")
@click.option("--anyway", is_flag=True, help="Take the notes even of what sounds like speech, drums or chords.")
@click.option("--bends", is_flag=True, help="Keep scoops and vibrato as pitch bend, two semitones either way.")
@click.option("--mpe", is_flag=True, help="Keep them as MPE, for an instrument that understands it.")
@click.option("--plot", type=PNG_OUT, metavar="FILE", help="Also draw it all into a PNG picture, with four variations.")
@library_option
def command(
    voice: Path,
    output: Path | None,
    notes_json: str | None,
    tempo: Tempo | None,
    key: Key | None,
    meter: Meter | None,
    grid: Fraction | None,
    strength: int,
    first_bar: float | None,
    tracker: str,
    poly: bool,
    anyway: bool,
    bends: bool,
    mpe: bool,
    plot: Path | None,
    library_folder: Path | None,
) -> None:
    """Turn VOICE, a hummed, sung or played recording (wav, flac, mp3, ogg, aiff), into notes.

    \b
    hummingbridge hum idea.wav -o idea.mid
    hummingbridge hum idea.wav -o idea.mid --tempo 96 --key "D minor" --plot idea.png
    """
    from assistant.files import write_whole
    from assistant.hear import HearSettings
    from assistant.library import Library
    from assistant.steps import hum
    from bridge.cli.outputs import write_output

    if poly and (bends or mpe):
        raise Misuse("bends are heard of one voice, not of several notes at once", hint="leave out --bends, or --poly")
    settings = HearSettings(
        tempo=tempo,
        key=key,
        meter=meter,
        grid=grid,
        strength=strength / 100,
        first_bar_seconds=first_bar,
        polyphonic=poly,
        tracker=tracker,
        anyway=anyway,
        bends="mpe" if mpe else "channel" if bends else "",
    )
    output = output or Path(f"{voice.stem}.mid")
    if notes_json not in (None, "-"):
        JSON_OUT.convert(notes_json, None, None)
    with Library(library_folder) as library:
        with progress(f"Listening to {voice.name}") as told:
            hummed = hum(library, voice, settings, progress=told)
        write_output(library, output, library.blob(hummed.take, "midi"), "midi")
    heard = hummed.heard
    if plot:
        from bridge.cli.picture import hum_picture

        write_whole(plot, hum_picture(hummed))
    if notes_json:
        answer_json(heard.as_json(), notes_json)
    if notes_json == "-":
        return
    motif = heard.motif
    say(
        f"{counted(len(motif.notes), 'note')} in {counted(motif.bars, 'bar')} of {motif.meter}, {motif.key}, "
        f"{motif.tempo.bpm:.0f} BPM"
        f"{f' ({round(100 * heard.tempo_confidence)} % sure)' if tempo is None else ''}"
    )
    if how := _time(heard):
        say(how)
    for remark in heard.remarks:
        say(remark)
    if tempo is None and heard.tempo_confidence < SURE:
        say(f"the tempo is a guess: where you know it, give it, such as --tempo {motif.tempo.bpm:.0f}")
    if len(motif.notes) <= 24:
        table(
            ("bar", "beat", "note", "length", "sung"),
            [
                (
                    motif.bar_of(note),
                    f"{note.start_beats % motif.meter.bar_beats + 1:.3g}",
                    pitch_name(note.pitch, flats=motif.key.flats),
                    f"{note.length_beats:.3g}",
                    f"{round((sung.pitch - note.pitch) * 100 - heard.tuning_cents):+d} cents",
                )
                for sung, note in zip(heard.notes, heard.placed, strict=True)
            ],
        )
    say(f"notes    {output}")
    if notes_json:
        say(f"json     {notes_json}")
    if plot:
        say(f"picture  {plot}")
    say(f"next     hummingbridge vary {shlex.quote(str(output))} -o {shlex.quote(f'{output.stem}-variations')}")


def _time(heard: Heard) -> str:
    """How the time of a hum goes, where it is not simply even; and how sure the ear is of its tempo and metre."""
    kinds = {"straight": "", "triplets": "with triplets", "swing": "with swung eighths"}
    free = f"in free time, followed ({round(100 * heard.freedom)} % give and take)" if heard.freedom else ""
    return ", ".join(part for part in (kinds[heard.feel], free) if part)
