"""True peaks against an independent judge: the whole signal at eight times its rate, by Fourier transform."""

import numpy as np
import pytest

from assistant.peak import amplified, block_peaks, true_peak

N = 30_000


def judged(samples: np.ndarray) -> float:
    padded = np.pad(samples, ((0, 0), (1000, 1000)))
    length = padded.shape[1]
    # A converter's filter falls off between 0.9 and 1 of half the rate.
    falling = np.clip((1 - np.linspace(0, 1, length // 2 + 1)) / 0.1, 0, 1)
    spectrum = np.fft.rfft(padded, axis=1) * falling
    return float(np.abs(np.fft.irfft(spectrum, length * 8, axis=1)).max() * 8)


def signals() -> dict[str, np.ndarray]:
    draw, time = np.random.default_rng(3), np.arange(N)
    fade = np.hanning(N)
    return {
        "a tone at a quarter of the rate": np.sin(2 * np.pi * time / 4 + np.pi / 4) * fade,
        "a low tone": np.sin(time * 0.02) * fade,
        "a high tone": np.sin(time * 2.0) * fade,
        "noise": draw.standard_normal(N) * 0.25,
        "clipped noise": np.clip(draw.standard_normal(N), -1, 1),
        "held steps": np.repeat(draw.uniform(-1, 1, N // 4), 4),
        "a square": np.sign(np.sin(time * 0.05)),
        "one sample": np.eye(1, N, 777)[0],
    }


@pytest.mark.parametrize("name", signals())
def test_the_true_peak_is_that_of_the_oversampled_signal(name):
    samples = np.stack([signals()[name], 0.5 * signals()[name]]).astype(np.float32)
    difference_db = 20 * np.log10(true_peak(samples) / judged(samples))
    # Four times oversampling may lie 0.7 dB under at the highest frequencies, and never much above.
    assert -0.7 < difference_db < 0.5


def test_what_is_too_soft_to_matter_is_answered_by_its_sample_peak():
    samples = np.full((1, 5000), 0.25, np.float32)
    assert true_peak(samples, worth=0.9) == 0.25


def test_nothing_has_no_peak():
    assert true_peak(np.zeros((2, 0), np.float32)) == 0.0
    assert true_peak(np.zeros((2, 500), np.float32)) == 0.0


def test_what_would_exceed_the_ceiling_is_turned_down_as_a_whole():
    tone = (np.sin(2 * np.pi * np.arange(N) / 4 + np.pi / 4) * np.hanning(N))[None].astype(np.float32)
    louder = amplified(tone.copy(), 2.0)
    assert judged(louder) <= 10 ** (-0.95 / 20)
    np.testing.assert_allclose(louder / np.abs(louder).max(), tone / np.abs(tone).max(), atol=1e-6)


def test_what_stays_under_the_ceiling_gets_its_full_gain():
    samples = np.full((2, 3000), 0.1, np.float32)
    np.testing.assert_allclose(amplified(samples.copy(), 2.0), 0.2, rtol=1e-6)


def test_the_last_block_may_be_short():
    samples = np.zeros((2, 1024 + 7), np.float32)
    samples[1, -1] = -0.5
    assert block_peaks(samples).tolist() == [[0.0, 0.0], [0.0, 0.5]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (0.25, 0.5),
        (-0.25, -0.5),
        (0.5, -0.25),
        (-0.5, 0.25),
        (-0.0, 0.0),
        (1e-40, -1e-39),
        (np.inf, 1.0),
        (-np.inf, 1.0),
    ],
)
def test_the_peak_of_a_block_is_its_largest_magnitude(first, second):
    samples = np.full((1, 1024), first, np.float32)
    samples[0, 500] = second
    assert block_peaks(samples).tolist() == [[np.abs(samples).max()]]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_peak_of_a_block_with_a_sample_that_is_no_number_is_none_either(sign):
    samples = np.zeros((1, 1024), np.float32)
    samples[0, 3] = np.copysign(np.float32(np.nan), sign)
    assert np.isnan(block_peaks(samples)).tolist() == [[True]]
