"""A plugin's parameters by name and in their own units, found by asking the plugin what a position of a knob reads.

Only the ends of a knob are read when a plugin is loaded, and a value is found by halving: pedalboard's own way reads
each of a thousand positions, which takes two minutes for ZamVerb and 24 seconds for a synthesiser with 2,080 knobs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from assistant.errors import InvalidPreset

_MIDI = re.compile(r"MIDI (Ch\. \d+ )?CC |P\d{3}$")
_ENGINE = ("Buffer Size", "Sample Rate", "Latency")
"""With `_MIDI`, what is no knob: MIDI controllers as parameters, and what DPF's plugins say of the engine."""

_MOST_CHOICES = 128
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?inf)\s*(k?)", re.IGNORECASE)
_HALVINGS = 48


Curve = tuple[tuple[float, float], ...]
"""Seconds and values, in the order of time."""


class Native(Protocol):
    """What a host says of one parameter; `raw_value` runs from 0 to 1."""

    name: str
    label: str
    raw_value: float
    default_raw_value: float
    num_steps: int
    is_automatable: bool

    @property
    def string_value(self) -> str: ...

    def get_text_for_raw_value(self, raw: float) -> str: ...


@dataclass(frozen=True, slots=True)
class Knob:
    """One parameter: `key` is what a chain calls it, `low` and `high` are in `unit`; `choices` where it has steps."""

    key: str
    name: str
    unit: str
    low: float | None
    high: float | None
    value: str
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """The range or the choices in words."""
        if self.choices and (self.low is None or len(self.choices) <= 8):
            return ", ".join(dict.fromkeys(self.choices))
        if self.low is None or self.high is None:
            return "0..1"
        return f"{self.low:g}..{self.high:g} {self.unit}".rstrip()

    def as_json(self) -> dict[str, Any]:
        """Plain values; JSON has no infinity, which levels that go down to silence have."""
        return {
            key: str(value) if isinstance(value, float) and math.isinf(value) else value
            for key, value in asdict(self).items()
        }


def knob_from(data: Mapping[str, Any]) -> Knob:
    """What `Knob.as_json` gave."""
    ends = {end: None if data[end] is None else float(data[end]) for end in ("low", "high")}
    return Knob(**{**data, **ends, "choices": tuple(data["choices"])})


def knobs_of(parameters: Iterable[Native]) -> dict[str, tuple[Knob, Native]]:
    """key → the knob and the host's parameter, in the plugin's order; a second one of a name gets a number."""
    found: dict[str, tuple[Knob, Native]] = {}
    for native in parameters:
        name, unit = native.name.strip(), native.label.strip().strip(":")
        if not name or _MIDI.match(name) or (name in _ENGINE and not native.is_automatable):
            continue
        key = base = key_of(name, unit)
        count = 1
        while not key or key in found:
            count += 1
            key = f"{base or 'knob'}_{count}"
        found[key] = (_knob(key, name, unit, native), native)
    return found


def key_of(name: str, unit: str) -> str:
    """`Attack` in `ms` → `attack_ms`."""
    plain = f"{name} {unit}".lower().replace("%", " percent ").replace("#", " sharp ")
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def raw_for(knob: Knob, native: Native, value: float | str | bool) -> float:
    """Where the knob stands, 0..1, for a value in its unit. Raises `InvalidPreset` for one that it does not reach."""
    if isinstance(value, bool):
        return float(value)
    if knob.choices and (raw := _step(knob.choices, value)) is not None:
        return raw
    sought = float(value) if isinstance(value, int | float) else number_in(value)
    if sought is None or math.isnan(sought):
        raise InvalidPreset(f"{knob.key} {value!r} is not usable", hint=f"give {knob.allowed}")
    low, high = (0.0, 1.0) if knob.low is None or knob.high is None else (knob.low, knob.high)
    slack = 1e-6 * max(abs(low), abs(high)) if math.isfinite(low) and math.isfinite(high) else 1e-6
    if not min(low, high) - slack <= sought <= max(low, high) + slack:
        raise InvalidPreset(f"{knob.key} {sought:g} is outside {knob.allowed}", hint="bring it within the range")
    if knob.low is None:
        return sought
    return _halved(native, sought, rising=high >= low)


