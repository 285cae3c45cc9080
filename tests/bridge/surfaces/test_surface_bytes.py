"""Byte for byte what the makers publish: programmer mode, palette and channels; strips, rings, faders, lights."""

from __future__ import annotations

import pytest

from bridge.surfaces.family import BUTTON, Message
from bridge.surfaces.generic import Generic
from bridge.surfaces.gesture import Arrived, Moved, Pressed, Touched, Turned
from bridge.surfaces.launchpad import Launchpad
from bridge.surfaces.look import Look
from bridge.surfaces.mackie import Mackie
from bridge.surfaces.osc import Osc
from bridge.surfaces.preset import load_surface, surface_from


def sent(adapter: object, control: str, look: Look, before: Look | None = None) -> list[str]:
    """What goes to the surface, in hex."""
    return [hexed(message) for _, message in adapter.write(control, look, before)]  # type: ignore[attr-defined]


def hexed(message: Message) -> str:
    return bytes(message).hex(" ").upper()


@pytest.fixture
def launchpad() -> Launchpad:
    return Launchpad(load_surface("launchpad-x"))


@pytest.fixture
def mackie() -> Mackie:
    return Mackie(load_surface("mackie-extender"))


@pytest.mark.parametrize(
    ("preset", "device"), [("launchpad-x", "0C"), ("launchpad-mini-mk3", "0D"), ("launchpad-pro-mk3", "0E")]
)
def test_a_launchpad_is_put_into_programmer_mode_and_left_in_live_mode(preset: str, device: str) -> None:
    made = Launchpad(load_surface(preset))
    assert [hexed(message) for _, message in made.hello(0)] == [f"F0 00 20 29 02 {device} 0E 01 F7"]
    assert [hexed(message) for _, message in made.farewell(0)] == [f"F0 00 20 29 02 {device} 0E 00 F7"]


def test_the_pad_of_a_variation_at_rest_is_grey_on_channel_1(launchpad: Launchpad) -> None:
    assert sent(launchpad, "81", Look("idle")) == ["90 51 01"]


def test_what_plays_pulses_on_channel_3(launchpad: Launchpad) -> None:
    assert sent(launchpad, "18", Look("playing")) == ["92 12 15"]


def test_what_waits_for_its_bar_flashes_on_channel_2_over_the_colour_below(launchpad: Launchpad) -> None:
    assert sent(launchpad, "81", Look("waiting")) == ["90 51 01", "91 51 15"]


def test_buttons_round_the_grid_are_control_changes(launchpad: Launchpad) -> None:
    assert sent(launchpad, "91", Look("page")) == ["B0 5B 31"]
    assert sent(launchpad, "19", Look("off")) == ["B0 13 00"]


def test_a_light_that_shows_it_already_is_told_nothing(launchpad: Launchpad) -> None:
    assert sent(launchpad, "81", Look("idle", text="new words"), Look("idle")) == []


def test_pads_and_buttons_of_a_launchpad_are_read(launchpad: Launchpad) -> None:
    assert launchpad.read(0, (0x90, 81, 100), 0.0) == Pressed("81")
    assert launchpad.read(0, (0x90, 81, 0), 0.0) == Pressed("81", down=False)
    assert launchpad.read(0, (0xB0, 91, 127), 0.0) == Pressed("91")
    assert launchpad.read(0, (0xB0, 91, 0), 0.0) == Pressed("91", down=False)


@pytest.mark.parametrize("message", [(0xA0, 81, 30), (0x90, 19, 5), (0xB0, 81, 5), (0xB0, 10, 5), (0xD0, 3), (0xF8,)])
def test_pressure_and_strange_numbers_mean_nothing(launchpad: Launchpad, message: Message) -> None:
    assert launchpad.read(0, message, 0.0) is None


def test_only_the_pro_has_buttons_on_the_left_and_below() -> None:
    pro = Launchpad(load_surface("launchpad-pro-mk3"))
    assert pro.read(0, (0xB0, 10, 127), 0.0) == Pressed("10")
    assert pro.read(0, (0xB0, 101, 127), 0.0) == Pressed("101")


