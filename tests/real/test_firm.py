"""What the program works with is killed in turn, in mid-work: it goes on, says what happened, and loses no take."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol

import pytest
import soundfile

from assistant.presets import shipped
from bridge.daw.ardour import Ardour
from bridge.daw.ardour_install import install
from tests.fakes.waiting import eventually
from tests.real.servers import JackServer

VOICE = Path(__file__).with_name("jack_voice.py")
PEDAL = """
import json, rtmidi, sys, time
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="pedal")
out.open_port(out.get_ports().index("Hummingbridge in:in"))
out.send_message(json.loads(sys.argv[1]))
time.sleep(0.5)
"""
FRAME_BYTES, RATE = 4, 48_000


class DawProgram(Protocol):
    config: Path
    environment: dict[str, str]
    osc_port: int

    def start(self, ready: Callable[[], bool]) -> None: ...
    def stop(self, how: signal.Signals = ...) -> None: ...


class Program:
    """`hummingbridge serve`, asked over HTTP; `start` again after `kill`."""

    def __init__(self, folder: Path, environment: dict[str, str], *arguments: str) -> None:
        self.folder, self.environment, self.arguments = folder, environment, arguments
        with socket.socket() as one, socket.socket() as two:
            for probe in (one, two):
                probe.bind(("127.0.0.1", 0))
            self.osc, self.http = one.getsockname()[1], two.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "bridge.cli", "serve", "--library", str(self.folder / "library")]
        command += ["--osc-port", str(self.osc), "--http-port", str(self.http), "--folder", str(self.folder)]
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen([*command, *self.arguments], stdout=said, env=self.environment)
        eventually(self.answers, what="the start")

    def answers(self) -> bool:
        try:
            self.do("job/list")
        except OSError:
            return False
        return True

    def attempt(self, name: str, **arguments: object) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.http, timeout=60)
        try:
            connection.request("POST", f"/api/{name}", json.dumps(arguments))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def do(self, name: str, **arguments: object) -> Any:
        status, answer = self.attempt(name, **arguments)
        assert status == 200, answer
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def motif(self) -> None:
        """A motif and its variations."""
        shutil.copy(shipped("demo/hum.flac"), self.folder / "hum.flac")
        self.do("hum/import", path=str(self.folder / "hum.flac"))
        eventually(lambda: len(self.do("session/get")["variations"]) == 10, what="variations")

    def midi(self) -> set[str]:
        return {each["state"] for each in self.do("session/get")["midi"]}

    def recordings(self) -> list[Any]:
        return [take for take in self.do("take/list")["takes"] if take["kind"] == "recording"]

    def recorded_seconds(self) -> float:
        """How much of a hum lies on the disk while it is recorded."""
        growing = (self.folder / "library" / "recordings").glob("*.recording.wav")
        return sum(path.stat().st_size for path in growing) / FRAME_BYTES / RATE


Serve = Callable[..., Program]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts the program."""
    started: list[Program] = []

    def start(environment: dict[str, str], *arguments: str) -> Program:
        started.append(Program(tmp_path, environment, *arguments))
        return started[-1]

    yield start
    for program in started:
        program.close()


