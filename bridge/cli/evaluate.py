"""`hummingbridge evaluate`: how well the program does, judged on material with known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.console import answer_json, counted, progress, say, table
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
