"""No note hangs, whatever is put in, taken back or lost in a crash."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.midi_io.schedule import AGAIN_SECONDS, SOUNDING_BYTES, Event, Schedule, is_note_off, is_note_on


def on(due: float, pitch: int, source: int = 1) -> Event:
    return Event(due, (0x90, pitch, 100), source=source)


def off(due: float, pitch: int, source: int = 1) -> Event:
    return Event(due, (0x80, pitch, 0), source=source)


def sent(schedule: Schedule, now: float) -> list[tuple[int, int]]:
    taken = schedule.take_due(now)
    schedule.confirm_sent()
    return [(due.message[0], due.message[1]) for due in taken]


def test_events_go_out_in_order_of_time_and_only_when_due():
    schedule = Schedule()
    schedule.add([on(2.0, 62), on(1.0, 60)])
    assert schedule.next_due_seconds == 1.0
    assert sent(schedule, 1.5) == [(0x90, 60)]
    assert sent(schedule, 2.0) == [(0x90, 62)]
    assert schedule.next_due_seconds is None


def test_at_one_time_notes_end_then_controls_come_then_notes_begin():
    schedule = Schedule()
    schedule.add([on(0.0, 60)])
    sent(schedule, 0.0)
    schedule.add([on(1.0, 62), Event(1.0, (0xC0, 5)), off(1.0, 60)])
    assert sent(schedule, 1.0) == [(0x80, 60), (0xC0, 5), (0x90, 62)]


def test_a_note_that_sounds_ends_before_it_begins_anew():
    schedule = Schedule()
    schedule.add([on(0.0, 60), on(1.0, 60)])
    assert sent(schedule, 1.0) == [(0x90, 60), (0x80, 60), (0x90, 60)]


def test_a_note_off_for_silence_is_not_sent():
    schedule = Schedule()
    schedule.add([off(0.0, 60)])
    assert sent(schedule, 0.0) == []


def test_taking_events_back_leaves_the_other_sources_alone():
    schedule = Schedule()
    schedule.add([on(1.0, 60, source=1), on(1.0, 72, source=2)])
    schedule.replace(1, 0.5, [on(1.0, 64, source=1)])
    assert sent(schedule, 1.0) == [(0x90, 72), (0x90, 64)]


def test_a_note_whose_end_is_taken_back_ends_there():
    schedule = Schedule()
    schedule.add([on(0.0, 60), off(2.0, 60)])
    sent(schedule, 0.0)
    schedule.replace(1, 1.0)
    assert sent(schedule, 1.0) == [(0x80, 60)]


def test_a_note_still_ahead_whose_end_is_taken_back_ends_too():
    schedule = Schedule()
    schedule.add([on(0.0, 60), off(0.2, 60), on(0.5, 60), off(2.0, 60)])
    schedule.replace(1, 1.0)
    assert sent(schedule, 9.0) == [(0x90, 60), (0x80, 60), (0x90, 60), (0x80, 60)]


def test_silence_ends_what_sounds_and_forgets_what_is_ahead():
    schedule = Schedule()
    schedule.add([on(0.0, 60), on(0.0, 64, source=2), off(1.0, 60), on(1.0, 62)])
    sent(schedule, 0.0)
    assert [due.message for due in schedule.silence(0.5, source=1)] == [(0x80, 60, 0)]
    assert [due.message for due in schedule.silence(0.5)] == [(0x80, 64, 0)]
    assert sent(schedule, 0.6) == []


def test_after_a_silence_whatever_was_played_ends_once_more_in_case_a_driver_lost_it():
    schedule = Schedule()
    schedule.add([on(0.0, 60), off(0.2, 60), on(0.2, 62)])
    sent(schedule, 0.3)
    schedule.silence(0.5, source=1)
    schedule.silence(0.55)
    assert sent(schedule, 0.5 + AGAIN_SECONDS) == [(0x80, 60), (0x80, 62)]
    assert sent(schedule, 9.0) == []


def test_a_note_that_plays_anew_after_a_silence_is_not_cut():
    schedule = Schedule()
    schedule.add([on(0.0, 60)])
    sent(schedule, 0.0)
    schedule.silence(0.5, source=1)
    schedule.add([on(0.6, 60), off(2.0, 60)])
    assert sent(schedule, 1.9) == [(0x90, 60)]
    assert sent(schedule, 2.0) == [(0x80, 60)]


def test_memory_tells_the_next_process_what_sounds():
    memory = bytearray(SOUNDING_BYTES)
    crashed = Schedule(memory)
    crashed.add([on(0.0, 60), on(0.0, 64), off(0.5, 64)])
    sent(crashed, 0.0)
    crashed.take_due(0.5)  # killed after this: whether the note-off of 64 went out cannot be known
    assert [due.message for due in Schedule(memory).silence(1.0)] == [(0x80, 60, 0), (0x80, 64, 0)]


def test_memory_is_empty_when_all_is_silent():
    memory = bytearray(SOUNDING_BYTES)
    schedule = Schedule(memory)
    schedule.add([on(0.0, 60), off(0.5, 60)])
    sent(schedule, 1.0)
    assert not any(memory)


events = st.builds(
    lambda due, pitch, source, begins: (on if begins else off)(due / 8, 60 + pitch, source),
    st.integers(0, 40),
    st.integers(0, 3),
    st.integers(1, 2),
    st.booleans(),
)
actions = st.one_of(
    st.tuples(st.just("add"), st.lists(events, max_size=6)),
    st.tuples(st.just("replace"), st.lists(events, max_size=6)),
    st.tuples(st.just("move"), st.integers(1, 8)),
    st.tuples(st.just("silence"), st.sampled_from([None, 1, 2])),
)


@given(st.lists(actions, max_size=30))
def test_every_note_on_is_followed_by_its_note_off_before_the_next(script):
    schedule, now, stream = Schedule(), 0.0, []
    for what, value in script:
        if what == "add":
            schedule.add(value)
        elif what == "replace":
            schedule.replace(1, now, [event for event in value if event.source == 1])
        elif what == "silence":
            stream += schedule.silence(now, value)
        else:
            now += value / 8
        stream += schedule.take_due(now)
        schedule.confirm_sent()
    stream += schedule.silence(now)
    sounding: set[int] = set()
    played: set[int] = set()
    for due in stream:
        pitch = due.message[1]
        if is_note_on(due.message):
            assert pitch not in sounding
            sounding.add(pitch)
            played.add(pitch)
        elif is_note_off(due.message):
            # What has ended may be told to end once more, after a silence.
            assert pitch in played
            sounding.discard(pitch)
    assert not sounding
