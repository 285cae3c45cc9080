"""Pitch and loudness to sound: level, pitch, silence, blocks, aliasing; for every timbre that ships."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, a_weights, frames_in, hertz, loudness, tone_weights
from assistant.timbre.measures import aliasing_db
from assistant.timbre.synthesis import Stream, sound
from assistant.timbre.timbre import list_timbres, load_timbre

SOLOISTS = [name for name in list_timbres() if not load_timbre(name).players]


def steady(pitch: float, level_db: float, seconds: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    frames = round(seconds * 250)
    return hertz(np.full(frames, pitch)), np.full(frames, level_db, np.float32)


def middle(name: str) -> float:
    timbre = load_timbre(name)
    return (timbre.low + timbre.high) // 2


def test_a_full_scale_sine_of_a_kilohertz_reads_minus_three_decibel():
    tone = np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert loudness(tone)[50:200] == pytest.approx(-3.0, abs=0.05)


def test_silence_reads_minus_ninety():
    assert (loudness(np.zeros(4800, np.float32)) == -90).all()


def test_the_a_curve_is_that_of_the_standard():
    # IEC 61672-1, table 3, in dB.
    for hz, decibel in ((31.62, -39.4), (100, -19.1), (1000, 0.0), (2500, 1.3), (10_000, -2.5)):
        assert 10 * np.log10(a_weights(np.array([hz]))[0]) == pytest.approx(decibel, abs=0.15)


@pytest.mark.parametrize("hz", [30, 41, 55, 110, 1000])
def test_a_tone_counts_what_the_loudness_hears_of_it(hz):
    tone = np.sin(2 * np.pi * hz * np.arange(48_000) / 48_000).astype(np.float32)
    assert loudness(tone)[50:200].mean() == pytest.approx(10 * np.log10(tone_weights(1.0)[hz] / 2), abs=0.05)


@pytest.mark.parametrize("name", SOLOISTS)
def test_every_timbre_sounds_at_the_pitch_and_loudness_asked_for(name):
    timbre = load_timbre(name)
    hz, level = steady(middle(name), timbre.level_db(0.6))
    made = sound(timbre.network, hz, level)
    assert len(made) == len(hz) * HOP
    assert np.isfinite(made).all()
    assert np.median(loudness(made)[100:230]) == pytest.approx(level[0], abs=3.5)
    spectrum = np.abs(np.fft.rfft(made[12_000:] * np.hanning(len(made) - 12_000), 1 << 18))
    bins = np.fft.rfftfreq(1 << 18, 1 / SAMPLE_RATE_HZ)
    near = np.abs(np.round(bins / hz[0]) * hz[0] - bins) < 4
    assert np.square(spectrum[near]).sum() > 0.7 * np.square(spectrum).sum()


@pytest.mark.parametrize("name", SOLOISTS)
def test_no_timbre_folds_what_lies_above_its_highest_harmonic(name):
    timbre = load_timbre(name)
    hz, level = steady(timbre.high - 0.4, timbre.level_db(0.9), 2.0)
    made = sound(timbre.network, hz, level, noise=False)[24_000:72_000]
    assert aliasing_db(made, float(hz[0])) < -75


def test_silence_gives_silence():
    network = load_timbre("violin").network
    assert not sound(network, *steady(70, -90.0)).any()


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(0, 5), st.sampled_from([1, 8]))
def test_blocks_of_any_size_give_what_the_whole_gives(sizes, seed, players):
    network = load_timbre("violin").network
    frames = sum(sizes)
    random = np.random.default_rng(seed)
    hz = hertz(70 + np.cumsum(random.normal(0, 0.1, frames)))
    level = (-30 + 8 * random.standard_normal(frames)).astype(np.float32)
    whole = sound(network, hz, level, seed=seed, players=players)
    stream, parts, first = Stream(network, seed=seed, players=players), [], 0
    for size in sizes:
        parts.append(stream.push(hz[first : first + size], level[first : first + size]))
        first += size
    blocks = np.concatenate([*parts, stream.finish()], axis=-1)
    assert blocks.shape == whole.shape == ((frames * HOP,) if players == 1 else (2, frames * HOP))
    assert np.abs(blocks - whole).max() < 1e-4 * max(1e-3, np.abs(whole).max())


def test_a_stream_is_late_by_no_more_than_its_look_ahead_and_window():
    network = load_timbre("violin").network
    stream = Stream(network)
    hz, level = steady(70, -25.0)
    given_frames = 0
    made = 0
    for first in range(0, 250, 5):
        made += len(stream.push(hz[first : first + 5], level[first : first + 5]))
        given_frames += 5
        assert given_frames * HOP - made <= 10 * HOP


def lines_near(made: np.ndarray, hz: float) -> int:
    """How many tones lie within ten hertz of one, no more than 20 dB under the strongest."""
    spectrum = np.abs(np.fft.rfft(made * np.blackman(len(made)), 1 << 20))
    bins = np.fft.rfftfreq(1 << 20, 1 / SAMPLE_RATE_HZ)
    near = spectrum[np.abs(bins - hz) < 10]
    peaks = (near[1:-1] > near[:-2]) & (near[1:-1] > near[2:]) & (near[1:-1] > near.max() / 10)
    return int(peaks.sum())


def test_a_section_is_several_tones_where_one_player_is_one():
    section = load_timbre("string-section")
    hz, level = steady(72, -25.0, 8.0)
    one = sound(section.network, hz, level, noise=False)
    many = sound(section.network, hz, level, noise=False, players=section.seats)
    assert lines_near(one, hz[0]) == 1
    assert min(lines_near(side, hz[0]) for side in many) > 1


def test_a_section_is_as_loud_as_one_player_in_the_middle_and_moves_between_the_sides():
    section = load_timbre("string-section")
    hz, level = steady(67, -25.0, 4.0)
    sides = sound(section.network, hz, level, players=section.seats)
    middle = loudness(sides.mean(axis=0))[100:900]
    apart = (loudness(sides[0]) - loudness(sides[1]))[100:900]
    assert np.median(middle) == pytest.approx(-25, abs=1)
    assert np.abs(middle + 25).max() < 3
    assert apart.std() > 1


def test_a_sections_silence_is_silent():
    section = load_timbre("string-section")
    assert not sound(section.network, *steady(67, -90.0), players=8).any()


def test_no_samples_have_no_frames():
    assert frames_in(0) == 0
    assert frames_in(1) == 1
