"""Which SoundFont plays, and under what licence."""

import subprocess
import sys

import pytest

from assistant.errors import CannotRead, InvalidPreset
from assistant.presets import own_folder
from assistant.render.soundfonts import (
    embedded_soundfont,
    find_soundfont,
    installed_soundfonts,
    read_config,
)


def soundfont_file(folder, name="mine.sf2"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"RIFF\x04\x00\x00\x00sfbk")
    return path


def test_the_embedded_one_is_found_without_importing_what_it_comes_in():
    code = (
        "import sys; from assistant.render.soundfonts import embedded_soundfont; print(embedded_soundfont().name);"
        "assert 'pretty_midi' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "TimGM6mb\n"


def test_the_embedded_one_says_its_licence():
    assert embedded_soundfont().licence_spdx == "GPL-2.0-only"


def test_a_named_one_goes_before_all_others(tmp_path):
    path = soundfont_file(tmp_path)
    found = find_soundfont(path)
    assert (found.path, found.name, found.licence_spdx) == (path, "mine", "NOASSERTION")


def test_the_configured_one_goes_before_the_installed(tmp_path):
    path = soundfont_file(own_folder().parent)
    (own_folder().parent / "config.toml").write_text('[render]\nsoundfont = "mine.sf2"\nengine = "tinysoundfont"')
    assert find_soundfont().path == path
    assert read_config().engine == "tinysoundfont"


def test_a_faulty_configuration_names_file_and_key():
    own_folder().parent.mkdir(parents=True, exist_ok=True)
    (own_folder().parent / "config.toml").write_text("[render]\nsoundfont = 3")
    with pytest.raises(InvalidPreset, match=r"config.toml: \[render\] soundfont is not text"):
        find_soundfont()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[render]\nsoundfnt = 'mine.sf2'", "soundfnt is unknown"),
        ("soundfont = 'mine.sf2'", "soundfont is unknown"),
        ("render = 3", "render is not a section"),
    ],
)
def test_settings_that_nobody_reads_are_refused(text, message):
    own_folder().parent.mkdir(parents=True, exist_ok=True)
    (own_folder().parent / "config.toml").write_text(text)
    with pytest.raises(InvalidPreset, match=message):
        find_soundfont()


def test_a_better_one_in_the_composers_own_folder_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = soundfont_file(tmp_path / "sounds" / "sf2", "FluidR3_GM.sf2")
    found = find_soundfont()
    assert (found.path, found.licence_spdx) == (path, "MIT")


def test_a_compressed_one_can_be_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("assistant.render.soundfonts.BETTER", ("MuseScore_General.sf3",))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = soundfont_file(tmp_path / "sounds" / "sf3", "MuseScore_General.sf3")
    assert find_soundfont().path == path
    assert find_soundfont().compressed
    assert find_soundfont(compressed=False).name == "TimGM6mb"


def test_a_link_is_known_by_the_file_it_stands_for(tmp_path):
    target = soundfont_file(tmp_path, "FluidR3_GM.sf2")
    link = tmp_path / "default-GM.sf2"
    link.symlink_to(target)
    assert find_soundfont(link).licence_spdx == "MIT"


def test_what_is_installed_is_listed_best_first():
    assert all(path.is_file() for path in installed_soundfonts())


def test_a_missing_one_is_an_error(tmp_path):
    with pytest.raises(CannotRead, match="cannot be read"):
        find_soundfont(tmp_path / "none.sf2")


def test_what_is_not_a_soundfont_is_an_error(tmp_path):
    path = tmp_path / "song.sf2"
    path.write_bytes(b"RIFF\x04\x00\x00\x00WAVE")
    with pytest.raises(CannotRead, match="not a SoundFont"):
        find_soundfont(path)
