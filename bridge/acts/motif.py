"""The motif that variations are made of."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from assistant.errors import UnknownName
from assistant.steps import Material, is_file, notes_of
from assistant.tables import resolve
from assistant.take import NewTake, Recipe
from bridge.app import App
from bridge.commands import FromDaw, MotifSet, Nothing
from bridge.daw import DAWS
from bridge.daw.port import DawRefused


async def set_motif(app: App, asked: MotifSet) -> dict[str, Any]:
    source = asked.source
    if is_file(source):
        source = str(app.allowed(Path(source)))
    return chosen(app, notes_of(app.library, source))


async def get(app: App, _: Nothing) -> dict[str, Any]:
    return described(current(app))


async def from_daw(app: App, asked: FromDaw) -> dict[str, Any]:
    """What is selected in the DAW becomes a take of its own, and then the motif."""
    from midi.smf import motif_of, motif_score, smf_bytes

    name = asked.daw or app.store.session.daw
    score = await asyncio.to_thread(resolve(DAWS, name, kind="DAW")().read_selection)
    if not any(track.clip.notes for track in score.tracks):
        raise DawRefused(f"what is selected in {name} holds no notes", hint="select one that does", reason="no-notes")
    motif = motif_of(score)
    data = smf_bytes(motif_score(motif, name=score.name or name))
    recipe = Recipe("import notes", name, {"daw": name})
    (take,) = app.library.add(NewTake("motif", score.name or f"from {name}", recipe, {"midi": data}))
    return chosen(app, Material(motif, take))


def chosen(app: App, material: Material) -> dict[str, Any]:
    """Makes it the motif; the variations of another one are no longer on the table (they stay takes)."""
    if material.take.id != app.store.session.motif:
        app.lay_out(motif=material.take.id, variations=(), selected=0)
    return described(material)


def current(app: App) -> Material:
    """Raises `UnknownName` where there is no motif, or it was undone."""
    if not app.store.session.motif:
        raise UnknownName("there is no motif yet", hint="hum one (hum/record), or set one (motif/set)")
    return notes_of(app.library, app.store.session.motif)


def described(material: Material) -> dict[str, Any]:
    motif = material.motif
    return {
        "take": material.take.id,
        "name": material.take.name,
        "key": str(motif.key),
        "meter": str(motif.meter),
        "tempo_bpm": motif.tempo.bpm,
        "bars": motif.bars,
        "notes": [[note.start_beats, note.length_beats, note.pitch, note.velocity] for note in motif.notes],
    }
