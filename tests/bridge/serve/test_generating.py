"""Sound from descriptions in the running program: in a worker of its own, with progress, stopped on request."""

from __future__ import annotations

import time
from typing import Any

import pytest

from assistant.generate import check

needs_audiocraft = pytest.mark.skipif(not check().ready, reason=check().reason)


def state(program: Any, job: int) -> Any:
    return next(one for one in program.do("job/list")["jobs"] if one["job"] == job)


def until(program: Any, job: int, *states: str, share: float = 0.0) -> Any:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        now = state(program, job)
        if now["state"] in states and now["share"] >= share:
            return now
        time.sleep(0.1)
    raise AssertionError(now)


@needs_audiocraft
def test_a_description_becomes_a_take_that_says_whose_weights_made_it(program: Any) -> None:
    job = program.do("generate/make", text="warm brass pad", seconds=1, model="debug")["job"]
    assert until(program, job, "done", "failed")["error"] == ""
    (take,) = program.do("take/list", search="brass")["takes"]
    shown = program.do("take/show", take=take["id"])
    assert shown["kind"] == "generation"
    assert shown["manifest"]["non_commercial"] is True
    assert shown["manifest"]["digital_source_type"].endswith("/trainedAlgorithmicMedia")


@needs_audiocraft
def test_it_can_be_stopped_while_it_works(program: Any) -> None:
    job = program.do("generate/make", text="endless drone", seconds=120, model="debug")["job"]
    until(program, job, "running", share=0.001)
    program.do("job/cancel", job=job)
    again = program.do("generate/make", text="short blip", seconds=1, model="debug")["job"]
    assert until(program, again, "done", "failed")["error"] == ""
    assert state(program, job)["state"] == "cancelled"
    assert program.do("take/list", search="endless")["takes"] == []


@pytest.mark.skipif(check().ready, reason="audiocraft is installed")
def test_without_audiocraft_the_command_that_brings_it_is_told(program: Any) -> None:
    status, answer = program.request("POST", "/api/generate/make", b'{"text": "pad"}')
    assert status >= 400
    assert answer["error"]["hint"].startswith("pip install")


def test_a_tune_to_follow_and_a_sound_to_go_on_from_are_two_requests(program: Any) -> None:
    status, answer = program.request("POST", "/api/generate/make", b'{"text": "pad", "melody": "a", "start": "b"}')
    assert status >= 400
    assert answer["error"]["code"] in ("invalid-brief", "missing-part")
