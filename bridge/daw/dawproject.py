"""The way into Bitwig Studio, Studio One, Cubase and others that open .dawproject files.

What opens is a project of its own, so the composer's session is not touched; from there the tracks are copied.
"""

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
    program: ClassVar[str] = "Bitwig Studio, Studio One, Cubase and others"
    opening: ClassVar[str] = "open or import {file} in the DAW"

    def check(self) -> Readiness:
        return Readiness("ready", f"writes .dawproject files, for {self.program}")

    def deliver(self, parcel: Parcel, folder: Path) -> Delivery:
        projects = (entry for entry in entries(folder) if entry.suffix == SUFFIX)
        there = first_of(parcel.id, map(read_export, projects))
        export = there or export_dawproject(parcel.song(), folder, manifest=parcel.manifest, identity=parcel.id)
        placements = tuple(
            Placement(one.kind, one.track, one.at_bar, parcel.beats_of(one.at_bar), export.path) for one in export.laid
        )
        advice = f"{self.opening.format(file=export.path.name)}; the clips lie at bar {export.laid[0].at_bar}"
        return Delivery(parcel.id, folder, (export.path,), placements, advice, already_there=there is not None)


class Bitwig(DawprojectDaw):
    name: ClassVar[str] = "bitwig"
    program: ClassVar[str] = "Bitwig Studio 5 and later"
    opening: ClassVar[str] = (
        "in Bitwig, File, Open {file}: it opens in a tab of its own; copy its tracks into your project's tab"
    )


class StudioOne(DawprojectDaw):
    name: ClassVar[str] = "studio-one"
    program: ClassVar[str] = "Studio One 6.5 and later"
    opening: ClassVar[str] = "in Studio One, File, Open {file}: a song of its own; copy its tracks into yours"


class Cubase(DawprojectDaw):
    name: ClassVar[str] = "cubase"
    program: ClassVar[str] = "Cubase 14 and later"
    opening: ClassVar[str] = (
        "in Cubase, File, Import, DAWproject, {file}: a project of its own; copy its tracks into yours"
    )
