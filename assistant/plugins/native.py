"""A VST3 or AU plugin as pedalboard's native half hosts it, in the plugin's own process.

The Python half is passed by: it reads every parameter a thousand times on loading (see `knobs`). Its native half is no
public interface; the version of pedalboard is pinned.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pedalboard_native

from assistant.audio import Samples
from assistant.errors import InvalidPreset
from assistant.plugins.knobs import Curve, knobs_of, turned

# It is called by the native half with the parameters that it was given: none, here.
setattr(pedalboard_native.ExternalPlugin, "__set_initial_parameter_values__", lambda *_: None)  # noqa: B010

_CLASSES = {"vst3": "VST3Plugin", "au": "AudioUnitPlugin"}
_LOAD_SECONDS = 10.0
CURVE_FRAMES = 512
"""A curve moves its knob once in so many frames."""

_SETTLING_FRAMES = 64
_STATE = b"hummingbridge plugin state 1 "


class Native:
    """One plugin, and a second of it where a plugin for one channel is to hear two."""

    hears_whole = False

    def __init__(self, kind: str, path: str, name: str) -> None:
        self._made = (_class(kind), path, name or None)
        self._plugins = [self._load()]
        found = knobs_of(self._plugins[0]._parameters)
        self._knobs = {key: knob for key, (knob, _) in found.items()}
        names = Counter(native.name for _, native in found.values())
        # The fast way to a parameter is by its name, where no other has it.
        self._named = {key: native.name for key, (_, native) in found.items() if names[native.name] == 1}
        self._curves: dict[str, Curve] = {}
        self._channels = 0
        self._settled = True
        self._played_before = False
        if self._plugins[0].is_instrument:
            self._turn_to_defaults()

    @staticmethod
    def names(path: str) -> list[str]:
        kind = "au" if path.endswith(".component") else "vst3"
        return list(_class(kind).get_plugin_names_for_file(path))

    def described(self) -> dict[str, Any]:
        plugin = self._plugins[0]
        return {
            "name": plugin.name,
            "version": plugin.version,
            "maker": plugin.manufacturer_name,
            "category": plugin.category,
            "instrument": bool(plugin.is_instrument),
            "latency": int(plugin.reported_latency_samples),
            "knobs": self.knobs(),
        }

    def knobs(self) -> list[dict[str, Any]]:
        """Every knob as it stands."""
        fresh = knobs_of(self._plugins[0]._parameters)
        return [knob.as_json() for knob, _ in fresh.values()]

    def set(self, values: dict[str, float | str | bool]) -> None:
        """Turns knobs, or has them follow a curve, as `knobs.turned` has it."""
        plugin = self._plugins[0]
        for key, raw in turned(values, self._knobs, lambda key: self._native(plugin, key), self._curves):
            self._turn(key, raw)
        self._settled = False

    def state(self) -> bytes:
        """Where the knobs stand in one line, and then what the plugin says of itself, byte for byte.

        The knobs are there because some plugins (DPF's instruments) forget theirs when they are given a state.
        """
        self._settle()
        fresh = knobs_of(self._plugins[0]._parameters)
        knobs = {key: native.raw_value for key, (_, native) in fresh.items() if native.is_automatable}
        return _STATE + json.dumps(knobs).encode() + b"\n" + bytes(self._plugins[0].raw_state)

    def restore(self, state: bytes) -> None:
        """What `state` gave, or a `.vstpreset` file that a DAW saved."""
        knobs: dict[str, float] = {}
        if state.startswith(_STATE):
            line, _, state = state.removeprefix(_STATE).partition(b"\n")
            knobs = json.loads(line)
        for plugin in self._plugins:
            if state.startswith(b"VST3"):
                plugin.preset_data = state
            else:
                plugin.raw_state = state
        for key, raw in knobs.items():
            if key in self._knobs:
                self._turn(key, raw)
        self._settled = False

    def process(self, sound: Samples, rate_hz: int, fresh: bool, at: int) -> Samples:
        """`fresh` begins anew; `at` is the sample of the whole at which this part begins. Latency is left out at the
        beginning, so that fewer samples may come back than went in, and later ones push them out.
        """
        if fresh:
            self._fit(sound.shape[0], rate_hz)
            for plugin in self._plugins:
                plugin.reset()
        if not self._curves:
            return self._through(sound, rate_hz)
        parts = []
        for start in range(0, sound.shape[1], CURVE_FRAMES):
            self._follow((at + start) / rate_hz)
            parts.append(self._through(sound[:, start : start + CURVE_FRAMES], rate_hz))
        return np.concatenate(parts, axis=1)

    def play(self, events: list[tuple[float, list[int]]], frames: int, rate_hz: int, fresh: bool, at: int) -> Samples:
        if fresh and self._played_before:
            self._hush()
        self._played_before = True
        plugin = self._plugins[0]
        if not self._curves:
            return self._played(plugin, events, frames, rate_hz)
        parts = []
        for start in range(0, frames, CURVE_FRAMES):
            self._follow((at + start) / rate_hz)
            count = min(CURVE_FRAMES, frames - start)
            begin, end = start / rate_hz, (start + count) / rate_hz
            inside = [(seconds - begin, message) for seconds, message in events if begin <= seconds < end]
            parts.append(self._played(plugin, inside, count, rate_hz))
        return np.concatenate(parts, axis=1)

    def window(self) -> None:
        self._plugins[0].show_editor()
        self._settled = False

    def _played(self, plugin: Any, events: list[tuple[float, list[int]]], frames: int, rate_hz: int) -> Samples:
        messages = [(bytes(message), seconds) for seconds, message in events]
        sound: Samples = plugin.process(messages, frames / rate_hz, rate_hz, num_channels=2, reset=False)
        return sound

    def _through(self, sound: Samples, rate_hz: int) -> Samples:
        wanted = self._channels
        if wanted == sound.shape[0]:
            given: Samples = self._plugins[0].process(sound, rate_hz, reset=False)
            return given
        if wanted == 1:
            sides = [
                plugin.process(side[np.newaxis], rate_hz, reset=False)
                for plugin, side in zip(self._plugins, sound, strict=True)
            ]
            return np.concatenate(sides)
        both = self._plugins[0].process(np.repeat(sound, 2, axis=0), rate_hz, reset=False)
        mean: Samples = both.mean(axis=0, dtype=np.float32, keepdims=True)
        return mean

    def _fit(self, channels: int, rate_hz: int) -> None:
        """How many channels the plugin takes; for one that takes a single one, a plugin for each that comes."""
        if self._channels == 0:
            self._channels = self._accepted(channels, rate_hz)
        while self._channels == 1 and len(self._plugins) < channels:
            self._settle()
            self._plugins.append(self._twin())

    def _accepted(self, channels: int, rate_hz: int) -> int:
        refusal = ""
        for count in (channels, 3 - channels):
            try:
                self._plugins[0].process(np.zeros((count, _SETTLING_FRAMES), np.float32), rate_hz)
            except ValueError as error:
                refusal = refusal or str(error)
                continue
            return count
        raise InvalidPreset(f"it takes neither one nor two channels: {refusal}", hint="use another plugin")

    def _settle(self) -> None:
        """A plugin takes over what its knobs were turned to when it next runs, and its state tells only then."""
        if self._settled:
            return
        plugin = self._plugins[0]
        if plugin.is_instrument:
            plugin.process([], _SETTLING_FRAMES / 48_000, 48_000, num_channels=2, reset=False)
        else:
            self._channels = self._channels or self._accepted(2, 48_000)
            plugin.process(np.zeros((self._channels, _SETTLING_FRAMES), np.float32), 48_000)
        self._settled = True

    def _follow(self, seconds: float) -> None:
        for key, points in self._curves.items():
            raw = np.interp(seconds, [point[0] for point in points], [point[1] for point in points])
            self._turn(key, float(raw))

    def _turn(self, key: str, raw: float) -> None:
        for plugin in self._plugins:
            self._native(plugin, key).raw_value = raw

    def _native(self, plugin: Any, key: str) -> Any:
        """The parameter as it is now: resetting loads some plugins anew, and what was held of the old crashes."""
        if key in self._named:
            return plugin._get_parameter(self._named[key])
        return knobs_of(plugin._parameters)[key][1]

    def _turn_to_defaults(self) -> None:
        """Some instruments (DPF's) say at first that all their knobs are at 0, and play with the defaults."""
        natives = [native for _, native in knobs_of(self._plugins[0]._parameters).values()]
        if any(native.raw_value for native in natives):
            return
        for native in natives:
            if native.is_automatable and native.default_raw_value:
                native.raw_value = native.default_raw_value

    def _hush(self) -> None:
        """Before an instrument plays anew: resetting one, as pedalboard does it, loses the knobs of DPF's."""
        silence = [(bytes([0xB0 | channel, control, 0]), 0.0) for channel in range(16) for control in (120, 123)]
        self._plugins[0].process(silence, _SETTLING_FRAMES / 48_000, 48_000, num_channels=2, reset=False)

    def _twin(self) -> Any:
        """Another of the same plugin that stands as the first one does."""
        twin = self._load()
        twin.raw_state = self._plugins[0].raw_state
        for mine, other in zip(twin._parameters, self._plugins[0]._parameters, strict=True):
            if mine.is_automatable and mine.raw_value != other.raw_value:
                mine.raw_value = other.raw_value
        return twin

    def _load(self) -> Any:
        native, path, name = self._made
        return native(path, None, name, _LOAD_SECONDS)


def _class(kind: str) -> Any:
    found = getattr(pedalboard_native, _CLASSES[kind], None)
    if found is None:
        raise InvalidPreset(f"{kind} plugins cannot be loaded on this system", hint="use a VST3 plugin")
    return found
