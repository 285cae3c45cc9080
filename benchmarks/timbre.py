"""Transfers on one thread: each timbre against real time, pitch tracking included; three voices; the start.

The source is the demo's hum, three voices are a chord of buzzing tones. Times are processor time of a process that has
loaded everything, so that a busy machine changes little; the start is wall time of a process of its own, from
nothing to two seconds of sound.
"""

from __future__ import annotations

import os
import subprocess
import sys

from assistant.presets import shipped
from benchmarks.report import at_least, at_most, median_seconds

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

SPEEDS = """
import sys, time
from pathlib import Path
import numpy as np
from assistant.audio import Audio, read_audio
from assistant.timbre.evaluation import speed
from assistant.timbre.mapping import Settings
from assistant.timbre.timbre import list_timbres, load_timbre
from assistant.timbre.transfer import transfer
hum = read_audio(Path(sys.argv[1])).resampled(48_000).mono()
for name in list_timbres():
    timbre = load_timbre(name)
    if not timbre.players:
        print(name, sorted(speed(timbre, hum) for _ in range(3))[1], flush=True)
seconds = np.arange(480_000) / 48_000
fading = np.minimum(1, (seconds % 1) / 0.01) * np.minimum(1, (1 - seconds % 1) / 0.1)
tones = [np.sin(2 * np.pi * 220 * r * k * seconds) / k for r in (1, 1.25, 1.5) for k in range(1, 8)]
chord = Audio((0.06 * fading * sum(tones))[None].astype(np.float32), 48_000)
cello, taken = load_timbre("cello"), []
for _ in range(4):
    before = time.process_time()
    done = transfer(chord, cello, Settings(chords=True))
    taken.append(10 / (time.process_time() - before))
print(f"{done.voices}-voices", sorted(taken[1:])[1])
"""
START = """
import sys
from pathlib import Path
from assistant.audio import Audio, read_audio
from assistant.timbre.timbre import load_timbre
from assistant.timbre.transfer import transfer
hum = read_audio(Path(sys.argv[1]))
transfer(Audio(hum.samples[:, : 2 * hum.sample_rate_hz], hum.sample_rate_hz), load_timbre("cello"))
"""


def ran(script: str) -> str:
    command = [sys.executable, "-c", script, str(shipped("demo/hum.flac"))]
    environment = {**os.environ, **ONE_THREAD}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def main() -> None:
    for line in ran(SPEEDS).splitlines():
        name, speed = line.split()
        voices = name.endswith("-voices")
        what = "chords with their transcription" if voices else "whole transfer"
        at_least(f"{name.replace('-voices', ' voices')}, {what}, times real time", 12 if voices else 25, float(speed))
    at_most("from nothing to two seconds of hum as a cello", 1.0, median_seconds(lambda: ran(START), times=3), "s")


if __name__ == "__main__":
    main()
