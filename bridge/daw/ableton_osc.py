"""A conversation with AbletonOSC, the control surface script through which Live is asked over OSC.

It listens on port 11000, answers every question to port 11001 at the question's own address, the indices first, and
works ten times a second. Orders have no acknowledgement: what came of them has to be asked. A question that makes no
sense is answered, if at all, by `/live/error`. Datagrams over about 9 kB are lost on macOS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

from bridge.daw.port import DawRefused, DawUnreachable
from bridge.osc.client import Argument, OscPeer, message

PORT, ANSWER_PORT = 11_000, 11_001
LARGEST_BYTES = 9_000
_HINT = "open Live, and choose AbletonOSC as a control surface under Settings, Link, Tempo & MIDI"
_TRIES = 3
_AFTER_ERROR_SECONDS = 0.3
Answer = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A getter, such as `/live/clip/get/name`, of one thing: song, track, or the slot of a track.

    `more` narrows it; the answer does not repeat that, so `fits` tells whether an answer, without the indices, can be
    one to this question and not to an earlier one that was slow.
    """

    address: str
    indices: tuple[int, ...] = ()
    more: tuple[Argument, ...] = ()
    fits: Callable[[Answer], bool] = field(default=lambda _: True, compare=False)

    def answered_by(self, address: str, values: Answer) -> bool:
        count = len(self.indices)
        return address == self.address and values[:count] == self.indices and self.fits(values[count:])


@dataclass(slots=True)
class AbletonOsc:
    """Holds the port of the answers while it is open, for which it waits `port_seconds`: of two programs that ask,
    one waits. A question is asked again after `answer_seconds`. Use it in a `with` block.
    """

    port: int = PORT
    answer_port: int = ANSWER_PORT
    answer_seconds: float = 1.0
    port_seconds: float = 5.0
    _peer: OscPeer | None = field(default=None, init=False)
    _heard: SimpleQueue[tuple[str, Answer]] = field(default_factory=SimpleQueue, init=False)

    def __enter__(self) -> AbletonOsc:
        """Raises `DawUnreachable` where another program keeps the port."""
        deadline = time.monotonic() + self.port_seconds
        while self._peer is None:
            try:
                self._peer = OscPeer(self.port, self._listen, listen_port=self.answer_port)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise DawUnreachable(
                        f"another program takes the answers of Live: port {self.answer_port} is in use",
                        hint="end the other program that speaks with AbletonOSC",
                    ) from error
                time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None

    def order(self, address: str, *values: Argument) -> None:
        """Has something done; whether it was, has to be asked."""
        assert self._peer is not None
        self._peer.send(address, *values)

    def ask(self, question: Question, *, tries: int = _TRIES) -> Answer:
        """The answer to one question, without the indices. Raises as `ask_all`."""
        return self.ask_all([question], tries=tries)[0]

    def ask_all(self, questions: Sequence[Question], *, tries: int = _TRIES) -> list[Answer]:
        """The answers, in order; Live answers all of them in one of its ticks.

        Raises `DawRefused` where Live tells of an error, `DawUnreachable` where an answer stays away.
        """
        answers: dict[Question, Answer] = {}
        told = ""
        self._forget()
        for _ in range(tries):
            for question in questions:
                if question not in answers:
                    self.order(question.address, *question.indices, *question.more)
            deadline = time.monotonic() + self.answer_seconds
            while len(answers) < len(set(questions)) and (heard := self._next(deadline)):
                address, values = heard
                if address == "/live/error":
                    told = " ".join(map(str, values))
                    deadline = min(deadline, time.monotonic() + _AFTER_ERROR_SECONDS)
                for question in questions:
                    if question not in answers and question.answered_by(address, values):
                        answers[question] = values[len(question.indices) :]
                        break
            if len(answers) == len(set(questions)):
                return [answers[question] for question in questions]
            if told:
                raise DawRefused(f"Live: {told}", hint="look at the Live set, and try again", reason="live-error")
        missing = next(question.address for question in questions if question not in answers)
        raise DawUnreachable(f"no answer from Live to {missing} in {tries * self.answer_seconds:g} s", hint=_HINT)

    def _listen(self, address: str, values: Answer) -> None:
        self._heard.put((address, values))

    def _forget(self) -> None:
        """What came late belongs to no question of now."""
        while not self._heard.empty():
            self._heard.get_nowait()

    def _next(self, deadline: float) -> tuple[str, Answer] | None:
        try:
            return self._heard.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None


def chunked(
    address: str, indices: tuple[int, ...], groups: Iterable[tuple[int | float, ...]]
) -> Iterator[tuple[int | float, ...]]:
    """The values of messages to `address` that hold all the groups, each message under `LARGEST_BYTES`."""
    # A number takes four bytes and a letter for its type; the letters are filled up to a multiple of four.
    room = (LARGEST_BYTES - len(message(address, *indices)) - 4) // 5
    values: tuple[int | float, ...] = ()
    for group in groups:
        if len(values) + len(group) > room:
            yield indices + values
            values = ()
        values += group
    if values:
        yield indices + values
