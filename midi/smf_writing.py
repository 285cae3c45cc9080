"""Scores as Standard MIDI Files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from midi.note import TICKS_PER_BEAT, Note, ticks
from midi.scale import Key
from midi.score import Score, Track
from midi.smf_events import (
    KEY,
    MARKER,
    METER,
    NOTE_OFF,
    NOTE_ON,
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
    a note that goes on while its own pitch is struck again in the same track is cut there, as a synthesiser would.
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
        events.append((0, 0, meta(TRACK_NAME, track.name.encode("utf-8", "replace"))))
    if track.program is not None:
        events.append((0, 1, bytes((PROGRAM | track.channel, track.program))))
    for start, end, pitch, velocity in _untangled(track.clip.notes):
        # Offs come before ons, so that a repeated note is struck anew and not silenced at once.
        events.append((start, 3, bytes((NOTE_ON | track.channel, pitch, velocity))))
        events.append((end, 2, bytes((NOTE_OFF | track.channel, pitch, 64))))
    events.sort()
    return track_chunk(((tick, event) for tick, _, event in events), ticks(track.clip.length_beats))


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
