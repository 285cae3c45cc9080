"""How fast a transfer is on one thread, and how soon it begins: measured in processes of their own.

`python -m assistant.timbre.judging.speed HUM NAME…` prints what it finds as JSON. Times are processor time once all is
loaded, so that a busy machine changes little; the start is wall time, from nothing to two seconds of sound.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from assistant.audio import Audio, read_audio
from assistant.presets import shipped
from assistant.timbre.features import SAMPLE_RATE_HZ
from assistant.timbre.mapping import Settings
from assistant.timbre.timbre import load_timbre
from assistant.timbre.transfer import transfer

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_TIMES = 3
_CHORD_SECONDS = 10
_FIRST_SECONDS = 2
_FIRST = "cello"


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds of sound a second: the whole transfer into each timbre, its pitch tracked; three voices at once with
    their transcription; the WORLD vocoder on the same recording, where it is asked for. `start_seconds`: the start.
    """

    timbres: dict[str, float]
    three_voices: float
    world: float | None
    start_seconds: float


def speeds(names: Sequence[str], *, peers: bool = False) -> Speeds:
    """Measures; under a minute. The source is the hum of the demo."""
    start = sorted(_seconds(lambda: _ran("--start")) for _ in range(_TIMES))[_TIMES // 2]
    found = json.loads(_ran(*(["--peers"] if peers else []), *names))
    return Speeds(found["timbres"], found["three_voices"], found["world"], start)


def _ran(*arguments: str) -> str:
    command = [sys.executable, "-m", __name__, str(shipped("demo/hum.flac")), *arguments]
    return subprocess.run(
        command, env={**os.environ, **_ONE_THREAD}, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _seconds(work: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> float:
    before = clock()
    work()
    return clock() - before


def _times_real_time(seconds: float, work: Callable[[], object]) -> float:
    """The median of three runs after one that loads everything."""
    work()
    taken = sorted(_seconds(work, time.process_time) for _ in range(_TIMES))
    return seconds / taken[_TIMES // 2]


def _measured(hum: Audio, names: Sequence[str], *, peers: bool) -> dict[str, object]:
    from assistant.timbre.judging.ways import envelope, resung

    seconds, mono = hum.duration_seconds, hum.mono()

    def vocoded() -> None:
        voice = envelope(mono)
        resung(voice, voice, len(mono), 0)

    return {
        "timbres": {name: _times_real_time(seconds, partial(transfer, hum, load_timbre(name))) for name in names},
        "three_voices": _times_real_time(
            _CHORD_SECONDS, partial(transfer, _chord(), load_timbre(_FIRST), Settings(chords=True))
        ),
        "world": _times_real_time(seconds, vocoded) if peers else None,
    }


def _chord() -> Audio:
    """A triad of buzzing tones, struck every second."""
    seconds = np.arange(_CHORD_SECONDS * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    fading = np.minimum(1, (seconds % 1) / 0.01) * np.minimum(1, (1 - seconds % 1) / 0.1)
    tones = [np.sin(2 * np.pi * 220 * r * k * seconds) / k for r in (1, 1.25, 1.5) for k in range(1, 8)]
    return Audio((0.06 * fading * sum(tones))[None].astype(np.float32), SAMPLE_RATE_HZ)


def main(arguments: Sequence[str]) -> None:
    path, *rest = arguments
    hum = read_audio(Path(path)).resampled(SAMPLE_RATE_HZ)
    if rest == ["--start"]:
        first = hum.samples[:, : _FIRST_SECONDS * SAMPLE_RATE_HZ]
        transfer(Audio(first, SAMPLE_RATE_HZ), load_timbre(_FIRST))
        return
    names = [name for name in rest if name != "--peers"]
    json.dump(_measured(hum, names, peers="--peers" in rest), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
