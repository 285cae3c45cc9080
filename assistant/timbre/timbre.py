"""Timbres as they lie on the disk: a card, `presets/timbres/NAME.toml`, and beside it weights or a list of players."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from assistant.errors import InvalidPreset
from assistant.presets import find_preset, list_presets, preset_path, read_toml, shown
from assistant.timbre.network import Network
from assistant.timbre.room import BANDS_HZ, LONGEST_SECONDS, Room
from assistant.timbre.shape import BANDS, Shape
from assistant.timbre.table import CELLS
from assistant.timbre.weights import read_weights

_REQUIRED = ("description", "low", "high", "licence", "material")
_MOST_PLAYERS = 16


@dataclass(frozen=True, slots=True)
class Playing:
    """How notes are played where nothing else says it.

    `attack_ms` and `release_ms`; `glide_ms` from note to note where they are joined; vibrato in semitones, beginning
    `vibrato_after_ms` into a note.
    """

    attack_ms: float = 40.0
    release_ms: float = 90.0
    glide_ms: float = 25.0
    vibrato_semitones: float = 0.18
    vibrato_hz: float = 5.5
    vibrato_after_ms: float = 280.0


@dataclass(frozen=True, slots=True, eq=False)
class Timbre:
    """What a voice becomes. Pitches `low` to `high` are those it was trained on.

    `levels_db` are 21 quantiles of the loudness of its material, `gain_db` what brings it to the level of the others.
    `seats`: how many play its network's part at once. `players` are the names of the timbres that an ensemble is made
    of; it has no network of its own. `room` is where it was recorded; its network is without.
    """

    name: str
    description: str
    low: int
    high: int
    licence_spdx: str
    material: str
    family: str = ""
    synonyms: tuple[str, ...] = ()
    levels_db: tuple[float, ...] = ()
    gain_db: float = 0.0
    playing: Playing = field(default_factory=Playing)
    network: Network | None = None
    seats: int = 1
    players: tuple[str, ...] = ()
    room: Room | None = None
    figures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def level_db(self, share: float) -> float:
        """The loudness that a share 0..1 of its sound stays below."""
        at = min(max(share, 0.0), 1.0) * (len(self.levels_db) - 1)
        low = int(at)
        high = min(low + 1, len(self.levels_db) - 1)
        return self.levels_db[low] + (at - low) * (self.levels_db[high] - self.levels_db[low])


def load_timbre(name: str) -> Timbre:
    """The timbre of that name, the composer's before the shipped. Raises `UnknownName`, `InvalidPreset`."""
    return load_timbre_file(card_path(name))


def card_path(name: str) -> Path:
    """The card of that name, spaces and capitals forgiven. Raises `UnknownName`."""
    plain = name.strip().lower().replace(" ", "-")
    return preset_path("timbres", name) or find_preset("timbres", plain)


def list_timbres() -> tuple[str, ...]:
    """The names of all timbres there are."""
    return tuple(preset.name for preset in list_presets("timbres"))


def cards() -> list[dict[str, Any]]:
    """The card of every timbre, with its name and whether it is the composer's own; nothing heavy is read."""
    return [{"name": one.name, "own": one.own, **read_toml(one.path)} for one in list_presets("timbres")]


def load_timbre_file(path: Path) -> Timbre:
    """A timbre from its card. Raises `InvalidPreset`, naming file and key, and `CannotRead`."""
    card = read_toml(path)
    for key in _REQUIRED:
        if key not in card:
            raise InvalidPreset(f"{shown(path)}: key {key!r} is missing", hint="see the cards of the shipped timbres")
    low, high = _number(path, card, "low", 0, 127), _number(path, card, "high", 0, 127)
    if high - low < 5:
        raise InvalidPreset(f"{shown(path)}: the range {low:g} to {high:g} is under five semitones", hint="widen it")
    alike = isinstance(card.get("players", ()), int | float)
    players = () if alike else tuple(str(player) for player in card.get("players", ()))
    if len(players) > _MOST_PLAYERS:
        raise InvalidPreset(f"{shown(path)}: {len(players)} players are over {_MOST_PLAYERS}", hint="name fewer")
    levels = tuple(float(level) for level in card.get("levels_db", ()))
    if len(levels) != 21 or list(levels) != sorted(levels):
        raise InvalidPreset(f"{shown(path)}: key 'levels_db' is not 21 rising numbers", hint="train it again")
    return Timbre(
        path.stem,
        str(card["description"]),
        int(low),
        int(high),
        str(card["licence"]),
        str(card["material"]),
        str(card.get("family", "")),
        tuple(str(word) for word in card.get("synonyms", ())),
        levels,
        _number(path, card, "gain_db", -60, 60) if "gain_db" in card else 0.0,
        _playing(path, card.get("playing", {})),
        None if players else _network(path, card),
        int(_number(path, card, "players", 1, _MOST_PLAYERS)) if alike else 1,
        players,
        _room(path, card["room"]) if "room" in card else None,
        MappingProxyType({str(name): float(value) for name, value in card.get("figures", {}).items()}),
    )


def _playing(path: Path, table: Mapping[str, Any]) -> Playing:
    known = Playing.__dataclass_fields__
    for key in table:
        if key not in known:
            raise InvalidPreset(f"{shown(path)}: unknown key 'playing.{key}'", hint=f"known: {', '.join(known)}")
    return Playing(**{key: _number(path, table, key, 0, 5000) for key in table})


def _room(path: Path, table: Mapping[str, Any]) -> Room:
    limits = {"seconds": (0.05, LONGEST_SECONDS), "level_db": (-60.0, 12.0)}
    values = {}
    for key, (low, high) in limits.items():
        given = table.get(key, ())
        if not isinstance(given, list) or len(given) != len(BANDS_HZ):
            raise InvalidPreset(
                f"{shown(path)}: key 'room.{key}' is not {len(BANDS_HZ)} numbers",
                hint=f"one for each octave from {BANDS_HZ[0]} Hz to {BANDS_HZ[-1]} Hz",
            )
        values[key] = tuple(_number(path, {f"room.{key}": value}, f"room.{key}", low, high) for value in given)
    return Room(values["seconds"], values["level_db"])


def _network(path: Path, card: Mapping[str, Any]) -> Network:
    """The network whose weights lie beside the card, its size read off them."""
    weights = read_weights(path.with_suffix(".safetensors"))
    broken = InvalidPreset(f"{shown(path)}: its weights are not those of a timbre", hint="train it again")
    try:
        channels = weights["in.weight"].shape[0]
        outputs = weights["head.out.weight"].shape[0]
        harmonics = outputs - 1 - BANDS
        # What was learnt before there were tables says all of it by its network.
        weights.setdefault("table", np.zeros((outputs, CELLS), np.float32))
    except KeyError as error:
        raise broken from error
    shape = Shape(harmonics, channels)
    if harmonics < 1 or {name: array.shape for name, array in weights.items()} != shape.parameters():
        raise broken
    return Network(weights, shape)


def _number(path: Path, table: Mapping[str, Any], key: str, low: float, high: float) -> float:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidPreset(f"{shown(path)}: key {key!r}: {value!r} is not a number", hint=f"give {low:g}..{high:g}")
    if not low <= value <= high:
        raise InvalidPreset(
            f"{shown(path)}: key {key!r}: {value:g} is outside {low:g}..{high:g}", hint="bring it within the range"
        )
    return float(value)
