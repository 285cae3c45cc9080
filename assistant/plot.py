"""A picture of a hum: its sound, the sung pitch, the notes that were heard, and variations of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.canvas import GRID, INK, LINE, MUTED, PAPER, VOICE, Canvas, Colour
from midi.clip import Clip
from midi.motif import Motif
from midi.scale import Key

if TYPE_CHECKING:
    from assistant.audio import Audio
    from assistant.hear import Heard
    from assistant.vary.variation import Variation

WIDTH, MARGIN, GUTTER = 1240.0, 44.0, 40.0
_HEADER, _WAVE, _ROLL, _CARD, _CARD_HEAD = 100.0, 76.0, 300.0, 138.0, 44.0
_GAP = 30.0
_NOTE, _NOTE_EDGE = (206, 219, 236), (84, 116, 160)
_SUNG_EDGE = (214, 150, 132)
_SUNG_SHARE = 0.62
"""Of a row, how high a note as sung is drawn."""
_WAVE_COLOUR = (178, 186, 199)
_GHOST = (222, 222, 219)
_SHADE = (246, 245, 241)
_VARIATIONS = ((42, 139, 132), (203, 128, 38), (136, 88, 146), (178, 74, 74))
_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FEELS = {"triplets": ("triplets",), "swing": ("swung",)}
_BLACK = {1, 3, 6, 8, 10}
_CURVE_GAP_SECONDS = 0.03
_AROUND_BEATS = 1.5


Box = tuple[float, float, float, float]
"""left, top, right, bottom."""


def plot_hum(heard: Heard, audio: Audio, variations: Sequence[Variation] = ()) -> bytes:
    """A PNG picture, 2480 pixels wide: waveform, sung pitch, notes as sung and as meant, bars and beats, and up to four
    variations.

    The bar lines follow the singer: they lie where the notes around them put them. What was meant stands on them; what
    was sung stands where and how high it was sung, the singer's own tuning taken off.
    """
    shown = tuple(variations[:4])
    rows = (len(shown) + 1) // 2
    height = _HEADER + _WAVE + 14 + _ROLL + 38 + rows * (_CARD + _CARD_HEAD + _GAP) + 16
    canvas = Canvas(WIDTH, height)
    _header(canvas, heard)
    left, right = MARGIN + GUTTER, WIDTH - MARGIN
    _waveform(canvas, audio, (left, _HEADER, right, _HEADER + _WAVE))
    top = _HEADER + _WAVE + 14
    _sung_notes(canvas, heard, (left, top, right, top + _ROLL))
    top += _ROLL + 38 + _GAP / 2
    if shown:
        told = "behind the variations: the hum"
        canvas.text(WIDTH - MARGIN, top - _GAP / 2 - 3, told, 11, MUTED, anchor="rs")
        canvas.block(_beside(canvas, told, top - _GAP / 2 - 7), 2.5, _GHOST)
    width = (WIDTH - 2 * MARGIN - _GAP) / 2
    for index, variation in enumerate(shown):
        x = MARGIN + (index % 2) * (width + _GAP)
        y = top + (index // 2) * (_CARD + _CARD_HEAD + _GAP)
        _variation(canvas, variation, heard.motif, _VARIATIONS[index], (x, y, x + width, y + _CARD_HEAD + _CARD))
    out = io.BytesIO()
    canvas.image().save(out, "PNG")
    return out.getvalue()


def _header(canvas: Canvas, heard: Heard) -> None:
    motif = heard.motif
    canvas.text(MARGIN, 40, f"{motif.key}", 25, INK, anchor="ls")
    wide = canvas.text_width(f"{motif.key}", 25)
    told = [f"{motif.meter}", f"{motif.tempo.bpm:.0f} BPM", *_FEELS.get(heard.feel, ())]
    told += ["free time"] if heard.freedom else []
    canvas.text(MARGIN + wide + 16, 40, "   ".join(told), 16, MUTED, anchor="ls")
    notes = f"{len(heard.notes)} note{'' if len(heard.notes) == 1 else 's'}"
    bars = f"{motif.bars} bar{'' if motif.bars == 1 else 's'}"
    cents = round(heard.tuning_cents)
    tuning = "in tune" if abs(cents) < 3 else f"{abs(cents)} cents {'sharp' if cents > 0 else 'flat'}"
    canvas.text(WIDTH - MARGIN, 40, f"{notes}   {bars}   {tuning}", 14, MUTED, anchor="rs")
    x = WIDTH - MARGIN
    samples = (("meant", _note_sample), ("sung", _sung_sample), ("pitch", _voice_sample))
    for name, draw in samples if heard.notes else ():
        x -= canvas.text_width(name, 12)
        canvas.text(x, 66, name, 12, MUTED, anchor="ls")
        x -= 30
        draw(canvas, x, 62)
        x -= 22


def _beside(canvas: Canvas, text: str, middle: float) -> Box:
    """Where a sample goes that stands left of a text at the right margin."""
    right = WIDTH - MARGIN - canvas.text_width(text, 11) - 8
    return right - 22, middle - 4, right, middle + 4


def _note_sample(canvas: Canvas, x: float, y: float) -> None:
    canvas.block((x, y - 5, x + 22, y + 5), 3, _NOTE, _NOTE_EDGE)


def _sung_sample(canvas: Canvas, x: float, y: float) -> None:
    canvas.block((x, y - 4, x + 22, y + 4), 2.5, None, _SUNG_EDGE)


def _voice_sample(canvas: Canvas, x: float, y: float) -> None:
    along = np.linspace(0, 22, 30)
    canvas.line([(x + step, y - 3 * np.sin(step / 22 * 6.3)) for step in along], VOICE, 2.0)


def _waveform(canvas: Canvas, audio: Audio, box: Box) -> None:
    left, top, right, bottom = box
    columns = int((right - left) * 2)
    samples = audio.mono()
    edges = np.linspace(0, len(samples), columns + 1).astype(int)
    highest = np.array([np.abs(samples[a : max(b, a + 1)]).max(initial=0.0) for a, b in pairwise(edges)])
    highest /= max(float(highest.max(initial=0.0)), 1e-9)
    middle, half = (top + bottom) / 2, (bottom - top) / 2
    xs = left + (np.arange(columns) + 0.5) / columns * (right - left)
    reach = np.maximum(highest * half, 0.5)
    upper = list(zip(xs, middle - reach, strict=True))
    lower = list(zip(xs[::-1], (middle + reach)[::-1], strict=True))
    canvas.area(upper + lower, _WAVE_COLOUR)
    length = audio.duration_seconds
    step = next(size for size in (1, 2, 5, 10, 30, 60, 120, 300) if length / size <= 16)
    for second in range(0, int(length) + 1, step):
        x = left + second / length * (right - left)
        if x < right - 16:
            canvas.text(x, top - 7, f"{second} s", 10, MUTED, anchor="ls")


def _sung_notes(canvas: Canvas, heard: Heard, box: Box) -> None:
    left, top, right, bottom = box
    length = heard.duration_seconds
    curve = heard.curve.pitch
    sung = curve[~np.isnan(curve)]
    tuning = heard.tuning_cents / 100
    pitches = [note.pitch for note in heard.placed]
    low, high = min(pitches), max(pitches)
    if len(sung):
        low = min(low, int(np.floor(np.percentile(sung, 1) - tuning)))
        high = max(high, int(np.ceil(np.percentile(sung, 99) - tuning)))
    rows = _Rows(low - 1, high + 1, top, bottom)

    def at(seconds: float) -> float:
        return left + min(max(seconds / length, 0.0), 1.0) * (right - left)

    rows.draw(canvas, left, right, heard.motif.key)
    _bars(canvas, heard, at, (left, top, right, bottom))
    seconds_of = _beat_times(heard)
    for meant in heard.placed:
        begin, end = (at(seconds_of(beats)) for beats in (meant.start_beats, meant.end_beats))
        block = (begin, rows.top_of(meant.pitch), end, rows.bottom_of(meant.pitch))
        canvas.block(block, min(4.0, rows.height / 3), _NOTE, _NOTE_EDGE)
    half = _SUNG_SHARE * rows.height / 2
    for note in heard.notes:
        middle = rows.middle(note.pitch - tuning)
        block = (at(note.onset_seconds), middle - half, at(note.offset_seconds), middle + half)
        canvas.block(block, min(3.0, half / 2), None, _SUNG_EDGE)
    for points in _strokes(heard.curve.times_seconds, curve - np.float32(tuning)):
        canvas.line([(at(seconds), rows.middle(pitch)) for seconds, pitch in points], PAPER, 5.0)
        canvas.line([(at(seconds), rows.middle(pitch)) for seconds, pitch in points], VOICE, 2.2)
    names = _FLATS if heard.motif.key.flats else _SHARPS
    for note, meant in zip(heard.notes, heard.placed, strict=True):
        name = names[meant.pitch % 12]
        x = at(seconds_of(meant.start_beats))
        if at(note.offset_seconds) - x >= canvas.text_width(name, 12) + 4:
            canvas.text(x + 1, rows.top_of(meant.pitch) - 4, name, 12, INK, anchor="ls", halo=PAPER)


def _strokes(times: NDArray[np.float64], pitch: NDArray[np.float32]) -> list[list[tuple[float, float]]]:
    """The curve in pieces that are sung without a break, lightly smoothed."""
    there = np.flatnonzero(~np.isnan(pitch))
    if len(there) == 0:
        return []
    leaps = (np.diff(times[there]) > _CURVE_GAP_SECONDS) | (np.abs(np.diff(pitch[there])) > 1.5)
    pieces = np.split(there, np.flatnonzero(leaps) + 1)
    strokes = []
    for piece in pieces:
        if len(piece) < 3:
            continue
        smooth = np.convolve(np.pad(pitch[piece], 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
        strokes.append(list(zip(times[piece].tolist(), smooth.tolist(), strict=True)))
    return strokes


def _bars(canvas: Canvas, heard: Heard, at: Callable[[float], float], box: Box) -> None:
    """Bar lines with their numbers, and beats, where the singer put them."""
    left, top, right, bottom = box
    motif = heard.motif
    seconds_of = _beat_times(heard)
    beat = motif.meter.pulse_beats
    crowded = (right - left) / max(1.0, motif.clip.length_beats / beat) < 7
    for index in range(round(motif.clip.length_beats / beat) + 1):
        seconds = seconds_of(index * beat)
        on_bar = abs(index * beat / motif.meter.bar_beats % 1) < 1e-6
        if not 0 <= seconds <= heard.duration_seconds or (crowded and not on_bar):
            continue
        x = at(seconds)
        canvas.line([(x, top), (x, bottom)], LINE if on_bar else GRID, 1.6 if on_bar else 0.8)
        number = round(index * beat / motif.meter.bar_beats) + 1
        if on_bar and number <= motif.bars and (right - left) / motif.bars > 16:
            canvas.text(x, bottom + 17, f"{number}", 12, MUTED, anchor="ms")


def _beat_times(heard: Heard) -> Callable[[float], float]:
    """Beats to seconds, evenly through the notes around as they were sung, beyond them at the tempo."""
    first: dict[float, float] = {}
    for note, meant in zip(heard.notes, heard.placed, strict=True):
        first.setdefault(meant.start_beats, note.onset_seconds)
    beats = np.array(sorted(first))
    times = np.maximum.accumulate(_evenly(beats, np.array([first[beat] for beat in sorted(first)])))
    tempo = heard.motif.tempo

    def seconds(beat: float) -> float:
        if beat <= beats[0]:
            return float(times[0]) - tempo.seconds(float(beats[0]) - beat)
        if beat >= beats[-1]:
            return float(times[-1]) + tempo.seconds(beat - float(beats[-1]))
        return float(np.interp(beat, beats, times))

    return seconds


def _evenly(beats: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times on a line through those around, the nearer the more it heeds them: a late note does not move the beat."""
    if len(beats) < 3:
        return times
    apart = beats[np.newaxis, :] - beats[:, np.newaxis]
    weights = np.exp(-np.abs(apart) / _AROUND_BEATS)
    total = weights.sum(axis=1)
    mean_beat, mean_time = (weights * apart).sum(axis=1) / total, (weights @ times) / total
    off = apart - mean_beat[:, np.newaxis]
    slope = (weights * off * (times - mean_time[:, np.newaxis])).sum(axis=1) / (weights * off**2).sum(axis=1)
    even: NDArray[np.float64] = mean_time - slope * mean_beat
    return even


