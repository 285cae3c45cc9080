"""`hummingbridge evaluate timbre`: what was asked of the timbres beside what they do."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.console import answer_json, counted, named_progress, progress, say, table
from bridge.cli.options import JSON_OUT

if TYPE_CHECKING:
    from assistant.timbre.judging.pairs import Pair
    from assistant.timbre.judging.pitch import Agreement
    from assistant.timbre.judging.report import Answer, Judged, Report


@click.command("timbre")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--timbre", "names", multiple=True, metavar="NAME", help="Only this one; can be given again.")
@click.option(
    "--clips",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="How many of FOLDER's clips, ten seconds of each.",
)
@click.option("--peers", is_flag=True, help="Also judge WORLD and the SoundFont on the same inputs.")
@click.option(
    "--own",
    metavar="RECORDING",
    default="",
    help="Also learn a timbre from a recording, or from four minutes made for it by a timbre's instrument: cello, say.",
)
@click.option(
    "--pictures",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Draw spectrograms into FOLDER: a picture for each timbre.",
)
@click.option(
    "--json", "as_json", is_flag=False, flag_value="-", metavar="[FILE]", help="Answer as JSON: to FILE, or here."
)
def command(
    folder: Path, names: tuple[str, ...], clips: int, peers: bool, own: str, pictures: Path | None, as_json: str | None
) -> int:
    """How good the timbres are: on phrases that they did not learn from, and made of voices from FOLDER and a piano.

    FOLDER holds clips as for hearing. The judges had no part in the making: pitch by pYIN, the instrument by a
    classifier that learnt from another SoundFont. Needs fluidsynth, the SoundFonts FluidR3 and MuseScore General,
    librosa, scikit-learn, torch, and pyworld for --peers. Every line that is asked is answered yes or no at the end;
    where one is a no, the command fails.

    \b
    hummingbridge evaluate timbre singing --timbre cello --peers
    hummingbridge evaluate timbre singing --own cello
    """
    from assistant.optional import require
    from assistant.timbre.judging.instruments import taught
    from assistant.timbre.judging.judge import judged_timbre, prepared
    from assistant.timbre.judging.material import check_material, true_instruments
    from assistant.timbre.judging.own import check_own
    from assistant.timbre.judging.own import own as owned
    from assistant.timbre.judging.report import Report, answers
    from assistant.timbre.judging.speed import speeds
    from assistant.timbre.judging.ways import Ways

    if as_json not in (None, "-"):
        JSON_OUT.convert(as_json, None, None)
    chosen = true_instruments(names)
    for package in ("sklearn", "librosa", "torch", "pyworld")[: 4 if peers else 3]:
        require(package, what_for="judging timbres")
    check_material()
    if own:
        check_own(own)
    with progress("Listening to the sources") as told:
        inputs = prepared(folder, clips, told)
    with progress("Teaching the judge") as told:
        judge = taught(told)
    with named_progress("Judging") as bars:
        ways = Ways(peers)
        timbres = [
            judged_timbre(name, inputs, judge, ways, pictures=pictures, progress=partial(bars, name)) for name in chosen
        ]
    with progress("Timing"):
        taken = speeds(chosen, peers=peers)
    learnt = None
    if own:
        with progress(f"Learning {own}") as told:
            learnt = owned(own, progress=told)
    report = Report(timbres, taken, learnt)
    found = answers(report)
    if as_json:
        answer_json({"asked": [one.as_json() for one in found], **_plain(asdict(report))}, as_json)
    if as_json != "-":
        _show(report, found, tuple(inputs))
        if pictures:
            say(f"spectrograms are in {pictures}")
    return int(any(one.missed for one in found))


def _show(report: Report, found: Sequence[Answer], sources: Sequence[str]) -> None:
    say("on two phrases of half a minute that the timbre did not learn from")
    times = report.speeds.timbres
    table(
        ("timbre", "spectral loss, to untrained", "log-mel, dB", "loudness, dB", "folds back, dB", "times real time"),
        [(one.name, *_likeness(one), f"{times[one.name]:.0f}") for one in report.timbres],
    )
    if report.speeds.world:
        say(f"WORLD on the same recording: {report.speeds.world:.1f} times real time")
    say()
    say("MFCC, to target / to source; the worst first")
    table(("timbre", *sources), [(one.name, *_closeness(one, sources)) for one in _worst_first(report.timbres)])
    say()
    say("the same, the target at the pitches that were played")
    table(("timbre", *sources), [(one.name, *_at_pitch(one, sources)) for one in _worst_first(report.timbres)])
    say()
    say(f"means over {counted(len(sources), 'source')}: {', '.join(sources)}")
    table(_WAYS, [row for one in report.timbres for row in _ways(one)])
    say()
    say("what the judge takes each for")
    table(
        ("timbre", "as made", "the instrument itself"),
        [(one.name, _families(one.mean().heard), _families(one.itself)) for one in report.timbres],
    )
    say()
    if report.own:
        own = report.own
        say(
            f"own timbre: {own.recording_seconds:.0f} s of {own.what}, learnt on from {own.base} in "
            f"{own.minutes:.1f} minutes; its spectral loss is {own.loss_to_shipped:.3f} of {own.shipped}'s"
        )
        say()
    table(("", "asked", "the worst", "of", "kept by", "kept"), [one.as_row() for one in found])


_WAYS = (
    *("timbre", "made by", "cents from its control", "within 50", "of an exact tone", "within 50"),
    *("cents from the source", "within 50", "phrasing", "to target / to source", "votes", "the instrument's own votes"),
)


def _likeness(one: Judged) -> tuple[str, ...]:
    near = one.likeness
    return f"{near.to_untrained:.2f}", f"{near.mel_db:.1f}", f"{near.loudness_db:.2f}", f"{one.folded_db:.0f}"


def _worst_first(timbres: Iterable[Judged]) -> list[Judged]:
    return sorted(timbres, key=lambda one: -max(pair.closeness for pair in next(iter(one.ways.values())).values()))


def _closeness(one: Judged, sources: Iterable[str]) -> tuple[str, ...]:
    ours = next(iter(one.ways.values()))
    return tuple(f"{ours[source].closeness:.2f}" for source in sources)


def _at_pitch(one: Judged, sources: Iterable[str]) -> tuple[str, ...]:
    ours = next(iter(one.ways.values()))
    return tuple(f"{ours[source].at_pitch:.2f}" for source in sources)


def _ways(one: Judged) -> list[tuple[str, ...]]:
    rows = []
    for number, way in enumerate(one.ways):
        first = number == 0
        itself = f"{one.votes_for_itself:.0%}" if first else ""
        rows.append((one.name if first else "", way, *_pair(one.mean(way)), itself))
    return rows


def _pair(one: Pair) -> tuple[str, ...]:
    pitch = [cell for each in (one.control, one.exact, one.source) for cell in _agreement(each)]
    return *pitch, f"{one.phrasing:.2f}", f"{one.closeness:.2f}", f"{one.votes:.0%}"


def _agreement(one: Agreement | None) -> tuple[str, str]:
    return (f"{one.cents:.1f}", f"{one.within_50:.3f}") if one else ("", "")


def _families(heard: Mapping[str, float]) -> str:
    return ", ".join(f"{family} {share:.0%}" for family, share in list(heard.items())[:_MOST_FAMILIES]) or "nothing"


_MOST_FAMILIES = 4


def _plain(value: Any) -> Any:
    """What JSON can hold: no number that is none, or has no end."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
