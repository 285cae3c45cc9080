"""Scores and motifs from Standard MIDI Files; `smf_bytes` writes them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from midi.bend import CHANNEL_RANGE_SEMITONES, MPE_RANGE_SEMITONES, Bend
from midi.clip import Clip
from midi.errors import HummingbridgeError, UnreadableMidi
from midi.motif import Motif
from midi.note import TICKS_PER_BEAT, Note
from midi.scale import Key
from midi.score import LONGEST_BEATS, Marker, Score, Track, melodic_track, motif_of, motif_score
from midi.smf_events import (
    BEND_CENTRE,
    BEND_RANGE,
    CONTROL,
    EXPORT_AGAIN,
    INSTRUMENT_NAME,
    KEY,
    MARKER,
    METER,
    MPE_ZONE,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PROGRAM,
    TEMPO,
    TEXT,
    TRACK_NAME,
    RawFile,
    RawTrack,
    check_size,
    parse,
)
from midi.smf_writing import MARK, microseconds, signature, smf_bytes
from midi.tempo import Meter, Tempo

__all__ = [
    "Marker",
    "Score",
    "Track",
    "melodic_track",
    "motif_of",
    "motif_score",
    "read_motif",
    "read_smf",
    "smf_bytes",
]

SHORTEST_TICKS = 30
"""What a note of no length becomes: a 64th of a whole note."""
_MARKED = re.compile(rf"{MARK}(\S+) BPM(?:, (.+))?")
T = TypeVar("T")


def read_motif(path: Path, *, key: Key | None = None, meter: Meter | None = None, tempo: Tempo | None = None) -> Motif:
    """The melodic track of a MIDI file, as `motif_of` chooses and reads it. Raises `UnreadableMidi`."""
    score = read_smf(path)
    with _named(path):
        return motif_of(score, key=key, meter=meter, tempo=tempo)


def read_smf(source: Path | bytes) -> Score:
    """The score in a MIDI file of type 0, 1 or 2, from its path or its bytes.

    Tracks with several channels are split. A note that is never released is closed where its pitch is struck again,
    or where its track ends; a note of no length lasts `SHORTEST_TICKS`. Raises `UnreadableMidi`.
    """
    if isinstance(source, bytes):
        return _Reading(parse(source)).score()
    with _named(source):
        return _Reading(parse(_file_bytes(source))).score()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors name the file: there may be many."""
    try:
        yield
    except UnreadableMidi as error:
        raise UnreadableMidi(f"{path.name}: {error.message}", hint=error.hint) from error


def _file_bytes(path: Path) -> bytes:
    try:
        check_size(path.stat().st_size)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableMidi(f"there is no such file in {path.parent}", hint="check the name") from error
    except OSError as error:
        what = "this is a folder" if path.is_dir() else f"it cannot be read: {error.strerror}"
        raise UnreadableMidi(what, hint="give a MIDI file (.mid)") from error


