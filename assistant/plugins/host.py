"""Our side of a plugin's process: asking, waiting no longer than a limit, and saying what went wrong by name."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from assistant.errors import InvalidPreset, MissingPart, PluginFailed
from assistant.plugins.shared import create_block

if TYPE_CHECKING:
    from assistant.audio import Samples
    from assistant.effects.parameter import Value

WITHOUT = "render without it: --without-failed-plugins, or without_failed_plugins=yes with hummingbridge do"
BLOCK_FRAMES = 480_000
"""So much goes to a plugin at once, ten seconds at 48 kHz; the limit is for one such block."""

_CRASHES = {"SIGSEGV": "memory it does not own", "SIGABRT": "it gave up", "SIGFPE": "a division by zero"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a plugin may take to load, and for one call; longer is a hang."""

    load_seconds: float = 30.0
    call_seconds: float = 20.0


class SeveralPlugins(PluginFailed):
    """A file holds more than one plugin, and none was named."""

    def __init__(self, message: str, names: Sequence[str]) -> None:
        super().__init__(message, hint=f"name one: {', '.join(names)}")
        self.names = tuple(names)


class HostedPlugin:
    """One plugin in a process of its own. To be closed, or used in a `with`.

    `path` is the plugin's file, `name` which of several in it. Every call raises `PluginFailed` where the plugin
    crashes, exceeds its limit or gives samples that are not numbers. Raises `SeveralPlugins` where a name is needed.
    """

    def __init__(self, kind: str, path: Path, name: str = "", *, limits: Limits | None = None) -> None:
        self.called = name or path.stem
        self.limits = limits or Limits()
        self._asked = {"do": "open", "format": kind, "path": str(path), "name": name}
        self._open()

    def _open(self) -> None:
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        self._block = create_block(BLOCK_FRAMES)
        self._process = _started(self._block.fds)
        assert self._process.stdout is not None
        self._thread = threading.Thread(
            target=_listen, args=(self._process.stdout, self._answers), name=self.called, daemon=True
        )
        self._thread.start()
        # While the other process starts.
        self._block.touch()
        try:
            answer = self._ask(
                self._asked | {"memory": self._block.handle, "frames": BLOCK_FRAMES},
                self.limits.load_seconds,
                "while it loaded",
            )
        except BaseException:
            self.close()
            raise
        self.facts: dict[str, Any] = answer["plugin"]
        self.hears_whole: bool = answer["hears_whole"]
        self.called = self.facts["name"] or self.called

    @property
    def pid(self) -> int:
        return self._process.pid

    def set(self, values: Mapping[str, Value]) -> None:
        """Turns knobs, by key. Raises `InvalidPreset` for one that it lacks or a value out of its range."""
        if values:
            self._ask({"do": "set", "values": dict(values)}, self.limits.call_seconds, "while its knobs were turned")

    def knobs(self) -> list[dict[str, Any]]:
        """Every knob as it stands now."""
        knobs: list[dict[str, Any]] = self._ask({"do": "knobs"}, self.limits.call_seconds, "while it was read")["knobs"]
        return knobs

    def state(self) -> bytes:
        """All that the plugin wants to be kept of itself."""
        answer = self._ask({"do": "state"}, self.limits.call_seconds, "while its state was read")
        return base64.b64decode(answer["state"])

    def restore(self, state: bytes) -> str:
        """Gives it back a state, byte for byte. Empty; or in words, how the plugin failed on what it keeps besides its
        knobs: it then runs anew, with the knobs alone.
        """
        asked = {"do": "restore", "state": base64.b64encode(state).decode()}
        when = "while its state was given back"
        if not self._ask(asked, self.limits.call_seconds, when)["more"]:
            return ""
        try:
            self._ask({"do": "restore_own"}, self.limits.call_seconds, when)
        except PluginFailed as error:
            self.close()
            self._open()
            self._ask(asked, self.limits.call_seconds, when)
            return f"{error.message}: only its knobs are as they were saved"
        return ""

    def process(self, samples: Samples, rate_hz: int) -> Samples:
        """`samples`, shape (1 or 2, n), through the effect: the same shape, sample for sample where it was."""
        import numpy as np

        channels, length = samples.shape
        if self.hears_whole and length:
            for start in range(0, length, BLOCK_FRAMES):
                part = samples[:, start : start + BLOCK_FRAMES]
                self._block.samples(*part.shape)[:] = part
                asked = {"channels": channels, "frames": part.shape[1]}
                if start + BLOCK_FRAMES < length:
                    self._ask({"do": "feed", **asked}, self.limits.call_seconds, "while it was given the sound")
            return self._whole({"rate_hz": rate_hz, **asked}, length)
        out = np.empty_like(samples)
        done = fed = 0
        # Latency holds samples back at the beginning; silence after the end pushes them out.
        longest = length + max(int(self.facts["latency"]), 0) * 2 + 2 * rate_hz
        while done < length and fed < longest:
            part = samples[:, fed : fed + BLOCK_FRAMES]
            if part.shape[1] == 0:
                part = np.zeros((channels, min(BLOCK_FRAMES, max(512, length - done))), np.float32)
            given = self.call(part, rate_hz, fresh=fed == 0, at=fed)
            fed += part.shape[1]
            kept = min(given.shape[1], length - done)
            out[:, done : done + kept] = given[:, :kept]
            done += kept
        if done < length:
            raise self._failed(f"gave only {done} of {length} samples")
        return out

    def call(self, samples: Samples, rate_hz: int, *, fresh: bool = False, at: int = 0) -> Samples:
        """One block, `BLOCK_FRAMES` at most, through a plugin that goes on from block to block: one that is not
        `hears_whole`. What comes back lies in the shared memory until the next call.
        """
        channels, frames = samples.shape
        self._block.samples(channels, frames)[:] = samples
        asked = {"do": "process", "channels": channels, "frames": frames, "rate_hz": rate_hz, "fresh": fresh, "at": at}
        answer = self._ask(asked, self.limits.call_seconds, "while it played")
        return self._block.samples(answer["channels"], answer["frames"])

    def play(self, events: Sequence[tuple[int, bytes]], length: int, rate_hz: int) -> Samples:
        """MIDI messages at samples, in order, through the instrument: shape (2, `length`)."""
        import numpy as np

        if self.hears_whole:
            seconds = [(at / rate_hz, list(data)) for at, data in events]
            return self._whole({"events": seconds, "frames": length, "rate_hz": rate_hz}, length)
        parts = []
        for start in range(0, length, BLOCK_FRAMES):
            frames = min(BLOCK_FRAMES, length - start)
            inside = [((at - start) / rate_hz, list(data)) for at, data in events if start <= at < start + frames]
            asked = {"do": "play", "events": inside, "frames": frames, "rate_hz": rate_hz}
            answer = self._ask(asked | {"fresh": start == 0, "at": start}, self.limits.call_seconds, "while it played")
            parts.append(self._block.samples(answer["channels"], answer["frames"]).copy())
        return np.concatenate(parts, axis=1)

    def _whole(self, asked: Mapping[str, Any], length: int) -> Samples:
        """All at once, for as long as all its blocks may take, brought over block by block."""
        import numpy as np

        blocks = range(0, length, BLOCK_FRAMES)
        answer = self._ask({"do": "whole", **asked}, self.limits.call_seconds * max(1, len(blocks)), "while it played")
        if answer["frames"] < length:
            raise self._failed(f"gave only {answer['frames']} of {length} samples")
        out = np.empty((answer["channels"], length), np.float32)
        for start in blocks:
            frames = min(BLOCK_FRAMES, length - start)
            self._ask({"do": "take", "at": start, "frames": frames}, self.limits.call_seconds, "while it played")
            out[:, start : start + frames] = self._block.samples(answer["channels"], frames)
        return out

    def window(self) -> None:
        """Shows the plugin's own window and waits until it is closed, however long that takes."""
        self._ask({"do": "window"}, None, "while its window was open")

    def close(self) -> None:
        """Ends the process; it holds nothing that must be kept. Closing twice does no harm."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._block.close()

    def __enter__(self) -> HostedPlugin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, asked: Mapping[str, Any], limit_seconds: float | None, when: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        start = time.monotonic()
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        try:
            line = self._answers.get(timeout=limit_seconds)
        except Empty:
            self._process.kill()
            raise self._failed(f"did not answer within {limit_seconds:g} s {when}") from None
        if not line:
            raise self._failed(f"{_death(self._process.wait())} {when}, after {time.monotonic() - start:.2f} s")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._refused(answer)
        return answer

    def _refused(self, answer: Mapping[str, Any]) -> InvalidPreset | MissingPart | PluginFailed:
        if answer["kind"] == "several":
            return SeveralPlugins(f"{self.called} holds several plugins", answer["names"])
        if answer["kind"] == "preset":
            return InvalidPreset(f"plugin {self.called}: {answer['error']}", hint=answer["hint"])
        if answer["kind"] == "missing":
            return MissingPart(answer["error"], hint=answer["hint"])
        return self._failed(str(answer["error"]))

    def _failed(self, what: str) -> PluginFailed:
        return PluginFailed(f"plugin {self.called} {what}", hint=WITHOUT)


def _started(fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.plugins.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("HUMMINGBRIDGE_STDERR") else subprocess.DEVNULL,
        bufsize=0,
        pass_fds=fds,
        # Threads for matrices take longer to start than all the rest, and there are no matrices.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        # Control-C at the terminal is for us, and we end it.
        start_new_session=True,
    )


def _listen(spoken: IO[bytes], answers: SimpleQueue[bytes]) -> None:
    """Each line as an answer, and an empty one at the end."""
    with spoken:
        kept = b""
        while data := spoken.read(65_536):
            *whole, kept = (kept + data).split(b"\n")
            for line in whole:
                answers.put(line)
    answers.put(b"")


def _death(status: int) -> str:
    if status >= 0:
        return "ended by itself"
    name = signal.Signals(-status).name
    return f"crashed ({name}{': ' + _CRASHES[name] if name in _CRASHES else ''})"
