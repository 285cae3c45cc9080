"""The library from outside, and the way into the DAW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.rights import manifest
from assistant.tables import resolve
from bridge.acts.sound import meant
from bridge.app import App, beside
from bridge.commands import TakeList, TakeNamed, TakeSend
from bridge.daw import DAWS
from bridge.daw.port import Daw
from bridge.daw.sending import send as into
from bridge.parcels import parcel_of

if TYPE_CHECKING:
    from assistant.library import Library


async def listed(app: App, asked: TakeList) -> dict[str, Any]:
    library = app.library
    takes = library.search(asked.search, limit=asked.limit) if asked.search else library.list(limit=asked.limit)
    return {"takes": [_short(take.as_json()) for take in takes]}


async def show(app: App, asked: TakeNamed) -> dict[str, Any]:
    take = app.library.get(asked.take)
    return {**take.as_json(), "manifest": manifest(take, app.library.ancestors(take.id))}


async def star(app: App, asked: TakeNamed) -> dict[str, Any]:
    take = app.library.get(asked.take)
    starred = app.library.star(take.id, not take.starred)
    app.store.tell("takes")
    return _short(starred.as_json())


async def send(app: App, asked: TakeSend) -> dict[str, Any]:
    """Rendered in the background where it has no sound yet, then put where the DAW stands."""
    session = app.store.session
    name = asked.to or session.daw
    daw: Daw = resolve(DAWS, name, kind="DAW")()
    take = meant(app, asked.take)
    if "transport" in daw.capabilities:
        # Files are written beside the DAW that runs; one that runs is the session's from then on.
        app.store.change(daw=name)
    if "audio" not in take.blobs:
        wanted = {"take": take.id, "instrument": session.instrument, "chain": session.chain}
        _, outcome = app.jobs.add("render", f"{take.name} with {session.instrument}", wanted)
        take = app.library.get((await outcome)["take"])

    def sent(library: Library) -> dict[str, Any]:
        parcel = parcel_of(library, take.id, track=asked.track)
        return into(daw, parcel, library.folder / "for-your-daw", at_bar=asked.at_bar).as_json()

    return await beside(app, sent)


def _short(take: dict[str, Any]) -> dict[str, Any]:
    """A take without its recipe, for lists."""
    return {name: take[name] for name in ("id", "kind", "name", "created", "starred", "mark", "facts")}
