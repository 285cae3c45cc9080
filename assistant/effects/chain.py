"""Chains as values: read from TOML, checked to the last key, changed by overrides, written back as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from assistant.effects.kinds import STAGES, StageKind
from assistant.effects.parameter import Parameter, Value, unknown_key
from assistant.errors import InvalidPreset
from assistant.plugins import is_plugin
from assistant.plugins.stage import TAIL, PluginStage, settings_from
from assistant.presets import find_preset, read_toml, shown
from assistant.tables import resolve

PARALLEL = "parallel"

MIX = Parameter("mix", 1.0, 0.0, 1.0, "", "0 is dry, 1 is wet")
LEVEL = Parameter("level_db", 0.0, -60.0, 24.0, "dB", "how loud")
PAN = Parameter("pan", 0.0, -1.0, 1.0, "", "-1 is left, 1 is right")
LONGEST_TAIL = Parameter("longest_tail_seconds", 15.0, 0.0, 60.0, "seconds", "what the tail is cut at")

Channels = Literal["stereo", "as-it-is", "mono"]
Loudness = Literal["kept", "free"]
_CHANNELS = Parameter("channels", "stereo", what="of what comes out", choices=("stereo", "as-it-is", "mono"))
_LOUDNESS = Parameter("loudness", "kept", what="whether it comes out as loud as it went in", choices=("kept", "free"))
_CHAIN_KEYS = ("description", "licence", "channels", "loudness", "level_db", "longest_tail_seconds", "stage")
_BRANCH_KEYS = ("name", "level_db", "pan", "stage")


@dataclass(frozen=True, slots=True)
class Stage:
    """One effect, every one of its settings given; or, of kind `parallel`, branches whose sounds are added.

    `mix` is how much of its sound replaces what went in: 1 all, 0 nothing.
    """

    name: str
    kind: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    mix: float = 1.0
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a parallel stage; without stages it is the dry sound."""

    name: str
    stages: tuple[Stage, ...] = ()
    level_db: float = 0.0
    pan: float = 0.0


