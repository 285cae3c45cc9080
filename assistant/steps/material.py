"""Notes and sounds that steps begin with: a file, which becomes a take, or a take."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import CannotRead, InvalidBrief, UnknownName
from assistant.take import NewTake, Recipe, Take

if TYPE_CHECKING:
    from assistant.audio import Audio
    from assistant.library import Library
    from midi.motif import Motif
    from midi.scale import Key
    from midi.score import Score
    from midi.tempo import Meter, Tempo

Progress = Callable[[float], None]


NOTE_FILES = (".mid", ".midi", ".smf", ".kar")


SOUND_FILES = (".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif", ".aifc", ".opus", ".w64", ".caf")


@dataclass(frozen=True, slots=True)
class Material:
    """Notes to work on, and the take that holds them. `remarks` are sentences on what was mended in reading a file."""

    motif: Motif
    take: Take
    remarks: tuple[str, ...] = ()


def is_file(source: str) -> bool:
    """Whether `source` means a file and not a take: it is there, or is written like one. Raises `InvalidBrief` for
    nothing."""
    if not source.strip():
        raise InvalidBrief("neither a take nor a file is named", hint="hummingbridge takes list shows names and ids")
    path = Path(source)
    return path.suffix.lower() in NOTE_FILES + SOUND_FILES or len(path.parts) > 1 or path.exists()


def import_sound(library: Library, path: Path) -> tuple[Take, Audio]:
    """A sound file as a take, bytes as they are."""
    from assistant.audio import read_audio

    if path.suffix.lower() in NOTE_FILES and path.is_file():
        raise CannotRead(f"{path.name} holds notes, not sound", hint=f"hummingbridge render {path} gives them a sound")
    audio = read_audio(path)
    data = path.read_bytes()
    # A file that came from a take is that take, so that the line of how it was made goes on.
    known = library.holding(data, "audio")
    if known:
        return known, audio
    facts = {
        "seconds": round(audio.duration_seconds, 3),
        "sample_rate_hz": audio.sample_rate_hz,
        "channels": audio.channels,
        "file": path.name,
    }
    if audio.remark:
        facts["remark"] = audio.remark
    recipe = Recipe("import audio", settings={"file": path.name}, input_digest=hashlib.sha256(data).hexdigest())
    (take,) = library.add(NewTake("recording", path.stem, recipe, {"audio": data}, facts), words=f"added {path.name}")
    return take, audio


def notes_of(
    library: Library,
    source: str,
    *,
    key: Key | None = None,
    meter: Meter | None = None,
    tempo: Tempo | None = None,
    drums: bool = False,
    together: bool = False,
) -> Material:
    """The notes in a MIDI file, which becomes a take, or of a take: its own, or those that it was made from.

    `key`, `meter` and `tempo` stand in for the file's; `drums` asks for those of a file that has more than them,
    `together` for all of its tracks.
    Raises `CannotRead`, `UnreadableMidi`, `UnknownName`.
    """
    from midi.score import DRUM_CHANNEL, pitched_tracks
    from midi.smf import motif_of, motif_score, read_smf, smf_bytes

    if not is_file(source):
        take = with_blob(library, library.get(source), "midi")
        return Material(motif_of(read_smf(library.blob(take, "midi")), key=key, meter=meter, tempo=tempo), take)
    path = Path(source)
    if path.suffix.lower() in SOUND_FILES and path.is_file():
        raise CannotRead(f"{path.name} is a recording, not notes", hint=f"hummingbridge hum {path} -o {path.stem}.mid")
    score = read_smf(path)
    drums = drums and any(track.channel == DRUM_CHANNEL and track.clip.notes for track in score.tracks)
    together = together and not drums and len(pitched_tracks(score)) > 1
    motif = motif_of(score, key=key, meter=meter, tempo=tempo, drums=drums, together=together)
    remarks = score.remarks if drums or together else (*score.remarks, *_left_out(score))
    data = path.read_bytes()
    known = library.holding(data, "midi")
    if known:
        return Material(motif, known, remarks)
    settings = {"file": path.name, **({"part": "drums" if drums else "all tracks"} if drums or together else {})}
    recipe = Recipe("import notes", settings=settings, input_digest=hashlib.sha256(data).hexdigest())
    blobs = {"midi": smf_bytes(motif_score(motif, name=path.stem)), "source": data}
    facts = {**music_facts(motif), "file": path.name}
    (take,) = library.add(NewTake("motif", path.stem, recipe, blobs, facts), words=f"added {path.name}")
    return Material(motif, take, remarks)


def _left_out(score: Score) -> tuple[str, ...]:
    """A sentence on the tracks that are not the melody."""
    from midi.score import melodic_track, pitched_tracks

    tracks = pitched_tracks(score)
    if len(tracks) < 2:
        return ()
    name = melodic_track(score).name
    return (f"{len(tracks)} tracks have notes; the melody was taken{f' from {name}' if name else ''}, and no other",)


def sound_of(library: Library, source: str) -> tuple[Audio, Take]:
    """The sound in a file (it becomes a take) or of a take. Raises `CannotRead`, `UnreadableAudio`, `UnknownName`."""
    if is_file(source):
        take, audio = import_sound(library, Path(source))
        return audio, take
    take = with_blob(library, library.get(source), "audio")
    return sound_in(library, take), take


def sound_in(library: Library, take: Take) -> Audio:
    """The sound that a take holds."""
    from assistant.audio import decoded

    return decoded(library.blob(take, "audio"), take.name)


def with_blob(library: Library, take: Take, role: str) -> Take:
    """`take`, or the nearest of those that it was made from, that holds `role`. Raises `UnknownName`."""
    line = [take, *reversed(library.ancestors(take.id))]
    for one in line:
        if role in one.blobs:
            return one
    what = {"midi": "notes", "audio": "sound"}[role]
    hint = {"midi": "hummingbridge hum turns a recording into notes", "audio": "hummingbridge render gives it a sound"}
    raise UnknownName(f"take {take.name!r} has no {what}", hint=hint[role])


def music_facts(motif: Motif) -> dict[str, Any]:
    """What a list of takes shows of music."""
    return {
        "tempo_bpm": round(motif.tempo.bpm, 2),
        "key": str(motif.key),
        "meter": str(motif.meter),
        "bars": motif.bars,
        "notes": len(motif.notes),
    }
