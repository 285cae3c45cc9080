"""Learning a controller, and the layout for a tablet: what is written can be read, and means what was learned."""

from __future__ import annotations

import zlib
from pathlib import Path
from xml.etree import ElementTree

from assistant.canvas import Canvas
from bridge.commands import COMMANDS
from bridge.session import Session
from bridge.surfaces.desk import Act, Desk
from bridge.surfaces.draw import lines, picture
from bridge.surfaces.learn import PURPOSES, button_in, knob_in, preset_text
from bridge.surfaces.preset import load_surface, load_surface_file
from bridge.surfaces.scene import Idea, Scene
from bridge.surfaces.touchosc import layout
from bridge.web.oscquery import found


def purpose(words: str) -> object:
    return next(one for one in PURPOSES if words in one.words)


def test_a_press_is_learned_and_a_release_is_not() -> None:
    assert button_in((0x99, 36, 100)) == "note-36"
    assert button_in((0xB0, 20, 127)) == "cc-20"
    assert button_in((0x99, 36, 0)) is None
    assert button_in((0xF8,)) is None


def test_a_knob_is_learned_with_its_encoding() -> None:
    def turned(number: int, *values: int) -> list[tuple[int, ...]]:
        return [(0xB0, number, value) for value in values]

    assert knob_in(turned(20, 1, 1, 2), turned(20, 127, 127, 126)) == ("cc-20", "twos-complement")
    assert knob_in(turned(20, 65, 66), turned(20, 63, 62)) == ("cc-20", "binary-offset")
    assert knob_in(turned(20, 1, 1, 2), turned(20, 65, 66)) == ("cc-20", "sign-magnitude")
    assert knob_in(turned(20, 40, 44, 50), turned(20, 47, 41)) == ("cc-20", "absolute")
    pairs = [message for value in (10, 11, 12) for message in (*turned(7, value), *turned(39, 3 * value))]
    assert knob_in(pairs, pairs[::-1]) == ("cc-7", "absolute-14")
    assert knob_in([(0x90, 36, 1)], []) is None


def test_what_is_learned_is_a_preset(tmp_path: Path) -> None:
    found = [(PURPOSES[0], "note-40", ""), (PURPOSES[1], "note-36", ""), (purpose("hum"), "cc-64", "")]
    found.append((purpose("closeness"), "cc-20", "binary-offset"))
    path = tmp_path / "mine.toml"
    path.write_text(preset_text("nanoPAD2 MIDI 1", found))  # type: ignore[arg-type]
    surface = load_surface_file(path)
    assert surface.units[0].ports == ("nanoPAD2 MIDI 1",)
    bound = surface.pages[0].controls
    assert {name: (one.does, one.place) for name, one in bound.items()} == {
        "note-40": ("variation/audition", 1),
        "note-36": ("variation/audition", 2),
        "cc-64": ("hum/toggle", 0),
        "cc-20": ("vary/closeness", 0),
    }
    assert bound["cc-20"].encoding == "binary-offset"
    assert [page.name for page in surface.pages] == ["variations"]


def test_with_everything_learned_half_of_the_pads_mix_and_knobs_are_levels(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    found = [(one, f"note-{36 + n}" if not one.knob else f"cc-{n}", "absolute") for n, one in enumerate(PURPOSES)]
    path.write_text(preset_text("nano", found))
    desk = Desk(load_surface_file(path))
    ten = Scene(Session(selected=2), {number: Idea(number) for number in range(1, 11)})
    at = {one.words: control for one, control, _ in found}
    desk.pressed(at["the button for mixing two variations, and back"], ten)
    desk.pressed(at["the button for the variations after those on the pads"], ten)
    assert desk.pressed("note-36", ten) == Act("vary/between", {"first": "", "second": 5})
    assert desk.pressed("note-41", ten) == Act("vary/splice", {"source": 6})
    assert desk.looks(ten)["note-41"].text == "bars 6"
    assert desk.moved(at["the knob for how loud the bass is"], 1.0, ten) == Act("sound/levels", {"bass": 1.0})
    desk.pressed(at["the button for mixing two variations, and back"], ten)
    assert desk.pressed("note-36", ten) == Act("variation/audition", {"number": 1})


def osc_paths(tree: ElementTree.Element, way: str) -> set[str]:
    found = set()
    for osc in tree.iter("osc"):
        if osc.findtext(way) == "1":
            found.add(osc.findtext("path/partial/value", ""))
    return found


def test_the_layout_speaks_to_every_control_and_listens_to_its_light_and_words() -> None:
    surface = load_surface("touchosc")
    tree = ElementTree.fromstring(zlib.decompress(layout(surface)))
    controls = {f"/surface/touchosc/{name}" for name in surface.controls}
    assert controls <= osc_paths(tree, "send")
    assert controls | {f"{control}/text" for control in controls} <= osc_paths(tree, "receive")
    assert {f"/surface/touchosc/{name}" for name in ("between-10", "bars-of-1", "melody", "inner", "bass")} < controls


def test_each_page_is_a_tab_with_what_stands_on_both_and_no_two_nodes_have_one_id() -> None:
    tree = ElementTree.fromstring(zlib.decompress(layout(load_surface("touchosc"))))
    pager = tree.find("node/children/node/children")
    assert pager is not None
    tabs = {tab.findtext("properties/property[key='name']/value"): osc_paths(tab, "send") for tab in pager}
    assert list(tabs) == ["variations", "mix", "commands"]
    both = {f"/surface/touchosc/{name}" for name in ("variation-1", "stop", "keep", "undo", "melody", "bass")}
    assert both <= tabs["variations"] & tabs["mix"]
    assert "/surface/touchosc/between-1" in tabs["mix"] - tabs["variations"]
    assert "/surface/touchosc/closeness" in tabs["variations"] - tabs["mix"]
    ids = [node.get("ID") for node in tree.iter("node")]
    assert len(set(ids)) == len(ids)


def test_the_layout_has_every_command_that_needs_at_most_a_number() -> None:
    tree = ElementTree.fromstring(zlib.decompress(layout(load_surface("touchosc"), token="secret")))
    sent = osc_paths(tree, "send")
    easy = {name for name, one in COMMANDS.items() if not any(arg.required for arg in one.asked)}
    assert {f"/{name}" for name in easy} | {"/vary/closeness", "/variation/select", "/session/authorise"} <= sent
    assert "/motif/set" not in sent


def test_the_same_layout_has_the_same_bytes() -> None:
    assert layout(load_surface("touchosc")) == layout(load_surface("touchosc"))


def test_a_surface_is_drawn_in_the_terminal_and_as_a_picture() -> None:
    surface = load_surface("launchpad-x")
    looks = Desk(surface).looks(Scene())
    words = "\n".join(line.plain for line in lines(surface, "variations", looks, 100))
    assert "ideas" in words
    assert "stop" in words
    assert picture(surface, "variations", looks).startswith(b"\x89PNG")
    assert Canvas(10, 10).image().size == (20, 20)


def test_the_controls_of_a_tablet_are_found_by_oscquery() -> None:
    status, node = found("/surface/touchosc/closeness", "", osc_port=9310, surfaces=[load_surface("touchosc")])
    assert status == 200
    assert node == {
        "FULL_PATH": "/surface/touchosc/closeness",
        "ACCESS": 3,
        "TYPE": "f",
        "RANGE": [{"MIN": 0.0, "MAX": 1.0}],
        "DESCRIPTION": COMMANDS["vary/closeness"].summary,
    }
    assert found("/surface/touchosc", "", osc_port=9310)[0] == 404
    assert found("/surface/list", "", osc_port=9310)[0] == 200
