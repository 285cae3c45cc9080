"""The running program as a value: its parts, and the one way in for every command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from assistant.errors import MissingPart
from assistant.files import no_such_name
from assistant.tables import resolve, unknown
from bridge.arguments import from_mapping, from_values
from bridge.commands import COMMANDS, Command
from midi.errors import HummingbridgeError

if TYPE_CHECKING:
    from assistant.library import Library
    from bridge.capture.recording import Recording
    from bridge.jobs import Jobs
    from bridge.live import Live
    from bridge.session import Session, SessionStore
    from bridge.surfaces.hub import Surfaces
    from midi.motif import Motif


T = TypeVar("T")


class Fault(HummingbridgeError):
    """Not the composer's doing."""

    code: ClassVar[str] = "fault"


class PathNotAllowed(HummingbridgeError):
    """A path from outside that lies in none of the folders that the program was told to use."""

    code: ClassVar[str] = "path-not-allowed"


class Player(Protocol):
    """Plays a motif into the DAW's instrument, in time."""

    def play(self, motif: Motif, *, loop: bool) -> Mapping[str, Any]:
        """Starts at the next bar, or changes to this motif there; when that is."""
        ...

    def stop(self) -> None: ...


class Recorder(Protocol):
    """Records a hum."""

    async def start(self, *, count_in_bars: int, bars: int, device: str | None) -> Mapping[str, Any]: ...

    async def stop(self) -> Recording: ...

    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, eq=False)
class App:
    """The parts of the running program. `folders` are those that commands from outside may read and write."""

    library: Library
    store: SessionStore
    jobs: Jobs
    folders: Sequence[Path] = ()
    player: Player | None = None
    recorder: Recorder | None = None
    live: Live | None = None
    surfaces: Surfaces | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """What else `session/get` tells: ports, the DAW's state."""
    at_hand: dict[str, Motif] = field(default_factory=dict)
    """The notes of the takes on the table, read before they are asked for: a press waits for no file."""
    earlier: list[Session] = field(default_factory=list)
    later: list[Session] = field(default_factory=list)
    """What was on the table before, and what was there before undo: the last one last."""

    def lay_out(self, **changes: Any) -> Session:
        """Puts others on the table; undo finds again what was there."""
        if self.store.session.variations:
            self.earlier.append(self.store.session)
        self.later.clear()
        return self.store.change(**changes)

    def need_player(self) -> Player:
        if self.player is None:
            raise MissingPart("there is no MIDI output to play into", hint="hummingbridge serve --midi-out NAME")
        return self.player

    def need_recorder(self) -> Recorder:
        if self.recorder is None:
            raise MissingPart("there is no audio input to record from", hint="hummingbridge serve --input NAME")
        return self.recorder

    def need_live(self) -> Live:
        if self.live is None:
            raise MissingPart("MIDI is switched off", hint="start hummingbridge serve without --midi-out none")
        return self.live

    def need_surfaces(self) -> Surfaces:
        if self.surfaces is None:
            raise MissingPart("no surface is in use", hint="hummingbridge serve --surface NAME")
        return self.surfaces

    def allowed(self, path: Path) -> Path:
        """`path`, followed through its links, if it lies in an allowed folder. Raises `PathNotAllowed`."""
        real = path.expanduser().resolve()
        folders = [folder.resolve() for folder in (self.library.folder, *self.folders)]
        if not any(real.is_relative_to(folder) for folder in folders):
            raise PathNotAllowed(
                f"{path} lies outside the folders that may be used",
                hint=f"start with hummingbridge serve --folder {real.parent}, or copy it to {folders[0]}",
            )
        return real


async def call(app: App, name: str, given: Sequence[object] | Mapping[str, object]) -> dict[str, Any]:
    """Runs a command, its arguments given in order or by name. Raises `UnknownName`, and what the command raises."""
    command = command_named(name)
    if isinstance(given, Mapping):
        arguments = from_mapping(command.arguments, given)
    else:
        arguments = from_values(command.arguments, given)
    handler = resolve({name: command.handler}, name, kind="command")
    try:
        answer: dict[str, Any] = await handler(app, arguments)
    except (HummingbridgeError, asyncio.CancelledError):
        raise
    # A fault of ours must not leave a request without an answer.
    except Exception as error:
        if told := no_such_name(error):
            raise told from error
        logging.getLogger("hummingbridge").exception("%s failed", name)
        raise Fault(f"something unexpected went wrong: {error or type(error).__name__}", hint="report it") from error
    return answer


async def beside(app: App, work: Callable[[Library], T]) -> T:
    """Runs `work` in a thread of its own, with a connection of its own to the library; time goes on meanwhile."""
    from assistant.library import Library

    def done() -> T:
        with Library(app.library.folder) as library:
            return work(library)

    return await asyncio.to_thread(done)


def command_named(name: str) -> Command:
    """Raises `UnknownName`, the nearest command first."""
    if name not in COMMANDS:
        raise unknown(name, COMMANDS, kind="command")
    return COMMANDS[name]
