"""Presets: found, shadowed, listed, checked, made anew; and nothing outside their folders reached."""

from pathlib import Path

import pytest

from assistant.errors import CannotRead, CannotWrite, InvalidPreset, UnknownName
from assistant.presets import (
    CHECKS,
    KINDS,
    check_presets,
    find_preset,
    list_presets,
    new_preset,
    own_folder,
    read_toml,
    shipped,
    shown,
)


def own(kind: str, name: str, text: str) -> Path:
    path = own_folder() / kind / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_shipped_preset_is_found_by_its_name():
    assert find_preset("chains", "warm-hall").name == "warm-hall.toml"


def test_the_composers_preset_hides_the_shipped_one():
    path = own("chains", "warm-hall", 'description = "mine"')
    assert find_preset("chains", "warm-hall") == path
    (listed,) = [preset for preset in list_presets("chains") if preset.name == "warm-hall"]
    assert listed.own
    assert listed.description == "mine"


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UnknownName) as error:
        find_preset("chains", "warm-hal")
    assert "did you mean 'warm-hall'" in error.value.hint


def test_an_unknown_kind_names_the_kinds():
    with pytest.raises(UnknownName) as error:
        list_presets("chain")
    assert "chains" in error.value.hint


@pytest.mark.parametrize(
    "name", ["../chains/lofi", "/etc/passwd", "..", "a/b", "a\\b", "", ".hidden", "a..b", "x" * 80, "nul\0", "end."]
)
def test_a_name_cannot_leave_the_folder(name):
    with pytest.raises(UnknownName):
        find_preset("chains", name)
    with pytest.raises(UnknownName):
        new_preset("chains", name)


@pytest.mark.parametrize("relative", ["../pyproject.toml", "/etc/passwd", "chains/../../pyproject.toml"])
def test_what_ships_is_looked_for_among_what_ships(relative):
    with pytest.raises(CannotRead):
        shipped(relative)


def test_what_ships_is_found_by_its_place():
    assert shipped("chains/lofi.toml").is_file()


def test_what_does_not_ship_is_an_error():
    with pytest.raises(CannotRead, match="missing"):
        shipped("chains/none.toml")


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_every_shipped_preset_is_sound(kind):
    findings = check_presets(kind)
    assert findings
    assert [(finding.preset.name, finding.error) for finding in findings if finding.error] == []


def test_the_check_names_file_and_key():
    own("chains", "mine", '[[stage]]\nkind = "reverb"\nrom = 0.5\n')
    (finding,) = [finding for finding in check_presets() if finding.error]
    assert finding.error is not None
    assert finding.error.message == "presets/chains/mine.toml: stage 'reverb': unknown parameter 'rom'"
    assert "did you mean 'room'?" in finding.error.hint


def test_a_file_that_is_not_toml_names_the_place():
    path = own("chains", "broken", "stage = = 1")
    with pytest.raises(InvalidPreset, match=r"presets/chains/broken.toml: not TOML.*line 1"):
        read_toml(path)


def test_a_preset_in_a_strange_encoding_is_an_error_too():
    path = own("chains", "latin", "")
    path.write_bytes(b'description = "\xe9"')
    with pytest.raises(InvalidPreset, match="not TOML"):
        read_toml(path)


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_a_new_preset_is_sound_as_it_is_written(kind):
    path = new_preset(kind, "mine")
    assert path == own_folder() / kind / "mine.toml"
    assert path.read_text().startswith("description")
    assert [finding.preset.name for finding in check_presets(kind) if finding.error] == []


def test_a_new_preset_can_begin_as_a_copy():
    path = new_preset("chains", "my-hall", like="warm-hall")
    lines = shipped("chains/warm-hall.toml").read_text().splitlines()
    assert path.read_text().splitlines() == [line for line in lines if not line.startswith("licence")]


def test_a_settings_folder_that_cannot_be_written_is_an_error_that_names_it():
    own_folder().parent.mkdir(parents=True)
    own_folder().write_text("a file where a folder should be")
    with pytest.raises(CannotWrite, match=r"chains/mine\.toml cannot be written") as raised:
        new_preset("chains", "mine")
    assert raised.value.hint == "check the permissions of the settings folder"


def test_a_new_preset_overwrites_nothing():
    path = new_preset("chains", "mine")
    path.write_text("# edited")
    with pytest.raises(CannotWrite, match="exists already"):
        new_preset("chains", "mine")
    assert path.read_text() == "# edited"


def test_every_kind_says_what_it_is():
    assert all(KINDS.values())
    assert set(CHECKS) <= set(KINDS)


def test_a_path_outside_the_presets_is_shown_whole(tmp_path):
    assert shown(tmp_path / "x.toml") == str(tmp_path / "x.toml")
