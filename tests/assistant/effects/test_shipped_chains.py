"""Every chain that ships: safe on anything, and sounding like its name, by spectrum, width and decay."""

import functools

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.effects import apply_chain, load_chain
from assistant.presets import list_presets, shipped_folders

RATE = 48_000
NAMES = sorted(path.stem for path in (shipped_folders()[1] / "chains").glob("*.toml"))
REACHED_FOR = {
    *("warm-hall", "lofi", "tape", "telephone", "cyberpunk", "wide-pad", "dry-room", "slap-delay"),
    *("shimmer", "gritty", "radio", "cathedral", "vinyl", "underwater"),
}


@functools.cache
def phrase(rate: int = RATE, channels: int = 1) -> Audio:
    """A second and a half of plucked notes with breath in them, then half a second of rest."""
    time = np.arange(2 * rate) / rate
    notes = np.zeros(len(time))
    for start, hz in ((0.0, 196.0), (0.5, 261.6), (1.0, 329.6)):
        since = np.maximum(time - start, 0)
        tone = sum(np.sin(2 * np.pi * hz * n * since) / n for n in range(1, 30) if hz * n < rate / 2)
        notes += tone * np.exp(-6 * since) * (time >= start) * (1 - np.exp(-since * 300))
    notes += np.random.default_rng(1).standard_normal(len(time)) * 0.02 * (notes != 0)
    notes[int(1.5 * rate) :] = 0
    return Audio((0.25 * notes)[None].repeat(channels, 0).astype(np.float32), rate)


@functools.cache
def through(name: str, rate: int = RATE, channels: int = 1) -> Audio:
    return apply_chain(phrase(rate, channels), load_chain(name))


def k_weighted_db(samples: np.ndarray, rate: int) -> float:
    """Loudness after ITU-R BS.1770: its two filters as responses, the mean over everything, no gate."""
    spectrum = np.abs(np.fft.rfft(samples, axis=1)) ** 2
    hz = np.fft.rfftfreq(samples.shape[1], 1 / rate)
    s = 2j * np.pi * hz
    low = 2 * np.pi * 38.14
    high_pass = np.abs(s**2 / (s**2 + s * low / 0.5 + low**2)) ** 2
    w, gain, q = 2 * np.pi * 1682.0, 10 ** (4.0 / 40), 0.7072
    shelf = (
        np.abs(
            gain * (gain * s**2 + np.sqrt(gain) / q * w * s + w**2) / (s**2 + np.sqrt(gain) / q * w * s + gain * w**2)
        )
        ** 2
    )
    return float(10 * np.log10((spectrum * high_pass * shelf).sum() * 2 / samples.shape[1] ** 2 + 1e-20))


