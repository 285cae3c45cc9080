"""Surfaces as values: read from TOML, checked to the last key against the table of commands."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.effects.parameter import unknown_key
from assistant.errors import InvalidPreset
from assistant.presets import find_preset, read_toml, shown
from assistant.tables import resolve
from bridge.arguments import InvalidArgument, from_mapping
from bridge.commands import COMMANDS
from bridge.surfaces import FAMILIES
from bridge.surfaces.family import ANY, FADER, KNOB, TEXT, Family
from bridge.surfaces.knobs import ENCODINGS
from bridge.surfaces.look import STATES
from bridge.surfaces.scene import SHOWS, argument_of, shown_by

_SURFACE_KEYS = ("description", "licence", "family", "unit", "colours", "control", "page")
_UNIT_KEYS = ("device", "ports")
_PAGE_KEYS = ("name", "bank", "control")
_CONTROL_KEYS = (
    "at",
    "label",
    "does",
    "with",
    "counts",
    "sets",
    "from",
    "to",
    "step",
    "start",
    "toggles",
    "again",
    "page",
    "bank",
    "shows",
    "encoding",
    "takeover",
)
_RANGE = re.compile(r"(\D.*?|)(\d+)\.\.(?:\1)?(\d+)(\D.*)?")
_STEPS = 100
_MOST_IN_A_ROW = 128
NUMBERS = ("whole number", "number", "list of whole numbers")
TAKES = ("take", "source")
"""Arguments that name a take: what counts along them counts the takes, the newest first."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A box with a plug of its own. `device` is the maker's number for it; `ports` are names that it goes by."""

    device: int = 0
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """What a control does and shows.

    `does` is a command, given `arguments`; `counts` is the argument that is given `place` as well, the control's place
    in its row; `sets` the one that a knob moves between `low` and `high`, an encoder by `step`, from `start` on where
    there is no value yet. With `toggles` a press takes back what the one before has set. `again` is the command of a
    press while the variation plays already. Or else the control opens `page`, or moves the open page by `bank` banks.
    """

    does: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    counts: str = ""
    place: int = 0
    sets: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    start: float = 0.5
    toggles: bool = False
    again: str = ""
    page: str = ""
    bank: int = 0
    shows: str = "lit"
    label: str = ""
    encoding: str = "absolute"
    takeover: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """What the controls are while it is open. Those that count do so from `bank` further on for each bank."""

    name: str
    controls: Mapping[str, Binding]
    bank: int = 0


@dataclass(frozen=True, slots=True)
class Surface:
    """A preset: the family's own `settings`, its `units`, how each state looks (`colours`, by state), the `pages`."""

    name: str
    family: str
    description: str
    units: tuple[Unit, ...]
    settings: Mapping[str, Any]
    colours: Mapping[str, Mapping[str, Any]]
    pages: tuple[Page, ...]

    def page(self, name: str) -> Page:
        return next(page for page in self.pages if page.name == name)

    @property
    def side_by_side(self) -> bool:
        """Whether its pages are all there at once, as tabs on a tablet; elsewhere one is open."""
        return self.family == "osc"

    def drawn_with(self, page: str) -> Surface:
        """What stands on the picture of a page: a tab has its own controls alone, a box always has all its own."""
        return replace(self, pages=(self.page(page),)) if self.side_by_side else self

    @property
    def controls(self) -> dict[str, Binding]:
        """Every control of every page, the first page's binding first."""
        found: dict[str, Binding] = {}
        for page in self.pages:
            for control, binding in page.controls.items():
                found.setdefault(control, binding)
        return found


def counts_takes(binding: Binding) -> bool:
    """Whether it counts the takes of the library; `vary/splice` has a source that is a variation."""
    return binding.counts in TAKES and argument_of(binding.does, binding.counts).kind == "text"


