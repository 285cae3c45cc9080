"""What is asked of a generator."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.errors import InvalidBrief
from assistant.generate import Request
from midi.scale import Key
from midi.tempo import Meter, Tempo

SOUND = Audio(np.zeros((1, 100), np.float32), 32000)


@pytest.mark.parametrize(
    ("seconds", "bpm", "meter", "whole"),
    [(12, 120, Meter(), 12), (11, 120, Meter(), 12), (12, 100, Meter(3, 4), 12.6), (1, 60, Meter(), 4)],
)
def test_it_lasts_whole_bars_and_one_at_least(seconds: float, bpm: float, meter: Meter, whole: float) -> None:
    assert Request("pad", seconds, tempo=Tempo(bpm), meter=meter).whole_seconds == pytest.approx(whole)


def test_without_a_tempo_it_lasts_as_long_as_asked() -> None:
    assert Request("pad", 7.3).whole_seconds == 7.3


def test_the_prompt_names_the_session_unless_the_composer_did() -> None:
    session = {"tempo": Tempo(92), "key": Key.parse("D minor")}
    assert Request("lo-fi beat", **session).prompt == "lo-fi beat, 92 bpm, in D minor"
    assert Request("lo-fi beat at 90 BPM in D minor", **session).prompt == "lo-fi beat at 90 BPM in D minor"
    assert Request("", melody=SOUND).prompt == ""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": " "}, "nothing to go by"),
        ({"text": "pad", "seconds": 0.2}, "0.2 seconds are outside 1..120"),
        ({"text": "pad", "seconds": float("nan")}, "nan seconds"),
        ({"text": "pad", "melody": SOUND, "start": SOUND}, "two requests"),
        ({"text": "pad", "freedom": 3.0}, "freedom 3 is outside 0..2"),
        ({"text": "pad", "licence_spdx": "do what you like"}, "no SPDX name"),
    ],
)
def test_what_cannot_be_asked_is_said(asked: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidBrief, match=said):
        Request(**asked)  # type: ignore[arg-type]
