"""An eye on the DAW of the session: whether it is there, its metre and its bar line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from assistant.readiness import Readiness
from assistant.tables import resolve
from bridge.daw import DAWS
from bridge.daw.port import Daw, Transport
from midi.errors import HummingbridgeError

LOOK_SECONDS = 2.0
Seen = Callable[[Readiness, Transport | None], None]


async def watch(name: Callable[[], str], seen: Seen) -> None:
    """Tells `seen` what each look finds, until it is cancelled. A DAW that takes only files is not looked at.

    It looks every `LOOK_SECONDS`, and at once where the DAW itself tells of a change.
    """
    loop = asyncio.get_running_loop()
    while True:
        chosen = name()
        daw: Daw = resolve(DAWS, chosen, kind="DAW")()
        changed = asyncio.Event()
        with daw.listen(partial(_set, loop, changed)):
            while name() == chosen:
                changed.clear()
                if "transport" in daw.capabilities:
                    seen(*await asyncio.to_thread(look, daw))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK_SECONDS)


def _set(loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
    loop.call_soon_threadsafe(changed.set)


def look(daw: Daw) -> tuple[Readiness, Transport | None]:
    """Whether it answers, and where its transport stands."""
    if not daw.seems_running():
        return Readiness("unreachable", f"{daw.name} is not running", f"start {daw.name} and open a session"), None
    try:
        return Readiness("ready", f"{daw.name} answers"), daw.transport()
    except HummingbridgeError as error:
        return Readiness("unreachable", error.message, error.hint), None
