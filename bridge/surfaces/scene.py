"""What surfaces show: the running program as one value, and what each control's light says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.arguments import Asked
from bridge.commands import COMMANDS
from bridge.session import Session
from bridge.surfaces.look import OFF, Look
from midi.pitch import pitch_name

if TYPE_CHECKING:
    from bridge.surfaces.preset import Binding


@dataclass(frozen=True, slots=True)
class Idea:
    """A variation on the table."""

    number: int
    mark: str = ""
    closeness: float = 0.0
    technique: str = ""


@dataclass(frozen=True, slots=True)
class ShownTake:
    """A take in the library."""

    id: str
    name: str
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """`ideas` go by number, `takes` begin with the newest, `bars` is the motif's length, `waiting` says that what is
    auditioned begins on the next bar line, `working` that there are jobs.
    """

    session: Session = field(default_factory=Session)
    ideas: Mapping[int, Idea] = field(default_factory=dict)
    takes: tuple[ShownTake, ...] = ()
    bars: int = 0
    waiting: bool = False
    working: bool = False


_FIELDS = {"bars": "locked_bars", "who": "follow", "tempo": "tempo_bpm", "number": "selected"} | {
    layer: f"{layer}_level" for layer in ("melody", "inner", "bass")
}
"""Arguments that the session keeps under another name."""


def present(scene: Scene, argument: str) -> Any:
    """What the session holds for a command's argument; None where it holds nothing."""
    return getattr(scene.session, _FIELDS.get(argument, argument), None)


def argument_of(command: str, name: str) -> Asked:
    """Raises `KeyError`."""
    return {one.name: one for one in COMMANDS[command].asked}[name]


def limits(scene: Scene, binding: Binding) -> tuple[float, float]:
    """Between which values a knob moves its argument."""
    high = binding.high
    if binding.sets == "number":
        high = min(high, max(scene.ideas, default=1))
    return binding.low, high


def share(scene: Scene, binding: Binding) -> float | None:
    """Where the value that a knob moves stands between its limits, 0..1."""
    value = present(scene, binding.sets)
    if value is None:
        return None
    low, high = limits(scene, binding)
    return min(1.0, max(0.0, (float(value) - low) / (high - low))) if high > low else 0.0


def look(scene: Scene, binding: Binding, number: int) -> Look:
    """How a control with this binding looks; `number` is what it counts, 0 where it counts nothing."""
    shown = _SHOWS[binding.shows](scene, binding, number)
    if not binding.label:
        return shown
    if binding.shows == "variation" and shown != OFF:
        named = f"{binding.label} {number}"
        return Look(shown.state, None, named, named)
    text = f"{binding.label}{shown.text}" if binding.shows == "value" else shown.text or binding.label
    return Look(shown.state, shown.value, text, shown.words or text)


def _variation(scene: Scene, binding: Binding, number: int) -> Look:
    idea = scene.ideas.get(number)
    if idea is None:
        return OFF
    session = scene.session
    if session.playing == number:
        state = "waiting" if scene.waiting else "playing-kept" if idea.mark == "kept" else "playing"
    elif session.selected == number:
        state = "selected-kept" if idea.mark == "kept" else "selected"
    else:
        state = idea.mark or "idle"
    return Look(state, None, f"{number:02} {_short(idea.closeness)}", f"{number} {idea.technique}")


def _mark(scene: Scene, binding: Binding, number: int) -> Look:
    """Whether the variation, or the selected one, is kept or discarded, as the command has it."""
    idea = scene.ideas.get(number or scene.session.selected)
    if idea is None:
        return OFF
    wanted = "discarded" if binding.does == "variation/discard" else "kept"
    return Look(wanted if idea.mark == wanted else "idle")


def _audition(scene: Scene, binding: Binding, number: int) -> Look:
    if scene.session.playing is None:
        return Look("idle")
    return Look("waiting" if scene.waiting else "playing")


def _recording(scene: Scene, binding: Binding, number: int) -> Look:
    return Look("recording" if scene.session.recording else "idle")


def _working(scene: Scene, binding: Binding, number: int) -> Look:
    return Look("working" if scene.working else "idle")


def _choice(scene: Scene, binding: Binding, number: int) -> Look:
    """Whether the session holds what the control would set."""
    for name, value in (*binding.arguments.items(), *([(binding.counts, number)] if binding.counts else [])):
        held = present(scene, name)
        there = value in held if isinstance(held, tuple) else held == value
        if name == "bars" and not 0 < int(value) <= scene.bars:
            return OFF
        if not there:
            return Look("idle", None, f"Bar {value}" if name == "bars" else "")
        return Look("locked" if name == "bars" else "on", None, f"Bar {value}" if name == "bars" else "")
    return Look("idle")


def _take(scene: Scene, binding: Binding, number: int) -> Look:
    if not 0 < number <= len(scene.takes):
        return OFF
    take = scene.takes[number - 1]
    state = "starred" if take.starred else "selected" if take.id == scene.session.motif else "idle"
    return Look(state, None, take.name, take.name)


def _value(scene: Scene, binding: Binding, number: int) -> Look:
    value = present(scene, binding.sets or binding.counts)
    where = share(scene, binding) if binding.sets else None
    if value is None:
        return Look("idle", None, "---")
    if binding.sets in ("lowest", "highest"):
        return Look("on", where, pitch_name(int(value)))
    return Look("on", where, _short(value) if isinstance(value, float) else str(value))


def _lit(scene: Scene, binding: Binding, number: int) -> Look:
    return Look("idle")


def _short(value: float) -> str:
    """At most three signs: `.88`, `1.0`, `2.5`, `120`."""
    if value < 0.995:
        return f"{value:.2f}".removeprefix("0")
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


_SHOWS: dict[str, Callable[[Scene, Any, int], Look]] = {
    "variation": _variation,
    "mark": _mark,
    "audition": _audition,
    "recording": _recording,
    "working": _working,
    "choice": _choice,
    "take": _take,
    "value": _value,
    "lit": _lit,
}
SHOWS = tuple(_SHOWS)
"""What a light may tell of."""

_BY_COMMAND = {
    "variation/stop": "audition",
    "variation/keep": "mark",
    "variation/discard": "mark",
    "hum/toggle": "recording",
    "hum/record": "recording",
    "hum/stop": "recording",
    "vary/make": "working",
    "vary/more": "working",
    "vary/develop": "working",
}
_BY_COUNTED = {"number": "variation", "take": "take", "source": "take"}


def shown_by(does: str, counts: str, sets: str, arguments: Mapping[str, object]) -> str:
    """What a control's light tells of, where its preset does not say: it follows from the command."""
    if sets:
        return "value"
    named = "number" if "number" in arguments else counts
    if named in _BY_COUNTED and does not in ("variation/keep", "variation/discard"):
        return _BY_COUNTED[named]
    if does in _BY_COMMAND:
        return _BY_COMMAND[does]
    if does == "variation/audition":
        return "audition"
    if counts or any(_FIELDS.get(name, name) in Session.__dataclass_fields__ for name in arguments):
        return "choice"
    return "lit"
