"""MIDI out at exact times, and MIDI in with its times: the time-keeping process as the others see it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assistant.readiness import Readiness
from bridge.child import Child, Line
from bridge.midi_io.memory import NotesMemory
from bridge.midi_io.ports import PortChoice
from bridge.midi_io.schedule import Event, Voice

Message = tuple[int, ...]
Cables = dict[str, list[str]]
"""Our ports, each with those of other programs that it is connected to (JACK)."""

Listener = Callable[[float, int, tuple[int, ...]], None]
"""Called with (seconds, input number, message) from a thread of the player."""

_ANSWER_SECONDS = 5.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 5.0


@dataclass(frozen=True, slots=True)
class PortState:
    """`state`: "open", or "waiting" with the reason and the remedy."""

    way: str
    number: int
    name: str
    state: str
    reason: str = ""
    hint: str = ""


class Player:
    """Starts the process, feeds it ahead of time, and starts it again with the same ports if it crashes.

    `cables` are those of before, put back as soon as the other side is there; `on_cables` is told of theirs,
    `on_period` how many seconds a period of JACK's is, `on_stood_still` for how many its time, and that of all who play
    in it, stood still. The times of a clock's messages are those of JACK's periods, free of their delay.

    Its methods may be called from any thread and do not wait, but for `stats`, `ports` and `close`. After a crash the
    notes that sounded are ended by the process that comes after; after ours, by the process itself.
    """

    def __init__(
        self,
        *,
        on_message: Listener | None = None,
        on_port: Callable[[PortState], None] | None = None,
        on_cables: Callable[[Cables], None] | None = None,
        on_period: Callable[[float | None], None] | None = None,
        on_stood_still: Callable[[float], None] | None = None,
        cables: Mapping[str, Iterable[str]] | None = None,
        api: str | None = None,
    ) -> None:
        self._on_message, self._on_port, self._on_cables, self._api = on_message, on_port, on_cables, api
        self._on_period, self._on_stood_still = on_period, on_stood_still
        self._ports: dict[tuple[str, int], PortChoice] = {}
        self._farewells: dict[tuple[str, int], tuple[Message, ...]] = {}
        self._cables: Cables = {ours: list(peers) for ours, peers in (cables or {}).items()}
        self._states: dict[tuple[str, int], PortState] = {}
        self._answers: dict[str, Any] = {}
        self._answered = threading.Condition()
        self._priority = Readiness("unreachable", "the process that keeps time has not answered yet")
        self._closing = threading.Event()
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._memory = NotesMemory()
        self._child = self._started()

    @property
    def pid(self) -> int:
        """The process that keeps time."""
        return self._child.pid

    @property
    def priority(self) -> Readiness:
        """What priority the system granted."""
        return self._priority

    def port_states(self) -> tuple[PortState, ...]:
        return tuple(self._states.values())

    def open_output(
        self, choice: PortChoice | None = None, number: int = 0, *, farewell: Iterable[Message] = ()
    ) -> None:
        """Opens output `number` (0..7); its state is told to `on_port`.

        `farewell` is sent when it is closed, and when we or the process end, however that comes about.
        """
        self._farewells["out", number] = tuple(farewell)
        self._open("out", number, choice or PortChoice())

    def open_input(self, choice: PortChoice, number: int = 0) -> None:
        """Opens input `number`; its messages go to `on_message`."""
        self._open("in", number, choice)

    def close_port(self, way: str, number: int) -> None:
        self._ports.pop((way, number), None)
        self._states.pop((way, number), None)
        self._child.tell({"do": "close", "way": way, "id": number})

    def send(self, number: int, messages: Iterable[Message]) -> bool:
        """Sends to output `number` at once: what is no music, such as lights and displays of a control surface."""
        return self._child.tell({"do": "send", "id": number, "messages": list(messages)})

    def add(self, events: Iterable[Event]) -> bool:
        """Events ahead of time; false where the process is being started again, and they are lost."""
        return self._child.tell({"do": "add", "events": list(events)})

    def replace(
        self, source: int, from_seconds: float, events: Iterable[Event] = (), lasting: Iterable[Voice] = ()
    ) -> bool:
        """Takes back what `source` has ahead from a time on, ends the notes that then would hang but for those that are
        `lasting`, adds `events`.
        """
        asked = {"source": source, "from": from_seconds, "events": list(events), "lasting": list(lasting)}
        return self._child.tell({"do": "replace", **asked})

    def silence(self, source: int | None = None) -> bool:
        """Ends now whatever sounds, and takes back whatever is ahead (of `source`)."""
        return self._child.tell({"do": "silence", "source": source})

    def stats(self) -> list[float]:
        """How late each message was handed to the port since the last asking, in milliseconds; the last 65536."""
        return list(self._ask({"do": "stats"}, "stats") or [])

    def ports(self) -> dict[str, Any]:
        """`api`, `inputs` and `outputs` of the system, or `reason` and `hint`."""
        return dict(self._ask({"do": "ports"}, "ports") or {"reason": "no answer", "hint": "try again"})

    def close(self) -> None:
        """Ends all notes and the process."""
        self._closing.set()
        self._child.close()
        self._memory.close()

    def _started(self) -> Child:
        memory = self._memory
        return Child(
            "bridge.midi_io.keeper", [memory.told], on_line=self._heard, on_end=self._ended, pass_fds=memory.fds
        )

    def _open(self, way: str, number: int, choice: PortChoice) -> None:
        self._ports[way, number] = choice
        self._say_open(way, number, choice)

    def _say_open(self, way: str, number: int, choice: PortChoice) -> None:
        peers = self._cables.get(f"{choice.name}:{way}", [])
        farewell = self._farewells.get((way, number), ())
        asked = {"way": way, "id": number, "api": self._api, "peers": peers, "farewell": farewell}
        self._child.tell({"do": "open", **asked, **asdict(choice)})

    def _ask(self, line: Line, answer: str) -> Any:
        with self._answered:
            self._answers.pop(answer, None)
            self._child.tell(line)
            self._answered.wait_for(lambda: answer in self._answers, _ANSWER_SECONDS)
            return self._answers.pop(answer, None)

    def _heard(self, line: Line) -> None:
        if "in" in line:
            if self._on_message is not None:
                seconds, number, message = line["in"]
                self._on_message(seconds, number, tuple(message))
        elif "port" in line:
            facts = line["port"]
            state = PortState(facts["way"], facts["id"], facts["name"], facts["state"], facts["reason"], facts["hint"])
            self._states[state.way, state.number] = state
            self._pause_seconds = _FIRST_PAUSE_SECONDS
            if self._on_port is not None:
                self._on_port(state)
        elif "priority" in line:
            self._priority = Readiness(**line["priority"])
        elif "period" in line:
            if self._on_period is not None:
                self._on_period(line["period"])
        elif "stood_still" in line:
            if self._on_stood_still is not None:
                self._on_stood_still(line["stood_still"])
        elif "cables" in line:
            self._cables = line["cables"]
            if self._on_cables is not None:
                self._on_cables(line["cables"])
        else:
            with self._answered:
                self._answers.update(line)
                self._answered.notify_all()

    def _ended(self, status: int) -> None:
        if self._closing.is_set():
            return
        time.sleep(self._pause_seconds)
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        if self._closing.is_set():
            return
        self._child = self._started()
        for (way, number), choice in list(self._ports.items()):
            self._say_open(way, number, choice)
