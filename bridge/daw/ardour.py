"""Ardour 7: into the session that is open, through the Lua bridge that `hummingbridge daw install ardour` puts in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from assistant.errors import MissingPart, UnreadableAudio
from assistant.readiness import Readiness
from assistant.render.wav import WavFacts, wav_bytes
from bridge.daw.ardour_install import ardour_runs, find_config_folder, installed, outdated
from bridge.daw.ardour_link import OSC_PORT, ArdourLink
from bridge.daw.port import Daw, DawRefused, DawUnreachable, Parcel, Placement, Transport
from bridge.daw.staging import shown, staged, tag_of
from midi.clip import Clip
from midi.note import Note
from midi.smf import Marker, Score, Track, motif_score, smf_bytes
from midi.tempo import Meter, Tempo

TICKS_PER_QUARTER = 1920
"""How finely Ardour divides a quarter note."""
_LAST_BAR = 99_999
_INSTALL = "hummingbridge daw install ardour"
_SEPARATORS = ":/\\"
"""In a name, `:` ends a port's client in JACK and `/` a port's track; a region's name with `\\` Ardour drops."""


@dataclass(frozen=True, slots=True)
class ArdourTransport(Transport):
    """Ardour's transport, and the session it belongs to. Positions of markers are in quarter notes from bar 1.

    `at_bar`, `at_beat` (both from 1) and `at_tick` follow the session's whole map of tempo and metre, not only the
    metre of this place. `tracks` gives each track's name and kind, "audio" or "midi".
    """

    at_bar: int
    at_beat: int
    at_tick: int
    sample: int
    sample_rate_hz: int
    recording: bool
    session_name: str
    session_folder: Path
    markers: tuple[Marker, ...] = ()
    tracks: tuple[tuple[str, str], ...] = ()

    @property
    def bar(self) -> int:
        return self.at_bar

    @property
    def bar_line_beats(self) -> float:
        since = (self.at_beat - 1 + self.at_tick / TICKS_PER_QUARTER) * 4 / self.meter.denominator
        return round(self.position_beats - since, 6)


