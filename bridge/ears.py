"""Recording a hum for the session: input, count-in, meter, and what a crash left behind (`bridge.app.Recorder`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import MissingPart
from assistant.hear.trackers import check
from bridge.capture.recorder import InputState, Level, Recorder
from bridge.capture.recording import GROWING, WHOLE, Recording, recover_unfinished
from bridge.child import Child, Line
from bridge.clock import Timeline
from bridge.midi_io.schedule import Event

if TYPE_CHECKING:
    from bridge.live import Live

FOLDER = "recordings"
"""The folder of the library in which recordings grow."""

_SOURCES = ("jack", "portaudio")


class Ears:
    """`tell(name, value)` is told of the input (`input`), its level in dBFS (`level`, ten times a second while it is
    open), of clipping, and of each `note` a moment after it was hummed; `ended(recording)` of a recording that ended by
    itself, `enough()` when the bars that were asked for are full. All are called in the event loop.
    """

    def __init__(self, library: Path, live: Live | None, tell: Callable[[str, object], None], wanted: str = "") -> None:
        self._live, self._tell, self._wanted = live, tell, wanted
        self.ended: Callable[[Recording], None] = lambda _: None
        self.enough: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._full: asyncio.TimerHandle | None = None
        self._armed: tuple[str, str | None] | None = None
        self._folder = library / FOLDER
        self._recorder = Recorder(
            self._folder, on_level=self._level, on_input=self._input, on_finished=self._ended_by_itself
        )
        self._glimpse: Child | None = None
        if wanted:
            self._arm(wanted)

    def close(self) -> None:
        """What is being recorded is kept for the next start."""
        if self._glimpse is not None:
            self._glimpse.close()
        if self._full is not None:
            self._full.cancel()
        self._recorder.close()

    async def start(self, *, count_in_bars: int, bars: int, device: str | None) -> Mapping[str, Any]:
        """Records at once, or after a count-in. Raises `CannotRecord`, `MissingPart`."""
        # Before another input is opened: that would end what is being recorded.
        self._recorder.must_be_free()
        if count_in_bars and self._live is None:
            raise MissingPart("there is no MIDI output for the clicks of a count-in", hint="record without count-in")
        self._arm(device or self._wanted)
        line, begins = Timeline(), None
        clicks: tuple[Event, ...] = ()
        if self._live is not None:
            line = self._live.timeline()
            if count_in_bars or (bars and not line.running):
                line, begins, clicks = self._live.counted_in(count_in_bars)
        await asyncio.to_thread(self._recorder.start, line, begins)
        self._follow(str(self._recorder.growing or ""))
        if clicks and self._live is not None:
            self._live.click(clicks)
        now = line.at_seconds if self._live is None else self._live.clock.now()
        begins_in = 0.0 if begins is None else max(0.0, begins - now)
        if bars:
            lasts = begins_in + line.seconds_in(bars * line.meter.bar_beats)
            self._full = self._loop.call_later(lasts, lambda: self.enough())
        at_bar = line.bar_at(now + begins_in)[0] if line.running else 0
        return {"input": self._recorder.input.input, "in_seconds": round(begins_in, 3), "at_bar": at_bar}

    async def stop(self) -> Recording:
        """Raises `CannotRecord` where nothing was recorded."""
        if self._full is not None:
            self._full.cancel()
        try:
            return await asyncio.to_thread(self._recorder.stop)
        finally:
            self._follow("")
            if self._live is not None:
                self._live.end_count_in()

    def left_behind(self) -> Iterator[Recording]:
        """What an earlier run recorded and could not keep: unfinished, or finished and not yet a take."""
        if not self._folder.is_dir():
            return
        for whole in self._folder.glob(f"*{WHOLE}"):
            whole.rename(whole.with_name(whole.name.removesuffix(WHOLE) + GROWING))
        yield from recover_unfinished(self._folder)

    def leaves(self) -> bool:
        """Whether a recording of an earlier run is still held by the process that made it."""
        growing = self._folder.glob(f"*{GROWING}") if self._folder.is_dir() else ()
        return not self._recorder.recording and any(growing)

    def facts(self) -> dict[str, Any]:
        return {"input": asdict(self._recorder.input)}

    def _arm(self, wanted: str) -> None:
        source, _, name = wanted.partition(":")
        wish = (source, name or None) if source in _SOURCES else ("auto", wanted or None)
        if wish != self._armed:
            self._armed = wish
            self._recorder.arm(*wish)
            self._follow("")

    def _follow(self, path: str) -> None:
        """Has a recording heard while it grows, by a process of its own; what does not run here is left out."""
        if self._glimpse is None and check("learned").ready:
            self._glimpse = Child("bridge.capture.listening", on_line=self._glimpsed, on_end=lambda _: None)
        if self._glimpse is not None and not self._glimpse.tell({"follow": path}):
            self._glimpse = None

    def _glimpsed(self, line: Line) -> None:
        if "note" in line:
            self._loop.call_soon_threadsafe(self._tell, "note", line["note"])

    def _level(self, level: Level) -> None:
        self._loop.call_soon_threadsafe(self._tell, "level", level.peak_dbfs)
        if level.clipped:
            self._loop.call_soon_threadsafe(self._tell, "clipped", True)

    def _input(self, state: InputState) -> None:
        self._loop.call_soon_threadsafe(self._tell, "input", asdict(state))

    def _ended_by_itself(self, recording: Recording) -> None:
        self._loop.call_soon_threadsafe(lambda: self.ended(recording))


def files_of(recording: Recording) -> tuple[Path, ...]:
    """Every file of a recording, to be removed once it is a take."""
    stem = recording.whole_path.name.removesuffix(WHOLE)
    folder = recording.whole_path.parent
    return tuple(folder / f"{stem}{end}" for end in (".wav", WHOLE, GROWING, ".json"))
