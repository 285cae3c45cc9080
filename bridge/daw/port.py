"""The port through which music goes into a DAW, whichever it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from assistant.audio import Audio
from assistant.export.song import Part, Song
from assistant.readiness import Readiness
from midi.errors import HummingbridgeError, InvalidMusic
from midi.motif import Motif
from midi.scale import Key
from midi.smf import Score, motif_score, smf_bytes
from midi.tempo import Meter, Tempo

Capability = Literal["transport", "insert_audio", "insert_notes", "read_selection", "deliver", "set_tempo", "locate"]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


class CannotDo(HummingbridgeError):
    """The DAW, or the way into it, has not got this capability."""

    code: ClassVar[str] = "cannot-do"


class DawUnreachable(HummingbridgeError):
    """The DAW gives no answer: it is not running, has no session open, or the way to it is not set up."""

    code: ClassVar[str] = "daw-unreachable"


class DawRefused(HummingbridgeError):
    """The DAW answered that it cannot do what was asked; `reason` is its code, such as "nothing-selected"."""

    code: ClassVar[str] = "daw-refused"

    def __init__(self, message: str, *, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """What goes into the timeline: notes, audio or both, at a bar (the first is 1).

    `motif` and `audio` begin on the bar line. `tempo` and `meter` are those of the timeline, by which the bar is found.
    `manifest` says how it was made (recipe, licences), as plain JSON values. `id` names this one insertion, so that it
    is done once however often it is asked for; left empty, it follows from the contents and the place.
    `untimed`: the audio is a recording that keeps to no tempo that is known.
    `from_bar_one`: files reach back to bar 1 with silence, for DAWs that place everything at the start.
    Raises `InvalidMusic`.
    """

    name: str
    motif: Motif | None
    audio: Audio | None
    at_bar: int
    tempo: Tempo
    meter: Meter
    key: Key | None = None
    manifest: Mapping[str, object] = field(default_factory=dict)
    track: str = "Melody"
    program: int | None = None
    made_at: datetime | None = None
    untimed: bool = False
    from_bar_one: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        if not self.motif and not self.audio:
            raise InvalidMusic("there is nothing to send: no notes and no audio", hint="send a take that has either")
        if self.at_bar < 1:
            raise InvalidMusic(f"bar {self.at_bar} is before the first", hint="count bars from 1")
        if self.untimed and self.from_bar_one and self.at_bar > 1:
            raise InvalidMusic(
                f"{self.name!r} keeps to no tempo that is known, so the silence up to bar {self.at_bar} has no length",
                hint="leave out --from-bar-one, and drag it there",
            )
        if not self.id:
            object.__setattr__(self, "id", self._digest())

    @classmethod
    def of(cls, name: str, motif: Motif, audio: Audio | None = None, *, at_bar: int = 1) -> Parcel:
        """A motif, and how it sounds, in a timeline of its own tempo, metre and key; `replace` adds the rest."""
        return cls(name, motif, audio, at_bar, motif.tempo, motif.meter, motif.key)

    def beats_of(self, bar: int) -> float:
        """The place of a bar line in quarter notes from the beginning of the timeline."""
        return (bar - 1) * self.meter.bar_beats

    @property
    def start_beats(self) -> float:
        return self.beats_of(self.at_bar)

    @property
    def sound_tempo(self) -> Tempo:
        """The tempo at which the audio was made: that of its notes, where there are any."""
        return self.motif.tempo if self.motif else self.tempo

    @property
    def start_seconds(self) -> float:
        return self.tempo.seconds(self.start_beats)

    def song(self) -> Song:
        """The parcel as a song of one part, for what writes files."""
        part = Part(self.track, self.motif.clip if self.motif else None, self.audio, self.at_bar, self.program)
        return Song(self.name, self.tempo, self.meter, (part,), self.key, made_at=self.made_at, untimed=self.untimed)

    def _digest(self) -> str:
        place = (self.name, self.track, self.at_bar, self.tempo.bpm, str(self.meter), str(self.key), self.from_bar_one)
        digest = hashlib.sha256(json.dumps(place).encode())
        if self.motif:
            digest.update(smf_bytes(motif_score(self.motif, name=self.track, program=self.program)))
        if self.audio:
            digest.update(str(self.audio.sample_rate_hz).encode())
            digest.update(self.audio.samples.tobytes())
        return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one thing came to lie: its track, bar (the first is 1) and place in quarter notes.

    A running DAW also says which region it is and which samples of its timeline it covers. `already_there`: the same
    id was inserted before, and nothing was changed now. `remark` is a sentence for the musician.
    """

    kind: Literal["audio", "notes"]
    track: str
    at_bar: int
    start_beats: float
    path: Path | None = None
    region: str = ""
    start_samples: int | None = None
    length_samples: int | None = None
    already_there: bool = False
    remark: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "track": self.track,
            "at_bar": self.at_bar,
            "start_beats": self.start_beats,
            "file": str(self.path) if self.path else None,
            "region": self.region,
            "start_samples": self.start_samples,
            "length_samples": self.length_samples,
            "already_there": self.already_there,
            "remark": self.remark,
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was delivered: every file, what lies where, and what is left for the musician to do.

    `already_there`: the same id was delivered before, and nothing was written now.
    """

    id: str
    folder: Path
    paths: tuple[Path, ...]
    placements: tuple[Placement, ...]
    advice: str
    already_there: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "folder": str(self.folder),
            "files": [str(path) for path in self.paths],
            "placements": [placement.as_json() for placement in self.placements],
            "advice": self.advice,
            "already_there": self.already_there,
        }


@dataclass(frozen=True, slots=True)
class Transport:
    """What the DAW's transport says: tempo, metre, where it stands (quarter notes from bar 1), whether it runs."""

    tempo: Tempo
    meter: Meter
    position_beats: float
    playing: bool

    @property
    def bar(self) -> int:
        return int(self.position_beats // self.meter.bar_beats) + 1

    @property
    def bar_line_beats(self) -> float:
        """Where this bar begins, in quarter notes from bar 1."""
        return (self.bar - 1) * self.meter.bar_beats


class Daw:
    """One way into a timeline. An adapter has `check` and those of the other methods that it can do: what it overrides
    is what it declares, so the two cannot differ. The rest raise `CannotDo`.

    Nothing that is in the timeline is changed: what arrives lies beside it, and the same id arrives once.
    """

    name: ClassVar[str]

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(name for name in CAPABILITIES if getattr(type(self), name) is not getattr(Daw, name))

    def check(self) -> Readiness:
        """Whether it can be used now."""
        raise NotImplementedError

    def seems_running(self) -> bool:
        """A cheap guess whether asking it is worth while; it does not speak with the DAW."""
        return True

    def transport(self) -> Transport:
        """Where the DAW's transport stands."""
        raise self._cannot("tell where its transport is", "give the bar with --at-bar")

    def insert_audio(self, parcel: Parcel) -> Placement:
        """Puts the parcel's audio into the running session."""
        raise self._cannot("take audio into a running session", self._instead())

    def insert_notes(self, parcel: Parcel) -> Placement:
        """Puts the parcel's notes into the running session."""
        raise self._cannot("take notes into a running session", self._instead())

    def read_selection(self) -> Score:
        """The notes that are selected in the DAW."""
        raise self._cannot("read what is selected", "export the clip from the DAW as a MIDI file")

    def deliver(self, parcel: Parcel, folder: Path) -> Delivery:
        """Writes the parcel as files into `folder`, whole or not at all, over nothing that is there."""
        raise self._cannot("write files", "send to a folder: --to folder")

    def set_tempo(self, tempo: Tempo) -> None:
        """Gives the song this tempo; one that has a map of tempi keeps it."""
        raise self._cannot("be given a tempo", f"set it in {self.name}")

    def locate(self, bar: int) -> None:
        """Moves the playhead to the line of a bar, the first being 1."""
        raise self._cannot("be moved to a bar", f"move the playhead in {self.name}")

    def listen(self, changed: Callable[[], None]) -> AbstractContextManager[object]:
        """While the block lasts, has `changed` called, in any thread, when the DAW itself tells of a change.

        Most tell nothing, and have to be asked.
        """
        return nullcontext()

    def _cannot(self, what: str, instead: str) -> CannotDo:
        return CannotDo(f"{self.name} cannot {what}", hint=instead)

    def _instead(self) -> str:
        return (
            "send it as files and drag them in" if "deliver" in self.capabilities else "send to a folder: --to folder"
        )
