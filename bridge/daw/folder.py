"""The way that every DAW has: files in a folder, named and marked so that they find their bar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from assistant.export.folder import export_folder, read_export
from assistant.export.manifest import MANIFEST
from assistant.export.song import Export
from assistant.files import cannot_write
from assistant.readiness import Readiness
from bridge.daw.port import Daw, Delivery, Parcel, Placement


class FolderDaw(Daw):
    """Writes a folder of its own for each parcel: `Song_120bpm_Am_v03/` with WAV, MIDI and manifest.

    The files begin at the parcel's bar, to be dragged there; with `from_bar_one`, at bar 1.
    """

    name: ClassVar[str] = "folder"

    def check(self) -> Readiness:
        return Readiness("ready", "writes WAV and MIDI files into the folder you name")

    def deliver(self, parcel: Parcel, folder: Path) -> Delivery:
        there = first_of(parcel.id, (read_export(entry) for entry in entries(folder)))
        export = there or export_folder(
            parcel.song(), folder, manifest=parcel.manifest, identity=parcel.id, from_bar_one=parcel.from_bar_one
        )
        paths = (*(export.path / one.file for one in export.laid), export.path / MANIFEST)
        placements = tuple(
            Placement(one.kind, one.track, one.at_bar, parcel.beats_of(one.at_bar), export.path / one.file)
            for one in export.laid
        )
        return Delivery(
            parcel.id,
            export.path,
            paths,
            placements,
            _advice(export, untimed=parcel.untimed),
            already_there=there is not None,
        )


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, which need not exist yet. Raises `CannotWrite`: it is where something is to be written."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise cannot_write(folder, error) from error


def first_of(identity: str, exports: Iterable[Export | None]) -> Export | None:
    """The first export with that identity."""
    return next((export for export in exports if export and export.identity == identity), None)


def _advice(export: Export, *, untimed: bool) -> str:
    begins, at_bar = export.laid[0].begins_at_bar, export.laid[0].at_bar
    if begins != at_bar:
        return f"drag the files to bar {begins}: the silence up to bar {at_bar} is in them"
    place = f"drag the files to bar {at_bar}"
    sounds = any(one.kind == "audio" for one in export.laid)
    known = sounds and not untimed
    return f"{place}, or let the DAW move the WAV to its original position" if known else place
