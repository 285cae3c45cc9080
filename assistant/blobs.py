"""Bytes kept under their SHA-256: each once, whole, and checked when it is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import CannotWrite, DamagedLibrary
from assistant.files import cannot_write, read_whole, write_pieces

_PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Blobs:
    """A folder of files named by the digest of what they hold.

    Whoever adds, removes or sweeps holds the library's write lock: so what lies in `partial` when the lock is free was
    left by a writer that died, and nothing is removed that another process is about to use.
    """

    folder: Path

    @contextmanager
    def adding(self, failed: Callable[[Sequence[str]], None]) -> Iterator[Callable[[bytes], str]]:
        """Gives what keeps bytes and answers their digest; where the block fails, `failed` gets those kept anew.

        Raises `CannotWrite`.
        """
        fresh: list[str] = []

        def put(data: bytes) -> str:
            digest = hashlib.sha256(data).hexdigest()
            path = self.path(digest)
            there = path.exists()
            # A file that is there and damaged is written anew: the same bytes mend it.
            if not (there and _holds(path, digest)):
                if not there:
                    fresh.append(digest)
                self._write(path, data)
            return digest

        try:
            yield put
        except BaseException:
            failed(fresh)
            raise

    def get(self, digest: str) -> bytes:
        """The bytes behind a digest. Raises `DamagedLibrary` when they are gone or not what they were."""
        try:
            data = read_whole(self.path(digest))
        except OSError as error:
            raise DamagedLibrary(
                f"the file {digest[:12]}… is missing from the library", hint="restore the library folder from a backup"
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise DamagedLibrary(
                f"the file {digest[:12]}… in the library is damaged", hint="restore the library folder from a backup"
            )
        return data

    def path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]

    def digests(self) -> Iterator[str]:
        """The digests of all that is kept."""
        for path in self.folder.glob("??/*"):
            if len(path.name) == 62:
                yield path.parent.name + path.name

    def remove(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)

    def left_over(self) -> tuple[Path, ...]:
        """What was being written: by a writer at work, or by one that died."""
        return tuple((self.folder / _PARTIAL).glob("*"))

    def _write(self, path: Path, data: bytes) -> None:
        part = self.folder / _PARTIAL / path.name
        try:
            new = not path.parent.is_dir()
            part.parent.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(exist_ok=True)
            with part.open("wb") as file:
                write_pieces(file, data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync_folder(path.parent)
            if new:
                _sync_folder(self.folder)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise CannotWrite(
                cannot_write(self.folder, error).message,
                hint="free some space, or choose another library with --library",
            ) from error


def _holds(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(read_whole(path)).hexdigest() == digest
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where the system can (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
