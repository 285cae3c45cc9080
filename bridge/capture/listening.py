"""The process that hears a hum while it is recorded: it reads the growing file, and says each note that is over.

It neither opens the input nor writes anything, so it cannot spoil a recording; it gives way to the processes that keep
time. What the hum is at last is heard of the whole, by a worker.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.capture.recording import HEADER_BYTES, SAMPLE_BYTES
from bridge.child import Answers, lines

if TYPE_CHECKING:
    from assistant.hear import Listener
    from assistant.hear.live import LiveEar

TURN_SECONDS = 0.03
NICENESS = 10


class Following:
    """One growing file at a time; `follow` is called by the thread that listens, the rest by the main thread."""

    def __init__(self, listener: Listener, answers: Answers) -> None:
        self._listener, self._answers = listener, answers
        self._path: Path | None = None
        self._ear: LiveEar | None = None
        self._read = 0
        self._ended = False

    def follow(self, path: str) -> None:
        """Follows a file from its beginning, which may be yet to come; an empty path follows none."""
        self._path = Path(path) if path else None

    def end(self) -> None:
        self._ended = True

    def run(self) -> None:
        following: Path | None = None
        while not self._ended:
            if self._path != following:
                following, self._ear, self._read = self._path, None, HEADER_BYTES
            if following is not None:
                self._look(following)
            time.sleep(TURN_SECONDS)

    def _look(self, path: Path) -> None:
        """Hears what was written since the last look."""
        from assistant.hear.live import LiveEar

        try:
            with path.open("rb") as file:
                head = file.read(HEADER_BYTES)
                file.seek(self._read)
                data = file.read()
        except OSError:
            return
        data = data[: len(data) // SAMPLE_BYTES * SAMPLE_BYTES]
        if len(head) < HEADER_BYTES or not data:
            return
        self._read += len(data)
        if self._ear is None:
            self._ear = LiveEar(self._listener, struct.unpack_from("<I", head, 24)[0])
        for note in self._ear.feed(np.frombuffer(data, "<f4").astype(np.float32)):
            self._answers.say(
                {
                    "note": {
                        "onset_s": round(note.onset_seconds, 3),
                        "offset_s": round(note.offset_seconds, 3),
                        "pitch_sung": note.pitch,
                        "velocity": note.velocity,
                        "confidence": note.confidence,
                    }
                }
            )


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    from assistant.hear import Listener

    listener = Listener(threads=1)
    # The first time takes longest: before anybody hums.
    listener.tracker("learned").hear(np.zeros(22050, np.float32))
    following = Following(listener, Answers(sys.stdout.buffer))

    def listen() -> None:
        for line in lines(sys.stdin.buffer):
            following.follow(str(line.get("follow", "")))
        following.end()

    threading.Thread(target=listen, daemon=True).start()
    following.run()


if __name__ == "__main__":
    main()
