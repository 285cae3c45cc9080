"""Instruments by the names musicians use, and the General MIDI program behind each."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from assistant.effects.parameter import Value
from assistant.errors import InvalidPreset, UnknownName
from assistant.plugins import is_plugin
from assistant.presets import list_presets, preset_path, read_toml, shown
from assistant.render.general_midi import DRUM_KITS, PROGRAMS
from midi.pitch import PitchRange

DRUM_BANK = 128


@dataclass(frozen=True, slots=True)
class Instrument:
    """A sound to play notes with.

    `program` 0..127 in `bank` (0 is General MIDI, 128 the drum kits); `compass` is what a player reaches. The rest is
    for instruments of the composer's own: `engine` and `soundfont` in place of the default ones, `transpose_semitones`,
    `velocity_scale` on every note's velocity, `gain_db` on the sound; `plugin`, as `vst3:NAME`, is what plays then, and
    `settings` are its knobs and state.
    """

    name: str
    program: int
    bank: int = 0
    family: str = ""
    synonyms: tuple[str, ...] = ()
    compass: PitchRange = field(default_factory=PitchRange)
    engine: str | None = None
    soundfont: Path | None = None
    transpose_semitones: int = 0
    velocity_scale: float = 1.0
    gain_db: float = 0.0
    plugin: str | None = None
    settings: Mapping[str, Value] = field(default_factory=dict, hash=False)

    @property
    def drums(self) -> bool:
        return self.bank == DRUM_BANK


INSTRUMENTS: dict[str, Instrument] = {
    name: Instrument(name, program, 0, family, synonyms, PitchRange(*compass))
    for program, (name, family, compass, synonyms) in enumerate(PROGRAMS)
} | {
    name: Instrument(name, program, DRUM_BANK, "drums", synonyms, PitchRange(27, 87))
    for name, program, synonyms in DRUM_KITS
}
"""Every General MIDI sound and drum kit by its musicians' name."""


def find_instrument(name: str) -> Instrument:
    """The instrument of that name: the composer's or a shipped preset, a General MIDI sound, or a synonym of one.

    Case, hyphens and underscores do not matter. Raises `UnknownName` with the nearest names.
    """
    sought = _plain(name)
    preset = preset_path("instruments", sought.replace(" ", "-")) or preset_path("instruments", sought)
    if preset is not None:
        return load_instrument_file(preset)
    if (sound := general_midi(name)) is not None:
        return sound
    raise _unknown(name, sought)


def general_midi(name: str) -> Instrument | None:
    """The General MIDI sound or drum kit of that name or synonym; None where there is none."""
    return _by_plain_name().get(_plain(name))


def program_of(name: str) -> int:
    """The General MIDI program 0..127 behind an instrument's name. Raises `UnknownName`."""
    return find_instrument(name).program


