"""Chains as TOML: read, refused with file and key, overridden, written back."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.effects import load_chain
from assistant.effects.chain import (
    Branch,
    Chain,
    Stage,
    chain_from,
    load_chain_file,
    overridden,
    parameters_of,
    stage_kind,
)
from assistant.effects.kinds import STAGES
from assistant.errors import CannotRead, InvalidPreset, UnknownName
from assistant.presets import list_presets

ECHO = """
[[stage]]
kind = "delay"
name = "echo"
time_ms = 250
mix = 0.3
"""

SEND = """
[[stage]]
kind = "parallel"
name = "send"
[[stage.branch]]
name = "direct"
[[stage.branch]]
name = "wet"
level_db = -6
pan = 0.5
[[stage.branch.stage]]
kind = "reverb"
name = "hall"
"""


def chain(text: str) -> Chain:
    return chain_from(tomllib.loads(text), name="x", where="presets/chains/x.toml", folder=Path())


def test_a_stage_has_its_settings_and_the_defaults():
    (stage,) = chain(ECHO).stages
    assert stage == Stage("echo", "delay", {"time_ms": 250.0, "feedback": 0.3}, 0.3)


def test_branches_have_levels_places_and_stages():
    (send,) = chain(SEND).stages
    assert send.branches[0] == Branch("direct")
    assert (send.branches[1].level_db, send.branches[1].pan) == (-6.0, 0.5)
    assert [stage.name for stage in send.branches[1].stages] == ["hall"]


@pytest.mark.parametrize(
    ("text", "said", "tried"),
    [
        ('[[stage]]\nkind = "reverb"\nrom = 1', "stage 'reverb': unknown parameter 'rom'", "did you mean 'room'"),
        ('[[stage]]\nkind = "revreb"', "stage 'revreb': unknown kind 'revreb'", "did you mean 'reverb'"),
        ('[[stage]]\nkind = "reverb"\nroom = 1.5', "stage 'reverb': room 1.5 is outside 0..1", "bring it within"),
        ('[[stage]]\nkind = "delay"\ntime_ms = 0', "stage 'delay': time_ms 0 is outside 1..5000 ms", "bring it within"),
        ('[[stage]]\nkind = "delay"\ntime_ms = "long"', "stage 'delay': time_ms 'long' is not usable", "1..5000 ms"),
        ('[[stage]]\nkind = "delay"\ntime_ms = nan', "stage 'delay': time_ms nan is not usable", "1..5000 ms"),
        ('[[stage]]\nkind = "delay"\ntime_ms = true', "stage 'delay': time_ms True is not usable", "1..5000 ms"),
        ('[[stage]]\nkind = "limiter"\ntrue_peak = 1', "stage 'limiter': true_peak 1 is not usable", "true or false"),
        (
            '[[stage]]\nkind = "synth-filter"\nmode = "notch"',
            "stage 'synth-filter': mode 'notch' is not",
            "low-pass-12",
        ),
        ('[[stage]]\nkind = "gain"\nmix = 2', "stage 'gain': mix 2 is outside 0..1", "bring it within"),
        ("[[stage]]\nroom = 1", "a stage has no kind", "kind = "),
        ('[[stage]]\nkind = "gain"\n[[stage]]\nkind = "gain"', "two stages are called 'gain'", "name = "),
        ('[[stage]]\nkind = "gain"\nname = "a.b"', "stage name 'a.b' is not one", "without dots"),
        ("", "it has no stages", "[[stage]]"),
        ('stage = "reverb"', "'stage' is not a list of tables", "[[stage]]"),
        ("stage = [1]", "'stage' is not a list of tables", "[[stage]]"),
        ('chanels = "mono"\n' + ECHO, "unknown key 'chanels'", "did you mean 'channels'"),
        ('channels = "quad"\n' + ECHO, "channels 'quad' is not usable", "stereo, as-it-is, mono"),
        ("level_db = 99\n" + ECHO, "level_db 99 is outside -60..24 dB", "bring it within"),
        ("longest_tail_seconds = -1\n" + ECHO, "longest_tail_seconds -1 is outside 0..60 seconds", "bring it within"),
        ("description = 3\n" + ECHO, "description 3 is not text", "quotes"),
        ('[[stage]]\nkind = "parallel"', "stage 'parallel': it has no branches", "[[stage.branch]]"),
        (SEND + "rom = 1", "stage 'send', branch 'wet': stage 'hall': unknown parameter 'rom'", "did you mean 'room'"),
        (SEND.replace("pan", "pna"), "stage 'send', branch 'wet': unknown key 'pna'", "did you mean 'pan'"),
        ('[[stage]]\nkind = "convolution"', "stage 'convolution': a convolution names no impulse", "impulse = "),
        (
            '[[stage]]\nkind = "convolution"\nimpulse = "none.wav"',
            "stage 'convolution': impulse response 'none.wav' is missing",
            "impulse = ",
        ),
    ],
)
def test_a_faulty_chain_names_file_stage_and_key(text, said, tried):
    with pytest.raises(InvalidPreset) as error:
        chain(text)
    assert error.value.message.startswith(f"presets/chains/x.toml: {said}")
    assert tried in error.value.hint


def test_a_chain_is_found_by_name_and_by_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(ECHO)
    assert load_chain(path) == load_chain(str(path))
    assert load_chain(path).name == "mine"
    assert load_chain("warm-hall").name == "warm-hall"


def test_an_unknown_chain_names_near_ones():
    with pytest.raises(UnknownName) as error:
        load_chain("warm-hal")
    assert "did you mean 'warm-hall'" in error.value.hint


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(CannotRead):
        load_chain(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("echo.time_ms", "500", 500.0),
        ("echo.time", "500ms", 500.0),
        ("echo.time_ms", "0.5 s", 500.0),
        ("echo.feedback", "40%", 0.4),
        ("echo.feedback", ".4", 0.4),
    ],
)
def test_a_knob_is_turned_by_its_name_and_a_value_with_its_unit(key, text, value):
    (stage,) = overridden(chain(ECHO), {key: text}).stages
    assert stage.settings[key.split(".")[1].removesuffix("_ms") + ("_ms" if "time" in key else "")] == value


def test_mix_branches_and_nested_stages_can_be_set():
    changed = overridden(
        chain(SEND), {"send.mix": "50%", "wet.level": "-12dB", "wet.pan": "-1", "hall.room": "0.9", "hall.mix": "0.4"}
    )
    (send,) = changed.stages
    (hall,) = send.branches[1].stages
    assert (send.mix, send.branches[1].level_db, send.branches[1].pan) == (0.5, -12.0, -1.0)
    assert (hall.settings["room"], hall.mix) == (0.9, 0.4)


@pytest.mark.parametrize(
    ("kind", "key", "text", "value"),
    [
        ("low-pass", "frequency", "2kHz", 2000.0),
        ("pitch", "semitones", "-7 st", -7.0),
        ("bitcrush", "bits", "8bit", 8.0),
        ("limiter", "true_peak", "on", True),
        ("limiter", "true-peak", "no", False),
        ("synth-filter", "mode", "band-pass-12", "band-pass-12"),
    ],
)
def test_units_switches_and_choices_are_understood(kind, key, text, value):
    (stage,) = overridden(chain(f'[[stage]]\nkind = "{kind}"'), {f"{kind}.{key}": text}).stages
    assert value in stage.settings.values()


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("echo.tine", "3", "unknown parameter 'tine'"),
        ("ecko.time", "3", "unknown stage 'ecko'"),
        ("echo", "3", "'echo' names no stage"),
        ("echo.time", "soon", "time_ms 'soon' is not usable"),
        ("echo.time", "3 dB", "time_ms '3 dB' is not usable"),
        ("echo.time", "90 s", "time_ms 90000 is outside 1..5000 ms"),
        ("echo.time", "", "time_ms '' is not usable"),
        ("echo.time", "1e999", "time_ms inf is not usable"),
    ],
)
def test_a_faulty_override_is_refused_like_a_faulty_file(key, text, said):
    with pytest.raises(InvalidPreset) as error:
        overridden(chain(ECHO), {key: text})
    assert error.value.message == f"chain 'x': {key}={text}: {said}"
    assert error.value.hint


def test_overriding_leaves_the_chain_itself_alone():
    before = chain(ECHO)
    overridden(before, {"echo.time": "1"})
    assert before == chain(ECHO)


@pytest.mark.parametrize("preset", list_presets("chains"), ids=lambda preset: preset.name)
def test_a_chain_written_back_is_the_same_chain(preset):
    loaded = load_chain_file(preset.path)
    assert chain_from(loaded.as_dict(), name=loaded.name, where="x", folder=loaded.folder) == loaded


def test_every_kind_says_what_it_is_and_what_its_knobs_are():
    for kind in STAGES:
        found = stage_kind(kind)
        assert found.what
        for parameter in found.parameters:
            assert parameter.checked(parameter.default, where="") == parameter.default
            assert parameter.allowed


def test_the_knobs_of_a_stage_can_be_listed():
    assert [knob.name for knob in parameters_of(chain(ECHO).stages[0])] == ["time_ms", "feedback", "mix"]


KNOBS = [
    (kind, parameter)
    for kind in STAGES
    for parameter in stage_kind(kind).parameters
    if isinstance(parameter.default, float)
]


@given(st.sampled_from(KNOBS), st.floats(allow_nan=True, allow_infinity=True, width=32))
def test_a_value_is_taken_just_when_it_is_within_the_range(knob, value):
    kind, parameter = knob
    table = {"kind": kind, parameter.name: value}
    if kind == "convolution":
        table["impulse"] = __file__
    if parameter.low <= value <= parameter.high:
        stage = chain_from({"stage": [table]}, name="x", where="x", folder=Path()).stages[0]
        assert stage.settings[parameter.name] == value
    else:
        with pytest.raises(InvalidPreset, match=parameter.name):
            chain_from({"stage": [table]}, name="x", where="x", folder=Path())