class _Reading:
    """The reading of one file: its tempo, metre and key, its clock, and what was noticed."""

    def __init__(self, raw: RawFile) -> None:
        self.raw = raw
        self.remarks = list(raw.remarks)
        self.tempo = self._first(TEMPO, _read_tempo, "tempo") or Tempo()
        self.meter = self._first(METER, _read_meter, "metre") or Meter()
        self.key = self._first(KEY, _read_key, "key")
        self.ours = self._read_mark()
        if raw.division < 0:
            # -29 stands for 30000/1001 frames a second; ticks are parts of a frame, not of a beat.
            frames = -(raw.division >> 8)
            per_second = (30_000 / 1001 if frames == 29 else frames) * max(1, raw.division & 0xFF)
            self.scale = TICKS_PER_BEAT * self.tempo.beats(1.0) / per_second
            self.remarks.append(f"times are in seconds: bars are counted at {self.tempo.bpm:g} BPM")
        else:
            self.scale = TICKS_PER_BEAT / raw.division

    def score(self) -> Score:
        raw = self.raw
        if raw.format == 2 and len(raw.tracks) > 1:
            self.remarks.append("the tracks are independent patterns (type 2): each starts at the beginning")
        # The first track of type 1 conducts; it is a part as well only when it plays.
        played = raw.tracks[1:] if raw.format == 1 and not raw.tracks[0].channel_events else raw.tracks
        tracks = tuple(track for chunk in played for track in self._parts(chunk))
        markers = tuple(
            Marker(self._ticks(tick) / TICKS_PER_BEAT, _text(payload)) for tick, payload in self._metas(MARKER)
        )
        return Score(
            tracks,
            self.tempo,
            self.meter,
            self.key,
            markers,
            name=_name(raw.tracks[0]),
            remarks=tuple(dict.fromkeys(self.remarks)),
            from_elsewhere=not self.ours,
        )

    def _parts(self, chunk: RawTrack) -> Iterable[Track]:
        """The parts in a track chunk: one for each channel that plays, one for all of MPE's; empty where none does."""
        name = _name(chunk)
        end = self._ticks(chunk.end_tick)
        channels = sorted({status & 0x0F for _, status, _, _ in chunk.channel_events})
        mpe = _announces_mpe(chunk)
        if not channels:
            yield Track(name, Clip((), end / TICKS_PER_BEAT))
        for members in [channels] if mpe and channels else [[channel] for channel in channels]:
            programs = (
                first
                for _, status, first, _ in chunk.channel_events
                if status & 0xF0 == PROGRAM and status & 0x0F in members
            )
            played = sorted((note, bends) for channel in members for note, bends in self._bent(chunk, channel, mpe=mpe))
            notes = tuple(note for note, _ in played)
            length = max([end, *(note.end_ticks for note in notes)]) / TICKS_PER_BEAT
            clip = Clip(notes, length)
            part = f"{name} {members[0] + 1}".strip() if len(channels) > 1 and not mpe else name
            kept = any(bends for _, bends in played) and (mpe or clip.one_voice)
            yield Track(
                part,
                clip,
                next(programs, None),
                0 if mpe else members[0],
                tuple(bends for _, bends in played) if kept else (),
                mpe,
            )

    def _bent(self, chunk: RawTrack, channel: int, *, mpe: bool) -> list[tuple[Note, tuple[Bend, ...]]]:
        """The notes of a channel, each with how the channel bends from its start to its end."""
        notes = self._notes(chunk, channel)
        reach = float(MPE_RANGE_SEMITONES if mpe else CHANNEL_RANGE_SEMITONES)
        bends: list[tuple[int, float]] = []
        registered: dict[int, int] = {}
        for tick, status, first, second in chunk.control_events:
            if status == CONTROL | channel:
                registered[first] = second
                if first == 6 and registered.get(101) == 0 and registered.get(100) == BEND_RANGE:
                    reach = float(second)
            elif status == PITCH_BEND | channel:
                bends.append((self._ticks(tick), ((second << 7 | first) - BEND_CENTRE) / BEND_CENTRE * reach))
        if not any(semitones for _, semitones in bends):
            return [(note, ()) for note in notes]
        times = [tick for tick, _ in bends]
        found = []
        for note in notes:
            first, stop = bisect_right(times, note.start_ticks), bisect_left(times, note.end_ticks)
            before = [Bend(0.0, bends[first - 1][1])] if first and bends[first - 1][1] else []
            inside = [Bend((tick - note.start_ticks) / TICKS_PER_BEAT, value) for tick, value in bends[first:stop]]
            found.append((note, (*before, *inside)))
        return found

    def _notes(self, chunk: RawTrack, channel: int) -> list[Note]:
        strikes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for tick, status, pitch, velocity in chunk.channel_events:
            if status == NOTE_ON | channel:
                strikes[pitch].append((tick, velocity))
            elif status == NOTE_OFF | channel:
                strikes[pitch].append((tick, 0))
        notes = []
        for pitch, events in strikes.items():
            sounded, hanging = _paired(events)
            if hanging:
                self.remarks.append("notes that are never released were closed")
                sounded = _closed(events, chunk.end_tick)
            for start, stop, velocity in sounded:
                first, last = self._ticks(start), self._ticks(stop)
                length = last - first if last > first else SHORTEST_TICKS
                notes.append(Note(first / TICKS_PER_BEAT, pitch, length / TICKS_PER_BEAT, velocity))
        return notes

    def _ticks(self, tick: int) -> int:
        """A time in the file's ticks, in 480ths of a beat. Raises `UnreadableMidi` over `LONGEST_BEATS`."""
        here = round(tick * self.scale)
        if here > (LONGEST_BEATS - 1) * TICKS_PER_BEAT:
            raise UnreadableMidi(
                f"the MIDI file lasts {here / TICKS_PER_BEAT:.0f} beats, over the limit of {LONGEST_BEATS:.0f}",
                hint=EXPORT_AGAIN,
            )
        return here

    def _metas(self, kind: int) -> list[tuple[int, bytes]]:
        """The meta events of a kind in all tracks, in order of time."""
        found = (
            (tick, payload) for track in self.raw.tracks for tick, type_, payload in track.meta_events if type_ == kind
        )
        return sorted(found, key=lambda event: event[0])

    def _first(self, kind: int, read: Callable[[bytes], T | None], what: str) -> T | None:
        """The first value of a kind that makes sense; a remark on those that make none, and on changes."""
        values = [read(payload) for _, payload in self._metas(kind)]
        sensible = [value for value in values if value is not None]
        if len(sensible) < len(values):
            self.remarks.append(f"a {what} that makes no sense was passed over")
        if len(set(sensible)) > 1:
            self.remarks.append(f"the {what} changes; the first one is taken throughout")
        return sensible[0] if sensible else None

    def _read_mark(self) -> bool:
        """Whether the file is our own and unchanged: then tempo and key are taken as its words give them, exactly."""
        texts = (_text(payload) for _, kind, payload in self.raw.tracks[0].meta_events if kind == TEXT)
        found = next((match for match in map(_MARKED.fullmatch, texts) if match), None)
        if not found:
            return False
        tempo = _sensible(lambda: Tempo(float(found[1])))
        key = _sensible(lambda: Key.parse(found[2])) if found[2] else None
        signatures = [signature(named) if named else b"" for named in (key, self.key)]
        if tempo is None or microseconds(tempo) != microseconds(self.tempo) or signatures[0] != signatures[1]:
            return False
        self.tempo, self.key = tempo, key
        return True


