"""Surface presets: those that ship are sound and agree with the table of commands; errors name file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.errors import InvalidPreset
from assistant.presets import check_presets, list_presets
from assistant.tables import resolve
from bridge.commands import COMMANDS
from bridge.surfaces import CHECKS, FAMILIES
from bridge.surfaces.preset import load_surface, names, surface_from

SHIPPED = [preset.name for preset in list_presets("surfaces")]


def test_every_surface_that_ships_is_sound() -> None:
    assert [finding.preset.name for finding in check_presets("surfaces", checks=CHECKS) if finding.error] == []
    assert {"launchpad-x", "launchpad-mini-mk3", "launchpad-pro-mk3", "mackie", "mackie-extender"} < set(SHIPPED)
    assert {"generic-8x8", "footswitch", "touchosc"} < set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_control_has_a_place_on_the_picture(name: str) -> None:
    surface = load_surface(name)
    adapter = resolve(FAMILIES, surface.family, kind="family")(surface)
    # A V-pot is pushed where it is turned, and the two digits are in nobody's way.
    drawn = {control for control in surface.controls if not control.startswith(("vpush", "digits"))}
    assert drawn <= set(adapter.places())


@pytest.mark.parametrize("name", SHIPPED)
def test_every_command_named_is_in_the_table(name: str) -> None:
    bindings = [binding for page in load_surface(name).pages for binding in page.controls.values()]
    assert {binding.does for binding in bindings if binding.does} <= set(COMMANDS)


def test_a_row_of_controls_is_written_short() -> None:
    assert names("81..83 71", "x") == ["81", "82", "83", "71"]
    assert names("select-1..3", "x") == names("select-1..select-3", "x") == ["select-1", "select-2", "select-3"]
    assert names("89..87", "x") == ["89", "88", "87"]
    assert names("note-36..37@10", "x") == ["note-36@10", "note-37@10"]


def wrong(table: dict[str, Any]) -> InvalidPreset:
    with pytest.raises(InvalidPreset) as caught:
        surface_from(table, name="mine", where="presets/surfaces/mine.toml")
    return caught.value


def pad(**keys: object) -> dict[str, Any]:
    return {"family": "launchpad", "control": [{"at": "81", **keys}]}


def knob(**keys: object) -> dict[str, Any]:
    control = {"at": "cc-1", "does": "clock/tempo", "sets": "tempo", "from": 40, "to": 240, **keys}
    return {"family": "generic", "control": [control]}


PLACE = "presets/surfaces/mine.toml: control '81'"
KNOB = "presets/surfaces/mine.toml: control 'cc-1'"


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ({}, "presets/surfaces/mine.toml: family None is unknown", "launchpad"),
        ({"family": "launchpad", "colour": {}}, "presets/surfaces/mine.toml: unknown key 'colour'", "'colours'"),
        (pad(does="variation/aution"), f"{PLACE}: unknown command 'variation/aution'", "'variation/audition'"),
        (pad(does="variation/audition", counts="nr"), f"{PLACE}: unknown argument 'nr'", "number"),
        (pad(does="variation/select"), f"{PLACE}: variation/select: argument 'number' is missing", "The variation"),
        (
            pad(does="vary/closeness", **{"with": {"closeness": 3}}),
            f"{PLACE}: vary/closeness: closeness 3 is outside 0..1",
            "hardly changed",
        ),
        (pad(does="vary/closeness", sets="closeness"), f"{PLACE}: a pad has no use for 'sets'", "only knobs"),
        (pad(does="vary/make", page="x"), f"{PLACE}: it has 2 meanings", "one of"),
        (pad(), f"{PLACE}: it has no meanings", "one of"),
        (pad(page="nowhere"), f"{PLACE}: unknown page 'nowhere'", "all"),
        (pad(does="vary/make", glow=1), f"{PLACE}: unknown key 'glow'", "known"),
        (
            {"family": "launchpad", "control": [{"at": "8x", "does": "vary/make"}]},
            "presets/surfaces/mine.toml: control '8x': there is no control '8x' on this surface",
            "docs",
        ),
        (
            {"family": "launchpad", "control": [{"at": "81 81", "does": "vary/make"}]},
            "presets/surfaces/mine.toml: control '81 81': '81' is there twice",
            "one meaning",
        ),
        (
            {**pad(does="vary/make"), "colours": {"playing": {"palette": 128}}},
            "presets/surfaces/mine.toml: colours: playing: palette 128 is outside 0..127",
            "palette",
        ),
        (
            {**pad(does="vary/make"), "colours": {"played": {}}},
            "presets/surfaces/mine.toml: colours: unknown state 'played'",
            "'playing'",
        ),
        (
            {
                "family": "osc",
                "control": [{"at": "a", "does": "vary/make"}],
                "page": [{"name": "one"}, {"name": "two", "control": [{"at": "a", "does": "vary/more"}]}],
            },
            "presets/surfaces/mine.toml: page 'two': 'a' means something else before",
            "side by side",
        ),
        (
            {"family": "generic", "control": [{"at": "note-1..99999999999", "does": "vary/make"}]},
            "presets/surfaces/mine.toml: 'note-1..99999999999' is no row of controls",
            "a few",
        ),
        (knob(to=24000), f"{KNOB}: clock/tempo: tempo 24000 is outside 10..960", "Beats a minute"),
        (knob(to=float("inf")), f"{KNOB}: to inf is not a number", "to = 1"),
        (knob(step=float("nan")), f"{KNOB}: step nan is not a number", "step = 1"),
        (knob(step=0), f"{KNOB}: step 0 moves nothing", "step = 2"),
        (knob(start=9000), f"{KNOB}: start 9000 is outside 40..240", "between"),
        (
            pad(does="vary/make", again="vary/splice"),
            f"{PLACE}: vary/splice: argument 'source' is missing",
            "variation",
        ),
        (
            {**pad(does="vary/make"), "unit": [{"device": True}]},
            "presets/surfaces/mine.toml: unit: device True is outside 0..127",
            "SysEx",
        ),
        (
            {"family": "launchpad", "page": [{"name": "a", "bank": -3}]},
            "presets/surfaces/mine.toml: page 'a': bank -3 is no number of controls",
            "bank = 8",
        ),
        ({**pad(does="vary/make"), "licence": 3}, "presets/surfaces/mine.toml: licence 3 is not text", "quotes"),
        ({"family": "generic"}, "presets/surfaces/mine.toml: it has no controls", "[[control]]"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(table: dict[str, Any], message: str, hint: str) -> None:
    error = wrong(table)
    assert error.message == message
    assert hint in error.hint


def test_a_surface_of_ones_own_is_a_file(tmp_path: Path) -> None:
    own = tmp_path / "config" / "hummingbridge" / "presets" / "surfaces"
    own.mkdir(parents=True)
    (own / "one-button.toml").write_text('family = "generic"\n[[control]]\nat = "note-1"\ndoes = "vary/make"\n')
    assert load_surface("one-button").pages[0].controls["note-1"].does == "vary/make"
