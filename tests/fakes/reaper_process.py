"""The stand-in for REAPER as a process of a real Lua, with REAPER's tick, under the hand of a test."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

TICK_SECONDS = 1 / 30


class FakeReaper:
    """Runs until it is closed; `pause` is what an open dialog does to a real one: no tick, no answer."""

    def __init__(self, resource: Path, media: Path, *, lua: str = "lua5.4") -> None:
        if shutil.which(lua) is None:
            pytest.skip(f"no {lua} here: apt-get install {lua}")
        script = Path(__file__).with_name("reaper.lua")
        self._process = subprocess.Popen(
            [lua, script, resource, media], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._turn = threading.Lock()
        self._ticking = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()
        self.resume()

    def pause(self) -> None:
        self._ticking.clear()

    def resume(self) -> None:
        self._ticking.set()

    def do(self, code: str) -> None:
        """What the composer, or a fault, does: Lua over the stand-in's project."""
        assert self._asked("do " + code.replace("\n", " ")) == "done"

    def told(self) -> dict[str, Any]:
        """The project: its tracks and items, and the names of its undo history."""
        told: dict[str, Any] = json.loads(self._asked("tell"))
        return told

    def items(self) -> dict[str, list[dict[str, Any]]]:
        """Track name → what lies on it."""
        return {track["name"]: track["items"] for track in self.told()["tracks"]}

    def close(self) -> None:
        self._closed.set()
        self.resume()
        self._thread.join(10)
        self._process.terminate()
        self._process.communicate(timeout=10)

    def _tick(self) -> None:
        while not self._closed.wait(TICK_SECONDS):
            self._ticking.wait()
            if not self._closed.is_set():
                assert not self._asked("tick").startswith("error")

    def _asked(self, line: str) -> str:
        with self._turn:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline().rstrip("\n")
        assert answer, "the stand-in for REAPER has ended"
        assert not answer.startswith("error"), answer
        return answer
