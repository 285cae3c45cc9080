"""A song as a folder: a WAV and a MIDI file a part, and a manifest that says what they are and how they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from assistant.audio import Audio
from assistant.export.manifest import MANIFEST, manifest_bytes, parse_manifest
from assistant.export.song import Export, Laid, Part, Song
from assistant.export.versions import write_new_folder
from assistant.render.wav import Encoding, WavFacts, wav_bytes
from midi.clip import Clip
from midi.score import Marker, Score, Track
from midi.smf import smf_bytes


def export_folder(
    song: Song,
    folder: Path,
    *,
    manifest: Mapping[str, object] | None = None,
    identity: str = "",
    from_bar_one: bool = False,
    encoding: Encoding = "PCM_24",
) -> Export:
    """Writes `Song_120bpm_Am_v03/` into `folder`, with `Song_120bpm_Am_Melody_v03.wav`, the same `.mid`, a manifest.

    Each file begins with its part, at its bar: drag it there, or, with a WAV, let the DAW move it to its original
    position (`bext` TimeReference). With `from_bar_one` every file begins at bar 1 instead and all WAVs are equally
    long: select all, drop at the start. The folder is whole or absent; versions count up, nothing is written over.
    `manifest` (recipe, licences: plain JSON values) is kept under "made", `identity` under "id". Raises `CannotWrite`.
    """
    stems: list[Laid] = []

    def build(version: int) -> tuple[str, dict[str, bytes]]:
        stems.clear()
        files: dict[str, bytes] = {}
        for part, name in zip(song.parts, song.part_names(), strict=True):
            base = f"{song.stem}_{name}_v{version:02}"
            begins = 1 if from_bar_one else part.at_bar
            if part.audio is not None:
                files[f"{base}.wav"] = _stem_bytes(song, part, part.audio, version, from_bar_one, encoding)
                stems.append(Laid("audio", part.name, part.at_bar, begins, f"{base}.wav"))
            if part.clip is not None:
                files[f"{base}.mid"] = smf_bytes(_score(song, part, part.clip, from_bar_one))
                stems.append(Laid("notes", part.name, part.at_bar, begins, f"{base}.mid"))
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        files[MANIFEST] = manifest_bytes(song, stems, identity=identity, made=manifest or {}, sha256=digests)
        return f"{song.stem}_v{version:02}", files

    written = write_new_folder(folder, song.title, build)
    return Export(written, identity, tuple(stems))


def read_export(folder: Path) -> Export | None:
    """The export in a folder; None where there is none, or a file of it is gone."""
    try:
        export = parse_manifest((folder / MANIFEST).read_bytes(), folder)
    except OSError:
        return None
    return export if export and all((folder / one.file).is_file() for one in export.laid) else None


def _stem_bytes(song: Song, part: Part, audio: Audio, version: int, from_bar_one: bool, encoding: Encoding) -> bytes:
    start = song.start_samples(part, audio.sample_rate_hz)
    facts = WavFacts(
        project=song.title,
        scene=part.name,
        take=f"v{version:02}",
        track_names=(part.name,),
        note=_note(song, part),
        made_at=song.made_at,
        start_samples=0 if from_bar_one or song.untimed else start,
        tempo=None if song.untimed else song.tempo,
        meter=None if song.untimed else song.meter,
        key=song.key,
        length_beats=part.clip.length_beats if part.clip and not from_bar_one else None,
    )
    if from_bar_one:
        audio = _from_bar_one(audio, start, song.end_samples(audio.sample_rate_hz))
    return wav_bytes(audio, facts, encoding=encoding)


def _note(song: Song, part: Part) -> str:
    known = [f"bar {part.at_bar}"] + ([] if song.untimed else [f"{song.tempo.bpm:g} BPM", str(song.meter)])
    return ", ".join(known + ([str(song.key)] if song.key else []))


def _from_bar_one(audio: Audio, start: int, length: int) -> Audio:
    samples = np.zeros((audio.channels, length), np.float32)
    samples[:, start : start + audio.length] = audio.samples
    return Audio(samples, audio.sample_rate_hz)


def _score(song: Song, part: Part, clip: Clip, from_bar_one: bool) -> Score:
    start = song.start_beats(part) if from_bar_one else 0.0
    moved = Clip(tuple(note.moved(start) for note in clip), start + clip.length_beats)
    markers = (Marker(start, song.title), *song.markers) if from_bar_one else (Marker(0, song.title),)
    track = Track(part.name, moved, part.program)
    return Score((track,), song.tempo, song.meter, song.key, tuple(markers), name=part.name)
