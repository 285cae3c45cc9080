"""REAPER: into the project that is open, through the script that `hummingbridge daw install reaper` puts in."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from assistant.errors import MissingPart, UnreadableAudio
from assistant.readiness import Readiness
from assistant.render.wav import WavFacts, wav_bytes
from bridge.daw.job_folder import JobFolder
from bridge.daw.port import Daw, DawRefused, DawUnreachable, Parcel, Placement, Transport
from bridge.daw.reaper_install import find_resource_folder, installed, outdated, reaper_runs
from bridge.daw.staging import shown, staged, tag_of
from bridge.osc.client import OscPeer
from midi.clip import Clip
from midi.note import Note, on_grid
from midi.smf import Score, Track
from midi.tempo import Meter, Tempo

PROTOCOL = 1
OSC_PORT = 9312
"""Where REAPER tells of changes, once its OSC is set up with our patterns."""

_INSTALL = "hummingbridge daw install reaper"
_START = "start REAPER; if it runs, close its open windows, or restart it so that the script starts"
_HINTS = {
    "nothing-selected": "click an item in REAPER's arrange view",
    "empty-item": "select an item with notes",
    "broken-file": "export the sound again",
    "missing-file": "send it again",
    "tempo-map": "change the tempo in REAPER",
    "bad-request": "give a bar that the project has; else install again: " + _INSTALL,
}


@dataclass(frozen=True, slots=True)
class ReaperTransport(Transport):
    """REAPER's transport, and the project it belongs to. `at_bar` is the bar as REAPER's ruler numbers it; `project`
    is None where it was never saved; `media_folder` is where sound that goes in is kept."""

    at_bar: int
    at_bar_beats: float
    recording: bool
    project: Path | None
    media_folder: Path
    tracks: tuple[str, ...]

    @property
    def bar(self) -> int:
        return self.at_bar

    @property
    def bar_line_beats(self) -> float:
        return self.at_bar_beats


class Reaper(Daw):
    """The REAPER with the resource folder `resource` (the composer's own unless another is given)."""

    name: ClassVar[str] = "reaper"

    def __init__(
        self,
        resource: Path | None = None,
        *,
        osc_port: int = OSC_PORT,
        pickup_seconds: float = 3.0,
        answer_seconds: float = 60.0,
    ) -> None:
        self._resource = resource
        self._osc_port = osc_port
        self._pickup_seconds = pickup_seconds
        self._answer_seconds = answer_seconds

    def check(self) -> Readiness:
        try:
            resource = self._resource or find_resource_folder()
        except MissingPart as error:
            return Readiness("missing", error.message, error.hint)
        there = installed(resource)
        if there is None:
            return Readiness("missing", "the script is not in REAPER's resource folder", _INSTALL)
        if outdated(there.folder):
            return Readiness("missing", "the script in REAPER is of another version", f"{_INSTALL}, restart REAPER")
        started = time.monotonic()
        try:
            answer = self._ask("state", patience=1.0)
        except (DawUnreachable, DawRefused) as error:
            return Readiness("unreachable", error.message, error.hint)
        waited = 1000 * (time.monotonic() - started)
        project = Path(answer["project"]).stem or "not saved yet"
        return Readiness("ready", f"project {project!r}, answered in {waited:.0f} ms")

    def seems_running(self) -> bool:
        return self._resource is not None or reaper_runs()

    def transport(self) -> ReaperTransport:
        """Where the playhead stands, or the edit cursor while nothing plays. Raises `DawUnreachable`."""
        answer = self._ask("state")
        return ReaperTransport(
            tempo=Tempo(answer["tempo"]),
            meter=_meter(answer),
            position_beats=answer["quarters"],
            playing=answer["playing"],
            at_bar=answer["bar"],
            at_bar_beats=answer["bar_quarters"],
            recording=answer["recording"],
            project=Path(answer["project"]) if answer["project"] else None,
            media_folder=Path(answer["folder"]),
            tracks=tuple(answer["tracks"]),
        )

    def insert_audio(self, parcel: Parcel) -> Placement:
        """The parcel's audio as a new item at its bar, its file beside the project's recordings.

        It lies on the named track where that is free there, else on a new one. Raises `UnreadableAudio` where there is
        no audio, `DawUnreachable`, `DawRefused`.
        """
        if parcel.audio is None:
            raise UnreadableAudio(f"{parcel.name!r} has no audio", hint="render it first")
        facts = WavFacts(project=parcel.name, tempo=parcel.sound_tempo, meter=parcel.meter, key=parcel.key)
        wav, tag = wav_bytes(parcel.audio, facts), tag_of("audio", parcel)
        with staged(self._queue() / "staging", parcel, tag, ".wav", wav) as path:
            answer = self._ask("insert_audio", path=str(path), file_name=path.name, **_place(parcel, tag))
        return _placement("audio", answer, parcel)

    def insert_notes(self, parcel: Parcel) -> Placement:
        """The parcel's notes as a new MIDI item at its bar; as `insert_audio`. REAPER's tempo stays as it is."""
        if parcel.motif is None:
            raise DawRefused(f"{parcel.name!r} has no notes", hint="send a take that has notes")
        clip = parcel.motif.clip
        notes = [[note.start_beats, note.pitch, note.length_beats, note.velocity] for note in clip]
        place = _place(parcel, tag_of("notes", parcel))
        answer = self._ask("insert_notes", notes=notes, length=clip.length_beats, **place)
        return _placement("notes", answer, parcel)

    def read_selection(self) -> Score:
        """The notes of the selected MIDI item, from its own beginning; of several the first in time.

        Raises `DawRefused` where none, or an item of audio, is selected; and `DawUnreachable`.
        """
        answer = self._ask("selection")
        if answer["kind"] != "notes":
            raise DawRefused(
                f"the selected item {answer['item']!r} holds audio, not notes",
                hint=f"select a MIDI item, or hear its notes: hummingbridge hum {answer['path']!r}",
                reason="audio-selected",
            )
        length = on_grid(answer["length"])
        clip = Clip(tuple(_notes(answer["notes"], length)), length, answer["item"])
        part = Track(answer["item"], clip)
        return Score((part,), Tempo(answer["tempo"]), _meter(answer), name=answer["track"])

    def set_tempo(self, tempo: Tempo) -> None:
        """Raises `DawRefused` where the project has tempo markers; and `DawUnreachable`."""
        self._ask("tempo", tempo=tempo.bpm)

    def locate(self, bar: int) -> None:
        """Moves the edit cursor, and the playhead where it plays, to a bar as REAPER's ruler numbers it."""
        self._ask("cursor", bar=bar)

    @contextlib.contextmanager
    def listen(self, changed: Callable[[], None]) -> Iterator[None]:
        """What REAPER's OSC tells, where it is set up; where the port is taken it is only asked."""
        try:
            peer = OscPeer(self._osc_port, lambda *_: changed(), listen_port=self._osc_port)
        except OSError:
            yield
            return
        with peer:
            yield

    def _queue(self) -> Path:
        try:
            there = installed(self._resource or find_resource_folder())
        except MissingPart as error:
            raise DawUnreachable(error.message, hint=error.hint) from error
        if there is None:
            raise DawUnreachable("Hummingbridge is not installed in REAPER", hint=_INSTALL)
        return there.queue

    def _ask(self, op: str, *, patience: float = math.inf, **values: Any) -> dict[str, Any]:
        pickup = min(patience, self._pickup_seconds)
        jobs = JobFolder(self._queue(), "REAPER", _START, _as_json, json.loads, pickup, self._answer_seconds)
        answer = jobs.ask({"protocol": PROTOCOL, "op": op, **values})
        if answer["ok"]:
            return answer
        reason, text = answer["code"], answer["message"]
        if reason == "protocol":
            raise DawUnreachable("REAPER runs another version of the script", hint=f"{_INSTALL}, then restart REAPER")
        if reason == "expired":
            raise DawUnreachable(f"REAPER cannot answer: {text}", hint=_START)
        raise DawRefused(
            f"REAPER: {text}", hint=_HINTS.get(reason, "look at the project, and try again"), reason=reason
        )


def _as_json(job: Mapping[str, Any]) -> bytes:
    return json.dumps(job).encode()


def _place(parcel: Parcel, tag: str) -> dict[str, Any]:
    name = shown(parcel.name) or "idea"
    return {"tag": tag, "name": name, "track": shown(parcel.track), "bar": parcel.at_bar}


def _placement(kind: Any, answer: Mapping[str, Any], parcel: Parcel) -> Placement:
    here, remark = answer["tempo"], ""
    if kind == "audio" and abs(here - parcel.sound_tempo.bpm) > 0.01 * here:
        remark = f"the sound was made at {parcel.sound_tempo.bpm:g} BPM and REAPER plays at {here:g} there"
    return Placement(
        kind=kind,
        track=answer["track"],
        at_bar=answer["bar"],
        start_beats=round(answer["quarters"], 6),
        path=Path(answer["path"]) if "path" in answer else None,
        region=answer["item"],
        already_there=answer["already"],
        remark=remark,
    )


def _notes(told: list[list[float]], length_beats: float) -> Iterator[Note]:
    for start, pitch, length, velocity in told:
        start_beats = on_grid(max(0.0, start))
        end_beats = min(on_grid(start + length), length_beats)
        if end_beats > start_beats:
            yield Note(start_beats, int(pitch), end_beats - start_beats, int(velocity))


def _meter(answer: Mapping[str, Any]) -> Meter:
    return Meter(int(answer["numerator"]), int(answer["denominator"]))
