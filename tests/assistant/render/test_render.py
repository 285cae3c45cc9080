"""One suite over every engine: what sounds, when, how high, how loud, how long; judged by spectrum and level."""

import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.audio import Audio
from assistant.errors import CannotRead, InvalidBrief, MissingPart, UnknownName
from assistant.presets import own_folder
from assistant.render import ENGINES, RenderJob, render
from assistant.render.play import check, settled, timed_notes, used
from assistant.render.soundfonts import embedded_soundfont
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.pitch import hz_from_midi
from midi.tempo import Tempo

SCALE = Clip((Note(0, 60, 1), Note(1, 64, 1), Note(2, 67, 1), Note(3, 72, 1)))


@pytest.fixture(params=sorted(ENGINES))
def engine(request):
    readiness = check(request.param)
    if not readiness.ready:
        pytest.skip(f"{request.param}: {readiness.reason}; {readiness.remedy}")
    return request.param


def job(engine, instrument="flute", **more) -> RenderJob:
    return RenderJob(instrument, engine=engine, soundfont=embedded_soundfont().path, **more)


def pitch_of(audio: Audio, start_seconds: float, seconds: float) -> float:
    """The strongest frequency below 2 kHz, to a hertz."""
    rate = audio.sample_rate_hz
    part = audio.mono()[int(start_seconds * rate) : int((start_seconds + seconds) * rate)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), rate))
    return float(np.argmax(spectrum[:2000]))


def first_sound_seconds(audio: Audio) -> float:
    loud = np.abs(audio.samples).max(axis=0)
    return float(np.argmax(loud > 0.01 * loud.max()) / audio.sample_rate_hz)


def rms_db(audio: Audio) -> float:
    return float(10 * np.log10(np.mean(np.square(audio.samples, dtype=np.float64))))


def test_notes_sound_at_their_pitch_and_time(engine):
    audio = render(SCALE, job(engine, "ocarina"))
    for beat, pitch in enumerate(SCALE.pitches):
        heard = pitch_of(audio, beat * 0.5 + 0.1, 0.35)
        assert abs(12 * np.log2(heard / hz_from_midi(pitch))) < 0.3


def test_a_chord_sounds_in_all_its_notes(engine):
    audio = render(Clip((Note(0, 60, 2), Note(0, 64, 2), Note(0, 67, 2))), job(engine))
    part = audio.mono()[9600:43200]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 48_000))
    for pitch in (60, 64, 67):
        hz = hz_from_midi(pitch)
        near, between = (
            spectrum[int(hz) - 4 : int(hz) + 5].max(),
            spectrum[int(hz * 1.06) - 2 : int(hz * 1.06) + 3].max(),
        )
        assert near > 10 * between


def test_the_result_is_finite_stereo_float_and_below_full_scale(engine):
    audio = render(SCALE, job(engine))
    assert audio.samples.dtype == np.float32
    assert audio.samples.flags.c_contiguous
    assert audio.channels == 2
    assert np.isfinite(audio.samples).all()
    assert 0.02 < audio.peak < 10 ** (-1 / 20) + 1e-4


def test_a_loud_chord_is_turned_down_not_clipped(engine):
    chord = Clip(tuple(Note(0, pitch, 4, 127) for pitch in range(40, 80, 2)))
    audio = render(chord, job(engine, "rock organ"))
    assert 0.5 < audio.peak <= 10 ** (-1 / 20) + 1e-4
    assert np.count_nonzero(np.abs(audio.samples) > 0.999 * audio.peak) < 20


def test_the_sound_lasts_as_long_as_the_clip_and_the_tail(engine):
    audio = render(SCALE, job(engine, "piano"))
    assert 2.05 < audio.duration_seconds < 8
    end = np.abs(audio.samples[:, -480:]).max()
    assert end < 0.01 * audio.peak


def test_silence_at_the_end_of_the_clip_is_kept(engine):
    audio = render(replace(SCALE, length_beats=12), job(engine, "xylophone"))
    assert audio.length == 6 * 48_000


def test_the_tail_ends_where_it_is_cut(engine):
    gong = Clip((Note(0, 60, 1, 127),))
    audio = render(gong, job(engine, "tubular bells", longest_tail_seconds=0.5))
    assert audio.duration_seconds == pytest.approx(1.0, abs=0.05)
    assert np.abs(audio.samples[:, -1]).max() < 1e-3


def test_the_first_note_starts_on_its_very_sample(engine):
    at_once = render(Clip((Note(0, 69, 1),)), job(engine, "woodblock"))
    later = render(Clip((Note(1.37, 69, 1),)), job(engine, "woodblock"))
    shift = timed_notes(Clip((Note(1.37, 69, 1),)), Tempo(), 48_000, None)[0].start
    np.testing.assert_allclose(later.samples[:, shift : shift + 9000], at_once.samples[:, :9000], atol=1e-5)
    assert np.abs(later.samples[:, :shift]).max() == 0


