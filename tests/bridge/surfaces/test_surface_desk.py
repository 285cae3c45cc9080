"""A surface in use, without any device: what a press asks for, what every light says, and how knobs take hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.session import Session
from bridge.surfaces.desk import Act, Desk
from bridge.surfaces.feedback import Feedback
from bridge.surfaces.knobs import RELATIVE, Takeover, encoding_of, steps
from bridge.surfaces.look import OFF, Look
from bridge.surfaces.preset import load_surface
from bridge.surfaces.scene import Idea, Scene, ShownTake

TEN = {number: Idea(number, "", 1 - number / 20, "inversion") for number in range(1, 11)}
SCENE = Scene(Session(motif="m", variations=tuple("abcdefghij"), selected=1), TEN, bars=4)


def scene(**session: object) -> Scene:
    return replace(SCENE, session=replace(SCENE.session, **session))  # type: ignore[arg-type]


@pytest.fixture
def launchpad() -> Desk:
    return Desk(load_surface("launchpad-x"))


def test_a_pad_auditions_its_variation_and_keeps_it_while_it_plays(launchpad: Desk) -> None:
    assert launchpad.pressed("83", SCENE) == Act("variation/audition", {"number": 3})
    assert launchpad.pressed("83", scene(playing=3)) == Act("variation/keep", {"number": 3})
    assert launchpad.pressed("84", scene(playing=3)) == Act("variation/audition", {"number": 4})


def test_the_ninth_and_tenth_are_in_the_second_row(launchpad: Desk) -> None:
    assert launchpad.pressed("72", SCENE) == Act("variation/audition", {"number": 10})


def test_pads_say_idle_selected_waiting_playing_and_kept(launchpad: Desk) -> None:
    marked = {**TEN, 4: replace(TEN[4], mark="kept"), 5: replace(TEN[5], mark="discarded")}
    looks = launchpad.looks(replace(scene(selected=2, playing=3), ideas=marked))
    assert [looks[pad].state for pad in ("81", "82", "83", "84", "85")] == [
        "idle",
        "selected",
        "playing",
        "kept",
        "discarded",
    ]
    waiting = launchpad.looks(replace(scene(playing=4), ideas=marked, waiting=True))
    assert waiting["84"].state == "waiting"
    assert launchpad.looks(replace(scene(playing=4), ideas=marked))["84"].state == "playing-kept"


def test_where_there_is_no_variation_a_pad_is_dark_and_does_nothing(launchpad: Desk) -> None:
    few = replace(SCENE, ideas={1: TEN[1]})
    assert launchpad.looks(few)["82"] == OFF
    assert launchpad.pressed("82", few) is None


def test_the_page_of_bars_locks_and_unlocks_them(launchpad: Desk) -> None:
    assert launchpad.pressed("92", SCENE) is None
    assert launchpad.page.name == "bars"
    assert launchpad.pressed("83", scene(locked_bars=(1,))) == Act("vary/lock", {"bars": [1, 3]})
    assert launchpad.pressed("83", scene(locked_bars=(1, 3))) == Act("vary/lock", {"bars": [1]})
    looks = launchpad.looks(scene(locked_bars=(3,)))
    assert [looks[pad].state for pad in ("82", "83", "84", "85", "92")] == ["idle", "locked", "idle", "off", "page"]


def test_the_page_of_takes_begins_with_the_newest_and_goes_on_in_banks(launchpad: Desk) -> None:
    many = replace(SCENE, takes=tuple(ShownTake(f"t{number}", f"take {number}") for number in range(1, 41)))
    launchpad.pressed("93", many)
    assert launchpad.pressed("81", many) == Act("motif/set", {"source": "t1"})
    assert launchpad.pressed("41", many) == Act("take/star", {"take": "t1"})
    assert launchpad.looks(many)["94"].state == "off"
    launchpad.pressed("95", many)
    assert launchpad.pressed("88", many) == Act("motif/set", {"source": "t40"})
    assert launchpad.pressed("78", many) is None
    launchpad.pressed("95", many)
    assert launchpad.bank == 1


def test_a_choice_is_taken_back_by_the_same_pad(launchpad: Desk) -> None:
    assert launchpad.pressed("11", SCENE) == Act("vary/keep", {"keep": "rhythm"})
    assert launchpad.pressed("11", scene(keep="rhythm")) == Act("vary/keep", {"keep": None})
    assert launchpad.looks(scene(keep="rhythm"))["11"].state == "on"
    assert launchpad.looks(scene(closeness=0.85))["22"].state == "on"


def test_v_pots_move_their_values_by_steps_and_stop_at_the_ends() -> None:
    mackie = Desk(load_surface("mackie"))
    assert mackie.turned("vpot-1", 2, scene(closeness=0.5)) == Act("vary/closeness", {"closeness": 0.52})
    assert mackie.turned("vpot-1", 90, scene(closeness=0.5)) == Act("vary/closeness", {"closeness": 1.0})
    assert mackie.turned("vpot-1", 1, scene(closeness=1.0)) is None
    assert mackie.turned("vpot-3", 1, SCENE) == Act("vary/lowest", {"lowest": 49})
    assert mackie.pressed("vpush-1", scene(closeness=0.5)) == Act("vary/closeness", {"closeness": ""})


def test_the_jog_wheel_browses_what_there_is() -> None:
    mackie = Desk(load_surface("mackie"))
    assert mackie.turned("jog", 3, scene(selected=2)) == Act("variation/select", {"number": 5})
    assert mackie.turned("jog", 30, scene(selected=2)) == Act("variation/select", {"number": 10})
    assert mackie.turned("jog", 1, scene(selected=10)) is None


def test_strips_carry_names_and_values() -> None:
    looks = Desk(load_surface("mackie")).looks(scene(closeness=0.88, lowest=48, tempo_bpm=120.0))
    assert looks["select-3"].text == "03 .85"
    assert [looks[f"vpot-{strip}"].text for strip in (1, 2, 3, 5)] == ["Cls.88", "Den---", "Lo C3", "Tmp120"]
    assert looks["digits"].text == "1"


def test_banks_bring_the_ninth_variation_to_the_first_strip() -> None:
    mackie = Desk(load_surface("mackie"))
    mackie.pressed("bank-right", SCENE)
    assert mackie.pressed("select-1", SCENE) == Act("variation/audition", {"number": 9})
    assert mackie.looks(SCENE)["select-3"] == OFF
    mackie.pressed("bank-right", SCENE)
    assert mackie.bank == 1


def test_a_motor_fader_has_hold_at_once_and_a_knob_only_when_it_passes_the_value() -> None:
    mackie, knobs = Desk(load_surface("mackie")), Desk(load_surface("generic-8x8"))
    assert mackie.moved("fader-1", 0.1, scene(melody_level=0.9)) == Act("sound/levels", {"melody": 0.1})
    assert knobs.moved("cc-1", 0.1, scene(closeness=0.9)) is None
    assert knobs.moved("cc-1", 0.5, scene(closeness=0.9)) is None
    assert knobs.moved("cc-1", 0.95, scene(closeness=0.9)) == Act("vary/closeness", {"closeness": 0.95})
    assert knobs.moved("cc-1", 0.2, scene(closeness=0.95)) == Act("vary/closeness", {"closeness": 0.2})


def test_a_knob_loses_hold_when_somebody_else_moves_the_value() -> None:
    knobs = Desk(load_surface("generic-8x8"))
    assert knobs.moved("cc-1", 0.5, SCENE) is not None
    assert knobs.moved("cc-1", 0.55, scene(closeness=0.9)) is None


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.floats(0, 1))
def test_soft_takeover_never_jumps_past_the_value(stands: list[float], value: float) -> None:
    takeover, last = Takeover(), None
    for to in stands:
        if takeover.takes(to, value):
            near = abs(to - value) <= 0.02
            assert near or (last is not None and min(last, to) <= value <= max(last, to))
            return
        last = to


@given(st.sampled_from(RELATIVE), st.integers(1, 6), st.integers(1, 6))
def test_the_encoding_of_a_knob_is_found_from_turning_it_both_ways(encoding: str, right: int, left: int) -> None:
    def said(wanted: int) -> int:
        return next(value for value in range(128) if steps(encoding, value) == wanted)

    assert encoding_of([said(1), said(right)], [said(-1), said(-left)]) == encoding


def test_a_knob_with_two_ends_is_known_by_going_on_from_where_it_was() -> None:
    assert encoding_of([30, 31, 33, 36], [35, 33, 30]) == "absolute"
    assert encoding_of([70, 71, 72], [71, 70, 69]) == "absolute"
    assert encoding_of([125, 126, 127], [126, 125]) == "absolute"


def test_only_what_changed_is_shown() -> None:
    feedback = Feedback()
    feedback.want({"a": Look("idle"), "b": Look("idle")})
    assert [control for control, _, _ in feedback.due(0.0)[0]] == ["a", "b"]
    feedback.want({"a": Look("idle"), "b": Look("playing")})
    assert feedback.due(1.0)[0] == [("b", Look("playing"), Look("idle"))]


def test_a_control_that_the_page_does_not_have_goes_dark() -> None:
    feedback = Feedback()
    feedback.want({"a": Look("idle")})
    feedback.due(0.0)
    feedback.want({})
    assert feedback.due(1.0)[0] == [("a", OFF, Look("idle"))]


def test_a_thousand_changes_a_second_become_thirty_three_and_the_last_one_is_shown() -> None:
    feedback, shown = Feedback(0.03), []
    for tick in range(1000):
        feedback.want({"ring": Look("on", tick / 1000)})
        shown += feedback.due(tick / 1000)[0]
    assert len(shown) == 34
    rest, later = feedback.due(1.0)
    if not rest:
        assert later is not None
        rest = feedback.due(later)[0]
    assert rest[0][1].value == 0.999


def test_what_comes_back_is_shown_everything() -> None:
    feedback = Feedback()
    feedback.want({"a": Look("idle")})
    feedback.due(0.0)
    feedback.forget()
    assert feedback.due(0.001)[0] == [("a", Look("idle"), None)]


def test_nothing_is_said_to_a_fader_under_a_finger_and_where_it_stands_is_said_after() -> None:
    feedback = Feedback()
    feedback.want({"fader-1": Look("on", 0.2)})
    feedback.due(0.0)
    feedback.hold("fader-1", True)
    feedback.moved("fader-1", 0.9)
    feedback.want({"fader-1": Look("on", 0.7)})
    assert feedback.due(1.0)[0] == []
    feedback.hold("fader-1", False)
    assert [look.value for _, look, _ in feedback.due(2.0)[0]] == [0.7]


def test_the_page_mix_asks_for_steps_to_a_variation_bars_of_it_and_what_it_grows_into(launchpad: Desk) -> None:
    launchpad.pressed("98", SCENE)
    assert launchpad.pressed("63", SCENE) == Act("vary/between", {"first": "", "second": 3})
    assert launchpad.pressed("44", SCENE) == Act("vary/splice", {"source": 4})
    assert launchpad.pressed("12", SCENE) == Act("vary/develop", {"form": "period"})
    assert launchpad.looks(scene(selected=3))["63"].state == "selected"


def test_a_pad_on_the_first_page_lets_the_selected_variation_grow(launchpad: Desk) -> None:
    assert launchpad.pressed("14", SCENE) == Act("vary/develop", {})


def test_pads_of_the_page_mix_say_how_loud_the_layers_are(launchpad: Desk) -> None:
    launchpad.pressed("98", SCENE)
    assert launchpad.pressed("22", SCENE) == Act("sound/levels", {"melody": 0.4})
    assert launchpad.pressed("25", SCENE) == Act("sound/levels", {"inner": 0.0})
    looks = launchpad.looks(scene(melody_level=0.4, inner_level=0.55))
    rows = [[looks[f"{pad}"].state for pad in row] for row in (range(21, 25), range(25, 29), range(15, 19))]
    assert rows == [["idle", "on", "idle", "idle"], ["idle"] * 4, ["idle", "idle", "idle", "on"]]


def test_a_generic_controller_mixes_with_half_of_its_pads_and_three_of_its_knobs() -> None:
    knobs = Desk(load_surface("generic-8x8"))
    knobs.pressed("cc-28", SCENE)
    assert knobs.pressed("note-37", SCENE) == Act("vary/between", {"first": "", "second": 2})
    knobs.pressed("cc-27", SCENE)
    assert knobs.pressed("note-43", SCENE) == Act("vary/splice", {"source": 8})
    assert knobs.looks(SCENE)["note-43"].words == "bars 8"
    assert knobs.moved("cc-1", 1.0, SCENE) == Act("sound/levels", {"melody": 1.0})
    assert knobs.moved("cc-3", 0.2, scene(bass_level=0.5)) is None
    knobs.pressed("cc-28", SCENE)
    assert knobs.page.name == "variations"


def test_a_strip_of_a_mackie_goes_to_its_variation_and_takes_its_bars() -> None:
    mackie = Desk(load_surface("mackie"))
    mackie.pressed("assign-send", SCENE)
    assert mackie.pressed("solo-3", SCENE) == Act("vary/between", {"first": "", "second": 3})
    assert mackie.pressed("mute-3", SCENE) == Act("vary/splice", {"source": 3})


def test_the_pages_of_a_tablet_lie_side_by_side() -> None:
    tablet = Desk(load_surface("touchosc"))
    assert tablet.pressed("between-4", SCENE) == Act("vary/between", {"first": "", "second": 4})
    assert tablet.pressed("bars-of-4", SCENE) == Act("vary/splice", {"source": 4})
    assert tablet.pressed("hum", SCENE) == Act("hum/toggle", {})
    assert tablet.moved("inner", 0.25, SCENE) == Act("sound/levels", {"inner": 0.25})
    looks = tablet.looks(scene(inner_level=0.25))
    assert (looks["inner"].value, looks["inner"].text) == (0.25, "inner voices .25")
    assert looks["inner"].words == "inner voices .25"
    assert looks["between-4"].words == "to 4"


@pytest.mark.parametrize("name", ["launchpad-x", "generic-8x8", "mackie", "touchosc"])
def test_what_goes_to_a_variation_that_is_not_there_does_nothing(name: str) -> None:
    desk = Desk(load_surface(name))
    if not desk.surface.side_by_side:
        desk.open("mix")
    few = replace(SCENE, ideas={1: TEN[1]})
    named = {control: one for control, one in desk.controls.items() if one.does in ("vary/between", "vary/splice")}
    assert [control for control, one in named.items() if desk.pressed(control, few)] == [
        control for control, one in named.items() if one.place == 1
    ]
