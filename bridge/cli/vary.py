"""`hummingbridge vary`: a motif becomes ten variations to choose from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from bridge.cli.console import answer_json, progress, say, table
from bridge.cli.options import BARS, FOLDER_OUT, KEY, NOTES, RANGE, TEMPO, json_option, library_option, only_one
from midi.pitch import PitchRange
from midi.scale import Key
from midi.tempo import Tempo

if TYPE_CHECKING:
    from assistant.brief import Chords, Keep, Source, Texture
    from assistant.library import Library
    from assistant.steps import Varied


@click.command("vary")
@click.argument("motif")
@click.option("-n", "--count", type=click.IntRange(1, 100), default=10, show_default=True, help="How many variations.")
@click.option("-o", "--output", type=FOLDER_OUT, help="The folder for 01.mid, 02.mid … and index.json.")
@click.option(
    "--closeness",
    type=click.FloatRange(0.0, 1.0),
    metavar="0..1",
    help="How near to stay: 1 hardly changed, 0 hardly related; a spread from near to far if not given.",
)
@click.option("--technique", "techniques", multiple=True, metavar="NAME", help="Only this technique; may be repeated.")
@click.option(
    "--keep",
    type=click.Choice(["rhythm", "contour", "pitches"]),
    multiple=True,
    callback=only_one,
    help="What has to stay as it is.",
)
@click.option("--lock", type=BARS, metavar="BARS", help="Bars that stay untouched, such as 1,3 or 1-2.")
@click.option("--lock-notes", type=NOTES, metavar="NOTES", help="Notes of the melody that must appear, such as 1,5-7.")
@click.option("--key", type=KEY, metavar="KEY", help='Stay in this key, such as "D minor".')
@click.option("--chromatic", is_flag=True, help="Leave the motif's key now and then, as people do.")
@click.option("--range", "pitch_range", type=RANGE, metavar="LOW-HIGH", help="Stay within pitches, such as C3-C5.")
@click.option("--density", type=click.FloatRange(0.1, 8.0), help="Notes for each note of the motif: 2 twice as many.")
@click.option(
    "--source",
    type=click.Choice(["both", "rules", "model"]),
    default="both",
    show_default=True,
    help="Who makes them: the rules, the learned model, or both.",
)
@click.option(
    "--texture",
    type=click.Choice(["auto", "melody", "voices", "drums"]),
    default="auto",
    show_default=True,
    help="What to vary: the melody on top, each voice by itself, the drums; auto: as what the motif looks like.",
)
@click.option(
    "--chords",
    type=click.Choice(["keep", "reharmonise"]),
    help="The chords under the melody: as they are, or others. Not given: they move along when all of it is moved.",
)
@click.option("--fill", type=BARS, metavar="BARS", help="Write these bars anew from what is around them.")
@click.option("--go-on", "goes_on", type=click.IntRange(1, 32), metavar="BARS", help="Go on for so many bars.")
@click.option("--answer", is_flag=True, help="Answer the motif with as many bars.")
@click.option("--model", metavar="NAME", default="", help="The learned model: one of yours (hummingbridge train).")
@click.option("--tempo", type=TEMPO, metavar="BPM", help="Another tempo than the file's.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another number, other variations.")
@json_option
@library_option
def command(
    motif: str,
    count: int,
    output: Path | None,
    closeness: float | None,
    techniques: tuple[str, ...],
    keep: str | None,
    lock: frozenset[int] | None,
    lock_notes: frozenset[int] | None,
    key: Key | None,
    chromatic: bool,
    pitch_range: PitchRange | None,
    density: float | None,
    source: str,
    texture: str,
    chords: str | None,
    fill: frozenset[int] | None,
    goes_on: int | None,
    answer: bool,
    model: str,
    tempo: Tempo | None,
    seed: int,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Make variations of MOTIF, a MIDI file or a take, ordered from near to far.

    \b
    hummingbridge vary idea.mid -o variations
    hummingbridge vary idea.mid -n 5 --closeness 0.8 --keep rhythm --lock 1 -o variations
    hummingbridge vary song.mid --chords reharmonise -o variations
    hummingbridge vary groove.mid --technique fill -o variations
    hummingbridge vary idea.mid --go-on 4 -n 5 -o longer

    The techniques: hummingbridge presets list techniques
    """
    from assistant.brief import Brief
    from assistant.library import Library
    from assistant.steps import notes_of, vary

    brief = Brief(
        count=count,
        closeness=closeness,
        techniques=techniques,
        keep=cast("Keep | None", keep),
        locked_bars=lock or frozenset(),
        locked_notes=lock_notes or frozenset(),
        key=key,
        chromatic=chromatic,
        pitch_range=pitch_range,
        density=density,
        seed=seed,
        source=cast("Source", source),
        texture=cast("Texture", texture),
        chords=cast("Chords | None", chords),
        model=model,
        fill=fill or frozenset(),
        goes_on=goes_on or 0,
        answer=answer,
    )
    with Library(library_folder) as library:
        whole = texture == "voices" or chords is not None
        material = notes_of(library, motif, tempo=tempo, drums=texture == "drums", together=whole)
        for remark in material.remarks:
            say(f"note: {remark}") if not as_json else None
        with progress(f"Varying {material.take.name}"):
            varied = vary(library, material, brief)
        index = index_of(varied)
        if output:
            write_variations(library, output, index, [library.blob(take, "midi") for take in varied.takes])
    if as_json:
        answer_json(index)
        return
    show_variations(varied)
    if varied.choices:
        say(f"{varied.choices}; to have none in mind: hummingbridge takes forget-choices")
    if len(varied.variations) < count:
        say(f"{len(varied.variations)} of {count}: under these conditions there are no more that differ")
    if output:
        say(f"files    {output}")
    best = output / "01.mid" if output else varied.takes[0].name
    say(f"next     hummingbridge render {shlex.quote(str(best))} --instrument cello -o cello.wav")


