"""A real running program, in a process of its own, and real clients of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest


def free_port() -> int:
    """A port that is free for both UDP and TCP."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """The program, how it is reached, and asking it over HTTP."""

    library: Path
    folder: Path
    osc_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None

    def start(self) -> Running:
        command = [sys.executable, "-m", "bridge.cli", "serve", "--library", str(self.library)]
        command += ["--osc-port", str(self.osc_port), "--http-port", str(self.http_port), "--folder", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, *self.arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready"), line + self.process.stderr.read()
        return self

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(timeout=10)
        self.close()
        return code

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        assert self.process is not None
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def request(
        self, method: str, path: str, body: bytes = b"", *, at: str = "127.0.0.1", **headers: str
    ) -> tuple[int, Any]:
        connection = HTTPConnection(at, self.http_port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if data else None

    def do(self, name: str, **arguments: object) -> Any:
        status, answer = self.request("POST", f"/api/{name}", json.dumps(arguments).encode())
        assert status == 200, answer
        return answer

    def wait_for(self, holds: Callable[[Any], object], *, seconds: float = 30) -> Any:
        """The session once something holds in it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            session = self.do("session/get")
            if holds(session):
                return session
            time.sleep(0.05)
        raise AssertionError(f"it did not come to hold: {session}")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    """A program that the test starts itself."""
    (tmp_path / "music").mkdir()
    running = Running(tmp_path / "library", tmp_path / "music")
    yield running
    if running.process and running.process.poll() is None:
        running.kill()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One program for all the tests of a module."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "music").mkdir()
    running = Running(folder / "library", folder / "music").start()
    yield running
    running.stop()
