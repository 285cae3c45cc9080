"""Asking the Lua side of the bridge: jobs put whole into a folder, answers read from it."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.daw.ardour_install import BRIDGE, installed
from bridge.daw.job_folder import JobFolder
from bridge.daw.port import DawRefused, DawUnreachable
from bridge.osc.client import OscPeer, message

PROTOCOL = "1"
OSC_PORT = 3819
"""Where Ardour's OSC surface listens, unless the composer or a second Ardour made it another."""

_REFUSAL_SECONDS = 0.002
_START = "start Ardour 7 and open a session"
_INSTALL = "hummingbridge daw install ardour"


@dataclass(frozen=True, slots=True)
class ArdourLink:
    """The way to the Ardour that uses the settings folder `config`.

    A job waits `pickup_seconds` to be taken up and, from then on, `answer_seconds` for its answer.
    """

    config: Path
    osc_port: int = OSC_PORT
    pickup_seconds: float = 3.0
    answer_seconds: float = 60.0

    @property
    def folder(self) -> Path:
        return self.config / BRIDGE

    def ask(self, op: str, values: Mapping[str, str | int] | None = None) -> dict[str, str]:
        """Does one operation of the Lua side and returns its answer.

        Raises `DawUnreachable` where none comes, `DawRefused` where Ardour says no.
        """
        there = installed(self.config)
        if there is None:
            raise DawUnreachable("Hummingbridge is not installed in Ardour", hint=_INSTALL)
        jobs = JobFolder(self.folder, "Ardour", _START, as_lines, from_lines, self.pickup_seconds, self.answer_seconds)
        job = {"protocol": PROTOCOL, "op": op, **(values or {})}
        return self._checked(jobs.ask(job, call=lambda: self._call(there.slot)))

    def _call(self, slot: int) -> None:
        """Ardour looks by itself ten times a second; with OSC on, it looks now."""
        with contextlib.suppress(OSError), OscPeer(self.osc_port) as peer:
            peer.send("/access_action", f"LuaAction/script-{slot}")

    def osc_is_on(self) -> bool:
        """Whether anybody listens for OSC. Ardour's settings do not tell: each session has its own switch."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("127.0.0.1", self.osc_port))
            try:
                for _ in range(2):
                    # The second meets the refusal of the first.
                    probe.send(message("/ping"))
                    time.sleep(_REFUSAL_SECONDS)
            except ConnectionError:
                return False
        return True

    def _checked(self, answer: dict[str, str]) -> dict[str, str]:
        if answer.get("ok") == "1":
            return answer
        reason, text = answer.get("code", "failed"), answer.get("message", "no reason given")
        if reason == "protocol":
            raise DawUnreachable("Ardour runs another version of the bridge", hint=f"{_INSTALL}, then restart Ardour")
        if reason in {"no-session", "expired"}:
            raise DawUnreachable(f"Ardour cannot answer: {text}", hint=_START)
        raise DawRefused(
            f"Ardour: {text}", hint=_HINTS.get(reason, "try again, or save and restart Ardour"), reason=reason
        )


_HINTS = {
    "nothing-selected": "click a region in Ardour's editor",
    "broken-file": "export the file again",
    "missing-file": "check the name",
    "bad-request": "install the bridge again: " + _INSTALL,
}


def as_lines(values: Mapping[str, Any]) -> bytes:
    """`key=value` lines; values percent-encoded, so that any text in any script survives."""
    lines = [f"{key}={urllib.parse.quote(os.fsencode(str(value)), safe=' /')}" for key, value in values.items()]
    return "\n".join([*lines, "end", ""]).encode("ascii")


def from_lines(data: bytes) -> dict[str, Any]:
    pairs = (line.partition("=") for line in data.decode("ascii", "replace").splitlines() if "=" in line)
    return {key: os.fsdecode(urllib.parse.unquote_to_bytes(value)) for key, _, value in pairs}
