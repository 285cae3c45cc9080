"""A process of our own that speaks in lines of JSON: what must not wait for us, or must outlive us for a moment.

It ends when its standard input ends, which our own end brings about, whatever that was.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

Line = dict[str, Any]


class Child:
    """`python -m module`, with `on_line(line)` for each line it says and `on_end(exit status)` when it has ended.

    Both are called from a thread of this object. With HUMMINGBRIDGE_STDERR set its own words reach the terminal;
    else they are dropped: libjack prints several lines a second while no server runs.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        on_line: Callable[[Line], None],
        on_end: Callable[[int], None],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("HUMMINGBRIDGE_STDERR") else subprocess.DEVNULL,
            env={**os.environ, "JACK_NO_START_SERVER": "1"},
            pass_fds=pass_fds,
            # Control-C at the terminal is for us: the child ends after us, having tidied up.
            start_new_session=True,
        )
        self._on_line, self._on_end = on_line, on_end
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._listen, name=module, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, line: Line) -> bool:
        """Says one line; false where the child has ended."""
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        assert self._process.stdin is not None
        with self._lock:
            try:
                self._process.stdin.write(data)
                self._process.stdin.flush()
            except (OSError, ValueError):
                return False
        return True

    def close(self, timeout_seconds: float = 3.0) -> None:
        """Ends it: first by the end of its input, then by force."""
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_seconds)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as spoken:
            for line in lines(spoken):
                self._on_line(line)
        status = self._process.wait()
        assert self._process.stdin is not None
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.close()
        self._on_end(status)


def lines(spoken: IO[bytes]) -> Iterator[Line]:
    """The lines until the other side ends; one that is no JSON object is passed over."""
    while True:
        try:
            data = spoken.readline()
        except (OSError, ValueError):
            return
        if not data:
            return
        with contextlib.suppress(ValueError):
            line = json.loads(data)
            if isinstance(line, dict):
                yield line


class Answers:
    """The child's side of what it says: whole lines, from any thread."""

    def __init__(self, spoken: IO[bytes]) -> None:
        self._spoken = spoken
        self._lock = threading.Lock()

    def say(self, line: Line) -> None:
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        # The parent may be gone; what the child does about that, it does when its input ends.
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._spoken.write(data)
            self._spoken.flush()