class Ardour(Daw):
    """The Ardour that uses the settings folder `config` (the composer's own unless another is given)."""

    name: ClassVar[str] = "ardour"

    def __init__(
        self,
        config: Path | None = None,
        *,
        osc_port: int = OSC_PORT,
        pickup_seconds: float = 3.0,
        answer_seconds: float = 60.0,
    ) -> None:
        self._config = config
        self._osc_port = osc_port
        self._pickup_seconds = pickup_seconds
        self._answer_seconds = answer_seconds

    def check(self) -> Readiness:
        try:
            config = self._config or find_config_folder()
        except MissingPart as error:
            return Readiness("missing", error.message, error.hint)
        there = installed(config)
        if there is None:
            return Readiness("missing", "the bridge is not in Ardour's settings", _INSTALL)
        if outdated(there.folder):
            return Readiness(
                "missing", "the bridge in Ardour is of another version", f"{_INSTALL}, then restart Ardour"
            )
        started = time.monotonic()
        try:
            link = self._link(pickup_seconds=min(1.0, self._pickup_seconds))
            answer = link.ask("state")
        except (DawUnreachable, DawRefused) as error:
            return Readiness("unreachable", error.message, error.hint)
        waited = 1000 * (time.monotonic() - started)
        slow = "" if link.osc_is_on() else "for answers at once enable OSC under Edit, Preferences, Control Surfaces"
        return Readiness("ready", f"session {answer['session_name']!r}, answered in {waited:.0f} ms", slow)

    def seems_running(self) -> bool:
        try:
            config = self._config or find_config_folder()
        except MissingPart:
            return False
        return ardour_runs(config) or not Path("/proc").is_dir()

    def transport(self) -> ArdourTransport:
        """Where the playhead stands, in which session. Raises `DawUnreachable`."""
        answer = self._link().ask("state")
        numbers = range(1, int(answer["markers"]) + 1)
        markers = (Marker(_quarters(answer[f"marker.{n}.position_ticks"]), answer[f"marker.{n}.name"]) for n in numbers)
        tracks = range(1, int(answer["tracks"]) + 1)
        return ArdourTransport(
            tempo=_tempo(answer),
            meter=_meter(answer),
            position_beats=_quarters(answer["position_ticks"]),
            playing=answer["rolling"] == "1",
            at_bar=int(answer["bar"]),
            at_beat=int(answer["beat"]),
            at_tick=int(answer["tick"]),
            sample=int(answer["sample"]),
            sample_rate_hz=int(answer["sample_rate"]),
            recording=answer["recording"] == "1",
            session_name=answer["session_name"],
            session_folder=Path(answer["session_folder"]),
            markers=tuple(sorted(markers)),
            tracks=tuple((answer[f"track.{n}.name"], answer[f"track.{n}.kind"]) for n in tracks),
        )

    def insert_audio(self, parcel: Parcel) -> Placement:
        """The parcel's audio as a new region at its bar, as Ardour counts bars.

        It lies on the named track where that is an audio track and free there, else on a new one. Raises
        `UnreadableAudio` where there is no audio or it is broken, `DawUnreachable`, `DawRefused`.
        """
        if parcel.audio is None:
            raise UnreadableAudio(f"{parcel.name!r} has no audio", hint="render it first")
        facts = WavFacts(project=parcel.name, tempo=parcel.sound_tempo, meter=parcel.meter, key=parcel.key)
        wav = wav_bytes(parcel.audio, facts)
        return self._insert("audio", wav, ".wav", parcel, channels=parcel.audio.channels)

    def insert_notes(self, parcel: Parcel) -> Placement:
        """The parcel's notes as a new MIDI region at its bar; as `insert_audio`. Ardour's tempo stays as it is."""
        if parcel.motif is None:
            raise DawRefused(f"{parcel.name!r} has no notes", hint="send a take that has notes")
        score = motif_score(parcel.motif, name=parcel.track, program=parcel.program)
        return self._insert("notes", smf_bytes(score), ".mid", parcel, channels=1)

    def read_selection(self) -> Score:
        """The notes of the selected MIDI region, from its own beginning; of several the first in time.

        Raises `DawRefused` where none, or a region of audio, is selected; and `DawUnreachable`.
        """
        answer = self._link().ask("selection")
        if answer["kind"] != "midi":
            raise DawRefused(
                f"the selected region {answer['region']!r} holds audio, not notes",
                hint=f"select a MIDI region, or hear its notes: hummingbridge hum {answer['source.1']!r}",
                reason="audio-selected",
            )
        notes = []
        for number in range(1, int(answer["notes"]) + 1):
            start, length, pitch, velocity, _ = map(int, answer[f"note.{number}"].split())
            start_beats, length_beats = start / TICKS_PER_QUARTER, length / TICKS_PER_QUARTER
            notes.append(Note(start_beats, pitch, length_beats, max(1, velocity)))
        clip = Clip(tuple(notes), _quarters(answer["length_ticks"]), answer["region"])
        return Score((Track(answer["region"], clip),), _tempo(answer), _meter(answer), name=answer["track"])

    def save(self) -> Path:
        """Has Ardour save its session; the session's folder. Raises `DawUnreachable`, `DawRefused`."""
        return Path(self._link().ask("save")["session_folder"])

    def _link(self, *, pickup_seconds: float | None = None) -> ArdourLink:
        try:
            config = self._config or find_config_folder()
        except MissingPart as error:
            raise DawUnreachable(error.message, hint=error.hint) from error
        return ArdourLink(config, self._osc_port, pickup_seconds or self._pickup_seconds, self._answer_seconds)

    def _insert(self, kind: str, data: bytes, suffix: str, parcel: Parcel, *, channels: int) -> Placement:
        if parcel.at_bar > _LAST_BAR:
            raise DawRefused(f"bar {parcel.at_bar} is after bar {_LAST_BAR}", hint="give the bar with --at-bar")
        link = self._link()
        if installed(link.config) is None:
            raise DawUnreachable("Hummingbridge is not installed in Ardour", hint=_INSTALL)
        tag = tag_of(kind, parcel)
        with staged(link.folder / "staging", parcel, tag, suffix, data) as path:
            answer = link.ask(
                "insert",
                {
                    "path": str(path),
                    "kind": "midi" if kind == "notes" else "audio",
                    "tag": tag,
                    "name": shown(parcel.name, without=_SEPARATORS) or "idea",
                    "track": shown(parcel.track, without=_SEPARATORS),
                    "bar": parcel.at_bar,
                    "channels": channels,
                },
            )
        return _placement(answer, parcel)


def _placement(answer: Mapping[str, str], parcel: Parcel) -> Placement:
    remark = ""
    here = float(answer["quarters_per_minute"])
    if answer["kind"] == "audio" and abs(here - parcel.sound_tempo.bpm) > 0.01 * here:
        remark = f"the sound was made at {parcel.sound_tempo.bpm:g} BPM and Ardour plays at {here:g} there"
    return Placement(
        kind="notes" if answer["kind"] == "midi" else "audio",
        track=answer["track"],
        at_bar=int(answer["bar"]),
        start_beats=_quarters(answer["position_ticks"]),
        path=Path(answer["path"]),
        region=answer["region"],
        start_samples=int(answer["sample"]),
        length_samples=int(answer["length"]),
        already_there=answer["already"] == "1",
        remark=remark,
    )


def _quarters(ticks: str) -> float:
    return int(ticks) / TICKS_PER_QUARTER


def _tempo(answer: Mapping[str, str]) -> Tempo:
    return Tempo(float(answer["quarters_per_minute"]))


def _meter(answer: Mapping[str, str]) -> Meter:
    return Meter(int(float(answer["meter_numerator"])), int(float(answer["meter_denominator"])))