def share(samples: np.ndarray, low_hz: float, high_hz: float, rate: int = RATE) -> float:
    """The part of the energy between two frequencies."""
    energy = (np.abs(np.fft.rfft(samples, axis=1)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(samples.shape[1], 1 / rate)
    return float(energy[(hz >= low_hz) & (hz < high_hz)].sum() / energy.sum())


def tail_seconds(name: str) -> float:
    return through(name).duration_seconds - phrase().duration_seconds


def correlation(name: str) -> float:
    return float(np.corrcoef(through(name).samples)[0, 1])


def oversampled_peak(samples: np.ndarray) -> float:
    # A length of small factors, for the transform's sake.
    length = (samples.shape[1] // 8192 + 2) * 8192
    padded = np.pad(samples, ((0, 0), (500, length - 500 - samples.shape[1])))
    falling = np.clip((1 - np.linspace(0, 1, length // 2 + 1)) / 0.1, 0, 1)
    return float(np.abs(np.fft.irfft(np.fft.rfft(padded, axis=1) * falling, length * 4, axis=1)).max() * 4)


def test_the_chains_that_composers_reach_for_are_there():
    assert set(NAMES) >= REACHED_FOR


@pytest.mark.parametrize("name", NAMES)
class TestEvery:
    def test_it_says_what_it_sounds_like_and_its_licence(self, name):
        chain = load_chain(name)
        assert len(chain.description) > 20
        assert chain.licence_spdx == "GPL-3.0-or-later"

    def test_it_is_finite_stereo_and_safe(self, name):
        out = through(name)
        assert out.samples.dtype == np.float32
        assert out.channels == 2
        assert np.isfinite(out.samples).all()
        assert oversampled_peak(out.samples) <= 10 ** (-0.9 / 20)

    def test_it_is_as_loud_as_what_went_in(self, name):
        length = phrase().length
        before = k_weighted_db(phrase().samples.repeat(2, 0), RATE)
        assert k_weighted_db(through(name).samples[:, :length], RATE) - before == pytest.approx(0, abs=4.5)

    def test_a_loud_mix_is_safe_too(self, name):
        time = np.arange(RATE) / RATE
        loud = np.sign(np.sin(2 * np.pi * 110 * time)) * 0.99
        out = apply_chain(Audio(loud[None].repeat(2, 0).astype(np.float32), RATE), load_chain(name))
        assert np.isfinite(out.samples).all()
        assert oversampled_peak(out.samples) <= 10 ** (-0.9 / 20)

    def test_its_tail_has_decayed(self, name):
        out = through(name)
        if out.length > phrase().length:
            assert np.abs(out.samples[:, -960:]).max() <= 2e-3 * out.peak

    def test_it_starts_in_time(self, name):
        late = np.pad(phrase().samples, ((0, 0), (RATE // 2, 0)))
        out = apply_chain(Audio(late, RATE), load_chain(name))
        loud = np.abs(out.samples).max(axis=0)
        onset = int(np.argmax(loud > 0.1 * loud.max()))
        assert onset - RATE // 2 == pytest.approx(0, abs=0.025 * RATE)

    def test_silence_stays_silence(self, name):
        out = apply_chain(Audio(np.zeros((1, RATE), np.float32), RATE), load_chain(name))
        assert out.length == RATE
        assert not out.samples.any()

    def test_it_gives_the_same_sound_twice(self, name):
        np.testing.assert_array_equal(apply_chain(phrase(), load_chain(name)).samples, through(name).samples)

    def test_it_works_at_another_rate(self, name):
        out = through(name, 96_000, 2)
        assert np.isfinite(out.samples).all()
        assert out.duration_seconds == pytest.approx(through(name).duration_seconds, rel=0.35, abs=0.3)

    def test_every_preset_is_listed(self, name):
        assert name in {preset.name for preset in list_presets("chains")}


def test_a_telephone_has_no_lows_and_no_highs():
    assert share(through("telephone").samples, 300, 3600) > 0.85
    assert share(through("telephone").samples, 4500, 24_000) < 0.002


@pytest.mark.parametrize("name", ["telephone", "radio", "megaphone", "eight-bit"])
def test_one_loudspeaker_is_mono(name):
    assert correlation(name) > 0.97


def test_a_radio_is_a_box():
    assert share(through("radio").samples, 6500, 24_000) < 0.01
    assert share(through("radio").samples, 0, 150) < 0.5 * share(phrase().samples, 0, 210)


@pytest.mark.parametrize("name", ["lofi", "tape", "vinyl", "dream", "warm-hall"])
def test_what_is_soft_or_old_has_less_top(name):
    assert share(through(name).samples, 5000, 24_000) < 0.8 * share(phrase().samples, 5000, 24_000)


def test_lofi_is_duller_than_tape():
    assert share(through("lofi").samples, 4000, 24_000) < 0.5 * share(through("tape").samples, 4000, 24_000)


def test_underwater_is_all_lows():
    assert share(through("underwater").samples, 0, 700) > 0.97


@pytest.mark.parametrize("name", ["wide-pad", "warm-hall", "cathedral", "shimmer", "dream", "ping-pong"])
def test_what_is_wide_is_wide(name):
    assert correlation(name) < 0.8


def test_the_pad_is_wider_than_the_room():
    assert correlation("wide-pad") < correlation("dry-room") - 0.2


def test_rooms_ring_in_the_order_of_their_size():
    tails = [tail_seconds(name) for name in ("dry-room", "plate", "warm-hall", "cathedral")]
    assert tails == sorted(tails)
    assert tails[0] < 0.4
    assert tails[2] > 1.2
    assert tails[3] > 3.5


@pytest.mark.parametrize("name", ["gritty", "tape", "lofi", "telephone", "eight-bit", "polished", "bad-stream"])
def test_what_has_no_room_has_no_tail(name):
    assert tail_seconds(name) == 0.0


def test_the_slap_comes_once_after_118_ms():
    click = np.zeros((1, RATE), np.float32)
    click[0, 1000] = 0.5
    out = apply_chain(Audio(click, RATE), load_chain("slap-delay")).samples[0]
    after = np.abs(out[1000 + 2000 :])
    assert 3000 + int(np.argmax(after)) == pytest.approx(1000 + 0.118 * RATE, abs=60)
    assert np.abs(out[1000 + int(0.13 * RATE) : 1000 + int(0.22 * RATE)]).max() < 0.1 * after.max()


def test_shimmer_adds_an_octave():
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(2 * RATE) / RATE)[None].astype(np.float32)
    out = apply_chain(Audio(tone, RATE), load_chain("shimmer")).samples[:, RATE : 2 * RATE]
    octave, twelfth = share(out, 640, 680), share(out, 980, 1000)
    assert octave > 0.02
    assert octave > 50 * twelfth


@pytest.mark.parametrize("name", ["gritty", "cyberpunk", "robot", "eight-bit"])
def test_what_is_rough_is_rougher_than_tape(name):
    tone = 0.3 * np.sin(2 * np.pi * 441.7 * np.arange(RATE) / RATE)[None].astype(np.float32)
    rough, tape = (apply_chain(Audio(tone, RATE), load_chain(each)).samples for each in (name, "tape"))
    beside = [
        share(each[:, RATE // 4 : RATE], 0, 400) + share(each[:, RATE // 4 : RATE], 500, 24_000)
        for each in (rough, tape)
    ]
    assert beside[0] > 0.03
    assert beside[0] > beside[1]


@pytest.mark.parametrize("name", ["lofi", "tape", "vinyl"])
def test_old_machines_waver(name):
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)[None].astype(np.float32)
    out = apply_chain(Audio(tone, RATE), load_chain(name)).samples[0]
    spectrum = np.fft.fft(out)
    hz = np.fft.fftfreq(len(out), 1 / RATE)
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum * ((hz > 900) & (hz < 1100)))))
    smooth = np.convolve(np.diff(phase), np.ones(1000) / 1000, "valid")[RATE // 4 : -RATE // 4] * RATE / (2 * np.pi)
    assert 2 < 1200 * np.log2(smooth.max() / smooth.min()) < 60


def test_ping_pong_answers_right_then_left():
    click = np.zeros((1, RATE // 2), np.float32)
    click[0, 1000] = 0.5
    out = np.abs(apply_chain(Audio(click, RATE), load_chain("ping-pong")).samples)
    right, left = (out[:, 1000 + int(at * RATE) :][:, :200].max(axis=1) for at in (0.374, 0.749))
    assert right[1] > 5 * right[0]
    assert left[0] > 5 * left[1]
