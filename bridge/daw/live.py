"""Ableton Live: notes into and out of clips of the session view, through AbletonOSC; sound through a folder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from assistant.readiness import Readiness
from bridge.daw.ableton_osc import ANSWER_PORT, PORT, AbletonOsc, Answer, Question, chunked
from bridge.daw.folder import FolderDaw
from bridge.daw.port import Daw, DawRefused, DawUnreachable, Delivery, Parcel, Placement, Transport
from bridge.daw.staging import shown, tag_of
from midi.clip import Clip
from midi.note import Note, on_grid, ticks
from midi.smf import Score, Track
from midi.tempo import Meter, Tempo

_TRIES = 3
_WINDOW_NOTES, _WINDOW_BEATS = 300, 16.0
_NEVER_SPLIT_BEATS = 0.25
_SONG = "/live/song/get/"
_CLIP = "/live/clip/get/"


@dataclass(frozen=True, slots=True)
class _Lane:
    """A track that takes MIDI, and the names of its clips; None is an empty slot."""

    index: int
    name: str
    clips: tuple[str | None, ...]


class AbletonLive(Daw):
    """The Live that listens on `port` and answers to `answer_port`."""

    name: ClassVar[str] = "live"

    def __init__(
        self,
        port: int = PORT,
        answer_port: int = ANSWER_PORT,
        *,
        answer_seconds: float = 1.0,
        port_seconds: float = 5.0,
    ) -> None:
        self._port = port
        self._answer_port = answer_port
        self._answer_seconds = answer_seconds
        self._port_seconds = port_seconds

    def check(self) -> Readiness:
        try:
            with self._open() as live:
                major, minor = live.ask(Question("/live/application/get/version"), tries=1)
        except (DawUnreachable, DawRefused) as error:
            return Readiness("unreachable", error.message, error.hint)
        return Readiness("ready", f"Live {major}.{minor} answers through AbletonOSC")

    def transport(self) -> Transport:
        """Where Live's song stands. Raises `DawUnreachable`."""
        names = ("tempo", "signature_numerator", "signature_denominator", "current_song_time", "is_playing")
        with self._open() as live:
            told = live.ask_all([Question(_SONG + name) for name in names])
        tempo, numerator, denominator, beats, playing = (_number(answer) for answer in told)
        # Live's numbers are of 32 bits: 92.1 comes as 92.0999985.
        meter = Meter(int(numerator), int(denominator))
        return Transport(Tempo(round(tempo, 4)), meter, round(beats, 4), bool(playing))

    def insert_notes(self, parcel: Parcel) -> Placement:
        """The parcel's notes as a new clip in the next free slot of the named MIDI track; on a new track where there
        is none, in a new scene where all slots are taken.

        The end of the clip's name marks the parcel, so that it is known again in the saved set. The notes are read
        back; where they do not arrive the clip is taken out again. Raises `DawRefused`, `DawUnreachable`.
        """
        if parcel.motif is None:
            raise DawRefused(f"{parcel.name!r} has no notes", hint="send a take that has notes")
        clip = parcel.motif.clip
        mark = f"#{tag_of('notes', parcel)[2:10]}"
        name = f"{shown(parcel.name) or 'idea'} {mark}"
        with self._open() as live:
            lanes = _lanes(live)
            for lane in lanes:
                for slot, there in enumerate(lane.clips):
                    if there is not None and there.endswith(mark):
                        return _placement(parcel, lane.name, slot, there, already_there=True)
            lane = _lane_named(live, lanes, shown(parcel.track) or "Melody")
            slot = _created(live, lane, clip.length_beats)
            _fill(live, (lane.index, slot), name, clip)
        return _placement(parcel, lane.name, slot, name)

    def read_selection(self) -> Score:
        """The notes of the selected clip, from its own beginning (of the loop, where it loops) and without muted ones.

        Raises `DawRefused` where no clip, or one of audio, is selected; and `DawUnreachable`.
        """
        with self._open() as live:
            track, slot = (int(_number((each,))) for each in live.ask(Question("/live/view/get/selected_clip")))
            place = (track, slot)
            has_clip, track_name = live.ask_all(
                [Question("/live/clip_slot/get/has_clip", place), Question("/live/track/get/name", (track,))]
            )
            if not has_clip[-1]:
                raise DawRefused("no clip is selected in Live", hint="click a MIDI clip", reason="nothing-selected")
            name, is_midi = (answer[-1] for answer in live.ask_all(_of_clip(place, "name", "is_midi_clip")))
            if not is_midi:
                raise DawRefused(
                    f"the selected clip {name!r} holds audio, not notes",
                    hint="click a MIDI clip; of audio, export the clip and: hummingbridge hum FILE",
                    reason="audio-selected",
                )
            start, length = (_number(answer) for answer in live.ask_all(_of_clip(place, "loop_start", "length")))
            windows = _windows(start, length)
            told = [note for begin, span in windows for note in _notes_between(live, place, begin, span)]
        transport = self.transport()
        clip = Clip(tuple(_from(told, start, on_grid(length))), on_grid(length), str(name))
        return Score((Track(str(name), clip),), transport.tempo, transport.meter, name=str(track_name[-1]))

    def deliver(self, parcel: Parcel, folder: Path) -> Delivery:
        """As files into a folder that Live's browser shows: AbletonOSC brings no sound into a set."""
        delivery = FolderDaw().deliver(parcel, folder)
        where = folder.resolve()
        advice = (
            f"in Live's browser, under Places: Add Folder, {where} (once; new files appear there by themselves); then "
            f"open {delivery.folder.name} and drag the file onto a track at bar {parcel.at_bar} of the arrangement"
        )
        return replace(delivery, advice=advice)

    def set_tempo(self, tempo: Tempo) -> None:
        """Raises `DawUnreachable` where Live does not take it on."""
        self._set("tempo", tempo.bpm)

    def locate(self, bar: int) -> None:
        """Moves Live's arrangement position to a bar, in the metre of now."""
        self._set("current_song_time", (bar - 1) * self.transport().meter.bar_beats)

    def _open(self) -> AbletonOsc:
        return AbletonOsc(self._port, self._answer_port, self._answer_seconds, self._port_seconds)

    def _set(self, name: str, value: float) -> None:
        with self._open() as live:
            live.order(f"/live/song/set/{name}", float(value))
            (now,) = live.ask(Question(_SONG + name))
        if not isinstance(now, int | float) or abs(now - value) > 0.01:
            raise DawRefused(f"Live keeps {name.replace('_', ' ')} at {now}", hint="change it in Live")


