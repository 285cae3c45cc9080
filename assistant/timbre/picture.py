"""Spectrograms beside each other: what came in, what was made of it, and the instrument itself."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.canvas import INK, MUTED, Canvas
from assistant.timbre.features import SAMPLE_RATE_HZ
from assistant.timbre.measures import mel_db

RANGE_DB = 70.0
_SILENT_DB = -30.0
"""Of a band's power: what is never louder is silence."""
_MARGIN, _GUTTER, _HEAD = 28.0, 120.0, 58.0
_WIDE, _HIGH, _GAP = 230.0, 110.0, 10.0
_SHADES = np.array([(16, 14, 34), (74, 32, 104), (170, 58, 92), (240, 132, 60), (252, 240, 188)], np.float64)
"""From silence to the loudest."""


def spectrograms(title: str, rows: Mapping[str, Mapping[str, Samples]]) -> bytes:
    """A PNG: a row for each way, in it a picture for each source, to 16 kHz in mel bands, each 70 dB from its loudest
    down. `rows` is way → source → mono samples at the timbres' rate.
    """
    columns = list(dict.fromkeys(source for row in rows.values() for source in row))
    width = _MARGIN + _GUTTER + len(columns) * (_WIDE + _GAP) + _MARGIN
    canvas = Canvas(width, _HEAD + len(rows) * (_HIGH + _GAP) + _MARGIN)
    canvas.text(_MARGIN, 32, title, 18, INK)
    for number, source in enumerate(columns):
        left = _MARGIN + _GUTTER + number * (_WIDE + _GAP)
        canvas.text(left, _HEAD - 8, canvas.cut_text(source, 11, _WIDE), 11, MUTED)
    for number, (way, row) in enumerate(rows.items()):
        top = _HEAD + number * (_HIGH + _GAP)
        canvas.text(_MARGIN + _GUTTER - 10, top + _HIGH / 2, way, 12, INK, anchor="rm")
        for source, samples in row.items():
            left = _MARGIN + _GUTTER + columns.index(source) * (_WIDE + _GAP)
            canvas.picture((left, top, left + _WIDE, top + _HIGH), _shaded(samples))
    seconds = max((len(samples) for row in rows.values() for samples in row.values()), default=0) / SAMPLE_RATE_HZ
    told = f"{seconds:.0f} s from left to right at most, 0 to 16 kHz from below, {RANGE_DB:.0f} dB from dark to light"
    canvas.text(_MARGIN + _GUTTER, _HEAD + len(rows) * (_HIGH + _GAP) + 10, told, 11, MUTED)
    out = io.BytesIO()
    canvas.image().save(out, "PNG")
    return out.getvalue()


def _shaded(samples: Samples) -> NDArray[np.uint8]:
    """Shape (bands, frames, 3), the highest band first."""
    spectra = mel_db(samples).T[::-1]
    loudest = max(float(spectra.max()), _SILENT_DB)
    bright = np.clip(1 + (spectra - loudest) / RANGE_DB, 0, 1)
    steps = np.linspace(0, 1, len(_SHADES))
    shaded = np.stack([np.interp(bright, steps, shade) for shade in _SHADES.T], axis=-1)
    pixels: NDArray[np.uint8] = np.rint(shaded).astype(np.uint8)
    return pixels
