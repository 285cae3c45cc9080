"""An LV2 plugin as DawDreamer hosts it, in the plugin's own process. The package is an extra: `hummingbridge[lv2]`."""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio import Samples
from assistant.errors import InvalidPreset, PluginFailed
from assistant.optional import require
from assistant.plugins.knobs import Curve, knobs_of, turned

_BUFFER_FRAMES = 512
_USUAL_RATE_HZ = 48_000
_TICKS = 24_000
"""To a beat of half a second, as MIDI files have it unsaid: 48,000 a second."""

_STATE = b"hummingbridge lv2 state 1 "
_OWN = re.compile(rb"\bstate:state\s*\[")
"""What a plugin keeps besides its knobs, in the Turtle that the host writes."""

_STATEMENT_END = re.compile(r"\s\.\s*\n")
_PLUGIN = re.compile(r"<([^>]+)>\s+a\s+[^;]*?\blv2:Plugin\b")
_FILE = re.compile(r"rdfs:seeAlso\s+<([^>]+)>")
_NAME, _MAKER = (re.compile(rf'{term}\s+"+([^"]+)"') for term in ("doap:name", "foaf:name"))
_VERSION = re.compile(r"lv2:(minor|micro)Version\s+(\d+)")
_PORT_NAME = re.compile(r'lv2:name\s+"([^"]+)"')
_PORT_UNIT = re.compile(r'\bunits?:unit\s+(?:units?:(\w+)|\[[^\]]*units?:symbol\s+"([^"]+)")')
_UNITS = {"db": "dB", "pc": "%", "hz": "Hz", "khz": "kHz", "coef": "", "semitone12TET": "semitones"}


@dataclass(frozen=True, slots=True)
class Card:
    """What a bundle's files say of a plugin: `units` goes by the name of the port."""

    uri: str
    name: str
    maker: str
    version: str
    units: dict[str, str]


def cards(bundle: Path) -> tuple[Card, ...]:
    """The plugins of a bundle, as its Turtle files tell them. Raises `PluginFailed` where there is nothing to read."""
    try:
        manifest = (bundle / "manifest.ttl").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PluginFailed("is no LV2 plugin: its manifest.ttl cannot be read", hint="") from error
    found = []
    for statement in _STATEMENT_END.split(manifest):
        plugin = _PLUGIN.search(statement)
        if plugin:
            files = [bundle / file for file in _FILE.findall(statement)]
            text = "".join(file.read_text(encoding="utf-8") for file in files if file.exists())
            found.append(_card(plugin[1], text, bundle.stem))
    return tuple(found)


def _card(uri: str, text: str, stem: str) -> Card:
    name, maker = _NAME.findall(text), _MAKER.search(text)
    version = dict(_VERSION.findall(text))
    units = {}
    for port in text.split("lv2:index"):
        called, unit = _PORT_NAME.search(port), _PORT_UNIT.search(port)
        if called and unit:
            units[called[1]] = unit[2] or _UNITS.get(unit[1], unit[1])
    return Card(
        uri,
        # The plugin's own name comes after those of its ports' groups, if anywhere.
        name[-1] if name else stem,
        maker[1] if maker else "",
        ".".join(version[part] for part in ("minor", "micro") if part in version),
        units,
    )


class _Parameter:
    """One of a plugin's parameters, as `assistant.plugins.knobs.Native` has it."""

    is_automatable = True

    def __init__(self, plugin: Any, told: dict[str, Any], unit: str) -> None:
        self._plugin, self._index = plugin, told["index"]
        self.name, self.label = told["name"], told["label"] or unit
        self.default_raw_value, self.num_steps = told["defaultValue"], told["numSteps"]

    @property
    def raw_value(self) -> float:
        return float(self._plugin.get_parameter(self._index))

    @raw_value.setter
    def raw_value(self, raw: float) -> None:
        self._plugin.set_parameter(self._index, raw)

    def follow(self, raw: Samples) -> None:
        self._plugin.set_automation(self._index, raw)

    @property
    def string_value(self) -> str:
        return str(self._plugin.get_parameter_text(self._index))

    def get_text_for_raw_value(self, raw: float) -> str:
        """The host tells the text of the present value alone: the knob is turned there, and back."""
        stands = self.raw_value
        self.raw_value = raw
        text = self.string_value
        self.raw_value = stands
        return text


