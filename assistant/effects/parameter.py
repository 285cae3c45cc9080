"""A knob of an effect: its name, unit, range and default, and reading values for it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.errors import InvalidPreset

Value = float | str | bool

_UNITS: dict[str, dict[str, float]] = {
    "ms": {"ms": 1.0, "s": 1000.0},
    "Hz": {"hz": 1.0, "khz": 1000.0},
    "dB": {"db": 1.0},
    "semitones": {"st": 1.0, "semitones": 1.0, "semitone": 1.0},
    "bits": {"bit": 1.0, "bits": 1.0},
    "": {"%": 0.01},
}
"""A parameter's unit → what may be written behind a value and what it is worth."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob. A number within `low`..`high` in `unit`, one of `choices`, or a switch, as its default is.

    `native` is pedalboard's keyword for it and `scale` what turns our unit into pedalboard's. Frequencies that must lie
    `below_nyquist` are brought under half the sample rate when they are used.
    """

    name: str
    default: Value
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    what: str = ""
    choices: tuple[str, ...] = ()
    native: str = ""
    scale: float = 1.0
    below_nyquist: bool = False

    @property
    def allowed(self) -> str:
        """The range or the choices in words."""
        if math.isinf(self.low):
            return "as the plugin says"
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return ", ".join(self.choices) if self.choices else "a file"
        return f"{self.low:g}..{self.high:g} {self.unit}".rstrip()

    def checked(self, value: object, *, where: str) -> Value:
        """`value` if it is one for this knob. Raises `InvalidPreset` beginning with `where`."""
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(self.default, str):
            if isinstance(value, str) and (not self.choices or value in self.choices):
                return value
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            if self.low <= value <= self.high:
                return float(value)
            raise InvalidPreset(
                f"{where}: {self.name} {value:g} is outside {self.allowed}", hint="bring it within the range"
            )
        raise InvalidPreset(f"{where}: {self.name} {value!r} is not usable", hint=f"give {self.allowed}")

    def parsed(self, text: str, *, where: str) -> Value:
        """The value in `text`, such as `0.25`, `250ms`, `2kHz`, `-6 dB`, `40%`, `on`. Raises `InvalidPreset`."""
        word = text.strip().lower()
        if isinstance(self.default, bool):
            switch = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}.get(word)
            return self.checked(text if switch is None else switch, where=where)
        if isinstance(self.default, str):
            return self.checked(text.strip(), where=where)
        found = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z%]*)", word)
        worth = _UNITS.get(self.unit, {}).get(found[2]) if found and found[2] else 1.0
        if found is None or worth is None:
            raise InvalidPreset(f"{where}: {self.name} {text!r} is not usable", hint=f"give {self.allowed}")
        return self.checked(float(found[1]) * worth, where=where)

    def goes_by(self, name: str) -> bool:
        """Whether `name` means this knob: its name, with or without the unit."""
        plain = name.strip().lower().replace("-", "_")
        return plain in (self.name, re.sub(r"_(ms|hz|db|semitones|bits)$", "", self.name))


def unknown_key(key: str, known: Iterable[str], *, where: str, what: str) -> InvalidPreset:
    """The error for a key that nobody knows, the nearest known one first."""
    names = list(known)
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return InvalidPreset(f"{where}: unknown {what} {key!r}", hint=f"{hint}known: {', '.join(names)}")
