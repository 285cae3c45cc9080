"""Knobs by name and unit, on a knob whose law is known."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InvalidPreset
from assistant.plugins.knobs import curve_in, find_key, key_of, knob_from, knobs_of, number_in, raw_for


@dataclass
class Dial:
    """A frequency from 20 Hz to 20 kHz, as most equalisers have it: the middle of the way is 632 Hz."""

    name: str = "Cutoff"
    label: str = "Hz"
    raw_value: float = 0.5
    default_raw_value: float = 0.5
    num_steps: int = 0x7FFFFFFF
    is_automatable: bool = True

    @property
    def string_value(self) -> str:
        return self.get_text_for_raw_value(self.raw_value)

    def get_text_for_raw_value(self, raw: float) -> str:
        hz = 20 * 1000**raw
        return f"{hz / 1000:.4f} kHz" if hz >= 1000 else f"{hz:.3f} Hz"


class Switch(Dial):
    def get_text_for_raw_value(self, raw: float) -> str:
        return ["Soft", "Hard", "Off"][round(raw * 2)]


@given(st.floats(20, 20_000))
def test_a_value_is_found_whatever_the_law_of_the_knob(hz):
    (knob, native) = knobs_of([Dial()])["cutoff_hz"]
    raw = raw_for(knob, native, hz)
    assert 20 * 1000**raw == pytest.approx(hz, rel=1e-4)


def test_a_knob_that_falls_is_found_too():
    class Falling(Dial):
        def get_text_for_raw_value(self, raw: float) -> str:
            return f"{-60 * raw:.2f}"

    (knob, native) = knobs_of([Falling()])["cutoff_hz"]
    assert raw_for(knob, native, -15) == pytest.approx(0.25, abs=1e-4)


def test_texts_may_carry_their_unit():
    (knob, native) = knobs_of([Dial()])["cutoff_hz"]
    assert raw_for(knob, native, "2 kHz") == pytest.approx(2 / 3, abs=1e-5)


def test_steps_are_chosen_by_their_text():
    (knob, native) = knobs_of([Switch(name="Mode", label="", num_steps=3)])["mode"]
    assert knob.choices == ("Soft", "Hard", "Off")
    assert raw_for(knob, native, "hard") == 0.5


def test_a_value_out_of_range_is_refused_with_the_range():
    (knob, native) = knobs_of([Dial()])["cutoff_hz"]
    with pytest.raises(InvalidPreset, match=r"cutoff_hz 5 is outside 20..20000 Hz"):
        raw_for(knob, native, 5.0)
    with pytest.raises(InvalidPreset, match="not usable"):
        raw_for(knob, native, "loud")


def test_midi_controllers_are_no_knobs():
    dials = [Dial(name="MIDI Ch. 3 CC 7"), Dial(name="Buffer Size", is_automatable=False), Dial(name="Drive")]
    assert list(knobs_of(dials)) == ["drive_hz"]


def test_two_knobs_of_one_name_are_told_apart():
    assert list(knobs_of([Dial(), Dial()])) == ["cutoff_hz", "cutoff_hz_2"]


def test_a_knob_is_found_without_its_unit_and_a_wrong_name_offers_the_nearest():
    assert find_key("Threshold", ["threshold_db", "ratio"]) == "threshold_db"
    with pytest.raises(InvalidPreset) as caught:
        find_key("treshold", ["threshold_db", "ratio"])
    assert caught.value.hint == "did you mean 'threshold_db'? known: threshold_db, ratio"


def test_names_and_units_become_keys():
    assert key_of("Wet / Dry", "%") == "wet_dry_percent"
    assert key_of("Attack", "ms") == "attack_ms"


@pytest.mark.parametrize(
    ("text", "number"), [("-12.5 dB", -12.5), ("1.2 kHz", 1200.0), ("-inf dB", -math.inf), ("Off", None)]
)
def test_numbers_are_read_out_of_texts(text, number):
    assert number_in(text) == number


def test_a_curve_is_seconds_and_values_in_the_order_of_time():
    assert curve_in("4:-6 0:-30") == ((0.0, -30.0), (4.0, -6.0))
    assert curve_in("-6 dB") is None
    assert curve_in("") is None


def test_a_knob_survives_json_with_silence_at_its_end():
    class Level(Dial):
        def get_text_for_raw_value(self, raw: float) -> str:
            return f"{20 * math.log10(raw):.1f} dB" if raw else "-inf dB"

    (knob, _) = knobs_of([Level(name="Level", label="dB")])["level_db"]
    assert knob.low == -math.inf
    assert knob_from(knob.as_json()) == knob