class _Hosted:
    """The plugin in an engine of its own, at one rate, fed by `sound`."""

    def __init__(self, card: Card, rate_hz: int) -> None:
        dawdreamer = require("dawdreamer", what_for="an LV2 plugin")
        self._engine = dawdreamer.RenderEngine(rate_hz, _BUFFER_FRAMES)
        self._rate_hz = rate_hz
        try:
            self.plugin = self._engine.make_plugin_processor("plugin", card.uri)
        except RuntimeError as error:
            raise PluginFailed("cannot be loaded", hint="") from error
        self.inputs = int(self.plugin.get_num_input_channels())
        self.outputs = int(self.plugin.get_num_output_channels())
        self.latency = int(self.plugin.get_latency_samples())
        self.parameters = [
            _Parameter(self.plugin, told, card.units.get(told["name"], ""))
            for told in self.plugin.get_parameters_description()
        ]
        graph: list[tuple[Any, list[str]]] = [(self.plugin, [])]
        if self.inputs:
            self._sound = self._engine.make_playback_processor(
                "sound", np.zeros((self.inputs, _BUFFER_FRAMES), np.float32)
            )
            graph = [(self._sound, []), (self.plugin, ["sound"])]
        self._engine.load_graph(graph)

    def through(self, sound: Samples) -> Samples:
        """`sound` on the first inputs; what else there is, such as a side chain, hears silence: the host passes by a
        plugin that is given fewer channels than it has.
        """
        if sound.shape[0] < self.inputs:
            given = np.empty((self.inputs, sound.shape[1]), np.float32)
            given[: sound.shape[0]], given[sound.shape[0] :] = sound, 0.0
            sound = given
        self._sound.set_data(sound)
        return self.rendered(sound.shape[1])

    def rendered(self, frames: int) -> Samples:
        self._engine.render(frames / self._rate_hz)
        made: Samples = self._engine.get_audio()[:, :frames]
        return made


