"""The process that runs beside the DAW: one loop, its start and its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import json
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from assistant.files import write_whole
from assistant.library import Library, usual_folder
from bridge.app import App
from bridge.clock import Follow
from bridge.hands import Tell, at_the_daw, by_themselves, heard, played, touched
from bridge.jobs import Jobs
from bridge.live import NONE, LiveSettings
from bridge.osc.server import PORT as OSC_PORT
from bridge.osc.server import OscServer
from bridge.session import SessionStore
from bridge.web.advertise import advertised
from bridge.web.api import PORT as HTTP_PORT
from bridge.web.api import Changes, application
from midi.errors import HummingbridgeError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class AlreadyRunning(HummingbridgeError):
    code: ClassVar[str] = "already-running"


class NoSuchAddress(HummingbridgeError):
    code: ClassVar[str] = "no-such-address"


class PortTaken(HummingbridgeError):
    code: ClassVar[str] = "port-taken"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How to run. `listen` other than this machine needs a token, which is made where none is given."""

    library: Path | None = None
    osc_port: int = OSC_PORT
    http_port: int = HTTP_PORT
    listen: str = "127.0.0.1"
    token: str = ""
    folders: tuple[Path, ...] = ()
    advertise: bool = False
    live: LiveSettings = field(default_factory=LiveSettings)
    follow: Follow | None = None
    daw: str = ""
    input: str = ""
    footswitch: str = ""
    surfaces: tuple[str, ...] = ()

    @property
    def wishes(self) -> dict[str, object]:
        """What is said at the start about the session; what is not said stays as it was."""
        wishes: dict[str, object] = {"follow": self.follow, "daw": self.daw, "footswitch": self.footswitch}
        wishes["surfaces"] = self.surfaces
        said = {name: value for name, value in wishes.items() if value}
        return said | ({"surfaces": ()} if self.surfaces == (NONE,) else {})

    @property
    def local(self) -> bool:
        return self.listen in LOOPBACK

    @property
    def asked_token(self) -> str:
        """What is asked of whoever speaks to the program; nothing on this machine alone."""
        return "" if self.local else self.token or secrets.token_urlsafe(24)


def running_file(library: Path | None) -> Path:
    """Where the running program says how it is reached."""
    return (library or usual_folder()) / "running.json"


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the library for this process; the system lets go of it when the process dies. Raises `AlreadyRunning`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running.lock").open("a+b") as lock:
        if not _locked(lock.fileno()):
            raise AlreadyRunning(
                f"hummingbridge serve is running already for {folder}{_where(folder)}",
                hint="use that one (hummingbridge do session/get), or choose another library with --library",
            )
        try:
            yield
        finally:
            (folder / "running.json").unlink(missing_ok=True)


def _where(folder: Path) -> str:
    try:
        running = json.loads((folder / "running.json").read_text(encoding="utf-8"))
        return f" (process {running['process']}, OSC port {running['osc_port']})"
    except (OSError, ValueError, KeyError):
        return ""


def _locked(handle: int) -> bool:
    """Whether the lock could be had."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def running(settings: ServeSettings, said: Tell | None = None) -> AsyncIterator[App]:
    """Everything started, in order, and stopped again; `said` is told of every change.

    Raises `AlreadyRunning`, `PortTaken`.
    """
    folder = settings.library or usual_folder()
    token = settings.asked_token
    async with contextlib.AsyncExitStack() as parts:
        parts.enter_context(only_one(folder))
        library = parts.enter_context(Library(folder))
        store = SessionStore(folder)
        store.change(**settings.wishes)
        changes = Changes()
        told: list[Tell] = [changes.tell, *([said] if said else [])]

        def tell(name: str, value: object) -> None:
            for one in tuple(told):
                one(name, value)

        jobs = Jobs(folder, lambda job: tell("job", job.as_json()))
        ways = {"osc_port": settings.osc_port, "http_port": settings.http_port, "process": os.getpid()}
        live = parts.enter_context(played(settings.live, store, tell))
        ears = parts.enter_context(heard(folder, live, settings.input, tell))
        surfaces = parts.enter_context(touched(store, tell))
        live_parts: dict[str, Any] = {"player": live, "recorder": ears, "live": live, "surfaces": surfaces}
        app = App(library, store, jobs, settings.folders, details=dict(ways), **live_parts)
        store.listen(lambda _, changed: changes.tell_all(changed))
        if said is not None:
            store.listen(lambda _, changed: _tell_all(said, changed))
        osc = OscServer(app, host=settings.listen, port=settings.osc_port, token=token)
        try:
            await osc.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise NoSuchAddress(
                    f"{settings.listen} is no address of this machine", hint="--listen 0.0.0.0 listens at all it has"
                ) from error
            raise PortTaken(
                f"port {settings.osc_port} is taken by another program", hint="choose another with --osc-port"
            ) from error
        parts.push_async_callback(osc.stop)
        told += [osc.tell, surfaces.told]
        surfaces.start(app, osc)
        await parts.enter_async_context(_http(app, changes, settings, token))
        if settings.advertise:
            ports = {"osc_port": settings.osc_port, "http_port": settings.http_port}
            await parts.enter_async_context(advertised(settings.listen, **ports))
        jobs.start()
        parts.push_async_callback(jobs.stop)
        await parts.enter_async_context(at_the_daw(app, tell))
        await parts.enter_async_context(by_themselves(app, live, ears, tell))
        reached = {**ways, "listen": settings.listen, "token": token}
        path = write_whole(running_file(settings.library), json.dumps(reached).encode())
        path.chmod(0o600)
        yield app


def _tell_all(tell: Tell, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        tell(name, value)


@contextlib.asynccontextmanager
async def _http(app: App, changes: Changes, settings: ServeSettings, token: str) -> AsyncIterator[None]:
    import uvicorn

    hosts = LOOPBACK if settings.local else LOOPBACK | {settings.listen}
    config = uvicorn.Config(
        application(
            app, changes, hosts=hosts, token=token, oscquery_port=settings.osc_port if settings.advertise else None
        ),
        host=settings.listen,
        port=settings.http_port,
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    # The signals are the whole program's.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    serving = asyncio.create_task(_until_end(server))
    while not server.started:
        if serving.done():
            raise PortTaken(
                f"port {settings.http_port} is taken by another program", hint="choose another with --http-port"
            )
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def _until_end(server: Any) -> None:
    # uvicorn ends the process where its port is taken; the caller says so in its own words.
    with contextlib.suppress(SystemExit):
        await server.serve()


async def serve(settings: ServeSettings, ready: Callable[[App], None], said: Tell | None = None) -> None:
    """Runs until the process is told to end; `said` is told of every change."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    async with running(settings, said) as app:
        # What was loaded stays: passed over, it no longer makes a press wait 30 ms for a collection.
        gc.collect()
        gc.freeze()
        ready(app)
        await ended.wait()


def folders_of(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Named folders as absolute paths."""
    return tuple(path.expanduser().resolve() for path in paths)
