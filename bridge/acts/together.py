"""Working with the variations on the table: between two, bars of one in another, grown into a phrase."""

from __future__ import annotations

import asyncio
from typing import Any

from assistant.errors import InvalidBrief
from bridge.acts.variation import picked
from bridge.app import App
from bridge.commands import Between, Develop, Splice


async def steps_between(app: App, asked: Between) -> dict[str, Any]:
    takes = [picked(app, asked.first).id, picked(app, asked.second).id]
    return _begun(app, "between", takes, {"steps": asked.steps})


async def splice(app: App, asked: Splice) -> dict[str, Any]:
    takes = [picked(app, asked.number).id, picked(app, asked.source).id]
    bars = sorted(set(asked.bars or app.store.session.locked_bars))
    if not bars:
        raise InvalidBrief("no bar is named to be taken over", hint="such as bars=2,3, or lock some; the first is 1")
    return _begun(app, "splice", takes, {"bars": bars})


async def develop(app: App, asked: Develop) -> dict[str, Any]:
    return _begun(app, "develop", [picked(app, asked.number).id], {"form": asked.form})


def _begun(app: App, made: str, takes: list[str], asked: dict[str, Any]) -> dict[str, Any]:
    """Queues the making; what comes of it joins the variations on the table, the first of it selected."""
    motif = app.store.session.motif
    wanted = {"made": made, "takes": takes, "motif": motif, **asked}
    job, outcome = app.jobs.add("together", f"{made} of {len(takes)} variations", wanted)

    def listed(done: asyncio.Future[dict[str, Any]]) -> None:
        if done.cancelled() or done.exception() or app.store.session.motif != motif:
            return
        before = app.store.session.variations
        new = tuple(take for take in done.result()["takes"] if take not in before)
        if new:
            app.store.change(variations=(*before, *new), selected=len(before) + 1)

    outcome.add_done_callback(listed)
    return {"job": job.number}