def _of_clip(place: tuple[int, int], *names: str) -> list[Question]:
    return [Question(_CLIP + name, place) for name in names]


def _number(answer: Answer) -> float:
    value = answer[-1] if answer else None
    if not isinstance(value, int | float):
        raise DawRefused(f"Live answered {value!r} where a number is due", hint="bring AbletonOSC up to date")
    return float(value)


def _lanes(live: AbletonOsc) -> list[_Lane]:
    """The tracks that take MIDI, with what lies in their slots."""
    names = live.ask(Question(_SONG + "track_names"))
    tracks = [(index,) for index in range(len(names))]
    takes_midi = [Question("/live/track/get/has_midi_input", track) for track in tracks]
    clips = [Question("/live/track/get/clips/name", track) for track in tracks]
    told = live.ask_all([*takes_midi, *clips])
    return [
        _Lane(
            index, str(names[index]), tuple(None if clip is None else str(clip) for clip in told[len(tracks) + index])
        )
        for (index,), takes in zip(tracks, told, strict=False)
        if takes[-1]
    ]


def _lane_named(live: AbletonOsc, lanes: Iterable[_Lane], name: str) -> _Lane:
    """The MIDI track of that name; a new one at the end where there is none."""
    for lane in lanes:
        if lane.name == name:
            return lane
    count = int(_number(live.ask(Question(_SONG + "num_tracks"))))
    live.order("/live/song/create_midi_track", -1)
    live.order("/live/track/set/name", count, name)
    now, scenes = live.ask_all([Question(_SONG + "num_tracks"), Question(_SONG + "num_scenes")])
    if _number(now) != count + 1:
        raise DawRefused("Live made no new track", hint=f"make a MIDI track named {name} in Live, and send again")
    return _Lane(count, name, (None,) * int(_number(scenes)))


def _created(live: AbletonOsc, lane: _Lane, length_beats: float) -> int:
    """The slot of a new clip in the first that is free; one that was filled in the meantime is passed over.

    Live makes no clip where one is, so nothing is overwritten; whose clip it is then shows in what it holds.
    """
    clips = lane.clips if None in lane.clips else _with_another_scene(live, lane)
    for slot in (slot for slot, there in enumerate(clips) if there is None):
        place = (lane.index, slot)
        for _ in range(_TRIES):
            live.order("/live/clip_slot/create_clip", *place, float(length_beats))
            (made,) = live.ask(Question("/live/clip_slot/get/has_clip", place))
            if made and _is_new(live, place, length_beats):
                return slot
            if made:
                break
    raise DawRefused(f"Live made no clip on {lane.name}", hint="make room in a slot of that track, and send again")


def _with_another_scene(live: AbletonOsc, lane: _Lane) -> tuple[str | None, ...]:
    live.order("/live/song/create_scene", -1)
    scenes = int(_number(live.ask(Question(_SONG + "num_scenes"))))
    return (*lane.clips, *(None,) * (scenes - len(lane.clips)))


