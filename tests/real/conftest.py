"""A real JACK server and a real Ardour 7, with settings and a session of their own; nothing of the composer's is used.

Tests that need them skip, saying why, where the programs are not installed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bridge.daw.ardour import Ardour
from bridge.daw.ardour_install import install
from tests.fakes.waiting import eventually
from tests.real.servers import JackServer, end

HERE = Path(__file__).parent
PROGRAMS = ("ardour", "ardour7-lua", "jackd", "Xvfb")
RATE = 48000
_OSC = '<Protocol name="Open Sound Control (OSC)" active="{}" striptypes="159"/>'
_CONFIG = f"""<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="try-autostart-engine" value="1"/>
    <Option name="send-midi-clock" value="1"/>
    <Option name="discover-plugins-on-start" value="0"/>
    <Option name="use-lxvst" value="0"/>
    <Option name="use-vst3" value="0"/>
    <Option name="auto-analyse-audio" value="0"/>
  </Config>
  <Extra><AudioMIDISetup><EngineStates>
    <State backend="JACK" driver="" device="default" input-device="default" output-device="default" sample-rate="{RATE}"
      buffer-size="512" n-periods="0" input-latency="0" output-latency="0" lm-input="" lm-output="" active="1"
      use-buffered-io="0" midi-option="" lru="0"><MIDIDevices/></State>
  </EngineStates></AudioMIDISetup></Extra>
  <ControlProtocols>{_OSC.format(0)}</ControlProtocols>
</Ardour>
"""
_UI_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour><UI><Option name="check-announcements" value="0"/></UI></Ardour>
"""


@pytest.fixture(scope="session")
def real_programs() -> None:
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        pytest.skip(f"no {', '.join(absent)} here: apt-get install --no-install-recommends ardour jackd2 xvfb")


@pytest.fixture(scope="session")
def jack_server(real_programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a JACK server for all; clients find it by JACK_DEFAULT_SERVER."""
    server = JackServer("hb", tmp_path_factory.mktemp("jack") / "jackd.log")
    server.start()
    yield server.name
    server.close()


@pytest.fixture(scope="module")
def patient_jack(real_programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One with long periods: on a busy machine JACK passes a short one over, and what was sent in it is lost."""
    server = JackServer("hb-patient", tmp_path_factory.mktemp("jack") / "jackd.log", period_frames=4096)
    server.start()
    yield server.name
    server.close()


@pytest.fixture
def own_jack(real_programs: None, tmp_path: Path) -> Iterator[JackServer]:
    """A JACK server that the test starts and may kill."""
    server = JackServer("hb-own", tmp_path / "jackd.log")
    yield server
    server.close()


@pytest.fixture(scope="session")
def display(real_programs: None) -> Iterator[str]:
    """A screen that nobody sees."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    process = subprocess.Popen(
        command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            pytest.fail("Xvfb did not start")
        yield f":{number}"
    finally:
        end(process)


@pytest.fixture(scope="session")
def jack_lock(real_programs: None, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A folder with a locking libjack to put before the real one; None where there is no compiler."""
    # Not on every user's path.
    ldconfig = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if ldconfig is None:
        return None
    libraries = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"libjack\.so\.0 .*=> (\S+)", libraries)
    if shutil.which("gcc") is None or found is None:
        return None
    folder = tmp_path_factory.mktemp("jack_lock")
    real = folder / "libjackreal.so"
    library = Path(found[1]).read_bytes()
    # The copy gets a soname of the same length, or the loader would take the stand-in for it.
    if library.count(b"\0libjack.so.0\0") != 1:
        return None
    real.write_bytes(library.replace(b"\0libjack.so.0\0", b"\0libjrea.so.0\0"))
    (folder / "libjrea.so.0").symlink_to(real.name)
    subprocess.run(
        [
            "gcc",
            "-shared",
            "-fPIC",
            "-O1",
            f'-DREAL_LIBJACK="{real}"',
            "-o",
            folder / "libjack.so.0",
            HERE / "jack_lock.c",
            "-Wl,-soname,libjacklock.so",
            "-Wl,--no-as-needed",
            real,
            f"-Wl,-rpath,{folder}",
            "-lpthread",
            "-ldl",
        ],
        check=True,
    )
    return folder


