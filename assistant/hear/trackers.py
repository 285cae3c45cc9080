"""The note trackers, and which one hears a recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assistant.audio import Samples
from assistant.hear.sung import Sung
from assistant.readiness import Readiness
from assistant.tables import resolve

TRACKERS: dict[str, str] = {
    "learned": "assistant.hear.learned:Learned",
    "basic-pitch": "assistant.hear.voice:Voice",
    "basic-pitch-chords": "assistant.hear.chords:Chords",
}
"""Name → a `Tracker`, made with the number of threads that it may use. Its module also has `check() -> Readiness`."""


class Tracker(Protocol):
    def hear(self, samples: Samples, *, progress: Callable[[float], None] | None = None) -> Sung:
        """The notes of mono samples at 22050 Hz, shape (samples,). `progress` is told the part that is done, 0..1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A tracker's name, and why it is not the usual one; empty where it is."""

    name: str
    reason: str = ""


def check(name: str) -> Readiness:
    """Whether a tracker can run. Raises `UnknownName`."""
    resolve(TRACKERS, name, kind="note tracker")
    module, _ = TRACKERS[name].split(":")
    readiness: Readiness = resolve({name: f"{module}:check"}, name, kind="note tracker")()
    return readiness


def choose(*, polyphonic: bool) -> Choice:
    """The best tracker that can run here: the learned one for a voice; where it cannot run, basic-pitch's."""
    if polyphonic:
        return Choice("basic-pitch-chords")
    learned = check("learned")
    if learned.ready or not check("basic-pitch").ready:
        return Choice("learned")
    return Choice(
        "basic-pitch", f"heard with basic-pitch, which finds fewer notes: {learned.reason} ({learned.remedy})"
    )


def check_ears() -> Readiness:
    """Whether a voice can be heard at all, and by which tracker."""
    chosen = choose(polyphonic=False)
    found = check(chosen.name)
    return Readiness("ready", chosen.reason) if chosen.reason else found
