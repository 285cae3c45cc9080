"""The surfaces in use: gestures in, commands called, lights out. Everything here happens in the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import UnknownName
from assistant.tables import resolve, unknown
from bridge.app import App, call
from bridge.midi_io.player import Player, PortState
from bridge.midi_io.ports import PortChoice
from bridge.reply import as_json
from bridge.surfaces import FAMILIES
from bridge.surfaces.desk import Act, Desk
from bridge.surfaces.family import Family, Message
from bridge.surfaces.feedback import Feedback
from bridge.surfaces.gesture import Arrived, Moved, Pressed, Touched, Turned
from bridge.surfaces.glance import scene_of
from bridge.surfaces.preset import Surface, load_surface
from bridge.surfaces.scene import Scene
from midi.errors import HummingbridgeError

if TYPE_CHECKING:
    from bridge.session import Session

Tell = Callable[[str, object], None]
Sender = Callable[[bytes], None]
VIRTUAL = "virtual"
KNOBS_EVERY_SECONDS = 0.02
"""What knobs and encoders say in this time becomes one command each."""

SOON_SECONDS = 0.05
"""What begins within this begins at once, to the eye."""

_MOST_PEERS = 8
_LOOK_AGAIN_SECONDS = 0.1


class OscWay(Protocol):
    """The way out for surfaces over OSC."""

    def sender_to(self, host: str, port: int) -> Sender: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A surface as it is asked for: `NAME`, `NAME=PORT`, with a port for each unit: `NAME=PORT,PORT`."""

    surface: Surface
    ports: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Wanted:
        """Raises `UnknownName`, `InvalidPreset`."""
        name, _, ports = text.partition("=")
        return cls(load_surface(name.strip()), tuple(port.strip() for port in ports.split(",") if port.strip()))

    def choice(self, unit: int) -> PortChoice:
        """The named port, or else the names that the preset knows; a port of our own where it knows none."""
        name = self.surface.name if len(self.surface.units) == 1 else f"{self.surface.name} {unit + 1}"
        given = self.ports[unit] if unit < len(self.ports) else ""
        names = (given,) if given else self.surface.units[unit].ports
        if not names or given == VIRTUAL:
            return PortChoice(f"Hummingbridge {name}")
        return PortChoice(names[0], virtual=False, others=names[1:])


class _Used:
    """A surface with its desk, its adapter, what it was shown, and what its knobs have said since the last command."""

    def __init__(self, wanted: Wanted, first_port: int) -> None:
        self.wanted, self.first_port = wanted, first_port
        self.surface = wanted.surface
        self.desk = Desk(self.surface)
        self.adapter: Family = resolve(FAMILIES, self.surface.family, kind="family")(self.surface)
        self.feedback = Feedback()
        self.turned: dict[str, int] = {}
        self.moved: dict[str, float] = {}
        self.knobs: asyncio.Task[None] | None = None
        self.later: asyncio.TimerHandle | None = None
        self.there: set[int] = set()
        self.peers: dict[object, Sender] = {}
        self.told: Sender | None = None

    @property
    def over_osc(self) -> bool:
        return self.surface.family == "osc"


