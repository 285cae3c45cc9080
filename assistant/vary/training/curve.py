"""The validation curve of a training run as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.canvas import GRID, INK, LINE, MUTED, VOICE, Canvas

WIDTH, HEIGHT, MARGIN = 560.0, 320.0, 52.0
SHOWN = {"asked": ("variations as asked", VOICE), "infill": ("gaps filled", INK)}


def curve_picture(curve: Sequence[Mapping[str, Any]]) -> bytes:
    """Bits a step over minutes, lower is better, as PNG; what was not learned from judges."""
    canvas = Canvas(WIDTH, HEIGHT)
    minutes = [float(point["minutes"]) for point in curve]
    values = [point[name][2] for point in curve for name in SHOWN]
    low, high = min(values) - 0.05, max(values) + 0.05
    last = max(minutes[-1], 1e-6)

    def at(minute: float, bits: float) -> tuple[float, float]:
        across = MARGIN + (WIDTH - 2 * MARGIN) * minute / last
        return across, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (bits - low) / (high - low)

    for step in range(5):
        bits = low + (high - low) * step / 4
        _, y = at(0, bits)
        canvas.line([(MARGIN, y), (WIDTH - MARGIN, y)], GRID)
        canvas.text(8, y + 3, f"{bits:.2f}", 10, MUTED)
    canvas.line([(MARGIN, HEIGHT - MARGIN), (WIDTH - MARGIN, HEIGHT - MARGIN)], LINE)
    canvas.text(MARGIN, HEIGHT - 30, f"0 to {minutes[-1]:.1f} minutes", 10, MUTED)
    canvas.text(MARGIN, 20, "bits a step on music not learned from", 10, MUTED)
    for number, (name, (words, colour)) in enumerate(SHOWN.items()):
        canvas.line([at(minute, point[name][2]) for minute, point in zip(minutes, curve, strict=True)], colour, 2)
        canvas.text(WIDTH - MARGIN, 20 + 16 * number, words, 11, colour, anchor="rs")
    stored = io.BytesIO()
    canvas.image().save(stored, "PNG")
    return stored.getvalue()
