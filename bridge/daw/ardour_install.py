"""Putting the Lua side into the composer's Ardour, and taking it away again.

Ardour 7 reads `ui_scripts` when a session is opened and writes it only when the composer adds or removes a Lua script,
not at exit; so installing beside a running Ardour is safe and counts from the next session opened. `config`, where OSC
is switched on, is written at exit: with Ardour running that part is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from assistant.errors import CannotRead, MissingPart
from assistant.files import cannot_write, write_whole
from assistant.presets import shipped
from bridge.daw.ardour_scripts import hooked, osc_active, slot_of_bridge, with_bridge, with_osc, without_bridge
from midi.errors import HummingbridgeError

BRIDGE = "hummingbridge"
"""The folder inside Ardour's settings that holds the Lua files, the jobs and their answers."""

_SESSIONS = "a session that had OSC off keeps it off: switch it on there under Edit, Preferences, Control Surfaces"
_RECORD = "installed.json"
_PARTS = ("hummingbridge.lua", "session.lua", "insert.lua", "selection.lua")


class DawRunning(HummingbridgeError):
    """The DAW is running and would write over the change when it ends."""

    code: ClassVar[str] = "daw-running"


@dataclass(frozen=True, slots=True)
class Installation:
    """What stands in Ardour's settings: the folder of the bridge, the slot of its action (`LuaAction/script-N`),
    the copies made before (`ui_scripts`, `config`; None where there was no such file), and whether OSC is on."""

    folder: Path
    slot: int
    backups: tuple[Path, ...]
    osc: bool
    notes: tuple[str, ...] = ()


