"""A surface in use: which page is open, and what a gesture asks for. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.surfaces.knobs import Takeover
from bridge.surfaces.look import Look
from bridge.surfaces.preset import Binding, Page, Surface, counts_takes
from bridge.surfaces.scene import Scene, argument_of, limits, look, present, share


@dataclass(frozen=True, slots=True)
class Act:
    """A command to be called."""

    command: str
    arguments: Mapping[str, Any]


class Desk:
    """What each control means now. `page` and `bank` are the surface's own; everything else is the program's."""

    def __init__(self, surface: Surface, page: str = "") -> None:
        self.surface = surface
        self.page: Page = surface.page(page) if page else surface.pages[0]
        self.bank = 0
        self._takeovers: dict[str, Takeover] = {}

    @property
    def controls(self) -> Mapping[str, Binding]:
        """What there is to touch: the open page, or every page where they lie side by side."""
        return self.surface.controls if self.surface.side_by_side else self.page.controls

    def open(self, page: str) -> None:
        """Opens a page at its beginning."""
        self.page = self.surface.page(page)
        self.bank = 0

    def pressed(self, control: str, scene: Scene) -> Act | None:
        """What a press asks for; None where it asks for nothing, or only opens another page or bank."""
        binding = self.controls.get(control)
        if binding is None or binding.sets:
            return None
        if binding.page:
            self.open(binding.page)
        elif binding.bank:
            self._step_bank(binding.bank, scene)
        elif binding.does:
            return self._act(binding, scene)
        return None

    def turned(self, control: str, steps: float, scene: Scene) -> Act | None:
        """What so many steps of an encoder ask for."""
        binding = self.controls.get(control)
        if binding is None or not binding.sets:
            return None
        low, high = limits(scene, binding)
        before = present(scene, binding.sets)
        start = binding.start if before is None else float(before)
        value = min(high, max(low, start + steps * binding.step))
        return self._set(binding, value) if value != before else None

    def moved(self, control: str, to: float, scene: Scene) -> Act | None:
        """What a knob with two ends, or a fader, asks for at `to`, 0..1."""
        binding = self.controls.get(control)
        if binding is None or not binding.sets:
            return None
        if binding.takeover:
            takeover = self._takeovers.setdefault(f"{self.page.name} {control}", Takeover())
            if not takeover.takes(to, share(scene, binding)):
                return None
        low, high = limits(scene, binding)
        return self._set(binding, low + to * (high - low))

    def looks(self, scene: Scene) -> dict[str, Look]:
        """How every control that is there looks."""
        return {control: self._look(binding, scene) for control, binding in self.controls.items()}

    def _look(self, binding: Binding, scene: Scene) -> Look:
        if binding.page:
            state = "page" if binding.page == self.page.name else "idle"
            return Look(state, None, binding.label, binding.label or binding.page)
        if binding.bank:
            there = 0 <= self.bank + binding.bank <= self._last_bank(scene)
            return Look("idle" if there else "off", None, binding.label, binding.label)
        return look(scene, binding, self._number(binding))

    def _number(self, binding: Binding) -> int:
        if not binding.counts:
            return int(binding.arguments.get("number", 0))
        return binding.place + self.bank * self.page.bank

    def _act(self, binding: Binding, scene: Scene) -> Act | None:
        arguments = dict(binding.arguments)
        number = self._number(binding)
        if counts_takes(binding):
            if not number <= len(scene.takes):
                return None
            arguments[binding.counts] = scene.takes[number - 1].id
        elif binding.counts:
            if self._look(binding, scene).state == "off":
                return None
            arguments[binding.counts] = number
        if binding.toggles:
            arguments = {name: _toggled(binding.does, name, value, scene) for name, value in arguments.items()}
        if binding.again and scene.session.playing == (number or scene.session.selected):
            return Act(binding.again, {"number": number} if number else {})
        return Act(binding.does, arguments)

    def _set(self, binding: Binding, value: float) -> Act:
        whole = argument_of(binding.does, binding.sets).kind == "whole number"
        return Act(binding.does, {**binding.arguments, binding.sets: round(value) if whole else round(value, 4)})

    def _step_bank(self, step: int, scene: Scene) -> None:
        self.bank = min(self._last_bank(scene), max(0, self.bank + step))

    def _last_bank(self, scene: Scene) -> int:
        """The last bank in which something is counted."""
        counted = (binding for binding in self.controls.values() if binding.counts)
        longest = max((_count(binding, scene) for binding in counted), default=0)
        return max(0, -(-longest // self.page.bank) - 1) if self.page.bank else 0


def _count(binding: Binding, scene: Scene) -> int:
    if counts_takes(binding):
        return len(scene.takes)
    return scene.bars if binding.counts == "bars" else max(scene.ideas, default=0)


def _toggled(command: str, name: str, value: Any, scene: Scene) -> Any:
    """What the session holds for an argument, with `value` put in or taken out."""
    held = present(scene, name)
    if isinstance(held, tuple):
        return sorted(set(held) ^ {value})
    return None if held == value else value