@dataclass
class RealArdour:
    """An Ardour with its own settings folder (`config`) and session; `start` and `stop` as often as one likes."""

    config: Path
    session: Path
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def session_file(self) -> Path:
        return self.session / "song.ardour"

    def saved(self) -> ElementTree.Element:
        """The session as it was last saved."""
        return ElementTree.parse(self.session_file).getroot()

    @property
    def osc_port(self) -> int:
        """Where its OSC surface listens: 3819, or the next free port where another Ardour has that."""
        assert self.process is not None
        sockets = {str(fd.readlink()) for fd in Path(f"/proc/{self.process.pid}/fd").iterdir() if fd.is_symlink()}
        for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
            columns = line.split()
            if f"socket:[{columns[9]}]" in sockets and 3819 <= (port := int(columns[1].split(":")[1], 16)) < 3839:
                return port
        pytest.fail("Ardour's OSC surface does not listen")

    def start(self, ready: Callable[[], bool]) -> None:
        """Starts Ardour and waits until `ready`; where JACK threw it out at the start, once more."""
        self.stop()
        for _ in range(4):
            eventually(self._jack_answers, what="JACK answers")
            with self.log.open("wb") as log:
                self.process = subprocess.Popen(
                    ["ardour", "--no-announcements", "--no-splash", str(self.session_file)],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and self.process.poll() is None:
                if ready():
                    return
                if "HALTED" in self.log.read_text(errors="replace"):
                    break
                time.sleep(0.05)
            end(self.process, signal.SIGKILL)
        pytest.fail(f"Ardour does not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def _jack_answers(self) -> bool:
        """After a client was killed, JACK stands still for a while, and Ardour would not wait for it."""
        try:
            asked = subprocess.run(["jack_lsp"], env=self.environment, capture_output=True, check=False, timeout=20)
        except subprocess.TimeoutExpired:
            return False
        return asked.returncode == 0

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        end(self.process, how)
        self.process = None


@pytest.fixture(scope="session")
def new_ardour(
    jack_server: str, display: str, jack_lock: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., RealArdour]]:
    """Makes a fresh Ardour with a fresh session, not started yet, in a JACK server of its own or in the one for all."""
    made: list[RealArdour] = []

    def make(jack: str = jack_server) -> RealArdour:
        root = tmp_path_factory.mktemp("ardour")
        config = root / "config" / "ardour7"
        config.mkdir(parents=True)
        # An empty .a7 keeps the first-run wizard away.
        for name, text in {".a7": "", "config": _CONFIG, "ui_config": _UI_CONFIG}.items():
            (config / name).write_text(text)
        environment = {
            **os.environ,
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_CACHE_HOME": str(root / "cache"),
            "XDG_DATA_HOME": str(root / "data"),
            "HOME": str(root),
            "DISPLAY": display,
            "JACK_DEFAULT_SERVER": jack,
            "JACK_NO_START_SERVER": "1",
            "LC_ALL": "C.UTF-8",
            "NO_AT_BRIDGE": "1",
        }
        if jack_lock is not None:
            environment["LD_LIBRARY_PATH"] = str(jack_lock)
        session = root / "song"
        subprocess.run(
            ["ardour7-lua", HERE / "new_session.lua", session, "song", str(RATE)],
            env=environment,
            check=True,
            capture_output=True,
            timeout=60,
        )
        # The session remembers the headless engine and that no surface was on; a composer's would not.
        file = session / "song.ardour"
        text = re.sub(r"\s*<EngineHints[^>]*/>", "", file.read_text())
        text = re.sub(r'<Protocol name="Open Sound Control \(OSC\)"[^>]*/>', _OSC.format(1), text)
        file.write_text(text)
        made.append(RealArdour(config, session, environment, root / "ardour.log"))
        return made[-1]

    yield make
    for ardour in made:
        ardour.stop()


@pytest.fixture(scope="module")
def running(new_ardour: Callable[..., RealArdour]) -> Iterator[RealArdour]:
    """An Ardour that runs, with the bridge in it and its OSC on; it ends with the module, since others look for one."""
    ardour = new_ardour()
    install(ardour.config, osc=True)
    ardour.start(lambda: Ardour(ardour.config).check().ready)
    yield ardour
    ardour.stop()
