"""Running the program as a composer does, and looking at what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge.cli.program import run
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.smf import motif_score, smf_bytes
from midi.tempo import Tempo


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs a command line in an empty folder, with a library of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUMMINGBRIDGE_LIBRARY", str(tmp_path / "library"))

    def ran(*arguments: object) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ran


@pytest.fixture
def motif(tmp_path: Path) -> Path:
    """Two bars of C major at 100 BPM."""
    starts = ((0, 60, 1), (1, 62, 1), (2, 64, 1), (3, 65, 1), (4, 67, 2), (6, 64, 1), (7, 60, 1))
    clip = Clip(tuple(Note(start, pitch, length) for start, pitch, length in starts))
    path = tmp_path / "idea.mid"
    path.write_bytes(smf_bytes(motif_score(Motif(clip, Key.parse("C major"), tempo=Tempo(100)), name="idea")))
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """Three sung notes, as a synthesiser sings them: C4 E4 G4, half a second each."""
    rate = 22050
    time = np.arange(int(rate * 0.5)) / rate
    envelope = np.minimum(1, np.minimum(time / 0.02, (0.5 - time) / 0.04))
    notes = [
        sum(np.sin(2 * np.pi * hz * k * time) / k**1.5 for k in range(1, 9)) * envelope for hz in (261.6, 329.6, 392.0)
    ]
    silence = np.zeros(rate // 4)
    path = tmp_path / "voice.wav"
    soundfile.write(path, np.concatenate([silence, *notes, silence]) * 0.2, rate)
    return path
