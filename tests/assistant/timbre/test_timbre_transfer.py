"""A recording to the same phrase on another instrument, judged by its spectrum and level."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.errors import InvalidBrief, InvalidPreset, NothingHeard, UnknownName
from assistant.timbre.controls import Controls, heard, held_through
from assistant.timbre.features import loudness
from assistant.timbre.mapping import Settings, is_struck, mapped, notes_in, within_range
from assistant.timbre.performing import Tone, melody, performed, velocity_of, voices
from assistant.timbre.sounding import Curve
from assistant.timbre.timbre import list_timbres, load_timbre, load_timbre_file
from assistant.timbre.transfer import transfer
from assistant.timbre.words import chosen
from midi.pitch import hz_from_midi

RATE = 48_000


def sung(*notes: tuple[float, float, float], seconds: float = 3.0, decay: float = 0.0) -> Audio:
    """(start, end, pitch) as a buzzing voice; `decay` in dB a second."""
    samples = np.zeros(int(seconds * RATE))
    for start, end, pitch in notes:
        time = np.arange(int((end - start) * RATE)) / RATE
        wave = sum(np.sin(2 * np.pi * hz_from_midi(pitch) * k * time) / k**1.4 for k in range(1, 10))
        envelope = np.minimum(1, np.minimum(time / 0.02, (end - start - time) / 0.05)) * 10 ** (-decay * time / 20)
        first = int(start * RATE)
        samples[first : first + len(time)] += 0.2 * wave * envelope
    return Audio(samples[None].astype(np.float32), RATE)


def strongest_near(audio: Audio, start: float, end: float, pitch: float) -> float:
    """The strongest frequency within a semitone of a pitch, as a pitch."""
    part = audio.mono()[int(start * RATE) : int(end * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 19))
    bins = np.fft.rfftfreq(1 << 19, 1 / RATE)
    wanted = np.abs(12 * np.log2(np.maximum(bins, 1) / hz_from_midi(pitch))) < 1
    return float(69 + 12 * np.log2(bins[wanted][spectrum[wanted].argmax()] / 440))


TUNE = ((0.3, 1.0, 67), (1.0, 1.7, 71), (2.0, 2.8, 69))


def test_a_sung_tune_comes_out_at_its_pitches_and_times():
    made = transfer(sung(*TUNE), load_timbre("violin"))
    assert made.octaves == 0
    for start, end, pitch in TUNE:
        assert strongest_near(made.audio, start + 0.15, end - 0.1, pitch) == pytest.approx(pitch, abs=0.1)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_the_sound_is_as_long_as_its_source(rate):
    source = sung(*TUNE).resampled(rate)
    made = transfer(source, load_timbre("violin")).audio
    assert made.sample_rate_hz == RATE
    assert made.length == source.resampled(RATE).length


def test_notes_begin_where_they_began():
    source = sung((0.5, 1.5, 69))
    made = transfer(source, load_timbre("violin")).audio
    before, after = loudness(source.mono()), loudness(made.mono())
    begin = [int(np.flatnonzero(level > level.max() - 15)[0]) for level in (before, after)]
    assert abs(begin[1] - begin[0]) * 4 <= 40


def test_rests_are_silent_and_nothing_glides_through_them():
    made = transfer(sung((0.2, 0.9, 60), (2.0, 2.8, 72)), load_timbre("violin")).audio
    rest = made.mono()[int(1.3 * RATE) : int(1.9 * RATE)]
    assert np.abs(rest).max() < 1e-4
    assert strongest_near(made, 2.1, 2.6, 72) == pytest.approx(72, abs=0.1)


def hissed(audio: Audio, start: float, end: float, level: float) -> Audio:
    """A consonant, or breath, laid over."""
    samples = audio.samples.copy()
    first, last = int(start * RATE), int(end * RATE)
    samples[0, first:last] += level * np.random.default_rng(0).standard_normal(last - first).astype(np.float32)
    return Audio(samples, RATE)


def test_a_consonant_between_two_notes_keeps_the_loudness_that_it_has():
    source = hissed(sung((0.2, 1.0, 60), (1.1, 2.0, 64)), 0.95, 1.15, 0.02)
    made = transfer(source, load_timbre("violin"), Settings(struck=False)).audio
    before, after = loudness(source.mono()), loudness(made.mono())
    dips = [level[125:225].mean() - level[256:270].mean() for level in (before, after)]
    # A timbre may swell by up to 1.4 times what its source does.
    assert 10 < dips[0] < dips[1] < 1.4 * dips[0] + 3


def test_breath_in_a_long_rest_does_not_sound():
    source = hissed(sung((0.2, 0.9, 60), (2.6, 2.9, 64)), 1.5, 1.9, 0.02)
    made = transfer(source, load_timbre("violin"), Settings(struck=False)).audio
    assert np.abs(made.mono()[int(1.5 * RATE) : int(1.9 * RATE)]).max() < 1e-3


def test_the_next_note_comes_in_at_its_own_pitch():
    line = Controls(
        np.repeat([60, 72], 250).astype(np.float32),
        np.full(500, -20, np.float32),
        np.repeat([True, False, True], [150, 100, 250]),
    )
    violin = load_timbre("violin")
    played = mapped(replace(line, pitch=held_through(line.pitch, line.sounding)), violin, Settings(struck=False))
    assert played.pitch[[149, 195, 205, 249]].tolist() == [60, 60, 72, 72]
    assert played.loudness_db[150] - played.loudness_db[199] == pytest.approx(10, abs=0.5)


def test_silence_and_hiss_are_told_apart_from_a_voice():
    with pytest.raises(NothingHeard, match="no pitch was heard"):
        transfer(Audio(np.zeros((1, RATE), np.float32), RATE), load_timbre("violin"))


def test_a_man_who_hums_below_the_violin_is_moved_up_by_octaves():
    made = transfer(sung((0.3, 1.3, 45), (1.3, 2.5, 48)), load_timbre("violin"))
    assert made.octaves >= 1
    assert strongest_near(made.audio, 0.5, 1.2, 45 + 12 * made.octaves) == pytest.approx(
        45 + 12 * made.octaves, abs=0.1
    )


def test_what_is_left_outside_the_range_stays_at_its_edge():
    violin = load_timbre("violin")
    line = Controls(np.linspace(20, 120, 500).astype(np.float32), np.full(500, -20, np.float32), np.ones(500, np.bool_))
    fitted, _ = within_range(line, violin, Settings(fold=False))
    assert fitted.pitch.min() == violin.low
    assert fitted.pitch.max() == violin.high


def test_a_piano_is_struck_and_a_voice_is_not():
    assert is_struck(heard(sung((0.2, 1.4, 60), (1.4, 2.8, 64), decay=25).mono()))
    assert not is_struck(heard(sung((0.2, 1.4, 60), (1.4, 2.8, 64)).mono()))


def test_a_struck_note_is_held():
    made = transfer(sung((0.2, 2.6, 69), decay=20), load_timbre("violin"))
    assert made.struck
    level = loudness(made.audio.mono())
    assert abs(level[150:200].mean() - level[500:600].mean()) < 5


def test_a_piano_struck_harder_is_held_louder():
    even = sung((0.2, 1.4, 60), (1.5, 2.8, 60), decay=25).mono()
    rising = even * np.where(np.arange(len(even)) < 1.45 * RATE, 0.3, 1.0).astype(np.float32)
    made = [
        transfer(Audio(one[None], RATE), load_timbre("violin"), Settings(struck=True)).audio for one in (even, rising)
    ]
    rises = [float(level[450:600].mean() - level[120:270].mean()) for level in (loudness(one.mono()) for one in made)]
    assert rises[0] == pytest.approx(0, abs=1.5)
    assert 5 < rises[1] < 16


def test_how_hard_a_note_is_struck_says_how_loud_it_is():
    violin = load_timbre("violin")
    wanted = np.array([-40.0, -33.0, -25.0], np.float32)
    for level, velocity in zip(wanted, velocity_of(wanted, violin), strict=True):
        held = performed([Tone(0, 4, 69, velocity)], violin, 4).loudness_db[300:700]
        assert held.mean() == pytest.approx(level, abs=1.5)


def test_vibrato_is_kept_made_smaller_or_larger():
    frames = 500
    times = np.arange(frames) / 250
    wave = 0.4 * np.sin(2 * np.pi * 5.5 * times)
    line = Controls((69 + wave).astype(np.float32), np.full(frames, -20, np.float32), np.ones(frames, np.bool_))
    violin = load_timbre("violin")
    for kept in (0.0, 1.0, 2.0):
        moved = mapped(line, violin, Settings(vibrato=kept)).pitch[100:400]
        assert (moved.max() - moved.min()) / 2 == pytest.approx(0.4 * kept, abs=0.06)


def test_dynamics_are_kept_or_flattened():
    frames = 500
    swell = (-30 + 12 * np.sin(np.linspace(0, np.pi, frames))).astype(np.float32)
    line = Controls(np.full(frames, 69, np.float32), swell, np.ones(frames, np.bool_))
    violin = load_timbre("violin")
    kept = mapped(line, violin, Settings(loudness=1.0, struck=False)).loudness_db
    flat = mapped(line, violin, Settings(loudness=0.0, struck=False)).loudness_db
    assert np.corrcoef(kept, swell)[0, 1] > 0.99
    assert np.ptp(kept) > 6
    assert np.ptp(flat) < 0.01


def test_dry_alone_is_the_source():
    source = sung(*TUNE)
    assert np.allclose(
        transfer(source, load_timbre("violin"), Settings(wet=0.0)).audio.mono(), source.mono(), atol=1e-6
    )


def test_the_same_request_gives_the_same_samples():
    source = sung(*TUNE)
    one, other = (transfer(source, load_timbre("violin"), Settings(seed=3)).audio.samples for _ in range(2))
    assert np.array_equal(one, other)


def test_a_morph_begins_as_one_and_ends_as_the_other():
    source, violin, flute = sung((0.2, 2.8, 72)), load_timbre("violin"), load_timbre("flute")
    made = transfer(source, violin, morph=(flute, Curve(((0.5, 0.0), (2.3, 1.0))))).audio.mono()
    alone = [transfer(source, one).audio.mono() for one in (violin, flute)]
    early, late = slice(int(0.3 * RATE), int(0.5 * RATE)), slice(int(2.4 * RATE), int(2.7 * RATE))
    assert np.corrcoef(made[early], alone[0][early])[0, 1] > 0.999
    assert np.corrcoef(made[late], alone[1][late])[0, 1] > 0.999


def test_an_ensemble_does_not_morph():
    with pytest.raises(InvalidBrief, match="an ensemble does not morph"):
        transfer(sung(*TUNE), load_timbre("string-section"), morph=(load_timbre("cello"), Curve()))


def test_chords_are_given_to_voices_by_nearness():
    chord = [Tone(0, 1, 60), Tone(0, 1, 64), Tone(0, 1, 67)]
    following = [Tone(1, 2, 59), Tone(1, 2, 65), Tone(1, 2, 67)]
    lines = voices([*chord, *following])
    assert sorted([tone.pitch for tone in line] for line in lines) == [[60, 59], [64, 65], [67, 67]]


def test_more_voices_than_there_are_cut_the_one_that_ends_first():
    lines = voices([Tone(0, 1, 60), Tone(0, 3, 64), Tone(0.5, 2, 67)], most=2)
    assert sorted((tone.start, tone.end, tone.pitch) for line in lines for tone in line) == [
        (0, 0.5, 60),
        (0, 3, 64),
        (0.5, 2, 67),
    ]


def test_the_melody_is_the_highest_voice_and_what_rings_on_is_cut():
    chord = [Tone(0.02, 2, 72), Tone(0, 2, 60), Tone(0.03, 2, 64)]
    # The next note of the melody is lower; the first rings on into it.
    following = [Tone(1.9, 3, 71), Tone(2, 3, 55)]
    assert [(tone.start, tone.end, tone.pitch) for tone in melody([*chord, *following])] == [
        (0.02, 1.9, 72),
        (1.9, 3, 71),
    ]


def test_under_a_held_melody_nothing_is_played():
    assert [tone.pitch for tone in melody([Tone(0, 4, 72), Tone(1, 2, 60), Tone(2, 3, 62)])] == [72]


def test_all_voices_and_the_melody_alone_are_not_asked_for_at_once():
    with pytest.raises(InvalidBrief, match="the melody alone"):
        Settings(chords=True, melody=True)


def test_joined_notes_glide_and_separate_ones_do_not():
    violin = load_timbre("violin")
    joined = performed([Tone(0, 1, 60), Tone(1, 2, 67)], violin, 2)
    apart = performed([Tone(0, 0.8, 60), Tone(1, 2, 67)], violin, 2)
    assert 60.5 < joined.pitch[253] < 66.5
    assert apart.pitch[250] == pytest.approx(67, abs=0.01)
    assert joined.loudness_db[240:262].min() > apart.loudness_db[240:249].min() + 10


def test_pitch_is_held_through_a_rest():
    pitch = np.array([60, 61, 0, 0, 64], np.float32)
    sounding = np.array([False, True, False, False, True])
    assert held_through(pitch, sounding).tolist() == [61, 61, 61, 61, 64]


def test_a_line_is_cut_into_notes_where_the_pitch_leaps():
    pitch = np.concatenate([np.full(100, 60), np.full(100, 64)]).astype(np.float32)
    line = Controls(pitch, np.full(200, -20, np.float32), np.ones(200, np.bool_))
    (first, second) = notes_in(line)
    assert first[0] == 0
    assert abs(first[1] - 100) <= 8
    assert second[1] == 200


@pytest.mark.parametrize(
    ("words", "timbre", "chain"),
    [
        ("violin", "violin", ""),
        ("Fiddle", "violin", ""),
        ("a distant flute", "flute", "cathedral"),
        ("dusty old violin", "violin", "vinyl"),
    ],
)
def test_words_choose_a_timbre_and_a_chain(words, timbre, chain):
    choice = chosen(words)
    assert (choice.timbre, choice.chain) == (timbre, chain)
    assert (timbre in choice.because) == (choice.because != "")


def test_words_that_mean_nothing_are_told_with_what_is_known():
    with pytest.raises(UnknownName) as told:
        chosen("vjolin")
    assert "did you mean 'violin'?" in told.value.hint


def test_settings_out_of_range_are_refused():
    with pytest.raises(InvalidBrief, match="wet 2 is outside"):
        Settings(wet=2)


@pytest.mark.parametrize("name", list_timbres())
def test_every_card_says_material_licence_and_range_and_its_weights_are_small(name):
    timbre = load_timbre(name)
    assert timbre.material
    assert timbre.licence_spdx
    assert timbre.high - timbre.low >= 24
    assert timbre.players or timbre.network.shape.outputs > 90


def test_a_card_without_weights_and_weights_that_are_none_are_told(tmp_path):
    from assistant.presets import find_preset

    card = tmp_path / "broken.toml"
    card.write_bytes(find_preset("timbres", "violin").read_bytes())
    weights = tmp_path / "broken.safetensors"
    weights.write_bytes(b"nothing of the kind")
    with pytest.raises(InvalidPreset, match="holds no weights"):
        load_timbre_file(card)


def test_less_than_a_note_is_no_note():
    assert not heard(np.zeros(100, np.float32)).sounding.any()
