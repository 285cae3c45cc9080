"""How long a composer waits for a running DAW: asking where it stands, notes, four bars of sound, the selection.

REAPER and Live are the stand-ins of the tests, which keep the ticks of the real ones: thirty and ten a second. What is
measured above the tick is ours.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.audio import Audio
from benchmarks.report import at_most, median_seconds
from bridge.daw.live import AbletonLive
from bridge.daw.port import Daw, Parcel
from bridge.daw.reaper import Reaper
from bridge.daw.reaper_install import install
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Tempo
from tests.fakes.ableton_osc import TICK_SECONDS as LIVE_TICK
from tests.fakes.ableton_osc import FakeLive
from tests.fakes.reaper_process import TICK_SECONDS as REAPER_TICK
from tests.fakes.reaper_process import FakeReaper

BARS, TIMES = 4, 9
SOUND = Audio(np.full((2, 48_000 * 8), 0.25, np.float32), 48_000)


def motif(notes: int) -> Motif:
    return Motif(Clip(tuple(Note(n / 4, 40 + n % 48, 0.25) for n in range(notes))), tempo=Tempo(120))


@contextmanager
def reaper() -> Iterator[Daw]:
    with tempfile.TemporaryDirectory() as folder:
        resource = Path(folder) / "REAPER"
        resource.mkdir()
        install(resource)
        fake = FakeReaper(resource, Path(folder) / "media")
        try:
            yield Reaper(resource)
            fake.do("select (project.tracks[1].items[1].takes[1].P_NAME)")
            ticks("REAPER: read the selected notes", 3, Reaper(resource).read_selection, REAPER_TICK)
        finally:
            fake.close()


@contextmanager
def live() -> Iterator[Daw]:
    fake = FakeLive()
    try:
        yield AbletonLive(fake.port, fake.answer_port)
        fake.selected = (0, 0)
        ticks("Live: read the selected notes", 7, AbletonLive(fake.port, fake.answer_port).read_selection, LIVE_TICK)
    finally:
        fake.close()


def ticks(what: str, limit: float, run: Callable[[], object], tick_seconds: float) -> None:
    """In ticks of the DAW, which nothing that asks it can be faster than."""
    seconds = median_seconds(run, times=TIMES)
    at_most(f"{what}, in ticks ({1000 * seconds:.0f} ms)", limit, seconds / tick_seconds)


def main() -> None:
    bars = itertools.count(1, BARS)

    def inserted(insert: Callable[[Parcel], object], notes: int) -> Callable[[], object]:
        """Inserts another parcel each time; making them is not measured."""
        parcels = iter(
            [replace(Parcel.of("idea", motif(notes), SOUND, at_bar=next(bars)), track="Keys") for _ in range(TIMES)]
        )
        return lambda: insert(next(parcels))

    with reaper() as daw:
        ticks("REAPER: where it stands", 2, daw.transport, REAPER_TICK)
        ticks("REAPER: 16 notes at a bar", 2, inserted(daw.insert_notes, 16), REAPER_TICK)
        ticks("REAPER: 1,000 notes at a bar", 4, inserted(daw.insert_notes, 1_000), REAPER_TICK)
        ticks("REAPER: 8 s of sound at a bar", 8, inserted(daw.insert_audio, 16), REAPER_TICK)
    with live() as daw:
        ticks("Live: where it stands", 2, daw.transport, LIVE_TICK)
        ticks("Live: 16 notes into a slot", 8, inserted(daw.insert_notes, 16), LIVE_TICK)
        ticks("Live: 1,000 notes into a slot", 14, inserted(daw.insert_notes, 1_000), LIVE_TICK)


if __name__ == "__main__":
    main()