def load_instrument_file(path: Path) -> Instrument:
    """An instrument of one's own from TOML. Raises `InvalidPreset`, naming file and key."""
    table = dict(read_toml(path))
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            raise InvalidPreset(
                f"{shown(path)}: unknown key {key!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_KEYS)}",
            )
    plugin = table.get("plugin")
    if plugin is not None and not (isinstance(plugin, str) and is_plugin(plugin)):
        raise InvalidPreset(f"{shown(path)}: plugin {plugin!r} is not one", hint='write plugin = "vst3:NAME"')
    parameters = table.get("parameters", {})
    if not isinstance(parameters, Mapping) or (parameters and not plugin):
        raise InvalidPreset(
            f"{shown(path)}: [parameters] are for a plugin's knobs", hint='name it: plugin = "vst3:NAME"'
        )
    # The sound that stands in where the plugin cannot play, and in what is exported for a DAW.
    sound = table.get("sound", "piano" if plugin else None)
    if not isinstance(sound, str):
        raise InvalidPreset(f"{shown(path)}: key 'sound' is missing", hint='name a sound, such as sound = "cello"')
    known = general_midi(sound)
    if known is None:
        raise InvalidPreset(
            f"{shown(path)}: sound {sound!r} is not a General MIDI sound", hint=_unknown(sound, _plain(sound)).hint
        )
    soundfont = table.get("soundfont")
    if soundfont is not None and not isinstance(soundfont, str):
        raise InvalidPreset(f"{shown(path)}: key 'soundfont' is not text", hint="give the path of an .sf2 or .sf3 file")
    engine = table.get("engine")
    if engine is not None and not isinstance(engine, str):
        raise InvalidPreset(
            f"{shown(path)}: key 'engine' is not text", hint='give a name such as engine = "fluidsynth"'
        )
    return Instrument(
        path.stem,
        _whole(path, table, "program", known.program, 0, 127),
        _whole(path, table, "bank", known.bank, 0, 128),
        known.family,
        compass=known.compass,
        engine=engine,
        soundfont=path.parent / Path(soundfont).expanduser() if soundfont else None,
        transpose_semitones=_whole(path, table, "transpose_semitones", 0, -48, 48),
        velocity_scale=_number(path, table, "velocity_scale", 1.0, 0.1, 2.0),
        gain_db=_number(path, table, "gain_db", 0.0, -36.0, 24.0),
        plugin=plugin,
        settings=_plugin_settings(path, table) if plugin else {},
    )


def _plugin_settings(path: Path, table: Mapping[str, Any]) -> Mapping[str, Value]:
    from assistant.plugins.stage import settings_from

    state = {"state": table["state"]} if "state" in table else {}
    return settings_from({**state, **table.get("parameters", {})}, path.parent, where=shown(path))


_KEYS = (
    *("description", "sound", "program", "bank", "engine", "soundfont", "plugin", "state", "parameters"),
    *("transpose_semitones", "velocity_scale", "gain_db"),
)


def _number(path: Path, table: dict[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidPreset(f"{shown(path)}: key {key!r}: {value!r} is not a number", hint=f"give {low:g}..{high:g}")
    if not low <= value <= high:
        raise InvalidPreset(
            f"{shown(path)}: key {key!r}: {value:g} is outside {low:g}..{high:g}", hint="bring it within the range"
        )
    return float(value)


def _whole(path: Path, table: dict[str, Any], key: str, default: int, low: int, high: int) -> int:
    value = _number(path, table, key, default, low, high)
    if value != int(value):
        raise InvalidPreset(
            f"{shown(path)}: key {key!r}: {value:g} is not a whole number", hint="leave out the fraction"
        )
    return int(value)


def _plain(name: str) -> str:
    return re.sub(r"[\s_()-]+", " ", name.lower()).strip()


@cache
def _by_plain_name() -> dict[str, Instrument]:
    """Names and synonyms without case and hyphens; a name goes before a synonym."""
    synonyms = {_plain(name): each for each in INSTRUMENTS.values() for name in each.synonyms}
    return synonyms | {_plain(each.name): each for each in INSTRUMENTS.values()}


def _unknown(name: str, sought: str) -> UnknownName:
    """Near names by spelling, then those that share a word."""
    names = {_plain(preset.name): preset.name for preset in list_presets("instruments")}
    for instrument in INSTRUMENTS.values():
        names |= {_plain(each): each for each in (instrument.name, *instrument.synonyms)}
    near = difflib.get_close_matches(sought, names, n=3, cutoff=0.6)
    near += [each for each in names if each not in near and set(each.split()) & set(sought.split())]
    hint = f"did you mean {', '.join(repr(names[each]) for each in near[:5])}?" if near else ""
    families = sorted({instrument.family for instrument in INSTRUMENTS.values() if instrument.family})
    return UnknownName(
        f"instrument {name!r} is unknown", hint=hint or f"name one, such as 'cello'; families: {', '.join(families)}"
    )
