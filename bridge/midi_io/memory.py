"""Memory in which the process that keeps time writes what sounds, and which outlives it."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from pathlib import Path

from bridge.midi_io.schedule import SOUNDING_BYTES


class NotesMemory:
    """`told` is what the process is told, to find it with `opened`; `fds` what it must inherit."""

    def __init__(self) -> None:
        self.fds: tuple[int, ...] = ()
        if sys.platform == "win32":
            self.told = f"hummingbridge-{os.getpid()}-{id(self)}"
            # It lasts while somebody holds it.
            self._held = opened(self.told)
            return
        fd, name = tempfile.mkstemp()
        Path(name).unlink()
        os.ftruncate(fd, SOUNDING_BYTES)
        self.fds, self.told = (fd,), str(fd)

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)
        self.fds = ()


def opened(told: str) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, SOUNDING_BYTES, tagname=told)
    return mmap.mmap(int(told), SOUNDING_BYTES)
