"""Presets: where they lie, which there are, whether they are sound, and new ones of the composer's own.

A preset is a TOML file in a folder per kind. Three places are searched, and the first that has the name wins: the
composer's folder, the copy inside the installed package, the `presets/` folder of a checkout.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import CannotRead, CannotWrite, InvalidPreset, UnknownName
from assistant.files import write_whole
from assistant.tables import resolve, unknown
from midi.errors import HummingbridgeError

KINDS: dict[str, str] = {
    "chains": "chains of effects",
    "instruments": "instruments of your own, made from General MIDI sounds or a SoundFont",
    "surfaces": "control surfaces and what their keys do",
    "timbres": "models that turn a voice into an instrument",
}
"""Every kind of preset: the folder's name and what lies in it."""

CHECKS: dict[str, str] = {
    "chains": "assistant.effects.chain:load_chain_file",
    "instruments": "assistant.render.instruments:load_instrument_file",
    "timbres": "assistant.timbre.timbre:load_timbre_file",
}
"""kind → what reads a file of it and raises `InvalidPreset`; kinds without one are only read as TOML."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]{0,63}")


@dataclass(frozen=True, slots=True)
class Preset:
    """One preset file. `own` tells the composer's from the shipped; `description` is the file's own sentence."""

    kind: str
    name: str
    path: Path
    own: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check of one preset gave; `error` is None for a sound one."""

    preset: Preset
    error: HummingbridgeError | None


def own_folder() -> Path:
    """The composer's own presets: the platform's settings folder."""
    import platformdirs

    return Path(platformdirs.user_config_dir("hummingbridge")) / "presets"


def shipped_folders() -> tuple[Path, ...]:
    """Where what ships may lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    return here / "shipped", here.parent / "presets"


def shipped(relative: str) -> Path:
    """A data file that ships, such as `"melody/ngram.bin"`. Raises `CannotRead` where it is missing."""
    if Path(relative).is_absolute() or ".." in Path(relative).parts:
        raise CannotRead(f"{relative!r} is not among what ships", hint="give a name below presets/")
    for folder in shipped_folders():
        if (folder / relative).exists():
            return folder / relative
    raise CannotRead(f"{relative} is missing from this installation", hint="install hummingbridge again")


def find_preset(kind: str, name: str) -> Path:
    """The file of a preset. Raises `UnknownName`, naming what is there."""
    _check_kind(kind)
    check_name(kind, name)
    path = preset_path(kind, name)
    if path is None:
        raise unknown(name, (preset.name for preset in list_presets(kind)), kind=_singular(kind))
    return path


def preset_path(kind: str, name: str) -> Path | None:
    """The file of a preset, None where there is none of that name or it is not a plain name."""
    if not _plain_name(name):
        return None
    paths = (folder / f"{name}.toml" for folder in _folders(kind))
    return next((path for path in paths if path.is_file()), None)


def list_presets(kind: str) -> tuple[Preset, ...]:
    """The presets of a kind by name; one of the composer's hides a shipped one of the same name."""
    _check_kind(kind)
    found: dict[str, Preset] = {}
    own = own_folder() / kind
    for folder in _folders(kind):
        for path in sorted(folder.glob("*.toml")):
            if path.stem not in found:
                found[path.stem] = Preset(kind, path.stem, path, folder == own, _description(path))
    return tuple(found[name] for name in sorted(found))


def check_presets(kind: str | None = None, *, checks: Mapping[str, str] = CHECKS) -> tuple[Finding, ...]:
    """Reads every preset of a kind, or of all, and says what is wrong with each."""
    if kind is not None:
        _check_kind(kind)
    return tuple(
        Finding(preset, _error(preset, checks)) for each in ([kind] if kind else KINDS) for preset in list_presets(each)
    )


def new_preset(kind: str, name: str, *, like: str | None = None) -> Path:
    """Writes a preset into the composer's folder: a copy of the one named by `like`, else a commented start.

    `like` may be a General MIDI sound, for an instrument. Refuses to overwrite. Raises `CannotWrite`, `UnknownName`.
    """
    _check_kind(kind)
    check_name(kind, name)
    target = own_folder() / kind / f"{name}.toml"
    if target.exists():
        raise CannotWrite(f"{target} exists already", hint="choose another name, or edit that file")
    if like is not None:
        text = _like(kind, like)
    elif (template := _template(kind)) is not None:
        text = template.read_text(encoding="utf-8")
    else:
        raise UnknownName(
            f"there is no template for {kind}", hint=f"name one to start from: {', '.join(_names(kind)) or 'none yet'}"
        )
    try:
        return write_whole(target, text.encode())
    except CannotWrite as error:
        raise CannotWrite(error.message, hint="check the permissions of the settings folder") from error


def read_toml(path: Path) -> Mapping[str, Any]:
    """The table in a TOML file. Raises `CannotRead`, and `InvalidPreset` with file and place."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}", hint="check the name and permissions") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidPreset(f"{shown(path)}: not TOML: {error}", hint="mend the place it names") from error


def shown(path: Path) -> str:
    """A preset's path as errors show it: from the presets folder on, where it lies in one."""
    parts = path.parts
    for name in ("presets", "shipped"):
        if name in parts[:-1]:
            return "/".join(("presets", *parts[len(parts) - parts[::-1].index(name) :]))
    return str(path)


def _folders(kind: str) -> tuple[Path, ...]:
    return own_folder() / kind, *(folder / kind for folder in shipped_folders())


def _names(kind: str) -> list[str]:
    return [preset.name for preset in list_presets(kind)]


def _template(kind: str) -> Path | None:
    """The commented start for a new preset, `presets/templates/KIND.toml`."""
    paths = (folder / "templates" / f"{kind}.toml" for folder in shipped_folders())
    return next((path for path in paths if path.is_file()), None)


def _like(kind: str, name: str) -> str:
    """The text of a preset to begin with. Of one that ships, the line that says under which licence it ships is left
    out: what the composer makes of it is the composer's. One of another's keeps it."""
    if kind == "instruments" and preset_path(kind, name) is None:
        from assistant.render.instruments import find_instrument

        sound = find_instrument(name).name
        template = _template(kind)
        text = template.read_text(encoding="utf-8") if template else ""
        return re.sub(r'(?m)^sound = ".*"$', f'sound = "{sound}"', text)
    path = find_preset(kind, name)
    text = path.read_text(encoding="utf-8")
    return text if path.is_relative_to(own_folder()) else re.sub(r"(?m)^licence = .*\n", "", text, count=1)


def _description(path: Path) -> str:
    try:
        return str(read_toml(path).get("description", ""))
    except HummingbridgeError:
        return ""


def _error(preset: Preset, checks: Mapping[str, str]) -> HummingbridgeError | None:
    try:
        if preset.kind in checks:
            check: Callable[[Path], object] = resolve(checks, preset.kind, kind="kind of preset")
            check(preset.path)
        else:
            read_toml(preset.path)
    except HummingbridgeError as error:
        return error
    return None


def _singular(kind: str) -> str:
    return kind.removesuffix("s")


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise unknown(kind, KINDS, kind="kind of preset")


def _plain_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and ".." not in name and not name.endswith((" ", "."))


def check_name(kind: str, name: str) -> None:
    """A name is one plain file name: nothing outside the preset folders can be reached by it. Raises `UnknownName`."""
    if not _plain_name(name):
        raise UnknownName(
            f"{_singular(kind)} name {name!r} is not a plain name",
            hint="use letters, digits, spaces, dots, hyphens, underscores",
        )