PRO_BUTTONS = {
    "90": "shift", "91": "left", "92": "right", "93": "session", "94": "note", "95": "chord", "96": "custom",
    "97": "sequencer", "98": "projects", "99": "logo", "80": "up", "70": "down", "60": "clear", "50": "duplicate",
    "40": "quantise", "30": "fixed length", "20": "play", "10": "record", "1": "record arm", "2": "mute", "3": "solo",
    "4": "volume", "5": "pan", "6": "sends", "7": "device", "8": "stop clip",
    **{f"{10 * row + 9}": "scene" for row in range(1, 9)}, **{f"{number}": "track" for number in range(101, 109)},
}  # fmt: skip
"""What the maker prints on the Pro's buttons, by their control changes in programmer mode."""


def test_the_pro_has_the_buttons_that_its_maker_gave_it_and_those_named_alike_do_what_they_say() -> None:
    pro = load_surface("launchpad-pro-mk3")
    buttons = {name for name, place in Launchpad(pro).places().items() if place.kind == BUTTON}
    assert buttons == set(PRO_BUTTONS)
    does = {PRO_BUTTONS[name]: one.does for name, one in pro.controls.items() if name in PRO_BUTTONS}
    assert (does["play"], does["record"], does["clear"]) == ("variation/audition", "hum/record", "variation/discard")
    assert pro.controls["98"].page == "mix"
    assert not {"shift", "logo"} & set(does)


@pytest.mark.parametrize("preset", ["launchpad-x", "launchpad-mini-mk3"])
def test_the_x_and_the_mini_have_a_row_on_top_and_a_column_on_the_right(preset: str) -> None:
    surface = load_surface(preset)
    buttons = {name for name, place in Launchpad(surface).places().items() if place.kind == BUTTON}
    assert buttons == {"91", "92", "93", "94", "95", "96", "97", "98", "99"} | {f"{row}9" for row in range(1, 9)}
    assert "99" not in surface.controls  # The logo lights up, and cannot be pressed.


MACKIE_NOTES = [
    *("assign-track", "assign-send", "assign-pan", "assign-plugin", "assign-eq", "assign-instrument"),
    *("bank-left", "bank-right", "channel-left", "channel-right", "flip", "global-view", "name-value", "smpte-beats"),
    *("f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"),
    *("midi-tracks", "inputs", "audio-tracks", "audio-instruments", "aux", "busses", "outputs", "user"),
    *("shift", "option", "control", "alt", "read", "write", "trim", "touch", "latch", "group"),
    *("save", "undo", "cancel", "enter", "markers", "nudge", "cycle", "drop", "replace", "click", "solo"),
    *("rewind", "forward", "stop", "play", "record", "up", "down", "left", "right", "zoom", "scrub"),
]
"""What is printed on the buttons of a Mackie Control, from note 40 on."""


def test_every_button_of_a_mackie_has_the_note_of_the_published_table(mackie: Mackie) -> None:
    read = [mackie.read(0, (0x90, note, 0x7F), 0.0) for note in range(40, 102)]
    assert read == [Pressed(name) for name in MACKIE_NOTES]
    assert [mackie.read(0, (0x90, note, 0x7F), 0.0) for note in (102, 103, 113)] == [None] * 3


def test_a_strips_name_goes_to_the_upper_line_seven_signs_a_strip(mackie: Mackie) -> None:
    assert sent(mackie, "select-2", Look("selected", text="02 .76")) == [
        "90 19 7F",
        "F0 00 00 66 14 12 07 30 32 20 2E 37 36 20 F7",
    ]


def test_the_ninth_strip_is_the_first_of_the_extender_whose_header_ends_in_15(mackie: Mackie) -> None:
    packets = list(mackie.write("select-9", Look("idle", text="09"), None))
    assert [unit for unit, _ in packets] == [1, 1]
    assert [hexed(message) for _, message in packets] == [
        "90 18 00",
        "F0 00 00 66 15 12 00 30 39 20 20 20 20 20 F7",
    ]


