"""`daw` and `send` as a composer types them, to a REAPER and a Live that are stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.daw import live
from tests.fakes.ableton_osc import FakeLive
from tests.fakes.reaper_process import FakeReaper

Program = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The settings folder that the tests' environment names, with REAPER's in it."""
    folder = tmp_path / "config" / "REAPER"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def reaper(program: Program, home: Path, tmp_path: Path) -> Iterator[FakeReaper]:
    assert program("daw", "install", "reaper").code == 0
    fake = FakeReaper(home, tmp_path / "media")
    yield fake
    fake.close()


@pytest.fixture
def ableton(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLive]:
    fake = FakeLive()
    monkeypatch.setattr(live.AbletonLive.__init__, "__defaults__", (fake.port, fake.answer_port))
    yield fake
    fake.close()


def test_installing_says_where_and_what_is_next(program: Program, home: Path):
    said = program("daw", "install", "reaper")
    assert said.out == f"installed in {home}/Scripts/Hummingbridge\nrestart REAPER: the script starts with it\n"
    assert program("daw", "uninstall", "reaper").out == "taken out\n"
    assert program("daw", "uninstall", "reaper", "--folder", str(home)).out == "it was not installed\n"


def test_a_folder_that_is_not_there_is_said(program: Program):
    said = program("daw", "install", "reaper", "--folder", "nowhere")
    assert (said.code, "there is no folder nowhere" in said.err) == (2, True)


def test_osc_is_switched_on_in_ardour_only(program: Program, home: Path):
    assert "docs/set-it-up-in-reaper.md" in program("daw", "install", "reaper", "--osc").err


def test_a_take_lies_in_reaper_where_it_was_sent(program: Program, motif: Path, reaper: FakeReaper):
    program("daw", "tempo", "reaper", "100")
    said = program("send", str(motif), "--to", "reaper", "--at-bar", "5", "--track", "Bass", "--notes-only")
    assert (said.code, said.out) == (0, "notes    'idea' on track 'Bass' at bar 5\n")
    assert program("daw", "go", "reaper", "9").out == "reaper stands at bar 9\n"
    # Without a bar, where the cursor stands.
    assert "at bar 9" in program("send", str(motif), "--to", "reaper", "--track", "Bass", "--notes-only").out
    assert [item["seconds"] for item in reaper.items()["Bass"]] == [pytest.approx(9.6), pytest.approx(19.2)]
    again = program("send", str(motif), "--to", "reaper", "--at-bar", "5", "--track", "Bass", "--notes-only")
    assert "nothing is inserted twice" in again.out
    assert reaper.told()["tempo"] == 100


def test_a_take_lies_in_live_and_its_sound_in_the_folder(program: Program, motif: Path, ableton: FakeLive):
    said = program("send", str(motif), "--to", "live", "--at-bar", "3", "--track", "Keys", "-o", "for-live")
    assert said.code == 0, said.err
    (clip,) = [clip for clip in ableton.clips("Keys") if clip]
    assert f"notes    {clip.name!r} on track 'Keys' at bar 3" in said.out
    assert f"Add Folder, {Path('for-live').resolve()}" in said.out
    assert {path.suffix for path in Path("for-live").rglob("*.*")} == {".json", ".wav"}


def test_a_daw_that_does_not_answer_is_said_before_anything_is_made(program: Program, motif: Path, home: Path):
    said = program("send", str(motif), "--to", "reaper")
    assert said.code == 1
    assert "reaper: the script is not in REAPER's resource folder" in said.err
    assert "try: hummingbridge daw install reaper" in said.err


@pytest.mark.parametrize(
    ("daw", "advice"),
    [("bitwig", "in Bitwig, File, Open"), ("studio-one", "in Studio One"), ("cubase", "Import")],
)
def test_each_daw_of_the_one_format_gets_its_own_advice(program: Program, motif: Path, daw: str, advice: str):
    said = program("send", str(motif), "--to", daw, "--at-bar", "3", "--notes-only", "-o", "out")
    assert advice in said.out
    assert "the clips lie at bar 3" in said.out
    assert len(list(Path("out").glob("*.dawproject"))) == 1


def test_the_list_says_who_answers(program: Program, reaper: FakeReaper, ableton: FakeLive):
    rows = {row["daw"]: row for row in program("daw", "list", "--json").json["daws"]}
    assert (rows["reaper"]["state"], rows["live"]["state"], rows["ardour"]["state"]) == ("ready", "ready", "missing")
    assert rows["live"]["reason"] == "Live 12.1 answers through AbletonOSC"