def test_later_notes_start_within_two_milliseconds(engine):
    silent_second = Clip((Note(0, 69, 0.1), Note(2.013, 69, 0.5)))
    audio = render(silent_second, job(engine, "woodblock"))
    start = round(2.013 * 480) / 480 / 2
    rest = Audio(audio.samples[:, 43_200:], 48_000)
    alone = first_sound_seconds(render(Clip((Note(0, 69, 0.5),)), job(engine, "woodblock")))
    assert first_sound_seconds(rest) + 0.9 - alone == pytest.approx(start, abs=0.002)


def test_the_same_job_gives_the_same_samples(engine):
    one, other = render(SCALE, job(engine, "cello")), render(SCALE, job(engine, "cello"))
    np.testing.assert_array_equal(one.samples, other.samples)


@pytest.mark.parametrize("rate", [44_100, 88_200, 96_000])
def test_other_rates_change_neither_pitch_nor_time(engine, rate):
    audio = render(SCALE, job(engine, sample_rate_hz=rate))
    assert audio.sample_rate_hz == rate
    assert abs(12 * np.log2(pitch_of(audio, 1.6, 0.35) / hz_from_midi(72))) < 0.3
    assert audio.duration_seconds == pytest.approx(render(SCALE, job(engine)).duration_seconds, abs=0.15)


def test_mono_is_one_channel_as_loud(engine):
    stereo, mono = render(SCALE, job(engine)), render(SCALE, job(engine, channels=1))
    assert mono.channels == 1
    assert abs(rms_db(mono) - rms_db(stereo)) < 4


def test_louder_notes_are_louder(engine):
    soft, loud = (Clip((Note(0, 60, 2, velocity),)) for velocity in (40, 110))
    assert 4 < rms_db(render(loud, job(engine))) - rms_db(render(soft, job(engine))) < 30


def test_gain_is_in_decibels(engine):
    plain, softer = render(SCALE, job(engine)), render(SCALE, job(engine, gain_db=-12))
    assert rms_db(plain) - rms_db(softer) == pytest.approx(12, abs=0.1)


def test_twice_the_tempo_halves_the_time(engine):
    motif = Motif(replace(SCALE, length_beats=16), tempo=Tempo(60))
    slow, fast = render(motif, job(engine)), render(motif, job(engine, tempo=Tempo(120)))
    assert (slow.length, fast.length) == (16 * 48_000, 8 * 48_000)


def test_instruments_differ_and_drums_drum(engine):
    hits = Clip((Note(0, 36, 0.5), Note(1, 38, 0.5)))
    drums, bass = render(hits, job(engine, "drums")), render(hits, job(engine, "bass"))
    assert pitch_of(bass, 0.05, 0.2) == pytest.approx(hz_from_midi(36), rel=0.5)
    snare = drums.mono()[24_000:30_000]
    spectrum = np.abs(np.fft.rfft(snare)) + 1e-9
    flatness = np.exp(np.mean(np.log(spectrum))) / np.mean(spectrum)
    assert flatness > 0.1


def test_a_missing_drum_kit_gives_way_to_the_standard_one(engine):
    hits = Clip((Note(0, 38, 0.5),))
    assert render(hits, job(engine, "808")).peak > 0.01


def test_silence_is_silent_and_as_long(engine):
    audio = render(Clip((), length_beats=4), job(engine))
    assert audio.samples.shape == (2, 96_000)
    assert audio.peak == 0


def test_one_voice_is_not_choked_by_its_own_repetition(engine):
    overlapping = Clip((Note(0, 60, 4), Note(1, 60, 1)))
    audio = render(overlapping, job(engine))
    assert rms_db(Audio(audio.samples[:, 28_800:40_800], 48_000)) > -40


def test_what_is_used_is_named_with_its_licence(engine):
    (soundfont,) = used(job(engine))
    assert (soundfont.name, soundfont.licence_spdx) == ("TimGM6mb", "GPL-2.0-only")


def test_an_instrument_may_name_its_engine(engine):
    prefixed = replace(job(None, f"{engine}:cello"), engine=None)
    np.testing.assert_array_equal(render(SCALE, prefixed).samples, render(SCALE, job(engine, "cello")).samples)
    assert settled(prefixed).engine == engine


def test_a_soundfont_that_is_none_is_an_error(engine, tmp_path):
    path = tmp_path / "x.sf2"
    path.write_bytes(b"not one at all")
    with pytest.raises(CannotRead, match="not a SoundFont"):
        render(SCALE, replace(job(engine), soundfont=path))


