"""Ardour's own MIDI clock is followed, and what is auditioned comes on its bar line."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Protocol

import pytest

from bridge.clock import Lead, OwnClock, SystemClock
from bridge.daw.ardour import Ardour
from bridge.daw.ardour_install import install
from bridge.midi_io.audition import Audition, Conductor, Part
from bridge.midi_io.follow import MidiClock, fitted
from bridge.midi_io.player import Player
from bridge.midi_io.ports import PortChoice
from bridge.midi_io.schedule import is_note_on
from bridge.osc.client import OscPeer
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from tests.fakes.waiting import eventually
from tests.real.servers import JackServer

Message = tuple[int, ...]
TWO_BARS, TRIES = 192, 5


class Running(Protocol):
    config: object
    osc_port: int

    def start(self, ready: Callable[[], bool]) -> None: ...
    def stop(self) -> None: ...


@pytest.fixture
def ardour(own_jack: JackServer, new_ardour: Callable[[str], Running], monkeypatch: pytest.MonkeyPatch) -> Running:
    """One that is made ready, with JACK running; not started yet."""
    for variable, value in own_jack.environment.items():
        monkeypatch.setenv(variable, value)
    own_jack.start()
    made = new_ardour(own_jack.name)
    install(made.config, osc=True)
    return made


def test_ardours_clock_leads_and_the_audition_comes_on_its_bar_line(own_jack: JackServer, ardour: Running):
    clock, ticks, notes = MidiClock(), [], []

    def came(seconds: float, number: int, message: Message) -> None:
        if number == 0:
            clock.feed(seconds, message)
            if message == (0xF8,):
                ticks.append(seconds)
        elif is_note_on(message):
            notes.append(seconds)

    def stood_still(seconds: float) -> None:
        clock.stood_still(seconds)
        ticks[:] = [at + seconds for at in ticks]

    name = f"hb {os.getpid()}"
    player = Player(on_message=came, on_period=clock.set_period, on_stood_still=stood_still, api="UNIX_JACK")
    lead = Lead(OwnClock(), {"midi": clock})
    conductor = Conductor(Audition(player), lead, SystemClock())
    try:
        ardour.start(lambda: Ardour(ardour.config).check().ready)
        player.open_input(PortChoice(f"{name} clock"), 0)
        player.open_input(PortChoice(f"{name} back"), 1)
        player.open_output(PortChoice(name))
        eventually(lambda: [state.state for state in player.port_states()] == ["open"] * 3)
        subprocess.run(["jack_connect", "ardour:MIDI Clock out", f"{name} clock:in"], check=True)
        subprocess.run(["jack_connect", f"{name}:out", f"{name} back:in"], check=True)
        with OscPeer(ardour.osc_port) as osc:
            # A busy machine's JACK leaves periods out, so that Ardour's own time stands still: two bars without are
            # waited for.
            for _ in range(TRIES):
                ticks.clear()
                notes.clear()
                osc.send("/goto_start")
                before = own_jack.lost_periods()
                osc.send("/transport_play")
                eventually(lambda: len(ticks) >= TWO_BARS + 2)
                line = clock.timeline(time.perf_counter())
                assert line.leader == lead.timeline(time.perf_counter()).leader == "midi"
                # The judge: a line through two bars of ticks at once.
                judged_bpm = 60 / 24 / fitted(list(enumerate(ticks[-TWO_BARS:]))).tick_seconds
                conductor.play(Part(Motif(Clip((Note(0.0, 60, 0.5),)))))
                eventually(lambda: notes)
                begun = conductor.starts_at_beats
                assert begun is not None
                # A line through all ticks at once, the first of which is beat 0.
                through = fitted(list(enumerate(ticks)))
                late = notes[0] - through.at(begun * 24)
                whole = own_jack.lost_periods() == before
                osc.send("/transport_stop")
                eventually(lambda: not lead.timeline(time.perf_counter()).running)
                eventually(lambda: conductor.state == "idle")
                if whole:
                    break
            assert line.tempo_bpm == pytest.approx(96.0, abs=0.1 if whole else 5.0)
            assert statistics.median(player.stats()) < 5
            if whole:
                assert line.tempo_bpm == pytest.approx(judged_bpm, abs=0.1)
                # JACK hands the note on, and back, a period later each time.
                assert -0.005 < late < 0.005 + 3 * 512 / 48_000
            else:
                # No line goes through ticks of a time that stood still; within half a beat is still the bar line.
                assert abs(late) < 0.3
    finally:
        conductor.close()
        player.close()
        ardour.stop()


def test_where_jack_stands_still_the_daw_does_and_its_place_is_known_afterwards(own_jack: JackServer, ardour: Running):
    clock, name = MidiClock(), f"hb {os.getpid()}"
    player = Player(
        on_message=lambda seconds, _, message: clock.feed(seconds, message),
        on_period=clock.set_period,
        on_stood_still=clock.stood_still,
        api="UNIX_JACK",
    )

    def ahead_beats() -> float:
        """How far the follower believes itself to be ahead of where the DAW says that it is, just now."""
        daw = Ardour(ardour.config, osc_port=ardour.osc_port)
        asked = time.perf_counter()
        told = daw.transport().position_beats
        answered = time.perf_counter()
        return min(
            (clock.timeline(at).beats_at(at) - told for at in (asked, (asked + answered) / 2, answered)), key=abs
        )

    try:
        ardour.start(lambda: Ardour(ardour.config).check().ready)
        player.open_input(PortChoice(name))
        eventually(lambda: [state.state for state in player.port_states()] == ["open"])
        subprocess.run(["jack_connect", "ardour:MIDI Clock out", f"{name}:in"], check=True)
        with OscPeer(ardour.osc_port) as osc:
            osc.send("/goto_start")
            osc.send("/transport_play")
            eventually(lambda: clock.timeline(time.perf_counter()).beats > 8)
            for seconds in (0.15, 0.24, 0.07, 0.19):
                # Once more where this process, and not JACK, had no time: then ticks were lost indeed.
                for _ in range(TRIES):
                    lost = clock.lost_ticks
                    own_jack.stand_still(seconds)
                    time.sleep(1.0)
                    ahead = statistics.median(ahead_beats() for _ in range(5))
                    if clock.lost_ticks == lost:
                        break
                assert abs(ahead) < 0.05
    finally:
        player.close()
        ardour.stop()
