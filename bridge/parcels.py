"""From a take to what goes into a timeline: its notes, its sound, and the record of how it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.errors import UnknownName
from assistant.rights import manifest
from assistant.steps import Material, notes_of, render, sound_in
from bridge.daw.port import Parcel
from midi.tempo import Meter, Tempo

if TYPE_CHECKING:
    from assistant.effects.chain import Chain
    from assistant.library import Library
    from assistant.render import RenderJob


def parcel_of(
    library: Library,
    reference: str,
    *,
    at_bar: int = 1,
    job: RenderJob | None = None,
    chain: Chain | None = None,
    track: str = "",
) -> Parcel:
    """The parcel of a take. Notes without a sound of their own are rendered by `job` first; None sends notes alone.

    The track is called Melody, or Recording for one without notes, unless `track` names it.

    Raises `UnknownName`, and what rendering raises.
    """
    take = library.get(reference)
    material = _notes(library, take.id)
    audio = sound_in(library, take) if "audio" in take.blobs else None
    if audio is None and job is not None and material is not None:
        sounded = render(library, material, job, chain=chain)
        take, audio = sounded.take, sounded.audio
    record = manifest(take, library.ancestors(take.id))
    if material is None:
        return Parcel(
            take.name, None, audio, at_bar, Tempo(), Meter(), manifest=record, track=track or "Recording", untimed=True
        )
    parcel = Parcel.of(take.name, material.motif, audio, at_bar=at_bar)
    return replace(parcel, manifest=record, track=track or "Melody", id="")


def _notes(library: Library, reference: str) -> Material | None:
    """The notes of a take; None for a recording that was never heard."""
    try:
        return notes_of(library, reference)
    except UnknownName:
        return None