def test_a_truncated_soundfont_is_an_error(engine, tmp_path):
    path = tmp_path / "x.sf2"
    path.write_bytes(embedded_soundfont().path.read_bytes()[:5000])
    with pytest.raises((CannotRead, UnknownName)):
        render(SCALE, replace(job(engine), soundfont=path))


def test_the_lowest_and_highest_notes_can_be_asked_for(engine):
    audio = render(Clip((Note(0, 0, 1), Note(1, 127, 1))), job(engine, "piano"))
    assert np.isfinite(audio.samples).all()


def test_rendering_says_nothing_on_stdout(engine, capfd):
    render(SCALE, job(engine))
    assert capfd.readouterr().out == ""


def test_the_engines_are_equally_loud():
    ready = [name for name in ENGINES if check(name).ready]
    if len(ready) < 2:
        pytest.skip("only one engine is ready")
    levels = [rms_db(render(SCALE, job(name, "cello"))) for name in ready]
    assert max(levels) - min(levels) < 6


def test_a_melody_lies_at_a_good_level():
    assert -32 < rms_db(render(SCALE, job("tinysoundfont", "cello"))) < -12


def test_an_unknown_engine_names_the_known():
    with pytest.raises(UnknownName) as error:
        render(SCALE, RenderJob("cello", engine="fluidsinth"))
    assert "'fluidsynth'" in error.value.hint
    with pytest.raises(UnknownName):
        render(SCALE, RenderJob("nothing:cello"))


def test_an_unknown_instrument_is_an_error():
    with pytest.raises(UnknownName, match="celo"):
        render(SCALE, RenderJob("celo"))


def test_an_engine_that_is_not_installed_names_the_remedy(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert shutil.which("fluidsynth") is None
    assert check("fluidsynth").state == "missing"
    with pytest.raises(MissingPart, match="fluidsynth is not installed") as error:
        render(SCALE, job("fluidsynth"))
    assert "apt install fluidsynth" in error.value.hint
    assert settled(RenderJob("cello")).engine == "tinysoundfont"


def test_the_configured_engine_is_used():
    own_folder().parent.mkdir(parents=True, exist_ok=True)
    (own_folder().parent / "config.toml").write_text('[render]\nengine = "tinysoundfont"')
    assert settled(RenderJob("cello")).engine == "tinysoundfont"


def test_a_preset_instrument_transposes_softens_and_amplifies():
    path = own_folder() / "instruments" / "mine.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('sound = "flute"\ntranspose_semitones = 12\ngain_db = -6')
    mine = render(Clip((Note(0, 60, 2),)), job("tinysoundfont", "mine"))
    plain = render(Clip((Note(0, 72, 2),)), job("tinysoundfont", "flute"))
    np.testing.assert_allclose(mine.samples, plain.samples * 10 ** (-6 / 20), atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate_hz": 22_050},
        {"channels": 6},
        {"gain_db": 99.0},
        {"gain_db": float("nan")},
        {"longest_tail_seconds": -1.0},
    ],
)
def test_a_job_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidBrief):
        RenderJob("cello", **wrong)


notes = st.builds(
    Note,
    st.integers(0, 20).map(lambda n: n / 8),
    st.integers(57, 63),
    st.integers(1, 16).map(lambda n: n / 8),
    st.integers(1, 127),
)


@given(st.lists(notes, min_size=1, max_size=8))
def test_the_same_key_is_never_down_twice(played):
    timed = timed_notes(Clip(tuple(played)), Tempo(), 48_000, None)
    for pitch in {note.pitch for note in timed}:
        line = [note for note in timed if note.pitch == pitch]
        assert all(one.end <= other.start for one, other in pairwise(line))
    assert {(note.pitch, note.start) for note in timed} == {
        (note.pitch, round(note.start_beats / 2 * 48_000)) for note in played
    }
    assert all(note.start < note.end for note in timed)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(notes, min_size=1, max_size=8), st.sampled_from(["cello", "piano", "drums", "warm pad"]))
def test_anything_renders_finite_and_safe(played, instrument):
    clip = Clip(tuple(played))
    audio = render(clip, job("tinysoundfont", instrument))
    assert np.isfinite(audio.samples).all()
    assert audio.peak <= 10 ** (-1 / 20) + 1e-4
    assert audio.duration_seconds >= clip.length_beats / 2 - 1e-4


def test_importing_is_light():
    code = (
        "import sys, assistant.render, assistant.effects, assistant.presets;"
        "heavy = {'numpy', 'pedalboard', 'tinysoundfont', 'soundfile', 'soxr', 'mido'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
