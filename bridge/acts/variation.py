"""Browsing variations: select, hear, keep, discard."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from assistant.errors import UnknownName
from assistant.steps import notes_of
from assistant.take import Take
from bridge.app import App, beside
from bridge.commands import Audition, Nothing, OneOf, Select
from midi.errors import HummingbridgeError

if TYPE_CHECKING:
    from assistant.library import Library
    from bridge.session import Session
    from midi.motif import Motif


async def listed(app: App, _: Nothing) -> dict[str, Any]:
    session = app.store.session
    takes = on_the_table(app)
    choices = next((take.facts["choices"] for take in takes.values() if "choices" in take.facts), "")
    variations = [described(number, take) for number, take in takes.items()]
    return {"selected": session.selected, "variations": variations, "choices": choices}


async def select(app: App, asked: Select) -> dict[str, Any]:
    take = picked(app, asked.number)
    if app.store.session.playing is not None:
        _play(app, asked.number, loop=True)
    app.store.change(selected=asked.number)
    return described(asked.number, take)


async def next_one(app: App, _: Nothing) -> dict[str, Any]:
    return await _stepped(app, 1)


async def previous_one(app: App, _: Nothing) -> dict[str, Any]:
    return await _stepped(app, -1)


async def audition(app: App, asked: Audition) -> dict[str, Any]:
    number = app.store.session.selected if asked.number is None else asked.number
    return _play(app, number, loop=asked.loop)


async def stop(app: App, _: Nothing) -> dict[str, Any]:
    app.need_player().stop()
    app.store.change(playing=None)
    return {}


async def keep(app: App, asked: OneOf) -> dict[str, Any]:
    return _marked(app, asked.number, "kept")


async def discard(app: App, asked: OneOf) -> dict[str, Any]:
    return _marked(app, asked.number, "discarded")


async def undo(app: App, _: Nothing) -> dict[str, Any]:
    words = app.library.undo()
    before = app.store.session
    while not on_the_table(app) and app.earlier:
        _laid_again(app, app.earlier.pop())
    if app.store.session.variations != before.variations:
        app.later.append(before)
    _refreshed(app)
    return {"undone": words}


async def redo(app: App, _: Nothing) -> dict[str, Any]:
    words = app.library.redo()
    if app.later and any(_is_there(app, ident) for ident in app.later[-1].variations):
        app.earlier.append(app.store.session)
        _laid_again(app, app.later.pop())
    _refreshed(app)
    return {"done_again": words}


async def read_ahead(app: App) -> None:
    """Puts the notes on the table at hand, and no others. Takes never change, so neither do they."""
    session = app.store.session
    wanted = [ident for ident in (session.motif, *session.variations) if ident]

    def read(library: Library) -> dict[str, Motif]:
        found = {ident: app.at_hand.get(ident) for ident in wanted}
        for ident in wanted:
            with contextlib.suppress(HummingbridgeError):
                found[ident] = found[ident] or notes_of(library, ident).motif
        return {ident: motif for ident, motif in found.items() if motif is not None}

    read_now = await beside(app, read)
    app.at_hand.clear()
    app.at_hand.update(read_now)


def on_the_table(app: App) -> dict[int, Take]:
    """The variations to choose from, by number; one that was undone is missing."""
    takes: dict[int, Take] = {}
    for number, ident in enumerate(app.store.session.variations, start=1):
        try:
            takes[number] = app.library.get(ident)
        except UnknownName:
            continue
    return takes


def picked(app: App, number: int | None) -> Take:
    """The variation with this number, or the selected one. Raises `UnknownName`."""
    idents = app.store.session.variations
    wanted = app.store.session.selected if number is None else number
    if 1 <= wanted <= len(idents):
        with contextlib.suppress(UnknownName):
            return app.library.get(idents[wanted - 1])
    takes = on_the_table(app)
    if takes:
        hint = f"there are {min(takes)} to {max(takes)}"
    elif any(job.task in ("hear", "vary") and job.state in ("waiting", "running") for job in app.jobs.list()):
        hint = "they are being made: try again in a moment"
    else:
        hint = "make some first: vary/make"
    raise UnknownName(f"variation {wanted} is not there", hint=hint)


def described(number: int, take: Take) -> dict[str, Any]:
    facts = take.facts
    return {
        "number": number,
        "take": take.id,
        "name": take.name,
        "technique": facts.get("technique", ""),
        "closeness": facts.get("closeness", 0.0),
        "sentence": facts.get("sentence", ""),
        "mark": take.mark,
    }


async def _stepped(app: App, step: int) -> dict[str, Any]:
    numbers = sorted(on_the_table(app))
    if not numbers:
        raise UnknownName("there are no variations yet", hint="make some: vary/make")
    here = app.store.session.selected
    after = [number for number in numbers if (number > here if step > 0 else number < here)]
    # At the end it goes round: a knob has no end.
    number = (min(after) if step > 0 else max(after)) if after else (numbers[0] if step > 0 else numbers[-1])
    return await select(app, Select(number))


def _play(app: App, number: int, *, loop: bool) -> dict[str, Any]:
    player = app.need_player()
    take = picked(app, number) if number else app.library.get(app.store.session.motif)
    motif = app.at_hand.get(take.id) or notes_of(app.library, take.id).motif
    began = player.play(motif, loop=loop)
    # Heard first: a change is on the disk before it is told, and that takes milliseconds.
    app.store.change(playing=number, selected=number or app.store.session.selected)
    return {"playing": number, **began}


def _marked(app: App, number: int | None, mark: str) -> dict[str, Any]:
    take = picked(app, number)
    wanted = app.store.session.selected if number is None else number
    marked = app.library.mark(take.id, "" if take.mark == mark else mark)
    app.store.tell("variations")
    return described(wanted, marked)


def _is_there(app: App, ident: str) -> bool:
    with contextlib.suppress(UnknownName):
        app.library.get(ident)
        return True
    return False


def _laid_again(app: App, session: Session) -> None:
    if _is_there(app, session.motif):
        app.store.change(motif=session.motif, variations=session.variations, selected=session.selected)


def _refreshed(app: App) -> None:
    """After undo and redo: a selection that is no longer there moves to one that is."""
    takes = on_the_table(app)
    if app.store.session.selected not in takes:
        app.store.change(selected=min(takes, default=0))
    app.store.tell("variations")
