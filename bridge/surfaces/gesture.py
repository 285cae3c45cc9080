"""What hands do on a surface, whatever its protocol: the controls go by the names that its preset uses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pressed:
    """A pad or button went down, or up again."""

    control: str
    down: bool = True


@dataclass(frozen=True, slots=True)
class Turned:
    """An endless encoder turned by so many steps, clockwise above 0."""

    control: str
    steps: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A knob or fader with two ends now stands at `to`, 0..1."""

    control: str
    to: float


@dataclass(frozen=True, slots=True)
class Touched:
    """A finger came to lie on a motor fader, or left it."""

    control: str
    down: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """The surface says that it was switched on: it remembers nothing of what it was shown."""

    unit: int = 0


Gesture = Pressed | Turned | Moved | Touched | Arrived
