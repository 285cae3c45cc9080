"""Control surfaces while a render runs: how soon a press is heard and seen, and whether a knob ever falls behind.

A Launchpad, a Mackie Control and a footswitch are played over JACK MIDI with periods of 64 samples, by this process,
which asks for real-time priority where the system grants it: devices of metal wait for no processor. A second cable
from the Launchpad leads straight back here: what it takes is JACK's time and ours, not the program's. A process on each
core that only sleeps, before all others, tells when the machine itself stood still.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.report import at_most
from bridge.osc.client import message
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import motif_score, smf_bytes

PRESSES, TICKS = 200, 5000
_LONG_NOTES = 600
PEDAL = """
family = "generic"

[[unit]]
ports = []

[generic]
debounce_ms = 50
lights = false

[[control]]
at = "cc-64"
does = "variation/audition"
"""


_WATCH = """
import gc, os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(90))
gc.disable()
while True:
    asleep = time.perf_counter()
    time.sleep(0.0005)
    late = time.perf_counter() - asleep - 0.0005
    if late > 0.003:
        print(asleep, late, flush=True)
"""


class Standstills:
    """When a core gave nothing even to what it puts before everything else: its host was busy, or its kernel."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float]] = []
        self._watchers = [
            subprocess.Popen(
                [sys.executable, "-c", _WATCH, str(core)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            for core in sorted(os.sched_getaffinity(0))
        ]
        for watcher in self._watchers:
            threading.Thread(target=self._read, args=(watcher,), daemon=True).start()

    def _read(self, watcher: subprocess.Popen[bytes]) -> None:
        assert watcher.stdout is not None
        for line in watcher.stdout:
            begin, seconds = map(float, line.split())
            self.found.append((begin, begin + seconds))

    def within(self, begin: float, end: float) -> bool:
        return any(first < end and last > begin for first, last in tuple(self.found))

    def end(self) -> None:
        for watcher in self._watchers:
            watcher.kill()
            watcher.wait()


class Box:
    """A device's plug: what comes in, with its time."""

    def __init__(self, client: str, port: str) -> None:
        import rtmidi

        self.got: list[tuple[float, tuple[int, ...]]] = []
        self.input = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=client)
        self.input.ignore_types(sysex=False)
        self.input.set_callback(lambda event, _: self.got.append((time.perf_counter(), tuple(event[0]))))
        self.input.open_virtual_port(f"{port} In")
        self.output = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=f"{client} out")
        self.output.open_virtual_port(f"{port} Out")

    def send(self, *message: int) -> float:
        when = time.perf_counter()
        self.output.send_message(message)
        return when

    def first(self, since: float, wanted: Callable[[tuple[int, ...]], bool], seconds: float = 2.0) -> float | None:
        """When the first such message came."""
        while time.perf_counter() < since + seconds:
            found = next((at for at, message in tuple(self.got) if at >= since and wanted(message)), None)
            if found is not None:
                return found
            time.sleep(0.001)
        return None


def ask(port: int, name: str, **arguments: object) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", f"/api/{name}", json.dumps(arguments))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def motif_file(path: Path, notes: int) -> Path:
    made = tuple(Note(beat, 60 + beat % 12, 1) for beat in range(notes))
    path.write_bytes(smf_bytes(motif_score(Motif(Clip(made, notes)), name=path.stem)))
    return path


def rendering(http: int, long_one: Path, ended: threading.Event) -> None:
    """Renders a long piece again and again."""
    ask(http, "motif/set", source=str(long_one))
    take = ask(http, "motif/get")["take"]
    while not ended.is_set():
        job = ask(http, "render/make", take=take, instrument="piano")["job"]
        while not ended.is_set():
            state = {each["job"]: each["state"] for each in ask(http, "job/list")["jobs"]}.get(job)
            if state not in ("waiting", "running"):
                break
            time.sleep(0.05)


def p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * len(values))] if values else float("inf")


