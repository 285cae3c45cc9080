"""A recording becomes notes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import NothingHeard
from assistant.rights import EARS
from assistant.steps.material import Progress, import_sound, music_facts
from assistant.take import NewTake, Recipe, Take

if TYPE_CHECKING:
    from assistant.audio import Audio
    from assistant.hear import Heard, HearSettings, Listener
    from assistant.library import Library


@dataclass(frozen=True, slots=True)
class Hummed:
    """A recording that became notes: both takes, and what was heard."""

    recording: Take
    take: Take
    heard: Heard
    audio: Audio


def hum(
    library: Library,
    path: Path,
    settings: HearSettings,
    *,
    progress: Progress | None = None,
    listener: Listener | None = None,
) -> Hummed:
    """The notes in a recording. The recording is kept first, so that it is there whatever comes after.

    Raises `CannotRead`, `UnreadableAudio`, `NothingHeard`, `MissingPart`.
    """
    recording, audio = import_sound(library, path)
    try:
        return hear_take(library, recording, audio, settings, progress=progress, listener=listener)
    except NothingHeard as error:
        raise NothingHeard(f"{error.message}; it is kept as {recording.name!r}", hint=error.hint) from error


def hear_take(
    library: Library,
    recording: Take,
    audio: Audio,
    settings: HearSettings,
    *,
    progress: Progress | None = None,
    listener: Listener | None = None,
) -> Hummed:
    """The notes in a recording that is kept already."""
    from assistant.hear import Listener
    from assistant.hear.expression import bends_of
    from midi.smf import motif_score, smf_bytes

    heard = (listener or Listener()).listen(audio, settings, progress=progress)
    if audio.remark:
        heard = replace(heard, remarks=(audio.remark, *heard.remarks))
    asked = {
        "tempo_bpm": settings.tempo.bpm if settings.tempo else None,
        "key": str(settings.key) if settings.key else None,
        "meter": str(settings.meter) if settings.meter else None,
        "grid": str(settings.grid) if settings.grid else None,
        "strength": settings.strength,
        "first_bar_seconds": settings.first_bar_seconds,
        "polyphonic": settings.polyphonic,
        "bends": settings.bends,
    }
    recipe = Recipe(
        "hum",
        heard.tracker,
        asked,
        parents=(recording.id,),
        licences=EARS.get(heard.tracker, ()),
    )
    name = recording.name
    mpe = settings.bends == "mpe"
    bends = bends_of(heard, mpe=mpe) if settings.bends else ()
    blobs = {
        "midi": smf_bytes(motif_score(heard.motif, name=name, bends=bends, mpe=mpe)),
        "notes": json.dumps(heard.as_json(), indent=2).encode(),
    }
    facts = {**music_facts(heard.motif), "tuning_cents": round(heard.tuning_cents, 1)}
    (take,) = library.add(NewTake("motif", name, recipe, blobs, facts), words=f"heard the notes of {name}")
    return Hummed(recording, take, heard, audio)
