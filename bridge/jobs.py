"""Work in other processes: progress, cancel, and a fresh worker where one has died.

Nothing heavy runs where time is kept. A worker does one job at a time; the lanes are the ears and variations (what
the composer waits for), sound (which may take long), and sound from descriptions (which takes minutes).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from assistant.errors import UnknownName
from midi.errors import HummingbridgeError

State = Literal["waiting", "running", "done", "failed", "cancelled"]
LANES = {
    "hear": "ideas",
    "vary": "ideas",
    "together": "ideas",
    "render": "sound",
    "effects": "sound",
    "timbre": "sound",
    "generate": "generation",
}
_WARM = ("ideas", "sound")
"""The lanes whose workers are started with the program; sound from descriptions takes a gigabyte and waits."""
_TRIES = 2
_KEPT = 100
_MOST_WAITING = 100
_LONGEST_LINE = 64 * 1024 * 1024


class Busy(HummingbridgeError):
    """More is asked than can be done soon."""

    code: ClassVar[str] = "busy"


class WorkerDied(HummingbridgeError):
    """A worker process ended in the middle of a job, and again when it was tried anew."""

    code: ClassVar[str] = "worker-died"


class TaskFailed(HummingbridgeError):
    """A task ended with an error in its worker; it carries that error's code."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.code = code  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work: `share` is the part that is done, 0..1; `error` and `hint` say why it failed, and what helps."""

    number: int
    task: str
    what: str
    state: State = "waiting"
    share: float = 0.0
    error: str = ""
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "job": self.number,
            "task": self.task,
            "what": self.what,
            "state": self.state,
            "share": round(self.share, 3),
            "error": self.error,
            "hint": self.hint,
        }


class _Lane:
    """One worker and the jobs that wait for it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.waiting: deque[int] = deque()
        self.process: asyncio.subprocess.Process | None = None
        self.wake = asyncio.Event()

    async def worker(self) -> asyncio.subprocess.Process:
        """The lane's process, started where there is none."""
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bridge.worker",
                str(self.folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_LINE,
            )
        return self.process


class Jobs:
    """The queue. `told` is called with a job whenever it changes."""

    def __init__(self, folder: Path, told: Callable[[Job], None]) -> None:
        self._told = told
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._asked: dict[int, Mapping[str, Any]] = {}
        self._futures: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._lanes = {name: _Lane(name, folder) for name in dict.fromkeys(LANES.values())}
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Starts the workers, which load in the background."""
        self._loops = [asyncio.create_task(self._serve(lane)) for lane in self._lanes.values()]

    async def stop(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for lane in self._lanes.values():
            if lane.process and lane.process.returncode is None:
                lane.process.kill()
                await lane.process.wait()

    def add(self, task: str, what: str, arguments: Mapping[str, Any]) -> tuple[Job, asyncio.Future[dict[str, Any]]]:
        """Queues a task; the future gives its outcome, or raises its error. Raises `Busy`."""
        if len(self._lanes[LANES[task]].waiting) >= _MOST_WAITING:
            raise Busy(f"{_MOST_WAITING} jobs wait already", hint="wait for some, or stop them: job/cancel")
        job = Job(next(self._numbers), task, what)
        self._asked[job.number] = arguments
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        # Nobody may be waiting for the outcome; the error is told as a change all the same.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._futures[job.number] = future
        self._set(job)
        lane = self._lanes[LANES[task]]
        lane.waiting.append(job.number)
        lane.wake.set()
        return job, future

    def list(self) -> tuple[Job, ...]:
        return tuple(self._jobs.values())

    def cancel(self, number: int) -> Job:
        """Ends a job: one that runs loses its worker, and a fresh one takes over. Raises `UnknownName`."""
        job = self._jobs.get(number)
        if job is None:
            raise UnknownName(f"job {number} is unknown", hint="job/list shows the jobs")
        if job.state in ("waiting", "running"):
            self._set(replace(job, state="cancelled"))
            self._futures[number].cancel()
            lane = self._lanes[LANES[job.task]]
            if number in lane.waiting:
                lane.waiting.remove(number)
            elif lane.process:
                with contextlib.suppress(ProcessLookupError):
                    lane.process.kill()
        return self._jobs[number]

    @property
    def workers(self) -> dict[str, int | None]:
        """The process of each lane."""
        return {name: lane.process.pid if lane.process else None for name, lane in self._lanes.items()}

    async def _serve(self, lane: _Lane) -> None:
        if lane.name in _WARM:
            await lane.worker()
        while True:
            lane.wake.clear()
            while lane.waiting:
                number = lane.waiting.popleft()
                if self._jobs[number].state == "waiting":
                    await self._run(lane, number)
            await lane.wake.wait()

    async def _run(self, lane: _Lane, number: int) -> None:
        self._set(replace(self._jobs[number], state="running"))
        for _ in range(_TRIES):
            if await self._tried(lane, number):
                break
        else:
            error = WorkerDied(
                f"the worker for {self._jobs[number].what} ended twice", hint="the take is kept; try again"
            )
            self._fail(number, error)

    async def _tried(self, lane: _Lane, number: int) -> bool:
        """Whether the job came to an end; False when its worker did."""
        worker = await lane.worker()
        if self._jobs[number].state == "cancelled":
            return True
        assert worker.stdin is not None
        assert worker.stdout is not None
        asked = {"job": number, "task": self._jobs[number].task, "arguments": self._asked[number]}
        try:
            worker.stdin.write(json.dumps(asked).encode() + b"\n")
            await worker.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            await worker.wait()
            return self._jobs[number].state == "cancelled"
        while line := await worker.stdout.readline():
            told = json.loads(line)
            if told.get("job") != number or self._jobs[number].state == "cancelled":
                # What a worker told before it was ended for a cancelled job counts no more.
                continue
            if "progress" in told:
                self._set(replace(self._jobs[number], share=told["progress"]))
            elif "done" in told:
                self._set(replace(self._jobs[number], state="done", share=1.0))
                self._futures[number].set_result(told["done"])
                return True
            else:
                self._fail(number, TaskFailed(**told["error"]))
                return True
        await worker.wait()
        return self._jobs[number].state == "cancelled"

    def _fail(self, number: int, error: HummingbridgeError) -> None:
        self._set(replace(self._jobs[number], state="failed", error=error.message, hint=error.hint))
        self._futures[number].set_exception(error)

    def _set(self, job: Job) -> None:
        self._jobs[job.number] = job
        self._told(job)
        ended = [n for n, one in self._jobs.items() if one.state in ("done", "failed", "cancelled")]
        for number in ended[:-_KEPT]:
            del self._jobs[number], self._asked[number], self._futures[number]