@dataclass(frozen=True, slots=True)
class Chain:
    """Effects one after the other. `folder` is where its file lies: impulse responses are looked for there."""

    name: str
    stages: tuple[Stage, ...]
    description: str = ""
    licence_spdx: str = ""
    channels: Channels = "stereo"
    loudness: Loudness = "kept"
    level_db: float = 0.0
    longest_tail_seconds: float = 15.0
    folder: Path = field(default_factory=Path, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The chain as its TOML says it, with every setting: `chain_from` gives the same chain back."""
        return {
            "description": self.description,
            "licence": self.licence_spdx,
            "channels": self.channels,
            "loudness": self.loudness,
            "level_db": self.level_db,
            "longest_tail_seconds": self.longest_tail_seconds,
            "stage": [_stage_dict(stage) for stage in self.stages],
        }


def stage_kind(kind: str) -> StageKind:
    """What a kind of stage is, a plugin's `vst3:NAME` among them. Raises `UnknownName`."""
    if is_plugin(kind):
        return PluginStage(kind)
    found: StageKind = resolve(STAGES, kind, kind="kind of stage")
    return found


def load_chain(name_or_path: str | Path) -> Chain:
    """A chain by its preset's name, or from a `.toml` file. Raises `UnknownName`, `CannotRead`, `InvalidPreset`."""
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        return load_chain_file(Path(name_or_path))
    return load_chain_file(find_preset("chains", name_or_path))


def load_chain_file(path: Path) -> Chain:
    """Raises `InvalidPreset`, naming file and key."""
    return chain_from(read_toml(path), name=path.stem, where=shown(path), folder=path.parent)


def chain_from(table: Mapping[str, Any], *, name: str, where: str, folder: Path) -> Chain:
    """The chain in a table as TOML gives it. Raises `InvalidPreset` beginning with `where`."""
    _known(table, _CHAIN_KEYS, where)
    stages = tuple(_stage(each, where, folder) for each in _tables(table, "stage", where))
    if not stages:
        raise InvalidPreset(f"{where}: it has no stages", hint='begin one with [[stage]] and kind = "reverb"')
    names: set[str] = set()
    for each in _all_names(stages):
        if each in names:
            raise InvalidPreset(f"{where}: two stages are called {each!r}", hint='give each its own: name = "…"')
        names.add(each)
    return Chain(
        name,
        stages,
        description=_text(table, "description", where),
        licence_spdx=_text(table, "licence", where),
        channels=_CHANNELS.checked(table.get("channels", "stereo"), where=where),  # type: ignore[arg-type]
        loudness=_LOUDNESS.checked(table.get("loudness", "kept"), where=where),  # type: ignore[arg-type]
        level_db=_value(LEVEL, table, where),
        longest_tail_seconds=_value(LONGEST_TAIL, table, where),
        folder=folder,
    )


def overridden(chain: Chain, overrides: Mapping[str, str]) -> Chain:
    """`chain` with settings changed: `{"echo.time": "250ms", "hall.mix": "30%"}`. Raises `InvalidPreset`."""
    for key, text in overrides.items():
        where = f"chain {chain.name!r}: {key}={text}"
        stage, dot, parameter = key.rpartition(".")
        if not dot:
            raise InvalidPreset(f"{where}: {key!r} names no stage", hint="write stage.parameter=value")
        names = _all_names(chain.stages)
        if stage not in names:
            raise unknown_key(stage, names, where=where, what="stage")
        chain = replace(chain, stages=tuple(_changed(each, stage, parameter, text, where) for each in chain.stages))
    return chain


def parameters_of(stage: Stage) -> tuple[Parameter, ...]:
    """Every knob of a stage, `mix` last."""
    if is_plugin(stage.kind):
        # What its knobs reach, the plugin says when it plays; here they are those that are set.
        known = {parameter.name: parameter for parameter in stage_kind(stage.kind).parameters}
        own = tuple(
            known.get(name, Parameter(name, value, -math.inf, math.inf)) for name, value in stage.settings.items()
        )
    else:
        own = () if stage.kind == PARALLEL else stage_kind(stage.kind).parameters
    return (*own, MIX)


def plugins_in(stages: Sequence[Stage]) -> tuple[str, ...]:
    """The plugins that the stages name, those of branches included, each once."""
    found: dict[str, None] = {}
    for stage in stages:
        if is_plugin(stage.kind) and stage.mix > 0.0:
            found[stage.kind] = None
        for branch in stage.branches:
            found |= dict.fromkeys(plugins_in(branch.stages))
    return tuple(found)


def _stage(table: Mapping[str, Any], where: str, folder: Path) -> Stage:
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise InvalidPreset(f"{where}: a stage has no kind", hint='say which: kind = "reverb"')
    name = table.get("name", kind.rpartition(":")[2])
    if not isinstance(name, str) or not name or any(sign in name for sign in ".= "):
        raise InvalidPreset(
            f"{where}: stage name {name!r} is not one", hint="use letters, digits and hyphens, without dots or spaces"
        )
    place = f"{where}: stage {name!r}"
    if kind == PARALLEL:
        _known(table, ("kind", "name", "mix", "branch"), place)
        branches = _tables(table, "branch", place)
        if not branches:
            raise InvalidPreset(f"{place}: it has no branches", hint="begin each with [[stage.branch]]")
        return Stage(
            name,
            kind,
            mix=_value(MIX, table, place),
            branches=tuple(_branch(each, f"{name}-{i}", place, folder) for i, each in enumerate(branches, 1)),
        )
    if is_plugin(kind):
        knobs = {key: value for key, value in table.items() if key not in ("kind", "name", "mix")}
        return Stage(name, kind, settings_from(knobs, folder, where=place), _value(MIX, table, place))
    if kind not in STAGES:
        raise unknown_key(kind, [*STAGES, PARALLEL], where=place, what="kind")
    parameters = {parameter.name: parameter for parameter in stage_kind(kind).parameters}
    _known(table, ("kind", "name", "mix", *parameters), place, what="parameter")
    settings = {
        key: parameter.checked(table[key], where=place) if key in table else parameter.default
        for key, parameter in parameters.items()
    }
    if kind == "convolution":
        _check_impulse(str(settings["impulse"]), folder, place)
    return Stage(name, kind, settings, _value(MIX, table, place))


def _branch(table: Mapping[str, Any], name: str, where: str, folder: Path) -> Branch:
    name = _text(table, "name", where) or name
    place = f"{where}, branch {name!r}"
    _known(table, _BRANCH_KEYS, place)
    stages = tuple(_stage(each, place, folder) for each in _tables(table, "stage", place))
    return Branch(name, stages, _value(LEVEL, table, place), _value(PAN, table, place))


def _changed(stage: Stage, name: str, parameter: str, text: str, where: str) -> Stage:
    """`stage` with one knob of the stage or branch called `name` turned, wherever below it that is."""
    if stage.name == name:
        if is_plugin(stage.kind) and not MIX.goes_by(parameter):
            changed = settings_from({parameter: text}, Path(), where=where) if parameter != "tail_seconds" else {}
            value = TAIL.parsed(text, where=where) if parameter == "tail_seconds" else changed[parameter]
            return replace(stage, settings={**stage.settings, parameter: value})
        knob = _knob(parameters_of(stage), parameter, where)
        value = knob.parsed(text, where=where)
        if knob is MIX:
            return replace(stage, mix=float(value))
        return replace(stage, settings={**stage.settings, knob.name: value})
    branches = []
    for branch in stage.branches:
        if branch.name == name:
            knob = _knob((LEVEL, PAN), parameter, where)
            level_or_pan = float(knob.parsed(text, where=where))
            branches.append(
                replace(branch, level_db=level_or_pan) if knob is LEVEL else replace(branch, pan=level_or_pan)
            )
        else:
            inner = tuple(_changed(each, name, parameter, text, where) for each in branch.stages)
            branches.append(replace(branch, stages=inner))
    return replace(stage, branches=tuple(branches)) if branches else stage


def _knob(knobs: Sequence[Parameter], name: str, where: str) -> Parameter:
    for knob in knobs:
        if knob.goes_by(name):
            return knob
    raise unknown_key(name, [knob.name for knob in knobs], where=where, what="parameter")


def _all_names(stages: Sequence[Stage]) -> list[str]:
    names = []
    for stage in stages:
        names.append(stage.name)
        for branch in stage.branches:
            names += [branch.name, *_all_names(branch.stages)]
    return names


def _stage_dict(stage: Stage) -> dict[str, Any]:
    table: dict[str, Any] = {"kind": stage.kind, "name": stage.name, "mix": stage.mix, **stage.settings}
    if stage.branches:
        table["branch"] = [
            {
                "name": branch.name,
                "level_db": branch.level_db,
                "pan": branch.pan,
                "stage": [_stage_dict(each) for each in branch.stages],
            }
            for branch in stage.branches
        ]
    return table


def _check_impulse(impulse: str, folder: Path, where: str) -> None:
    from assistant.effects.pedals import impulse_path

    try:
        impulse_path(impulse, folder)
    except InvalidPreset as error:
        raise InvalidPreset(f"{where}: {error.message}", hint=error.hint) from error


def _known(table: Mapping[str, Any], known: Sequence[str], where: str, what: str = "key") -> None:
    for key in table:
        if key not in known:
            raise unknown_key(key, known, where=where, what=what)


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise InvalidPreset(f"{where}: {key!r} is not a list of tables", hint=f"begin each with [[{key}]]")
    return list(found)


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    text = table.get(key, "")
    if not isinstance(text, str):
        raise InvalidPreset(f"{where}: {key} {text!r} is not text", hint="put it in quotes")
    return text


def _value(parameter: Parameter, table: Mapping[str, Any], where: str) -> float:
    value = float(parameter.checked(table.get(parameter.name, parameter.default), where=where))
    return 0.0 if math.isclose(value, 0.0) else value
