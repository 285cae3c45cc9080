"""The live parts, put to the session: what is played and recorded, the footswitch, the DAW."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from assistant.errors import NothingHeard
from bridge.acts.hum import taken_in
from bridge.acts.variation import read_ahead
from bridge.app import App, call
from bridge.daw.watch import watch
from bridge.ears import Ears
from bridge.live import NONE, Live, LiveSettings
from bridge.midi_io.controls import Control
from bridge.midi_io.layers import Levels
from bridge.reply import as_json
from bridge.surfaces.hub import Surfaces, Wanted
from midi.errors import HummingbridgeError
from midi.tempo import Tempo

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.readiness import Readiness
    from bridge.capture.recording import Recording
    from bridge.clock import Follow
    from bridge.daw.port import Transport
    from bridge.session import Session, SessionStore

Tell = Callable[[str, object], None]
_LOOKS = 5


@contextlib.contextmanager
def played(settings: LiveSettings, store: SessionStore, tell: Tell) -> Iterator[Live | None]:
    """MIDI, set as the session says; None where it is switched off."""
    if settings.midi_out == NONE and settings.midi_in == NONE:
        yield None
        return

    def told(name: str, value: Any) -> None:
        if name == "cables":
            store.change(cables=tuple((ours, peer) for ours, peers in sorted(value.items()) for peer in peers))
            return
        if name == "audition" and live.audition.state == "idle":
            store.change(playing=None)
        tell(name, value)

    before: dict[str, list[str]] = {}
    for ours, peer in store.session.cables:
        before.setdefault(ours, []).append(peer)
    live = Live(settings, told, before)

    def set_as(session: Session) -> None:
        try:
            live.follow(cast("Follow", session.follow))
            live.set_footswitch(Control.parse(session.footswitch))
        except HummingbridgeError as error:
            tell("trouble", as_json(error)["error"])
        live.set_levels(Levels(session.melody_level, session.inner_level, session.bass_level))
        live.set_tempo(Tempo(session.tempo_bpm) if session.tempo_bpm else None)

    set_as(store.session)
    store.listen(lambda session, _: set_as(session))
    try:
        yield live
    finally:
        live.close()


@contextlib.contextmanager
def heard(folder: Path, live: Live | None, wanted: str, tell: Tell) -> Iterator[Ears]:
    """The recorder of hums."""
    ears = Ears(folder, live, tell, wanted)
    try:
        yield ears
    finally:
        ears.close()


@contextlib.contextmanager
def touched(store: SessionStore, tell: Tell) -> Iterator[Surfaces]:
    """The control surfaces that the session names; one whose preset is gone or wrong is told as `trouble`."""
    wanted = []
    for text in store.session.surfaces:
        try:
            wanted.append(Wanted.parse(text))
        except HummingbridgeError as error:
            tell("trouble", as_json(error)["error"])
    surfaces = Surfaces(wanted, tell)
    try:
        yield surfaces
    finally:
        surfaces.close()


@contextlib.asynccontextmanager
async def by_themselves(app: App, live: Live | None, ears: Ears, tell: Tell) -> AsyncIterator[None]:
    """What happens without a command: footswitch, full bars, recordings that end or are found, notes read ahead.

    What goes wrong is told as the change `trouble`.
    """
    doing: set[asyncio.Task[None]] = set()

    async def attempt(act: Coroutine[Any, Any, object]) -> None:
        try:
            await act
        except HummingbridgeError as error:
            tell("trouble", as_json(error)["error"])

    def begin(act: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(attempt(act))
        doing.add(task)
        task.add_done_callback(doing.discard)

    def ended(recording: Recording) -> None:
        app.store.change(recording=False)
        tell("trouble", {"code": "recording-ended", "message": _ENDINGS[recording.ending], "hint": "it is kept"})
        begin(taken_in(app, recording))

    if live is not None:
        live.pressed = lambda: begin(call(app, "hum/toggle", ()))
    ears.enough = lambda: begin(call(app, "hum/stop", ()))
    ears.ended = ended
    begin(_found(app, ears))

    def laid_out(_: Session, changed: Mapping[str, object]) -> None:
        if {"motif", "variations"} & changed.keys():
            begin(read_ahead(app))

    stop_listening = app.store.listen(laid_out)
    begin(read_ahead(app))
    try:
        yield
    finally:
        stop_listening()
        for task in tuple(doing):
            task.cancel()
        await asyncio.gather(*doing, return_exceptions=True)


_ENDINGS = {
    "limit": "the recording ended: it is 15 minutes long",
    "lost": "the recording ended: the audio input went away",
    "recovered": "the recording ended: the process that records crashed",
}


async def _found(app: App, ears: Ears) -> None:
    """Recordings that an earlier run left become takes; its recording process may take a moment to let go of one."""
    for _ in range(_LOOKS):
        for recording in await asyncio.to_thread(lambda: list(ears.left_behind())):
            with contextlib.suppress(NothingHeard):
                await taken_in(app, recording)
        if not ears.leaves():
            return
        await asyncio.sleep(1.0)


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
