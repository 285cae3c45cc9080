"""The whole way, nothing of it pretended: a real voice into JACK, and in the end its variation in Ardour's session.

The judges are what Ardour saves, and notes that people wrote down from the same recording.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree

import mido
import numpy as np
import pytest
import soundfile

from bridge.daw.ardour import Ardour
from bridge.daw.ardour_install import install
from bridge.osc.client import OscPeer
from tests.fakes.waiting import PATIENCE_SECONDS, eventually
from tests.real.servers import JackServer

CLIP, CLIP_SECONDS = "solfege_480", 8.2
TICKS, RATE, TEMPO_BPM = 1920, 48_000, 96
SUPERCLOCKS_A_SECOND = 282_240_000
PIANO = "ardour:Piano/midi_in 1"
TRIES = 3
PERIOD_BEATS = 512 / RATE * TEMPO_BPM / 60


class DawProgram(Protocol):
    config: Path
    session: Path
    environment: dict[str, str]
    osc_port: int

    def saved(self) -> ElementTree.Element: ...
    def start(self, ready: Callable[[], bool]) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Conversation:
    """What a control surface does: commands over OSC, each with an id, each with its answer."""

    port: int

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.settimeout(PATIENCE_SECONDS)

    def ask(self, address: str, *values: Any) -> Any:
        from pythonosc.osc_message import OscMessage

        from bridge.osc.client import message

        self.socket.send(message(address, "w", *values))
        text = ""
        while True:
            said = OscMessage(self.socket.recv(65536))
            assert said.address != "/error", said.params
            if said.address == "/reply/part":
                text += said.params[3]
            else:
                return json.loads(text + said.params[1])


@pytest.fixture(scope="module")
def server(real_programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackServer]:
    made = JackServer("hb-whole", tmp_path_factory.mktemp("jack") / "jackd.log")
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def daw(server: JackServer, new_ardour: Callable[[str], DawProgram]) -> Iterator[DawProgram]:
    """The only Ardour in its JACK server."""
    if shutil.which("oscsend") is None:
        pytest.skip("no oscsend here: apt-get install --no-install-recommends liblo-tools")
    made = new_ardour(server.name)
    install(made.config, osc=True)
    made.start(lambda: Ardour(made.config).check().ready)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def program(daw: DawProgram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    """`hummingbridge serve`, beside the Ardour that it finds as a composer's would."""
    folder = tmp_path_factory.mktemp("whole_way")
    with socket.socket() as one, socket.socket() as two:
        for probe in (one, two):
            probe.bind(("127.0.0.1", 0))
        osc, http = one.getsockname()[1], two.getsockname()[1]
    command = [sys.executable, "-m", "bridge.cli", "serve", "--library", str(folder / "library")]
    command += ["--osc-port", str(osc), "--http-port", str(http), "--daw", "ardour", "--clock", "midi"]
    environment = {**daw.environment, "HOME": os.environ["HOME"]}
    environment.pop("LD_LIBRARY_PATH", None)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")
    conversation = Conversation(osc)
    yield conversation
    conversation.socket.close()
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()


