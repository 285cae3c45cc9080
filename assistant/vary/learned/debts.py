"""What is still owed to a request while a passage is written: so that it comes out as close as was asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.vary.learned.controls import Controls
from assistant.vary.learned.features import FREE, Rows, correlation_symbol, ratio_symbol, share_symbol
from assistant.vary.learned.likeness import CELL_TICKS, SILENT, Cells, correlation_of_sums
from assistant.vary.learned.steps import PITCHES

SLACK = 0.03
"""A contour this near to the one wanted is as good as it."""


class Debts:
    """Counts, for each of B passages, what they share with the source so far, in cells that are free to change."""

    def __init__(
        self, source: Cells, locked: NDArray[np.bool_], wanted: Sequence[Controls], *, counted: bool = True
    ) -> None:
        rows = len(wanted)
        self.source_pitch = np.where(source.pitch >= 0, source.pitch, SILENT)
        self.open = ~locked[::CELL_TICKS]
        self.source_onset = source.onset & self.open
        sounding = (self.source_pitch >= 0) & self.open
        self.onsets_left = totals_left(self.source_onset)
        self.sounding_left = totals_left(sounding)
        self.counted = counted
        self.wanted = {
            name: np.array([np.nan if (v := getattr(w, name)) is None else v for w in wanted], np.float64)
            for name in ("overlap", "rhythm", "density", "contour")
        }
        heard = sounding.astype(np.float64)
        pitch = np.where(sounding, self.source_pitch, 0).astype(np.float64)
        columns = np.stack([heard, pitch, pitch * pitch], 1)
        self.source_sums = totals_before(columns)
        self.open_before = totals_before(self.open)
        self.source_onset_at = np.append(self.source_onset, False)
        self.open_at = np.append(self.open, False)
        # How often each pitch sounds in the source before each cell.
        self.same_before = totals_before(sounding[:, None] & (self.source_pitch[:, None] == np.arange(PITCHES)))
        self.same, self.either, self.shared, self.notes = (np.zeros(rows) for _ in range(4))
        self.sums = np.zeros((rows, 6))

    def symbols(self, moments: Rows) -> Rows:
        """The four countdown columns at the tick each passage has come to: shape `(B, 4)`."""
        cell = np.minimum(-(-moments // CELL_TICKS), len(self.open))
        onsets, sounding = self.onsets_left[cell], self.sounding_left[cell]
        total = self.either + sounding
        overlap = share_symbol(np.nan_to_num(self.wanted["overlap"]) * total - self.same, sounding)
        all_onsets = self.onsets_left[0]
        density = np.where(np.isnan(self.wanted["density"]), 1.0, self.wanted["density"])
        shared = np.nan_to_num(self.wanted["rhythm"]) * (1 + density) * all_onsets / 2
        rhythm = share_symbol(shared - self.shared, onsets)
        left = np.maximum(0, density * all_onsets - self.notes)
        columns = {
            "overlap": overlap,
            "rhythm": rhythm,
            "density": ratio_symbol(left, onsets),
            "contour": correlation_symbol(correlation_of_sums(*self.sums.T), self.sums[:, 0]),
        }
        return np.stack(
            [
                np.where(np.isnan(self.wanted[name]) | (not self.counted), FREE, column)
                for name, column in columns.items()
            ],
            1,
        )

    def off_contour(self, moments: Rows, ticks: Rows) -> NDArray[np.float64]:
        """How far each pitch, held for `ticks` from `moments` on, would leave the contour so far from the one wanted,
        weighted by how much of the passage is written then: shape `(B, PITCHES)`; 0 where no contour is wanted."""
        wanted = self.wanted["contour"]
        first, last = -(-moments // CELL_TICKS), -(-(moments + ticks) // CELL_TICKS)
        n, x, xx = (self.source_sums[last] - self.source_sums[first]).T[:, :, None]
        y = np.arange(PITCHES, dtype=np.float64)[None]
        ny = n * y
        added = (n, x, ny, xx, ny * y, x * y)
        after = [before + more for before, more in zip(self.sums.T[:, :, None], added, strict=True)]
        done = after[0] / max(1.0, self.source_sums[-1, 0])
        off = np.maximum(0.0, np.abs(correlation_of_sums(*after) - wanted[:, None]) - SLACK) * done
        return np.where(np.isnan(wanted)[:, None] | (n == 0), 0.0, off)

    def write(self, rows: Rows, moments: Rows, ticks: Rows, pitches: Rows, begins: NDArray[np.bool_]) -> None:
        """Passages `rows` sound `pitches` (`PITCHES` or more: silence) for `ticks` from `moments` on, all of shape
        `(n,)`; `begins`: with a note that starts there."""
        first, last = -(-moments // CELL_TICKS), -(-(moments + ticks) // CELL_TICKS)
        self.notes[rows] += begins & self.open_at[first]
        self.shared[rows] += begins & self.source_onset_at[first]
        sums = self.source_sums[last] - self.source_sums[first]
        sounds = pitches < PITCHES
        self.either[rows] += np.where(sounds, self.open_before[last] - self.open_before[first], sums[:, 0])
        y = np.where(sounds, pitches, 0)
        self.same[rows] += sounds * (self.same_before[last, y] - self.same_before[first, y])
        n, x, xx = sums.T * sounds
        self.sums[rows] += np.stack([n, x, y * n, xx, y * y * n, x * y], 1)


def totals_before(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """The sum of all before each place, along the first axis, with one place more at the end."""
    found = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, 0, out=found[1:])
    return found


def totals_left(flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How many are set from each place on, with one place more at the end."""
    return np.concatenate([flags[::-1].cumsum()[::-1], [0]]).astype(np.float64)
