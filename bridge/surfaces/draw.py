"""A surface as a picture: in the terminal, and as PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.canvas import INK, LINE, MUTED, Canvas, Colour
from assistant.tables import resolve
from bridge.surfaces import FAMILIES
from bridge.surfaces.family import BUTTON, FADER, KNOB, TEXT, Family, Place
from bridge.surfaces.look import OFF, Look
from bridge.surfaces.palette import colour_of
from bridge.surfaces.preset import Surface

if TYPE_CHECKING:
    from rich.text import Text

_BODY: Colour = (38, 41, 48)
_DARK: Colour = (27, 29, 34)
_DISPLAY: Colour = (196, 222, 120)
_LIGHT: Colour = (240, 240, 236)
_UNIT, _MARGIN, _HEAD = 52.0, 14.0, 40.0
_LINES_A_UNIT = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """A control on the picture: `words` are what stands on it, a line each."""

    name: str
    place: Place
    look: Look
    colour: Colour
    words: tuple[str, ...]


def drawn(surface: Surface, page: str, looks: Mapping[str, Look]) -> Iterator[Drawn]:
    """Every control of a page as it looks; those that mean nothing there are dark."""
    adapter: Family = resolve(FAMILIES, surface.family, kind="family")(surface.drawn_with(page))
    bindings = surface.page(page).controls
    places = adapter.places()
    left = min(place.x for place in places.values())
    for name, place in places.items():
        look = looks.get(name, OFF)
        if place.kind == TEXT:
            words = tuple(looks.get(each, OFF).text for each in place.lines)
        else:
            label = bindings[name].label if name in bindings else ""
            words = (
                f"{place.caption} {label}".strip() if place.kind == BUTTON else look.text or label or place.caption,
            )
        shown = str(colour_of(surface.colours, look.state).get("shown", "#1b1d22")) if name in bindings else "#1b1d22"
        yield Drawn(name, replace(place, x=place.x - left), look, _rgb(shown), words)


def picture(surface: Surface, page: str, looks: Mapping[str, Look]) -> bytes:
    """A PNG."""
    controls = list(drawn(surface, page, looks))
    width = max(each.place.x + each.place.width for each in controls) * _UNIT + 2 * _MARGIN
    height = max(each.place.y + each.place.height for each in controls) * _UNIT + 2 * _MARGIN + _HEAD
    canvas = Canvas(width, height)
    canvas.block((0, 0, width, height), 10, _BODY)
    canvas.text(_MARGIN, _HEAD - 12, f"{surface.name}: {page}", 16, _LIGHT)
    for each in controls:
        _draw(canvas, each)
    out = io.BytesIO()
    canvas.image().save(out, format="PNG", optimize=True)
    return out.getvalue()


def _draw(canvas: Canvas, each: Drawn) -> None:
    place = each.place
    left, top = _MARGIN + place.x * _UNIT, _HEAD + _MARGIN + place.y * _UNIT
    right, bottom = left + place.width * _UNIT - 4, top + place.height * _UNIT - 4
    middle = (left + right) / 2
    if place.kind == TEXT:
        canvas.block((left, top, right, bottom), 2, _DISPLAY)
        for line, words in enumerate(each.words):
            canvas.text(left + 4, top + 13 + 15 * line, words, 12, INK)
        return
    if place.kind == FADER and place.height > 2:
        _fader(canvas, each, (left, top, right, bottom))
        return
    if place.kind == KNOB:
        _knob(canvas, each, middle, (top + bottom) / 2 - 6, min(right - left, bottom - top) / 2 - 8)
        canvas.text(middle, bottom - 2, _cut(canvas, each.words[0], right - left), 11, _LIGHT, anchor="ms")
        return
    canvas.block((left, top, right, bottom), 5, each.colour)
    if place.kind == FADER and each.look.value is not None:
        canvas.block((left, bottom - 6, left + max(4.0, each.look.value * (right - left)), bottom), 2, _LIGHT)
    ink = INK if sum(each.colour) > 330 else MUTED if each.look.state == "off" else _LIGHT
    size = 12 if place.height >= 1 else 10
    canvas.text(middle, (top + bottom) / 2, _cut(canvas, each.words[0], right - left - 4, size), size, ink, anchor="mm")


def _knob(canvas: Canvas, each: Drawn, x: float, y: float, radius: float) -> None:
    import math

    canvas.block((x - radius, y - radius, x + radius, y + radius), radius, _DARK, LINE)
    if each.look.value is None:
        return
    angle = math.radians(135 + 270 * each.look.value)
    tip = (x + 0.85 * radius * math.cos(angle), y + 0.85 * radius * math.sin(angle))
    canvas.line([(x, y), tip], each.colour, 3)


def _fader(canvas: Canvas, each: Drawn, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    middle = (left + right) / 2
    canvas.line([(middle, top + 14), (middle, bottom - 8)], _DARK, 5)
    stands = bottom - 14 - (each.look.value or 0.0) * (bottom - top - 40)
    canvas.text(middle, top + 6, _cut(canvas, each.words[0], right - left), 11, _LIGHT, anchor="ms")
    canvas.block((middle - 12, stands - 9, middle + 12, stands + 9), 3, LINE if each.look.value is not None else MUTED)


def _cut(canvas: Canvas, text: str, width: float, size: float = 12) -> str:
    while text and canvas.text_width(text, size) > width:
        text = text[:-1]
    return text


def lines(surface: Surface, page: str, looks: Mapping[str, Look], columns: int) -> Iterator[Text]:
    """The surface for a terminal of so many columns, a line at a time."""
    from rich.style import Style
    from rich.text import Text

    controls = list(drawn(surface, page, looks))
    across = max(each.place.x + each.place.width for each in controls)
    a_unit = min(9.0, (columns - 1) / across)
    down = round(_LINES_A_UNIT * max(each.place.y + each.place.height for each in controls))
    for line in range(down):
        text, at = Text(), 0
        for each in sorted(controls, key=lambda one: one.place.x):
            place = each.place
            first = round(place.y * _LINES_A_UNIT)
            last = max(first + 1, round((place.y + place.height) * _LINES_A_UNIT - 0.3))
            if not first <= line < last:
                continue
            left, right = round(place.x * a_unit), round((place.x + place.width) * a_unit) - 1
            text.append(" " * (left - at))
            words = _line(each, line - first, last - first, right - left)
            back = _DISPLAY if place.kind == TEXT else each.colour
            dark_ink = sum(back) > 330
            style = Style(color="#21252e" if dark_ink else "#f0f0ec", bgcolor="#{:02x}{:02x}{:02x}".format(*back))
            text.append(f"{words:<{right - left}.{right - left}}", style)
            at = right
        yield text


def _line(each: Drawn, line: int, of: int, width: int) -> str:
    """What stands on a line of a control: its words on the first, on the last where its knob or fader stands."""
    if line == of - 1 and of > 1 and each.look.value is not None:
        return "▮" * max(1, round(each.look.value * width))
    return each.words[line] if line < len(each.words) else ""


def _rgb(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
