"""What the program leaves on the composer's machine, and that nothing of it goes elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_hum_leaves_nothing_behind_but_its_files_and_its_takes(tmp_path: Path, voice: Path) -> None:
    """onnxruntime's reporting to its maker would leave a queue of reports and a device id in the cache folder."""
    home = tmp_path / "home"
    ours = {"HOME": str(home), "HUMMINGBRIDGE_LIBRARY": str(home / "takes")}
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    hum = ["hum", str(voice), "-o", str(home / "idea.mid")]
    subprocess.run([sys.executable, "-m", "bridge.cli", *hum], env=theirs | ours, check=True, capture_output=True)
    assert sorted(path.name for path in home.iterdir()) == ["idea.mid", "takes"]
