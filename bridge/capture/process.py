"""The process that records: it alone opens the input and writes the file, so that nothing else can spoil it.

`bridge.capture.recorder` starts it and speaks with it in lines. When its input ends it keeps what was recorded and
goes; the next start of the program finds that.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from assistant.tables import resolve
from bridge.capture.recording import Ending, Facts, GrowingFile, Place
from bridge.capture.sources import SOURCES, Block, Source
from bridge.capture.trim import CLIPPED, PRE_ROLL_SECONDS, dbfs, finished
from bridge.child import Answers, Line, lines
from bridge.midi_io.realtime import ask_for_realtime
from midi.errors import HummingbridgeError

LONGEST_SECONDS = 15 * 60.0
TURN_SECONDS = 0.02
LEVEL_EVERY_SECONDS = 0.1
KEEP_EVERY_SECONDS = 0.4
PRE_ROLL_KEPT_SECONDS = 2.0
WAITING_BLOCKS = 4096
"""Blocks that may wait for a slow disk: 40 s of 512 frames; then they are lost, and counted."""

LOOK_SECONDS = 1.0


class Capture:
    """One input, at most one recording. `take` is called by the driver, the rest by the main thread, turn by turn."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._blocks: deque[Block] = deque()
        self._overflowed = 0
        self._asked: deque[Line] = deque()
        self._wish: tuple[str, str | None] | None = None
        self._source: Source | None = None
        self._rate_hz = 0
        self._looked_at = 0.0
        self._said = ""
        self._pre_roll: deque[Block] = deque()
        self._file: GrowingFile | None = None
        self._start: Line | None = None
        self._until = float("inf")
        self._dropped = 0
        self._kept_at = 0.0
        self._peak, self._power, self._count, self._level_at = 0.0, 0.0, 0, 0.0
        self._ended = False

    def take(self, block: Block) -> None:
        if len(self._blocks) >= WAITING_BLOCKS:
            self._overflowed += block.samples.size + block.lost
            return
        if self._overflowed:
            block = Block(block.samples, block.first_seconds, block.lost + self._overflowed)
            self._overflowed = 0
        self._blocks.append(block)

    def ask(self, line: Line) -> None:
        self._asked.append(line)

    def end(self, *_: object) -> None:
        self._ended = True

    def run(self) -> None:
        parent = os.getppid()
        while not self._ended and os.getppid() == parent:
            while self._asked:
                line = self._asked.popleft()
                try:
                    getattr(self, f"_do_{line['do']}")(line)
                except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
                    self._answers.say({"failed": f"{line.get('do')}: {error}"})
            self._look_after()
            while self._blocks:
                self._use(self._blocks.popleft())
            self._keep()
            time.sleep(TURN_SECONDS)
        # Whoever asked is gone, or has closed us: the file stays as it is for the next start to find.
        if self._file is not None:
            self._file.close()

    def _do_arm(self, line: Line) -> None:
        self._close_source()
        self._wish, self._looked_at, self._said = (line["source"], line["input"]), 0.0, ""

    def _do_disarm(self, line: Line) -> None:
        self._wish = None
        self._close_source()

    def _do_inputs(self, line: Line) -> None:
        found: dict[str, list[str]] = {}
        for name in SOURCES:
            try:
                found[name] = resolve(SOURCES, name, kind="audio input").names()
            except HummingbridgeError:
                found[name] = []
        self._answers.say({"inputs": found})

    def _do_start(self, line: Line) -> None:
        if self._start is not None:
            raise ValueError("a recording runs already")
        self._start, self._until, self._dropped = line, float("inf"), 0

    def _do_stop(self, line: Line) -> None:
        self._until = float(line["at"])
        while self._blocks:
            self._use(self._blocks.popleft())
        if self._start is not None:
            self._finish("stopped")

    def _look_after(self) -> None:
        if self._source is not None and not self._source.alive:
            self._close_source()
            self._say_state("lost", "the audio input went away", "start it again: it is taken up by itself")
            if self._start is not None:
                self._finish("lost")
        now = time.perf_counter()
        if self._wish is not None and self._source is None and now - self._looked_at > LOOK_SECONDS:
            self._looked_at = now
            self._open(*self._wish)

    def _open(self, kind: str, wanted: str | None) -> None:
        kinds = [kind] if kind != "auto" else list(SOURCES) if sys.platform.startswith("linux") else ["portaudio"]
        errors = []
        for each in kinds:
            try:
                self._source = source = resolve(SOURCES, each, kind="audio input")(self.take, wanted)
            except HummingbridgeError as error:
                errors.append(error)
            else:
                self._rate_hz = source.rate_hz
                self._say_state("armed", each, "")
                return
        self._say_state("waiting", errors[-1].message, errors[-1].hint)

    def _say_state(self, state: str, reason: str, hint: str) -> None:
        if state + reason != self._said:
            self._said = state + reason
            source = self._source
            name, rate = ("", 0) if source is None else (source.name, source.rate_hz)
            facts = {"state": state, "reason": reason, "hint": hint, "input": name, "rate_hz": rate}
            self._answers.say({"input": facts})

    def _close_source(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
        self._pre_roll.clear()

    def _use(self, block: Block) -> None:
        self._measure(block)
        if self._start is None:
            self._remember(block)
            return
        if self._file is None:
            self._begin(block)
        elif block.first_seconds < self._until:
            self._write(block)

    def _begin(self, block: Block) -> None:
        """The file begins with what came before the start: the voice may have been faster than the foot."""
        assert self._start is not None
        self._remember(block)
        rate = self._rate_hz
        begin = float(self._start["from"]) - PRE_ROLL_SECONDS
        wanted = [each for each in self._pre_roll if each.first_seconds + each.samples.size / rate > begin]
        if not wanted:
            return
        self._pre_roll.clear()
        skip = max(0, round((begin - wanted[0].first_seconds) * rate))
        path = Path(self._start["path"])
        facts = Facts(rate, 1, wanted[0].first_seconds + skip / rate, Place(**self._start["place"]))
        facts.write(path.with_name(path.name.replace(".recording.wav", ".json")))
        self._file = GrowingFile(path, rate, 1)
        first = wanted[0]
        self._write(Block(first.samples[skip:], first.first_seconds + skip / rate))
        for each in wanted[1:]:
            self._write(each)
        self._file.keep()
        self._kept_at = time.perf_counter()

    def _remember(self, block: Block) -> None:
        self._pre_roll.append(block)
        while self._pre_roll[-1].first_seconds - self._pre_roll[0].first_seconds > PRE_ROLL_KEPT_SECONDS:
            self._pre_roll.popleft()

    def _write(self, block: Block) -> None:
        assert self._file is not None
        if block.lost:
            self._dropped += block.lost
            missing = min(block.lost, round(LONGEST_SECONDS * self._rate_hz) - self._file.frames)
            self._file.write(bytes(4 * max(0, missing)))
        self._file.write(block.samples.astype("<f4", copy=False).tobytes())
        if self._file.frames >= LONGEST_SECONDS * self._rate_hz:
            self._finish("limit")

    def _keep(self) -> None:
        now = time.perf_counter()
        if self._file is not None and now - self._kept_at > KEEP_EVERY_SECONDS:
            self._file.keep()
            self._kept_at = now

    def _finish(self, ending: Ending) -> None:
        file, self._file, self._start = self._file, None, None
        if file is None:
            self._answers.say({"finished": None})
            return
        file.close()
        recording = finished(file.path, ending=ending, dropped_frames=self._dropped)
        if recording is None:
            self._answers.say({"finished": None})
            return
        told: dict[str, Any] = asdict(recording)
        self._answers.say({"finished": {**told, "path": str(recording.path), "whole_path": str(recording.whole_path)}})

    def _measure(self, block: Block) -> None:
        if not block.samples.size:
            return
        self._peak = max(self._peak, float(np.abs(block.samples).max()))
        self._power += float(np.square(block.samples, dtype=np.float64).sum())
        self._count += block.samples.size
        now = time.perf_counter()
        if now - self._level_at >= LEVEL_EVERY_SECONDS:
            rms = (self._power / self._count) ** 0.5
            self._answers.say({"level": [round(dbfs(self._peak), 1), round(dbfs(rms), 1), self._peak >= CLIPPED]})
            self._peak, self._power, self._count, self._level_at = 0.0, 0.0, 0, now


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ask_for_realtime()
    capture = Capture(Answers(sys.stdout.buffer))
    signal.signal(signal.SIGTERM, capture.end)

    def listen() -> None:
        for line in lines(sys.stdin.buffer):
            capture.ask(line)
        capture.end()

    threading.Thread(target=listen, daemon=True).start()
    capture.run()
    sys.stdout.flush()
    # A driver whose server went away may wait for it for ever; the file is closed.
    os._exit(0)


if __name__ == "__main__":
    main()
