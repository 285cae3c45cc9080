"""The process that keeps time, its threads in the orders that hurt."""

from __future__ import annotations

import io
import threading
import time

import pytest

from bridge.child import Answers
from bridge.midi_io.keeper import Keeper

NOTE_ON, NOTE_OFF = (0x90, 60, 90), (0x80, 60, 0)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper(None, Answers(io.BytesIO()))


def test_a_silence_asked_for_while_a_note_goes_out_ends_that_note(keeper: Keeper) -> None:
    sent: list[tuple[int, ...]] = []
    silencing = threading.Thread(target=keeper.obey, args=([{"do": "silence", "source": 1}],))

    def slow_port(number: int, message: tuple[int, ...]) -> None:
        if message == NOTE_ON:
            silencing.start()
            silencing.join(0.2)
        sent.append(message)

    keeper.patch.send = slow_port  # type: ignore[method-assign]
    keeper._do_add({"events": [[time.perf_counter(), list(NOTE_ON), 0, 1]]})
    keeper.run()
    silencing.join()
    assert sent[:2] == [NOTE_ON, NOTE_OFF]
