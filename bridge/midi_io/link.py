"""Following Ableton Link: the tempo and the beat that several programs on the network agree on (package aalink)."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from assistant.optional import check_package, require
from assistant.readiness import Readiness
from bridge.clock import Timeline
from midi.tempo import Meter, Tempo

LOOK_SECONDS = 0.05
INSTALL = 'pip install "hummingbridge[link]"'


def check() -> Readiness:
    readiness = check_package("aalink")
    return readiness if readiness.ready else Readiness("missing", readiness.reason, INSTALL)


class LinkClock:
    """A leader who follows Link. It speaks to the local network; off unless it is made.

    Link has no bar of its own but the quantum, which follows the metre. It runs while there are peers; once one of them
    has said that it plays (start/stop sync), only while it plays. Raises `MissingPart` without aalink.
    """

    def __init__(self, tempo: Tempo | None = None, meter: Meter | None = None) -> None:
        self._aalink: Any = require("aalink", what_for="Ableton Link")
        self._meter = meter or Meter()
        self._tempo = tempo or Tempo()
        self._line = Timeline(self._tempo.bpm, self._meter, leader="link")
        self._link: Any = None
        self._stops = False
        self._ready, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()
        self._ready.wait(5.0)

    @property
    def peers(self) -> int:
        return 0 if self._link is None else int(self._link.num_peers)

    def timeline(self, now: float) -> Timeline:
        return self._line

    def set_meter(self, meter: Meter, bar_line_beats: float = 0.0, bar_line_number: int | None = None) -> None:
        """The length of the bar that is agreed on; Link's bar lines are where the peers have them."""
        self._meter = meter
        if self._link is not None:
            self._link.quantum = meter.bar_beats

    def set_tempo(self, tempo: Tempo) -> None:
        """Asks all peers for another tempo."""
        if self._link is not None:
            self._link.tempo = tempo.bpm

    def close(self) -> None:
        self._closed.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        asyncio.run(self._look())

    async def _look(self) -> None:
        link = self._aalink.Link(self._tempo.bpm)
        link.quantum = self._meter.bar_beats
        link.start_stop_sync_enabled = True
        link.enabled = True
        self._link = link
        while not self._closed.is_set():
            self._line = self._told(link)
            self._ready.set()
            await asyncio.sleep(LOOK_SECONDS)
        link.enabled = False
        self._link = None

    def _told(self, link: Any) -> Timeline:
        """Link counts beats so that bars begin at multiples of the quantum."""
        before = time.perf_counter()
        beats = float(link.beat)
        now = (before + time.perf_counter()) / 2
        self._stops = self._stops or bool(link.playing)
        running = int(link.num_peers) > 0 and (bool(link.playing) or not self._stops)
        return Timeline(float(link.tempo), self._meter, beats, now, running, "link")