def load_surface(name_or_path: str | Path) -> Surface:
    """By its preset's name, or from a `.toml` file. Raises `UnknownName`, `CannotRead`, `InvalidPreset`."""
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        return load_surface_file(Path(name_or_path))
    return load_surface_file(find_preset("surfaces", name_or_path))


def load_surface_file(path: Path) -> Surface:
    """Raises `InvalidPreset`, naming file and key."""
    return surface_from(read_toml(path), name=path.stem, where=shown(path))


def surface_from(table: Mapping[str, Any], *, name: str, where: str) -> Surface:
    """The surface in a table as TOML gives it. Raises `InvalidPreset` beginning with `where`."""
    family = table.get("family")
    if not isinstance(family, str) or family not in FAMILIES:
        hint = f"say how it speaks: family = {', '.join(repr(each) for each in FAMILIES)}"
        raise InvalidPreset(f"{where}: family {family!r} is unknown", hint=hint)
    adapter: type[Family] = resolve(FAMILIES, family, kind="family")
    _known(table, (*_SURFACE_KEYS, family), where)
    _text(table, "licence", where)
    own = table.get(family, {})
    settings = adapter.checked_settings(_table(own, f"{where}: {family}"), f"{where}: {family}")
    units = tuple(_unit(each, f"{where}: unit") for each in _tables(table, "unit", where)) or (Unit(),)
    common = _controls(table, adapter, settings, len(units), where)
    pages: list[Page] = []
    for each in _tables(table, "page", where):
        title = _text(each, "name", f"{where}: page")
        place = f"{where}: page {title!r}"
        _known(each, _PAGE_KEYS, place)
        if not title or title in (page.name for page in pages):
            raise InvalidPreset(f"{place}: a page needs a name of its own", hint='name = "variations"')
        controls = {**common, **_controls(each, adapter, settings, len(units), place)}
        bank = _number(each, "bank", 0, place)
        if bank < 0 or bank != int(bank):
            raise InvalidPreset(f"{place}: bank {bank:g} is no number of controls", hint="write bank = 8")
        pages.append(Page(title, controls, int(bank)))
    surface = Surface(
        name,
        family,
        _text(table, "description", where),
        units,
        settings,
        _colours(table, adapter, where),
        tuple(pages) or (Page("all", common),),
    )
    for page in surface.pages:
        for control, binding in page.controls.items():
            if surface.side_by_side and binding != surface.controls[control]:
                hint = "pages lie side by side here: name one of the two otherwise"
                raise InvalidPreset(f"{where}: page {page.name!r}: {control!r} means something else before", hint=hint)
            if binding.page and binding.page not in (one.name for one in surface.pages):
                place = f"{where}: control {control!r}"
                raise unknown_key(binding.page, [one.name for one in surface.pages], where=place, what="page")
    if not surface.controls:
        raise InvalidPreset(f"{where}: it has no controls", hint='begin one with [[control]] and at = "…"')
    return surface


def names(at: object, where: str) -> list[str]:
    """The controls in a text such as `"81..88 71"`, in order. Raises `InvalidPreset`."""
    if not isinstance(at, str) or not at.split():
        raise InvalidPreset(f"{where}: a control has no place", hint='say which: at = "81..88"')
    found = []
    for word in at.split():
        several = _RANGE.fullmatch(word)
        if several is None:
            found.append(word)
            continue
        before, first, last, after = several.groups()
        one, other = int(first), int(last)
        if abs(other - one) >= _MOST_IN_A_ROW:
            raise InvalidPreset(f"{where}: {word!r} is no row of controls", hint='name a few: at = "81..88"')
        row = range(one, other + 1) if one <= other else range(one, other - 1, -1)
        found += [f"{before}{number}{after or ''}" for number in row]
    return found


