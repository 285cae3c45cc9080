"""Which SoundFont plays: the one that is named, else the best one on this machine, else the one that comes along."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from assistant.errors import CannotRead, InvalidPreset, MissingPart
from assistant.presets import own_folder, read_toml, shown

EMBEDDED = "TimGM6mb.sf2"
"""The SoundFont inside the package pretty_midi: 6 MB, all of General MIDI."""

BETTER = ("FluidR3_GM.sf2", "MuseScore_General.sf2", "MuseScore_General.sf3")
"""What is taken instead where it is installed, in this order: FluidR3 loads ten times faster than the .sf3."""

LICENCES = {"TimGM6mb": "GPL-2.0-only", "FluidR3": "MIT", "MuseScore_General": "MIT"}
"""How a file's name begins → its licence (SPDX), as its makers and Debian's copyright files state it."""

UNKNOWN_LICENCE = "NOASSERTION"


@dataclass(frozen=True, slots=True)
class SoundFont:
    """A file of sampled instruments. `licence_spdx` is `NOASSERTION` where nobody has told us."""

    path: Path
    name: str
    licence_spdx: str

    @property
    def compressed(self) -> bool:
        """An .sf3, whose samples are Ogg Vorbis."""
        return self.path.suffix.lower() == ".sf3"


@dataclass(frozen=True, slots=True)
class RenderConfig:
    """The composer's standing choice, `[render]` in `config.toml` of the settings folder."""

    engine: str | None = None
    soundfont: Path | None = None


_KEYS = ("engine", "soundfont")


def read_config() -> RenderConfig:
    """Raises `InvalidPreset`, naming file and key."""
    path = own_folder().parent / "config.toml"
    if not path.is_file():
        return RenderConfig()
    settings = read_toml(path)
    table = settings.get("render", {})
    if not isinstance(table, dict):
        raise InvalidPreset(f"{shown(path)}: render is not a section", hint="write [render] on a line of its own")
    for key in [key for key in settings if key != "render"] + [key for key in table if key not in _KEYS]:
        raise InvalidPreset(f"{shown(path)}: {key} is unknown", hint=f"[render] may have {' and '.join(_KEYS)}")
    for key in _KEYS:
        if key in table and not isinstance(table[key], str):
            raise InvalidPreset(f"{shown(path)}: [render] {key} is not text", hint=f'write {key} = "…"')
    soundfont = table.get("soundfont")
    return RenderConfig(table.get("engine"), path.parent / Path(soundfont).expanduser() if soundfont else None)


def find_soundfont(named: Path | None = None, *, compressed: bool = True) -> SoundFont:
    """The SoundFont to play with: `named`, else the configured one, else the best installed, else the embedded one.

    `compressed=False` passes over an .sf3 that nobody named. Raises `CannotRead` for a named file that is missing or is
    not a SoundFont, `MissingPart` where there is none at all.
    """
    if named is not None:
        return _checked(named, "or leave it out for the default")
    chosen = read_config().soundfont
    if chosen is not None:
        return _checked(chosen, f"in {own_folder().parent / 'config.toml'}")
    for path in installed_soundfonts():
        if compressed or path.suffix.lower() != ".sf3":
            return _described(path)
    return embedded_soundfont()


def installed_soundfonts() -> tuple[Path, ...]:
    """The known good ones on this machine, best first."""
    folders = list(_folders())
    return tuple(folder / name for name in BETTER for folder in folders if (folder / name).is_file())


def embedded_soundfont() -> SoundFont:
    """The one inside pretty_midi, found without importing it. Raises `MissingPart`."""
    spec = find_spec("pretty_midi")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / EMBEDDED
        if path.is_file():
            return _described(path)
    raise MissingPart(f"the embedded SoundFont {EMBEDDED} is missing", hint="pip install pretty_midi")


def _described(path: Path) -> SoundFont:
    # A name such as default-GM.sf2 is a link to the file that it stands for.
    stem = path.resolve().stem if path.is_symlink() else path.stem
    licence = next((spdx for begins, spdx in LICENCES.items() if stem.startswith(begins)), UNKNOWN_LICENCE)
    return SoundFont(path, stem, licence)


def _checked(path: Path, remedy: str) -> SoundFont:
    """Both engines load anything without complaint, or play something else; so the file's head is read first."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise CannotRead(
            f"SoundFont {path} cannot be read: {error.strerror}", hint=f"check the name, {remedy}"
        ) from error
    if head[:4] != b"RIFF" or head[8:12] != b"sfbk":
        raise CannotRead(f"{path.name} is not a SoundFont", hint="give an .sf2 or .sf3 file")
    return _described(path)


def _folders() -> Iterator[Path]:
    """Where systems keep SoundFonts."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME", home / ".local/share"))
    for kind in ("sf2", "sf3"):
        yield data / "sounds" / kind
    yield data / "soundfonts"
    if sys.platform == "darwin":
        yield home / "Library/Audio/Sounds/Banks"
        yield Path("/Library/Audio/Sounds/Banks")
        yield Path("/opt/homebrew/share/soundfonts")
    elif sys.platform == "win32":
        for variable in ("LOCALAPPDATA", "PROGRAMDATA"):
            if variable in os.environ:
                yield Path(os.environ[variable]) / "soundfonts"
        yield Path("C:/soundfonts")
    for share in ("/usr/local/share", "/usr/share"):
        for folder in ("sounds/sf2", "sounds/sf3", "soundfonts"):
            yield Path(share) / folder
