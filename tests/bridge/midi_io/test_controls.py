"""A foot comes down once, whatever the contacts say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.midi_io.controls import Control, Controls, WrongControl, pressed


class Foot:
    def __init__(self, control: Control | None = None) -> None:
        self.controls = Controls()
        self.felt: list[tuple[float, bool]] = []
        self.controls.bind("record", control or Control(), lambda *each: self.felt.append(each))


def test_the_sustain_pedal_on_any_channel_goes_down_and_up():
    foot = Foot()
    foot.controls.feed(1.0, (0xB5, 64, 127))
    foot.controls.feed(2.0, (0xB5, 64, 0))
    assert foot.felt == [(1.0, True), (2.0, False)]


def test_a_bouncing_contact_counts_once():
    foot = Foot()
    for milliseconds, value in enumerate([127, 0, 127, 0, 127]):
        foot.controls.feed(1.0 + milliseconds / 1000, (0xB0, 64, value))
    assert [down for _, down in foot.felt].count(True) == 1


def test_a_pedal_that_sends_every_value_on_the_way_counts_once():
    foot = Foot()
    for value in range(128):
        foot.controls.feed(1.0 + value / 1000, (0xB0, 64, value))
    assert foot.felt == [(1.064, True)]


def test_another_control_is_nobodys():
    foot = Foot(Control("note", 36, 9))
    foot.controls.feed(1.0, (0xB0, 64, 127))
    foot.controls.feed(1.0, (0x90, 36, 100))
    assert foot.felt == []
    foot.controls.feed(1.0, (0x99, 36, 100))
    foot.controls.feed(1.5, (0x99, 36, 0))
    assert foot.felt == [(1.0, True), (1.5, False)]


def test_the_next_control_that_is_pressed_is_learned_and_does_nothing_else():
    foot, learned = Foot(), []
    foot.controls.learn(learned.append)
    foot.controls.feed(0.5, (0x80, 60, 0))
    foot.controls.feed(1.0, (0xB0, 64, 127))
    foot.controls.feed(2.0, (0xB0, 65, 127))
    assert learned == [Control("cc", 64, 0)]
    assert foot.felt == []


def test_learning_can_be_given_up():
    foot, learned = Foot(), []
    foot.controls.learn(learned.append)
    foot.controls.learn(None)
    foot.controls.feed(1.0, (0xB0, 64, 127))
    assert (learned, foot.felt) == ([], [(1.0, True)])


def test_what_is_unbound_is_felt_no_more():
    foot = Foot()
    foot.controls.unbind("record")
    foot.controls.feed(1.0, (0xB0, 64, 127))
    assert foot.felt == []


def test_controls_have_words():
    assert str(Control()) == "CC 64 on any channel"
    assert str(Control("note", 36, 9)) == "note 36 on channel 10"


@pytest.mark.parametrize("message", [(), (0xF8,), (0xB0, 123, 127), (0xC0, 5), (0xF0, 1, 2, 0xF7), (0xB0, 200, 1)])
def test_other_messages_are_no_controls(message):
    assert pressed(message) is None


@given(st.lists(st.tuples(st.floats(0, 0.2), st.lists(st.integers(0, 255), max_size=4)), max_size=40))
def test_presses_and_releases_take_turns(script):
    foot, now = Foot(Control("cc", 64, 0)), 0.0
    for pause, message in script:
        now += pause
        foot.controls.feed(now, tuple(message))
        foot.controls.feed(now, (0xB0, 64, (message or [0])[0] & 127))
    assert [down for _, down in foot.felt] == [number % 2 == 0 for number in range(len(foot.felt))]


@given(st.builds(Control, st.sampled_from(("cc", "note")), st.integers(0, 127), st.none() | st.integers(0, 15)))
def test_a_control_is_written_and_read(control: Control):
    assert Control.parse(control.text) == control


@pytest.mark.parametrize("text", ["", "64", "cc", "cc:128", "cc:-1", "note:60:0", "note:60:17", "knob:3", "cc:1:2:3"])
def test_what_is_no_control_is_refused(text: str):
    with pytest.raises(WrongControl):
        Control.parse(text)
