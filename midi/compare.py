"""How alike two clips are, and in which respect.

Four measures, each 0..1, 1 for a clip against itself, and the same whichever clip comes first. Time is sampled on a
grid of 24 slots a beat; a note covers the slots at or after its start and before its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midi.clip import Clip
from midi.note import TICKS_PER_BEAT, Note

SLOTS_PER_BEAT = 24
SLOT_TICKS = TICKS_PER_BEAT // SLOTS_PER_BEAT
WEIGHTS = {"pitch": 0.50, "rhythm": 0.25, "contour": 0.20, "density": 0.05}
"""How much each measure counts in the one number: a melody moved to other pitches comes to about a half."""

_SILENT = -1
_DIGITS = 9

Span = tuple[int, int, int]
"""Start and end in ticks, and pitch, of one note."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two clips are.

    `pitch`: of the time in which either sounds, the share in which both sound the same pitch (in chords: the pitches
    in common over the larger number of pitches, slot by slot).
    `rhythm`: the F-measure of the onsets, those that coincide against those of both.
    `contour`: the correlation of the two top lines over the time in which both sound, negative counted as 0. Two flat
    lines are alike (1); a flat one and a moving one are not (0).
    `density`: the smaller number of notes over the larger.
    `contour_correlation` is the correlation before it is cut at 0, -1..1: a mirrored line comes near -1.
    """

    pitch: float
    rhythm: float
    contour: float
    density: float
    contour_correlation: float

    @property
    def closeness(self) -> float:
        """One number: 1 the same, 0 nothing in common. The mean of the four by `WEIGHTS`."""
        return round(
            WEIGHTS["pitch"] * self.pitch
            + WEIGHTS["rhythm"] * self.rhythm
            + WEIGHTS["contour"] * self.contour
            + WEIGHTS["density"] * self.density,
            _DIGITS,
        )


def likeness(a: Clip, b: Clip) -> Likeness:
    """How alike two clips are, in each respect. The shorter one is followed by silence."""
    length = round(max(a.length_beats, b.length_beats) * TICKS_PER_BEAT)
    table = measured(shapes([spans(a)], length), shapes([spans(b)], length))[0]
    return Likeness(*(float(value) for value in table))


def closeness(a: Clip, b: Clip) -> float:
    """How close two clips are: 1 the same, 0 nothing in common."""
    return likeness(a, b).closeness


def top_line(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The melody of a texture, one voice.

    Of notes that begin together the highest; a lower note that begins under a sounding one belongs to it only if it
    goes on alone for longer than both sound (a slight overlap of legato playing). Each is cut where the next begins.
    """
    line: list[Note] = []
    for note in sorted(notes, key=lambda note: (note.start_ticks, -note.pitch)):
        if line and note.start_ticks == line[-1].start_ticks:
            continue
        overlap = line[-1].end_ticks - note.start_ticks if line else 0
        if overlap > 0:
            if note.pitch <= line[-1].pitch and note.end_ticks - line[-1].end_ticks <= overlap:
                continue
            line[-1] = replace(line[-1], length_beats=note.start_beats - line[-1].start_beats)
        line.append(note)
    return tuple(line)


def spans(clip: Clip) -> list[Span]:
    """The notes of a clip in ticks."""
    return [(note.start_ticks, note.end_ticks, note.pitch) for note in clip.notes]


@dataclass(frozen=True, slots=True)
class Shapes:
    """Clips of one length, sampled: what the measures are made from.

    `voices`: int16, shape (clips, voices, slots), the pitches in a slot, each once, highest first, -1 for none.
    `onsets`: bool, shape (clips, slots), whether a note begins. `counts`: float32, shape (clips,), numbers of notes.
    """

    voices: NDArray[np.int16]
    onsets: NDArray[np.bool_]
    counts: NDArray[np.float32]

    def __getitem__(self, index: int) -> Shapes:
        """One clip as shapes of its own."""
        part = slice(index, index + 1)
        return Shapes(self.voices[part], self.onsets[part], self.counts[part])

    def some(self, places: slice | NDArray[np.integer[Any]]) -> Shapes:
        """Some of the clips."""
        return Shapes(self.voices[places], self.onsets[places], self.counts[places])


