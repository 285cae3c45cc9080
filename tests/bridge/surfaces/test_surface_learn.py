"""Learning a controller, and the layout for a tablet: what is written can be read, and means what was learned."""

from __future__ import annotations

import zlib
from xml.etree import ElementTree

from assistant.canvas import Canvas
from bridge.commands import COMMANDS
from bridge.surfaces.desk import Desk
from bridge.surfaces.draw import lines, picture
from bridge.surfaces.learn import PURPOSES, button_in, knob_in, preset_text
from bridge.surfaces.preset import load_surface, load_surface_file
from bridge.surfaces.scene import Scene
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


def test_what_is_learned_is_a_preset(tmp_path: object) -> None:
    found = [(PURPOSES[0], "note-40", ""), (PURPOSES[1], "note-36", ""), (purpose("hum"), "cc-64", "")]
    found.append((purpose("closeness"), "cc-20", "binary-offset"))
    path = tmp_path / "mine.toml"  # type: ignore[operator]
    path.write_text(preset_text("nanoPAD2 MIDI 1", found))  # type: ignore[arg-type]
    surface = load_surface_file(path)
    assert surface.units[0].ports == ("nanoPAD2 MIDI 1",)
    bound = surface.pages[0].controls
    assert [(name, one.does, one.place) for name, one in bound.items()] == [
        ("note-40", "variation/audition", 1),
        ("note-36", "variation/audition", 2),
        ("cc-64", "hum/toggle", 0),
        ("cc-20", "vary/closeness", 0),
    ]
    assert bound["cc-20"].encoding == "binary-offset"


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