def show_variations(varied: Varied) -> None:
    """The list to choose from."""
    rows = [
        (f"{variation.rank:02d}", f"{variation.closeness:.2f}", variation.technique, variation.sentence)
        for variation in varied.variations
    ]
    table(("", "closeness", "technique", "what changed"), rows)


def index_of(varied: Varied) -> dict[str, Any]:
    """`index.json`: what each file of the folder is."""
    return {
        "motif": varied.material.take.name,
        **({"choices": varied.choices} if varied.choices else {}),
        "variations": [
            {
                "file": f"{variation.rank:02d}.mid",
                "rank": variation.rank,
                "technique": variation.technique,
                "source": variation.source,
                "closeness": round(variation.closeness, 4),
                "sentence": variation.sentence,
                "seed": variation.seed,
                "take": take.id,
            }
            for variation, take in zip(varied.variations, varied.takes, strict=True)
        ],
    }


def write_variations(library: Library, folder: Path, index: dict[str, Any], files: list[bytes]) -> None:
    """Writes the files and then the index; what an earlier index names and this one does not is taken away."""
    import json

    from assistant.files import write_whole
    from bridge.cli.outputs import write_output

    names = [entry["file"] for entry in index["variations"]]
    earlier = _earlier_names(folder / "index.json")
    for name, data in zip(names, files, strict=True):
        write_output(library, folder / name, data, "midi")
    write_whole(folder / "index.json", json.dumps(index, indent=2, ensure_ascii=False).encode() + b"\n")
    for name in earlier - set(names):
        # One that the composer has changed stays.
        if (folder / name).is_file() and library.holding((folder / name).read_bytes(), "midi"):
            (folder / name).unlink()


def _earlier_names(index: Path) -> set[str]:
    """The files that an index there already names; only such as this program writes count."""
    import json
    import re

    try:
        entries = json.loads(index.read_text(encoding="utf-8"))["variations"]
        names = {str(entry["file"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {name for name in names if re.fullmatch(r"\d{2,3}\.mid", name)}
