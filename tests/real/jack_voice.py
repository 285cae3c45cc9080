"""A singer at a JACK port: `python jack_voice.py FILE CLIENT` says `ready`, sings for each line that comes in, and says
`sung` with the number of frames that JACK did not ask for in time.
"""

from __future__ import annotations

import sys
import threading

import jack
import numpy as np
import soundfile
import soxr


def main(path: str, name: str) -> None:
    samples, rate = soundfile.read(path, dtype="float32")
    client = jack.Client(name, no_start_server=True)
    port = client.outports.register("out")
    sound = soxr.resample(samples, rate, client.samplerate).astype(np.float32)
    place, sung = len(sound), threading.Event()
    late = 0

    @client.set_xrun_callback
    def xrun(_: float) -> None:
        nonlocal late
        late += 1

    @client.set_process_callback
    def process(frames: int) -> None:
        nonlocal place
        out = port.get_array()
        part = sound[place : place + frames]
        out[: len(part)] = part
        out[len(part) :] = 0
        if place < len(sound) <= place + frames:
            sung.set()
        place += frames

    with client:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            sung.clear()
            place = 0
            sung.wait()
            sys.stdout.write(f"sung {late}\n")
            sys.stdout.flush()


main(*sys.argv[1:])
