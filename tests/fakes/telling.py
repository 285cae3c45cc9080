"""A way into a DAW that tells of changes by itself; the test changes its tempo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from assistant.readiness import Readiness
from bridge.daw.port import Daw, Transport
from midi.tempo import Meter, Tempo


class TellingDaw(Daw):
    name: ClassVar[str] = "telling"
    tempo: ClassVar[float] = 96.0
    told: ClassVar[list[Callable[[], None]]] = []

    def check(self) -> Readiness:
        return Readiness("ready", "always")

    def transport(self) -> Transport:
        return Transport(Tempo(self.tempo), Meter(), 0.0, False)

    @contextmanager
    def listen(self, changed: Callable[[], None]) -> Iterator[None]:
        self.told.append(changed)
        yield
        self.told.remove(changed)
