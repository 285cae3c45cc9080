"""Knobs of all makers: what their numbers mean, and how they take hold of a value without a jump."""

from __future__ import annotations

from collections.abc import Sequence

RELATIVE = ("twos-complement", "binary-offset", "sign-magnitude")
ABSOLUTE = ("absolute", "absolute-14")
ENCODINGS = RELATIVE + ABSOLUTE
"""How a control change tells of a knob: three ways of telling steps, two of telling where it stands."""

NEAR = 0.02
"""A knob with two ends takes hold where it stands this near to the value."""


def steps(encoding: str, value: int) -> int:
    """The steps that a value of 0..127 tells, clockwise above 0.

    Two's complement: 1 is one step, 127 one back. Binary offset: 65 and 63. Sign and magnitude, which is Mackie's: 1
    and 65.
    """
    if encoding == "twos-complement":
        return value if value < 64 else value - 128
    if encoding == "binary-offset":
        return value - 64
    return -(value & 63) if value & 64 else value & 63


def encoding_of(clockwise: Sequence[int], back: Sequence[int]) -> str:
    """Which encoding a knob speaks, from the values it sent when it was turned slowly one way and then the other.

    A knob with two ends goes on from where it was; an encoder says the same few values again.
    """
    told: dict[str, int] = {}
    for encoding in RELATIVE:
        right = [steps(encoding, value) for value in clockwise]
        left = [steps(encoding, value) for value in back]
        if right and left and min(right) > 0 > max(left):
            told[encoding] = max(right) - min(left)
    # Slowly turned, the right reading is the one with the smallest steps.
    nearest = min(told, key=lambda encoding: told[encoding], default="absolute")
    return nearest if told.get(nearest, 99) <= 16 else "absolute"


class FourteenBit:
    """Pairs of control changes, n for the upper seven bits and n + 32 for the lower, as one number of 0..16383.

    As the MIDI standard has it, upper bits alone mean that the lower are 0.
    """

    def __init__(self) -> None:
        self._upper: dict[tuple[int, int], int] = {}

    def upper(self, channel: int, number: int, value: int) -> int:
        self._upper[channel, number] = value
        return value << 7

    def lower(self, channel: int, number: int, value: int) -> int | None:
        """None while nothing is known of the upper bits."""
        upper = self._upper.get((channel, number - 32))
        return None if upper is None else upper << 7 | value


class Takeover:
    """A knob with two ends moves a value only after it has passed by it: nothing jumps when somebody else, or another
    page, has set the value meanwhile.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._set: float | None = None

    def takes(self, to: float, value: float | None) -> bool:
        """Whether the knob, now at `to`, has hold of the value, which is at `value` (None: nowhere)."""
        last, self._last = self._last, to
        held = value is None or (self._set is not None and abs(value - self._set) <= NEAR)
        passed = value is not None and last is not None and (last - value) * (to - value) <= 0
        if held or passed or (value is not None and abs(to - value) <= NEAR):
            self._set = to
            return True
        self._set = None
        return False