class Lv2:
    """One plugin, and a second of it where a plugin for one channel is to hear two. It hears a sound as a whole: this
    host breaks off between renderings, so that a part would be rendered with all that came before it.
    """

    hears_whole = True

    def __init__(self, kind: str, path: str, name: str) -> None:
        bundle = Path(path)
        found = [card for card in cards(bundle) if name in ("", card.name)]
        if len(found) != 1:
            raise ValueError(f"{bundle.name} holds {len(found)} plugins {name}".rstrip())
        usual = [str(Path.home() / ".lv2"), "/usr/local/lib/lv2", "/usr/lib/lv2"]
        os.environ["LV2_PATH"] = os.pathsep.join(dict.fromkeys([str(bundle.parent), *usual]))
        self._card = found[0]
        self._hosted = [_Hosted(self._card, _USUAL_RATE_HZ)]
        self._rate_hz = _USUAL_RATE_HZ
        self._curves: dict[str, Curve] = {}
        self._knobs_of_state: dict[str, float] = {}
        self._turtle, self._given_own = b"", False
        self._played = False

    @staticmethod
    def names(path: str) -> list[str]:
        return [card.name for card in cards(Path(path))]

    def described(self) -> dict[str, Any]:
        first = self._hosted[0]
        return {
            "name": self._card.name,
            "version": self._card.version,
            "maker": self._card.maker,
            "category": "",
            "instrument": first.inputs == 0,
            "latency": first.latency,
            "knobs": self.knobs(),
        }

    def knobs(self) -> list[dict[str, Any]]:
        """Every knob as it stands."""
        return [knob.as_json() for knob, _ in knobs_of(self._hosted[0].parameters).values()]

    def set(self, values: dict[str, float | str | bool]) -> None:
        """Turns knobs, or has them follow a curve, as `knobs.turned` has it."""
        found = knobs_of(self._hosted[0].parameters)
        knobs = {key: knob for key, (knob, _) in found.items()}
        for key, raw in turned(values, knobs, lambda key: found[key][1], self._curves):
            self._turn(key, raw)

    def state(self) -> bytes:
        """Where the knobs stand in one line, and then what the host writes of the plugin, byte for byte: Turtle with
        the value of each port, and whatever else the plugin keeps.
        """
        # A plugin takes over what its knobs were turned to when it next runs.
        self._hosted[0].rendered(_BUFFER_FRAMES)
        self._played = True
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "state"
            self._hosted[0].plugin.save_state(str(file))
            return _STATE + json.dumps(self._stands()).encode() + b"\n" + file.read_bytes()

    def restore(self, state: bytes) -> bool:
        """The knobs of what `state` gave; whether there is more than knobs in it, which `restore_own` gives back."""
        if not state.startswith(_STATE):
            raise InvalidPreset("the state is none of an LV2 plugin", hint="save it again: hummingbridge plugins edit")
        line, _, turtle = state.removeprefix(_STATE).partition(b"\n")
        known = knobs_of(self._hosted[0].parameters)
        self._knobs_of_state = {key: raw for key, raw in json.loads(line).items() if key in known}
        for key, raw in self._knobs_of_state.items():
            self._turn(key, raw)
        self._turtle = turtle if _OWN.search(turtle) else b""
        return bool(self._turtle)

    def restore_own(self) -> None:
        """What the plugin keeps besides its knobs. DawDreamer 0.9.0 opens the plugin's window for it, and crashes where
        it cannot: nothing that must live on calls this.
        """
        self._give_own()
        for key, raw in self._knobs_of_state.items():
            self._turn(key, raw)
        self._given_own = True

    def whole(self, sound: Samples, rate_hz: int) -> Samples:
        """All of a sound, of the same length, without latency."""
        self._begin(sound.shape[0], rate_hz)
        latency = self._hosted[0].latency
        padded = np.pad(sound, ((0, 0), (0, latency))) if latency else sound
        self._follow(padded.shape[1])
        return self._through(padded)[:, latency:]

    def whole_notes(self, events: list[tuple[float, list[int]]], frames: int, rate_hz: int) -> Samples:
        """All the notes, as (seconds, [MIDI bytes])."""
        self._begin(2, rate_hz)
        self._follow(frames)
        made = self._notes(events, frames)
        return np.repeat(made, 2, axis=0) if made.shape[0] == 1 else made[:2]

    def window(self) -> None:
        self._hosted[0].plugin.open_editor()

    def _begin(self, channels: int, rate_hz: int) -> None:
        """Anew and as it stands; for a plugin that gives one channel, a plugin for each that comes."""
        wanted = channels if self._hosted[0].outputs == 1 and self._hosted[0].inputs else 1
        if self._played or rate_hz != self._rate_hz or wanted != len(self._hosted):
            kept = self._stands()
            self._rate_hz = rate_hz
            self._hosted = [_Hosted(self._card, rate_hz) for _ in range(wanted)]
            if self._given_own:
                self._give_own()
            for key, raw in kept.items():
                self._turn(key, raw)
        self._played = True

    def _through(self, sound: Samples) -> Samples:
        if self._hosted[0].outputs == 1:
            sides = [one.through(side[np.newaxis]) for one, side in zip(self._hosted, sound, strict=True)]
            return np.concatenate(sides)
        if sound.shape[0] == 2:
            return self._hosted[0].through(sound)[:2]
        both = self._hosted[0].through(np.repeat(sound, min(2, self._hosted[0].inputs), axis=0))
        mean: Samples = both[:2].mean(axis=0, dtype=np.float32, keepdims=True)
        return mean

    def _notes(self, events: list[tuple[float, list[int]]], frames: int) -> Samples:
        """The host takes MIDI as a file."""
        import mido

        one = self._hosted[0]
        track, now = mido.MidiTrack(), 0
        for seconds, message in sorted(events, key=lambda event: event[0]):
            tick = round(seconds * 2 * _TICKS)
            track.append(mido.Message.from_bytes(message, time=tick - now))
            now = tick
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "notes.mid"
            mido.MidiFile(tracks=[track], ticks_per_beat=_TICKS).save(file)
            one.plugin.load_midi(str(file), clear_previous=True, beats=False, all_events=True)
        made = one.rendered(frames)
        one.plugin.clear_midi()
        return made

    def _follow(self, frames: int) -> None:
        """Lays the curves out, a value for each sample from the beginning."""
        if not self._curves:
            return
        seconds = np.arange(frames) / self._rate_hz
        for key, points in self._curves.items():
            raw = np.interp(seconds, [point[0] for point in points], [point[1] for point in points])
            for hosted in self._hosted:
                _by_key(hosted)[key].follow(raw.astype(np.float32))

    def _give_own(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "state"
            file.write_bytes(self._turtle)
            for hosted in self._hosted:
                hosted.plugin.load_state(str(file))

    def _turn(self, key: str, raw: float) -> None:
        for hosted in self._hosted:
            _by_key(hosted)[key].raw_value = raw

    def _stands(self) -> dict[str, float]:
        return {key: native.raw_value for key, (_, native) in knobs_of(self._hosted[0].parameters).items()}


def _by_key(hosted: _Hosted) -> dict[str, _Parameter]:
    """By the key of the knob."""
    by_index = {id(one): one for one in hosted.parameters}
    return {key: by_index[id(native)] for key, (_, native) in knobs_of(hosted.parameters).items()}
