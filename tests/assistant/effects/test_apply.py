"""Sound through chains: tails, wet and dry, branches, level, true peak; judged without hashes."""

import inspect
import tomllib
from pathlib import Path

import numpy as np
import pedalboard
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio import Audio
from assistant.effects import apply_chain
from assistant.effects.apply import _through
from assistant.effects.chain import Chain, chain_from, stage_kind
from assistant.effects.kinds import STAGES, Pedal
from assistant.errors import InvalidPreset, UnreadableAudio

RATE = 48_000


def chain(text: str, folder: Path = Path()) -> Chain:
    return chain_from(tomllib.loads(text), name="x", where="x", folder=folder)


def one(kind: str, folder: Path = Path(), **settings: object) -> Chain:
    return chain_from({"stage": [{"kind": kind, **settings}]}, name=kind, where="x", folder=folder)


def free(kind: str, **settings: object) -> Chain:
    """A chain of one stage whose loudness is left as it falls."""
    table = {"loudness": "free", "stage": [{"kind": kind, **settings}]}
    return chain_from(table, name=kind, where="x", folder=Path())


def phrase(rate: int = RATE, channels: int = 2, seconds: float = 1.5, level: float = 0.3) -> Audio:
    """Two plucked notes with overtones, then a rest."""
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * 220 * n * time) / n for n in range(1, 8)) * np.exp(-5 * (time % 0.5)) * (time < 1.0)
    other = np.roll(tone, 20)
    return Audio(level * np.stack([tone, other, *[tone] * 4][:channels]).astype(np.float32), rate)