class _Rows:
    """A row for each pitch from `low` to `high`, the highest on top."""

    def __init__(self, low: int, high: int, top: float, bottom: float, least: int = 12) -> None:
        spare = max(0, least - (high - low + 1))
        self.low, self.high = low - spare // 2, high + (spare + 1) // 2
        self.bottom = bottom
        self.top = top
        self.height = (bottom - top) / (self.high - self.low + 1)

    def middle(self, pitch: float) -> float:
        return min(max(self.bottom - (pitch - self.low + 0.5) * self.height, self.top), self.bottom)

    def top_of(self, pitch: int) -> float:
        return self.middle(pitch) - self.height / 2 + 0.5

    def bottom_of(self, pitch: int) -> float:
        return self.middle(pitch) + self.height / 2 - 0.5

    def draw(self, canvas: Canvas, left: float, right: float, key: Key) -> None:
        """The rows, those of the black keys shaded, with the names of the key's notes where there is room."""
        names = _FLATS if key.flats else _SHARPS
        for pitch in range(self.low, self.high + 1):
            box = (left, self.top_of(pitch) - 0.5, right, self.bottom_of(pitch) + 0.5)
            if pitch % 12 in _BLACK:
                canvas.block(box, 0, _SHADE)
            named = pitch in key if self.height >= 12 else pitch % 12 == key.tonic
            if named:
                colour = INK if pitch % 12 == key.tonic else MUTED
                label = f"{names[pitch % 12]}{pitch // 12 - 1}"
                canvas.text(left - 10, self.middle(pitch), label, 11, colour, anchor="rm")


