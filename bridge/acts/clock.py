"""Who leads, and how fast the own clock goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bridge.app import App
from bridge.commands import ClockFollow, ClockTempo, Nothing

if TYPE_CHECKING:
    from bridge.clock import Follow


async def get(app: App, _: Nothing) -> dict[str, Any]:
    return dict(app.need_live().facts()["clock"])


async def follow(app: App, asked: ClockFollow) -> dict[str, Any]:
    # A leader that cannot be had is refused before the session names it.
    app.need_live().follow(cast("Follow", asked.who))
    app.store.change(follow=asked.who)
    return await get(app, Nothing())


async def tempo(app: App, asked: ClockTempo) -> dict[str, Any]:
    app.need_live()
    app.store.change(tempo_bpm=asked.tempo)
    return await get(app, Nothing())
