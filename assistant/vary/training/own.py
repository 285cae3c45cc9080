"""A composer's own music, from a folder of MIDI files, as melodies to learn from; and what was learned, kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.errors import CannotRead, InvalidBrief
from assistant.files import write_whole
from assistant.optional import require
from assistant.vary.learned.models import model_path, new_model_path
from assistant.vary.learned.page import sheet_of
from assistant.vary.learned.sections import Section
from assistant.vary.learned.steps import LONGEST_BAR, REST
from assistant.vary.phrase import GRID_TICKS, Phrase, melody_of
from midi.errors import HummingbridgeError
from midi.motif import Motif
from midi.score import DRUM_CHANNEL, Score

if TYPE_CHECKING:
    from assistant.vary.training.torch_model import Variations

SUFFIXES = (".mid", ".midi", ".smf", ".kar")
FEWEST_NOTES = 300
WHOLE_BARS = 8
"""Melodies shorter than this teach nothing about varying."""
HELD_BACK = 6
"""Each so manieth file is not learned from, but to draw the validation curve."""
RATE = 4e-4
REPORTS = 10
"""Points on the validation curve, about."""


@dataclass(frozen=True, slots=True)
class Music:
    """What a folder holds: melodies to learn from, others to judge by, and what could not be read, in sentences."""

    learn: tuple[Section, ...]
    judge: tuple[Section, ...]
    files: int
    remarks: tuple[str, ...] = ()

    @property
    def notes(self) -> int:
        return sum(step.begins for section in self.learn for bar in section.bars if bar for step in bar)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr((self.learn, self.judge)).encode()).hexdigest()


def music_in(folder: Path) -> Music:
    """The melodies of all tracks of all MIDI files below a folder. Raises `CannotRead` where there is too little."""
    from midi.smf import read_smf

    if not folder.is_dir():
        raise CannotRead(f"{folder} is no folder", hint="give a folder of MIDI files")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise CannotRead(f"there are no MIDI files in {folder}", hint="give a folder with your own music as MIDI files")
    files: list[list[Section]] = []
    remarks = []
    for path in paths:
        try:
            sections = sections_of(read_smf(path), str(path.relative_to(folder)))
        except HummingbridgeError as error:
            remarks.append(f"{path.name} was left out: {error.message}")
            continue
        if sections:
            files.append(sections)
        else:
            remarks.append(f"{path.name} was left out: no melody in it has {WHOLE_BARS} bars")
    learn, judge = parted(files)
    music = Music(tuple(learn), tuple(judge), len(files), tuple(remarks))
    if music.notes < FEWEST_NOTES or not judge:
        raise CannotRead(
            f"{folder} holds {music.notes} notes to learn from in melodies of {WHOLE_BARS} bars and more: too few",
            hint=f"{FEWEST_NOTES} are the least, some thousands are good: twenty songs",
        )
    return music


def sections_of(score: Score, name: str) -> list[Section]:
    """The top line of each track but drums, as bars."""
    from midi.keyfinding import key_of

    found = []
    for number, track in enumerate(score.tracks):
        if track.channel == DRUM_CHANNEL or not track.clip.notes:
            continue
        phrase = melody_of(Motif(track.clip, score.key or key_of(track.clip), score.meter))
        section = section_of(phrase, f"{name}#{number}")
        if section is not None and section.runs(WHOLE_BARS):
            found.append(section)
    return found


def section_of(phrase: Phrase, name: str) -> Section | None:
    """A melody as a section; a bar that is silent throughout ends a passage."""
    bar_ticks = phrase.bar_ticks // GRID_TICKS
    if bar_ticks > LONGEST_BAR:
        return None
    sheet = sheet_of(phrase)
    bars = (bar if any(step.pitch != REST for step in bar) else None for bar in sheet.read(phrase))
    metre = phrase.meter.numerator, phrase.meter.denominator
    return Section(name, metre, bar_ticks, sheet.do, tuple(bars))


def parted(files: Sequence[Sequence[Section]]) -> tuple[list[Section], list[Section]]:
    """What is learned from and what judges: by file, or where there are few, the last part of each melody."""
    if len(files) >= HELD_BACK:
        judge = [section for file in files[HELD_BACK - 1 :: HELD_BACK] for section in file]
        return [section for number, file in enumerate(files, 1) if number % HELD_BACK for section in file], judge
    learn, judge = [], []
    for section in (section for file in files for section in file):
        at = len(section.bars) - max(WHOLE_BARS, len(section.bars) // HELD_BACK)
        first, last = (replace(section, bars=bars) for bars in (section.bars[:at], section.bars[at:]))
        learn += [first] if first.runs(WHOLE_BARS) else []
        judge += [last] if last.runs(WHOLE_BARS) else []
    return learn, judge


def train(
    music: Music,
    name: str,
    *,
    minutes: float,
    threads: int = 1,
    licence: str = "LicenseRef-mine",
    told: Callable[[float], None] = lambda _: None,
) -> tuple[Path, list[dict[str, Any]]]:
    """The shipped model taught a composer's own music, within so many minutes of training in all; the file of the model
    and its validation curve. Stopped, it goes on where it was; of what it came to, the best is kept.

    Raises `MissingPart` without torch; `InvalidBrief` where a model of that name was taught other music.
    """
    target = new_model_path(name)
    require("torch", what_for="training")
    from assistant.vary.learned.network import Shape, write_network
    from assistant.vary.training.curve import curve_picture
    from assistant.vary.training.fit import Plan, fit
    from assistant.vary.training.practice import Practice

    state = target.with_suffix("")
    state = state.with_name(f"{state.name}.training")
    state.mkdir(parents=True, exist_ok=True)
    _check_same(state / "music.txt", music, name)
    log = state / "curve.jsonl"
    curve: list[dict[str, Any]] = _lines(log)
    shipped = model_path()
    with np.load(shipped) as stored:
        shape = Shape(**json.loads(str(stored["shape"])))

    def measured(line: Mapping[str, Any], model: Variations) -> None:
        # What was measured after the state that a stopped run goes on from is measured again.
        curve[:] = [each for each in curve if each["updates"] < line["updates"]]
        best = min((each["asked"][2] for each in curve), default=float("inf"))
        curve.append(dict(line))
        write_whole(log, "".join(f"{json.dumps(each)}\n" for each in curve).encode())
        write_whole(target.with_suffix(".png"), curve_picture(curve))
        if line["asked"][2] < best:
            part = target.with_name(f".{target.name}")
            write_network(part, {key: value.numpy() for key, value in model.state_dict().items()}, shape)
            card = {"licence": licence, "files": music.files, "notes": music.notes, "music": music.digest}
            part.replace(target)
            write_whole(target.with_suffix(".json"), json.dumps(card | {"bits": line["asked"][2]}, indent=2).encode())

    plan = Plan(
        minutes=minutes,
        peak_rate=RATE,
        warm_updates=30,
        pool=400,
        averaging=0.98,
        report_seconds=max(3.0, 60 * minutes / REPORTS),
        threads=threads,
        trials=150,
    )
    fit(
        Practice(music.learn, seed=1),
        Practice(music.judge, seed=2),
        state,
        plan=plan,
        shape=shape,
        report=lambda _: None,
        start_from=shipped,
        told=told,
        measured=measured,
    )
    return target, curve


def _check_same(path: Path, music: Music, name: str) -> None:
    """A run goes on only with the music that it began with."""
    if path.exists() and path.read_text() != music.digest:
        raise InvalidBrief(
            f"the model {name!r} was begun on other music", hint=f"give another --name, or remove {path.parent}"
        )
    write_whole(path, music.digest.encode())


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
