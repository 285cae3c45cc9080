"""How well notes are heard: mir_eval's transcription figures on recordings with notes that people marked.

A clip is a folder with a sound file and `notes.csv` (onset and offset in seconds, pitch as a fractional MIDI number,
after a line of names). Where the score stands beside it, `score_alignment.txt` (the sung and the written key of a
piano for each note, 1 is A0), the notes that were meant are judged too.
"""

from __future__ import annotations

import csv
import io
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Audio, Samples, read_audio
from assistant.errors import CannotRead, NothingHeard
from assistant.hear.frames import RATE_HZ
from assistant.hear.heard import as_marked
from assistant.hear.listening import Listener
from assistant.hear.settings import HearSettings
from assistant.optional import require
from midi.pitch import hz_from_midi

Notes = NDArray[np.float64]
"""Onset, offset, pitch; shape (notes, 3)."""

Ear = Callable[[Audio], tuple[Notes, Notes | None]]
"""A recording → the notes as sung, and as meant, None where that is not said."""

_SOUNDS = ("audio.flac", "audio.wav")
_KEY_1 = 20
_OCTAVE = 12


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """`meant`: the written notes, None where no score lines up with the sung ones."""

    name: str
    sound: Path
    sung: Notes
    meant: Notes | None


@dataclass(frozen=True, slots=True)
class Figures:
    """F1 of onsets (50 ms), with pitch too (50 cents), with the end too (a fifth of the length, or 50 ms).

    `meant`: F1 of onset and written semitone; `meant_anywhere`: where the score may be moved as a whole; both None
    without a score. `ratio`: notes found for each that was sung. `seconds`: time taken for each second of sound.
    """

    onset: float
    pitch: float
    offset: float
    ratio: float
    seconds: float
    meant: float | None = None
    meant_anywhere: float | None = None


def find_clips(folder: Path) -> tuple[Clip, ...]:
    """The clips in a folder, by name. Raises `CannotRead` where there are none."""
    clips = tuple(
        _read_clip(notes.parent, sound)
        for notes in sorted(folder.glob("*/notes.csv"))
        for sound in [next((notes.parent / name for name in _SOUNDS if (notes.parent / name).is_file()), None)]
        if sound is not None
    )
    if not clips:
        raise CannotRead(
            f"there are no clips in {folder}",
            hint=f"a clip is a folder with {' or '.join(_SOUNDS)} and notes.csv (onset_s,offset_s,pitch_midi)",
        )
    return clips


def _read_clip(folder: Path, sound: Path) -> Clip:
    rows = _rows(folder / "notes.csv")
    score = folder / "score_alignment.txt"
    lasting = rows[:, 1] > rows[:, 0]
    meant = _written(score, rows) if score.is_file() else None
    return Clip(folder.name, sound, rows[lasting], meant[lasting] if meant is not None else None)


def _rows(path: Path) -> Notes:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    try:
        notes = np.array([[float(value) for value in row[:3]] for row in rows if row], float).reshape(-1, 3)
    except ValueError as error:
        raise CannotRead(f"{path} holds no notes: {error}", hint="each line is onset_s,offset_s,pitch_midi") from error
    return notes


def _written(path: Path, sung: Notes) -> Notes | None:
    """The notes with their written pitch; None where the score's lines are not those of the notes."""
    lines = [line.split()[:2] for line in path.read_text("utf-8").splitlines()[1:]]
    keys = np.array([[float(value) for value in line] for line in lines if len(line) == 2]).reshape(-1, 2)
    if len(keys) != len(sung) or np.abs(sung[:, 2] - keys[:, 0] - _KEY_1).max(initial=0.0) > 0.02:
        return None
    return np.column_stack([sung[:, :2], keys[:, 1] + _KEY_1])


def ours(listener: Listener, settings: HearSettings) -> Ear:
    """This program's ear: sung pitches as people mark them, and the notes that were meant."""

    def hear(audio: Audio) -> tuple[Notes, Notes | None]:
        try:
            heard = listener.listen(audio, settings)
        except NothingHeard:
            return np.zeros((0, 3)), np.zeros((0, 3))
        spans = [(note.onset_seconds, note.offset_seconds) for note in heard.notes]
        marked = [as_marked(note.pitch) for note in heard.notes]
        return np.column_stack([spans, marked]), np.column_stack([spans, [note.pitch for note in heard.placed]])

    return hear


