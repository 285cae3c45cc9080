"""What goes back to a surface: only what changed, and never faster for one control than it can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.surfaces.look import OFF, Look

EVERY_SECONDS = 0.03
"""The shortest time between two messages to one control: 33 a second are more than an eye follows."""

SAME_PLACE = 1 / 256


class Feedback:
    """The looks that a surface was shown, and those it is to be shown. Time is passed in, in seconds."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every = every_seconds
        self._shown: dict[str, Look] = {}
        self._wanted: dict[str, Look] = {}
        self._last: dict[str, float] = {}
        self._held: set[str] = set()
        self._by_hand: dict[str, float] = {}

    def want(self, looks: Mapping[str, Look]) -> None:
        """How all controls are to look; one that is not named is to be dark."""
        dark = dict.fromkeys((control for control in self._shown if control not in looks), OFF)
        self._wanted = dark | {control: self._steady(control, look) for control, look in looks.items()}

    def _steady(self, control: str, look: Look) -> Look:
        """What a hand has put where it should stand, or as good as, is not told so: it would fight the hand."""
        stands = self._by_hand.get(control)
        if look.value is None or stands is None or abs(stands - look.value) > SAME_PLACE:
            return look
        return replace(look, value=stands)

    def forget(self) -> None:
        """The surface was plugged in anew: everything is shown again, at once."""
        self._shown.clear()
        self._by_hand.clear()
        self._last.clear()

    def moved(self, control: str, to: float) -> None:
        """The hand has moved a knob or fader to `to`: that is where it stands now, whatever it was told."""
        if control in self._shown:
            self._by_hand[control] = to
            self._shown[control] = replace(self._shown[control], value=to)

    def hold(self, control: str, on: bool) -> None:
        """While a finger lies on a motor fader, nothing is said to it."""
        (self._held.add if on else self._held.discard)(control)

    def due(self, now: float) -> tuple[list[tuple[str, Look, Look | None]], float | None]:
        """(control, look, look before) of what may be sent now, and when to ask again, None for not before `want`."""
        found: list[tuple[str, Look, Look | None]] = []
        later: float | None = None
        for control, look in self._wanted.items():
            before = self._shown.get(control)
            if look == before or control in self._held:
                continue
            free = self._last.get(control, float("-inf")) + self._every
            if free > now:
                later = free if later is None else min(later, free)
                continue
            found.append((control, look, before))
            self._shown[control] = look
            self._by_hand.pop(control, None)
            self._last[control] = now
        return found, later