def _controls(
    table: Mapping[str, Any], adapter: type[Family], settings: Mapping[str, Any], units: int, where: str
) -> dict[str, Binding]:
    found: dict[str, Binding] = {}
    for each in _tables(table, "control", where):
        controls = names(each.get("at"), where)
        place = f"{where}: control {each['at']!r}"
        _known(each, _CONTROL_KEYS, place)
        for number, control in enumerate(controls, start=1):
            kind = adapter.kind_of(control, settings, units)
            if kind is None:
                raise InvalidPreset(
                    f"{place}: there is no control {control!r} on this surface", hint="see the surface's page in docs"
                )
            if control in found:
                raise InvalidPreset(f"{place}: {control!r} is there twice", hint="give each control one meaning")
            found[control] = _binding(each, number, kind, place)
    return found


def _binding(table: Mapping[str, Any], number: int, kind: str, where: str) -> Binding:
    does = _text(table, "does", where)
    counts, sets, again = (_text(table, key, where) for key in ("counts", "sets", "again"))
    page, bank, shows = _text(table, "page", where), int(_number(table, "bank", 0, where)), _text(table, "shows", where)
    meanings = sum(map(bool, (does, page, bank)))
    if meanings > 1 or (not meanings and not shows):
        raise InvalidPreset(
            f"{where}: it has {meanings or 'no'} meanings", hint="give one of does, page, bank or shows"
        )
    for command in filter(None, (does, again)):
        if command not in COMMANDS:
            raise unknown_key(command, COMMANDS, where=where, what="command")
    arguments = {
        name: _spread(does, name, value, number, where)
        for name, value in _table(table.get("with", {}), f"{where}: with").items()
    }
    counted = _argument(does, counts, where) if counts else None
    if counted is not None and not (counted.kind in NUMBERS or counts in TAKES):
        raise InvalidPreset(f"{where}: {counts!r} is no number to count along", hint="leave counts out")
    if shows and shows not in SHOWS:
        raise unknown_key(shows, SHOWS, where=where, what="shows")
    encoding = _text(table, "encoding", where) or ENCODINGS[-2]
    if encoding not in ENCODINGS:
        raise unknown_key(encoding, ENCODINGS, where=where, what="encoding")
    turns = kind in (KNOB, FADER)
    if kind != ANY and turns != bool(sets) and kind != TEXT and meanings:
        hint = "name the argument that it moves: sets = …" if turns else "only knobs and faders move values"
        raise InvalidPreset(f"{where}: a {kind} {'needs' if turns else 'has no use for'} 'sets'", hint=hint)
    low, high, step = _span(table, does, sets, where)
    start = _number(table, "start", (low + high) / 2, where)
    if not low <= start <= high:
        raise InvalidPreset(
            f"{where}: start {start:g} is outside {low:g}..{high:g}", hint="give one between from and to"
        )
    for end in (low, high) if sets else (None,):
        moved = {} if end is None else {sets: end}
        _fits(does, {**arguments, **_stand_in(counted, counts), **moved}, where)
    # What a second press gives its command: the variation, or nothing.
    _fits(again, {"number": 1} if "number" in (counts, *arguments) else {}, where)
    listed = counted is not None and counted.kind == "list of whole numbers"
    return Binding(
        does,
        arguments,
        counts,
        number if counts else 0,
        sets,
        low,
        high,
        step,
        start,
        listed or _flag(table, "toggles", where, default=False),
        again,
        page,
        bank,
        shows or shown_by(does, counts, sets, arguments),
        _spread_text(table.get("label", ""), number, f"{where}: label"),
        encoding,
        _flag(table, "takeover", where, default=True),
    )


def _spread(does: str, name: str, value: Any, number: int, where: str) -> Any:
    """A list for an argument that is none holds a value for each control of the row."""
    if not isinstance(value, list) or _argument(does, name, where).kind == "list of whole numbers":
        return value
    if number > len(value):
        hint = "give one for each control"
        raise InvalidPreset(f"{where}: {name} has {len(value)} values, and there are more controls", hint=hint)
    return value[number - 1]


def _spread_text(value: Any, number: int, where: str) -> str:
    """A text, or one for each control of the row."""
    each = value[number - 1] if isinstance(value, list) and number <= len(value) else value
    if not isinstance(each, str):
        raise InvalidPreset(f"{where} {value!r} is not text", hint="give a text, or one for each control")
    return each


