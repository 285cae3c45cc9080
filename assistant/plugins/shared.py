"""Memory that two processes see, without a name that could be left behind when either of them dies."""

from __future__ import annotations

import mmap
import os
import secrets
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.audio import Samples

MAX_CHANNELS = 2


@dataclass(slots=True)
class Block:
    """`frames` samples of two channels. `handle` is what the other process opens it by, `fds` what it must inherit."""

    memory: mmap.mmap
    frames: int
    handle: str
    fds: tuple[int, ...] = ()

    def samples(self, channels: int, frames: int) -> Samples:
        """The first samples, float32 of shape (channels, frames), where they lie."""
        import numpy as np

        return np.frombuffer(self.memory, np.float32, channels * frames).reshape(channels, frames)

    def touch(self) -> None:
        """Has the system lay all of it out now: page by page, while sound is copied, takes longer than the copying."""
        self.samples(MAX_CHANNELS, self.frames).fill(0)

    def close(self) -> None:
        """Arrays that still look into the memory keep it alive until they go."""
        for fd in self.fds:
            os.close(fd)
        self.fds = ()


def create_block(frames: int) -> Block:
    """Memory for `frames` samples of two channels."""
    size = frames * MAX_CHANNELS * 4
    if sys.platform == "win32":
        handle = f"hummingbridge-{secrets.token_hex(8)}"
        return Block(mmap.mmap(-1, size, tagname=handle), frames, handle)
    if sys.platform == "linux":
        fd = os.memfd_create("hummingbridge-plugin", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size)
    return Block(mmap.mmap(fd, size), frames, str(fd), (fd,))


def open_block(handle: str, frames: int) -> Block:
    """The same memory in the process that was given `handle`."""
    size = frames * MAX_CHANNELS * 4
    if sys.platform == "win32":
        return Block(mmap.mmap(-1, size, tagname=handle), frames, handle)
    return Block(mmap.mmap(int(handle), size), frames, handle, (int(handle),))
