"""Recording a hum, as the rest of the program sees it: arm the input, start, stop, and have a `Recording`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from bridge.capture.recording import GROWING, Place, Recording, recover_unfinished
from bridge.child import Child, Line
from bridge.clock import Clock, SystemClock, Timeline
from midi.errors import HummingbridgeError

ANSWER_SECONDS = 10.0
OPENING_SECONDS = 3.0
"""So long an input that is being looked for is waited for."""

_PAUSE_SECONDS = 0.5


class CannotRecord(HummingbridgeError):
    code: ClassVar[str] = "cannot-record"


@dataclass(frozen=True, slots=True)
class Level:
    """The loudness of the last tenth of a second."""

    peak_dbfs: float
    rms_dbfs: float
    clipped: bool


@dataclass(frozen=True, slots=True)
class InputState:
    """`state`: "armed" (reason: which system), "waiting" or "lost" with the reason and the remedy, "off"."""

    state: str
    reason: str = ""
    hint: str = ""
    input: str = ""
    rate_hz: int = 0


class Recorder:
    """Recordings grow in `folder`. The three listeners are called from a thread of the recorder.

    `on_finished` is told of recordings that ended by themselves: after 15 minutes, because the input went away, or
    because the process that records crashed (it is started again). Methods may be called from any thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        on_level: Callable[[Level], None] | None = None,
        on_input: Callable[[InputState], None] | None = None,
        on_finished: Callable[[Recording], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._folder = folder
        self._on_level, self._on_input, self._on_finished = on_level, on_input, on_finished
        self._clock = clock or SystemClock()
        self._child: Child | None = None
        self._wish: Line | None = None
        self._input = InputState("off")
        self._changed = threading.Condition()
        self._growing: Path | None = None
        self._waits = False
        self._answer: dict[str, Any] = {}
        self._closing = False

    @property
    def input(self) -> InputState:
        return self._input

    @property
    def recording(self) -> bool:
        return self._growing is not None

    @property
    def growing(self) -> Path | None:
        """The file that grows, while one does."""
        return self._growing

    def arm(self, source: str = "auto", wanted: str | None = None) -> None:
        """Opens an input: `source` "jack", "portaudio" or "auto"; `wanted` names it, "" connects JACK to nothing.

        From then on there are levels, and the two seconds before a start are known. An input that goes away, or is not
        there yet, is waited for.
        """
        self._wish = {"do": "arm", "source": source, "input": wanted}
        self._input = InputState("off")
        self._tell(self._wish)

    def disarm(self) -> None:
        self._wish = None
        if self._child is not None:
            self._child.tell({"do": "disarm"})
        self._input = InputState("off")

    def inputs(self) -> dict[str, list[str]]:
        """The inputs of each source."""
        self._tell({"do": "inputs"})
        return dict(self._await("inputs") or {})

    def must_be_free(self) -> None:
        """Raises `CannotRecord` while a hum is recorded."""
        if self._growing is not None:
            raise CannotRecord("a hum is being recorded already", hint="stop it first")

    def start(self, line: Timeline, from_seconds: float | None = None) -> None:
        """Records from a time on (by default now; after a count-in, the bar line).

        `line` says where the music is. Raises `CannotRecord`.
        """
        with self._changed:
            self.must_be_free()
            if self._wish is None:
                self.arm()
            if not self._opens():
                state = self._input
                raise CannotRecord(state.reason or "no audio input opens", hint=state.hint or "connect a microphone")
            now = self._clock.now()
            stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
            self._folder.mkdir(parents=True, exist_ok=True)
            self._growing = self._folder / f"hum-{stamp}{GROWING}"
        place = Place.of(line)
        begin = now if from_seconds is None else from_seconds
        self._tell({"do": "start", "path": str(self._growing), "from": begin, "place": asdict(place)})

    def stop(self) -> Recording:
        """Ends the recording and cuts its silence off. Raises `CannotRecord` where none runs or nothing came in."""
        with self._changed:
            if self._growing is None:
                raise CannotRecord("no hum is being recorded", hint="start one first")
            self._waits = True
            self._answer.pop("finished", None)
        try:
            self._tell({"do": "stop", "at": self._clock.now()})
            recording = self._await("finished")
        finally:
            with self._changed:
                self._waits, self._growing = False, None
        if recording is None:
            raise CannotRecord("nothing came in from the audio input", hint="check that the input runs")
        assert isinstance(recording, Recording)
        return recording

    def close(self) -> None:
        """Ends the process. What is being recorded is kept, for `recover_unfinished` to find."""
        self._closing = True
        if self._child is not None:
            self._child.close()

    def _opens(self) -> bool:
        """Whether the input is open, or opens soon; a process that has just started may say so late."""
        self._changed.wait_for(lambda: self._input.state == "armed", OPENING_SECONDS)
        self._changed.wait_for(lambda: self._input.state != "off", ANSWER_SECONDS)
        return self._input.state == "armed"

    def _tell(self, line: Line) -> None:
        if self._child is None:
            self._child = Child("bridge.capture.process", on_line=self._heard, on_end=self._ended)
        self._child.tell(line)

    def _await(self, answer: str) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: answer in self._answer, ANSWER_SECONDS)
            return self._answer.pop(answer, None)

    def _heard(self, line: Line) -> None:
        if "level" in line:
            if self._on_level is not None:
                self._on_level(Level(*line["level"]))
            return
        if "finished" in line:
            self._finish(None if line["finished"] is None else _recording(line["finished"]))
            return
        with self._changed:
            if "input" in line:
                self._input = InputState(**line["input"])
            else:
                self._answer.update(line)
            self._changed.notify_all()
        if "input" in line and self._on_input is not None:
            self._on_input(self._input)

    def _finish(self, recording: Recording | None) -> None:
        with self._changed:
            waited, self._growing = self._waits, None
            if waited:
                self._answer["finished"] = recording
                self._changed.notify_all()
        if not waited and recording is not None and self._on_finished is not None:
            self._on_finished(recording)

    def _ended(self, status: int) -> None:
        """The process crashed: what it recorded is kept, and another takes its place."""
        if self._closing:
            return
        self._child, self._input = None, InputState("lost", "the process that records crashed", "it starts again")
        if self._growing is not None:
            growing = self._growing
            for recording in recover_unfinished(self._folder):
                if recording.whole_path.name.split(".")[0] == growing.name.split(".")[0]:
                    self._finish(recording)
        time.sleep(_PAUSE_SECONDS)
        if self._wish is not None and not self._closing:
            self._tell(self._wish)


def _recording(told: dict[str, Any]) -> Recording:
    paths = {name: Path(told[name]) for name in ("path", "whole_path")}
    return Recording(**{**told, **paths, "place": Place(**told["place"])})
