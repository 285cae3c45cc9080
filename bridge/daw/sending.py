"""Sending a parcel the way that a DAW takes it: into the running session, into files, or some of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bridge.daw.port import Daw, Delivery, Parcel, Placement


@dataclass(frozen=True, slots=True)
class Sent:
    """What lies in the running session now, and what was written as files; either may be nothing."""

    placements: tuple[Placement, ...]
    delivery: Delivery | None

    def as_json(self) -> dict[str, Any]:
        inserted = [placement.as_json() for placement in self.placements]
        if self.delivery is None:
            return {"placements": inserted}
        delivered = self.delivery.as_json()
        return {**delivered, "placements": [*inserted, *delivered["placements"]]}


def send(daw: Daw, parcel: Parcel, folder: Path, *, at_bar: int | None = None) -> Sent:
    """Puts the parcel at a bar: the one given, else where the playhead stands, else the first.

    What the running DAW cannot take in is written into `folder`. Raises what the DAW raises; then what went in before
    lies there, and is known again when the parcel is sent again.
    """
    able = daw.capabilities
    if "transport" in able:
        transport = daw.transport()
        at_bar = at_bar or transport.bar
        # Sound keeps the tempo it was made at, also in what its file says of itself.
        tempo = parcel.sound_tempo if parcel.motif else transport.tempo
        parcel = replace(parcel, tempo=tempo, meter=transport.meter)
    parcel = replace(parcel, at_bar=at_bar or 1, id="")
    placements = tuple(_inserted(daw, parcel))
    inside = {placement.kind for placement in placements}
    audio = None if "audio" in inside else parcel.audio
    motif = None if "notes" in inside else parcel.motif
    if audio is None and motif is None:
        return Sent(placements, None)
    return Sent(placements, daw.deliver(replace(parcel, audio=audio, motif=motif, id=""), folder))


def _inserted(daw: Daw, parcel: Parcel) -> Iterator[Placement]:
    """Sound and notes lie on tracks of their own: a track holds one or the other."""
    able, track = daw.capabilities, parcel.track
    if parcel.audio is not None and "insert_audio" in able:
        yield daw.insert_audio(replace(parcel, id=""))
        track = f"{track} notes"
    if parcel.motif is not None and "insert_notes" in able:
        yield daw.insert_notes(replace(parcel, track=track, id=""))
