"""How long the program takes to be of use: help, and a hum from the start of the process to the file."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from assistant.presets import shipped
from benchmarks.report import at_most, median_seconds

PROGRAM = str(Path(sys.executable).parent / "hummingbridge")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HUMMINGBRIDGE_LIBRARY": f"{folder}/library"}

        def ran(*arguments: str) -> None:
            subprocess.run([PROGRAM, *arguments], check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL)

        at_most("hummingbridge --help", 0.25, median_seconds(lambda: ran("--help"), times=9), "s")
        hum = str(shipped("demo/hum.flac"))
        seconds = median_seconds(lambda: ran("hum", hum, "-o", "motif.mid"), times=5)
        at_most("hum, from the start to the file, 11 s of singing", 1.5, seconds, "s")


if __name__ == "__main__":
    main()
