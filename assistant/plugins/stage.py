"""A plugin as a stage of a chain.

    [[stage]]
    kind = "vst3:ZamComp"
    name = "squash"
    threshold_db = -24
    ratio = "4"
    makeup_db = [[0, 0], [8, 6]]          # a curve: seconds and values
    state = "squash.state"                # a file beside the chain, saved by `hummingbridge plugins edit`

The state's bytes become part of the chain, so that a take that is made with it can be made again.
"""

from __future__ import annotations

import base64
import binascii
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.effects.parameter import Parameter, Value
from assistant.errors import InvalidPreset, PluginFailed, UnknownName

if TYPE_CHECKING:
    from assistant.audio import Samples
    from assistant.plugins.catalogue import Plugin

TAIL = Parameter("tail_seconds", 2.0, 0.0, 60.0, "seconds", "how long it may sound on")
STATE = Parameter("state", "", what="the file of its state")
_IN_TEXT = "base64:"


@dataclass(frozen=True, slots=True)
class PluginStage:
    """What `assistant.effects.kinds.StageKind` asks for, with the plugin in a process of its own."""

    reference: str

    @property
    def what(self) -> str:
        return f"the plugin {self.reference}"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return TAIL, STATE

    def pedal(self, settings: Mapping[str, Value], mix: float, sample_rate_hz: int, folder: Path) -> None:
        return None

    def process(self, samples: Samples, settings: Mapping[str, Value], sample_rate_hz: int, folder: Path) -> Samples:
        """Raises `PluginFailed`, which says what a missing plugin is too, and `InvalidPreset` for a wrong knob."""
        with found(self.reference).opened() as hosted:
            prepare(hosted, settings)
            return hosted.process(samples, sample_rate_hz)

    def tail_seconds(self, settings: Mapping[str, Value], decay_db: float) -> float:
        return float(settings[TAIL.name])

    def lift_db(self, settings: Mapping[str, Value]) -> float:
        return 0.0


def found(reference: str) -> Plugin:
    """The plugin, or `PluginFailed` where it is not on this machine: the music can be made without it."""
    from assistant.plugins.catalogue import find
    from assistant.plugins.host import WITHOUT

    try:
        return find(reference)
    except UnknownName as error:
        raise PluginFailed(error.message, hint=f"{error.hint}; or {WITHOUT}") from error


class StateInPart(UserWarning):
    """A plugin runs, but not all of its state could be given back to it."""


@contextmanager
def remarks() -> Iterator[list[str]]:
    """What plugins that run within have to say of their state, each once."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", StateInPart)
        yield said
        said += dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, StateInPart))
    for each in caught:
        if not issubclass(each.category, StateInPart):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def prepare(hosted: Any, settings: Mapping[str, Value]) -> None:
    """State first, then the knobs that are set on top of it. Warns with `StateInPart`."""
    state = str(settings.get(STATE.name, ""))
    if state and (word := hosted.restore(base64.b64decode(state.removeprefix(_IN_TEXT)))):
        warnings.warn(word, StateInPart, stacklevel=2)
    hosted.set({key: value for key, value in settings.items() if key not in (TAIL.name, STATE.name)})


def settings_from(table: Mapping[str, Any], folder: Path, *, where: str) -> dict[str, Value]:
    """A stage's settings from its TOML: what a knob may be is for the plugin to say. Raises `InvalidPreset`."""
    settings: dict[str, Value] = {}
    for key, value in table.items():
        if key == TAIL.name:
            settings[key] = TAIL.checked(value, where=where)
        elif key == STATE.name:
            settings[key] = _state_text(value, folder, where)
        else:
            settings[key] = _knob_value(key, value, where)
    return {TAIL.name: TAIL.default} | settings


def _state_text(value: object, folder: Path, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidPreset(f"{where}: state {value!r} is no file", hint='give its name: state = "squash.state"')
    if not value or value.startswith(_IN_TEXT):
        try:
            base64.b64decode(value.removeprefix(_IN_TEXT), validate=True)
        except binascii.Error as error:
            raise InvalidPreset(f"{where}: the state is damaged: {error}", hint="save it again") from error
        return value
    path = folder / Path(value).expanduser()
    try:
        return _IN_TEXT + base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise InvalidPreset(
            f"{where}: state {value!r} cannot be read: {error.strerror}",
            hint=f"save it there with: hummingbridge plugins edit PLUGIN -o {path}",
        ) from error


def _knob_value(key: str, value: object, where: str) -> Value:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, list) and value and all(_is_point(point) for point in value):
        return " ".join(f"{float(seconds):g}:{float(reads):g}" for seconds, reads in value)
    raise InvalidPreset(
        f"{where}: {key} {value!r} is not usable", hint="give a number, a text, true or false, or [[seconds, value], …]"
    )


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in point)
    )
