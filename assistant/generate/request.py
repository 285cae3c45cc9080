"""What is asked of a generator of sound."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.audio import Audio
from assistant.errors import InvalidBrief
from assistant.rights.spdx import is_expression
from midi.scale import Key
from midi.tempo import Meter, Tempo

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 120.0
PUBLISHED = "facebook/musicgen-melody"
PUBLISHED_LICENCE = "CC-BY-NC-4.0"


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Sound by a description, at most `LONGEST_SECONDS` of it, in whole bars.

    `melody` is followed in its tune, `start` goes on; not both. `tempo`, `key`, `meter` are those of the session, None
    where they are free. `model` is a hub's name or a local folder; `licence_spdx` that of its weights.
    `freedom` is the sampling temperature, `obedience` how strongly the description counts (classifier-free guidance).
    Raises `InvalidBrief`.
    """

    text: str
    seconds: float = 12.0
    melody: Audio | None = None
    start: Audio | None = None
    tempo: Tempo | None = None
    key: Key | None = None
    meter: Meter | None = None
    model: str = PUBLISHED
    licence_spdx: str = PUBLISHED_LICENCE
    seed: int = 0
    freedom: float = 1.0
    obedience: float = 3.0

    def __post_init__(self) -> None:
        if not self.text.strip() and self.melody is None and self.start is None:
            raise InvalidBrief("there is nothing to go by", hint='say what it should be: "melancholic cello"')
        if not (math.isfinite(self.seconds) and SHORTEST_SECONDS <= self.seconds <= LONGEST_SECONDS):
            raise InvalidBrief(
                f"{self.seconds:g} seconds are outside {SHORTEST_SECONDS:g}..{LONGEST_SECONDS:g}",
                hint="ask for 12, and continue what you like",
            )
        if self.melody is not None and self.start is not None:
            raise InvalidBrief("a melody to follow and a sound to go on from are two requests", hint="give one")
        if not is_expression(self.licence_spdx):
            raise InvalidBrief(
                f"{self.licence_spdx!r} is no SPDX name of a licence", hint="such as CC-BY-4.0, or CC0-1.0 for your own"
            )
        for name, value, highest in (("freedom", self.freedom, 2.0), ("obedience", self.obedience, 10.0)):
            if not 0.0 <= value <= highest:
                raise InvalidBrief(f"{name} {value:g} is outside 0..{highest:g}", hint="1 and 3 are usual")

    @property
    def bar_seconds(self) -> float | None:
        """How long a bar of the session lasts; None where the tempo is free."""
        return self.tempo.seconds((self.meter or Meter()).bar_beats) if self.tempo else None

    @property
    def whole_seconds(self) -> float:
        """The length in whole bars that comes nearest to what is asked, one bar at least."""
        bar = self.bar_seconds
        return self.seconds if bar is None else max(1, round(self.seconds / bar)) * bar

    @property
    def prompt(self) -> str:
        """The description, with the session's tempo and key where it names none."""
        said = self.text.strip()
        wanted = [said] if said else []
        if self.tempo and "bpm" not in said.lower():
            wanted.append(f"{self.tempo.bpm:.0f} bpm")
        if self.key and str(self.key).lower() not in said.lower():
            wanted.append(f"in {self.key}")
        return ", ".join(wanted)
