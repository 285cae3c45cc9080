"""The bar in which a hum began, in a session whose metre changes: four bars of 4/4, then 3/4 at 60 to the minute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.library import Library
from bridge.acts.hum import _bars_of, kept
from bridge.capture.recording import Place, Recording
from bridge.clock import Lead, OwnClock, Timeline
from bridge.daw.port import Transport
from bridge.live import Live
from midi.tempo import Meter, Tempo

RATE = 8000


def hummed(folder: Path, began_beats: float, place: Place) -> Recording:
    path = folder / "hum-1.wav"
    soundfile.write(path, np.full(RATE, 0.1, dtype=np.float32), RATE)
    seconds = place.at_seconds + began_beats - place.beats
    return Recording(
        path, path, RATE, 1, RATE, seconds, began_beats, place, 0.0, 0, -20.0, False, silent=False, ending="stopped"
    )


@pytest.mark.parametrize(("began_beats", "bar", "until_bar"), [(16.0, 5, 0.0), (51.5, 16, 0.5), (52.0, 17, 0.0)])
def test_a_hum_after_a_change_of_metre_lies_in_the_bars_of_the_daw(
    tmp_path: Path, began_beats: float, bar: int, until_bar: float
) -> None:
    place = Place(16.0, 100.0, 60.0, "3/4", running=True, bar_line_beats=1.0, bar_number=0)
    recording = hummed(tmp_path, began_beats, place)
    with Library(tmp_path / "library") as library:
        assert kept(library, recording).facts["began_bar"] == bar
    assert _bars_of(recording)["first_bar"] == until_bar


def test_where_nobody_led_there_is_no_bar(tmp_path: Path) -> None:
    with Library(tmp_path / "library") as library:
        assert kept(library, hummed(tmp_path, 0.0, Place())).facts["began_bar"] == 0


@dataclass(frozen=True, slots=True)
class Numbered(Transport):
    """A transport that counts its bars through changes of metre."""

    at_bar: int
    began_beats: float

    @property
    def bar(self) -> int:
        return self.at_bar

    @property
    def bar_line_beats(self) -> float:
        return self.began_beats


class Leader:
    """One who leads and keeps what it is told of bars."""

    def __init__(self) -> None:
        self.line = Timeline(60.0, running=True, leader="midi")

    def timeline(self, now: float) -> Timeline:
        return self.line

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None:
        self.line = self.line.barred(meter, bar_line_beats, bar_line_number)


def test_wherever_in_the_song_the_daw_is_asked_its_bar_lines_have_the_same_numbers() -> None:
    live, leader = Live.__new__(Live), Leader()
    live.lead = Lead(OwnClock(), {"midi": leader})
    told = []
    for bar, began in ((5, 16.0), (6, 19.0), (17, 52.0)):
        live.heard_from_daw(Numbered(Tempo(60), Meter(3, 4), began + 1.0, True, bar, began))
        told.append(leader.line)
        assert leader.line.bar_at(began + 1.0) == (bar, 1.0)
    assert told[0] == told[1] == told[2]
    live.heard_from_daw(Numbered(Tempo(60), Meter(4, 4), 9.0, True, 3, 8.0))
    assert leader.line.bar_at(9.0) == (3, 1.0)
    assert live.lead.own.timeline(0.0).bar_at(0.0) == (1, 0.0)


def test_a_recording_is_told_the_bars_of_whoever_leads() -> None:
    line = Timeline(60.0, Meter(3, 4), 20.0, 0.0, running=True, bar_line_beats=1.0, bar_line_number=0)
    place = Place.of(line)
    assert place.bar_at(0.0) == 6
    assert place.bar_at(0.0) == line.bar_at(0.0)[0]
