"""A song as a .dawproject: the open format that Bitwig Studio, Studio One and Cubase take in, tempo and bars included.

DAWproject 1.0: a zip with `project.xml`, `metadata.xml` and the audio; times on the timeline are in quarter notes.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from assistant.audio import Audio
from assistant.export.manifest import MANIFEST, manifest_bytes, parse_manifest
from assistant.export.song import Export, Laid, Part, Song
from assistant.export.versions import write_new_file
from assistant.render.wav import WavFacts, wav_bytes
from assistant.text import xml_text
from midi.clip import Clip

SUFFIX = ".dawproject"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""What a zip can date earliest; a date of now would change the bytes."""


def export_dawproject(
    song: Song, folder: Path, *, manifest: Mapping[str, object] | None = None, identity: str = ""
) -> Export:
    """Writes `Song_120bpm_Am_v03.dawproject` into `folder`; versions count up. Raises `CannotWrite`."""

    def build(number: int) -> tuple[str, bytes]:
        return f"{song.stem}_v{number:02}{SUFFIX}", dawproject_bytes(song, manifest=manifest, identity=identity)

    return Export(write_new_file(folder, song.title, SUFFIX, build), identity, _laid(song))


def dawproject_bytes(song: Song, *, manifest: Mapping[str, object] | None = None, identity: str = "") -> bytes:
    """The song as one .dawproject: a track for the notes and one for the audio of each part, each clip at its bar,
    tempo, metre, and markers. The key, for which the format has no place, stands in the comment.

    `manifest` and `identity` lie in it as `manifest.json`, which DAWs pass over. Raises `CannotWrite`.
    """
    audio_files = {
        f"audio/{name}.wav": (part, part.audio)
        for part, name in zip(song.parts, song.part_names(), strict=True)
        if part.audio is not None
    }
    waves = {path: _wav(song, part, audio) for path, (part, audio) in audio_files.items()}
    project = _xml(_Project(song).xml())
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in {**waves, "project.xml": project}.items()}
    described = manifest_bytes(song, _laid(song), identity=identity, made=manifest or {}, sha256=digests)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        _add(archive, "metadata.xml", _xml(_metadata(song)))
        _add(archive, "project.xml", project)
        _add(archive, MANIFEST, described)
        for path, wave in waves.items():
            _add(archive, path, wave, compressed=False)
    return packed.getvalue()


