"""A sheet to draw on in points, smooth-edged, with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Point = tuple[float, float]

PAPER: Colour = (253, 252, 249)
INK: Colour = (33, 37, 46)
MUTED: Colour = (125, 131, 143)
LINE: Colour = (214, 212, 205)
GRID: Colour = (234, 232, 226)
VOICE: Colour = (222, 82, 58)

_PIXELS, _SMOOTHING = 2, 2
"""Pixels a point in the picture, and how much finer it is drawn than shown: Pillow's own shapes have hard edges."""


class Canvas:
    """`width` by `height` points, x to the right and y downward; two pixels a point."""

    def __init__(self, width: float, height: float) -> None:
        from PIL import Image, ImageDraw

        self._scale = _PIXELS * _SMOOTHING
        self._size = (round(width * _PIXELS), round(height * _PIXELS))
        self._sheet = Image.new("RGB", (self._size[0] * _SMOOTHING, self._size[1] * _SMOOTHING), PAPER)
        self._draw = ImageDraw.Draw(self._sheet)
        self._fonts: dict[float, Any] = {}

    def line(self, points: Sequence[Point], colour: Colour, width: float = 1.0) -> None:
        """A line through the points, rounded at its joints and ends."""
        dots = [(x * self._scale, y * self._scale) for x, y in points]
        if len(dots) > 1:
            self._draw.line(dots, fill=colour, width=max(1, round(width * self._scale)), joint="curve")
        reach = width * self._scale / 2
        for x, y in (dots[0], dots[-1]) if width > 1 else ():
            self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)

    def area(self, points: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=colour)

    def block(
        self, box: tuple[float, float, float, float], radius: float, fill: Colour | None, edge: Colour | None = None
    ) -> None:
        """A rectangle (left, top, right, bottom) with round corners; at least a point wide."""
        left, top, right, bottom = box
        right = max(right, left + 1)
        radius = max(0.0, min(radius, (right - left) / 2, (bottom - top) / 2))
        self._draw.rounded_rectangle(
            [value * self._scale for value in (left, top, right, bottom)],
            radius=radius * self._scale,
            fill=fill,
            outline=edge,
            width=round(self._scale) if edge else 0,
        )

    def picture(self, box: tuple[float, float, float, float], pixels: NDArray[np.uint8]) -> None:
        """Pixels (rows, columns, 3) stretched over (left, top, right, bottom)."""
        from PIL import Image

        left, top, right, bottom = (round(value * self._scale) for value in box)
        self._sheet.paste(Image.fromarray(pixels, "RGB").resize((right - left, bottom - top)), (left, top))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: Colour,
        *,
        anchor: str = "ls",
        halo: Colour | None = None,
    ) -> None:
        """`anchor` as Pillow has it: l, m, r and t, m, s (baseline). `halo` is a rim that keeps it legible."""
        self._draw.text(
            (x * self._scale, y * self._scale),
            text,
            font=self._font(size),
            fill=colour,
            anchor=anchor,
            stroke_width=round(1.5 * self._scale) if halo else 0,
            stroke_fill=halo,
        )

    def text_width(self, text: str, size: float) -> float:
        return float(self._font(size).getlength(text)) / self._scale

    def cut_text(self, text: str, size: float, width: float) -> str:
        """`text`, or as much of it as fits, ending in three dots."""
        if self.text_width(text, size) <= width:
            return text
        words = text.split()
        while words and self.text_width(" ".join(words) + " ...", size) > width:
            words.pop()
        return " ".join(words) + " ..."

    def image(self) -> Any:
        """The picture, a `PIL.Image.Image`."""
        from PIL import Image

        return self._sheet.resize(self._size, Image.Resampling.LANCZOS)

    def _font(self, size: float) -> Any:
        from PIL import ImageFont

        if size not in self._fonts:
            self._fonts[size] = ImageFont.load_default(size=size * self._scale)
        return self._fonts[size]
