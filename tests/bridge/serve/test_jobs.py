"""The queue of work: whatever is cancelled, whenever, the next job is done."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from assistant.library import Library
from assistant.take import NewTake, Recipe
from bridge.jobs import Job, Jobs
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import motif_score, smf_bytes

VARY = {"count": 2, "seed": 1}


@pytest.fixture
def idea(tmp_path: Path) -> dict[str, Any]:
    """What is asked of a worker: two variations of a motif in the library."""
    notes = tuple(Note(float(beat), pitch, 1.0) for beat, pitch in enumerate((60, 64, 67, 72)))
    data = smf_bytes(motif_score(Motif(Clip(notes)), name="idea"))
    with Library(tmp_path) as library:
        (take,) = library.add(NewTake("motif", "idea", Recipe("import"), {"midi": data}, {}), words="made")
    return {"take": take.id, **VARY}


async def outcome(future: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.wait_for(future, 30)


def test_jobs_that_are_cancelled_at_any_moment_leave_the_next_one_to_be_done(tmp_path: Path, idea: dict[str, Any]):
    async def story() -> None:
        jobs = Jobs(tmp_path, lambda _: None)
        jobs.start()
        try:
            _, warm = jobs.add("vary", "warm", idea)
            await outcome(warm)
            for wait_ms in (0, 0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100):
                job, future = jobs.add("vary", "to be cancelled", idea)
                await asyncio.sleep(wait_ms / 1000)
                assert jobs.cancel(job.number).state in ("cancelled", "done")
                _, after = jobs.add("vary", "the next", idea)
                assert len((await outcome(after))["takes"]) == 2
                assert future.done()
                states = {one.number: one.state for one in jobs.list()}
                assert states[job.number] in ("cancelled", "done")
        finally:
            await jobs.stop()

    asyncio.run(story())


def test_a_job_that_is_cancelled_as_it_is_done_stays_cancelled(tmp_path: Path, idea: dict[str, Any]):
    async def story() -> None:
        told: list[Job] = []

        def hears(job: Job) -> None:
            told.append(job)
            if job.what == "first" and job.share == 1.0 and job.state == "running":
                # Meanwhile the worker tells that it is done.
                time.sleep(0.5)
                jobs.cancel(job.number)

        jobs = Jobs(tmp_path, hears)
        jobs.start()
        try:
            first, _ = jobs.add("vary", "first", idea)
            _, second = jobs.add("vary", "second", idea)
            assert len((await outcome(second))["takes"]) == 2
            assert [job.state for job in told if job.number == first.number][-1] == "cancelled"
        finally:
            await jobs.stop()

    asyncio.run(story())


def test_jobs_that_wait_and_are_cancelled_make_room(tmp_path: Path, idea: dict[str, Any]):
    async def story() -> None:
        jobs = Jobs(tmp_path, lambda _: None)
        jobs.start()
        try:
            for _ in range(3):
                added = [jobs.add("vary", "waits", idea)[0] for _ in range(100)]
                for job in added:
                    jobs.cancel(job.number)
            _, after = jobs.add("vary", "the next", idea)
            assert len((await outcome(after))["takes"]) == 2
        finally:
            await jobs.stop()

    asyncio.run(story())
