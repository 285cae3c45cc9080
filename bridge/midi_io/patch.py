"""The MIDI ports that the time-keeping process holds: opened, watched, and opened anew when they come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.child import Answers, Line
from bridge.midi_io.driver_time import DriverTime
from bridge.midi_io.jack_patch import Cables, JackPatch
from bridge.midi_io.ports import JACK, PortChoice, list_ports, open_input, open_output, working_api
from midi.errors import HummingbridgeError

LOOK_SECONDS = 0.5
_ABOUT_TIME = frozenset((0xF8, 0xFA, 0xFB, 0xFC))
"""Clock, start, continue, stop: what says nothing but when."""


@dataclass(slots=True)
class _Held:
    choice: PortChoice
    way: str
    port: Any = None
    name: str = ""
    state: str = ""
    farewell: tuple[tuple[int, ...], ...] = ()

    @property
    def jack_name(self) -> str:
        return f"{self.choice.name}:{self.way}" if self.choice.virtual else ""


class PatchBay:
    """Ports by ("out" or "in", number). `opened(number)` is called when an output is there, or there again."""

    def __init__(self, answers: Answers, opened: Callable[[int], None]) -> None:
        # Now, and not when the first note is due: importing takes 60 ms.
        from mido import Message

        self._message: Callable[[tuple[int, ...]], Any] = Message.from_bytes
        self._answers, self._opened = answers, opened
        self._held: dict[tuple[str, int], _Held] = {}
        self._outputs: dict[int, Any] = {}
        self._api = ""
        self._wanted_api: str | None = None
        self._cables = Cables()
        self._jack: JackPatch | None = None
        self._lock = threading.RLock()
        self._known_cables: dict[str, list[str]] = {}
        self._known_period: float | None = None
        self._driver_time = DriverTime(lambda seconds: answers.say({"stood_still": seconds}))

    def start(self) -> None:
        threading.Thread(target=self._look_after, daemon=True).start()

    def open(self, asked: Line) -> None:
        """Opens a port, or waits for it and says so."""
        way, number = asked["way"], int(asked["id"])
        with self._lock:
            self.close(way, number)
            self._wanted_api = asked.get("api")
            choice = PortChoice(asked["name"], bool(asked["virtual"]), tuple(asked.get("others", ())))
            held = _Held(choice, way, farewell=tuple(map(tuple, asked.get("farewell", ()))))
            self._held[way, number] = held
            self._cables.wanted.setdefault(held.jack_name, {}).update(dict.fromkeys(asked.get("peers", ()), False))
            self._try(way, number, held)

    def close(self, way: str, number: int) -> None:
        with self._lock:
            held = self._held.pop((way, number), None)
            if held is not None:
                self._let_go(number, held)

    def close_all(self) -> None:
        with self._lock:
            for way, number in list(self._held):
                self.close(way, number)

    def send(self, number: int, message: tuple[int, ...]) -> None:
        """Sends now; where the port is away, the message is lost."""
        port = self._outputs.get(number)
        if port is not None:
            port.send(self._message(message))

    def say_farewell(self, number: int | None = None) -> None:
        """The last messages to an output, or to every one: they leave the device as it was found."""
        with self._lock:
            for (way, each), held in self._held.items():
                if way == "out" and number in (None, each):
                    for message in held.farewell:
                        self.send(each, message)

    def say_ports(self) -> None:
        try:
            ports = list_ports(self._wanted_api)
        except HummingbridgeError as error:
            self._answers.say({"ports": {"reason": error.message, "hint": error.hint}})
        else:
            self._answers.say({"ports": {"api": ports.api, "inputs": ports.inputs, "outputs": ports.outputs}})

    def _try(self, way: str, number: int, held: _Held) -> None:
        try:
            self._api = self._api or working_api(self._wanted_api)
            self._watch_jack()
            # One client that stays asks for the names: each that came and went would be a change of JACK's graph.
            there = sorted(self._jack.names(sinks=way == "out")) if self._jack is not None else None
            if way == "out":
                held.port = open_output(held.choice, self._api, there)
            else:
                held.port = open_input(held.choice, self._api, self._stamped(number), there)
        except HummingbridgeError as error:
            self._say(way, number, held, "waiting", error.message, error.hint)
            return
        held.name = held.port.name
        self._tend(held)
        if way == "out":
            self._outputs[number] = held.port
            self._opened(number)
        self._say(way, number, held, "open")

    def _stamped(self, number: int) -> Callable[[Any], None]:
        say = self._answers.say

        def callback(message: Any) -> None:
            seconds, data = time.perf_counter(), message.bytes()
            jack = self._jack
            if data[0] in _ABOUT_TIME and jack is not None and jack.alive:
                seconds = self._driver_time.steady(seconds, jack.seconds)
            say({"in": [seconds, number, data]})

        return callback

    def _say(self, way: str, number: int, held: _Held, state: str, reason: str = "", hint: str = "") -> None:
        if state + reason != held.state:
            held.state = state + reason
            facts = {"way": way, "id": number, "name": held.choice.name, "state": state, "reason": reason, "hint": hint}
            self._answers.say({"port": facts})

    def _let_go(self, number: int, held: _Held) -> None:
        if held.way == "out":
            self._outputs.pop(number, None)
        if held.port is not None:
            held.port.close()
            held.port = None

    def _watch_jack(self) -> None:
        if self._api == JACK and self._jack is None:
            try:
                self._jack = JackPatch(self._cables)
            except OSError:
                self._jack = None
            self._say_period()

    def _say_period(self) -> None:
        period = self._jack.period_seconds if self._jack is not None and self._jack.alive else None
        if period != self._known_period:
            self._known_period = period
            self._answers.say({"period": period})

    def _tend(self, held: _Held) -> None:
        if self._jack is not None and held.jack_name:
            self._jack.tend(held.jack_name, is_output=held.way == "out")

    def _look_after(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                if self._held:
                    self._look()

    def _look(self) -> None:
        if self._jack is not None and not self._jack.alive:
            self._lose_jack()
        names = self._names()
        for (way, number), held in self._held.items():
            if held.port is None:
                self._try(way, number, held)
            elif not held.choice.virtual and names is not None and held.name not in names:
                self._let_go(number, held)
                self._say(way, number, held, "waiting", f"MIDI port {held.name!r} went away", "start its program again")
            else:
                self._tend(held)
        self._say_period()
        cables = {ours: sorted(peers) for ours, peers in self._cables.wanted.items() if peers}
        if cables != self._known_cables:
            self._known_cables = cables
            self._answers.say({"cables": cables})

    def _lose_jack(self) -> None:
        self._cables.gone()
        assert self._jack is not None
        for (way, number), held in self._held.items():
            self._say(way, number, held, "waiting", "JACK went away", "start it again: the port comes back by itself")
            self._let_go(number, held)
        self._jack.close()
        self._jack = None
        self._api = ""

    def _names(self) -> set[str] | None:
        """Every port's name; None where asking makes no sense now."""
        named = [held for held in self._held.values() if held.port is not None and not held.choice.virtual]
        if not named:
            return None
        if self._jack is not None:
            return self._jack.names()
        try:
            ports = list_ports(self._api)
        except HummingbridgeError:
            return set()
        return {*ports.inputs, *ports.outputs}
