"""A score: named tracks under one tempo, metre and key; and the melody in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from midi.bend import Bends
from midi.clip import Clip
from midi.errors import InvalidMusic, UnreadableMidi
from midi.motif import Motif
from midi.note import Note, on_grid
from midi.scale import Key
from midi.tempo import Meter, Tempo

DRUM_CHANNEL = 9
"""Channel 10 as musicians count: General MIDI plays drums there."""
LONGEST_BEATS = 40_000.0
"""Over five hours at 120 BPM: a longer score is damaged, or no music."""
_MELODY_NAMES = ("melod", "vocal", "voice", "lead", "sing", "sopran", "gesang", "stimme", "canto", "voix")


@dataclass(frozen=True, slots=True)
class Track:
    """One part. `program` is a General MIDI program 0..127, `channel` 0..15 (9 is drums). The clip takes the name.

    `bends`, where there are any, are those of each of the clip's notes: of the whole channel, so for one voice alone,
    or with `mpe` of each note by itself. Raises `InvalidMusic`.
    """

    name: str
    clip: Clip
    program: int | None = None
    channel: int = 0
    bends: Bends = ()
    mpe: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.channel <= 15 or not 0 <= (self.program or 0) <= 127:
            raise InvalidMusic(
                f"channel {self.channel} and program {self.program} are not within 0..15 and 0..127",
                hint="choose an instrument by name",
            )
        if self.clip.length_beats > LONGEST_BEATS:
            raise InvalidMusic(
                f"{self.clip.length_beats:g} beats are over the limit of {LONGEST_BEATS:g}", hint="cut the clip"
            )
        if self.bends and len(self.bends) != len(self.clip):
            raise InvalidMusic(
                f"bends of {len(self.bends)} notes do not fit {len(self.clip)}", hint="give each note its bends"
            )
        if any(self.bends) and not self.mpe and not self.clip.one_voice:
            raise InvalidMusic("notes that sound at once cannot bend on one channel", hint="write them as MPE")
        if self.clip.name != self.name:
            object.__setattr__(self, "clip", replace(self.clip, name=self.name))


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """A named place."""

    beats: float
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "beats", on_grid(max(0.0, self.beats)))


@dataclass(frozen=True, slots=True)
class Score:
    """What a MIDI file holds, with one tempo, metre and key: the first of each.

    `key` is None where a file names none. `remarks` are sentences on what was left out or mended in reading;
    `from_elsewhere` says that another program wrote the file. Neither counts in comparison.
    """

    tracks: tuple[Track, ...]
    tempo: Tempo = field(default_factory=Tempo)
    meter: Meter = field(default_factory=Meter)
    key: Key | None = None
    markers: tuple[Marker, ...] = ()
    name: str = ""
    remarks: tuple[str, ...] = field(default=(), compare=False)
    from_elsewhere: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "markers", tuple(sorted(self.markers)))


def motif_score(
    motif: Motif,
    *,
    name: str = "",
    program: int | None = None,
    channel: int | None = None,
    markers: Iterable[Marker] = (),
    bends: Bends = (),
    mpe: bool = False,
) -> Score:
    """A score with the motif as its one track, named `name` (else as the clip is, else "Melody"); drums lie on their
    own channel where no other is given."""
    if channel is None:
        channel = DRUM_CHANNEL if motif.drums else 0
    track = Track(name or motif.clip.name or "Melody", motif.clip, program, channel, bends, mpe)
    return Score((track,), motif.tempo, motif.meter, motif.key, tuple(markers), name=track.name)


def motif_of(
    score: Score,
    *,
    key: Key | None = None,
    meter: Meter | None = None,
    tempo: Tempo | None = None,
    drums: bool = False,
    together: bool = False,
) -> Motif:
    """The melodic track of a score as a motif; what is given counts more than what the score says.

    Where nothing but drums sounds, or `drums` are asked for, it is their busiest track; `together` all but drums.

    The first beat of the score is a bar line and stays one. Empty bars before the music of another program's file are
    dropped, and those after it where they outlast it. Without a key anywhere the notes tell it. Polyphony is kept.
    Raises `UnreadableMidi` where nothing sounds, or no drums where they are asked for.
    """
    sounding = [track for track in score.tracks if track.clip.notes]
    drums = drums or (bool(sounding) and all(track.channel == DRUM_CHANNEL for track in sounding))
    if together and not drums:
        clip = _all_of(pitched_tracks(score))
    else:
        clip = (drum_track(score) if drums else melodic_track(score)).clip
    meter = meter or score.meter
    if score.from_elsewhere:
        clip = _without_empty_bars(clip, meter.bar_beats)
    key = key or score.key
    if key is None and drums:
        key = Key()
    if key is None:
        from midi.keyfinding import key_of

        key = key_of(clip)
    return Motif(clip, key, meter, tempo or score.tempo, drums)


def pitched_tracks(score: Score) -> list[Track]:
    """The tracks in which something but drums sounds."""
    return [track for track in score.tracks if track.clip.notes and track.channel != DRUM_CHANNEL]


def _all_of(tracks: Sequence[Track]) -> Clip:
    """The notes of all tracks in one clip; of two that begin at once on one pitch the longer one."""
    notes: dict[tuple[float, int], Note] = {}
    for note in sorted((note for track in tracks for note in track.clip.notes), key=lambda note: note.length_beats):
        notes[note.start_beats, note.pitch] = note
    return Clip(tuple(notes.values()), length_beats=max(track.clip.length_beats for track in tracks))


def drum_track(score: Score) -> Track:
    """The busiest track of drums. Raises `UnreadableMidi` where there is none."""
    tracks = [track for track in score.tracks if track.channel == DRUM_CHANNEL and track.clip.notes]
    if not tracks:
        raise UnreadableMidi("the MIDI file holds no drums (channel 10)", hint="put the drums on channel 10")
    return max(tracks, key=lambda track: len(track.clip))


def melodic_track(score: Score) -> Track:
    """The track that most likely bears the melody: one that is named so, else the highest of those that play much.

    Much is a quarter of the notes of the busiest track. Drums never bear it. Raises `UnreadableMidi`.
    """
    sounding = [track for track in score.tracks if track.clip.notes]
    if not sounding:
        raise UnreadableMidi("the MIDI file holds no notes", hint="export the track with the melody")
    pitched = [track for track in sounding if track.channel != DRUM_CHANNEL]
    if not pitched:
        raise UnreadableMidi(
            "the MIDI file holds only drums (channel 10)", hint="put the melody on another channel and export it again"
        )
    named = [track for track in pitched if any(word in track.name.lower() for word in _MELODY_NAMES)]
    candidates = named or pitched
    much = max(len(track.clip) for track in candidates) / 4
    return max(
        (track for track in candidates if len(track.clip) >= much),
        key=lambda track: sum(track.clip.pitches) / len(track.clip),
    )


def _without_empty_bars(clip: Clip, bar_beats: float) -> Clip:
    """The clip from the bar of its first note; to the bar of its last one where more silence follows than music."""
    skipped = math.floor(clip.notes[0].start_beats / bar_beats + 1e-9) * bar_beats
    notes = tuple(note.moved(-skipped) for note in clip.notes)
    music = math.ceil(max(note.end_beats for note in notes) / bar_beats - 1e-9) * bar_beats
    length = clip.length_beats - skipped
    return replace(clip, notes=notes, length_beats=music if length > 2 * music else length)
