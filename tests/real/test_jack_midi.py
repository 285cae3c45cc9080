"""MIDI through a real JACK server: what arrives is what was asked, and whoever is killed, no note hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest

from bridge.midi_io.patch import LOOK_SECONDS
from bridge.midi_io.player import Player, PortState
from bridge.midi_io.ports import NoSuchPort, PortChoice, list_ports
from bridge.midi_io.schedule import Event
from tests.fakes.waiting import eventually
from tests.real.servers import JackServer

Message = tuple[int, ...]


class Receiver:
    """Another program's MIDI input, made with python-rtmidi alone."""

    def __init__(self, client: str) -> None:
        self.client, self.name = client, f"{client}:in"
        self.got: list[tuple[float, Message]] = []
        self.begin()

    def begin(self) -> None:
        import rtmidi

        self.port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=self.client)
        self.port.set_callback(lambda event, _: self.got.append((time.perf_counter(), tuple(event[0]))))
        self.port.open_virtual_port("in")

    def end(self) -> None:
        self.port.close_port()
        self.port.delete()

    def pitches(self, status: int) -> list[int]:
        return [message[1] for _, message in self.got if message[0] & 0xF0 == status]

    def sounding(self) -> set[int]:
        notes: set[int] = set()
        for _, message in self.got:
            if message[0] & 0xF0 == 0x90:
                notes.add(message[1])
            elif message[0] & 0xF0 == 0x80:
                notes.discard(message[1])
        return notes


@pytest.fixture
def jack(jack_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", jack_server)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    return jack_server


@pytest.fixture
def receiver(jack: str, request: pytest.FixtureRequest) -> Iterator[Receiver]:
    made = Receiver(f"receiver {request.node.name[:12]} {os.getpid()}")
    yield made
    made.end()


class Ports:
    def __init__(self) -> None:
        self.states: list[PortState] = []

    def __call__(self, state: PortState) -> None:
        self.states.append(state)

    @property
    def last(self) -> str:
        return self.states[-1].state if self.states else ""


@pytest.fixture
def told() -> Ports:
    return Ports()


@pytest.fixture
def player(receiver: Receiver, told: Ports) -> Iterator[Player]:
    made = Player(on_port=told, api="UNIX_JACK")
    made.open_output(PortChoice(receiver.name, virtual=False))
    eventually(lambda: told.last == "open")
    yield made
    made.close()


def note(pitch: int, at: float, length: float) -> list[Event]:
    return [Event(at, (0x90, pitch, 100)), Event(at + length, (0x80, pitch, 0))]


def test_notes_arrive_in_order_and_about_when_they_are_due(player: Player, receiver: Receiver):
    start = time.perf_counter() + 0.2
    for number in range(20):
        player.add(note(60 + number, start + number * 0.05, 0.04))
    eventually(lambda: len(receiver.pitches(0x80)) == 20)
    assert receiver.pitches(0x90) == list(range(60, 80))
    late = [
        seconds - start - number * 0.05
        for number, seconds in enumerate(when for when, message in receiver.got if message[0] == 0x90)
    ]
    # JACK hands on in periods of 10.7 ms; the rest is this machine's load.
    assert min(late) > -0.001
    assert sorted(late)[10] < 0.03
    assert max(player.stats()) < 50


def test_closing_ends_what_sounds(player: Player, receiver: Receiver):
    player.add(note(60, time.perf_counter(), 60.0))
    eventually(lambda: receiver.sounding() == {60})
    player.close()
    eventually(lambda: not receiver.sounding())
    assert (0xB0, 123, 0) in [message for _, message in receiver.got]


def test_the_time_keepers_death_in_mid_note_leaves_no_note_hanging(player: Player, receiver: Receiver, told: Ports):
    now = time.perf_counter()
    player.add(note(60, now, 60.0) + note(64, now, 60.0) + note(67, now, 0.01))
    eventually(lambda: receiver.sounding() == {60, 64})
    told.states.clear()
    os.kill(player.pid, signal.SIGKILL)
    eventually(lambda: told.last == "open")
    eventually(lambda: not receiver.sounding())
    player.add(note(72, time.perf_counter(), 0.01))
    eventually(lambda: receiver.pitches(0x80).count(72) == 1)


def test_our_own_death_in_mid_note_leaves_no_note_hanging(receiver: Receiver):
    script = f"""
        import time
        from bridge.midi_io.player import Player
        from bridge.midi_io.ports import PortChoice
        from bridge.midi_io.schedule import Event
        player = Player(api="UNIX_JACK")
        player.open_output(PortChoice({receiver.name!r}, virtual=False))
        now = time.perf_counter()
        for pitch in (60, 64, 67):
            player.add([Event(now, (0x90, pitch, 100)), Event(now + 60, (0x80, pitch, 0))])
        time.sleep(60)
    """
    ours = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    try:
        eventually(lambda: receiver.sounding() == {60, 64, 67})
    finally:
        ours.send_signal(signal.SIGKILL)
        ours.wait()
    eventually(lambda: not receiver.sounding())
    assert sorted(receiver.pitches(0x80)) == [60, 64, 67]


def test_a_virtual_port_gets_its_cables_back_after_the_time_keepers_death(receiver: Receiver, told: Ports):
    player = Player(on_port=told, api="UNIX_JACK")
    try:
        player.open_output(PortChoice(f"hb {os.getpid()}"))
        eventually(lambda: told.last == "open")
        subprocess.run(["jack_connect", f"hb {os.getpid()}:out", receiver.name], check=True, capture_output=True)
        player.add(note(60, time.perf_counter(), 60.0))
        eventually(lambda: receiver.sounding() == {60})
        time.sleep(1.2)
        told.states.clear()
        os.kill(player.pid, signal.SIGKILL)
        eventually(lambda: told.last == "open")
        eventually(lambda: not receiver.sounding())
    finally:
        player.close()


def test_a_virtual_port_gets_its_cables_of_before_when_the_program_is_started_again(receiver: Receiver, told: Ports):
    name, noted, periods = f"hb {os.getpid()}", {}, []
    player = Player(on_port=told, on_cables=noted.update, on_period=periods.append, api="UNIX_JACK")
    try:
        player.open_output(PortChoice(name))
        eventually(lambda: told.last == "open")
        subprocess.run(["jack_connect", f"{name}:out", receiver.name], check=True, capture_output=True)
        eventually(lambda: noted == {f"{name}:out": [receiver.name]})
    finally:
        player.close()
    assert periods == [512 / 48000]
    receiver.end()
    again = Player(cables=noted, api="UNIX_JACK")
    try:
        again.open_output(PortChoice(name))
        time.sleep(1.0)
        receiver.begin()
        again.add(note(60, time.perf_counter() + 2.0, 60.0))
        eventually(lambda: receiver.sounding() == {60})
    finally:
        again.close()


def test_a_port_that_goes_away_is_said_and_comes_back(player: Player, receiver: Receiver, told: Ports):
    receiver.end()
    eventually(lambda: told.last == "waiting")
    assert "went away" in told.states[-1].reason
    receiver.begin()
    eventually(lambda: told.last == "open")
    player.add(note(60, time.perf_counter(), 0.01))
    eventually(lambda: receiver.pitches(0x80) == [60])


def test_what_comes_in_is_stamped(jack: str, told: Ports):
    import rtmidi

    got: list[tuple[float, int, Message]] = []
    player = Player(on_message=lambda *each: got.append(each), on_port=told, api="UNIX_JACK")
    name = f"clock {os.getpid()}"
    sender = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=f"sender {os.getpid()}")
    try:
        player.open_input(PortChoice(name), number=3)
        eventually(lambda: told.last == "open")
        sender.open_port(sender.get_ports().index(f"{name}:in"))
        time.sleep(0.2)
        before = time.perf_counter()
        for message in ([0xFA], [0xF8], [0x90, 60, 100], [0xF2, 4, 0]):
            sender.send_message(message)
        eventually(lambda: len(got) == 4)
    finally:
        sender.close_port()
        sender.delete()
        player.close()
    assert [(number, message) for _, number, message in got] == [
        (3, (0xFA,)),
        (3, (0xF8,)),
        (3, (0x90, 60, 100)),
        (3, (0xF2, 4, 0)),
    ]
    assert all(before <= seconds < before + 1 for seconds, _, _ in got)


