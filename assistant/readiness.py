"""Whether a part can be used, why not, and the one command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ready", "missing", "unreachable"]


@dataclass(frozen=True, slots=True)
class Readiness:
    state: State
    reason: str
    remedy: str = ""

    @property
    def ready(self) -> bool:
        return self.state == "ready"