def read_export(path: Path) -> Export | None:
    """The export in a .dawproject; None where it is none of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return parse_manifest(archive.read(MANIFEST), path)
    except (OSError, KeyError, zipfile.BadZipFile):
        return None


def _laid(song: Song) -> tuple[Laid, ...]:
    return tuple(
        laid
        for part, name in zip(song.parts, song.part_names(), strict=True)
        for laid in (
            part.clip is not None and Laid("notes", part.name, part.at_bar, part.at_bar, "project.xml"),
            part.audio is not None and Laid("audio", _audio_track(part), part.at_bar, part.at_bar, f"audio/{name}.wav"),
        )
        if laid
    )


def _audio_track(part: Part) -> str:
    """Notes and audio of a part lie on two tracks, and tracks are told apart by name."""
    return part.name if part.clip is None else f"{part.name} (audio)"


def _add(archive: zipfile.ZipFile, path: str, data: bytes, *, compressed: bool = True) -> None:
    entry = zipfile.ZipInfo(path, _EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    # As on Unix, whatever the system: else the bytes would differ between systems.
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    archive.writestr(entry, data)


def _wav(song: Song, part: Part, audio: Audio) -> bytes:
    facts = WavFacts(
        project=song.title,
        scene=part.name,
        track_names=(part.name,),
        made_at=song.made_at,
        start_samples=song.start_samples(part, audio.sample_rate_hz),
        tempo=None if song.untimed else song.tempo,
        meter=song.meter,
        key=song.key,
    )
    return wav_bytes(audio, facts)


def _xml(root: Element) -> bytes:
    written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _metadata(song: Song) -> Element:
    root = Element("MetaData")
    SubElement(root, "Title").text = xml_text(song.title)
    if song.made_at:
        SubElement(root, "Year").text = f"{song.made_at.year}"
    key = f", {song.key}" if song.key else ""
    SubElement(root, "Comment").text = f"Hummingbridge: {song.tempo.bpm:g} BPM, {song.meter}{key}"
    return root


class _Project:
    """The elements of one `project.xml`; each that may be referred to gets the next id."""

    def __init__(self, song: Song) -> None:
        self.song = song
        self.ids: Iterator[str] = (f"id{number}" for number in itertools.count())
        self.root = Element("Project", version="1.0")
        self.structure = Element("Structure")
        self.lanes = Element("Lanes", timeUnit="beats", id=next(self.ids))
        self.master = next(self.ids)

    def xml(self) -> Element:
        song = self.song
        SubElement(self.root, "Application", name="Hummingbridge", version=_version())
        transport = SubElement(self.root, "Transport")
        bpm = {"value": repr(song.tempo.bpm), "min": "10", "max": "960", "unit": "bpm", "name": "Tempo"}
        SubElement(transport, "Tempo", bpm, id=next(self.ids))
        SubElement(
            transport,
            "TimeSignature",
            numerator=str(song.meter.numerator),
            denominator=str(song.meter.denominator),
            id=next(self.ids),
        )
        self.root.append(self.structure)
        for part, file in zip(song.parts, song.part_names(), strict=True):
            if part.clip is not None:
                self._notes(self._track(part.name, "notes"), part, part.clip)
            if part.audio is not None:
                clips = self._track(_audio_track(part), "audio", part.audio.channels)
                self._audio(clips, part, part.audio, f"audio/{file}.wav")
        self._track("Master", "audio notes", role="master")
        arrangement = SubElement(self.root, "Arrangement", id=next(self.ids))
        arrangement.append(self.lanes)
        markers = SubElement(arrangement, "Markers", timeUnit="beats", id=next(self.ids))
        for start in dict.fromkeys(song.start_beats(part) for part in song.parts):
            SubElement(markers, "Marker", time=repr(start), name=xml_text(song.title))
        for marker in song.markers:
            SubElement(markers, "Marker", time=repr(marker.beats), name=xml_text(marker.text))
        return self.root

    def _track(self, name: str, content: str, channels: int = 2, *, role: str = "regular") -> Element:
        """Adds a track with its mixer channel; returns the lane for its clips."""
        track = SubElement(
            self.structure, "Track", contentType=content, loaded="true", id=next(self.ids), name=xml_text(name)
        )
        master = role == "master"
        channel = SubElement(
            track,
            "Channel",
            {} if master else {"destination": self.master},
            audioChannels=str(channels),
            role=role,
            solo="false",
            id=self.master if master else next(self.ids),
        )
        SubElement(channel, "Mute", value="false", id=next(self.ids), name="Mute")
        SubElement(channel, "Pan", _range("0.5", "1", "normalized"), id=next(self.ids), name="Pan")
        SubElement(channel, "Volume", _range("1", "2", "linear"), id=next(self.ids), name="Volume")
        if master:
            return track
        lane = SubElement(self.lanes, "Lanes", track=track.attrib["id"], id=next(self.ids))
        return SubElement(lane, "Clips", id=next(self.ids))

    def _notes(self, clips: Element, part: Part, clip: Clip) -> None:
        placed = self._clip(clips, part, clip.length_beats)
        notes = SubElement(placed, "Notes", id=next(self.ids))
        for note in clip:
            loudness = repr(note.velocity / 127)
            SubElement(
                notes,
                "Note",
                time=repr(note.start_beats),
                duration=repr(note.length_beats),
                channel="0",
                key=str(note.pitch),
                vel=loudness,
                rel=loudness,
            )

    def _audio(self, clips: Element, part: Part, audio: Audio, path: str) -> None:
        placed = self._clip(clips, part, self.song.tempo.beats(audio.duration_seconds))
        placed.set("contentTimeUnit", "seconds")
        file = SubElement(
            placed,
            "Audio",
            channels=str(audio.channels),
            duration=repr(audio.duration_seconds),
            sampleRate=str(audio.sample_rate_hz),
            id=next(self.ids),
        )
        SubElement(file, "File", path=path)

    def _clip(self, clips: Element, part: Part, length_beats: float) -> Element:
        start = self.song.start_beats(part)
        return SubElement(
            clips,
            "Clip",
            time=repr(start),
            duration=repr(length_beats),
            playStart="0.0",
            name=xml_text(part.name),
        )


def _range(value: str, highest: str, unit: str) -> dict[str, str]:
    return {"value": value, "min": "0", "max": highest, "unit": unit}


def _version() -> str:
    try:
        return version("hummingbridge")
    except PackageNotFoundError:
        return "0"
