"""The eye on the DAW: it looks at once when the DAW tells of a change, and goes over to another DAW when asked."""

from __future__ import annotations

import asyncio
import threading

import pytest

from assistant.readiness import Readiness
from bridge.daw import DAWS, watch
from bridge.daw.port import Transport
from tests.fakes.telling import TellingDaw


def test_a_change_that_the_daw_tells_is_seen_without_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(DAWS, "telling", "tests.fakes.telling:TellingDaw")
    monkeypatch.setattr(watch, "LOOK_SECONDS", 3600.0)
    seen: asyncio.Queue[float] = asyncio.Queue()
    chosen = ["telling"]

    def saw(readiness: Readiness, transport: Transport | None) -> None:
        assert readiness.ready
        assert transport is not None
        seen.put_nowait(transport.tempo.bpm)

    async def watched() -> list[float]:
        task = asyncio.create_task(watch.watch(lambda: chosen[0], saw))
        tempi = [await asyncio.wait_for(seen.get(), 30)]
        monkeypatch.setattr(TellingDaw, "tempo", 120.0)
        # From a thread of its own, as OSC comes.
        threading.Thread(target=TellingDaw.told[0]).start()
        tempi.append(await asyncio.wait_for(seen.get(), 30))
        chosen[0] = "folder"
        TellingDaw.told[0]()
        while TellingDaw.told:
            await asyncio.sleep(0.01)
        task.cancel()
        return tempi

    assert asyncio.run(watched()) == [96.0, 120.0]
