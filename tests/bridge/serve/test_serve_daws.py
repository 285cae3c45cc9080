"""The running program with a REAPER: it sees it come and go, sends a take to its bar and takes up what is selected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.daw.reaper_install import install
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import motif_score, smf_bytes
from midi.tempo import Tempo
from tests.fakes.reaper_process import FakeReaper


@pytest.fixture
def reaper(tmp_path: Path) -> Iterator[FakeReaper]:
    resource = tmp_path / "config" / "REAPER"
    resource.mkdir(parents=True)
    install(resource)
    fake = FakeReaper(resource, tmp_path / "media")
    yield fake
    fake.close()


def test_a_motif_goes_into_reaper_and_comes_back_from_it(reaper: FakeReaper, fresh: Any) -> None:
    fresh.arguments = ("--midi-out", "none", "--midi-in", "none", "--daw", "reaper")
    fresh.start()
    path = fresh.folder / "idea.mid"
    notes = tuple(Note(float(beat), pitch, 1.0) for beat, pitch in enumerate((60, 64, 67, 72)))
    path.write_bytes(smf_bytes(motif_score(Motif(Clip(notes), tempo=Tempo(120)), name="idea")))
    take = fresh.do("motif/set", source=str(path))["take"]
    reaper.do("project.cursor = 8")
    sent = fresh.do("take/send", take=take, track="Bass")
    assert [(one["kind"], one["track"], one["at_bar"]) for one in sent["placements"]] == [
        ("audio", "Bass", 5),
        ("notes", "Bass notes", 5),
    ]
    (item,) = reaper.items()["Bass notes"]
    reaper.do(f"select ({item['name']!r})")
    reaper.do("project.tracks[1].items[1].selected = false")
    motif = fresh.do("motif/from-daw")
    assert motif["notes"] == [[0.0, 1.0, 60, 80], [1.0, 1.0, 64, 80], [2.0, 1.0, 67, 80], [3.0, 1.0, 72, 80]]
    assert motif["tempo_bpm"] == 120.0
    reaper.do("project.tracks[2].items[1].takes[1].notes = {}")
    _, answer = fresh.request("POST", "/api/motif/from-daw", b"{}")
    assert answer["error"]["message"] == "what is selected in reaper holds no notes"
    assert fresh.stop() == 0
