"""The library from outside, and the way into the DAW."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.rights import manifest
from assistant.tables import resolve
from bridge.acts.sound import meant
from bridge.app import App, beside
from bridge.commands import TakeList, TakeNamed, TakeSend
from bridge.daw import DAWS
from bridge.daw.port import Daw, Parcel, Placement
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
    app.store.change(daw=name)
    if "audio" not in take.blobs:
        wanted = {"take": take.id, "instrument": session.instrument, "chain": session.chain}
        _, outcome = app.jobs.add("render", f"{take.name} with {session.instrument}", wanted)
        take = app.library.get((await outcome)["take"])
    return await beside(app, lambda library: _delivered(library, daw, take.id, asked))


def _delivered(library: Library, daw: Daw, ident: str, asked: TakeSend) -> dict[str, Any]:
    """Puts a take where the DAW stands, or into files for it."""
    parcel = parcel_of(library, ident, track=asked.track)
    able = daw.capabilities
    if "transport" in able:
        transport = daw.transport()
        bar = asked.at_bar or transport.bar
        parcel = replace(parcel, at_bar=bar, tempo=transport.tempo, meter=transport.meter, id="")
    else:
        parcel = replace(parcel, at_bar=asked.at_bar or 1, id="")
    if "insert_audio" in able:
        return {"placements": [_placed(one) for one in _inserted(daw, parcel)]}
    return daw.deliver(parcel, library.folder / "for-your-daw").as_json()


def _inserted(daw: Daw, parcel: Parcel) -> list[Placement]:
    """Sound and notes lie on tracks of their own: a track holds one or the other."""
    placements = []
    if parcel.audio is not None:
        placements.append(daw.insert_audio(replace(parcel, id="")))
    if parcel.motif is not None:
        placements.append(daw.insert_notes(replace(parcel, track=f"{parcel.track} notes", id="")))
    return placements


def _placed(placement: Placement) -> dict[str, Any]:
    return {
        "kind": placement.kind,
        "track": placement.track,
        "at_bar": placement.at_bar,
        "region": placement.region,
        "start_samples": placement.start_samples,
        "length_samples": placement.length_samples,
        "already_there": placement.already_there,
        "remark": placement.remark,
    }


def _short(take: dict[str, Any]) -> dict[str, Any]:
    """A take without its recipe, for lists."""
    return {name: take[name] for name in ("id", "kind", "name", "created", "starred", "mark", "facts")}
