"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from assistant.errors import CannotRead, CannotWrite

PIECE_BYTES = 1 << 18
"""Where the kernel does not interrupt itself, one call that moved 100 MB kept even a real-time thread of the same core
waiting for 35 ms.
"""

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another folder with -o"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder with -o"),
    errno.EROFS: ("the folder is read-only", "choose another folder with -o"),
    errno.EACCES: ("writing there is not allowed", "choose another folder with -o"),
    errno.EPERM: ("writing there is not allowed", "choose another folder with -o"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "choose another folder with -o"),
    errno.EISDIR: ("a folder stands where the file should go", "choose another name with -o"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name with -o"),
}


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The error for a failed write of `path`, in words."""
    reason, remedy = _REASONS.get(error.errno or 0, (str(error.strerror or error), "choose another place with -o"))
    return CannotWrite(f"{path} cannot be written: {reason}", hint=remedy)


def no_such_name(error: BaseException) -> CannotRead | None:
    """What to say where a name was given that no file can have; None for any other fault."""
    if not isinstance(error, OSError) or error.errno != errno.ENAMETOOLONG:
        return None
    return CannotRead(f"{str(error.filename)[:40]}… is no file: the name is too long", hint="check the name")


def write_pieces(file: IO[bytes], data: bytes) -> None:
    """Writes `data` by so much at a time as holds up nobody (`PIECE_BYTES`)."""
    view = memoryview(data)
    for at in range(0, len(view), PIECE_BYTES):
        file.write(view[at : at + PIECE_BYTES])


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of a file or a pipe, by so much at a time as holds up nobody (`PIECE_BYTES`)."""
    return iter(partial(file.read, PIECE_BYTES), b"")


def read_whole(path: Path) -> bytes:
    """All of a file, which may be long. Raises `OSError`."""
    with path.open("rb") as file:
        return b"".join(pieces(file))


def write_whole(path: Path, data: bytes) -> Path:
    """Writes `data` to `path` by way of a temporary file beside it; on failure `path` is as it was.

    Missing folders are made. Raises `CannotWrite`.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            write_pieces(file, data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; a new file gets the usual permissions instead.
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise cannot_write(path, error) from error
    return path


def _umask() -> int:
    """The process's umask; the system only tells it when it is set."""
    current = os.umask(0o022)
    os.umask(current)
    return current
