"""Hearing beside basic_pitch.inference.predict: the same 10 s of singing, the same threads.

Both may use two threads: the network here is told so, and onnxruntime in the peer takes as many as it has cores, so
both are held to two cores. Warm is one process, runs taking turns, both with their model loaded. Cold is a process
each, from start to a MIDI file.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from benchmarks.report import at_most, ratio

HUM = Path(__file__).parents[1] / "presets" / "demo" / "hum.flac"
SECONDS = 10.0
THREADS = 2

OURS_COLD = """
import sys
from pathlib import Path
from assistant.audio import read_audio
from assistant.hear import listen
from midi.score import motif_score
from midi.smf import smf_bytes
heard = listen(read_audio(Path(sys.argv[1])))
Path(sys.argv[2]).write_bytes(smf_bytes(motif_score(heard.motif, name="hum")))
"""
PEER_COLD = """
import sys
from basic_pitch.inference import predict
_, midi, _ = predict(sys.argv[1])
midi.write(sys.argv[2])
"""


def main() -> None:
    """Prints the rows of the table."""
    from assistant.audio import read_audio
    from assistant.hear import Listener
    from assistant.optional import check_package

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    peer_ready = all(check_package(package).ready for package in ("basic_pitch", "librosa"))
    with tempfile.TemporaryDirectory() as folder:
        clip, midi = Path(folder) / "hum.wav", Path(folder) / "hum.mid"
        ten_seconds(clip)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", OURS_COLD, clip, midi], check=True)
        ours = time.perf_counter() - start
        at_most(f"hear {SECONDS:.0f} s, cold, start to MIDI file", 1.5, ours, "s")
        if not peer_ready:
            print("skip beside basic_pitch.inference.predict: basic-pitch or librosa is not installed")
            return
        # Once unmeasured: the peer compiles at its first run, and keeps that on disk.
        subprocess.run([sys.executable, "-W", "ignore", "-c", PEER_COLD, clip, midi], check=True, capture_output=True)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-W", "ignore", "-c", PEER_COLD, clip, midi], check=True, capture_output=True)
        at_most("hear, cold, beside basic_pitch (second start)", 0.5, ours / (time.perf_counter() - start))

        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
        from basic_pitch import ICASSP_2022_MODEL_PATH
        from basic_pitch.inference import Model, predict

        listener, model = Listener(threads=THREADS), Model(ICASSP_2022_MODEL_PATH)

        def peer() -> None:
            with contextlib.redirect_stdout(io.StringIO()):
                predict(clip, model)

        def hear() -> None:
            listener.listen(read_audio(clip))

        hear()
        peer()
        at_most("hear, warm, beside basic_pitch", 0.9, ratio(hear, peer, times=9))


def ten_seconds(path: Path) -> None:
    """The hum that ships with the program, repeated and cut to ten seconds."""
    import numpy as np
    import soundfile

    samples, rate = soundfile.read(HUM, dtype="float32")
    soundfile.write(path, np.resize(samples, int(SECONDS * rate)), rate)


if __name__ == "__main__":
    main()