@pytest.mark.parametrize(("value", "byte"), [(0.0, "01"), (0.5, "06"), (1.0, "0B"), (None, "00")])
def test_a_v_pots_ring_has_eleven_places_and_its_words_are_on_the_lower_line(
    mackie: Mackie, value: float | None, byte: str
) -> None:
    assert sent(mackie, "vpot-1", Look("on", value, "Cls.88")) == [
        f"B0 30 {byte}",
        "F0 00 00 66 14 12 38 43 6C 73 2E 38 38 20 F7",
    ]


@pytest.mark.parametrize(("value", "bytes_"), [(0.0, "00 00"), (1.0, "7F 7F"), (0.5, "00 40")])
def test_a_motor_fader_is_a_pitch_bend_on_a_channel_of_its_own(mackie: Mackie, value: float, bytes_: str) -> None:
    assert sent(mackie, "fader-3", Look("on", value)) == [f"E2 {bytes_}"]
    assert sent(mackie, "fader-main", Look("on", value)) == [f"E8 {bytes_}"]


@pytest.mark.parametrize(("state", "velocity"), [("recording", "7F"), ("playing", "01"), ("idle", "00")])
def test_lights_are_on_blinking_or_off(mackie: Mackie, state: str, velocity: str) -> None:
    assert sent(mackie, "rec-1", Look(state)) == [f"90 00 {velocity}"]
    assert sent(mackie, "play", Look(state)) == [f"90 5E {velocity}"]


def test_the_two_digits_over_assignment_count_the_variations(mackie: Mackie) -> None:
    assert sent(mackie, "digits", Look("on", text="10")) == ["B0 4A 30", "B0 4B 31"]


def test_a_mackie_is_dark_and_empty_at_the_start_and_at_the_end(mackie: Mackie) -> None:
    dark = ["F0 00 00 66 15 62 F7", "F0 00 00 66 15 12 00 " + "20 " * 112 + "F7"]
    assert [hexed(message) for _, message in mackie.hello(1)] == dark
    assert [hexed(message) for _, message in mackie.farewell(1)] == dark


@pytest.mark.parametrize(
    ("message", "gesture"),
    [
        ((0xB0, 0x10, 0x01), Turned("vpot-1", 1)),
        ((0xB0, 0x11, 0x41), Turned("vpot-2", -1)),
        ((0xB0, 0x17, 0x05), Turned("vpot-8", 5)),
        ((0xB0, 0x3C, 0x01), Turned("jog", 1)),
        ((0xB0, 0x3C, 0x41), Turned("jog", -1)),
        ((0x90, 0x20, 0x7F), Pressed("vpush-1")),
        ((0x90, 0x00, 0x7F), Pressed("rec-1")),
        ((0x90, 0x0F, 0x7F), Pressed("solo-8")),
        ((0x90, 0x10, 0x7F), Pressed("mute-1")),
        ((0x90, 0x1F, 0x00), Pressed("select-8", down=False)),
        ((0x90, 0x2E, 0x7F), Pressed("bank-left")),
        ((0x90, 0x30, 0x7F), Pressed("channel-left")),
        ((0x90, 0x5B, 0x7F), Pressed("rewind")),
        ((0x90, 0x5F, 0x7F), Pressed("record")),
        ((0x90, 0x65, 0x7F), Pressed("scrub")),
        ((0x90, 0x68, 0x7F), Touched("fader-1", down=True)),
        ((0x90, 0x70, 0x00), Touched("fader-main", down=False)),
        ((0xE0, 0x7F, 0x7F), Moved("fader-1", 1.0)),
        ((0xE8, 0x00, 0x00), Moved("fader-main", 0.0)),
        ((0xF0, 0x00, 0x00, 0x66, 0x14, 0x01, 0x58, 0x59, 0x5A, 0xF7), Arrived(0)),
    ],
)
def test_what_a_mackie_sends_is_read(mackie: Mackie, message: Message, gesture: object) -> None:
    assert mackie.read(0, message, 0.0) == gesture


