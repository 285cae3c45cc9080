"""A timbre heard while it is made, through a real JACK server: what is heard is what lies in the file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from assistant.hear import Listener
from assistant.library import Library
from assistant.presets import shipped
from assistant.steps import sound_in, sound_of
from bridge.loudspeaker import Loudspeaker, NoOutput
from bridge.tasks import Bench, timbre
from tests.fakes.waiting import eventually

RATE = 48_000


@pytest.fixture
def jack(patient_jack: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", patient_jack)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    return pytest.importorskip("jack")


class Ear:
    """Another JACK program, that keeps what it hears from the first sound on; `missed` counts what JACK passed over."""

    def __init__(self, jack: Any) -> None:
        self.client = jack.Client(f"ear {os.getpid()}", no_start_server=True)
        self.ports = [self.client.inports.register(f"in_{side}") for side in (1, 2)]
        self.lock, self.blocks, self.missed, self.stamp = threading.Lock(), [], 0, -1
        self.client.set_process_callback(self.process)
        self.client.activate()

    def process(self, frames: int) -> None:
        stamp = self.client.last_frame_time
        with self.lock:
            if self.stamp >= 0:
                self.missed += stamp - self.stamp - frames
            self.stamp = stamp
            self.blocks.append(np.stack([np.array(port.get_array()) for port in self.ports]))

    def heard(self) -> np.ndarray:
        """From the first sample that is no silence; begins anew."""
        with self.lock:
            found, self.blocks = np.concatenate(self.blocks, axis=1), []
        return found[:, int(np.argmax(np.abs(found[0]) > 0)) :]


@pytest.fixture
def ear(jack: Any) -> Iterator[Ear]:
    made = Ear(jack)
    yield made
    made.client.close()


def test_what_is_heard_while_it_is_made_is_what_the_file_holds(ear: Ear, tmp_path: Path):
    hum = tmp_path / "hum.flac"
    sung, rate = soundfile.read(shipped("demo/hum.flac"), frames=3 * 44_100)
    soundfile.write(hum, sung, rate)
    transfer = [sys.executable, "-m", "bridge.cli", "timbre", "transfer", str(hum), "--to", "cello"]
    shut = [*transfer, "--library", str(tmp_path / "shut"), "-o", str(tmp_path / "shut.wav")]
    subprocess.run(shut, check=True, capture_output=True)
    alone, _ = soundfile.read(tmp_path / "shut.wav", dtype="int32")
    begins = int(np.argmax(np.abs(alone) >= 256))
    # A busy machine's JACK leaves periods out; a run without one is waited for.
    for number in range(10):
        ear.missed = 0
        ear.heard()
        out = tmp_path / f"{number}.wav"
        listening = ["--listen-on", ear.client.name, "--library", str(tmp_path / str(number)), "-o", str(out)]
        ended = subprocess.run([*transfer, *listening], check=True, capture_output=True, text=True)
        assert f"playing on {ear.client.name}:in_1" in ended.stderr
        heard = ear.heard()
        if not ear.missed and "gap" not in ended.stderr:
            break
    written, _ = soundfile.read(out, dtype="int32")
    assert np.array_equal(written, alone)
    played = len(alone) - begins
    assert np.array_equal(heard[0], heard[1])
    # The file has 24 bits; its first sample that is not nothing may come after the first that was heard.
    lags = range(600)
    nearest = min(
        lags, key=lambda lag: float(np.abs(heard[0, lag : lag + 9000] - alone[begins : begins + 9000] / 2**31).max())
    )
    difference = np.abs(heard[0, nearest : nearest + played] - alone[begins:] / 2**31)
    assert len(difference) == played
    assert difference.max() < 2**-22


def test_the_running_programs_worker_plays_too(ear: Ear, tmp_path: Path):
    with Library(tmp_path / "library") as library:
        _, recording = sound_of(library, str(shipped("demo/hum.flac")))
        asked = {"take": recording.id, "timbre": "flute", "settings": {}, "chain": "", "listen_on": ear.client.name}
        made = timbre(Bench(library, Listener(threads=1)), asked, lambda _: None)
        written = sound_in(library, library.get(made["take"])).mono()
    heard = ear.heard()[0]
    assert np.abs(heard).max() == pytest.approx(np.abs(written).max(), abs=1e-4)


def test_a_closed_loudspeaker_is_silent_at_once_and_leaves_no_process(ear: Ear):
    speaker = Loudspeaker(RATE, ear.client.name)
    speaker.play(np.full((1, 60 * RATE), 0.1, np.float32))
    speaker.close()
    assert speaker._process.returncode is not None
    eventually(lambda: not [port for port in ear.client.get_ports() if "listen" in port.name])
    speaker.play(np.zeros((1, 10), np.float32))


def test_an_output_that_is_not_there_is_named_with_those_that_are(jack: Any):
    with pytest.raises(NoOutput, match="no audio input 'nowhere'") as refused:
        Loudspeaker(RATE, "nowhere")
    assert "system:playback_1" in refused.value.hint


def test_sound_of_another_rate_is_played_as_long(ear: Ear):
    with Loudspeaker(24_000, ear.client.name) as speaker:
        ear.heard()
        speaker.play(0.5 * np.ones((2, 12_000), np.float32))
        assert speaker.finish() in (True, False)
    loud = np.flatnonzero(np.abs(ear.heard()[0]) > 0.25)
    assert len(loud) == pytest.approx(24_000, abs=4096 + 50)


def test_without_any_output_the_file_is_made_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if shutil.which("jackd") is None:
        pytest.skip("no jackd here")
    environment = {**os.environ, "JACK_DEFAULT_SERVER": "none-of-that-name", "JACK_NO_START_SERVER": "1"}
    out = tmp_path / "out.wav"
    arguments = ["timbre", "transfer", str(shipped("demo/hum.flac")), "--to", "flute", "--listen-on", "no such place"]
    ended = subprocess.run(
        [sys.executable, "-m", "bridge.cli", *arguments, "--library", str(tmp_path / "library"), "-o", str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "it cannot be heard" in ended.stderr
    assert soundfile.info(out).frames == round(soundfile.info(shipped("demo/hum.flac")).duration * RATE)
