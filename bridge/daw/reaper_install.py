"""Putting the Lua side into the composer's REAPER, and taking it away again.

REAPER runs `Scripts/__startup.lua` of its resource folder when it starts; the composer may have one already. Ours is a
few marked lines before it, and everything else lies in a folder of its own. REAPER writes none of these files.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import CannotRead, MissingPart
from assistant.files import cannot_write, write_whole
from assistant.presets import shipped

PATTERN_FILE = Path("OSC/Hummingbridge.ReaperOSC")
_SCRIPTS = Path("Scripts/Hummingbridge")
_STARTUP = Path("Scripts/__startup.lua")
_PARTS = ("hummingbridge.lua", "json.lua", "project.lua", "insert.lua", "selection.lua")
_BLOCK = b"""-- hummingbridge: begin (`hummingbridge daw uninstall reaper` takes this away)
pcall (dofile, reaper.GetResourcePath () .. "/Scripts/Hummingbridge/hummingbridge.lua")
-- hummingbridge: end
"""
_ANY_BLOCK = re.compile(rb"-- hummingbridge: begin.*?-- hummingbridge: end\n", re.DOTALL)
# A byte order mark and a first line that begins with # are passed over by Lua only where they stand at the very front.
_FRONT = re.compile(rb"(?:\xef\xbb\xbf)?(?:#[^\n]*\n)?")


@dataclass(frozen=True, slots=True)
class Installation:
    """What stands in REAPER's resource folder: the folder of the script, its queue, and what is left to do."""

    folder: Path
    queue: Path
    notes: tuple[str, ...] = ()


def resource_folders() -> tuple[Path, ...]:
    """Where REAPER may keep its resources on this system, the likeliest first."""
    home = Path.home()
    if sys.platform == "darwin":
        return (home / "Library/Application Support/REAPER",)
    if sys.platform == "win32":
        return (Path(os.environ.get("APPDATA", home / "AppData/Roaming")) / "REAPER",)
    usual = home / ".config/REAPER"
    own = os.environ.get("XDG_CONFIG_HOME")
    return (Path(own) / "REAPER", usual) if own else (usual,)


def find_resource_folder() -> Path:
    """REAPER's resources. Raises `MissingPart` where REAPER was never started."""
    for folder in resource_folders():
        if folder.is_dir():
            return folder
    raise MissingPart(
        f"REAPER was never started here: there is no folder {resource_folders()[0]}",
        hint="install REAPER and start it once; of a portable REAPER, give the folder with --folder",
    )


def install(resource: Path | None = None) -> Installation:
    """Puts the script, its start and the OSC patterns into the resource folder. Doing it twice changes nothing.

    The composer's own start-up script stays, after our lines. Raises `MissingPart`, `CannotRead`, `CannotWrite`.
    """
    resource = resource or find_resource_folder()
    before = _read(resource / _STARTUP) or b""
    theirs = _ANY_BLOCK.sub(b"", before)
    front = _FRONT.match(theirs)
    cut = front.end() if front else 0
    startup = theirs[:cut] + _BLOCK + theirs[cut:]

    folder = resource / _SCRIPTS
    for part in _PARTS:
        write_whole(folder / part, shipped(f"daw/reaper/{part}").read_bytes())
    write_whole(resource / PATTERN_FILE, shipped("daw/reaper/Hummingbridge.ReaperOSC").read_bytes())
    queue = folder / "queue"
    for each in (queue / "answers", queue / "staging"):
        each.mkdir(parents=True, exist_ok=True)
    if startup != before:
        write_whole(resource / _STARTUP, startup)
    return Installation(folder, queue, ("restart REAPER: the script starts with it",))


def uninstall(resource: Path | None = None) -> bool:
    """Takes it all out again; False where it was not there. The composer's start-up script is then what it was.

    Raises `MissingPart`, `CannotRead`, `CannotWrite`.
    """
    resource = resource or find_resource_folder()
    startup = _read(resource / _STARTUP)
    present = (resource / _SCRIPTS).is_dir() or (startup is not None and _ANY_BLOCK.search(startup) is not None)
    if startup is not None and (theirs := _ANY_BLOCK.sub(b"", startup)) != startup:
        if theirs:
            write_whole(resource / _STARTUP, theirs)
        else:
            _remove(resource / _STARTUP)
    _remove(resource / PATTERN_FILE)
    shutil.rmtree(resource / _SCRIPTS, ignore_errors=True)
    return present


def installed(resource: Path) -> Installation | None:
    """What stands there now; None where the script is not, or not wholly, installed."""
    folder = resource / _SCRIPTS
    startup = _read(resource / _STARTUP)
    if startup is None or _BLOCK not in startup or not all((folder / part).is_file() for part in _PARTS):
        return None
    return Installation(folder, folder / "queue")


def outdated(folder: Path) -> bool:
    """Whether the Lua files there are not the ones that ship with this version."""
    return any(_read(folder / part) != shipped(f"daw/reaper/{part}").read_bytes() for part in _PARTS)


def reaper_runs() -> bool:
    """Whether a REAPER is running (told from /proc; True on systems without it, where asking is the only way)."""
    if not Path("/proc").is_dir():
        return True
    return any(program == "reaper" for program in _programs())


def _programs() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "comm").read_text().strip()
        except OSError:
            continue


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