@pytest.fixture(scope="module")
def voice(daw: DawProgram, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """A singer at a JACK port."""
    clip = tmp_path_factory.mktemp("voice") / "clip.wav"
    samples, rate = soundfile.read(data / "voice" / CLIP / "audio.flac")
    soundfile.write(clip, samples[: round(CLIP_SECONDS * rate)], rate)
    command = [sys.executable, str(Path(__file__).with_name("jack_voice.py")), str(clip), "voice"]
    environment = {**os.environ, "JACK_DEFAULT_SERVER": daw.environment["JACK_DEFAULT_SERVER"]}
    environment["JACK_NO_START_SERVER"] = "1"
    singer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert singer.stdout is not None
    assert singer.stdout.readline() == "ready\n"
    yield singer
    assert singer.stdin is not None
    singer.stdin.close()
    singer.wait(30)
    singer.stdout.close()


def sung(data: Path) -> list[int]:
    """The pitches that people heard in the clip."""
    with (data / "voice" / CLIP / "notes.csv").open() as file:
        rows = [row for row in csv.reader(file) if row and row[0][0].isdigit()]
    return [round(float(row[2])) for row in rows if float(row[1]) < CLIP_SECONDS]


def regions(root: ElementTree.Element, track: str) -> list[ElementTree.Element]:
    playlists = root.findall("Playlists/Playlist")
    return [region for one in playlists if one.get("name") == track for region in one.iter("Region")]


def files_of(daw: DawProgram, root: ElementTree.Element, region: ElementTree.Element) -> list[Path]:
    names = {source.get("id"): source.get("name", "") for source in root.findall("Sources/Source")}
    ids = [region.get(f"source-{number}") for number in range(8) if region.get(f"source-{number}")]
    folder = daw.session / "interchange" / daw.session.name
    return [next(folder.rglob(names[each].replace("[", "[[]"))) for each in ids]


def starts_at_samples(region: ElementTree.Element) -> float:
    place = region.get("length", "").split("@")[1]
    if place[0] == "b":
        return int(place[1:]) / TICKS * 60 / TEMPO_BPM * RATE
    return int(place[1:]) * RATE / SUPERCLOCKS_A_SECOND


def played_notes(path: Path) -> list[tuple[float, int]]:
    """(quarter, pitch) of each note in a MIDI file."""
    file, now, notes = mido.MidiFile(path), 0, []
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            notes.append((now / file.ticks_per_beat, message.note))
    return notes


def test_a_hum_becomes_a_variation_in_the_daws_session(
    server: JackServer,
    daw: DawProgram,
    program: Conversation,
    voice: subprocess.Popen[str],
    data: Path,
) -> None:
    jack = {**os.environ, "JACK_DEFAULT_SERVER": daw.environment["JACK_DEFAULT_SERVER"], "JACK_NO_START_SERVER": "1"}

    def connect(one: str, other: str) -> None:
        done = subprocess.run(["jack_connect", one, other], env=jack, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    # A composer chooses these in the DAW's own lists of ports.
    eventually(lambda: {each["state"] for each in program.ask("/session/get")["midi"]} == {"open"}, what="MIDI ports")
    connect("Hummingbridge:out", PIANO)
    connect("ardour:MIDI Clock out", "Hummingbridge in:in")

    # The hum; once more where JACK left periods out of it, as it does on a busy machine.
    assert voice.stdin is not None
    assert voice.stdout is not None
    for _ in range(TRIES):
        program.ask("/hum/record", 0, 0, "voice:out")
        voice.stdin.write("sing\n")
        voice.stdin.flush()
        assert voice.stdout.readline().startswith("sung")
        stopped = program.ask("/hum/stop")
        recording = program.ask("/take/show", stopped["take"])
        # Its notes and variations come by themselves.
        session = eventually(lambda hum=stopped["take"]: of_hum(program, hum), what="variations")
        if whole := recording["facts"]["dropped_samples"] == 0:
            break
    assert recording["facts"]["seconds"] == pytest.approx(CLIP_SECONDS, abs=0.2 if whole else 1.0)

    # Its notes, against those that people wrote down. A note that is cut counts twice.
    assert len(session["variations"]) == 10
    heard = [note[2] for note in program.ask("/motif/get")["notes"]]
    wanted = sung(data)
    common = longest_common(heard, wanted)
    assert common >= (0.95 if whole else 0.8) * len(wanted), (heard, wanted)
    assert len(heard) <= (1.15 if whole else 1.5) * len(wanted), (heard, wanted)

    # A variation, chosen by another program.
    subprocess.run(["oscsend", "127.0.0.1", str(program.port), "/variation/select", "si", "osc", "3"], check=True)
    eventually(lambda: program.ask("/session/get")["selected"] == 3, what="the selection")
    take = session["variations"][2]["take"]
    program.ask("/motif/get")

    # Auditioned into the DAW's track, which records it from the bar line on; once more where JACK stood still.
    for _ in range(TRIES):
        clock, lost_periods = auditioned_into(daw, program, server)
        if not lost_periods:
            break
    assert clock["leader"] == "midi"
    # Where JACK stands still for a tenth of a second, so does the DAW's time, and its clock tells that afterwards.
    assert clock["tempo_bpm"] == pytest.approx(TEMPO_BPM, abs=0.2 * TEMPO_BPM if lost_periods else 0.1)

    # The render, at bar 3.
    sent = program.ask("/take/send", "", "ardour", 3, "Hummed")
    assert [(one["kind"], one["track"], one["at_bar"]) for one in sent["placements"]] == [
        ("audio", "Hummed", 3),
        ("notes", "Hummed notes", 3),
    ]
    ardour = Ardour(daw.config, osc_port=daw.osc_port)
    eventually(lambda: not ardour.transport().playing, what="the transport to stop")
    ardour.save()
    root = daw.saved()

    variation = program.ask("/take/show", take)
    assert variation["kind"] == "variation"
    expected = written_notes(program, take)

    # What was recorded last: the variation's notes, from a bar line on.
    recorded = max(regions(root, "Piano"), key=lambda region: int(region.get("id", "")))
    (file,) = files_of(daw, root, recorded)
    begins = starts_at_samples(recorded) / RATE * TEMPO_BPM / 60
    got = [(begins + beats, pitch) for beats, pitch in played_notes(file)]
    assert len(got) >= 4
    assert [pitch for _, pitch in got] == repeated([pitch for _, pitch in expected], len(got))
    off_beats = [at - due for (at, _), (due, _) in zip(got, expected, strict=False)]
    bar_line = 4 * round(statistics.median(off_beats) / 4)
    # From port to port JACK hands a message on a period later, and Ardour takes off what it knows of that.
    assert statistics.median(off_beats) == pytest.approx(bar_line, abs=0.5 if lost_periods else 4 * PERIOD_BEATS)
    spread = max(abs(off - statistics.median(off_beats)) for off in off_beats)
    assert spread < (0.5 if lost_periods else 2 * PERIOD_BEATS)

    # What was imported: the sound on its sample, and the notes on their bar.
    (sound,) = regions(root, "Hummed")
    assert starts_at_samples(sound) == 8 * 60 / TEMPO_BPM * RATE
    samples = np.stack([soundfile.read(path, dtype="float32")[0] for path in files_of(daw, root, sound)])
    assert samples.shape[1] > RATE
    assert 0.01 < float(np.abs(samples).max()) <= 1
    (notes,) = regions(root, "Hummed notes")
    assert starts_at_samples(notes) == 8 * 60 / TEMPO_BPM * RATE
    (notes_file,) = files_of(daw, root, notes)
    assert [pitch for _, pitch in played_notes(notes_file)] == [pitch for _, pitch in expected]


def of_hum(program: Conversation, hum: str) -> dict[str, Any] | None:
    """The session once its variations are of that hum."""
    session: dict[str, Any] = program.ask("/session/get")
    if not session["variations"]:
        return None
    manifest = program.ask("/take/show", session["variations"][0]["take"])["manifest"]
    return session if hum in [own["id"] for own in manifest["composers_own"]] else None


def auditioned_into(daw: DawProgram, program: Conversation, server: JackServer) -> tuple[dict[str, Any], int]:
    """Seven seconds of the audition, recorded by the DAW: the clock as it was at the end, and the periods JACK lost."""
    with OscPeer(daw.osc_port) as ardour_osc:
        ardour_osc.send("/goto_start")
        ardour_osc.send("/strip/recenable", 2, 1)
        ardour_osc.send("/rec_enable_toggle")
        before = server.lost_periods()
        ardour_osc.send("/transport_play")
        eventually(lambda: program.ask("/clock/get")["running"], what="the DAW's clock")
        program.ask("/variation/audition")
        time.sleep(7.0)
        clock = program.ask("/clock/get")
        program.ask("/variation/stop")
        lost = server.lost_periods() - before
        ardour_osc.send("/transport_stop")
        ardour_osc.send("/rec_enable_toggle")
        eventually(lambda: not program.ask("/clock/get")["running"], what="the DAW to stop")
    return clock, lost


def written_notes(program: Conversation, take: str) -> list[tuple[float, int]]:
    """The variation's notes, read by another program's eyes."""
    program.ask("/motif/set", take)
    return [(note[0], note[2]) for note in program.ask("/motif/get")["notes"]]


def repeated(pitches: list[int], count: int) -> list[int]:
    return (pitches * (count // len(pitches) + 1))[:count]


def longest_common(one: list[int], other: list[int]) -> int:
    """How many notes two melodies share in order; a voice between two pitches may count as either."""
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, first in enumerate(one):
        for j, second in enumerate(other):
            rows[i + 1][j + 1] = rows[i][j] + 1 if abs(first - second) <= 1 else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]
