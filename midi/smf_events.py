"""The bytes of a Standard MIDI File: chunks, delta times, running status (RP-001, Standard MIDI Files 1.0).

Read here and not by mido, which refuses alien chunks, takes a division in SMPTE frames for beats, keeps the text
encoding in a module variable, and goes byte by byte through Python objects. mido and pretty_midi judge the result in
the tests.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from midi.errors import UnreadableMidi

LARGEST_BYTES = 20_000_000
MOST_NOTES = 200_000
EXPORT_AGAIN = "export it again as a standard MIDI file (.mid)"

TEXT, TRACK_NAME, INSTRUMENT_NAME, MARKER, END_OF_TRACK, TEMPO, METER, KEY = 1, 3, 4, 6, 0x2F, 0x51, 0x58, 0x59
"""The meta events that are used here, by their type byte."""
NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, PITCH_BEND = 0x80, 0x90, 0xB0, 0xC0, 0xE0

BEND_CENTRE = 8192
BEND_RANGE, MPE_ZONE = 0, 6
"""Registered parameters: how far a channel bends, in semitones; how many channels above the first play its notes."""
MPE_MEMBERS = tuple(range(1, 16))

ChannelEvent = tuple[int, int, int, int]
"""Tick, status byte, first and second data byte."""
MetaEvent = tuple[int, int, bytes]
"""Tick, type byte, payload."""


@dataclass(frozen=True, slots=True)
class RawTrack:
    """Notes and program changes, meta events, controllers and bends of one track chunk, in ticks of the file."""

    channel_events: tuple[ChannelEvent, ...]
    meta_events: tuple[MetaEvent, ...]
    end_tick: int
    control_events: tuple[ChannelEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class RawFile:
    """`format` 0, 1 or 2; `division` as in the header: ticks a beat, or negative for frames a second."""

    format: int
    division: int
    tracks: tuple[RawTrack, ...]
    remarks: tuple[str, ...] = ()


def parse(data: bytes) -> RawFile:
    """The tracks of a file's bytes.

    Chunks of other kinds and bytes after the last track are skipped. Raises `UnreadableMidi` for anything that is not
    a MIDI file, breaks off, is damaged, or is over the limits.
    """
    check_size(len(data))
    start = _header_start(data)
    if len(data) < start + 14:
        raise UnreadableMidi("the MIDI file breaks off in its header", hint=EXPORT_AGAIN)
    size, file_format, declared, division = struct.unpack_from(">IHHh", data, start + 4)
    if file_format > 2 or division == 0 or size < 6:
        raise UnreadableMidi(
            f"the MIDI file is damaged: type {file_format} with {division} ticks a beat", hint=EXPORT_AGAIN
        )
    tracks: list[RawTrack] = []
    notes_left = MOST_NOTES
    position = start + 8 + size
    while position + 8 <= len(data):
        kind, length = struct.unpack_from(">4sI", data, position)
        body = position + 8
        position = body + length
        if kind == b"MTrk":
            reader = _Reader(data[body:position], len(tracks) + 1, whole=position <= len(data))
            tracks.append(reader.track(notes_left))
            notes_left -= reader.notes
        elif len(tracks) < declared and not (kind.isascii() and kind.decode("ascii").isprintable()):
            raise UnreadableMidi(f"the MIDI file is damaged after track {len(tracks)}", hint=EXPORT_AGAIN)
    if not tracks:
        raise UnreadableMidi("the MIDI file holds no track", hint=EXPORT_AGAIN)
    remarks = (f"{declared} tracks announced, {len(tracks)} found",) if len(tracks) < declared else ()
    return RawFile(file_format, division, tuple(tracks), remarks)


def check_size(size_bytes: int) -> None:
    """Raises `UnreadableMidi` for an empty file and for one over `LARGEST_BYTES`."""
    if size_bytes == 0:
        raise UnreadableMidi("the MIDI file is empty", hint=EXPORT_AGAIN)
    if size_bytes > LARGEST_BYTES:
        raise UnreadableMidi(
            f"the MIDI file has {size_bytes / 1e6:.0f} MB, over the limit of {LARGEST_BYTES / 1e6:.0f} MB",
            hint="export only the track with the melody",
        )


def _header_start(data: bytes) -> int:
    """Where `MThd` lies: at the beginning, or inside a RIFF file of type RMID."""
    if data[:4] == b"MThd":
        return 0
    found = data.find(b"MThd", 0, 64) if data[:4] == b"RIFF" and data[8:12] == b"RMID" else -1
    if found < 0:
        raise UnreadableMidi("this is not a MIDI file", hint="give a standard MIDI file (.mid)")
    return found


class _Reader:
    """Walks through the bytes of one track chunk; `whole` tells that the file holds all of them."""

    def __init__(self, chunk: bytes, number: int, *, whole: bool) -> None:
        self.chunk = chunk
        self.at = 0
        self.number = number
        self.notes = 0
        self.whole = whole

    def track(self, most_notes: int) -> RawTrack:
        chunk = self.chunk
        channel_events: list[ChannelEvent] = []
        control_events: list[ChannelEvent] = []
        meta_events: list[MetaEvent] = []
        tick = running = 0
        try:
            while self.at < len(chunk):
                tick += self._variable()
                status = chunk[self.at]
                if status < 0x80:
                    # Kept across meta events and system exclusive too: the standard forbids it, writers do it.
                    status = running
                else:
                    self.at += 1
                kind = status & 0xF0
                if status in (0xFF, 0xF0, 0xF7):
                    meta_type = 0
                    if status == 0xFF:
                        meta_type = chunk[self.at]
                        self.at += 1
                    payload = self._payload()
                    if meta_type == END_OF_TRACK and status == 0xFF:
                        return RawTrack(tuple(channel_events), tuple(meta_events), tick, tuple(control_events))
                    if status == 0xFF:
                        meta_events.append((tick, meta_type, payload))
                    continue
                if not 0x80 <= status < 0xF0:
                    raise self._damaged()
                running = status
                first = chunk[self.at]
                second = 0 if kind in (PROGRAM, 0xD0) else chunk[self.at + 1]
                self.at += 1 if kind in (PROGRAM, 0xD0) else 2
                if first > 127 or second > 127:
                    raise self._damaged()
                if kind in (CONTROL, PITCH_BEND):
                    control_events.append((tick, status, first, second))
                elif kind in (NOTE_ON, NOTE_OFF, PROGRAM):
                    channel_events.append((tick, status, first, second))
                    self.notes += kind == NOTE_ON and second > 0
                    if self.notes > most_notes:
                        raise UnreadableMidi(
                            f"the MIDI file holds more than {MOST_NOTES} notes", hint="export only the melody"
                        )
        except IndexError:
            raise self._damaged() from None
        if not self.whole:
            raise self._damaged()
        return RawTrack(tuple(channel_events), tuple(meta_events), tick, tuple(control_events))

    def _variable(self) -> int:
        """A number of one to four bytes, seven bits in each."""
        value = 0
        for _ in range(4):
            byte = self.chunk[self.at]
            self.at += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise self._damaged()

    def _payload(self) -> bytes:
        length = self._variable()
        payload = self.chunk[self.at : self.at + length]
        if len(payload) < length:
            raise self._damaged()
        self.at += length
        return payload

    def _damaged(self) -> UnreadableMidi:
        how = "is damaged" if self.whole else "breaks off"
        return UnreadableMidi(f"the MIDI file {how} in track {self.number}, at its byte {self.at}", hint=EXPORT_AGAIN)


def meta(meta_type: int, payload: bytes) -> bytes:
    """A meta event without its delta time."""
    return bytes((0xFF, meta_type)) + variable(len(payload)) + payload


def variable(value: int) -> bytes:
    """A number in seven bits a byte, the most significant first."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def track_chunk(events: Iterable[tuple[int, bytes]], end_tick: int) -> bytes:
    """A track chunk of (tick, event) pairs in order of time, with its end at `end_tick`."""
    body = bytearray()
    now = 0
    for tick, event in events:
        body += variable(tick - now) + event
        now = tick
    body += variable(end_tick - now) + meta(END_OF_TRACK, b"")
    return b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def file_bytes(tracks: Iterable[bytes], *, division: int) -> bytes:
    """A file of type 1 from its track chunks."""
    chunks = list(tracks)
    return b"MThd" + struct.pack(">IHHh", 6, 1, len(chunks), division) + b"".join(chunks)
