"""A JACK server of the tests' own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.fakes.waiting import PATIENCE_SECONDS

CLIENT_TIMEOUT_MS = 10_000
"""With the usual half second, JACK throws clients out that a busy machine has no time for."""


def end(process: subprocess.Popen[bytes] | None, how: signal.Signals = signal.SIGTERM) -> None:
    """Ends a process that leads a group of its own, with its children."""
    if process is None or process.poll() is not None:
        return
    os.killpg(process.pid, how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


class JackServer:
    """jackd without hardware at 48 kHz; clients find it by `environment`.

    JACK keeps a register of eight servers, and one that was killed stays in it until its name is started again: so
    `close` starts a killed server once more, to end it in good order.
    """

    def __init__(self, name: str, log: Path, *, period_frames: int = 512) -> None:
        self.name, self.log, self.period_frames = f"{name}-{os.getpid()}", log, period_frames
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}

    def start(self) -> None:
        command = [
            "jackd",
            "-r",
            "-n",
            self.name,
            "-t",
            str(CLIENT_TIMEOUT_MS),
            "-d",
            "dummy",
            "-r",
            "48000",
            "-p",
            str(self.period_frames),
        ]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with self.log.open("wb") as log:
                self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            while self.process.poll() is None and time.monotonic() < deadline:
                if self._answers():
                    return
                time.sleep(0.05)
            _forget_dead_servers()
        pytest.fail(f"jackd does not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def lost_periods(self) -> int:
        """How often it has counted a period as lost, since it was started: a machine with no time for it."""
        return self.log.read_text(errors="replace").count("XRun")

    def stand_still(self, seconds: float) -> None:
        """As on a machine that has no time for it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a crash would."""
        assert self.process is not None
        end(self.process, signal.SIGKILL)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            self.start()
        end(self.process)

    def _answers(self) -> bool:
        asked = subprocess.run(
            ["jack_lsp"], env={**os.environ, **self.environment}, capture_output=True, check=False, timeout=30
        )
        return asked.returncode == 0


def _forget_dead_servers() -> None:
    """Frees the places that killed test runs have left in JACK's register.

    JACK gives a dead server's place back only to its own name, so each name there is started once and ended in good
    order; one that runs is not touched, as JACK refuses its name.
    """
    for name in _registered():
        command = ["jackd", "-r", "-n", name, "-d", "dummy"]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            end(process)


def _registered() -> list[str]:
    """The names of the servers in JACK's register, those of the dead included."""
    try:
        register = Path("/dev/shm/jack-shm-registry").read_bytes()
    except OSError:
        return []
    prefix = rf"jack-{os.getuid()}:([^:\0]+):\0".encode()
    return [name.decode(errors="replace") for name in re.findall(prefix, register)]
