"""`hummingbridge demo`: from a hum to finished files in one go."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import answer_json, counted, progress, say, table
from bridge.cli.options import FILE_IN, FOLDER_OUT, json_option, library_option

INSTRUMENT, CHAIN, BAR = "cello", "warm-hall", 3


@click.command("demo")
@click.argument("voice", type=FILE_IN, required=False)
@click.option("-o", "--output", type=FOLDER_OUT, default="demo", show_default=True, help="The folder to write into.")
@json_option
@library_option
def command(voice: Path | None, output: Path, as_json: bool, library_folder: Path | None) -> None:
    """A hum becomes notes, ten variations, and one of them a finished sound in your DAW's formats.

    VOICE is your own recording; without one, the hum that ships with the program is taken.
    """
    from assistant.brief import Brief
    from assistant.effects import load_chain
    from assistant.files import write_whole
    from assistant.hear import HearSettings
    from assistant.library import Library
    from assistant.plot import plot_hum
    from assistant.presets import shipped
    from assistant.render import RenderJob
    from assistant.steps import Material, hum, render, vary
    from assistant.tables import resolve
    from bridge.cli.outputs import write_output
    from bridge.cli.vary import index_of, show_variations, write_variations
    from bridge.daw import DAWS
    from bridge.parcels import parcel_of

    voice = voice or shipped("demo/hum.flac")
    with Library(library_folder) as library:
        with progress(f"Listening to {voice.name}") as told:
            hummed = hum(library, voice, HearSettings(), progress=told)
        motif = hummed.heard.motif
        if not as_json:
            heard = f"{counted(len(motif.notes), 'note')} in {counted(motif.bars, 'bar')} of {motif.meter}"
            say(f"heard    {heard}, {motif.key}, {motif.tempo.bpm:.0f} BPM")
        notes = write_output(library, output / "motif.mid", library.blob(hummed.take, "midi"), "midi")
        with progress(f"Varying {hummed.take.name}"):
            varied = vary(library, Material(motif, hummed.take), Brief())
        picture = write_whole(output / "hum.png", plot_hum(hummed.heard, hummed.audio, varied.variations[::3]))
        write_variations(
            library, output / "variations", index_of(varied), [library.blob(take, "midi") for take in varied.takes]
        )
        if not as_json:
            say()
            show_variations(varied)
            say()
        # One from the middle of the list: clearly the composer's idea, and clearly something new.
        chosen = varied.takes[len(varied.takes) // 3]
        with progress(f"Playing {chosen.name} with {INSTRUMENT} through {CHAIN}"):
            material = Material(varied.variations[len(varied.takes) // 3].motif, chosen)
            sounded = render(library, material, RenderJob(INSTRUMENT), chain=load_chain(CHAIN))
        sound = write_output(library, output / f"{INSTRUMENT}.wav", sounded.wav, "audio")
        deliveries = [
            resolve(DAWS, name, kind="DAW")().deliver(
                parcel_of(library, sounded.take.id, at_bar=BAR), output / "for-your-daw"
            )
            for name in ("folder", "dawproject")
        ]
    files = {"notes": notes, "picture": picture, "variations": output / "variations", "sound": sound}
    if as_json:
        index = index_of(varied)
        made = {name: str(path) for name, path in files.items()}
        answer_json({**made, "chosen": sounded.take.as_json(), "daw": [one.as_json() for one in deliveries], **index})
        return
    what = {
        "notes": "the hum as MIDI",
        "picture": "the hum, its notes and four of the variations",
        "variations": "ten MIDI files, from near to far, and index.json",
        "sound": f"{chosen.name} played by a {INSTRUMENT} through {CHAIN}: 24 bit, 48 kHz",
    }
    rows = [(name, str(path), what[name]) for name, path in files.items()]
    rows += [
        (name, str(one.paths[0] if len(one.paths) == 1 else one.folder), one.advice)
        for name, one in zip(("any DAW", "dawproject"), deliveries, strict=True)
    ]
    table(("", "where", "what"), rows)
    say("\nnext     hummingbridge takes, or your own voice: hummingbridge demo VOICE.wav")