def test_the_extenders_strips_are_counted_on(mackie: Mackie) -> None:
    assert mackie.read(1, (0x90, 0x18, 0x7F), 0.0) == Pressed("select-9")
    assert mackie.read(1, (0xB0, 0x17, 0x01), 0.0) == Turned("vpot-16", 1)


def test_a_generic_pad_is_lit_by_its_own_message() -> None:
    generic = Generic(load_surface("generic-8x8"))
    assert sent(generic, "note-36", Look("playing")) == ["90 24 7F"]
    assert sent(generic, "note-36", Look("idle")) == ["90 24 00"]
    assert sent(generic, "cc-24", Look("kept")) == ["B0 18 7F"]
    assert sent(generic, "cc-1", Look("on", 1.0)) == ["B0 01 7F"]


def controller(**control: object) -> Generic:
    table = {"family": "generic", "control": [{"does": "vary/closeness", "sets": "closeness", **control}]}
    return Generic(surface_from(table, name="knobs", where="knobs.toml"))


@pytest.mark.parametrize(
    ("encoding", "value", "steps"),
    [
        ("twos-complement", 1, 1),
        ("twos-complement", 127, -1),
        ("binary-offset", 65, 1),
        ("binary-offset", 63, -1),
        ("sign-magnitude", 1, 1),
        ("sign-magnitude", 65, -1),
    ],
)
def test_encoders_speak_three_ways(encoding: str, value: int, steps: int) -> None:
    generic = controller(at="cc-20", encoding=encoding)
    assert generic.read(0, (0xB0, 20, value), 0.0) == Turned("cc-20", steps)


def test_fourteen_bits_come_as_two_control_changes() -> None:
    generic = controller(at="cc-7", encoding="absolute-14")
    assert generic.read(0, (0xB0, 39, 5), 0.0) is None
    assert generic.read(0, (0xB0, 7, 64), 0.0) == Moved("cc-7", 8192 / 16383)
    assert generic.read(0, (0xB0, 39, 1), 0.0) == Moved("cc-7", 8193 / 16383)
    assert generic.read(0, (0xB0, 7, 127), 0.0) == Moved("cc-7", 16256 / 16383)


def test_a_channel_is_meant_only_where_it_is_named() -> None:
    generic = controller(at="cc-20@10")
    assert generic.read(0, (0xB0, 20, 127), 0.0) is None
    assert generic.read(0, (0xB9, 20, 127), 0.0) == Moved("cc-20@10", 1.0)


def test_a_footswitch_whose_contacts_bounce_comes_down_once() -> None:
    footswitch = Generic(load_surface("footswitch"))
    times = [(0.0, 127), (0.004, 0), (0.006, 127), (0.3, 0), (0.9, 127)]
    read = [footswitch.read(0, (0xB0, 64, value), seconds) for seconds, value in times]
    assert [gesture for gesture in read if isinstance(gesture, Pressed) and gesture.down] == [Pressed("cc-64")] * 2


def test_an_osc_surface_has_addresses_instead_of_bytes() -> None:
    osc = Osc(load_surface("touchosc"))
    assert osc.read(0, ("/surface/touchosc/variation-3", 1.0), 0.0) == Pressed("variation-3")
    assert osc.read(0, ("/surface/touchosc/variation-3", 0.0), 0.0) == Pressed("variation-3", down=False)
    assert osc.read(0, ("/surface/touchosc/closeness", 0.25), 0.0) == Moved("closeness", 0.25)
    assert osc.read(0, ("/surface/touchosc/closeness", 7), 0.0) == Moved("closeness", 1.0)
    assert osc.read(0, ("/surface/touchosc",), 0.0) == Arrived()
    assert osc.read(0, ("/surface/touchosc/nothing", 1.0), 0.0) is None
    assert [message for _, message in osc.write("variation-3", Look("playing", words="3 inversion"), None)] == [
        ("/surface/touchosc/variation-3", 1.0),
        ("/surface/touchosc/variation-3/state", "playing"),
        ("/surface/touchosc/variation-3/text", "3 inversion"),
    ]