def test_jack_may_be_killed_and_the_port_comes_back(own_jack: JackServer, told: Ports, monkeypatch: pytest.MonkeyPatch):
    for name, value in own_jack.environment.items():
        monkeypatch.setenv(name, value)
    own_jack.start()
    player = Player(on_port=told, api="UNIX_JACK")
    try:
        player.open_output()
        eventually(lambda: told.last == "open")
        own_jack.kill()
        eventually(lambda: told.last == "waiting")
        assert "JACK" in told.states[-1].reason
        own_jack.start()
        eventually(lambda: told.last == "open")
        assert "Hummingbridge:out" in list_ports("UNIX_JACK").inputs
    finally:
        player.close()


def test_who_waits_for_a_port_leaves_the_graph_alone(player: Player, told: Ports, receiver: Receiver):
    import jack

    watcher = jack.Client(f"watcher {os.getpid()}", no_start_server=True)
    came_and_went: list[tuple[str, bool]] = []
    watcher.set_client_registration_callback(lambda name, came: came_and_went.append((name, came)))
    told.states.clear()
    player.open_output(PortChoice("no such synth", virtual=False), number=1)
    eventually(lambda: told.last == "waiting")
    with watcher:
        time.sleep(3.2 * LOOK_SECONDS)
    assert [client for client, _ in came_and_went if client != watcher.name] == []


def test_a_wrong_name_is_answered_with_the_names_there_are(player: Player, told: Ports, receiver: Receiver):
    told.states.clear()
    player.open_output(PortChoice("no such synth", virtual=False), number=1)
    eventually(lambda: told.last == "waiting")
    assert told.states[-1].reason == "there is no MIDI port 'no such synth'"
    assert receiver.name in told.states[-1].hint
    assert NoSuchPort.code == "no-such-port"