def _variation(canvas: Canvas, variation: Variation, motif: Motif, colour: Colour, box: Box) -> None:
    """A variation's notes over the motif's, in grey, and what was done."""
    left, top, right, bottom = box
    head = top + _CARD_HEAD
    title = variation.technique.replace("-", " ").capitalize()
    near = f"{round(variation.closeness * 100)} % alike"
    room = right - left - canvas.text_width(near, 11) - 16
    canvas.text(left, top + 13, canvas.cut_text(title, 14, room), 14, INK)
    canvas.text(right, top + 13, near, 11, MUTED, anchor="rs")
    canvas.text(left, top + 31, canvas.cut_text(variation.sentence, 11, right - left), 11, MUTED)
    varied = variation.motif
    clips = (motif.clip, varied.clip)
    pitches = [note.pitch for clip in clips for note in clip.notes] or [60]
    rows = _Rows(min(pitches) - 1, max(pitches) + 1, head, bottom)
    length = max(clip.length_beats for clip in clips)

    def at(beats: float) -> float:
        return left + beats / length * (right - left)

    beat = varied.meter.pulse_beats
    canvas.block((left, head, right, bottom), 5, None, GRID)
    for index in range(1, int(length / beat + 1e-6)):
        on_bar = abs(index * beat / varied.meter.bar_beats % 1) < 1e-6
        if on_bar or (right - left) * beat / length >= 7:
            canvas.line([(at(index * beat), head), (at(index * beat), bottom)], LINE if on_bar else GRID, 0.8)
    _blocks(canvas, motif.clip, rows, at, _GHOST)
    _blocks(canvas, varied.clip, rows, at, colour)


def _blocks(canvas: Canvas, clip: Clip, rows: _Rows, at: Callable[[float], float], colour: Colour) -> None:
    for note in clip.notes:
        y, half = rows.middle(note.pitch), max(1.5, min(rows.height, 9.0) / 2 - 0.3)
        canvas.block((at(note.start_beats) + 0.8, y - half, at(note.end_beats) - 0.8, y + half), 2.5, colour)