def basic_pitch() -> Ear:
    """basic-pitch's own predict, as it comes. Raises `MissingPart` where it or librosa is not installed."""
    import tempfile

    import soundfile

    with _hushed():
        for package in ("librosa", "basic_pitch"):
            require(package, what_for="judging beside basic-pitch")
        from basic_pitch import ICASSP_2022_MODEL_PATH
        from basic_pitch.inference import Model, predict

        model = Model(ICASSP_2022_MODEL_PATH)

    def hear(audio: Audio) -> tuple[Notes, Notes | None]:
        with tempfile.TemporaryDirectory() as folder, _hushed():
            clip = Path(folder) / "clip.wav"
            soundfile.write(clip, audio.samples.T, audio.sample_rate_hz, subtype="FLOAT")
            _, _, events = predict(clip, model)
        found = np.array(sorted(event[:3] for event in events), float).reshape(-1, 3)
        return found, found

    return hear


@contextmanager
def _hushed() -> Iterator[None]:
    """Without basic-pitch's warnings and prints."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def judged(clip: Clip, ear: Ear, *, spoil: Callable[[Samples], Samples] | None = None) -> Figures:
    """How an ear does on a clip, on its sound as it is or spoiled. Raises `MissingPart` without mir_eval."""
    audio = read_audio(clip.sound)
    if spoil is not None:
        mono = Audio(audio.mono()[np.newaxis], audio.sample_rate_hz).resampled(RATE_HZ)
        audio = Audio(spoil(mono.samples[0])[np.newaxis], RATE_HZ)
    started = time.perf_counter()
    sung, meant = ear(audio)
    seconds = (time.perf_counter() - started) / audio.duration_seconds
    onset, pitch, offset = scores(clip.sung, sung)
    written, anywhere = (
        meant_scores(clip.meant, meant) if clip.meant is not None and meant is not None else (None, None)
    )
    return Figures(onset, pitch, offset, len(sung) / max(1, len(clip.sung)), seconds, written, anywhere)


def scores(reference: Notes, found: Notes) -> tuple[float, float, float]:
    """F1 of onsets, of onsets with pitch, with ends too."""
    judge = require("mir_eval.transcription", what_for="judging what was heard")
    if len(found) == 0 or len(reference) == 0:
        return 0.0, 0.0, 0.0
    against = (reference[:, :2], _hz(reference), found[:, :2], _hz(found))
    return (
        float(judge.onset_precision_recall_f1(against[0], against[2])[2]),
        float(judge.precision_recall_f1_overlap(*against, offset_ratio=None)[2]),
        float(judge.precision_recall_f1_overlap(*against)[2]),
    )


def meant_scores(written: Notes, found: Notes) -> tuple[float, float]:
    """F1 of onset and semitone, and the best of it with the score moved by up to an octave."""
    judge = require("mir_eval.transcription", what_for="judging what was heard")
    if len(found) == 0:
        return 0.0, 0.0

    def f1(shift: int) -> float:
        moved = written + np.array([0, 0, shift])
        against = (moved[:, :2], _hz(moved), found[:, :2], _hz(found))
        return float(judge.precision_recall_f1_overlap(*against, offset_ratio=None, pitch_tolerance=10.0)[2])

    return f1(0), max(f1(shift) for shift in range(-_OCTAVE - 2, _OCTAVE + 3))


def _hz(notes: Notes) -> NDArray[np.float64]:
    return np.array([hz_from_midi(pitch) for pitch in notes[:, 2]])


def mean(every: Sequence[Figures]) -> Figures:
    """The mean of each figure, over the clips that have it."""

    def over(name: str) -> float | None:
        known = [value for one in every if (value := getattr(one, name)) is not None]
        return float(np.mean(known)) if known else None

    means: dict[str, Any] = {field.name: over(field.name) for field in fields(Figures)}
    return Figures(**means)


def spoiled(
    clips: Sequence[Clip], spoil: Callable[[Samples, np.random.Generator], Samples]
) -> Iterator[tuple[Clip, Callable[[Samples], Samples]]]:
    """Each clip with its own spoiling: the same clip always gets the same noise."""
    for index, clip in enumerate(clips):

        def change(samples: Samples, seed: int = index) -> Samples:
            return spoil(samples, np.random.default_rng(seed))

        yield clip, change