def _stand_in(counted: Any, counts: str) -> dict[str, Any]:
    if counted is None:
        return {}
    return {counts: "x" if counted.kind == "text" else [1] if counted.kind == "list of whole numbers" else 1}


def _fits(does: str, arguments: Mapping[str, Any], where: str) -> None:
    """What a press will give the command is what the command takes."""
    if not does:
        return
    try:
        from_mapping(COMMANDS[does].arguments, arguments)
    except InvalidArgument as error:
        raise InvalidPreset(f"{where}: {does}: {error.message}", hint=error.hint) from error


def _span(table: Mapping[str, Any], does: str, sets: str, where: str) -> tuple[float, float, float]:
    """The limits between which a knob moves its argument, and an encoder's step."""
    if not sets:
        return 0.0, 1.0, 1.0 / _STEPS
    asked = _argument(does, sets, where)
    if asked.kind not in ("whole number", "number"):
        raise InvalidPreset(f"{where}: {sets!r} is no number to move", hint="name another argument: sets = …")
    low = _number(table, "from", asked.low, where)
    high = _number(table, "to", asked.high, where)
    if not low < high:
        raise InvalidPreset(f"{where}: from {low:g} to {high:g} is no way", hint="give from below to")
    usual = 1.0 if asked.kind == "whole number" else (high - low) / _STEPS
    step = _number(table, "step", usual, where)
    if step == 0:
        raise InvalidPreset(f"{where}: step 0 moves nothing", hint=f"write step = {usual:g}")
    return low, high, step


def _argument(does: str, name: str, where: str) -> Any:
    try:
        return argument_of(does, name)
    except KeyError:
        known = [one.name for one in COMMANDS[does].asked] if does in COMMANDS else []
        raise unknown_key(name, known, where=where, what="argument") from None


def _unit(table: Mapping[str, Any], where: str) -> Unit:
    _known(table, _UNIT_KEYS, where)
    device = table.get("device", 0)
    if isinstance(device, bool) or not isinstance(device, int) or not 0 <= device <= 127:
        raise InvalidPreset(f"{where}: device {device!r} is outside 0..127", hint="it is a byte of the maker's SysEx")
    ports = table.get("ports", [])
    if not isinstance(ports, list) or not all(isinstance(each, str) and each for each in ports):
        raise InvalidPreset(f"{where}: ports {ports!r} are no names", hint='give ports = ["Launchpad X MIDI"]')
    return Unit(device, tuple(ports))


def _colours(table: Mapping[str, Any], adapter: type[Family], where: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for state, each in _table(table.get("colours", {}), f"{where}: colours").items():
        if state not in STATES:
            raise unknown_key(state, STATES, where=f"{where}: colours", what="state")
        place = f"{where}: colours: {state}"
        given = dict(_table(each, place))
        shown_as = given.pop("shown", "#000000")
        if not isinstance(shown_as, str) or not re.fullmatch(r"#[0-9a-f]{6}", shown_as):
            raise InvalidPreset(f"{place}: shown {shown_as!r} is no colour", hint='write shown = "#ffaa00"')
        found[state] = {**adapter.checked_colour(given, place), "shown": shown_as}
    return found


def _known(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise unknown_key(key, known, where=where, what="key")


def known_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """For the adapters' own tables. Raises `InvalidPreset`."""
    _known(table, tuple(known), where)


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidPreset(f"{where}: {value!r} is not a table", hint="write { key = value }")
    return value


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


def _number(table: Mapping[str, Any], key: str, default: float | None, where: str) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidPreset(f"{where}: {key} {value!r} is not a number", hint=f"write {key} = 1")
    return value


def _flag(table: Mapping[str, Any], key: str, where: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise InvalidPreset(f"{where}: {key} {value!r} is not true or false", hint=f"write {key} = true")
    return value
