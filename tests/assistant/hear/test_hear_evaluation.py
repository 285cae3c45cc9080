"""Judging the ear: clips, figures, spoiled recordings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.errors import CannotRead, MissingPart
from assistant.hear import check_ears
from assistant.hear.evaluation import Figures, find_clips, judged, mean, meant_scores, scores
from assistant.hear.spoil import SPOILS
from bridge.cli.program import run

needs_ears = pytest.mark.skipif(not check_ears().ready, reason=check_ears().reason)

TUNE = (60, 64, 67, 65, 62)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One clip: five hummed notes, half a second each, a fifth of a second apart, with a score a tone lower."""
    clip = tmp_path / "singing" / "one"
    clip.mkdir(parents=True)
    time = np.arange(22050 * 4) / 22050
    samples = np.zeros(len(time))
    lines, keys = ["onset_s,offset_s,pitch_midi"], ["ground_note\t score_note"]
    for index, pitch in enumerate(TUNE):
        start = 0.3 + 0.7 * index
        inside = (time >= start) & (time < start + 0.5)
        since = time[inside] - start
        hz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * part * since) / part for part in range(1, 10))
        samples[inside] = 0.15 * tone * np.minimum(1, 40 * np.minimum(since, 0.5 - since))
        lines.append(f"{start},{start + 0.5},{pitch}")
        keys.append(f"{pitch - 20}\t{pitch - 22}")
    soundfile.write(clip / "audio.wav", samples, 22050)
    (clip / "notes.csv").write_text("\n".join(lines))
    (clip / "score_alignment.txt").write_text("\n".join(keys))
    return tmp_path / "singing"


def test_a_clip_is_read_with_what_was_sung_and_what_was_written(folder: Path):
    (clip,) = find_clips(folder)
    assert clip.name == "one"
    assert clip.sung[:, 2].tolist() == list(TUNE)
    assert clip.meant is not None
    assert clip.meant[:, 2].tolist() == [pitch - 2 for pitch in TUNE]


def test_a_score_of_other_notes_is_left_out(folder: Path):
    (folder / "one" / "score_alignment.txt").write_text("sung score\n40 40\n")
    assert find_clips(folder)[0].meant is None


def test_a_folder_without_clips_says_what_a_clip_is(tmp_path: Path):
    with pytest.raises(CannotRead) as caught:
        find_clips(tmp_path)
    assert "notes.csv" in caught.value.hint


NOTES = np.array([[0.0, 0.5, 60.0], [1.0, 1.5, 62.0], [2.0, 2.5, 64.0], [3.0, 3.5, 65.0]])


def test_notes_that_are_right_score_one():
    assert scores(NOTES, NOTES) == (1, 1, 1)


@pytest.mark.parametrize(
    ("off", "figures"),
    [([0.06, 0, 0], (0, 0, 0)), ([0, 0, 0.6], (1, 0, 0)), ([0, 0.2, 0], (1, 1, 0)), ([0.04, 0.04, 0.4], (1, 1, 1))],
    ids=["late", "sharp", "too long", "a little of each"],
)
def test_notes_that_are_off_score_in_what_is_right(off: list[float], figures: tuple[float, float, float]):
    assert scores(NOTES, NOTES + off) == figures


def test_a_score_in_another_key_counts_where_it_may_be_moved():
    assert meant_scores(NOTES, NOTES + np.array([0, 0, 5])) == (0, 1)
    assert meant_scores(NOTES, NOTES) == (1, 1)


def test_nothing_heard_scores_nothing():
    assert scores(NOTES, np.zeros((0, 3))) == (0, 0, 0)


def test_a_mean_is_over_the_clips_that_have_the_figure():
    with_score = Figures(1.0, 1.0, 1.0, 1.0, 0.1, meant=0.5, meant_anywhere=0.75)
    without = Figures(0.5, 0.5, 0.5, 2.0, 0.3)
    assert mean([with_score, without]) == Figures(0.75, 0.75, 0.75, 1.5, 0.2, meant=0.5, meant_anywhere=0.75)


def test_what_the_ear_gives_is_judged(folder: Path):
    (clip,) = find_clips(folder)
    figures = judged(clip, lambda _: (clip.sung[:4], clip.sung))
    assert figures.onset == pytest.approx(8 / 9)
    assert figures.ratio == 0.8
    assert (figures.meant, figures.meant_anywhere) == (0, 1)


@pytest.mark.parametrize("name", SPOILS)
def test_a_spoiled_recording_is_as_long_and_the_same_each_time(name: str):
    time = np.arange(22050) / 22050
    samples = (0.3 * np.sin(2 * np.pi * 330 * time) * np.sin(np.pi * time)).astype(np.float32)
    once, again = (SPOILS[name](samples, np.random.default_rng(3)) for _ in range(2))
    assert once.dtype == np.float32
    assert once.shape == samples.shape
    assert np.array_equal(once, again)
    assert not np.array_equal(once, samples)
    # Still the same sound at the same place.
    assert np.corrcoef(once, samples)[0, 1] > 0.9


@needs_ears
def test_the_command_prints_the_table(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["evaluate", "hearing", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["clips"] == 1
    ours = told["mean"]["hummingbridge"]
    assert [ours[name] for name in ("onset", "pitch", "ratio", "meant", "meant_anywhere")] == [1, 1, 1, 0, 1]
    assert run(["evaluate", "hearing", str(folder), "--degraded", "--each"]) == 0
    shown = capsys.readouterr().out
    assert "1 clip" in shown
    assert all(name in shown for name in SPOILS)


def test_without_its_judge_the_command_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mir_eval.transcription", None)
    with pytest.raises(MissingPart) as caught:
        scores(NOTES, NOTES)
    assert caught.value.hint == 'pip install "hummingbridge[evaluate]"'
