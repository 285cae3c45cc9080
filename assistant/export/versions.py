"""New names beside what is there: versions count up and nothing is written over."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from assistant.errors import CannotWrite
from assistant.files import cannot_write, write_whole
from assistant.text import file_name

_ATTEMPTS = 100
_STAGED = ".unfinished-"
_ABANDONED_SECONDS = 24 * 3600


def next_version(folder: Path, title: str, suffix: str = "") -> int:
    """One more than the highest version of the song in `folder`, at whatever tempo and in whatever key: 1 at first.

    Files of each kind, by their `suffix`, and folders, which have none, count for themselves.
    """
    name = re.escape(file_name(title, otherwise="Untitled").casefold())
    version = re.compile(rf"{name}_.*_v(\d+){re.escape(suffix)}")
    try:
        there = [version.fullmatch(entry.name.casefold()) for entry in folder.iterdir()]
    except FileNotFoundError:
        return 1
    except OSError as error:
        raise cannot_write(folder, error) from error
    return max((int(match[1]) for match in there if match), default=0) + 1


def write_new_folder(folder: Path, title: str, build: Callable[[int], tuple[str, dict[str, bytes]]]) -> Path:
    """A new folder inside `folder`, whole or not at all: filled under a hidden name, then renamed.

    `build(version)` gives its name and the files in it. Where another program takes the name meanwhile, the next
    version is tried. Raises `CannotWrite`.
    """
    return _write_new(folder, title, "", build, _rename)


def write_new_file(folder: Path, title: str, suffix: str, build: Callable[[int], tuple[str, bytes]]) -> Path:
    """A new file in `folder`, as `write_new_folder` makes a folder. Raises `CannotWrite`."""

    def one_file(version: int) -> tuple[str, dict[str, bytes]]:
        name, data = build(version)
        return name, {name: data}

    return _write_new(folder, title, suffix, one_file, _link)


def _write_new(
    folder: Path,
    title: str,
    suffix: str,
    build: Callable[[int], tuple[str, dict[str, bytes]]],
    place: Callable[[Path, Path], None],
) -> Path:
    _sweep(folder)
    for _ in range(_ATTEMPTS):
        name, files = build(next_version(folder, title, suffix))
        target = folder / name
        staged = folder / f"{_STAGED}{secrets.token_hex(8)}"
        try:
            staged.mkdir(parents=True)
            for file, data in files.items():
                write_whole(staged / file, data)
            place(staged, target)
            return target
        except (OSError, CannotWrite) as error:
            if isinstance(error, OSError) and target.exists():
                continue
            cause = error if isinstance(error, OSError) else error.__cause__
            # The composer knows the folder that was asked for, not the hidden one in it.
            raise cannot_write(target, cause) if isinstance(cause, OSError) else error from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    raise CannotWrite(f"{folder} gains new versions faster than one can be written", hint="try again")


def _sweep(folder: Path) -> None:
    """Removes what a run that was killed left behind, once it is a day old."""
    for staged in folder.glob(f"{_STAGED}*"):
        try:
            abandoned = time.time() - staged.stat().st_mtime > _ABANDONED_SECONDS
        except FileNotFoundError:
            continue
        if abandoned:
            shutil.rmtree(staged, ignore_errors=True)


def _rename(staged: Path, target: Path) -> None:
    """The staged folder becomes the target; a rename replaces an empty folder at most, never one that holds files."""
    staged.rename(target)


def _link(staged: Path, target: Path) -> None:
    """The staged file of the target's name becomes the target; a link, unlike a rename, never replaces a file."""
    try:
        os.link(staged / target.name, target)
    except OSError:
        # Some file systems (FAT, network shares) know no links.
        if target.exists():
            raise
        (staged / target.name).rename(target)