def turned(
    values: Mapping[str, float | str | bool],
    knobs: Mapping[str, Knob],
    native: Callable[[str], Native],
    curves: dict[str, Curve],
) -> Iterator[tuple[str, float]]:
    """(key, where the knob is to stand) of each knob that is given a value; one that is given a text such as
    `0:-30 4:-6` follows it as a curve in seconds and goes to `curves` instead. Raises `InvalidPreset`.
    """
    for name, value in values.items():
        key = find_key(name, knobs)
        points = curve_in(value) if isinstance(value, str) else None
        curves.pop(key, None)
        if points is None:
            yield key, raw_for(knobs[key], native(key), value)
        else:
            curves[key] = tuple((seconds, raw_for(knobs[key], native(key), reads)) for seconds, reads in points)


def find_key(name: str, keys: Iterable[str]) -> str:
    """The key that `name` means, with or without its unit. Raises `InvalidPreset` with the nearest."""
    known = list(keys)
    plain = key_of(name, "")
    if plain in known:
        return plain
    longer = [key for key in known if key.startswith(f"{plain}_") and "_" not in key[len(plain) + 1 :]]
    if plain and len(longer) == 1:
        return longer[0]
    import difflib

    near = difflib.get_close_matches(plain, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InvalidPreset(f"unknown parameter {name!r}", hint=f"{hint}known: {', '.join(known)}")


def number_in(text: str) -> float | None:
    """`"-12.5 dB"` → -12.5, `"1.2 kHz"` → 1200; None where there is no number at its start."""
    found = _NUMBER.match(text.strip())
    return float(found[1]) * (1000.0 if found[2] else 1.0) if found else None


def curve_in(text: str) -> Curve | None:
    """`"0:-30 4.5:-6"`, seconds and values, → points in the order of time; None where it is no curve."""
    points = []
    for word in text.replace(",", " ").split():
        seconds, _, value = word.partition(":")
        try:
            points.append((float(seconds), float(value)))
        except ValueError:
            return None
    return tuple(sorted(points)) if points else None


def _knob(key: str, name: str, unit: str, native: Native) -> Knob:
    low, high = (number_in(native.get_text_for_raw_value(raw)) for raw in (0.0, 1.0))
    if low is None or high is None or low == high:
        low = high = None
    choices: tuple[str, ...] = ()
    if 2 <= native.num_steps <= _MOST_CHOICES:
        last = native.num_steps - 1
        choices = tuple(_tidy(native.get_text_for_raw_value(step / last)) for step in range(native.num_steps))
    return Knob(key, name, unit, low, high, _tidy(native.string_value), choices)


def _tidy(text: str) -> str:
    """`"10.000000"` → `"10"`; other texts as they are."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text.strip()


def _step(choices: tuple[str, ...], value: float | str) -> float | None:
    """The position of a choice, by its text or its number."""
    sought = value.strip().lower() if isinstance(value, str) else None
    for index, text in enumerate(choices):
        number = number_in(text)
        same_number = number is not None and not isinstance(value, str) and math.isclose(number, value, abs_tol=1e-6)
        if same_number or text.lower() == sought:
            return index / (len(choices) - 1)
    return None


def _halved(native: Native, sought: float, *, rising: bool) -> float:
    """The position at which the knob reads `sought`, for knobs that only rise or only fall."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reads = number_in(native.get_text_for_raw_value(middle))
        if reads is None:
            break
        if reads == sought:
            # A text has few digits: the middle of the stretch that reads so is nearest to what was meant.
            return (_edge(native, sought, low, middle) + _edge(native, sought, high, middle)) / 2
        if (reads < sought) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _edge(native: Native, sought: float, outside: float, inside: float) -> float:
    """The end, towards `outside`, of the stretch of positions around `inside` that read `sought`."""
    if number_in(native.get_text_for_raw_value(outside)) == sought:
        return outside
    for _ in range(_HALVINGS // 2):
        middle = (outside + inside) / 2
        if number_in(native.get_text_for_raw_value(middle)) == sought:
            inside = middle
        else:
            outside = middle
    return inside