def click(seconds: float = 0.5) -> Audio:
    samples = np.zeros((2, round(seconds * RATE)), np.float32)
    samples[:, 1000] = 0.5
    return Audio(samples, RATE)


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def oversampled_peak(samples: np.ndarray) -> float:
    # A length of small factors, for the transform's sake.
    length = (samples.shape[1] // 8192 + 2) * 8192
    padded = np.pad(samples, ((0, 0), (500, length - 500 - samples.shape[1])))
    falling = np.clip((1 - np.linspace(0, 1, length // 2 + 1)) / 0.1, 0, 1)
    return float(np.abs(np.fft.irfft(np.fft.rfft(padded, axis=1) * falling, length * 4, axis=1)).max() * 4)


def table_for(kind: str, folder: Path) -> dict[str, object]:
    if kind != "convolution":
        return {"kind": kind}
    decay = np.exp(-np.arange(4800) / 800)[:, None] * np.random.default_rng(0).standard_normal((4800, 2))
    soundfile.write(folder / "room.wav", decay * 0.1, RATE)
    return {"kind": kind, "impulse": "room.wav"}


def test_every_effect_of_pedalboard_is_reached():
    containers = {"Plugin", "PluginContainer", "Pedalboard", "Chain", "Mix", "IIRFilter"}
    hosts = {"ExternalPlugin", "VST3Plugin", "AudioUnitPlugin", "_klass"}
    effects = {
        name
        for name, found in inspect.getmembers(pedalboard, inspect.isclass)
        if issubclass(found, pedalboard.Plugin) and name not in containers | hosts
    }
    reached = {kind.native for kind in map(stage_kind, STAGES) if isinstance(kind, Pedal)}
    assert reached == effects


@pytest.mark.parametrize("kind", STAGES)
@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1), (96_000, 2)])
def test_every_stage_sounds_safe_at_every_rate(kind, rate, channels, tmp_path):
    audio = phrase(rate, channels)
    out = apply_chain(audio, chain_from({"stage": [table_for(kind, tmp_path)]}, name="x", where="x", folder=tmp_path))
    assert out.sample_rate_hz == rate
    assert out.samples.shape[0] == 2
    assert out.length >= audio.length
    assert np.isfinite(out.samples).all()
    assert out.peak > 0.01
    assert oversampled_peak(out.samples) <= 10 ** (-0.9 / 20)


@pytest.mark.parametrize("kind", STAGES)
def test_half_a_mix_lies_between_dry_and_wet(kind, tmp_path):
    table = {**table_for(kind, tmp_path), "mix": 0.5}
    audio = phrase()
    out = apply_chain(audio, chain_from({"stage": [table]}, name="x", where="x", folder=tmp_path))
    assert np.isfinite(out.samples).all()
    assert out.length >= audio.length


@pytest.mark.parametrize("kind", STAGES)
def test_silence_stays_silence(kind, tmp_path):
    quiet = Audio(np.zeros((2, 9000), np.float32), RATE)
    out = apply_chain(quiet, chain_from({"stage": [table_for(kind, tmp_path)]}, name="x", where="x", folder=tmp_path))
    assert out.samples.shape == (2, 9000)
    assert not out.samples.any()


@pytest.mark.parametrize("kind", STAGES)
def test_a_dry_stage_changes_nothing(kind, tmp_path):
    audio = phrase()
    table = {**table_for(kind, tmp_path), "mix": 0.0}
    out = apply_chain(audio, chain_from({"stage": [table]}, name="x", where="x", folder=tmp_path))
    np.testing.assert_allclose(out.samples, audio.samples, atol=1e-6)


@pytest.mark.parametrize("kind", STAGES)
def test_the_same_sound_comes_out_twice(kind, tmp_path):
    made = chain_from({"stage": [table_for(kind, tmp_path)]}, name="x", where="x", folder=tmp_path)
    np.testing.assert_array_equal(apply_chain(phrase(), made).samples, apply_chain(phrase(), made).samples)


NUMBERS = {
    kind: [knob for knob in stage_kind(kind).parameters if isinstance(knob.default, float)]
    for kind in STAGES
    if kind != "convolution"
}
UNLINKED = {kind for kind in STAGES if isinstance(found := stage_kind(kind), Pedal) and not found.linked}


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_within_their_ranges_all_knobs_give_finite_sound(data):
    kind = data.draw(st.sampled_from(sorted(NUMBERS)))
    turned = {
        knob.name: data.draw(st.floats(knob.low, knob.high) | st.sampled_from([knob.low, knob.high]))
        for knob in NUMBERS[kind]
    }
    out = apply_chain(phrase(seconds=0.4), one(kind, **turned))
    assert np.isfinite(out.samples).all()
    assert out.peak <= 10 ** (-1 / 20) + 1e-3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_played_side_by_side_sounds_as_pedalboard_plays_both_sides(data):
    """pedalboard gets one side of what has `linked` false: were it wrong, the other side would be missed."""
    kind = data.draw(st.sampled_from(sorted(NUMBERS.keys() & UNLINKED)))
    turned = {knob.name: data.draw(st.floats(knob.low, knob.high)) for knob in NUMBERS[kind]}
    loud, soft = phrase(seconds=0.4, level=0.9).samples
    both = np.stack([loud, 0.001 * soft[::-1]])
    made = one(kind, **turned)
    (stage,) = made.stages
    board = pedalboard.Pedalboard([stage_kind(kind).pedal(stage.settings, 1.0, RATE, Path())])
    apart = _through(made.stages, both, RATE, Path(), None)
    np.testing.assert_array_equal(apart, board(both, RATE))


def test_the_input_is_left_alone():
    audio = phrase()
    before = audio.samples.copy()
    apply_chain(audio, one("gain", gain_db=0.0))
    apply_chain(audio, free("gain", gain_db=-20.0))
    np.testing.assert_array_equal(audio.samples, before)


@pytest.mark.parametrize(("room", "least", "most"), [(0.0, 0.3, 1.0), (0.5, 0.8, 1.6), (0.85, 2.0, 4.2)])
def test_a_room_rings_on_until_it_has_decayed_by_60_db(room, least, most):
    out = apply_chain(click(), free("reverb", room=room, mix=1.0))
    assert least < out.duration_seconds - 1000 / RATE < most
    last = np.abs(out.samples[:, -4800:-1024]).max() / out.peak
    assert 10 ** (-66 / 20) < last < 10 ** (-40 / 20)


def test_echoes_are_all_kept():
    out = apply_chain(click(), free("delay", time_ms=400, feedback=0.5, mix=0.5))
    echoes = [round(i / RATE, 3) for i in np.flatnonzero(np.abs(out.samples[0]) > 0.6e-3)]
    assert echoes == [round(1000 / RATE + 0.4 * n, 3) for n in range(len(echoes))]
    assert len(echoes) == 10


def test_a_tail_is_kept_through_a_distortion_that_lifts_it():
    room, lift = '[[stage]]\nkind = "reverb"\nroom = 0.3\n', '[[stage]]\nkind = "distortion"\ndrive_db = 40'
    plain, lifted = (apply_chain(click(), chain('loudness = "free"\n' + text)) for text in (room, room + lift))
    assert lifted.length > plain.length + 0.2 * RATE


def test_a_tail_is_cut_at_its_limit_without_a_click():
    limited = chain('longest_tail_seconds = 0.5\n[[stage]]\nkind = "reverb"\nroom = 1.0')
    out = apply_chain(click(), limited)
    assert out.duration_seconds == pytest.approx(1.0, abs=0.03)
    assert np.abs(out.samples[:, -1]).max() < 1e-4


def test_a_chain_without_rooms_keeps_the_length():
    assert apply_chain(phrase(), one("distortion")).length == phrase().length


def test_branches_are_added():
    two = '[[stage]]\nkind = "parallel"\n[[stage.branch]]\n[[stage.branch]]\nlevel_db = -6.0206'
    quiet = phrase(level=0.1)
    out = apply_chain(quiet, chain('loudness = "free"\n' + two))
    np.testing.assert_allclose(out.samples, 1.5 * quiet.samples, atol=1e-4)


def test_a_branch_may_cancel_another():
    cancelled = chain(
        'loudness = "free"\n[[stage]]\nkind = "parallel"\n[[stage.branch]]\n[[stage.branch]]\n'
        '[[stage.branch.stage]]\nkind = "invert"'
    )
    assert apply_chain(phrase(), cancelled).peak < 1e-6


def test_a_panned_branch_goes_to_its_side():
    left = '[[stage]]\nkind = "parallel"\n[[stage.branch]]\npan = -1\n[[stage.branch.stage]]\nkind = "gain"'
    out = apply_chain(phrase(), chain('loudness = "free"\n' + left))
    assert np.abs(out.samples[1]).max() < 1e-4
    assert np.abs(out.samples[0]).max() > 0.1


def test_branches_inside_pedalboard_and_outside_agree():
    text = (
        'loudness = "free"\n[[stage]]\nkind = "parallel"\nmix = {}\n[[stage.branch]]\nlevel_db = -3\n'
        '[[stage.branch]]\n[[stage.branch.stage]]\nkind = "quick-pitch"\nsemitones = 7\n'
        '[[stage.branch]]\n[[stage.branch.stage]]\nkind = "delay"'
    )
    inside = apply_chain(phrase(level=0.05), chain(text.format("1.0")))
    # A mix just under 1 is done by us, branch by branch.
    outside = apply_chain(phrase(level=0.05), chain(text.format("0.999999")))
    length = phrase().length
    np.testing.assert_allclose(inside.samples[:, :length], outside.samples[:, :length], atol=1e-4)


def test_what_is_mono_comes_out_as_the_chain_says():
    mono = phrase(channels=1)
    for channels, expected in (("stereo", 2), ("as-it-is", 1), ("mono", 1)):
        out = apply_chain(mono, chain(f'channels = "{channels}"\n[[stage]]\nkind = "reverb"'))
        assert out.channels == expected
    assert apply_chain(phrase(), chain('channels = "mono"\n[[stage]]\nkind = "reverb"')).channels == 1


def test_a_mono_sound_gets_a_stereo_room():
    out = apply_chain(phrase(channels=1), one("reverb", mix=1.0))
    assert abs(np.corrcoef(out.samples)[0, 1]) < 0.7


def test_six_channels_become_two():
    out = apply_chain(phrase(channels=6), one("mp3"))
    assert out.channels == 2
    assert out.peak > 0.05


@pytest.mark.parametrize("length", [0, 1, 2, 3, 100])
def test_the_shortest_sounds_pass(length):
    out = apply_chain(Audio(np.full((2, length), 0.1, np.float32), RATE), one("reverb"))
    assert np.isfinite(out.samples).all()
    assert out.length >= length


@pytest.mark.parametrize(
    ("kind", "knobs"), [("gain", {"gain_db": 20}), ("distortion", {"drive_db": 40}), ("maximizer", {})]
)
def test_loudness_is_kept(kind, knobs):
    out = apply_chain(phrase(level=0.05), one(kind, **knobs))
    assert rms_db(out.samples) == pytest.approx(rms_db(phrase(level=0.05).samples), abs=0.3)


def test_a_chains_level_comes_on_top():
    louder = chain('level_db = 6\n[[stage]]\nkind = "low-pass"')
    assert rms_db(apply_chain(phrase(level=0.05), louder).samples) - rms_db(
        phrase(level=0.05).samples
    ) == pytest.approx(6, abs=0.3)


def test_nothing_is_clipped_however_loud_it_gets():
    out = apply_chain(phrase(level=0.9), free("gain", gain_db=30.0))
    assert oversampled_peak(out.samples) == pytest.approx(10 ** (-1 / 20), rel=0.02)
    ratio = out.samples / out.peak - phrase().samples / phrase().peak
    assert np.abs(ratio).max() < 1e-4


def test_a_filter_filters():
    dull = apply_chain(phrase(), one("low-pass", frequency_hz=300.0))
    spectrum = np.abs(np.fft.rfft(np.stack([phrase().samples[0], dull.samples[0]]), axis=1))
    hz = np.fft.rfftfreq(phrase().length, 1 / RATE)
    share = spectrum[:, hz > 1000].sum(axis=1) / spectrum[:, hz < 400].sum(axis=1)
    assert share[1] < 0.4 * share[0]


@pytest.mark.parametrize("semitones", [-12.0, -5.0, 7.0, 12.0])
def test_a_shifted_tone_is_in_tune(semitones):
    tone = Audio(0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)[None].repeat(2, 0).astype(np.float32), RATE)
    out = apply_chain(tone, one("pitch", semitones=semitones))
    middle = out.samples[0, RATE // 2 : 3 * RATE // 2]
    heard = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(RATE), 8 * RATE))) / 8
    assert 1200 * np.log2(heard / (440 * 2 ** (semitones / 12))) == pytest.approx(0, abs=2)