def tell(what: str, limit_ms: float, spans: list[tuple[float, float]], stood: Standstills) -> None:
    """What lay between askings and answers, all of them; and without those during which a core stood still."""
    took = [1000 * (end - begin) for begin, end in spans]
    at_most(f"{what}, 99 of 100", limit_ms, p99(took), "ms")
    at_most("the same, median", limit_ms, sorted(took)[len(took) // 2] if took else float("inf"), "ms")
    moving = [1000 * (end - begin) for begin, end in spans if not stood.within(begin, end)]
    print(f"     a core stood still during {len(took) - len(moving)} of them; 99 of 100 others {p99(moving):.2f} ms")


def asked_over_osc(http: int, osc: int, synth: Box, stood: Standstills) -> None:
    """Requests for an audition, as another program sends them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect(("127.0.0.1", osc))

        def ask_for(number: int) -> float:
            asked = time.perf_counter()
            peer.send(message("/variation/audition", str(number), 1 + number % 4))
            return asked

        from_silence(http, synth, ask_for, stood, what="OSC")


def trodden(http: int, pedal: Box, synth: Box, stood: Standstills) -> None:
    """Treads of a footswitch (CC 64)."""

    def tread(_: int) -> float:
        down = pedal.send(0xB0, 64, 127)
        pedal.send(0xB0, 64, 0)
        return down

    from_silence(http, synth, tread, stood, what="footswitch")


def from_silence(http: int, synth: Box, ask_for: Callable[[int], float], stood: Standstills, *, what: str) -> None:
    """Each asking, the moment of which it tells, plays a variation from silence, on the own clock: its first byte."""
    heard = []
    for number in range(PRESSES):
        asked = ask_for(number)
        first = synth.first(asked, lambda came: came[0] & 0xF0 == 0x90 and came[2] > 0)
        if first is not None:
            heard.append((asked, first))
        ask(http, "variation/stop")
        time.sleep(0.08)
        synth.got.clear()
    print(f"     {what}: {PRESSES} times, a render beside them, {PRESSES - len(heard)} without an answer")
    tell(f"{what} to the audition's first MIDI byte", 10, heard, stood)


def presses(http: int, pad: Box, synth: Box, cable: Box, stood: Standstills) -> None:
    """Each press plays a variation from silence, on the own clock: its first byte, and its own light."""
    heard, seen, alone = [], [], []
    lost = {"cable": 0, "first byte": 0, "light": 0}
    for number in range(PRESSES):
        # Four variations in turn, so that none is kept by a second press.
        note = 81 + number % 4
        pressed = pad.send(0x90, note, 100)
        first = synth.first(pressed, lambda message: message[0] & 0xF0 == 0x90 and message[2] > 0)
        lit = pad.first(pressed, lambda message, note=note: message == (0x92, note, 21))
        came = cable.first(pressed, lambda message, note=note: message == (0x90, note, 100))
        for what, answer in zip(lost, (came, first, lit), strict=True):
            lost[what] += answer is None
        if first is not None and lit is not None and came is not None:
            alone.append(1000 * (came - pressed))
            heard.append((pressed, first))
            seen.append((pressed, lit))
        ask(http, "variation/stop")
        time.sleep(0.08)
        pad.got.clear()
        synth.got.clear()
        cable.got.clear()
    busy = f"{os.getloadavg()[0]:.0f} others wanted the {os.cpu_count()} cores"
    missing = ", ".join(f"{count} without its {what}" for what, count in lost.items())
    print(f"     {PRESSES} presses, a render beside them: {missing}; {busy}")
    print(f"     the cable alone: median {sorted(alone)[len(alone) // 2]:.2f} ms, 99 of 100 {p99(alone):.2f} ms")
    tell("press to the audition's first MIDI byte", 10, heard, stood)
    tell("press to its own light", 20, seen, stood)


def ticks(http: int, desk: Box) -> None:
    """Five seconds of a knob at 1,000 ticks a second: how long after the last one all are in, and none is lost."""
    ask(http, "vary/closeness", closeness=0.0)
    time.sleep(0.3)
    desk.got.clear()
    start = time.perf_counter()
    # In sum 90 steps of a hundredth: forth and back, so that no end is reached on the way.
    plan = [0x01 if tick % 2 == 0 else 0x41 for tick in range(TICKS - 90)] + [0x01] * 90
    for tick, step in enumerate(plan):
        desk.send(0xB0, 0x10, step)
        while time.perf_counter() < start + tick / 1000:
            time.sleep(0.0001)
    last = time.perf_counter()
    while abs(ask(http, "session/get")["closeness"] - 0.9) > 0.005 and time.perf_counter() < last + 5:
        time.sleep(0.002)
    lag = time.perf_counter() - last
    time.sleep(0.3)
    rings = [message for _, message in desk.got if message[:2] == (0xB0, 0x30)]
    at_most(f"{TICKS} ticks in {last - start:.1f} s: the last is dealt with after", 100, 1000 * lag, "ms")
    wrong = abs(ask(http, "session/get")["closeness"] - 0.9) * 100
    at_most("steps lost or too many", 0, round(wrong))
    at_most("messages to its ring, a second", 34, len(rings) / (last - start + 0.3))


def realtime() -> bool:
    """Whether JACK may run in real time, as it does on a musician's machine."""
    asked = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))"
    return subprocess.run([sys.executable, "-c", asked], capture_output=True, check=False).returncode == 0


