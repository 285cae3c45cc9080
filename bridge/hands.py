"""The live parts, put to the session: what is played, the footswitch, the DAW."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from bridge.app import App, call
from bridge.daw.watch import watch
from bridge.live import NONE, Live, LiveSettings
from bridge.reply import as_json
from midi.errors import HummingbridgeError
from midi.tempo import Tempo

if TYPE_CHECKING:
    from assistant.readiness import Readiness
    from bridge.clock import Follow
    from bridge.daw.port import Transport
    from bridge.session import Session, SessionStore

Tell = Callable[[str, object], None]


@contextlib.contextmanager
def played(settings: LiveSettings, store: SessionStore, tell: Tell) -> Iterator[Live | None]:
    """MIDI, set as the session says; None where it is switched off."""
    if settings.midi_out == NONE and settings.midi_in == NONE:
        yield None
        return

    def told(name: str, value: object) -> None:
        if name == "audition" and live.audition.state == "idle":
            store.change(playing=None)
        tell(name, value)

    live = Live(settings, told)

    def set_as(session: Session) -> None:
        live.lead.follow = cast("Follow", session.follow)
        live.set_tempo(Tempo(session.tempo_bpm) if session.tempo_bpm else None)

    set_as(store.session)
    store.listen(lambda session, _: set_as(session))
    try:
        yield live
    finally:
        live.close()


@contextlib.contextmanager
def footswitch(app: App, live: Live, tell: Tell) -> Iterator[None]:
    """A press records a hum, or ends its recording; what goes wrong is told as the change `trouble`."""
    doing: set[asyncio.Task[None]] = set()

    async def toggle() -> None:
        try:
            await call(app, "hum/toggle", ())
        except HummingbridgeError as error:
            tell("trouble", as_json(error)["error"])

    def pressed() -> None:
        task = asyncio.get_running_loop().create_task(toggle())
        doing.add(task)
        task.add_done_callback(doing.discard)

    live.pressed = pressed
    yield
    live.pressed = lambda: None
    for task in tuple(doing):
        task.cancel()


@contextlib.asynccontextmanager
async def at_the_daw(app: App, tell: Tell) -> AsyncIterator[None]:
    """Tells when the session's DAW comes and goes, as the change `daw_state`, and takes on its metre."""

    def seen(readiness: Readiness, transport: Transport | None) -> None:
        state: dict[str, Any] = {
            "daw": app.store.session.daw,
            "state": readiness.state,
            "reason": readiness.reason,
            "hint": readiness.remedy,
        }
        if app.live is not None:
            app.live.heard_from_daw(transport)
        if app.details.get("daw_state") != state:
            app.details["daw_state"] = state
            tell("daw_state", state)

    watching = asyncio.create_task(watch(lambda: app.store.session.daw, seen))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
