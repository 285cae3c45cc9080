"""Scores as Standard MIDI Files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from midi.bend import CHANNEL_RANGE_SEMITONES, MPE_RANGE_SEMITONES
from midi.note import TICKS_PER_BEAT, Note, ticks
from midi.scale import Key
from midi.score import Score, Track
from midi.smf_events import (
    BEND_CENTRE,
    BEND_RANGE,
    CONTROL,
    KEY,
    MARKER,
    METER,
    MPE_MEMBERS,
    MPE_ZONE,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PROGRAM,
    TEMPO,
    TEXT,
    TRACK_NAME,
    file_bytes,
    meta,
    track_chunk,
)
from midi.tempo import Tempo

MARK = "Hummingbridge: "
"""How the text begins by which our own files are known."""


def smf_bytes(score: Score) -> bytes:
    """The score as a file of type 1, 480 ticks a beat.

    First a conductor track: name, tempo, metre, key, markers; then a track for each part, with its program at tick 0,
    each as long as its clip. Names are UTF-8. `read_smf` gives the same score back, with one limit of MIDI itself:
    a note that goes on while its own pitch is struck again in the same track is cut there, as a synthesiser would; not
    so in MPE, where each note has its channel. Bends are written as the channel's, or with MPE as each note's own, and
    go back to the middle where their note ends; the ranges are set at the start.
    """
    end = max((ticks(track.clip.length_beats) for track in score.tracks), default=0)
    end = max([end, *(ticks(marker.beats) for marker in score.markers)])
    markers = [(ticks(marker.beats), meta(MARKER, marker.text.encode("utf-8", "replace"))) for marker in score.markers]
    conductor = track_chunk([*((0, event) for event in _conductor_events(score)), *markers], end)
    return file_bytes([conductor, *(_track_bytes(track) for track in score.tracks)], division=TICKS_PER_BEAT)


def _conductor_events(score: Score) -> Iterable[bytes]:
    if score.name:
        yield meta(TRACK_NAME, score.name.encode("utf-8", "replace"))
    # MIDI rounds the tempo to a microsecond a beat and knows two modes; in words both are exact.
    yield meta(TEXT, f"{MARK}{score.tempo.bpm!r} BPM{f', {score.key}' if score.key else ''}".encode())
    yield meta(TEMPO, microseconds(score.tempo).to_bytes(3, "big"))
    meter = score.meter
    yield meta(
        METER,
        bytes((meter.numerator, meter.denominator.bit_length() - 1, max(1, round(24 * meter.pulse_beats)), 8)),
    )
    if score.key:
        yield meta(KEY, signature(score.key))


def _track_bytes(track: Track) -> bytes:
    events: list[tuple[int, int, bytes]] = []
    if track.name:
        events.append((0, _NAME, meta(TRACK_NAME, track.name.encode("utf-8", "replace"))))
    if track.program is not None:
        channels = (0, *MPE_MEMBERS) if track.mpe else (track.channel,)
        events += [(0, _PROGRAM, bytes((PROGRAM | channel, track.program))) for channel in channels]
    events += _bent(track) if track.bends or track.mpe else _plain(track)
    events.sort()
    return track_chunk(((tick, event) for tick, _, event in events), ticks(track.clip.length_beats))


_NAME, _SET_UP, _PROGRAM, _OFF, _RESET, _BEND, _ON = range(7)
"""The order of what happens at one tick. Offs come before ons, so that a repeated note is struck anew and not silenced
at once; a bend goes back when its note is over, and is there when the next one begins."""


def _plain(track: Track) -> Iterable[tuple[int, int, bytes]]:
    for start, end, pitch, velocity in _untangled(track.clip.notes):
        yield start, _ON, bytes((NOTE_ON | track.channel, pitch, velocity))
        yield end, _OFF, bytes((NOTE_OFF | track.channel, pitch, 64))


def _bent(track: Track) -> Iterable[tuple[int, int, bytes]]:
    """The notes with their bends: on the track's channel, or with MPE each on the channel that has rested longest."""
    reach = MPE_RANGE_SEMITONES if track.mpe else CHANNEL_RANGE_SEMITONES
    if track.mpe:
        yield 0, _SET_UP, _parameter(0, MPE_ZONE, len(MPE_MEMBERS))
    for channel in MPE_MEMBERS if track.mpe else (track.channel,):
        yield 0, _SET_UP, _parameter(channel, BEND_RANGE, reach)
    free = dict.fromkeys(MPE_MEMBERS if track.mpe else (track.channel,), -1)
    for note, bends in zip(track.clip.notes, track.bends or ((),) * len(track.clip), strict=True):
        channel = min(free, key=lambda one: (free[one], one))
        free[channel] = note.end_ticks
        within = {ticks(bend.beats): bend for bend in bends if ticks(bend.beats) < note.end_ticks - note.start_ticks}
        for after, bend in within.items():
            yield note.start_ticks + after, _BEND, _bend_event(channel, bend.semitones / reach)
        if within:
            yield note.end_ticks, _RESET, _bend_event(channel, 0.0)
        yield note.start_ticks, _ON, bytes((NOTE_ON | channel, note.pitch, note.velocity))
        yield note.end_ticks, _OFF, bytes((NOTE_OFF | channel, note.pitch, 64))


def _bend_event(channel: int, share: float) -> bytes:
    """A pitch bend by a share of its range, -1..1, in 14 bits."""
    value = min(max(round(BEND_CENTRE * (1 + share)), 0), 2 * BEND_CENTRE - 1)
    return bytes((PITCH_BEND | channel, value & 0x7F, value >> 7))


def _parameter(channel: int, number: int, value: int) -> bytes:
    """A registered parameter set to a value, then let go of; four events at one tick."""
    pairs = ((101, 0), (100, number), (6, value), (38, 0), (101, 127), (100, 127))
    return b"\0".join(bytes((CONTROL | channel, controller, data)) for controller, data in pairs)


def _untangled(notes: Iterable[Note]) -> list[tuple[int, int, int, int]]:
    """Start, end, pitch, velocity of notes of which none sounds while its own pitch is struck again."""
    by_pitch: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for note in notes:
        voice = by_pitch[note.pitch]
        start, end, velocity = note.start_ticks, note.end_ticks, note.velocity
        if voice and voice[-1][0] == start:
            _, other_end, other_velocity = voice.pop()
            end, velocity = max(end, other_end), max(velocity, other_velocity)
        elif voice and voice[-1][1] > start:
            voice[-1] = (voice[-1][0], start, voice[-1][2])
        voice.append((start, end, velocity))
    return [(start, end, pitch, velocity) for pitch, voice in by_pitch.items() for start, end, velocity in voice]


def microseconds(tempo: Tempo) -> int:
    """Microseconds a beat, as MIDI counts tempo."""
    return round(60_000_000 / tempo.bpm)


def signature(key: Key) -> bytes:
    """Sharps (or flats, negative) and minor (1) or major (0).

    The church modes have no signature in MIDI; they get the one of the major or minor key on their own tonic, so that
    what shows a key name from it shows the right tonic and third.
    """
    fifths = Key(key.tonic, "minor" if key.minor else "major").fifths
    return bytes((fifths & 0xFF, int(key.minor)))
