"""Asking the Lua side of the bridge: jobs put whole into a folder, answers read from it."""

from __future__ import annotations

import contextlib
import os
import time
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from assistant.files import cannot_write
from bridge.daw.ardour_install import BRIDGE, installed
from bridge.daw.port import DawUnreachable
from bridge.osc.client import OscPeer
from midi.errors import HummingbridgeError

PROTOCOL = "1"
OSC_PORT = 3819
"""Where Ardour's OSC surface listens, unless the composer or a second Ardour made it another."""

_POLL_SECONDS = 0.002
_START = "start Ardour 7 and open a session"
_INSTALL = "hummingbridge daw install ardour"


class ArdourRefused(HummingbridgeError):
    """Ardour answered that it cannot do what was asked; `reason` is its code, such as "nothing-selected"."""

    code: ClassVar[str] = "daw-refused"

    def __init__(self, message: str, *, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


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

        Raises `DawUnreachable` where none comes, `ArdourRefused` where Ardour says no.
        """
        there = installed(self.config)
        if there is None:
            raise DawUnreachable("Hummingbridge is not installed in Ardour", hint=_INSTALL)
        name = uuid.uuid4().hex
        answer = self.folder / "answers" / name
        give_up = time.time() + self.pickup_seconds
        job = {"protocol": PROTOCOL, "id": name, "op": op, "expires": int(give_up) + 1, **(values or {})}
        self._put(name, as_lines(job))
        self._call(there.slot)
        try:
            self._wait(name, answer)
            return self._read(answer)
        finally:
            with contextlib.suppress(OSError):
                answer.unlink()

    @property
    def _inbox(self) -> Path:
        return self.folder / "inbox.job"

    def _put(self, name: str, text: bytes) -> None:
        """The job into the inbox, whole, and only when the inbox is free: another program may be asking too."""
        # No sync to disk: a job that a power cut eats was never answered.
        draft = self.folder / f"draft-{name}"
        try:
            draft.write_bytes(text)
        except OSError as error:
            raise cannot_write(draft, error) from error
        deadline = time.monotonic() + self.pickup_seconds
        try:
            while not _moved_to_free_place(draft, self._inbox):
                self._clear_expired()
                if time.monotonic() > deadline:
                    raise DawUnreachable(
                        f"Ardour did not take up the job before this one in {self.pickup_seconds:g} s", hint=_START
                    )
                time.sleep(_POLL_SECONDS)
        finally:
            draft.unlink(missing_ok=True)

    def _call(self, slot: int) -> None:
        """Ardour looks by itself ten times a second; with OSC on, it looks now."""
        with contextlib.suppress(OSError), OscPeer(self.osc_port) as peer:
            peer.send("/access_action", f"LuaAction/script-{slot}")

    def _wait(self, name: str, answer: Path) -> None:
        start = time.monotonic()
        while not answer.exists():
            waited = time.monotonic() - start
            if waited > self.pickup_seconds and self._withdrawn(name):
                raise DawUnreachable(f"no answer from Ardour in {self.pickup_seconds:g} s", hint=_START)
            if waited > self.pickup_seconds + self.answer_seconds:
                raise DawUnreachable(
                    f"Ardour took up the job and gave no answer in {self.answer_seconds:g} s",
                    hint="look whether a dialog is open in Ardour, then send again: nothing is inserted twice",
                )
            time.sleep(_POLL_SECONDS)

    def _withdrawn(self, name: str) -> bool:
        """Takes the job back where it still lies in the inbox; False where Ardour has it."""
        if _id_in(self._inbox) != name:
            return False
        taken = self.folder / f"withdrawn-{name}"
        try:
            self._inbox.rename(taken)
        except OSError:
            return False
        taken.unlink(missing_ok=True)
        return True

    def _clear_expired(self) -> None:
        """Removes a job that its program left behind; Ardour itself would refuse it."""
        try:
            expires = float(from_lines(self._inbox.read_bytes()).get("expires", "0"))
        except (OSError, ValueError):
            return
        if expires + 1 < time.time():
            self._inbox.unlink(missing_ok=True)

    def _read(self, path: Path) -> dict[str, str]:
        answer = from_lines(path.read_bytes())
        if answer.get("ok") == "1":
            return answer
        reason, text = answer.get("code", "failed"), answer.get("message", "no reason given")
        if reason == "protocol":
            raise DawUnreachable("Ardour runs another version of the bridge", hint=f"{_INSTALL}, then restart Ardour")
        if reason in {"no-session", "expired"}:
            raise DawUnreachable(f"Ardour cannot answer: {text}", hint=_START)
        raise ArdourRefused(
            f"Ardour: {text}", hint=_HINTS.get(reason, "try again, or save and restart Ardour"), reason=reason
        )


_HINTS = {
    "nothing-selected": "click a region in Ardour's editor",
    "broken-file": "export the file again",
    "missing-file": "check the name",
    "bad-request": "install the bridge again: " + _INSTALL,
}


def as_lines(values: Mapping[str, str | int]) -> bytes:
    """`key=value` lines; values percent-encoded, so that any text in any script survives."""
    lines = [f"{key}={urllib.parse.quote(os.fsencode(str(value)), safe=' /')}" for key, value in values.items()]
    return "\n".join([*lines, "end", ""]).encode("ascii")


def from_lines(data: bytes) -> dict[str, str]:
    pairs = (line.partition("=") for line in data.decode("ascii", "replace").splitlines() if "=" in line)
    return {key: os.fsdecode(urllib.parse.unquote_to_bytes(value)) for key, _, value in pairs}


def _id_in(path: Path) -> str | None:
    try:
        return from_lines(path.read_bytes()).get("id")
    except OSError:
        return None


def _moved_to_free_place(draft: Path, place: Path) -> bool:
    """Renames `draft` to `place` unless something is there; in one step, so that of two programs one wins."""
    try:
        if os.name == "nt":
            draft.rename(place)
        else:
            os.link(draft, place)
    except FileExistsError:
        return False
    except OSError:
        # A file system without links, such as exFAT.
        if place.exists():
            return False
        draft.rename(place)
    return True
