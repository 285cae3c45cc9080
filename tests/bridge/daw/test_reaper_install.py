"""The script goes into REAPER's resource folder and out again, and the composer's own start-up script stays.

`lua5.4` is the judge of whether what stands there then still is Lua.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import CannotWrite, MissingPart
from bridge.daw.reaper_install import PATTERN_FILE, install, installed, outdated, uninstall

THEIRS = b"-- mine\r\nlocal x = 1\nreturn x"


@pytest.fixture
def resource(tmp_path: Path) -> Path:
    folder = tmp_path / "REAPER"
    (folder / "Scripts").mkdir(parents=True)
    return folder


def startup(resource: Path) -> Path:
    return resource / "Scripts/__startup.lua"


def test_it_starts_with_reaper_and_before_what_the_composer_has(resource: Path):
    startup(resource).write_bytes(THEIRS)
    install(resource)
    text = startup(resource).read_bytes()
    assert text.endswith(THEIRS)
    assert b"Hummingbridge/hummingbridge.lua" in text.removesuffix(THEIRS)


def test_installing_twice_gives_the_same_files(resource: Path):
    startup(resource).write_bytes(THEIRS)

    def tree() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in resource.rglob("*") if path.is_file()}

    install(resource)
    once = tree()
    install(resource)
    assert tree() == once


@pytest.mark.parametrize(
    "theirs", [THEIRS, b"\xef\xbb\xbf-- mine", b"#!/usr/bin/lua\nlocal x = 1\n", b"\n", b"-- \xff"]
)
def test_taking_it_out_leaves_every_byte_of_theirs(resource: Path, theirs: bytes):
    startup(resource).write_bytes(theirs)
    install(resource)
    install(resource)
    assert uninstall(resource)
    assert startup(resource).read_bytes() == theirs
    assert [path.name for path in resource.rglob("*") if path.is_file()] == ["__startup.lua"]


@given(st.binary(min_size=1).filter(lambda data: b"hummingbridge" not in data))
@settings(max_examples=20, deadline=None)
def test_any_start_up_script_survives(tmp_path_factory: pytest.TempPathFactory, theirs: bytes):
    resource = tmp_path_factory.mktemp("REAPER")
    (resource / "Scripts").mkdir()
    startup(resource).write_bytes(theirs)
    install(resource)
    uninstall(resource)
    assert startup(resource).read_bytes() == theirs


def test_where_there_was_no_start_up_script_none_is_left(resource: Path):
    install(resource)
    assert uninstall(resource)
    assert [path for path in resource.rglob("*") if path.is_file()] == []
    assert not uninstall(resource)


@pytest.mark.skipif(shutil.which("lua5.4") is None, reason="no lua5.4 here: apt-get install lua5.4")
@pytest.mark.parametrize("theirs", [b"", THEIRS, b"\xef\xbb\xbflocal x = 1", b"#!/usr/bin/lua\nlocal x = 1\n"])
def test_what_stands_there_then_is_lua(resource: Path, theirs: bytes):
    startup(resource).write_bytes(theirs)
    install(resource)
    code = f"assert (loadfile ('{startup(resource)}')) print ('sound')"
    answer = subprocess.run(["lua5.4", "-e", code], capture_output=True, text=True, timeout=60)
    assert answer.stdout == "sound\n", answer.stderr


def test_the_osc_patterns_are_put_where_reaper_looks_for_them(resource: Path):
    install(resource)
    lines = (resource / PATTERN_FILE).read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    assert ["TEMPO", "f/tempo/raw"] in rows
    # A line is a name in capitals and patterns, each a letter for its kind of value before the address.
    assert all(row[0].isupper() and all(each[0] in "nfbtrsi" and each[1] == "/" for each in row[1:]) for row in rows)


def test_what_is_installed_is_known_again(resource: Path):
    assert installed(resource) is None
    there = install(resource)
    assert installed(resource) is not None
    assert not outdated(there.folder)
    (there.folder / "insert.lua").write_text("-- old")
    assert outdated(there.folder)


def test_without_reapers_folder_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(MissingPart) as caught:
        install()
    assert "start it once" in caught.value.hint


def test_a_folder_that_cannot_be_written_leaves_it_as_it_was(resource: Path):
    (resource / "Scripts/Hummingbridge").write_text("a file of theirs")
    with pytest.raises(CannotWrite):
        install(resource)
    assert not startup(resource).exists()
