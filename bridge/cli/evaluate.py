"""`hummingbridge evaluate`: how well the program does, judged on material with known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.console import answer_json, counted, named_progress, progress, say, table
from bridge.cli.evaluate_timbre import command as timbre
from bridge.cli.options import JSON_OUT

if TYPE_CHECKING:
    from assistant.hear.evaluation import Clip, Ear, Figures


@click.group("evaluate", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Judge the program on material with known answers."""


@command.command("hearing")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--tracker", metavar="NAME", default="", help="What hears: learned (the usual one), or basic-pitch.")
@click.option("--peers", is_flag=True, help="Also judge basic-pitch's own program on the same clips.")
@click.option("--degraded", is_flag=True, help="Also judge the clips with noise, as MP3, clipped, in a room …")
@click.option("--each", is_flag=True, help="Show every clip.")
@click.option(
    "--json", "as_json", is_flag=False, flag_value="-", metavar="[FILE]", help="Answer as JSON: to FILE, or here."
)
def hearing(folder: Path, tracker: str, peers: bool, degraded: bool, each: bool, as_json: str | None) -> None:
    """How well the notes in FOLDER's clips are heard; mir_eval judges.

    A clip is a folder with audio.flac or audio.wav, and notes.csv: onset_s,offset_s,pitch_midi.

    \b
    hummingbridge evaluate hearing singing
    hummingbridge evaluate hearing singing --peers --degraded
    """
    from assistant.hear import HearSettings, Listener
    from assistant.hear.evaluation import basic_pitch, find_clips, mean, ours, spoiled
    from assistant.hear.spoil import SPOILS
    from assistant.optional import require

    if as_json not in (None, "-"):
        JSON_OUT.convert(as_json, None, None)
    require("mir_eval.transcription", what_for="judging what was heard")
    clips = find_clips(folder)
    ears = {"hummingbridge": ours(Listener(), HearSettings(tracker=tracker))}
    if peers:
        ears["basic-pitch"] = basic_pitch()
    found = {name: _judged(clips, ear, name) for name, ear in ears.items()}
    worse = {
        what: _judged(clips, ears["hummingbridge"], what, dict(spoiled(clips, spoil)))
        for what, spoil in (SPOILS.items() if degraded else ())
    }
    means = {name: mean(list(figures.values())) for name, figures in found.items()}
    clean = means["hummingbridge"].pitch
    if as_json:
        answer: dict[str, Any] = {
            "clips": len(clips),
            "mean": {name: asdict(figures) for name, figures in means.items()},
            "each": {name: {clip: asdict(one) for clip, one in every.items()} for name, every in found.items()},
            "degraded": {what: asdict(mean(list(every.values()))) for what, every in worse.items()},
        }
        answer_json(answer, as_json)
        if as_json == "-":
            return
    say(f"{counted(len(clips), 'clip')}, F1 of the notes: mean of the clips")
    table(_COLUMNS, [_row(name, figures) for name, figures in means.items()])
    if worse:
        say()
        rows = [(what, mean(list(every.values()))) for what, every in worse.items()]
        table(
            ("through", "onset", "with pitch", "of the clean"),
            [
                (what, f"{one.onset:.3f}", f"{one.pitch:.3f}", f"{one.pitch / max(clean, 1e-9):.2f}")
                for what, one in rows
            ],
        )
    if each:
        say()
        table(_COLUMNS, [_row(clip, one) for clip, one in found["hummingbridge"].items()])


command.add_command(timbre)

_COLUMNS = ("", "onset", "with pitch", "with end", "meant", "transposed", "found for each", "time for each second")


def _row(name: str, one: Figures) -> tuple[str, ...]:
    meant = [f"{value:.3f}" if value is not None else "–" for value in (one.meant, one.meant_anywhere)]
    return (
        name,
        f"{one.onset:.3f}",
        f"{one.pitch:.3f}",
        f"{one.offset:.3f}",
        *meant,
        f"{one.ratio:.2f}",
        f"{one.seconds:.3f}",
    )


def _judged(
    clips: tuple[Clip, ...], ear: Ear, what: str, spoils: dict[Clip, Callable[[Any], Any]] | None = None
) -> dict[str, Figures]:
    from assistant.hear.evaluation import judged

    figures = {}
    with progress(f"Judging {what}") as told:
        for index, clip in enumerate(clips):
            figures[clip.name] = judged(clip, ear, spoil=spoils[clip] if spoils else None)
            told((index + 1) / len(clips))
    return figures


@command.command("variations")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--motifs", type=click.IntRange(10), default=200, show_default=True, help="How many motifs at most.")
@click.option(
    "--checks", type=click.IntRange(1), default=10_000, show_default=True, help="Variations under constraints."
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Another number, other motifs.")
@click.option(
    "--json", "as_json", is_flag=False, flag_value="-", metavar="[FILE]", help="Answer as JSON: to FILE, or here."
)
def variations(file: Path, motifs: int, checks: int, seed: int, as_json: str | None) -> None:
    """How near variations come to those that people wrote, on the motifs of FILE.

    FILE holds melodies, one JSON object a line, plain or gzipped. Scores that the model has learned from are left out;
    of the others some give motifs and some teach the judges.

    \b
    hummingbridge evaluate variations melodies.jsonl.gz
    hummingbridge evaluate variations melodies.jsonl.gz --motifs 250 --json figures.json
    """
    from assistant.vary.judging.evaluation import MAKERS, evaluate

    if as_json not in (None, "-"):
        JSON_OUT.convert(as_json, None, None)
    with named_progress("Judging variations") as told:
        found = evaluate(file, motifs=motifs, checks=checks, seed=seed, progress=told)
    if as_json:
        answer_json(asdict(found), as_json)
        if as_json == "-":
            return
    say(f"{counted(found.motifs, 'motif')} of {counted(found.scores, 'score')}, intervals of 95 %")
    if found.learned_scores:
        say(f"{counted(found.learned_scores, 'score')} left out: the model has learned from them")
    for kind in ("selected", "raw"):
        say()
        names = [f"{maker}, {kind}" for maker in MAKERS]
        rows = [(figure, *(str(found.columns[name][figure]) for name in names)) for figure in found.columns[names[0]]]
        human = f" (people: {found.copies['human']:.3f})"
        rows.append(("copies of eight notes" + human, *(f"{found.copies[name]:.3f}" for name in names)))
        table(("", *names), rows)
    good, made = found.held
    say()
    table(
        ("the model alone", ""),
        [
            ("hard constraints held", f"{good} of {made}"),
            *((f"{name} within one step of what was asked", figure) for name, figure in found.controls.items()),
            ("bits on people's variations, against copying and habit", found.bits),
            ("ten variations of 8 bars, median / 95th percentile", "{:.2f} s / {:.2f} s".format(*found.seconds[:2])),
            ("a thousand", f"{found.seconds[2]:.1f} s"),
        ],
    )
