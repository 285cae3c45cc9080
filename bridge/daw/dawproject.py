"""The way into Bitwig Studio, Studio One, Cubase and others that open .dawproject files."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from assistant.export.dawproject import SUFFIX, export_dawproject, read_export
from assistant.readiness import Readiness
from bridge.daw.folder import entries, first_of
from bridge.daw.port import Daw, Delivery, Parcel, Placement


class DawprojectDaw(Daw):
    """Writes one .dawproject for each parcel, its clips at the parcel's bar."""

    name: ClassVar[str] = "dawproject"

    def check(self) -> Readiness:
        return Readiness("ready", "writes .dawproject files for Bitwig Studio, Studio One, Cubase")

    def deliver(self, parcel: Parcel, folder: Path) -> Delivery:
        projects = (entry for entry in entries(folder) if entry.suffix == SUFFIX)
        there = first_of(parcel.id, map(read_export, projects))
        export = there or export_dawproject(parcel.song(), folder, manifest=parcel.manifest, identity=parcel.id)
        placements = tuple(
            Placement(one.kind, one.track, one.at_bar, parcel.beats_of(one.at_bar), export.path) for one in export.laid
        )
        advice = f"open or import the file in the DAW: the clips lie at bar {export.laid[0].at_bar}"
        return Delivery(parcel.id, folder, (export.path,), placements, advice, already_there=there is not None)
