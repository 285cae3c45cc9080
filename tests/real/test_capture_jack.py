"""A hum through a real JACK server: what another program plays is what lies in the file, at the time it was played."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.capture.recorder import CannotRecord, Level, Recorder
from bridge.capture.recording import Recording, recover_unfinished
from bridge.clock import Timeline
from tests.fakes.waiting import eventually
from tests.real.servers import JackServer

RATE = 48_000


@pytest.fixture
def jack(jack_server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", jack_server)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    return pytest.importorskip("jack")


class Singer:
    """Another JACK program: silence, and once told, a tone of `seconds`. `began` is when its first sample was due."""

    def __init__(self, jack: Any) -> None:
        self.client = jack.Client(f"singer {os.getpid()}", no_start_server=True)
        self.port = self.client.outports.register("out")
        self.tone = np.zeros(0, dtype=np.float32)
        self.place, self.began = 0, 0.0
        self.missed_frames, self.stamp = 0, -1
        self.client.set_process_callback(self.process)
        self.client.activate()
        self.name = self.port.name

    def sing(self, seconds: float, hz: float = 220.0) -> None:
        tone = 0.4 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)
        self.place, self.tone = 0, tone.astype(np.float32)
        self.began = 0.0
        self.missed_frames, self.stamp = 0, -1

    def process(self, frames: int) -> None:
        out = self.port.get_array()
        out[:] = 0
        stamp = self.client.last_frame_time
        if self.stamp >= 0:
            self.missed_frames += stamp - self.stamp - frames
        self.stamp = stamp
        part = self.tone[self.place : self.place + frames]
        if len(part):
            if self.place == 0:
                self.began = time.perf_counter() - self.client.frames_since_cycle_start / RATE
            out[: len(part)] = part
            self.place += len(part)


@pytest.fixture
def singer(jack: Any) -> Iterator[Singer]:
    made = Singer(jack)
    yield made
    made.client.close()


class Heard:
    def __init__(self) -> None:
        self.levels: list[Level] = []
        self.finished: list[Recording] = []


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def recorder(tmp_path: Path, singer: Singer, heard: Heard) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "hums", on_level=heard.levels.append, on_finished=heard.finished.append)
    made.arm("jack", singer.name)
    eventually(lambda: made.input.state == "armed")
    yield made
    made.close()


def running() -> Timeline:
    return Timeline(120.0, beats=16.0, at_seconds=time.perf_counter(), running=True)


def test_what_was_sung_is_in_the_file_where_it_was_sung(recorder: Recorder, singer: Singer, heard: Heard):
    # A busy machine's JACK leaves periods out, which the recording tells; one without is waited for.
    for _ in range(10):
        line = running()
        recorder.start(line)
        time.sleep(0.8)
        singer.sing(1.5)
        time.sleep(2.2)
        recording = recorder.stop()
        if not recording.dropped_frames + singer.missed_frames:
            break
    assert recording.dropped_frames == 0
    assert recording.duration_seconds == pytest.approx(0.25 + 1.5 + 0.4, abs=0.03)
    audio = recording.read()
    assert audio.sample_rate_hz == RATE
    spectrum = np.abs(np.fft.rfft(audio.mono()))
    assert np.argmax(spectrum) * RATE / audio.length == pytest.approx(220, abs=1)
    onset = int(np.argmax(np.abs(audio.mono()) > 0.01)) / RATE
    assert recording.began_at_seconds + onset == pytest.approx(singer.began, abs=0.015)
    assert recording.began_beats == pytest.approx(line.beats_at(recording.began_at_seconds), abs=1e-6)
    assert recording.peak_dbfs == pytest.approx(-8, abs=0.1)
    assert max(level.peak_dbfs for level in heard.levels) == pytest.approx(-8, abs=0.1)
    assert min(level.peak_dbfs for level in heard.levels) <= -100


def test_two_recordings_follow_each_other(recorder: Recorder, singer: Singer):
    paths = set()
    for _ in range(2):
        recorder.start(running())
        singer.sing(0.3)
        time.sleep(0.6)
        paths.add(recorder.stop().path)
    assert len(paths) == 2
    with pytest.raises(CannotRecord, match="no hum is being recorded"):
        recorder.stop()


def test_a_second_start_is_refused(recorder: Recorder):
    recorder.start(running())
    with pytest.raises(CannotRecord, match="already"):
        recorder.start(running())
    recorder.stop()


def test_the_recording_process_killed_in_mid_hum_loses_less_than_a_second(
    recorder: Recorder, singer: Singer, heard: Heard
):
    recorder.start(running())
    singer.sing(5.0)
    time.sleep(2.5)
    assert recorder._child is not None
    os.kill(recorder._child.pid, signal.SIGKILL)
    eventually(lambda: heard.finished)
    (recording,) = heard.finished
    assert recording.ending == "recovered"
    assert recording.duration_seconds > 1.5
    eventually(lambda: recorder.input.state == "armed")
    recorder.start(running())
    time.sleep(0.3)
    assert recorder.stop().ending == "stopped"


def test_we_are_killed_in_mid_hum_and_the_next_start_finds_it(jack: Any, singer: Singer, tmp_path: Path):
    script = f"""
import time
from pathlib import Path
from bridge.capture.recorder import Recorder
from bridge.clock import Timeline
recorder = Recorder(Path({str(tmp_path)!r}))
recorder.arm("jack", {singer.name!r})
recorder.start(Timeline())
print("recording", flush=True)
time.sleep(60)
"""
    ours = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert ours.stdout is not None
    assert ours.stdout.readline() == b"recording\n"
    time.sleep(0.4)
    singer.sing(1.0)
    time.sleep(1.8)
    ours.kill()
    ours.wait()
    ours.stdout.close()
    found: list[Recording] = []
    eventually(lambda: found.extend(recover_unfinished(tmp_path)) or found)
    assert found[0].duration_seconds == pytest.approx(0.25 + 1.0 + 0.4, abs=0.05)


def test_jack_killed_in_mid_hum_ends_the_recording_and_the_input_comes_back(
    own_jack: JackServer, tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("jack")
    for name, value in own_jack.environment.items():
        monkeypatch.setenv(name, value)
    own_jack.start()
    recorder = Recorder(tmp_path, on_finished=heard.finished.append)
    try:
        recorder.arm("jack")
        eventually(lambda: recorder.input.state == "armed")
        recorder.start(running())
        time.sleep(0.5)
        own_jack.kill()
        eventually(lambda: heard.finished)
        assert heard.finished[0].ending == "lost"
        assert recorder.input.state in ("lost", "waiting")
        own_jack.start()
        eventually(lambda: recorder.input.state == "armed")
    finally:
        recorder.close()


def test_a_wrong_name_is_answered_with_the_names_there_are(jack: Any, singer: Singer, tmp_path: Path):
    recorder = Recorder(tmp_path)
    try:
        recorder.arm("jack", "no such thing")
        eventually(lambda: recorder.input.state == "waiting")
        assert "'no such thing'" in recorder.input.reason
        assert singer.name in recorder.input.hint
        assert singer.name in recorder.inputs()["jack"]
    finally:
        recorder.close()