def config_folders() -> tuple[Path, ...]:
    """Where Ardour 7 may keep its settings on this system, the likeliest first."""
    home = Path.home()
    if sys.platform == "darwin":
        return (home / "Library/Preferences/Ardour7",)
    if sys.platform == "win32":
        return (Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local")) / "Ardour7",)
    own = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return own / "ardour7", home / ".var/app/org.ardour.Ardour/config/ardour7"


def find_config_folder() -> Path:
    """Ardour's settings. Raises `MissingPart` where Ardour 7 was never started."""
    for folder in config_folders():
        if folder.is_dir():
            return folder
    raise MissingPart(
        f"Ardour 7 was never started here: there is no folder {config_folders()[0]}",
        hint="install Ardour 7, start it once, and open a session",
    )


def install(config: Path | None = None, *, osc: bool = False) -> Installation:
    """Puts the bridge into Ardour's settings; `osc` also switches on its OSC surface. Doing it twice changes nothing.

    Actions and hooks that are there stay, and what the files were is kept beside them. Raises `MissingPart`,
    `DawRunning` (for `osc`), `UnreadableSettings`, `CannotWrite`; then nothing was changed.
    """
    config = config or find_config_folder()
    bridge = config / BRIDGE
    settings = _read(config / "config")
    new_settings = settings
    if osc:
        if settings is None:
            raise MissingPart(f"there is no file {config / 'config'}", hint="start Ardour once and open a session")
        new_settings = with_osc(settings)
        if new_settings != settings and ardour_runs(config):
            raise DawRunning(
                "Ardour is running and would write over its settings when it ends",
                hint="close Ardour first, or switch on OSC under Edit, Preferences, Control Surfaces",
            )
    before = _read(config / "ui_scripts")
    there = before is not None and without_bridge(before) != before
    scripts, slot = with_bridge(before, bridge)

    record = _read_record(bridge)
    for part in _PARTS:
        write_whole(bridge / part, shipped(f"daw/ardour/{part}").read_bytes())
    for folder in ("answers", "staging"):
        (bridge / folder).mkdir(exist_ok=True)
    if before is not None and not there:
        write_whole(bridge / "ui_scripts.before", before)
    if scripts != before:
        write_whole(config / "ui_scripts", scripts)
    if settings is not None and new_settings is not None and new_settings != settings:
        write_whole(bridge / "config.before", settings)
        write_whole(config / "config", new_settings)
        record["switched_on_osc"] = True
    if not there:
        record["had_scripts"] = before is not None
    record["written"] = _digest(scripts)
    record["slot"] = slot
    write_whole(bridge / _RECORD, json.dumps(record, indent=1).encode())
    reopen = ("Ardour is running: close the session and open it again",) if ardour_runs(config) else ()
    notes = (*reopen, _SESSIONS) if osc else reopen
    return Installation(bridge, slot, _backups(bridge), new_settings is not None and osc_active(new_settings), notes)


def uninstall(config: Path | None = None) -> bool:
    """Takes the bridge out of Ardour's settings; False where it was not there.

    Where `ui_scripts` is as the installation wrote it, the file becomes byte for byte what it was before; where the
    composer added scripts since, those stay. OSC is switched off again only if the installation switched it on, and
    only while Ardour does not run. Raises `UnreadableSettings`, `CannotWrite`, `DawRunning`.
    """
    config = config or find_config_folder()
    bridge = config / BRIDGE
    record = _read_record(bridge)
    scripts = _read(config / "ui_scripts")
    settings = _read(config / "config")
    if record.get("switched_on_osc") and settings is not None and osc_active(settings) and ardour_runs(config):
        raise DawRunning("Ardour is running and would write over its settings when it ends", hint="close Ardour first")
    present = bridge.is_dir() or (scripts is not None and without_bridge(scripts) != scripts)
    if scripts is not None:
        untouched = record.get("written") == _digest(scripts)
        original = _read(bridge / "ui_scripts.before")
        if untouched and record.get("had_scripts") is False:
            _remove(config / "ui_scripts")
        elif untouched and original is not None:
            write_whole(config / "ui_scripts", original)
        elif (remaining := without_bridge(scripts)) != scripts:
            write_whole(config / "ui_scripts", remaining)
    if record.get("switched_on_osc") and settings is not None:
        original = _read(bridge / "config.before")
        off = original if original is not None and with_osc(original) == settings else with_osc(settings, active=False)
        if off != settings:
            write_whole(config / "config", off)
    shutil.rmtree(bridge, ignore_errors=True)
    return present


def installed(config: Path) -> Installation | None:
    """What stands in the settings now; None where the bridge is not, or not wholly, installed."""
    bridge = config / BRIDGE
    scripts = _read(config / "ui_scripts")
    if scripts is None or not all((bridge / part).is_file() for part in _PARTS):
        return None
    slot = slot_of_bridge(scripts)
    if slot is None or not hooked(scripts):
        return None
    settings = _read(config / "config")
    return Installation(bridge, slot, _backups(bridge), settings is not None and osc_active(settings))


def outdated(bridge: Path) -> bool:
    """Whether the Lua files there are not the ones that ship with this version."""
    return any(_read(bridge / part) != shipped(f"daw/ardour/{part}").read_bytes() for part in _PARTS)


def ardour_runs(config: Path) -> bool:
    """Whether an Ardour that uses these settings is running (told from /proc; False on systems without it)."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # The editor's program is named "ardour-" and its version; "ardour7-lua" and the like are none.
            program = os.fsdecode((process / "cmdline").read_bytes().partition(b"\0")[0])
            if not Path(program).name.startswith("ardour-7"):
                continue
            pairs = (pair.partition(b"=") for pair in (process / "environ").read_bytes().split(b"\0"))
            environment = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
        except OSError:
            continue
        home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")) / ".config")
        if (Path(home) / "ardour7").resolve() == config.resolve():
            return True
    return False


def _backups(bridge: Path) -> tuple[Path, ...]:
    return tuple(path for name in ("ui_scripts.before", "config.before") if (path := bridge / name).exists())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error


def _read_record(bridge: Path) -> dict[str, object]:
    try:
        record = json.loads(_read(bridge / _RECORD) or b"{}")
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
