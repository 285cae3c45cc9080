"""Where the real recordings and melodies lie; tests that need them skip, saying so, where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("HUMMINGBRIDGE_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real singing and CC0 melodies."""
    if not DATA.is_dir():
        pytest.skip(f"real recordings are absent: no folder {DATA}; set HUMMINGBRIDGE_DATA")
    return DATA


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own library and settings; the composer's are never touched."""
    for variable, folder in {"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache"}.items():
        monkeypatch.setenv(variable, str(tmp_path / folder))