def test_a_shifted_sound_comes_in_time():
    late = np.zeros((2, RATE), np.float32)
    late[:, 12_000:] = phrase().samples[:, : RATE - 12_000]
    out = apply_chain(Audio(late, RATE), one("pitch", semitones=7.0))
    onset = np.argmax(np.abs(out.samples[0]) > 0.2 * out.peak)
    assert onset == pytest.approx(12_000, abs=0.006 * RATE)


def test_wow_bends_the_pitch_by_its_cents_and_comes_in_time():
    tone = Audio(0.3 * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)[None].astype(np.float32), RATE)
    out = apply_chain(tone, one("wow", rate_hz=1.0, cents=30.0)).samples[0]
    phase = np.unwrap(np.angle(np.fft.ifft(np.fft.fft(out) * (np.fft.fftfreq(len(out)) > 0) * 2)))
    hz = np.convolve(np.diff(phase), np.ones(200) / 200, "valid")[RATE // 2 : -RATE // 2] * RATE / (2 * np.pi)
    assert 1200 * np.log2(hz.max() / 1000) == pytest.approx(30, abs=3)
    assert 1200 * np.log2(hz.min() / 1000) == pytest.approx(-30, abs=3)
    assert np.argmax(np.abs(apply_chain(click(), one("wow", rate_hz=0.1, cents=2.0)).samples[0])) == pytest.approx(
        1000, abs=60
    )


def test_width_zero_is_mono_and_two_is_wider():
    narrow = apply_chain(phrase(), one("width", width=0.0)).samples
    np.testing.assert_allclose(narrow[0], narrow[1], atol=1e-6)
    quiet = phrase(level=0.05)
    wide, plain = apply_chain(quiet, free("width", width=2.0)).samples, quiet.samples
    np.testing.assert_allclose(wide[0] - wide[1], 2 * (plain[0] - plain[1]), atol=1e-5)


def test_hiss_and_dust_are_there_only_while_there_is_sound():
    for kind in ("hiss", "crackle"):
        noise = apply_chain(phrase(), free(kind, level_db=-20.0)).samples - phrase().samples
        assert rms_db(noise[:, : RATE // 2]) > -80
        assert not noise[:, -RATE // 5 :].any()


def test_another_seed_is_another_dust():
    one_seed, other = (apply_chain(phrase(), one("crackle", seed=float(seed))).samples for seed in (1, 2))
    assert np.abs(one_seed - other).max() > 1e-3


def test_an_override_is_heard():
    dry = apply_chain(phrase(), one("reverb"), overrides={"reverb.mix": "0"})
    np.testing.assert_allclose(dry.samples, phrase().samples, atol=1e-6)


def test_an_impulse_response_beside_the_chain_is_heard(tmp_path):
    impulse = np.zeros((2400, 1))
    impulse[[0, 2000], 0] = 1.0, 0.5
    soundfile.write(tmp_path / "two.wav", impulse, RATE)
    out = apply_chain(click(), one("convolution", tmp_path, impulse="two.wav"))
    loudest = np.argsort(np.abs(out.samples[0]))[-2:]
    assert sorted(int(i) for i in loudest) == [1000, 3000]


def test_an_impulse_response_serves_mono_and_stereo_alike(tmp_path):
    impulse = np.zeros((100, 2))
    impulse[0, 0], impulse[50, 1] = 1.0, 1.0
    soundfile.write(tmp_path / "sides.wav", impulse, RATE)
    stage = {"stage": [{"kind": "convolution", "impulse": "sides.wav"}]}
    sides = apply_chain(click(), chain_from(stage, name="x", where="x", folder=tmp_path))
    assert [int(np.argmax(np.abs(side))) for side in sides.samples] == [1000, 1050]
    mono = Audio(click().samples[:1], RATE)
    as_it_is = chain_from({"channels": "as-it-is", **stage}, name="x", where="x", folder=tmp_path)
    assert apply_chain(mono, as_it_is).channels == 1


def test_an_impulse_response_that_vanished_is_an_error(tmp_path):
    soundfile.write(tmp_path / "gone.wav", np.ones((10, 1)), RATE)
    made = one("convolution", tmp_path, impulse="gone.wav")
    (tmp_path / "gone.wav").unlink()
    with pytest.raises(InvalidPreset, match=r"gone.wav"):
        apply_chain(click(), made)


def test_an_impulse_response_that_is_no_sound_is_an_error(tmp_path):
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(UnreadableAudio, match=r"text.wav"):
        apply_chain(click(), one("convolution", tmp_path, impulse="text.wav"))


def test_processing_says_nothing(capfd):
    for kind in ("pitch", "quick-pitch", "mp3", "phone-codec"):
        apply_chain(phrase(), one(kind))
    said = capfd.readouterr()
    assert said.out == said.err == ""