class Surfaces:
    """`start` opens the ports; `tell(name, value)` is told of them (`surface`) and of what went wrong (`trouble`)."""

    def __init__(self, wanted: Sequence[Wanted], tell: Tell) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._used: dict[str, _Used] = {}
        ports = 0
        for each in wanted:
            if each.surface.name in self._used:
                raise UnknownName(f"surface {each.surface.name!r} is named twice", hint="copy its preset: presets new")
            self._used[each.surface.name] = _Used(each, ports)
            ports += 0 if each.surface.family == "osc" else len(each.surface.units)
        self._with_ports = ports > 0
        self._player: Player | None = None
        self._app: App | None = None
        self._scene = Scene()
        self._stale: set[str] = set()
        self._refreshing = False
        self._look: asyncio.TimerHandle | None = None
        self._doing: set[asyncio.Task[None]] = set()
        self._states: dict[tuple[str, int], PortState] = {}
        self._cables: dict[str, list[str]] = {}
        self._stop_listening: Callable[[], None] = lambda: None

    def start(self, app: App, osc: OscWay) -> None:
        """Raises `NotAuthorised` for a surface over OSC elsewhere, where the program is for this machine alone."""
        self._app = app
        if not self._used:
            return
        self._scene = scene_of(app.library, app.store.session)
        self._stop_listening = app.store.listen(self._changed)
        if self._with_ports:
            self._player = Player(on_message=self._heard, on_port=self._port, on_cables=self._cabled)
        for used in self._used.values():
            if used.over_osc:
                if used.wanted.ports:
                    host, _, port = used.wanted.ports[0].rpartition(":")
                    used.told = osc.sender_to(host or "127.0.0.1", int(port))
                continue
            for unit in range(len(used.surface.units)):
                self._open(used, unit)
        self._refresh()

    def close(self) -> None:
        """Leaves every surface as it was found."""
        self._stop_listening()
        for task in tuple(self._doing):
            task.cancel()
        for used in self._used.values():
            if used.later is not None:
                used.later.cancel()
            if used.over_osc:
                self._send(used, list(used.adapter.farewell(0)))
        if self._look is not None:
            self._look.cancel()
        if self._player is not None:
            self._player.close()

    def told(self, name: str, value: object) -> None:
        """What else happens in the program: jobs, the audition."""
        if self._used and name in ("job", "audition"):
            self._soon()

    def over_osc(self, address: str, values: Sequence[object], peer: object, send: Sender) -> None:
        """A gesture, or the first word, of a surface over OSC. Raises `UnknownName`."""
        name = address.strip("/").split("/")[1]
        used = self._used.get(name)
        if used is None or not used.over_osc:
            there = {each.surface.name for each in self._used.values() if each.over_osc}
            raise unknown(name, there, kind="surface over OSC")
        if peer not in used.peers:
            used.peers[peer] = send
            for oldest in list(used.peers)[:-_MOST_PEERS]:
                del used.peers[oldest]
            used.feedback.forget()
            self._soon()
        self._take(used, 0, (address, *values))

    def over_osc_now(self) -> tuple[Surface, ...]:
        """The surfaces in use that speak OSC."""
        return tuple(used.surface for used in self._used.values() if used.over_osc)

    def listed(self) -> list[dict[str, Any]]:
        return [
            {
                "name": used.surface.name,
                "family": used.surface.family,
                "description": used.surface.description,
                "page": used.desk.page.name,
                "ports": [asdict(state) for number, state in self._ports_of(used)],
            }
            for used in self._used.values()
        ]

    def shown(self, name: str) -> dict[str, Any]:
        """The page that is open and how each control looks. Raises `UnknownName`."""
        desk = self._named(name).desk
        looks = desk.looks(self._scene)
        return {"name": name, "page": desk.page.name, "controls": {key: asdict(look) for key, look in looks.items()}}

    def open_page(self, name: str, page: str) -> None:
        """Raises `UnknownName`."""
        used = self._named(name)
        pages = [each.name for each in used.surface.pages]
        if page not in pages:
            raise unknown(page, pages, kind=f"page of {name}")
        used.desk.open(page)
        self._soon()

    def _named(self, name: str) -> _Used:
        if name not in self._used:
            raise UnknownName(
                f"surface {name!r} is not in use",
                hint=f"in use: {', '.join(self._used) or 'none'}; start hummingbridge serve --surface {name}",
            )
        return self._used[name]

    def _ports_of(self, used: _Used) -> list[tuple[int, PortState]]:
        units = 0 if used.over_osc else len(used.surface.units)
        mine = range(used.first_port, used.first_port + units)
        return [(number, state) for (_, number), state in self._states.items() if number in mine]

    def _open(self, used: _Used, unit: int) -> None:
        assert self._player is not None
        choice, number = used.wanted.choice(unit), used.first_port + unit
        farewell = [message for _, message in used.adapter.farewell(unit)]
        self._player.open_output(choice, number, farewell=farewell)
        self._player.open_input(choice, number)

    def _unit(self, number: int) -> tuple[_Used, int] | None:
        for used in self._used.values():
            unit = number - used.first_port
            if not used.over_osc and 0 <= unit < len(used.surface.units):
                return used, unit
        return None

    def _heard(self, seconds: float, number: int, message: Message) -> None:
        """From the player's thread."""
        self._loop.call_soon_threadsafe(self._came, number, message)

    def _port(self, state: PortState) -> None:
        """From the player's thread."""
        self._loop.call_soon_threadsafe(self._port_changed, state)

    def _cabled(self, cables: dict[str, list[str]]) -> None:
        """From the player's thread."""
        self._loop.call_soon_threadsafe(self._cables_changed, cables)

    def _came(self, number: int, message: Message) -> None:
        found = self._unit(number)
        if found is not None:
            self._take(*found, message)

    def _port_changed(self, state: PortState) -> None:
        self._states[state.way, state.number] = state
        found = self._unit(state.number)
        if found is None:
            return
        self._tell("surface", {"surface": found[0].surface.name, **asdict(state)})
        used, unit = found
        if (state.way, state.state) == ("out", "open"):
            used.there.add(unit)
            self._greet(used, unit)
        elif state.way == "out":
            used.there.discard(unit)

    def _cables_changed(self, cables: dict[str, list[str]]) -> None:
        """A program that is connected to a port of our own is told everything."""
        before, self._cables = self._cables, cables
        for used in self._used.values():
            for unit in range(0 if used.over_osc else len(used.surface.units)):
                ours = f"{used.wanted.choice(unit).name}:out"
                if set(cables.get(ours, ())) - set(before.get(ours, ())):
                    self._greet(used, unit)

    def _greet(self, used: _Used, unit: int) -> None:
        self._send(used, list(used.adapter.hello(unit)))
        used.feedback.forget()
        self._soon()

    def _take(self, used: _Used, unit: int, message: Message) -> None:
        gesture = used.adapter.read(unit, message, self._loop.time())
        match gesture:
            case Pressed(control, True):
                act = used.desk.pressed(control, self._scene)
                if act is not None:
                    self._begin(self._do(act))
                self._soon()
            case Turned(control, steps):
                used.turned[control] = used.turned.get(control, 0) + steps
                self._turn(used)
            case Moved(control, to):
                used.moved[control] = to
                used.feedback.moved(control, to)
                self._turn(used)
            case Touched(control, down):
                used.feedback.hold(control, down)
                self._soon()
            case Arrived():
                self._greet(used, unit)

    def _turn(self, used: _Used) -> None:
        if used.knobs is None or used.knobs.done():
            used.knobs = self._begin(self._turned(used))

    async def _turned(self, used: _Used) -> None:
        """Calls what the knobs ask for, at once and then as often as is useful, until they rest."""
        while used.turned or used.moved:
            turned, moved = used.turned, used.moved
            used.turned, used.moved = {}, {}
            for control, steps in turned.items():
                await self._do(used.desk.turned(control, steps, self._scene))
            for control, to in moved.items():
                await self._do(used.desk.moved(control, to, self._scene))
            self._soon()
            await asyncio.sleep(KNOBS_EVERY_SECONDS)

    async def _do(self, act: Act | None) -> None:
        if act is None or self._app is None:
            return
        try:
            await call(self._app, act.command, act.arguments)
        except HummingbridgeError as error:
            self._tell("trouble", as_json(error)["error"])

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)
        return task

    def _changed(self, session: Session, changed: Mapping[str, Any]) -> None:
        self._scene = replace(self._scene, session=session)
        self._stale |= changed.keys() & {"variations", "motif", "takes"}
        self._soon()

    def _soon(self) -> None:
        """Shows what there is to show once the present gesture or change is dealt with."""
        if not self._refreshing:
            self._refreshing = True
            self._loop.call_soon(self._refresh)

    def _refresh(self) -> None:
        self._refreshing = False
        assert self._app is not None
        if self._stale:
            bars = None if "motif" in self._stale else self._scene.bars
            self._stale.clear()
            self._scene = scene_of(self._app.library, self._app.store.session, bars=bars)
        working = any(job.state in ("waiting", "running") for job in self._app.jobs.list())
        self._scene = replace(self._scene, working=working, waiting=self._waits())
        for used in self._used.values():
            used.feedback.want(used.desk.looks(self._scene))
            self._show(used)

    def _waits(self) -> bool:
        """Whether what is auditioned has yet to begin; where that is known, it is looked at again then."""
        live = self._app.live if self._app is not None else None
        if live is None or self._scene.session.playing is None:
            return False
        begins_in = live.begins_in_seconds()
        if begins_in is not None and begins_in <= SOON_SECONDS:
            return False
        if self._look is not None:
            self._look.cancel()
        self._look = self._loop.call_later(begins_in or _LOOK_AGAIN_SECONDS, self._soon)
        return True

    def _show(self, used: _Used) -> None:
        if used.later is not None:
            used.later.cancel()
            used.later = None
        if not (used.over_osc or used.there):
            return
        due, again = used.feedback.due(self._loop.time())
        self._send(used, [packet for each in due for packet in used.adapter.write(*each)])
        if again is not None:
            used.later = self._loop.call_at(again, self._show, used)

    def _send(self, used: _Used, packets: list[tuple[int, Message]]) -> None:
        if not packets:
            return
        if used.over_osc:
            self._send_osc(used, [message for _, message in packets])
            return
        if self._player is None:
            return
        for unit in range(len(used.surface.units)):
            messages = [message for each, message in packets if each == unit]
            if messages:
                self._player.send(used.first_port + unit, messages)

    def _send_osc(self, used: _Used, messages: list[Message]) -> None:
        from bridge.osc.client import message

        senders = [used.told] if used.told is not None else list(used.peers.values())
        for address, value in messages:
            packet = message(address, value)
            for send in senders:
                with contextlib.suppress(OSError):
                    send(packet)
