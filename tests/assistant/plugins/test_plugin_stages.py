"""Plugins in chains and instruments as text, before any plugin is there."""

import base64

import pytest

from assistant.effects import apply_chain, load_chain
from assistant.effects.chain import chain_from, overridden, parameters_of, plugins_in
from assistant.errors import InvalidPreset, PluginFailed, UnknownName
from assistant.plugins.catalogue import find, known, stamp
from assistant.render.instruments import load_instrument_file

CHAIN = """
[[stage]]
kind = "vst3:NoSuchPlugin"
name = "squash"
threshold_db = -24
ratio = "4"
makeup_db = [[0, 0], [8, 6]]
state = "squash.state"
"""


def written(folder, text=CHAIN, state=b"\x00\xffstate"):
    (folder / "squash.state").write_bytes(state)
    (folder / "mine.toml").write_text(text)
    return folder / "mine.toml"


def test_a_chain_with_a_plugin_loads_without_the_plugin(tmp_path):
    (stage,) = load_chain(written(tmp_path)).stages
    assert stage.kind == "vst3:NoSuchPlugin"
    assert stage.settings["threshold_db"] == -24.0
    assert stage.settings["makeup_db"] == "0:0 8:6"
    assert {knob.name for knob in parameters_of(stage)} == {*stage.settings, "mix"}


def test_the_state_becomes_part_of_the_chain_byte_for_byte(tmp_path):
    chain = load_chain(written(tmp_path))
    (tmp_path / "squash.state").unlink()
    again = chain_from(chain.as_dict(), name=chain.name, where="here", folder=tmp_path)
    assert again.stages == chain.stages
    assert base64.b64decode(str(again.stages[0].settings["state"]).removeprefix("base64:")) == b"\x00\xffstate"


def test_knobs_of_a_plugin_can_be_set_from_outside(tmp_path):
    chain = overridden(load_chain(written(tmp_path)), {"squash.threshold_db": "-30 dB", "squash.mix": "50%"})
    assert chain.stages[0].settings["threshold_db"] == "-30 dB"
    assert chain.stages[0].mix == 0.5


def test_a_plugin_that_is_not_there_fails_its_stage_alone(tmp_path, tone):
    chain = load_chain(written(tmp_path))
    with pytest.raises(PluginFailed, match="NoSuchPlugin") as caught:
        apply_chain(tone, chain)
    assert "--without-failed-plugins" in caught.value.hint
    failures = []
    assert apply_chain(tone, chain, failed=failures.append).length >= tone.length
    assert [failure.code for failure in failures] == ["plugin-failed"]


def test_a_state_that_is_missing_is_named(tmp_path):
    path = written(tmp_path)
    (tmp_path / "squash.state").unlink()
    with pytest.raises(InvalidPreset, match=r"stage 'squash': state 'squash.state' cannot be read"):
        load_chain(path)


def test_a_knob_that_is_no_value_is_refused(tmp_path):
    with pytest.raises(InvalidPreset, match="ratio"):
        load_chain(written(tmp_path, '[[stage]]\nkind = "vst3:X"\nratio = [1, 2]\n'))


def test_plugins_in_branches_are_counted_once(tmp_path):
    text = """
[[stage]]
kind = "parallel"
[[stage.branch]]
[[stage.branch.stage]]
kind = "vst3:X"
[[stage.branch]]
[[stage.branch.stage]]
kind = "vst3:X"
name = "second"
"""
    assert plugins_in(load_chain(written(tmp_path, text)).stages) == ("vst3:X",)


def test_an_instrument_names_its_plugin_and_what_stands_in_for_it(tmp_path):
    path = tmp_path / "lead.toml"
    path.write_text('plugin = "vst3:Lead"\nsound = "flute"\ntranspose_semitones = 12\n[parameters]\ngain_db = -6\n')
    instrument = load_instrument_file(path)
    assert (instrument.plugin, instrument.program, instrument.settings["gain_db"]) == ("vst3:Lead", 73, -6.0)


def test_an_instrument_without_a_plugin_has_no_plugin_knobs(tmp_path):
    path = tmp_path / "lead.toml"
    path.write_text('sound = "flute"\n[parameters]\ngain_db = -6\n')
    with pytest.raises(InvalidPreset, match="parameters"):
        load_instrument_file(path)


def test_an_unknown_plugin_says_how_to_look_for_it():
    with pytest.raises(UnknownName) as caught:
        find("vst3:NoSuchPlugin")
    assert "hummingbridge plugins scan" in caught.value.hint
    with pytest.raises(UnknownName, match="does not exist"):
        find("vst3:/nowhere/X.vst3")


def test_nothing_is_known_before_the_first_scan():
    assert known() == ()


def test_a_changed_file_in_a_bundle_changes_its_stamp(tmp_path):
    inside = tmp_path / "X.vst3" / "Contents" / "X.so"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"one")
    before = stamp(tmp_path / "X.vst3")
    inside.write_bytes(b"longer")
    assert before != stamp(tmp_path / "X.vst3") != ""
    assert stamp(tmp_path / "Y.vst3") == ""