def ask_for_realtime() -> None:
    """For this process, not for those that it starts."""
    sys.setswitchinterval(0.0005)
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(50))


def main() -> None:
    if shutil.which("jackd") is None:
        sys.exit("no jackd here: apt-get install --no-install-recommends jackd2")
    os.environ["JACK_DEFAULT_SERVER"] = name = "hb-bench-surfaces"
    os.environ["JACK_NO_START_SERVER"] = "1"
    # In step with its clients (-S): what JACK loses on a busy machine is not ours to count.
    command = [
        "jackd",
        "-R" if realtime() else "-r",
        "-S",
        "-t",
        "1000",
        "-n",
        name,
        "-d",
        "dummy",
        "-r",
        "48000",
        "-p",
        "64",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    program: subprocess.Popen[bytes] | None = None
    ended = threading.Event()
    stood = Standstills()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        try:
            ask_for_realtime()
            pad, desk = Box("Launchpad X", "LPX MIDI"), Box("Mackie", "Mackie Control")
            pedal = Box("pedal", "USB Pedal")
            presets = folder / "config" / "hummingbridge" / "presets" / "surfaces"
            presets.mkdir(parents=True)
            (presets / "pedal.toml").write_text(PEDAL)
            synth, cable = Box("synth", "synth"), Box("cable", "cable")
            subprocess.run(["jack_connect", "Launchpad X out:LPX MIDI Out", "cable:cable In"], check=True)
            http, osc = free_port(), free_port()
            serve = [sys.executable, "-m", "bridge.cli", "serve", "--library", f"{folder}/library", "--folder", text]
            serve += ["--osc-port", str(osc), "--http-port", str(http), "--midi-out", "synth:synth In"]
            for surface in ("launchpad-x", "mackie", "pedal=USB Pedal"):
                serve += ["--surface", surface]
            environment = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config")}
            program = subprocess.Popen(serve, stdout=subprocess.DEVNULL, env=environment)
            time.sleep(5)
            work = threading.Thread(target=rendering, args=(http, motif_file(folder / "long.mid", _LONG_NOTES), ended))
            work.start()
            time.sleep(1)
            ask(http, "motif/set", source=str(motif_file(folder / "idea.mid", 16)))
            ask(http, "vary/make", count=10, seed=1)
            while len(ask(http, "session/get")["variations"]) < 10:
                time.sleep(0.1)
            time.sleep(1)
            presses(http, pad, synth, cable, stood)
            trodden(http, pedal, synth, stood)
            asked_over_osc(http, osc, synth, stood)
            ticks(http, desk)
        finally:
            ended.set()
            stood.end()
            if program is not None:
                program.terminate()
                program.wait()
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
    sys.stdout.flush()
    # libjack may fall over its own feet when a process closes several clients whose server is gone.
    os._exit(0)


if __name__ == "__main__":
    main()