def shapes(clips: Sequence[Sequence[Span]], length_ticks: int) -> Shapes:
    """Samples clips given as spans of notes in order of start; `length_ticks` at least the end of the last."""
    slots = max(1, -(-length_ticks // SLOT_TICKS))
    layered = [_layers(clip) for clip in clips]
    width = max((len(layers) for layers in layered), default=1)
    voices = np.full((len(clips), width, slots), _SILENT, np.int16)
    onsets = np.zeros((len(clips), slots), np.bool_)
    for index, (clip, layers) in enumerate(zip(clips, layered, strict=True)):
        for voice, layer in zip(voices[index], layers, strict=False):
            for start, end, pitch in layer:
                voice[-(-start // SLOT_TICKS) : -(-end // SLOT_TICKS)] = pitch
        onsets[index, [min(slots - 1, (2 * start + SLOT_TICKS) // (2 * SLOT_TICKS)) for start, _, _ in clip]] = True
    if width > 1:
        voices = -np.sort(-voices, axis=1)
        voices[:, 1:][voices[:, 1:] == voices[:, :-1]] = _SILENT
    return Shapes(voices, onsets, np.array([len(clip) for clip in clips], np.float32))


def measured(one: Shapes, many: Shapes) -> NDArray[np.float64]:
    """The likeness of one clip to each of many of the same length: shape (clips, 5), in the order of `Likeness`."""
    mine, theirs = one.voices, many.voices
    sounding, sounding_too = mine >= 0, theirs >= 0
    most = np.maximum(sounding.sum(axis=1), sounding_too.sum(axis=1)).sum(axis=-1)
    same = np.zeros(len(many.counts), np.int64)
    for voice in range(mine.shape[1]):
        same += ((theirs == mine[:, voice : voice + 1]) & sounding[:, voice : voice + 1]).sum(axis=(1, 2))
    pitch = np.where(most > 0, same / np.maximum(most, 1), 1.0)

    together = (many.onsets & one.onsets).sum(axis=-1)
    all_onsets = many.onsets.sum(axis=-1) + one.onsets.sum()
    rhythm = np.where(all_onsets > 0, 2 * together / np.maximum(all_onsets, 1), 1.0)

    correlation = _correlation(mine[:, 0], theirs[:, 0])
    correlation = np.where(all_onsets > 0, correlation, 1.0)
    fewer, more = np.minimum(many.counts, one.counts), np.maximum(many.counts, one.counts)
    density = np.where(more > 0, fewer / np.maximum(more, 1), 1.0)
    return np.stack([pitch, rhythm, np.maximum(correlation, 0), density, correlation], axis=-1).round(_DIGITS)


def closenesses(one: Shapes, many: Shapes) -> NDArray[np.float64]:
    """The closeness of one clip to each of many, shape (clips,)."""
    weights = np.array([*WEIGHTS.values(), 0.0])
    weighted: NDArray[np.float64] = (measured(one, many) * weights).sum(axis=-1).round(_DIGITS)
    return weighted


def _correlation(line: NDArray[np.int16], lines: NDArray[np.int16]) -> NDArray[np.float64]:
    """Pearson's r of one top line with each of many where both sound; 1 for two flat lines, else 0 where undefined."""
    both = (line >= 0) & (lines >= 0)
    count = np.maximum(both.sum(axis=-1), 1)
    # Whole numbers about the middle of the keyboard: the sums are exact, so neither order nor machine matters.
    x = np.where(both, line.astype(np.int64) - 60, 0)
    y = np.where(both, lines.astype(np.int64) - 60, 0)
    spread_x = count * (x * x).sum(axis=-1) - x.sum(axis=-1) ** 2
    spread_y = count * (y * y).sum(axis=-1) - y.sum(axis=-1) ** 2
    joint = count * (x * y).sum(axis=-1) - x.sum(axis=-1) * y.sum(axis=-1)
    scale = np.sqrt(spread_x.astype(np.float64)) * np.sqrt(spread_y.astype(np.float64))
    moving = np.where(scale > 0, joint / np.where(scale > 0, scale, 1.0), 0.0)
    flat = (spread_x == 0) & (spread_y == 0) & both.any(axis=-1)
    result: NDArray[np.float64] = np.clip(np.where(flat, 1.0, moving), -1.0, 1.0)
    return result


def _layers(clip: Sequence[Span]) -> list[list[Span]]:
    """The notes dealt out to as few voices as it takes for none to overlap within a voice."""
    if all(a[1] <= b[0] for a, b in pairwise(clip)):
        return [list(clip)]
    layers: list[list[Span]] = []
    ends: list[int] = []
    for span in clip:
        for voice, end in enumerate(ends):
            if end <= span[0]:
                layers[voice].append(span)
                ends[voice] = span[1]
                break
        else:
            layers.append([span])
            ends.append(span[1])
    return layers
