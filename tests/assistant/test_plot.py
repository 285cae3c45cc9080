"""The picture of a hum, judged by reading it again with Pillow."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from assistant.audio import Audio
from assistant.canvas import PAPER, VOICE
from assistant.hear import Heard
from assistant.hear.pitch import PitchCurve
from assistant.plot import GUTTER, MARGIN, WIDTH, plot_hum
from assistant.vary.variation import Variation
from midi.clip import Clip
from midi.heard import HeardNote
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.tempo import Tempo

TUNE = ((62, 0.0, 1.0), (65, 1.0, 0.5), (64, 1.5, 0.5), (69, 2.0, 1.75))


def heard(tune: tuple[tuple[int, float, float], ...] = TUNE, *, seconds: float = 4.0) -> Heard:
    placed = tuple(Note(start, pitch, length) for pitch, start, length in tune)
    sung = tuple(HeardNote(0.25 + n.start_beats / 2, 0.2 + n.end_beats / 2, n.pitch + 0.1) for n in placed)
    times = np.arange(0, seconds, 0.0116)
    pitch = np.full(len(times), np.nan, np.float32)
    for note in sung:
        pitch[(times >= note.onset_seconds) & (times < note.offset_seconds)] = note.pitch
    motif = Motif(Clip(placed), key=Key(2, "minor"), tempo=Tempo(120))
    return Heard(
        sung, placed, motif, 10.0, (10.0,) * len(sung), 0.9, 0.8, 0.7, 0.25, PitchCurve(times, pitch), seconds, 22050, 1
    )


def tone(seconds: float = 4.0) -> Audio:
    return Audio(np.sin(np.arange(int(22050 * seconds)) / 9).astype(np.float32)[np.newaxis] * 0.3, 22050)


def variation(rank: int = 1) -> Variation:
    notes = tuple(Note(start, 130 - pitch, length) for pitch, start, length in TUNE)
    motif = Motif(Clip(notes), key=Key(2, "minor"), tempo=Tempo(120))
    return Variation(motif, "inversion", 0.6, "the whole melody upside down " * 20, 0, rank)


@dataclass(frozen=True)
class Picture:
    """The pixels of a PNG, shape (height, width, 3)."""

    pixels: np.ndarray

    def near(self, colour: tuple[int, int, int]) -> np.ndarray:
        """Where the picture has about this colour; rows and columns."""
        off = np.abs(self.pixels.astype(int) - np.array(colour)).max(axis=2)
        return np.argwhere(off < 12)


def read(png: bytes) -> Picture:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return Picture(np.asarray(image.convert("RGB")))


def test_the_picture_is_a_png_at_two_pixels_a_point():
    picture = read(plot_hum(heard(), tone()))
    assert picture.pixels.shape[1] == 2480
    assert (picture.pixels[2, 2] == PAPER).all()


def test_the_sung_pitch_rises_and_falls_with_the_tune():
    dots = read(plot_hum(heard(), tone())).near(VOICE)
    left, right = 2 * (MARGIN + GUTTER), 2 * (WIDTH - MARGIN)

    def height_at(seconds: float) -> float:
        x = left + seconds / 4.0 * (right - left)
        return float(dots[(dots[:, 0] > 350) & (np.abs(dots[:, 1] - x) < 20)][:, 0].mean())

    first, third, second, highest = (height_at(seconds) for seconds in (0.45, 0.85, 1.1, 1.6))
    assert first > second > third > highest


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_up_to_four_variations_stand_below_in_two_columns(count: int):
    heights = read(plot_hum(heard(), tone(), [variation(rank + 1) for rank in range(count)])).pixels.shape[0]
    bare = read(plot_hum(heard(), tone())).pixels.shape[0]
    rows = (heights - bare) / 2 / 212
    assert rows == (min(count, 4) + 1) // 2


def test_the_same_hum_gives_the_same_picture():
    assert plot_hum(heard(), tone(), [variation()]) == plot_hum(heard(), tone(), [variation()])


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(tone(0.06), id="shorter than a note"),
        pytest.param(Audio(np.zeros((2, 44100), np.float32), 44100), id="silent"),
        pytest.param(Audio(np.ones((6, 100), np.float32), 8000), id="fewer samples than pixels"),
    ],
)
def test_any_recording_can_be_drawn(audio: Audio):
    assert read(plot_hum(heard(seconds=max(audio.duration_seconds, 4.0)), audio)).pixels.any()


def test_a_single_note_and_a_wide_leap_can_be_drawn():
    assert read(plot_hum(heard(((60, 0.0, 1.0),)), tone())).pixels.any()
    assert read(plot_hum(heard(((24, 0.0, 1.0), (108, 1.0, 1.0))), tone())).pixels.any()


def test_ten_minutes_can_be_drawn():
    tune = tuple((60 + beat % 5, float(beat), 0.5) for beat in range(1000))
    assert read(plot_hum(heard(tune, seconds=600.0), tone(600.0))).pixels.any()
