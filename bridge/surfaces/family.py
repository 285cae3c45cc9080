"""What the adapter of a family of protocols does: bytes to gestures, looks to bytes. No device, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from bridge.surfaces.gesture import Gesture
from bridge.surfaces.look import Look

if TYPE_CHECKING:
    from bridge.surfaces.preset import Surface

Message = tuple[Any, ...]
"""Bytes of MIDI; over OSC an address and its values."""

Packet = tuple[int, Message]
"""A message and the unit it goes to, 0 for the first."""

PAD, BUTTON, KNOB, FADER, TEXT, ANY = "pad", "button", "knob", "fader", "text", "any"
"""The kinds of controls. A preset decides of which kind a control of kind `any` is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a control lies on the picture, in units of a pad, and of what kind it is; on a display the texts of other
    controls stand, a line each (`lines`).
    """

    x: float
    y: float
    width: float
    height: float
    kind: str
    caption: str = ""
    lines: tuple[str, ...] = ()


class Family(Protocol):
    """An adapter, made for one surface. What it is told of a preset's own keys it checks in the three class methods,
    which raise `InvalidPreset` beginning with `where`.
    """

    def __init__(self, surface: Surface) -> None: ...

    @classmethod
    def checked_settings(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        """The preset's table that goes by the family's name."""
        ...

    @classmethod
    def checked_colour(cls, table: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        """What a state looks like, without its `shown`."""
        ...

    @classmethod
    def kind_of(cls, control: str, settings: Mapping[str, Any], units: int, /) -> str | None:
        """Of which kind a control is; None where there is none of that name."""
        ...

    def hello(self, unit: int) -> Iterator[Packet]:
        """What a unit has to be told when it is plugged in, before anything is shown."""
        ...

    def farewell(self, unit: int) -> Iterator[Packet]:
        """What leaves it as it was found."""
        ...

    def read(self, unit: int, message: Message, now: float) -> Gesture | None:
        """What was done; None for what means nothing here."""
        ...

    def write(self, control: str, look: Look, before: Look | None) -> Iterator[Packet]:
        """Shows a look; `before` is what the control shows now, None where that is not known."""
        ...

    def places(self) -> Mapping[str, Place]:
        """Where every control lies, for the picture."""
        ...
