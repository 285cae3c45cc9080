"""An audition on a clock that is moved by hand: on the bar line, in a loop, and never a note left hanging."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import HandClock, Lead, OwnClock
from bridge.midi_io.audition import AHEAD_SECONDS, Audition, Part, _cut
from bridge.midi_io.follow import MidiClock
from bridge.midi_io.layers import Levels, layers_of
from bridge.midi_io.schedule import Event, Schedule, Voice, is_note_off, is_note_on
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Meter, Tempo


class Room:
    """Audition, clock and schedule without a thread or a port; `heard` is what would have gone out, with its times."""

    def __init__(self, bpm: float = 120.0, meter: Meter | None = None) -> None:
        self.clock = HandClock()
        self.own = OwnClock(Tempo(bpm), meter)
        self.daw = OwnClock(Tempo(bpm), meter)
        self.lead = Lead(self.own)
        self.schedule = Schedule()
        self.heard: list[tuple[float, tuple[int, ...]]] = []
        self.audition = Audition(self)

    def add(self, events: Iterable[Event]) -> bool:
        self.schedule.add(events)
        return True

    def replace(
        self, source: int, from_seconds: float, events: Iterable[Event] = (), lasting: Iterable[Voice] = ()
    ) -> bool:
        self.schedule.replace(source, from_seconds, events, lasting)
        return True

    def silence(self, source: int | None = None) -> bool:
        now = self.clock.now()
        self._send(now)
        self.heard += [(now, due.message) for due in self.schedule.silence(now, source)]
        return True

    def move(self, seconds: float, step: float = 0.02) -> None:
        until = self.clock.now() + seconds
        while self.clock.now() < until - 1e-9:
            self.turn()
            self._send(self.clock.move(min(step, until - self.clock.now())))

    def turn(self) -> None:
        now = self.clock.now()
        self.audition.turn(self.lead.timeline(now), now)

    def _send(self, now: float) -> None:
        self.heard += [(due.due_seconds, due.message) for due in self.schedule.take_due(now)]
        self.schedule.confirm_sent()

    def begun(self) -> list[tuple[float, int]]:
        return [(round(seconds, 3), message[1]) for seconds, message in self.heard if is_note_on(message)]

    def sounding(self) -> set[tuple[int, int]]:
        """What sounds; asserts that each note ends before it begins again."""
        notes: set[tuple[int, int]] = set()
        for _, message in self.heard:
            key = (message[0] & 15, message[1])
            if is_note_on(message):
                assert key not in notes
                notes.add(key)
            elif is_note_off(message):
                notes.discard(key)
        return notes


def part(*pitches: int, meter: Meter | None = None, length: float = 1.0, **more: int) -> Part:
    notes = tuple(Note(float(beat), pitch, length) for beat, pitch in enumerate(pitches))
    return Part(Motif(Clip(notes), meter=meter or Meter(4, 4)), **more)


def test_it_starts_on_the_next_bar_line_and_loops():
    room = Room()
    room.own.start(0.0)
    room.move(0.5)
    room.audition.play(part(60, 62))
    room.move(5.0)
    assert room.begun() == [(2.0, 60), (2.5, 62), (4.0, 60), (4.5, 62)]
    assert room.audition.starts_at_beats == 4.0


def test_on_a_bar_line_it_starts_at_once():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60))
    room.move(0.1)
    assert room.begun() == [(0.0, 60)]


def test_a_change_comes_on_the_bar_line_and_ends_what_sounds_over_it():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60, 62, 64, 65, 67, length=1.0))
    room.move(0.7)
    room.audition.play(part(72, 74, length=4.0))
    room.move(2.0)
    assert room.begun() == [(0.0, 60), (0.5, 62), (1.0, 64), (1.5, 65), (2.0, 72), (2.5, 74)]
    assert room.sounding() == {(0, 72), (0, 74)}


def test_the_last_change_before_the_bar_line_counts():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60))
    room.move(0.5)
    room.audition.play(part(72))
    room.audition.play(part(48))
    room.move(2.0)
    assert room.begun() == [(0.0, 60), (2.0, 48)]


def test_a_change_and_back_before_the_bar_line_changes_nothing():
    room = Room()
    room.own.start(0.0)
    first = part(60, 62, 64, 65, 67, 69, 71, 72)
    room.audition.play(first)
    room.move(0.5)
    room.audition.play(part(48))
    room.turn()
    room.audition.play(first)
    room.move(2.0)
    assert [pitch for _, pitch in room.begun()] == [60, 62, 64, 65, 67]


def test_a_change_too_late_for_this_bar_line_waits_for_the_next():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60))
    room.move(1.96)
    room.audition.play(part(72))
    room.move(2.5)
    assert room.begun() == [(0.0, 60), (2.0, 60), (4.0, 72)]


def test_it_stops_with_the_transport_and_at_once():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60, length=4.0))
    room.move(1.0)
    assert room.sounding()
    room.own.stop(room.clock.now())
    room.turn()
    assert not room.sounding()
    assert room.audition.state == "idle"
    room.move(5.0)
    assert room.begun() == [(0.0, 60)]


def test_it_waits_for_a_transport_that_stands():
    room = Room()
    room.audition.play(part(60))
    room.move(1.0)
    assert room.audition.state == "waiting"
    room.own.start(room.clock.now())
    room.move(0.1)
    assert room.begun() == [(1.0, 60)]


def test_it_follows_a_change_of_tempo_in_mid_bar():
    room = Room(bpm=120)
    room.own.start(0.0)
    room.audition.play(part(60, 62, 64, 65))
    room.move(0.75)
    room.own.set_tempo(Tempo(60), room.clock.now())
    room.move(4.0)
    assert room.begun() == [(0.0, 60), (0.5, 62), (1.25, 64), (2.25, 65), (3.25, 60), (4.25, 62)]
    assert room.sounding() == {(0, 62)}


def test_a_change_of_tempo_takes_back_what_was_sent_ahead():
    room = Room(bpm=120)
    room.own.start(0.0)
    room.audition.play(part(60, 62))
    room.move(0.44)
    room.own.set_tempo(Tempo(60), room.clock.now())
    room.move(0.5)
    assert room.begun() == [(0.0, 60), (0.56, 62)]


def test_when_the_transport_goes_elsewhere_it_starts_again_on_the_bar_line_there():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60, 62, length=4.0))
    room.move(0.6)
    room.own.start(room.clock.now(), beats=35.0)
    room.move(0.9)
    assert room.begun() == [(0.0, 60), (0.5, 62), (1.1, 60)]
    assert room.sounding() == {(0, 60)}


def test_when_the_daw_starts_it_goes_over_to_the_daws_bars_and_stops_with_it():
    room = Room()
    room.lead.others["midi"] = daw = Named("midi", room.daw)
    room.own.start(0.0)
    room.audition.play(part(60))
    room.move(0.5)
    daw.clock.start(room.clock.now(), beats=3.0)
    room.move(1.0)
    assert room.begun() == [(0.0, 60), (1.0, 60)]
    daw.clock.stop(room.clock.now())
    room.move(1.0)
    assert room.audition.state == "idle"


class Named:
    """A clock that leads under another name."""

    def __init__(self, name: str, clock: OwnClock) -> None:
        self.name, self.clock = name, clock

    def timeline(self, now: float):
        from dataclasses import replace

        return replace(self.clock.timeline(now), leader=self.name)

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None:
        self.clock.set_meter(meter, bar_line_beats, bar_line_number)


def test_a_program_is_chosen_before_the_first_note_on_its_channel():
    room = Room()
    room.own.start(0.0)
    room.audition.play(part(60, channel=3, program=40))
    room.move(0.1)
    assert [message for _, message in room.heard] == [(0xC3, 40), (0x93, 60, 80)]


def test_a_note_that_reaches_into_the_next_of_its_pitch_is_cut_there():
    room = Room()
    room.own.start(0.0)
    notes = (Note(0.0, 60, 3.0), Note(1.0, 60, 1.0), Note(1.0, 60, 2.0))
    room.audition.play(Part(Motif(Clip(notes))))
    room.move(1.8)
    assert room.begun() == [(0.0, 60), (0.5, 60)]
    assert not room.sounding()


notes = st.builds(
    lambda start, pitch, length, velocity: Note(start / 480, pitch, length / 480, velocity),
    st.integers(0, 2400),
    st.integers(58, 63),
    st.one_of(st.integers(1, 5), st.integers(1, 3000)),
    st.integers(1, 127),
)
parts = st.builds(
    lambda some, channel: Part(Motif(Clip(tuple(some))), channel=channel),
    st.lists(notes, max_size=12),
    st.integers(0, 1),
)
acts = st.one_of(
    st.tuples(st.just("play"), parts),
    st.tuples(st.just("move"), st.floats(0.001, 1.5)),
    st.tuples(st.just("tempo"), st.floats(30, 300)),
    st.tuples(st.just("nudge"), st.floats(-0.2, 0.2)),
    st.tuples(st.just("start"), st.floats(0, 40)),
    st.tuples(st.just("meter"), st.sampled_from([Meter(3, 4), Meter(4, 4), Meter(7, 8)])),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("transport stop"), st.none()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(acts, max_size=25), st.sampled_from([0.003, 0.02, 0.09, 0.3]))
def test_whatever_is_done_no_note_hangs_and_nothing_sounds_after_the_stop(script, step):
    room = Room()
    room.own.start(0.0)
    for what, value in script:
        now = room.clock.now()
        match what:
            case "play":
                room.audition.play(value)
            case "move":
                room.move(value, step)
            case "tempo":
                room.own.set_tempo(Tempo(value), now)
            case "nudge":
                room.own.start(now, max(0.0, room.own.timeline(now).beats_at(now) + value))
            case "start":
                room.own.start(now, value)
            case "meter":
                room.lead.set_meter(value)
            case "stop":
                room.audition.stop()
                assert not room.sounding()
            case "transport stop":
                room.own.stop(now)
                room.turn()
                assert not room.sounding()
        room.sounding()
    room.audition.stop()
    room.move(3.0, step)
    assert not room.sounding()
    times = [seconds for seconds, _ in room.heard]
    if step < AHEAD_SECONDS:
        # What is made too late is due before what was sent meanwhile.
        assert times == sorted(times)


@settings(max_examples=60, deadline=None)
@given(parts, st.floats(40, 240), st.lists(st.floats(-0.003, 0.003), max_size=8))
def test_a_trembling_clock_loses_and_doubles_no_note(asked, bpm, trembles):
    room = Room(bpm=bpm)
    room.own.start(0.0)
    room.audition.play(asked)
    line = room.own.timeline(0.0)
    room.move(0.31)
    for tremble in [*trembles, 0.0]:
        now = room.clock.now()
        room.own.start(now, line.beats_at(now) + tremble)
        room.move(0.31)
    length, now_beats = asked.motif.clip.length_beats, line.beats_at(room.clock.now())
    starts = sorted({(note.start_beats, note.pitch) for note in asked.motif.notes})
    begun = [pitch for _, pitch in room.begun()]
    due = [turn * length + start for turn in range(int(now_beats // length) + 2) for start, _ in starts]
    assert (
        sum(beats < now_beats - 0.01 for beats in due) <= len(begun) <= sum(beats < now_beats + 0.01 for beats in due)
    )


def beats_of(seconds: float, changes: list[tuple[float, float]]) -> float:
    """The place at a time, where `changes` are (since when, beats a minute)."""
    ends = [since for since, _ in changes[1:]] + [math.inf]
    return sum(
        (min(seconds, end) - since) * bpm / 60
        for (since, bpm), end in zip(changes, ends, strict=True)
        if since < seconds
    )


@settings(max_examples=100, deadline=None)
@given(
    parts,
    st.floats(60, 200),
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(60, 200)), min_size=1, max_size=8),
)
def test_every_note_lasts_as_long_as_it_is_written_whatever_the_tempo_does(asked, bpm, story):
    room = Room(bpm=bpm)
    room.own.start(0.0)
    room.audition.play(asked)
    changes = [(0.0, bpm)]
    for seconds, bpm in story:
        room.move(seconds)
        changes.append((room.clock.now(), bpm))
        room.own.set_tempo(Tempo(bpm), room.clock.now())
    room.move(1.0)
    begun: dict[int, float] = {}
    heard = []
    for seconds, message in room.heard:
        if is_note_on(message):
            begun[message[1]] = seconds
        elif is_note_off(message) and message[1] in begun:
            heard.append((begun.pop(message[1]), seconds, message[1]))
    length = asked.motif.clip.length_beats
    written = [
        (turn * length + start, turn * length + end, pitch)
        for turn in range(int(beats_of(room.clock.now(), changes) // length) + 1)
        for start, end, pitch, _ in _cut(asked.motif)
    ]
    for began, ended, pitch in heard:
        # What is due in 4 ms stays as it was sent, which a third of the tempo makes 12 ms; a shift of 2 ms is none.
        beats = beats_of(began, changes)
        nearest = min((one for one in written if one[2] == pitch), key=lambda one: abs(one[0] - beats))
        for wrote, came in zip(nearest, (began, ended), strict=False):
            assert beats_of(came - 0.014, changes) <= wrote <= beats_of(came + 0.014, changes)


deeds = st.one_of(
    st.tuples(st.just("play"), parts),
    st.tuples(st.just("ticks"), st.integers(1, 60)),
    st.tuples(st.just("held up"), st.floats(0.03, 0.6)),
    st.tuples(st.just("lost"), st.integers(1, 40)),
    st.tuples(st.just("twice"), st.integers(1, 12)),
    st.tuples(st.just("silent"), st.floats(0.5, 3.0)),
    st.tuples(st.just("message"), st.sampled_from([(0xFA,), (0xFB,), (0xFC,), (0xF2, 0, 0), (0xF2, 24, 1)])),
    st.tuples(st.just("tempo"), st.floats(30, 240)),
    st.tuples(st.just("meter"), st.sampled_from([Meter(3, 4), Meter(4, 4), Meter(7, 8)])),
    st.tuples(st.just("stop"), st.none()),
    st.tuples(st.just("port away"), st.floats(0.0, 0.4)),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(deeds, max_size=30), st.floats(40, 200))
def test_whatever_the_daws_clock_does_every_note_that_was_begun_is_ended(story, bpm):
    room, daw = Room(), MidiClock()
    room.lead = Lead(room.own, {"midi": daw}, follow="midi")

    def tick(count: int, times: int = 1) -> None:
        for _ in range(count):
            for _ in range(times):
                daw.feed(room.clock.now(), (0xF8,))
            room.move(2.5 / bpm)

    daw.feed(0.0, (0xFA,))
    tick(30)
    for what, value in story:
        match what:
            case "play":
                room.audition.play(value)
            case "ticks":
                tick(value)
            case "held up":
                room.move(value)
                for _ in range(int(value * bpm / 2.5)):
                    daw.feed(room.clock.now(), (0xF8,))
            case "lost":
                room.move(value * 2.5 / bpm)
            case "twice":
                tick(value, 2)
            case "silent":
                room.move(value)
            case "message":
                daw.feed(room.clock.now(), value)
            case "tempo":
                bpm = value
            case "meter":
                room.lead.set_meter(value)
            case "stop":
                room.audition.stop()
                assert not room.sounding()
            case "port away":
                # When it is back what sounded is ended, and what was ahead is taken back.
                room.move(value)
                room.silence()
        room.sounding()
    daw.feed(room.clock.now(), (0xFC,))
    room.move(0.1)
    assert not room.sounding()
    assert room.audition.state in ("idle", "waiting")


def test_when_the_daws_clock_falls_silent_the_note_that_sounds_ends():
    room, daw = Room(), MidiClock()
    room.lead = Lead(room.own, {"midi": daw}, follow="midi")
    daw.feed(0.0, (0xFA,))
    room.audition.play(part(60, length=480.0))
    for _ in range(48):
        daw.feed(room.clock.now(), (0xF8,))
        room.move(0.5 / 24)
    assert room.sounding() == {(0, 60)}
    room.move(2.1)
    assert not room.sounding()
    assert room.audition.state == "idle"


CHORDS = Part(Motif(Clip(tuple(Note(beat, pitch, 1.0, 100) for beat in range(4) for pitch in (48, 64, 72)))))


def struck(room: Room) -> set[tuple[int, int]]:
    return {(message[1], message[2]) for _, message in room.heard if is_note_on(message)}


def test_each_layer_has_its_level_and_one_at_0_is_silent():
    room = Room()
    room.own.start(0.0)
    room.audition.levels = Levels(melody=0.5, inner=0.0)
    room.audition.play(CHORDS)
    room.move(2.0)
    assert struck(room) == {(72, 50), (48, 100)}


def test_however_soft_a_layer_is_it_is_no_note_off():
    assert Levels(bass=0.001).velocity("bass", 1) == 1


def test_a_layer_that_falls_silent_while_it_sounds_leaves_no_note_hanging():
    room = Room()
    room.own.start(0.0)
    room.audition.play(CHORDS)
    room.move(0.25)
    room.audition.levels = Levels(0.0, 0.0, 0.0)
    room.move(1.0)
    assert room.begun() == [(0.0, 48), (0.0, 64), (0.0, 72)]
    assert room.sounding() == set()


def test_the_highest_voice_is_the_melody_and_the_lowest_of_several_the_bass():
    assert {note.pitch: layer for note, layer in layers_of(CHORDS.motif).items()} == {
        72: "melody",
        64: "inner",
        48: "bass",
    }
    assert set(layers_of(part(40, 90, 41).motif).values()) == {"melody"}


def test_of_drums_the_cymbals_are_the_melody_and_the_kick_the_bass():
    kit = Motif(Clip(tuple(Note(0.0, pitch, 1.0) for pitch in (36, 38, 42, 49))), drums=True)
    assert {note.pitch: layer for note, layer in layers_of(kit).items()} == {
        36: "bass",
        38: "inner",
        42: "melody",
        49: "melody",
    }
