"""What can be asked of the model: respects of likeness in steps of a scale, each of them optional."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, fields, replace

from assistant.vary.learned.likeness import Likeness

EDGES: dict[str, tuple[float, ...]] = {
    "overlap": (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92),
    "rhythm": (0.4, 0.6, 0.75, 0.88, 0.97),
    "contour": (0.2, 0.5, 0.75, 0.9),
    "pitches": (0.3, 0.5, 0.65, 0.8, 0.92),
    "density": (0.6, 0.85, 0.98, 1.02, 1.18, 1.6),
    "register": (-7.0, -3.0, -1.0, 1.0, 3.0, 7.0),
}
SYMBOLS = tuple(len(edges) + 2 for edges in EDGES.values())
"""How many symbols each control has; the last of them means "as you like"."""
TASKS = ("vary", "denoise", "infill", "answer")


@dataclass(frozen=True, slots=True)
class Controls:
    """The likeness that is asked for, in the terms of `Likeness`; None where it is free."""

    overlap: float | None = None
    rhythm: float | None = None
    contour: float | None = None
    pitches: float | None = None
    density: float | None = None
    register: float | None = None

    @classmethod
    def of(cls, likeness: Likeness) -> Controls:
        return cls(**{field.name: getattr(likeness, field.name) for field in fields(likeness)})

    def without(self, *names: str) -> Controls:
        return replace(self, **dict.fromkeys(names))

    def symbols(self) -> tuple[int, ...]:
        """The step of each control on its scale, in the order of `EDGES`."""
        return tuple(
            len(edges) + 1 if (value := getattr(self, name)) is None else bisect_right(edges, value)
            for name, edges in EDGES.items()
        )