class Singer:
    """Five seconds of the shipped hum, sung at the JACK port `voice:out`."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        samples, rate = soundfile.read(shipped("demo/hum.flac"))
        soundfile.write(folder / "voice.wav", samples[: 5 * rate], rate)
        command = [sys.executable, str(VOICE), str(folder / "voice.wav"), "voice"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.ear, self.mouth = self.process.stdin, self.process.stdout
        assert self.mouth.readline() == b"ready\n"

    def begin(self) -> None:
        self.ear.write(b"sing\n")
        self.ear.flush()

    def sing(self) -> None:
        self.begin()
        assert self.mouth.readline().startswith(b"sung")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.ear.close()
        self.mouth.close()


@pytest.fixture
def sing(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Singer]]:
    started: list[Singer] = []

    def start(environment: dict[str, str]) -> Singer:
        started.append(Singer(tmp_path, environment))
        return started[-1]

    yield start
    for singer in started:
        singer.end()


@pytest.fixture
def environment(own_jack: JackServer) -> dict[str, str]:
    own_jack.start()
    return {**os.environ, **own_jack.environment}


def test_jack_is_killed_while_it_records_and_plays(
    own_jack: JackServer, environment: dict[str, str], serve: Serve, sing: Callable[[dict[str, str]], Singer]
) -> None:
    program = serve(environment)
    program.motif()
    eventually(lambda: program.midi() == {"open"}, what="MIDI ports")
    program.do("variation/audition")
    singer = sing(environment)
    program.do("hum/record", input="voice:out")
    singer.begin()
    eventually(lambda: program.recorded_seconds() > 3, what="three seconds")

    own_jack.kill()
    eventually(lambda: program.midi() == {"waiting"}, what="MIDI is said to be away")
    session = eventually(
        lambda: not (now := program.do("session/get"))["recording"] and now, what="the recording is said to be over"
    )
    assert session["input"]["state"] in {"lost", "waiting"}
    assert "JACK" in session["midi"][0]["reason"]
    # What had been sung until then is kept.
    kept = eventually(lambda: len(program.recordings()) == 2 and program.recordings()[0], what="the take")
    assert kept["facts"]["ended"] == "lost"
    assert kept["facts"]["seconds"] > 1.5
    singer.end()

    own_jack.start()
    eventually(lambda: program.midi() == {"open"}, what="MIDI ports are there again")
    program.do("variation/audition")
    program.do("variation/stop")
    singer = sing(environment)
    eventually(lambda: program.do("session/get")["input"]["state"] == "armed", what="the input is there again")
    program.do("hum/record", input="voice:out")
    singer.sing()
    assert program.do("hum/stop")["seconds"] > 1.5


def test_ardour_is_killed_and_comes_back(new_ardour: Callable[[], DawProgram], serve: Serve) -> None:
    daw = new_ardour()
    install(daw.config, osc=True)
    environment = {**daw.environment, "HOME": os.environ["HOME"]}
    environment.pop("LD_LIBRARY_PATH", None)

    def ready() -> bool:
        return Ardour(daw.config).check().ready

    daw.start(ready)
    program = serve(environment, "--daw", "ardour")
    program.motif()

    def daw_state() -> Any:
        return program.do("session/get").get("daw_state", {}).get("state")

    eventually(lambda: daw_state() == "ready", what="Ardour is seen")
    takes = {take["id"] for take in program.do("take/list")["takes"]}
    daw.stop()
    status, answer = program.attempt("take/send", at_bar=3)
    assert (status, answer["error"]["code"]) == (400, "daw-unreachable")
    assert "start Ardour" in answer["error"]["hint"]
    eventually(lambda: daw_state() == "unreachable", what="Ardour is said to be away")
    assert takes <= {take["id"] for take in program.do("take/list")["takes"]}

    daw.start(ready)
    eventually(lambda: daw_state() == "ready", what="Ardour is seen again")
    sent = program.do("take/send", at_bar=3)
    assert [one["at_bar"] for one in sent["placements"]] == [3, 3]
    daw.stop()


def test_killed_while_it_records_the_hum_is_a_take_at_the_next_start(
    environment: dict[str, str], serve: Serve, sing: Callable[[dict[str, str]], Singer], tmp_path: Path
) -> None:
    program = serve(environment)
    singer = sing(environment)
    program.do("hum/record", input="voice:out")
    singer.begin()
    eventually(lambda: program.recorded_seconds() > 3, what="three seconds")
    program.kill()
    program.start()
    kept = eventually(program.recordings, what="the hum of before")
    assert kept[0]["facts"]["ended"] == "recovered"
    assert kept[0]["facts"]["seconds"] > 1.5
    eventually(lambda: program.do("session/get")["motif"], what="its notes")
    assert not list((tmp_path / "library" / "recordings").iterdir())


def test_a_footswitch_is_learned_from_its_press_and_remembered(environment: dict[str, str], serve: Serve) -> None:
    program = serve(environment)
    eventually(lambda: program.midi() == {"open"}, what="MIDI ports")

    def press(*message: int) -> None:
        subprocess.run([sys.executable, "-c", PEDAL, json.dumps(message)], env=environment, check=True)

    assert program.do("session/get")["footswitch"] == "cc:64"
    program.do("hum/learn")
    press(0x92, 36, 100)
    eventually(lambda: program.do("session/get")["footswitch"] == "note:36:3", what="the pedal is learned")
    assert not program.do("session/get")["recording"]
    press(0x92, 36, 100)
    eventually(lambda: program.do("session/get")["recording"], what="the recording")
    program.kill()
    program.start()
    assert program.do("session/get")["footswitch"] == "note:36:3"


def test_a_second_record_is_refused_and_the_first_goes_on(environment: dict[str, str], serve: Serve) -> None:
    program = serve(environment)
    eventually(lambda: program.midi() == {"open"}, what="MIDI ports")
    program.do("hum/record")
    status, answer = program.attempt("hum/record")
    assert status != 200
    assert "already" in answer["error"]["message"]
    assert program.do("session/get")["recording"]
    eventually(lambda: program.recorded_seconds() > 0.5, what="the recording goes on")


def test_an_audition_answers_the_bar_and_work_is_told_in_the_terminal(
    environment: dict[str, str], serve: Serve, tmp_path: Path
) -> None:
    program = serve(environment)
    program.motif()
    eventually(lambda: program.midi() == {"open"}, what="MIDI ports")
    assert program.do("variation/audition", number=1)["at_bar"] == 1
    program.do("variation/stop")
    job = program.do("render/make", instrument="piano")["job"]
    eventually(
        lambda: any(each["job"] == job and each["state"] == "done" for each in program.do("job/list")["jobs"]),
        what="the rendering",
    )
    said = (tmp_path / "said").read_text()
    assert ": 50 %" in said
    assert ": 75 %" in said
    assert ": done" in said


CHANGES: dict[str, tuple[dict[str, object], set[str]]] = {
    "vary/make": ({}, {"variations", "selected", "seed"}),
    "vary/more": ({"number": 2}, {"motif", "variations", "selected", "seed"}),
    "vary/closeness": ({"closeness": 0.4}, {"closeness"}),
    "variation/select": ({"number": 5}, {"selected"}),
    "variation/keep": ({"number": 4}, {"variations"}),
    "variation/undo": ({}, {"variations", "selected"}),
    "render/make": ({}, set()),
    "sound/set": ({"instrument": "flute"}, {"instrument"}),
    "take/star": ({"take": "hum 1"}, set()),
}
"""Command → what it is asked with, and what of the session it may change."""

SETTINGS = ("motif", "variations", "selected", "seed", "closeness", "locked_bars", "keep", "instrument", "chain", "daw")


def test_killed_during_any_command_the_session_is_whole_at_the_next_start(serve: Serve) -> None:
    """The program is killed a little later in each command than in the one before."""
    program = serve(dict(os.environ), "--midi-out", "none")
    program.motif()
    for number, (name, (given, may_change)) in enumerate(CHANGES.items()):
        before = program.do("session/get")
        connection = HTTPConnection("127.0.0.1", program.http)
        connection.request("POST", f"/api/{name}", json.dumps(given))
        time.sleep(0.003 * number)
        program.kill()
        connection.close()
        program.start()
        after = program.do("session/get")
        assert {key for key in SETTINGS if after[key] != before[key]} <= may_change, name
        assert len(program.recordings()) == 1
        assert after["selected"] in {0, *(one["number"] for one in after["variations"])}
