"""Bytes kept under their SHA-256: each once, whole, and checked when it is read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import DamagedLibrary
from assistant.files import write_whole

_LEFT_OVER_SECONDS = 3600.0
"""A temporary file older than this belongs to a writer that died; a younger one may be another process at work."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """A folder of files named by the digest of what they hold."""

    folder: Path

    def put(self, data: bytes) -> str:
        """Keeps `data`; its digest. What is there already is not written again. Raises `CannotWrite`."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        # A file of another size is the trace of a disk that failed; it is written anew.
        if not (path.is_file() and path.stat().st_size == len(data)):
            write_whole(path, data)
            _sync_folder(path.parent)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes behind a digest. Raises `DamagedLibrary` when they are gone or not what they were."""
        try:
            data = self.path(digest).read_bytes()
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

    def sweep(self) -> None:
        """Removes what writers that died left half-written."""
        for part in self.folder.glob("??/.*.part"):
            try:
                if time.time() - part.stat().st_mtime > _LEFT_OVER_SECONDS:
                    part.unlink()
            except OSError:
                # Another process swept it first, or it may not be removed; it does no harm where it lies.
                continue


def _sync_folder(folder: Path) -> None:
    """Makes a rename last through a power cut, where the system can (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
