"""Asking a script inside a DAW: jobs put whole into a folder, one at a time, and answers read from it."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.files import cannot_write
from bridge.daw.port import DawUnreachable

_POLL_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The folder through which the script of `daw` is asked.

    A job is written by `encode` into `inbox.job`, which the script claims by renaming it; its answer appears as
    `answers/<id>`, for `decode`. A job waits `pickup_seconds` to be taken up and, from then on, `answer_seconds` for
    its answer. `start` tells how to get the DAW to answer.
    """

    folder: Path
    daw: str
    start: str
    encode: Callable[[Mapping[str, Any]], bytes]
    decode: Callable[[bytes], dict[str, Any]]
    pickup_seconds: float = 3.0
    answer_seconds: float = 60.0

    def ask(self, job: Mapping[str, Any], *, call: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Gives the job an id and a time to expire, and returns its answer. `call` makes the script look at once.

        Raises `DawUnreachable` where none comes that can be read, and `CannotWrite`.
        """
        name = uuid.uuid4().hex
        answer = self.folder / "answers" / name
        expires = int(time.time() + self.pickup_seconds) + 1
        self._put(name, self.encode({"id": name, "expires": expires, **job}))
        call()
        try:
            self._wait(name, answer)
            return self.decode(answer.read_bytes())
        except ValueError as error:
            raise DawUnreachable(f"{self.daw}'s answer cannot be read: {error}", hint=self.start) from error
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
                        f"{self.daw} did not take up the job before this one in {self.pickup_seconds:g} s",
                        hint=self.start,
                    )
                time.sleep(_POLL_SECONDS)
        finally:
            draft.unlink(missing_ok=True)

    def _wait(self, name: str, answer: Path) -> None:
        start = time.monotonic()
        while not answer.exists():
            waited = time.monotonic() - start
            if waited > self.pickup_seconds and self._withdrawn(name):
                raise DawUnreachable(f"no answer from {self.daw} in {self.pickup_seconds:g} s", hint=self.start)
            if waited > self.pickup_seconds + self.answer_seconds:
                raise DawUnreachable(
                    f"{self.daw} took up the job and gave no answer in {self.answer_seconds:g} s",
                    hint=f"look whether a dialog is open in {self.daw}, then send again: nothing is inserted twice",
                )
            time.sleep(_POLL_SECONDS)

    def _withdrawn(self, name: str) -> bool:
        """Takes the job back where it still lies in the inbox; False where the DAW has it."""
        if self._waiting().get("id") != name:
            return False
        taken = self.folder / f"withdrawn-{name}"
        try:
            self._inbox.rename(taken)
        except OSError:
            return False
        taken.unlink(missing_ok=True)
        return True

    def _clear_expired(self) -> None:
        """Removes a job that its program left behind; the DAW itself would refuse it."""
        with contextlib.suppress(OSError, ValueError):
            if float(self._waiting()["expires"]) + 1 < time.time():
                self._inbox.unlink(missing_ok=True)

    def _waiting(self) -> dict[str, Any]:
        """The job in the inbox; one that cannot be read has expired."""
        try:
            return {"expires": 0, **self.decode(self._inbox.read_bytes())}
        except FileNotFoundError:
            return {"expires": float("inf")}
        except (OSError, ValueError):
            return {"expires": 0}


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