Sounded = list[tuple[int, int, int]]
"""Start, end and velocity of notes of one pitch."""


def _paired(events: Iterable[tuple[int, int]]) -> tuple[Sounded, bool]:
    """The notes that strikes and releases of one pitch make: the first struck is released first; and whether one is
    never released.
    """
    waiting: deque[tuple[int, int]] = deque()
    sounded: Sounded = []
    for tick, velocity in events:
        if velocity:
            waiting.append((tick, velocity))
        elif waiting:
            start, struck = waiting.popleft()
            sounded.append((start, tick, struck))
    return sounded, bool(waiting)


def _closed(events: Iterable[tuple[int, int]], end: int) -> Sounded:
    """Like `_paired` where releases are missing: what sounds ends where its pitch is struck again, or at the end."""
    struck: tuple[int, int] | None = None
    sounded: Sounded = []
    for tick, velocity in (*events, (end, 0)):
        if struck:
            sounded.append((struck[0], tick, struck[1]))
        struck = (tick, velocity) if velocity else None
    return sounded


def _announces_mpe(track: RawTrack) -> bool:
    """Whether the first channel, or the last, says that the others play its notes, one each."""
    registered: dict[tuple[int, int], int] = {}
    for _, status, first, second in track.control_events:
        channel = status & 0x0F
        if status & 0xF0 != CONTROL or channel not in (0, 15):
            continue
        registered[channel, first] = second
        if first == 6 and second and registered.get((channel, 101)) == 0 and registered.get((channel, 100)) == MPE_ZONE:
            return True
    return False


def _name(track: RawTrack) -> str:
    """The name of a track, else of its instrument."""
    for kind in (TRACK_NAME, INSTRUMENT_NAME):
        for _, type_, payload in track.meta_events:
            if type_ == kind and (name := _text(payload)):
                return name
    return ""


def _text(payload: bytes) -> str:
    """UTF-8 where it is, else Latin-1, which older programs write."""
    payload = payload.rstrip(b"\0")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode("latin-1")


def _read_tempo(payload: bytes) -> Tempo | None:
    """The roundest tempo that MIDI writes in these microseconds: 618557 is 97 BPM and not 96.99995."""
    microseconds = int.from_bytes(payload[:3], "big")
    if not microseconds:
        return None
    exact = 60_000_000 / microseconds
    for digits in range(10):
        bpm = round(exact, digits)
        if bpm and round(60_000_000 / bpm) == microseconds:
            break
    return _sensible(lambda: Tempo(bpm))


def _read_meter(payload: bytes) -> Meter | None:
    return _sensible(lambda: Meter(payload[0], 2 ** payload[1])) if len(payload) >= 2 else None


def _read_key(payload: bytes) -> Key | None:
    if len(payload) < 2:
        return None
    fifths = payload[0] - 256 if payload[0] > 127 else payload[0]
    if abs(fifths) > 7 or payload[1] > 1:
        return None
    minor = payload[1] == 1
    return Key((7 * fifths + (9 if minor else 0)) % 12, "minor" if minor else "major")


def _sensible(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except (HummingbridgeError, ValueError):
        return None
