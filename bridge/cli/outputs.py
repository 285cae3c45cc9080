"""Files beside the library: written whole, and never over what the composer recorded, wrote or changed."""

from __future__ import annotations

from pathlib import Path

from assistant.files import cannot_write, write_whole
from assistant.library import Library
from bridge.cli.console import note


def write_output(library: Library, path: Path, data: bytes, role: str) -> Path:
    """Writes a take's bytes to `path`. A file there that the program did not make is the composer's own work: it is set
    aside first, under a name of its own, and a remark says so.
    """
    aside = _set_aside(library, path, data, role)
    if aside:
        note(f"{path} is your own, or was changed since it was made; your version is kept as {aside}")
    return write_whole(path, data)


def _set_aside(library: Library, path: Path, data: bytes, role: str) -> Path | None:
    try:
        there = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise cannot_write(path, error) from error
    # A take that was read from a file is what the composer brought, and this the file, as like as not.
    held = library.holding(there, role)
    if there == data or (held and not held.recipe.input_digest):
        return None
    aside = next(one for number in range(1, 10_000) if not (one := _numbered(path, number)).exists())
    try:
        path.rename(aside)
    except OSError as error:
        raise cannot_write(path, error) from error
    return aside


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-yours{'' if number == 1 else f'-{number}'}{path.suffix}")
