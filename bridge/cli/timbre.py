"""`hummingbridge timbre`: a voice or an instrument becomes another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bridge.cli.console import answer_json, note, progress, say, table
from bridge.cli.options import FILE_IN, FOLDER_OUT, WAV_OUT, Misuse, Written, json_option, library_option

if TYPE_CHECKING:
    from bridge.loudspeaker import Loudspeaker


def parse_curve(text: str) -> tuple[tuple[float, float], ...]:
    """`"0:0,4:1"` → ((0.0, 0.0), (4.0, 1.0)): seconds and shares, in order."""
    points = tuple(
        (float(at), float(value)) for at, _, value in (part.strip().partition(":") for part in text.split(","))
    )
    seconds = [at for at, _ in points]
    if seconds != sorted(set(seconds)) or not all(at >= 0 and 0 <= value <= 1 for at, value in points):
        raise ValueError(text)
    return points


CURVE = Written("curve such as 0:0,4:1 (seconds:share)", parse_curve)


@click.group("timbre", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Turn a voice or an instrument into another.

    \b
    hummingbridge timbre transfer hum.wav --to cello -o cello.wav
    hummingbridge timbre list
    """


@command.command("transfer")
@click.argument("sound")
@click.option("--to", "wanted", required=True, metavar="TIMBRE", help='A timbre, or words: "gritty cyberpunk synth".')
@click.option("--keep-loudness", type=float, default=1.0, show_default=True, metavar="0-2", help="Of its dynamics.")
@click.option("--keep-vibrato", type=float, default=1.0, show_default=True, metavar="0-3", help="Of its vibrato.")
@click.option("--keep-attack", type=float, default=1.0, show_default=True, metavar="0-1", help="Of how notes begin.")
@click.option("--keep-noise", type=float, default=0.0, show_default=True, metavar="0-1", help="Of breath, consonants.")
@click.option("--transpose", type=float, default=0.0, metavar="SEMITONES", help="Higher or lower.")
@click.option("--octaves", type=int, metavar="N", help="Moved by so many octaves; found out if not given.")
@click.option("--fold/--no-fold", default=True, help="Notes out of the timbre's range back into it by octaves.")
@click.option(
    "--wet", type=float, default=1.0, show_default=True, metavar="0-1", help="Of the new sound, the rest dry."
)
@click.option("--room", type=float, default=1.0, show_default=True, metavar="0-1", help="Of an own timbre's room.")
@click.option("--held/--as-played", "struck", default=None, help="Hold notes that die away (piano), or not.")
@click.option("--chords", is_flag=True, help="Several notes at once: a piano, a guitar; each voice is played.")
@click.option("--melody", is_flag=True, help="Of several notes at once the highest alone.")
@click.option("--morph-to", metavar="TIMBRE", help="Change into this one along --curve.")
@click.option("--curve", type=CURVE, metavar="S:SHARE,…", help="From the first (0) to the second (1); default: evenly.")
@click.option("--chain", metavar="NAME", help="Effects after it; a description may choose one.")
@click.option(
    "--text-model",
    metavar="NAME",
    envvar="HUMMINGBRIDGE_TEXT_MODEL",
    help="A text encoder, a hub's name or a folder, for words in --to that are not known.",
)
@click.option("--seed", type=int, default=0, help="Another number, another breath and bow noise.")
@click.option("--listen", is_flag=True, help="Hear it while it is made, before the effects (JACK, or the sound card).")
@click.option("--listen-on", metavar="NAME", help="The JACK port or client, or the device, to hear it on.")
@click.option("-o", "--output", type=WAV_OUT, help="The WAV file to write; SOUND-TIMBRE.wav here if not given.")
@json_option
@library_option
def transfer_command(
    sound: str,
    wanted: str,
    keep_loudness: float,
    keep_vibrato: float,
    keep_attack: float,
    keep_noise: float,
    transpose: float,
    octaves: int | None,
    fold: bool,
    wet: float,
    room: float,
    struck: bool | None,
    chords: bool,
    melody: bool,
    morph_to: str | None,
    curve: tuple[tuple[float, float], ...] | None,
    chain: str | None,
    text_model: str | None,
    seed: int,
    listen: bool,
    listen_on: str | None,
    output: Path | None,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Play the phrase of SOUND, a recording or a take, with a timbre: same length, same place in the bar.

    \b
    hummingbridge timbre transfer hum.wav --to cello -o cello.wav
    hummingbridge timbre transfer hum.wav --to "distant choir"
    hummingbridge timbre transfer hum.wav --to cello --listen
    hummingbridge timbre transfer piano.wav --to tenor-sax --chords
    hummingbridge timbre transfer hum.wav --to violin --morph-to gritty-lead --curve 0:0,4:1
    """
    from assistant.effects import load_chain
    from assistant.library import Library
    from assistant.steps import transfer
    from assistant.timbre.mapping import Settings
    from assistant.timbre.sounding import Curve
    from assistant.timbre.timbre import load_timbre
    from assistant.timbre.words import chosen
    from bridge.cli.outputs import write_output
    from bridge.cli.render import show_sound

    if curve and not morph_to:
        raise Misuse("--curve leads to another timbre", hint="give --morph-to too")
    choice = chosen(wanted, text_model=text_model or "")
    timbre = load_timbre(choice.timbre)
    chain = chain or choice.chain or None
    effects = load_chain(chain) if chain else None
    kept = (keep_loudness, keep_vibrato, keep_attack, keep_noise)
    settings = Settings(*kept, transpose, octaves, fold, wet, struck, chords, melody, seed, room)
    settings = replace(settings, **{name: value for name, value in choice.settings.items() if not _given(name)})
    output = output or Path(f"{Path(sound).stem}-{timbre.name}.wav")
    if output.exists() and Path(sound).exists() and output.samefile(sound):
        raise Misuse(f"{output} is the recording itself and stays as it is", hint="give another name with -o")
    other = load_timbre(chosen(morph_to).timbre) if morph_to else None
    with Library(library_folder) as library, _heard(listen or listen_on is not None, listen_on or "") as speaker:
        morph = None
        if other is not None:
            morph = (other, Curve(curve) if curve else _evenly(library, sound))
        with progress(f"Playing {Path(sound).stem} with {timbre.name}") as told:
            listener = speaker.play if speaker else None
            sounded = transfer(
                library, sound, timbre, settings, morph=morph, chain=effects, progress=told, listener=listener
            )
        write_output(library, output, sounded.wav, "audio")
        if choice.because and not as_json:
            say(choice.because)
        show_sound(sounded, output, as_json=as_json)
        if speaker:
            _to_the_end(speaker)


def _given(setting: str) -> bool:
    """Whether an option says so: it counts more than a word."""
    context = click.get_current_context()
    names = (setting, f"keep_{setting}")
    return any(context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in names)


@contextmanager
def _heard(wanted: bool, where: str) -> Iterator[Loudspeaker | None]:
    """A loudspeaker where one is wanted. Without one the file is made all the same."""
    if not wanted:
        yield None
        return
    from bridge.loudspeaker import Loudspeaker, NoOutput

    try:
        speaker = Loudspeaker(48_000, where)
    except NoOutput as error:
        note(f"it cannot be heard: {error.message} ({error.hint})")
        yield None
        return
    with speaker:
        yield speaker


def _to_the_end(speaker: Loudspeaker) -> None:
    note(f"playing on {speaker.name}; Ctrl-C ends that, the file is written")
    try:
        if not speaker.finish():
            note("it was not heard without a gap; the file has none")
    except KeyboardInterrupt:
        note("stopped playing")


def _evenly(library: Any, sound: str) -> Any:
    """From the first timbre to the second over the whole sound."""
    from assistant.steps import sound_of
    from assistant.timbre.sounding import Curve

    audio, _ = sound_of(library, sound)
    return Curve(((0.0, 0.0), (audio.duration_seconds, 1.0)))


@command.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """The timbres there are."""
    from assistant.timbre.timbre import cards

    found = cards()
    if as_json:
        answer_json(found)
        return
    rows = [(card["name"], _range(card), card.get("description", ""), card.get("licence", "")) for card in found]
    table(("name", "range", "", "licence"), rows)


@command.command("show")
@click.argument("name")
@json_option
def show_command(name: str, as_json: bool) -> None:
    """The card of a timbre: what it was trained on, its licence, range and figures."""
    from assistant.presets import read_toml
    from assistant.timbre.timbre import card_path

    path = card_path(name)
    card = read_toml(path)
    if as_json:
        answer_json({"name": path.stem, **card})
        return
    say(f"{path.stem}: {card['description']}")
    say(f"range     {_range(card)}")
    say(f"licence   {card['licence']}")
    say(f"material  {card['material']}")
    if card.get("players"):
        players = card["players"]
        say(f"players   {', '.join(players) if isinstance(players, list) else players}")
    if card.get("synonyms"):
        say(f"also      {', '.join(card['synonyms'])}")
    for figure, value in card.get("figures", {}).items():
        say(f"{figure.replace('_', ' ')}: {value:g}")


@command.command("train")
@click.argument("recordings", nargs=-1, required=True, type=FILE_IN)
@click.option("--name", required=True, metavar="NAME", help="What the new timbre is called.")
@click.option("--whose", metavar="TEXT", help="Whose recording it is; asked for if not given.")
@click.option("--licence", "licence_spdx", metavar="SPDX", help="Its licence, CC0-1.0 say; asked for if not given.")
@click.option("--from", "base", metavar="TIMBRE", help="The timbre to learn on from; the nearest if not given.")
@click.option(
    "--steps",
    type=click.IntRange(1, 100_000),
    default=400,
    show_default=True,
    help="How long to learn: 400 take some three minutes.",
)
@click.option("--samples", type=FOLDER_OUT, help="Write what it sounds like so far into this folder.")
@json_option
def train_command(
    recordings: tuple[Path, ...],
    name: str,
    whose: str | None,
    licence_spdx: str | None,
    base: str | None,
    steps: int,
    samples: Path | None,
    as_json: bool,
) -> None:
    """Learn a timbre of your own from one to ten minutes of RECORDINGS: one instrument, one note at a time.

    Stopped, it goes on where it was when it is called again.

    \b
    hummingbridge timbre train cello.wav --name my-cello --whose "my own" --licence CC0-1.0
    """
    import hashlib

    import platformdirs

    from assistant.audio import read_audio
    from assistant.optional import require
    from assistant.presets import list_presets
    from assistant.timbre.training.own import check_whose, examined, learn, nearest, place_for

    require("torch", what_for="learning a timbre")
    place = place_for(name)
    if any(preset.name == name for preset in list_presets("timbres")):
        note(f"a timbre called {name} ships with the program; from now on yours is used in its place")
    whose = whose or click.prompt("Whose recording is it? (my own, …)", err=True)
    licence_spdx = licence_spdx or click.prompt("Under which licence? (CC0-1.0, LicenseRef-mine, …)", err=True)
    check_whose(whose, licence_spdx)
    fit = examined([read_audio(path) for path in recordings])
    base = base or nearest(fit)
    digest = hashlib.sha256(fit.samples.tobytes() + f"{name} {base} {steps}".encode()).hexdigest()[:16]
    checkpoint = Path(platformdirs.user_cache_dir("hummingbridge")) / "timbres" / f"{digest}.pt"
    if not as_json:
        say(f"{fit.sounding_seconds:.0f} s of notes, {fit.harmonic_share:.0%} harmonic; nearest to {base}")
        say(fit.room.words() if fit.room else "dry: no room is heard in it")

    def early(step: int, sound: Any) -> None:
        from assistant.audio import Audio
        from assistant.files import write_whole
        from assistant.render.wav import WavFacts, wav_bytes

        if samples:
            write_whole(samples / f"{name}-{step:04d}.wav", wav_bytes(Audio(sound[None], 48_000), WavFacts()))

    try:
        with progress(f"Learning {name}") as bar:
            timbre = learn(
                fit,
                name,
                place,
                owner=whose,
                licence_spdx=licence_spdx,
                base=base,
                checkpoint=checkpoint,
                steps=steps,
                told=lambda now: bar(now.step / now.steps),
                early=early,
            )
    except KeyboardInterrupt:
        if checkpoint.exists():
            note("the same command goes on from here")
        raise
    if as_json:
        answer_json({"name": timbre.name, "low": timbre.low, "high": timbre.high, "from": base})
        return
    say(f"timbre   {timbre.name}")
    say(f"next     hummingbridge timbre transfer hum.wav --to {timbre.name}")


def _range(card: Any) -> str:
    from midi.pitch import pitch_name

    return f"{pitch_name(int(card['low']))}-{pitch_name(int(card['high']))}"
