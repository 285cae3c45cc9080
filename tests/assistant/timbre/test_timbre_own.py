"""Whether a recording will do to learn a timbre from, and why not."""

import numpy as np
import pytest
import soundfile

from assistant.audio import Audio
from assistant.errors import CannotWrite, InvalidBrief, UnknownName
from assistant.timbre.judging.own import check_own
from assistant.timbre.timbre import list_timbres
from assistant.timbre.training import own
from assistant.timbre.training.own import UnfitRecording, check_whose, examined, nearest, place_for
from midi.pitch import hz_from_midi

RATE = 48_000
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def line(seconds: float, low: int = 0, level: float = 0.2) -> np.ndarray:
    """Long notes up a scale, with rests between."""
    time = np.arange(int(2.5 * RATE)) / RATE
    envelope = np.minimum(1, np.minimum(time / 0.03, np.maximum(0, 2.0 - time) / 0.1))
    notes = [
        sum(np.sin(2 * np.pi * hz_from_midi(pitch + low) * k * time) / k for k in range(1, 12)) * envelope
        for pitch in SCALE
    ]
    tune = np.concatenate(notes)
    return level * np.resize(tune, int(seconds * RATE))


def recording(samples: np.ndarray) -> Audio:
    return Audio(samples[None].astype(np.float32), RATE)


def test_a_minute_of_one_voice_will_do():
    fit = examined([recording(line(30)), recording(line(30, 2))])
    assert fit.sounding_seconds > 40
    assert fit.harmonic_share > 0.98
    assert nearest(fit) in list_timbres()


def test_what_the_judge_is_to_learn_from_is_looked_at_before_anything_is_judged(tmp_path):
    short = tmp_path / "short.wav"
    soundfile.write(short, line(5), RATE)
    with pytest.raises(UnfitRecording, match="too short"):
        check_own(str(short))
    with pytest.raises(UnknownName, match="no recording and no timbre"):
        check_own(str(tmp_path / "nothing.wav"))
    check_own("flute")


def test_chords_late_in_what_is_given_are_found():
    chords = line(40) + np.roll(line(40, 5), RATE // 3)
    with pytest.raises(UnfitRecording, match="several notes at once"):
        examined([recording(line(60)), recording(chords)])


@pytest.mark.parametrize(("owner", "licence"), [("", "CC0-1.0"), ("mine", ""), ("mine", "no licence at all")])
def test_whose_it_is_and_under_which_licence_has_to_be_said(owner, licence):
    with pytest.raises(InvalidBrief):
        check_whose(owner, licence)
    check_whose("mine", "LicenseRef-mine")


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (line(20), "too short"),
        (line(60, level=1e-4), "too quiet"),
        (line(60) + np.roll(line(60, 5), RATE // 3), "several notes at once"),
        (line(60) + np.random.default_rng(0).normal(0, 0.02, 60 * RATE), "too noisy"),
        (np.zeros(60 * RATE), "too quiet"),
    ],
)
def test_an_unfit_recording_is_told_why(samples, why):
    with pytest.raises(UnfitRecording, match=why) as told:
        examined([recording(samples)])
    assert told.value.hint


def test_two_of_a_kind_are_two_though_one_is_often_by_itself():
    other = np.roll(line(60, 4), int(1.2 * RATE))
    with pytest.raises(UnfitRecording, match="several notes at once"):
        examined([recording(line(60) + other * np.float32(0.7))])


@pytest.mark.parametrize("name", ["../cello", "a/b", "", "CON/"])
def test_a_timbre_has_a_plain_name_and_lands_nowhere_else(name):
    with pytest.raises(UnknownName, match="is not a plain name"):
        place_for(name)


def test_a_timbre_that_was_learnt_before_is_not_written_over(tmp_path, monkeypatch):
    monkeypatch.setattr(own, "own_folder", lambda: tmp_path)
    (place_for("my-cello")).mkdir()
    (tmp_path / "timbres" / "my-cello.toml").write_text("")
    with pytest.raises(CannotWrite, match="called my-cello already"):
        place_for("my-cello")
