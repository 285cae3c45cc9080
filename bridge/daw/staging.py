"""What a script inside a DAW is handed: files that lie there until it has read them, names it can show, tags."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.files import write_whole
from bridge.daw.port import Parcel

_STALE_SECONDS = 3600.0
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9_]+")


def tag_of(kind: str, parcel: Parcel) -> str:
    """The mark by which one insertion is known again: a parcel's sound and its notes are two."""
    return "hb" + hashlib.sha256(f"{kind} {parcel.id}".encode()).hexdigest()[:16]


@contextmanager
def staged(folder: Path, parcel: Parcel, tag: str, suffix: str, data: bytes) -> Iterator[Path]:
    """`data` as a file with the tag in its name, for as long as the block lasts; after an error it stays an hour: the
    DAW may still be reading it.

    Its path is another each time: a DAW may take a path that it knows for the file that it knows. Raises `CannotWrite`.
    """
    _sweep(folder)
    slug = _NOT_IN_FILE_NAMES.sub("-", parcel.name)[:40].strip("-") or "idea"
    path = write_whole(folder / uuid.uuid4().hex / f"{slug}-{tag}{suffix}", data)
    yield path
    with contextlib.suppress(OSError):
        shutil.rmtree(path.parent)


def shown(name: str, *, without: str = "") -> str:
    """A name as a DAW can show it: one line, without control characters and those of `without`."""
    plain = (" " if not each.isprintable() or each in without else each for each in name)
    return " ".join("".join(plain).split())[:80]


def _sweep(staging: Path) -> None:
    """Removes what earlier attempts that timed out left."""
    for folder in staging.glob("*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < time.time() - _STALE_SECONDS:
                shutil.rmtree(folder)
