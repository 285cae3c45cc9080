"""Making variations, and how far they stray."""

from __future__ import annotations

import asyncio
from typing import Any

from assistant.brief import LEARNED
from assistant.errors import InvalidBrief
from bridge.acts.motif import chosen, current
from bridge.acts.variation import picked
from bridge.app import App
from bridge.commands import Closeness, Density, Highest, Keep, Lock, Lowest, Nothing, OneOf, VaryAnew, VaryMake
from bridge.jobs import Job
from bridge.session import Session
from bridge.tasks import brief_of
from midi.pitch import PitchRange


async def make(app: App, asked: VaryMake) -> dict[str, Any]:
    session = app.store.session
    seed = asked.seed if asked.seed is not None else session.seed
    job = begin(app, asked, seed)
    # The next call without a seed gives others.
    app.store.change(seed=seed + 1)
    return {"job": job.number}


def begin(app: App, asked: VaryMake, seed: int) -> Job:
    """Queues the making; its outcome comes onto the table."""
    session = app.store.session
    material = current(app)
    wanted = {
        "take": material.take.id,
        "count": asked.count,
        "seed": seed,
        "techniques": [asked.technique] if asked.technique else [],
        "key": asked.key,
        "range": asked.range or _range(session),
        "source": asked.source,
        "texture": asked.texture,
        "chords": asked.chords,
        "locked_notes": list(asked.notes),
        "chromatic": asked.chromatic,
        "model": asked.model,
        "closeness": session.closeness,
        "density": session.density,
        "keep": session.keep,
        "locked_bars": [bar for bar in session.locked_bars if bar <= material.motif.bars],
    }
    return _queued(app, wanted, material.take.name)


def _queued(app: App, wanted: dict[str, Any], name: str) -> Job:
    # What is wrong with the words is said now, and not in the background.
    brief = brief_of(wanted)
    if brief.techniques:
        from assistant.vary.techniques import technique

        for named in set(brief.techniques) - {LEARNED}:
            technique(named)
    if brief.model:
        from assistant.vary.learned.models import model_path

        model_path(brief.model)
    job, outcome = app.jobs.add("vary", f"variations of {name}", wanted)

    def listed(done: asyncio.Future[dict[str, Any]]) -> None:
        if done.cancelled() or done.exception():
            return
        if app.store.session.motif == done.result()["motif"]:
            app.lay_out(variations=tuple(done.result()["takes"]), selected=1)

    outcome.add_done_callback(listed)
    return job


async def anew(app: App, asked: VaryAnew) -> dict[str, Any]:
    if asked.what == "fill" and not asked.bars:
        raise InvalidBrief("no bar is named to be filled", hint="such as bars=2,3; the first is 1")
    session = app.store.session
    seed = asked.seed if asked.seed is not None else session.seed
    material = current(app)
    wanted = {
        "take": material.take.id,
        "count": asked.count,
        "seed": seed,
        "range": _range(session),
        "fill": sorted(set(asked.bars)) if asked.what == "fill" else [],
        "goes_on": asked.length if asked.what == "go-on" else 0,
        "answer": asked.what == "answer",
    }
    job = _queued(app, wanted, material.take.name)
    app.store.change(seed=seed + 1)
    return {"job": job.number}


async def more(app: App, asked: OneOf) -> dict[str, Any]:
    take = picked(app, asked.number)
    from assistant.steps import notes_of

    chosen(app, notes_of(app.library, take.id))
    return await make(app, VaryMake())


async def forget(app: App, _: Nothing) -> dict[str, Any]:
    return {"forgotten": app.library.forget_choices()}


async def closeness(app: App, asked: Closeness) -> dict[str, Any]:
    return app.store.change(closeness=asked.closeness).as_json()


async def density(app: App, asked: Density) -> dict[str, Any]:
    return app.store.change(density=asked.density).as_json()


async def lowest(app: App, asked: Lowest) -> dict[str, Any]:
    highest = app.store.session.highest
    # Whoever pushes one end beyond the other takes that with it.
    both = None if None in (highest, asked.lowest) else max(highest or 0, asked.lowest or 0)
    return app.store.change(lowest=asked.lowest, highest=highest if both is None else both).as_json()


async def highest(app: App, asked: Highest) -> dict[str, Any]:
    lowest = app.store.session.lowest
    both = None if None in (lowest, asked.highest) else min(lowest or 0, asked.highest or 0)
    return app.store.change(highest=asked.highest, lowest=lowest if both is None else both).as_json()


async def lock(app: App, asked: Lock) -> dict[str, Any]:
    return app.store.change(locked_bars=tuple(sorted(set(asked.bars)))).as_json()


async def keep(app: App, asked: Keep) -> dict[str, Any]:
    return app.store.change(keep=asked.keep).as_json()


def _range(session: Session) -> str | None:
    if session.lowest is None and session.highest is None:
        return None
    return str(PitchRange(session.lowest or 0, 127 if session.highest is None else session.highest))
