"""Control surfaces at real JACK MIDI ports, each played by this test as its maker describes it; and over OSC, liblo's
`oscsend` and `oscdump`. The program is `hummingbridge serve`, in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

import pytest

from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import motif_score, smf_bytes


def eventually(holds: Callable[[], Any], *, seconds: float = 20.0, what: str = "it") -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.01)
    return found


class Device:
    """A box with a MIDI plug. `got` is what came, in hex; `lit` the last message to each light, by its status without
    channel and its number.
    """

    def __init__(self, client: str, port: str) -> None:
        self.client, self.port = client, port
        self.got: list[str] = []
        self.lit: dict[str, str] = {}
        self.plug_in()

    def plug_in(self) -> None:
        box = str(Path(__file__).with_name("midi_box.py"))
        command = [sys.executable, box, f"{self.client} {os.getpid()}", self.port]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.listening = threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True)
        self.listening.start()

    def listen(self, said: IO[str]) -> None:
        for line in said:
            message = line.strip()
            if message[0] in "9B":
                self.lit[message[0] + message[2:5]] = message
            self.got.append(message)

    def unplug(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        # It leaves in good order, as a device's port does: a client that is killed holds JACK up for its whole timeout.
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listening.join(5)
        self.lit.clear()
        self.process.stdout.close()

    def send(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")

    def shows(self, *messages: str) -> bool:
        return all(self.lit.get(message[0] + message[2:5]) == message for message in messages)

    def quiet(self) -> None:
        quiet(self)


def quiet(*devices: Device, seconds: float = 0.4) -> None:
    """Waits until nothing more comes."""
    count = -1
    while count != (now := sum(len(device.got) for device in devices)):
        count = now
        time.sleep(seconds)


@dataclass
class Serve:
    """The running program."""

    library: Path
    http: int
    osc: int
    process: subprocess.Popen[str]

    def do(self, command: str, /, **arguments: object) -> Any:
        connection = HTTPConnection("127.0.0.1", self.http, timeout=30)
        connection.request("POST", f"/api/{command}", json.dumps(arguments))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert "error" not in answer, answer
        return answer

    def session(self) -> Any:
        return self.do("session/get")


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def started(folder: Path, *arguments: str) -> Serve:
    osc, http = free_ports(2)
    command = [sys.executable, "-m", "bridge.cli", "serve", "--library", str(folder / "library")]
    command += ["--osc-port", str(osc), "--http-port", str(http), "--folder", str(folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")
    return Serve(folder / "library", http, osc, process)


def ended(program: Serve) -> None:
    program.process.terminate()
    assert program.process.wait(20) == 0
    assert program.process.stdout is not None
    program.process.stdout.close()


@pytest.fixture(scope="module")
def jack(patient_jack: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", patient_jack)
        patch.setenv("JACK_NO_START_SERVER", "1")
        yield


@pytest.fixture(scope="module")
def launchpad(jack: None) -> Iterator[Device]:
    made = Device("Launchpad X", "LPX MIDI")
    yield made
    made.unplug()


@pytest.fixture(scope="module")
def mackie(jack: None) -> Iterator[Device]:
    made = Device("Mackie", "Mackie Control")
    yield made
    made.unplug()


@pytest.fixture(scope="module")
def knobs(jack: None) -> Iterator[Device]:
    made = Device("nano", "nano MIDI")
    yield made
    made.unplug()


@pytest.fixture(scope="module")
def tablet_port() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def program(
    launchpad: Device, mackie: Device, knobs: Device, tablet_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serve]:
    """With three surfaces and a tablet, a motif of four bars and ten variations of it."""
    folder = tmp_path_factory.mktemp("surfaces")
    surfaces = ["launchpad-x", "mackie", "generic-8x8=nano MIDI", f"touchosc=127.0.0.1:{tablet_port}"]
    made = started(folder, *(word for name in surfaces for word in ("--surface", name)))
    notes = tuple(Note(beat, pitch, 1) for beat, pitch in enumerate((60, 62, 64, 65, 67, 65, 64, 62) * 2))
    (folder / "idea.mid").write_bytes(smf_bytes(motif_score(Motif(Clip(notes, 16)), name="idea")))
    made.do("motif/set", source=str(folder / "idea.mid"))
    made.do("vary/make", count=10, seed=1)
    eventually(lambda: len(made.session()["variations"]) == 10, seconds=60)
    eventually(
        lambda: [port["state"] for one in made.do("surface/list")["surfaces"] for port in one["ports"]] == ["open"] * 6
    )
    yield made
    ended(made)


@pytest.fixture
def at_rest(program: Serve, launchpad: Device, mackie: Device, knobs: Device) -> Serve:
    """Nothing plays, the first variation is selected, and all lights say so."""
    program.do("variation/stop")
    program.do("variation/select", number=1)
    program.do("vary/closeness", closeness=0.5)
    program.do("vary/lock", bars=[])
    program.do("sound/levels", melody=1, inner=1, bass=1)
    for name in ("launchpad-x", "mackie", "generic-8x8"):
        program.do("surface/page", name=name, page="variations")
    for idea in program.session()["variations"]:
        if idea["mark"]:
            program.do("variation/undo")
    quiet(launchpad, mackie, knobs)
    for device in (launchpad, mackie, knobs):
        device.got.clear()
    return program


def test_a_launchpad_is_put_into_programmer_mode_before_anything_is_shown(program: Serve, launchpad: Device):
    assert eventually(lambda: launchpad.got)[0] == "F0 00 20 29 02 0C 0E 01 F7"


def test_every_light_of_the_launchpad_is_as_the_session_is(program: Serve, launchpad: Device):
    idle = [
        f"90 {number:02X} 01" for number in (*range(82, 89), 71, 72, *range(61, 69), 51, 52, *range(41, 49), 31, 32)
    ]
    choices = [f"90 {number:02X} 01" for number in (*range(21, 29), *range(11, 19))]
    buttons = [f"B0 {number:02X} 01" for number in (92, 93, 94, 95, 96, 97, 98, 89, 79, 69, 59, 49, 39, 29, 19)]
    expected = {"90 51 03", "B0 5B 31", *idle, *choices, *buttons}
    eventually(lambda: set(launchpad.lit.values()) == expected, what="the lights")


def test_a_press_plays_and_exactly_three_lights_change(at_rest: Serve, launchpad: Device):
    launchpad.send("90 53 64")
    eventually(lambda: len(launchpad.got) >= 3)
    launchpad.send("90 53 00")
    launchpad.quiet()
    assert sorted(launchpad.got) == ["90 51 01", "92 53 15", "B2 13 15"]
    assert at_rest.session()["playing"] == 3


def test_a_second_press_keeps_what_plays_and_undo_takes_it_back(at_rest: Serve, launchpad: Device):
    launchpad.send("90 53 64")
    eventually(lambda: launchpad.shows("92 53 15"))
    launchpad.send("90 53 64")
    eventually(lambda: launchpad.shows("92 53 0D", "90 3F 0D", "B0 3B 0D"))
    launchpad.send("B0 60 7F")
    eventually(lambda: launchpad.shows("92 53 15", "90 3F 01", "B0 3B 01"))


def test_what_is_to_play_from_the_next_bar_on_flashes_until_it_does(at_rest: Serve, launchpad: Device):
    launchpad.send("90 53 64")
    eventually(lambda: launchpad.shows("92 53 15"))
    launchpad.got.clear()
    launchpad.send("90 54 64")
    eventually(lambda: launchpad.shows("92 54 15"))
    pad = [message for message in launchpad.got if message[3:5] == "54"]
    assert pad == ["90 54 01", "91 54 15", "92 54 15"]


def test_surfaces_agree_whoever_was_touched(at_rest: Serve, launchpad: Device, mackie: Device, knobs: Device):
    mackie.send("90 1B 7F")
    eventually(lambda: launchpad.shows("92 54 15") and knobs.shows("90 27 7F"))
    eventually(lambda: mackie.shows("90 1B 01", "90 18 00"))
    launchpad.send("B0 13 7F")
    eventually(lambda: mackie.shows("90 1B 7F") and launchpad.shows("90 54 03"))


def test_bars_are_locked_on_their_page(at_rest: Serve, launchpad: Device):
    launchpad.send("B0 5C 7F")
    eventually(lambda: launchpad.shows("B0 5C 31", "90 51 01", "90 54 01", "90 55 00"))
    launchpad.send("90 52 64")
    eventually(lambda: launchpad.shows("90 52 09"))
    assert at_rest.session()["locked_bars"] == [2]


def test_strips_rings_digits_and_faders_of_a_mackie_byte_for_byte(at_rest: Serve, mackie: Device):
    at_rest.do("vary/closeness", closeness=1.0)
    eventually(lambda: mackie.shows("B0 30 0B"))
    mackie.quiet()
    assert sorted(mackie.got) == sorted(["B0 30 0B", "F0 00 00 66 14 12 38 43 6C 73 31 2E 30 20 F7"])
    mackie.got.clear()
    at_rest.do("variation/select", number=10)
    mackie.quiet()
    assert sorted(mackie.got) == ["90 18 00", "B0 4A 30", "B0 4B 31"]


def test_a_v_pot_turns_closeness_and_its_push_frees_it(at_rest: Serve, mackie: Device):
    mackie.send("B0 10 05")
    eventually(lambda: at_rest.session()["closeness"] == 0.55)
    mackie.send("B0 10 42")
    eventually(lambda: at_rest.session()["closeness"] == 0.53)
    mackie.send("90 20 7F")
    eventually(lambda: at_rest.session()["closeness"] is None)
    eventually(lambda: mackie.shows("B0 30 00"))


def test_the_jog_wheel_browses(at_rest: Serve, mackie: Device):
    mackie.send("B0 3C 03")
    eventually(lambda: at_rest.session()["selected"] == 4)
    mackie.send("B0 3C 41")
    eventually(lambda: at_rest.session()["selected"] == 3)


def test_a_fader_under_a_finger_is_left_alone(at_rest: Serve, mackie: Device):
    mackie.send("90 68 7F")
    mackie.send("E0 00 60")
    eventually(lambda: abs(at_rest.session()["melody_level"] - 0.75) < 0.001)
    at_rest.do("sound/levels", melody=0.25)
    mackie.quiet()
    assert not [message for message in mackie.got if message.startswith("E0")]
    mackie.send("90 68 00")
    eventually(lambda: "E0 00 20" in mackie.got)


def test_the_faders_are_the_levels_of_the_layers_and_only_the_one_that_changed_moves(at_rest: Serve, mackie: Device):
    at_rest.do("sound/levels", melody=1, inner=0.5, bass=0)
    mackie.quiet()
    mackie.got.clear()
    at_rest.do("sound/levels", bass=1)
    mackie.quiet()
    assert mackie.got == ["E2 7F 7F"]
    for touched, moved in (("90 69 7F", "E1 00 00"), ("90 6A 7F", "E2 00 40")):
        mackie.send(touched)
        mackie.send(moved)
    eventually(lambda: (at_rest.session()["inner_level"], at_rest.session()["bass_level"]) == (0, 0.5))
    mackie.quiet()
    assert mackie.got == ["E2 7F 7F"]
    mackie.got.clear()
    for let_go in ("90 69 00", "90 6A 00"):
        mackie.send(let_go)
    mackie.quiet()
    # Where the hand has put them, and nowhere else: a Mackie's motor goes back to what it was told last.
    assert mackie.got == ["E1 00 00", "E2 00 40"]
    mackie.got.clear()
    at_rest.do("sound/levels", melody=1, inner=1, bass=1)
    mackie.quiet()
    assert mackie.got == ["E1 7F 7F", "E2 7F 7F"]


def test_a_thousand_ticks_a_second_arrive_in_sum_and_the_ring_is_not_flooded(at_rest: Serve, mackie: Device):
    at_rest.do("vary/closeness", closeness=0.0)
    mackie.quiet()
    mackie.got.clear()
    begin = time.perf_counter()
    for tick in range(1000):
        # Forth, and a little less back: what counts is the sum.
        mackie.send("B0 10 01" if tick % 40 < 21 else "B0 10 41")
        while time.perf_counter() < begin + tick / 1000:
            time.sleep(0.0002)
    took = time.perf_counter() - begin
    mackie.quiet()
    # An end of the knob would swallow steps: the sum stays between them.
    eventually(lambda: abs(at_rest.session()["closeness"] - 0.5) < 0.001)
    mackie.quiet()
    rings = [message for message in mackie.got if message.startswith("B0 30")]
    assert len(rings) <= 34 * (took + 1)
    assert rings[-1] == "B0 30 06"


def test_knobs_of_a_generic_controller_take_hold_softly(at_rest: Serve, knobs: Device):
    knobs.send("B0 01 10")
    knobs.send("B0 18 7F")
    # The button after the knob was dealt with: so was the knob.
    eventually(lambda: at_rest.session()["variations"][0]["mark"] == "kept")
    assert at_rest.session()["closeness"] == 0.5
    knobs.send("B0 01 50")
    eventually(lambda: at_rest.session()["closeness"] == round(0x50 / 127, 4))


def test_a_surface_that_comes_back_finds_its_lights_right(at_rest: Serve, launchpad: Device):
    launchpad.unplug()
    eventually(lambda: port_states(at_rest) == {"waiting"})
    at_rest.do("variation/select", number=5)
    launchpad.got.clear()
    launchpad.plug_in()
    eventually(lambda: launchpad.shows("90 55 03", "90 51 01", "B0 5B 31"))
    assert launchpad.got[0] == "F0 00 20 29 02 0C 0E 01 F7"
    eventually(lambda: len(launchpad.lit) == 62)
    eventually(lambda: port_states(at_rest) == {"open"})
    launchpad.send("90 52 64")
    eventually(lambda: launchpad.shows("92 52 15"))


def port_states(program: Serve) -> set[str]:
    surfaces = {each["name"]: each for each in program.do("surface/list")["surfaces"]}
    return {port["state"] for port in surfaces["launchpad-x"]["ports"]}


@pytest.fixture
def tablet(tablet_port: int) -> Iterator[Callable[[], str]]:
    """What `oscdump` has printed so far."""
    if shutil.which("oscdump") is None:
        pytest.skip("no oscdump here: apt-get install --no-install-recommends liblo-tools")
    process = subprocess.Popen(["oscdump", "-L", str(tablet_port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said: list[str] = []
    listening = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    listening.start()
    yield lambda: "".join(said)
    process.terminate()
    process.wait()
    listening.join(5)
    process.stdout.close()


def test_a_tablet_over_osc_plays_and_is_lit(at_rest: Serve, launchpad: Device, tablet: Callable[[], str]):
    def send(address: str, *values: str) -> None:
        subprocess.run(["oscsend", "localhost", str(at_rest.osc), address, *values], check=True)

    def lit() -> bool:
        # oscdump may be listening only after the first words: it asks again, as a tablet does that was asleep.
        send("/surface/touchosc")
        return '/surface/touchosc/variation-1/state s "selected"' in tablet()

    eventually(lit)
    send("/surface/touchosc/variation-4", "f", "1.0")
    eventually(lambda: launchpad.shows("92 54 15"))
    eventually(lambda: re.search(r"/surface/touchosc/variation-4 f 1\.0", tablet()))
    eventually(lambda: '/surface/touchosc/variation-4/state s "playing"' in tablet())
    send("/surface/touchosc/closeness", "f", "0.25")
    eventually(lambda: at_rest.session()["closeness"] == 0.25)
    send("/surface/touchosc/bar-3", "f", "1")
    eventually(lambda: at_rest.session()["locked_bars"] == [3])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_launchpad_is_left_in_live_mode_however_the_program_ends(jack: None, tmp_path: Path, how: signal.Signals):
    pad = Device("Pro", "LPProMK3 MIDI")
    program = started(tmp_path, "--surface", "launchpad-pro-mk3", "--midi-out", "none", "--midi-in", "none")
    try:
        eventually(lambda: "F0 00 20 29 02 0E 0E 01 F7" in pad.got)
        program.process.send_signal(how)
        eventually(lambda: pad.got[-1] == "F0 00 20 29 02 0E 0E 00 F7")
    finally:
        program.process.kill()
        program.process.communicate()
        pad.unplug()


def test_a_controller_is_learned_at_its_port(jack: None):
    pads = Device("strange", "strange MIDI")
    command = [sys.executable, "-m", "bridge.cli", "surface", "learn", "mine", "--port", "strange MIDI"]
    learning = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert learning.stdin is not None
    assert learning.stdout is not None
    turns = iter([("B0 15 41", "B0 15 42"), ("B0 15 3F", "B0 15 3E")])
    try:
        for line in learning.stdout:
            if "variation 1 " in line:
                pads.send("90 28 40")
            elif "to hum" in line:
                pads.send("B0 40 7F")
            elif "closeness" in line and "turn" in line:
                one, other = next(turns)
                for message in (one, one, other, one):
                    pads.send(message)
            elif "Enter" in line:
                learning.stdin.write("\n")
        assert learning.wait(20) == 0
    finally:
        learning.kill()
        learning.communicate()
        pads.unplug()
    from bridge.surfaces.preset import load_surface

    bound = load_surface("mine").pages[0].controls
    assert {name: (one.does, one.encoding if one.sets else "") for name, one in bound.items()} == {
        "note-40": ("variation/audition", ""),
        "cc-64": ("hum/toggle", ""),
        "cc-21": ("vary/closeness", "binary-offset"),
    }


def lights_of_the_page(launchpad: Device) -> dict[str, str]:
    """Colour and channel by pad or button, only those that are lit."""
    return {key: message for key, message in launchpad.lit.items() if not message.endswith(" 00")}


def test_the_page_mix_is_lit_and_its_pads_are_levels(at_rest: Serve, launchpad: Device, mackie: Device):
    launchpad.send("B0 62 7F")
    ideas = [*range(82, 89), 71, 72, *range(62, 69), 51, 52, *range(42, 49), 31, 32]
    choices = [21, 22, 23, 25, 26, 27, 15, 16, 17, 11, 12]
    buttons = [91, 92, 93, 94, 95, 96, 97, 89, 79, 69, 59, 49, 39, 29, 19]
    expected = {f"90 {pad:02X} 01" for pad in (*ideas, *choices)} | {f"B0 {number:02X} 01" for number in buttons}
    # The first variation is selected wherever it stands, every layer sounds as it is written, the page is open.
    expected |= {"90 51 03", "90 3D 03", "90 29 03", "90 18 25", "90 1C 25", "90 12 25", "B0 62 31"}
    eventually(lambda: set(lights_of_the_page(launchpad).values()) == expected, what="the lights")
    launchpad.quiet()
    launchpad.got.clear()
    mackie.got.clear()
    launchpad.send("90 1A 64")
    eventually(lambda: at_rest.session()["inner_level"] == 0.4)
    quiet(launchpad, mackie)
    assert sorted(launchpad.got) == ["90 1A 25", "90 1C 01"]
    assert mackie.got == ["E1 19 33"]


def test_levels_of_a_generic_controller_are_on_its_page_mix_and_take_hold_softly(at_rest: Serve, knobs: Device):
    knobs.send("B0 1C 7F")
    eventually(lambda: page_of(at_rest, "generic-8x8") == "mix")
    # Far from where the level is the knob does nothing; at the top it takes hold.
    for message in ("B0 03 20", "B0 03 7F"):
        knobs.send(message)
        knobs.quiet()
        assert at_rest.session()["bass_level"] == 1
    knobs.send("B0 03 20")
    eventually(lambda: at_rest.session()["bass_level"] == round(0x20 / 127, 4))
    at_rest.do("sound/levels", melody=0.5)
    eventually(lambda: "B0 01 40" in knobs.got)
    knobs.send("B0 1C 00")
    knobs.send("B0 1C 7F")
    eventually(lambda: page_of(at_rest, "generic-8x8") == "variations")


def page_of(program: Serve, name: str) -> str:
    return next(each["page"] for each in program.do("surface/list")["surfaces"] if each["name"] == name)


def test_levels_of_a_tablet_come_back_to_it_with_their_words(at_rest: Serve, tablet: Callable[[], str]):
    eventually(lambda: asked(at_rest, "/surface/touchosc") and "/surface/touchosc/bass f 1" in tablet())
    asked(at_rest, "/surface/touchosc/bass", "f", "0.25")
    eventually(lambda: at_rest.session()["bass_level"] == 0.25)
    eventually(lambda: '/surface/touchosc/bass/text s "bass .25"' in tablet())
    at_rest.do("sound/levels", bass=0.75)
    eventually(lambda: re.search(r"/surface/touchosc/bass f 0\.75", tablet()))


def asked(program: Serve, *message: str) -> bool:
    subprocess.run(["oscsend", "localhost", str(program.osc), *message], check=True)
    return True


def made_by(program: Serve, press: Callable[[], object]) -> list[str]:
    """What the variations that come of a press, made of the first one, say of themselves."""
    program.do("variation/select", number=1)
    before = len(program.session()["variations"])
    press()
    eventually(lambda: len(program.session()["variations"]) > before, seconds=60, what="variations")
    return [each["sentence"] for each in program.session()["variations"][before:]]


def test_presses_of_the_page_mix_make_steps_take_bars_and_grow(
    at_rest: Serve, launchpad: Device, mackie: Device, knobs: Device
):
    at_rest.do("vary/lock", bars=[2])
    for name in ("launchpad-x", "mackie", "generic-8x8"):
        at_rest.do("surface/page", name=name, page="mix")
    eventually(lambda: launchpad.shows("B0 62 31") and mackie.shows("90 29 7F") and knobs.shows("90 24 7F"))
    assert made_by(at_rest, lambda: launchpad.send("90 3F 64")) == ["a step from idea 01 to idea 03"] * 3
    assert made_by(at_rest, lambda: launchpad.send("90 2C 64")) == ["bar 2 from idea 04"]
    assert made_by(at_rest, lambda: launchpad.send("90 0C 64")) == ["grown into a period"]
    assert made_by(at_rest, lambda: mackie.send("90 0C 7F")) == ["a step from idea 01 to idea 05"] * 3
    assert made_by(at_rest, lambda: mackie.send("90 15 7F")) == ["bar 2 from idea 06"]
    assert made_by(at_rest, lambda: knobs.send("90 25 7F")) == ["a step from idea 01 to idea 02"] * 3
    assert made_by(at_rest, lambda: knobs.send("90 2A 7F")) == ["bar 2 from idea 03"]
    address = "/surface/touchosc/"
    assert (
        made_by(at_rest, lambda: asked(at_rest, f"{address}between-7", "f", "1"))
        == ["a step from idea 01 to idea 07"] * 3
    )
    assert made_by(at_rest, lambda: asked(at_rest, f"{address}bars-of-8", "f", "1")) == ["bar 2 from idea 08"]
    assert made_by(at_rest, lambda: asked(at_rest, f"{address}sentence", "f", "1")) == ["grown into a sentence"]


def test_a_launchpad_that_is_pulled_again_and_again_while_its_lights_change_ends_with_the_right_ones(
    at_rest: Serve, launchpad: Device
):
    ends = threading.Event()

    def browse() -> None:
        number = 0
        while not ends.wait(0.005):
            number = number % 10 + 1
            at_rest.do("variation/select", number=number)

    browsing = threading.Thread(target=browse)
    browsing.start()
    try:
        for _ in range(3):
            launchpad.unplug()
            eventually(lambda: port_states(at_rest) == {"waiting"})
            launchpad.plug_in()
            eventually(lambda: len(launchpad.lit) > 50)
    finally:
        ends.set()
        browsing.join()
    at_rest.do("variation/select", number=7)
    eventually(lambda: port_states(at_rest) == {"open"} and launchpad.shows("90 57 03", "B0 5B 31"))
    launchpad.quiet()
    selected = {message for message in launchpad.lit.values() if message.endswith(" 03")}
    assert selected == {"90 57 03"}


def test_two_surfaces_at_once_with_opposite_commands_end_alike(at_rest: Serve, launchpad: Device, mackie: Device):
    for _ in range(40):
        # Keep variation 3 on the one, discard it on the other; closeness up on the one, down on the other.
        launchpad.send("90 3F 64")
        mackie.send("90 12 7F")
        launchpad.send("90 1C 64")
        mackie.send("B0 10 41")
    quiet(launchpad, mackie)
    session = at_rest.session()
    mark = session["variations"][2]["mark"]
    assert launchpad.shows(
        f"90 3F {'0D' if mark == 'kept' else '01'}", f"90 2B {'07' if mark == 'discarded' else '01'}"
    )
    assert mackie.shows(f"90 0A {'7F' if mark == 'kept' else '00'}")
    assert mackie.shows(f"B0 30 {0 if session['closeness'] is None else 1 + round(10 * session['closeness']):02X}")


def test_floods_from_two_surfaces_at_once_flood_neither_and_end_with_what_is(
    at_rest: Serve, mackie: Device, knobs: Device
):
    at_rest.do("vary/lowest", lowest=60)
    quiet(mackie, knobs)
    begin = time.perf_counter()
    for tick in range(1000):
        mackie.send("B0 12 01" if tick % 2 else "B0 12 41")
        knobs.send(f"B0 02 {tick % 128:02X}")
        while time.perf_counter() < begin + tick / 1000:
            time.sleep(0.0002)
    took = time.perf_counter() - begin
    quiet(mackie, knobs)
    session = at_rest.session()
    for device, ring in ((mackie, "B0 32"), (mackie, "B0 31"), (knobs, "B0 02"), (knobs, "B0 03")):
        assert len([message for message in device.got if message.startswith(ring)]) <= 34 * (took + 1)
    density, lowest = (session["density"] - 0.25) / 3.75, (session["lowest"] - 24) / 72
    assert mackie.shows(f"B0 31 {1 + round(10 * density):02X}", f"B0 32 {1 + round(10 * lowest):02X}")