def _is_new(live: AbletonOsc, place: tuple[int, int], length_beats: float) -> bool:
    """Whether the clip is empty, unnamed and as long as asked for: as it was just made."""
    notes = Question(_CLIP + "notes", place, (0, 128, 0.0, float(length_beats)))
    name, length, inside = live.ask_all([*_of_clip(place, "name", "length"), notes])
    return not name[-1] and abs(_number(length) - length_beats) < 0.01 and not inside


def _fill(live: AbletonOsc, place: tuple[int, int], name: str, clip: Clip) -> None:
    """Name and notes into a clip of ours; what does not arrive is sent again, and a clip that stays wrong removed."""
    missing = list(clip)
    windows = _windows_of(clip)
    for _ in range(_TRIES):
        live.order("/live/clip/set/name", *place, name)
        notes = ((note.pitch, note.start_beats, note.length_beats, note.velocity, 0) for note in missing)
        for values in chunked("/live/clip/add/notes", place, notes):
            live.order("/live/clip/add/notes", *values)
        told = [note for start, span in windows for note in _notes_between(live, place, start, span)]
        there = {(int(pitch), ticks(start)) for pitch, start, *_ in told}
        missing = [note for note in clip if (note.pitch, note.start_ticks) not in there]
        if not missing and live.ask(Question(_CLIP + "name", place))[-1] == name:
            return
    for _ in range(_TRIES):
        live.order("/live/clip_slot/delete_clip", *place)
        if not live.ask(Question("/live/clip_slot/get/has_clip", place))[-1]:
            break
    raise DawRefused(
        f"{len(missing)} of {len(clip)} notes did not arrive in Live, so the clip was taken out again",
        hint="send it again",
        reason="notes-lost",
    )


def _windows(start: float, length: float) -> list[tuple[float, float]]:
    """A stretch of a clip that nothing is known of, in pieces whose notes are likely to fit into a datagram."""
    begins = [start + _WINDOW_BEATS * number for number in range(max(1, math.ceil(length / _WINDOW_BEATS)))]
    return [(begin, min(_WINDOW_BEATS, start + length - begin)) for begin in begins]


def _windows_of(clip: Clip) -> list[tuple[float, float]]:
    """The whole of a clip that is known, in pieces of `_WINDOW_NOTES` notes and those that begin with the last one."""
    begins = sorted({0.0, *(note.start_beats for note in clip.notes[_WINDOW_NOTES::_WINDOW_NOTES])})
    return [
        (begin, end - begin) for begin, end in zip(begins, [*begins[1:], clip.length_beats], strict=True) if end > begin
    ]


def _notes_between(
    live: AbletonOsc, place: tuple[int, int], start: float, length: float
) -> Iterator[tuple[float, float, float, float, bool]]:
    """Pitch, start, length, velocity and whether it is muted, of the notes that start there.

    An answer that is too long for a datagram stays away: then each half is asked for. All 128 pitches are asked for by
    number, since without numbers AbletonOSC leaves out the highest.
    """

    def fits(told: Answer) -> bool:
        return all(start - 0.001 <= begins < start + length + 0.001 for begins in told[1::5])

    try:
        told = live.ask(Question(_CLIP + "notes", place, (0, 128, float(start), float(length)), fits), tries=2)
    except DawUnreachable:
        if length <= _NEVER_SPLIT_BEATS:
            raise
        half = length / 2
        yield from _notes_between(live, place, start, half)
        yield from _notes_between(live, place, start + half, length - half)
        return
    for index in range(0, len(told) - 4, 5):
        pitch, begins, lasts, velocity = (_number((value,)) for value in told[index : index + 4])
        yield pitch, begins, lasts, velocity, bool(told[index + 4])


def _from(told: Iterable[tuple[float, float, float, float, bool]], start: float, length_beats: float) -> Iterator[Note]:
    for pitch, begins, lasts, velocity, muted in told:
        start_beats = on_grid(max(0.0, begins - start))
        end_beats = min(on_grid(begins - start + lasts), length_beats)
        if not muted and end_beats > start_beats:
            yield Note(start_beats, int(pitch), end_beats - start_beats, min(127, max(1, round(velocity))))


def _placement(parcel: Parcel, track: str, slot: int, name: str, *, already_there: bool = False) -> Placement:
    return Placement(
        kind="notes",
        track=track,
        at_bar=parcel.at_bar,
        start_beats=parcel.start_beats,
        region=name,
        already_there=already_there,
        remark=f"a clip of the session view, in slot {slot + 1}; to have it in the arrangement, drag it to bar "
        f"{parcel.at_bar}",
    )
