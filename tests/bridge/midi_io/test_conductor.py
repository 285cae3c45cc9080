"""The thread that gives an audition its turns, on the system's own clock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import pytest

from bridge.clock import Lead, OwnClock, SystemClock
from bridge.midi_io.audition import Audition, Conductor, Part
from bridge.midi_io.schedule import Event, is_note_on
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from tests.fakes.waiting import eventually

NOTE = Part(Motif(Clip((Note(0.0, 60, 0.5),))))


class Sent:
    """Everything that was to be sent."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, events: Iterable[Event]) -> bool:
        self.events += events
        return True

    def replace(self, source: int, from_seconds: float, events: Iterable[Event] = (), *_: object) -> bool:
        return self.add(events)

    def silence(self, source: int | None = None) -> bool:
        self.events.clear()
        return True

    def begins(self) -> float | None:
        return next((event.due_seconds for event in self.events if is_note_on(event.message)), None)


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def own() -> OwnClock:
    return OwnClock()


@pytest.fixture
def conductor(sent: Sent, own: OwnClock) -> Iterator[Conductor]:
    made = Conductor(Audition(sent), Lead(own), SystemClock())
    yield made
    made.close()


@pytest.mark.parametrize("pause_seconds", [0.0, 0.001, 0.01, 0.02, 0.05])
def test_played_again_after_a_stop_it_begins_at_once_and_not_a_bar_later(
    conductor: Conductor, sent: Sent, own: OwnClock, pause_seconds: float
):
    for _ in range(10):
        asked = time.perf_counter()
        conductor.play(NOTE)
        begins = sent.begins()
        assert begins is not None
        # A bar lasts two seconds, and the first note comes on its line.
        assert begins - asked < 1.0
        assert own.timeline(asked).running
        conductor.stop()
        time.sleep(pause_seconds)


def test_the_own_clock_stands_when_the_audition_that_started_it_ends(conductor: Conductor, own: OwnClock):
    conductor.play(NOTE)
    conductor.stop()
    eventually(lambda: not own.timeline(0.0).running)


def test_an_own_clock_that_ran_before_goes_on(conductor: Conductor, own: OwnClock):
    own.start(time.perf_counter())
    conductor.play(NOTE)
    conductor.stop()
    time.sleep(0.05)
    assert own.timeline(0.0).running
