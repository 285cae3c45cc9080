"""A hum becomes a cello by command, with its take, recipe and licences."""

import shutil
from pathlib import Path

import soundfile


def test_a_voice_becomes_a_violin_of_the_same_length(program, voice):
    made = program("timbre", "transfer", voice, "--to", "violin", "-o", "violin.wav", "--json")
    assert made.code == 0, made.err
    take = made.json["take"]
    assert take["kind"] == "timbre"
    assert {"generator", "model"} == {used["kind"] for used in take["recipe"]["licences"]}
    before, after = soundfile.info(voice), soundfile.info("violin.wav")
    assert after.samplerate == 48_000
    assert abs(after.duration - before.duration) < 1e-4


def test_words_choose_and_say_what_they_chose(program, voice):
    made = program("timbre", "transfer", voice, "--to", "gritty cyberpunk synth", "-o", "lead.wav")
    assert made.code == 0, made.err
    assert "'gritty cyberpunk synth' is played by gritty-lead through" in made.out


def test_an_unknown_timbre_is_told_with_the_nearest(program, voice):
    made = program("timbre", "transfer", voice, "--to", "vjolin")
    assert made.code == 1
    assert "did you mean 'violin'?" in made.err


def test_the_recording_itself_is_never_written_over(program, voice):
    made = program("timbre", "transfer", voice, "--to", "violin", "-o", voice)
    assert made.code == 2
    assert "stays as it is" in made.err


def test_notes_are_played_by_a_timbre(program, motif):
    made = program("render", motif, "--instrument", "timbre:cello", "-o", "cello.wav")
    assert made.code == 0, made.err
    assert soundfile.info("cello.wav").duration > 4.8


def test_timbres_are_listed_and_shown(program):
    names = [card["name"] for card in program("timbre", "list", "--json").json]
    assert {"violin", "cello", "flute", "tenor-sax", "gritty-lead", "string-section"} <= set(names)
    shown = program("timbre", "show", "cello")
    assert "licence   GPL-3.0-or-later" in shown.out
    assert "FluidR3" in shown.out


def test_a_curve_without_a_goal_is_misuse(program, voice):
    assert program("timbre", "transfer", voice, "--to", "violin", "--curve", "0:0,1:1").code == 2


def test_a_recording_that_bears_the_name_of_what_is_rendered_is_set_aside(program, voice):
    shutil.copy(voice, "hum.wav")
    recorded = Path("hum.wav").read_bytes()
    assert program("hum", "hum.wav", "-o", "hum.mid").code == 0
    made = program("render", "hum.mid", "--instrument", "timbre:cello")
    assert made.code == 0, made.err
    assert "your version is kept as hum-yours.wav" in made.err
    assert Path("hum-yours.wav").read_bytes() == recorded
