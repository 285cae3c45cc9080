"""What is kept of a hum: where it begins and ends, what survives a crash, and the clicks before it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bridge.capture.count_in import count_in
from bridge.capture.process import LONGEST_SECONDS, WAITING_BLOCKS, Capture
from bridge.capture.recording import (
    GROWING,
    Facts,
    GrowingFile,
    Place,
    recover_unfinished,
)
from bridge.capture.sources import Block, FrameClock
from bridge.capture.trim import finished, span
from bridge.clock import Timeline
from bridge.midi_io.schedule import is_note_on
from midi.tempo import Meter

RATE = 8000
PLACE = Place(beats=8.0, at_seconds=100.0, tempo_bpm=60.0, meter="4/4", running=True)


def hum(seconds: float, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 220 * np.arange(round(seconds * RATE)) / RATE)).astype("<f4")


def noise(seconds: float, level: float = 0.0005) -> np.ndarray:
    return np.random.default_rng(1).normal(0, level, round(seconds * RATE)).astype("<f4")


def growing(folder: Path, *parts: np.ndarray, name: str = "hum-1", keep: bool = True) -> Path:
    path = folder / f"{name}{GROWING}"
    Facts(RATE, 1, 102.0, PLACE).write(folder / f"{name}.json")
    file = GrowingFile(path, RATE, 1)
    for part in parts:
        file.write(part.tobytes())
    if keep:
        file.close()
    else:
        # As a crash leaves it: the bytes are there, the sizes in the header are not.
        file._file.flush()
        file._file.close()
    return path


def test_the_silence_around_a_hum_is_cut_off_but_for_a_moment(tmp_path: Path):
    recording = finished(growing(tmp_path, noise(1.0), hum(2.0), noise(3.0)), ending="stopped")
    assert recording is not None
    assert recording.trimmed_seconds == pytest.approx(0.75, abs=0.02)
    assert recording.duration_seconds == pytest.approx(0.25 + 2.0 + 0.4, abs=0.03)
    assert recording.began_at_seconds == pytest.approx(102.75, abs=0.02)
    assert recording.began_beats == pytest.approx(10.75, abs=0.02)
    assert recording.peak_dbfs == pytest.approx(-10.5, abs=0.1)
    assert not recording.clipped
    assert not recording.silent


def test_the_whole_of_it_is_kept_beside(tmp_path: Path):
    recording = finished(growing(tmp_path, noise(1.0), hum(2.0)), ending="stopped")
    assert recording is not None
    assert soundfile.info(recording.whole_path).frames == 3 * RATE
    audio = recording.read()
    assert audio.length == recording.frames
    assert audio.peak == pytest.approx(0.3, abs=0.001)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hum-1.json", "hum-1.wav", "hum-1.whole.wav"]


def test_a_hum_without_pauses_is_kept_whole(tmp_path: Path):
    recording = finished(growing(tmp_path, hum(2.0)), ending="stopped")
    assert recording is not None
    assert recording.frames == 2 * RATE


def test_pauses_within_a_hum_stay(tmp_path: Path):
    recording = finished(growing(tmp_path, hum(1.0), noise(4.0), hum(1.0)), ending="stopped")
    assert recording is not None
    assert recording.frames == 6 * RATE


def test_silence_is_kept_and_said(tmp_path: Path):
    recording = finished(growing(tmp_path, noise(2.0)), ending="stopped")
    assert recording is not None
    assert recording.silent
    assert recording.frames == 2 * RATE


def test_a_click_is_no_hum():
    quiet = [-80.0] * 50
    assert span([*quiet, -10.0, *quiet, *[-20.0] * 30, *quiet]) == (101, 130)


def test_a_hum_that_clips_is_said(tmp_path: Path):
    recording = finished(growing(tmp_path, np.clip(hum(1.0, 3.0), -1, 1)), ending="stopped")
    assert recording is not None
    assert recording.clipped


def test_a_crash_in_mid_recording_loses_nothing_that_was_written(tmp_path: Path):
    growing(tmp_path, noise(0.5), hum(2.0), keep=False)
    (recording,) = recover_unfinished(tmp_path)
    assert recording.ending == "recovered"
    assert soundfile.info(recording.whole_path).frames == 2.5 * RATE
    assert soundfile.info(recording.path).frames == recording.frames
    assert recover_unfinished(tmp_path) == ()


def test_a_recording_whose_facts_are_lost_is_recovered_all_the_same(tmp_path: Path):
    path = growing(tmp_path, hum(1.0))
    path.with_name("hum-1.json").write_text("{")
    (recording,) = recover_unfinished(tmp_path)
    assert (recording.sample_rate_hz, recording.frames) == (RATE, RATE)


def test_a_recording_that_holds_nothing_is_removed(tmp_path: Path):
    growing(tmp_path)
    assert recover_unfinished(tmp_path) == ()
    assert not list(tmp_path.iterdir())


def test_a_recording_that_grows_still_is_left_alone(tmp_path: Path):
    Facts(RATE, 1, 0.0, PLACE).write(tmp_path / "hum-1.json")
    file = GrowingFile(tmp_path / f"hum-1{GROWING}", RATE, 1)
    file.write(hum(1.0).tobytes())
    file.keep()
    assert recover_unfinished(tmp_path) == ()
    assert soundfile.info(file.path).frames == RATE
    file.close()


@given(st.lists(st.floats(-120, 0), max_size=200))
def test_what_is_kept_lies_within_the_recording_and_holds_the_loudest_that_lasts(levels):
    found = span(levels)
    if found is None:
        assert max(levels, default=-120.0) < -55
    else:
        assert 0 <= found[0] <= found[1] < len(levels)


def test_blocks_have_the_time_of_the_earliest_callback():
    clock = FrameClock(1000)
    assert clock.seconds(0, now=50.010) == pytest.approx(50.010)
    assert clock.seconds(100, now=50.102) == pytest.approx(50.102)
    assert clock.seconds(200, now=50.230) == pytest.approx(50.202, abs=1e-4)


def test_after_the_driver_stood_still_time_is_told_anew():
    clock = FrameClock(1000)
    for block in range(20):
        clock.seconds(100 * block, now=50.0 + block / 10)
    told = [clock.seconds(100 * block, now=58.0 + block / 10 + 0.02 * (block % 2)) for block in range(20, 30)]
    assert told[-1] == pytest.approx(58.0 + 2.9, abs=0.001)


def test_a_single_late_callback_changes_nothing():
    clock = FrameClock(1000)
    told = [clock.seconds(100 * block, now=50.0 + block / 10 + (5.0 if block == 12 else 0.0)) for block in range(20)]
    assert told == pytest.approx([50.0 + block / 10 for block in range(20)], abs=1e-3)


class Told:
    """What the capture says."""

    def __init__(self) -> None:
        self.said: list[dict] = []

    def say(self, line: dict) -> None:
        self.said.append(line)

    def finished(self) -> dict:
        return next(line["finished"] for line in self.said if "finished" in line)


class Driver:
    """An input that gives blocks of 100 frames when it is asked to."""

    name, rate_hz, alive = "test", RATE, True

    def __init__(self, capture: Capture) -> None:
        self.capture, self.at = capture, 100.0
        capture._source, capture._rate_hz = self, RATE

    def give(self, samples: np.ndarray, lost: int = 0) -> None:
        for first in range(0, len(samples), 100):
            block = samples[first : first + 100]
            self.at += lost / RATE
            self.capture.take(Block(block, self.at, lost))
            lost = 0
            self.at += len(block) / RATE
            while self.capture._blocks:
                self.capture._use(self.capture._blocks.popleft())

    def close(self) -> None:
        pass


def start(capture: Capture, folder: Path, begin: float) -> None:
    capture._do_start({"path": str(folder / f"hum-2{GROWING}"), "from": begin, "place": asdict(PLACE)})


def test_what_was_sung_before_the_foot_came_down_is_there(tmp_path: Path):
    told = Told()
    capture = Capture(told)  # type: ignore[arg-type]
    driver = Driver(capture)
    driver.give(hum(3.0))
    start(capture, tmp_path, driver.at)
    driver.give(hum(1.0))
    capture._do_stop({"at": driver.at})
    recording = told.finished()
    assert recording["frames"] == 1.25 * RATE
    assert recording["began_at_seconds"] == pytest.approx(102.75)
    assert recording["began_beats"] == pytest.approx(10.75)


def test_after_a_count_in_it_begins_at_the_bar_and_not_before(tmp_path: Path):
    told = Told()
    capture = Capture(told)  # type: ignore[arg-type]
    driver = Driver(capture)
    start(capture, tmp_path, driver.at + 2.0)
    driver.give(hum(3.0))
    capture._do_stop({"at": driver.at})
    assert told.finished()["began_at_seconds"] == pytest.approx(101.75)
    assert told.finished()["frames"] == 1.25 * RATE


def test_lost_frames_are_silence_and_are_counted(tmp_path: Path):
    told = Told()
    capture = Capture(told)  # type: ignore[arg-type]
    driver = Driver(capture)
    start(capture, tmp_path, driver.at)
    driver.give(hum(1.0))
    driver.give(hum(1.0), lost=400)
    capture._do_stop({"at": driver.at})
    assert told.finished()["dropped_frames"] == 400
    assert told.finished()["frames"] == 2 * RATE + 400


def test_blocks_that_the_disk_is_too_slow_for_are_counted_as_lost(tmp_path: Path):
    told = Told()
    capture = Capture(told)  # type: ignore[arg-type]
    driver = Driver(capture)
    start(capture, tmp_path, driver.at)
    driver.give(hum(0.1))
    for _ in range(WAITING_BLOCKS + 10):
        capture.take(Block(hum(0.001), driver.at))
    while capture._blocks:
        capture._use(capture._blocks.popleft())
    capture.take(Block(hum(0.001), driver.at))
    capture._do_stop({"at": driver.at + 1})
    assert told.finished()["dropped_frames"] == 80


def test_it_ends_by_itself_after_a_quarter_of_an_hour(tmp_path: Path):
    told = Told()
    capture = Capture(told)  # type: ignore[arg-type]
    driver = Driver(capture)
    start(capture, tmp_path, driver.at)
    driver.give(hum(1.0))
    driver.give(hum(1.0), lost=round(LONGEST_SECONDS * RATE))
    assert told.finished()["ending"] == "limit"
    assert capture._file is None


def test_a_stop_without_sound_says_so(tmp_path: Path):
    told = Told()
    capture = Capture(told)  # type: ignore[arg-type]
    start(capture, tmp_path, 0.0)
    capture._do_stop({"at": 1.0})
    assert told.finished() is None


def test_a_bar_is_counted_in_from_the_next_bar_line():
    line = Timeline(120.0, Meter(3, 4), beats=0.0, at_seconds=0.0, running=True)
    counted = count_in(line, 0.4)
    clicks = [event for event in counted.events if is_note_on(event.message)]
    assert [event.due_seconds for event in clicks] == [1.5, 2.0, 2.5]
    assert [event.message for event in clicks] == [(0x99, 76, 110), (0x99, 77, 80), (0x99, 77, 80)]
    assert (counted.begins_beats, counted.begins_at_seconds) == (6.0, 3.0)


def test_six_eight_is_counted_in_two():
    line = Timeline(120.0, Meter(6, 8), running=True)
    clicks = [event.due_seconds for event in count_in(line, 0.0).events if is_note_on(event.message)]
    assert clicks == [1.5, 2.25]


def test_a_silent_count_in_only_waits_for_the_bar():
    line = Timeline(120.0, Meter(4, 4), running=True)
    counted = count_in(line, 0.5, bars=0)
    assert (counted.events, counted.begins_beats) == ((), 4.0)
    with pytest.raises(ValueError, match="a clock that runs"):
        count_in(Timeline(), 0.0)


def test_facts_are_written_as_json(tmp_path: Path):
    Facts(RATE, 1, 102.0, PLACE).write(tmp_path / "facts.json")
    assert json.loads((tmp_path / "facts.json").read_text())["place"]["beats"] == 8.0
    assert Facts.read(tmp_path / "facts.json") == Facts(RATE, 1, 102.0, PLACE)
