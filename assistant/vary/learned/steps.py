"""Music as the model reads it: bars of steps, 24 ticks to the quarter, pitches relative to the key signature.

A step is one note or rest. A note that crosses a bar line, or whose length is no single symbol, goes on in a tied step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

TICKS_PER_QUARTER = 24
LENGTHS = (1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 20, 24, 30, 32, 36, 42, 48, 54, 60, 66, 72, 84, 96, 108, 120, 132, 144)
"""Lengths of a step in ticks; any other length is a chain of tied steps."""
LENGTH_INDEX = {ticks: index for index, ticks in enumerate(LENGTHS)}
LOWEST, HIGHEST = -22, 33
"""Pitches in semitones from the `do` nearest below the middle of the melody."""
PITCHES = HIGHEST - LOWEST + 1
REST, TIED, UNKNOWN, NOTHING = PITCHES, PITCHES + 1, PITCHES + 2, PITCHES + 3
"""Pitch symbols besides the pitches: silence, the note goes on, hidden from the model, no such step."""
PITCH_SYMBOLS, PITCH_CHOICES = PITCHES + 4, PITCHES + 2
LENGTH_UNKNOWN, LENGTH_NOTHING = len(LENGTHS), len(LENGTHS) + 1
LENGTH_SYMBOLS = len(LENGTHS) + 2
LONGEST_BAR, MOST_BARS = 144, 16
METRES = ((2, 4), (3, 4), (4, 4), (6, 8), (9, 8), (12, 8), (3, 8), (2, 2), (3, 2), (6, 4))
OTHER_METRE = len(METRES)


class Step(NamedTuple):
    """`onset` in ticks from the bar line, `length` an index into `LENGTHS`, `pitch` an index (`LOWEST` is 0) or `REST`.

    `tied`: the note began before.
    """

    onset: int
    length: int
    pitch: int
    tied: bool = False

    @property
    def ticks(self) -> int:
        return LENGTHS[self.length]

    @property
    def end(self) -> int:
        return self.onset + LENGTHS[self.length]

    @property
    def symbol(self) -> int:
        """The pitch symbol: `TIED` where the note goes on."""
        return TIED if self.tied else self.pitch

    @property
    def begins(self) -> bool:
        """Whether a note starts here."""
        return not self.tied and self.pitch < PITCHES


Bar = tuple[Step, ...]
Bars = tuple[Bar, ...]


def metre_index(numerator: int, denominator: int) -> int:
    """The symbol of a metre; one symbol for all that are not in `METRES`."""
    same = {(4, 8): (2, 4), (8, 8): (4, 4), (6, 16): (6, 8)}.get((numerator, denominator), (numerator, denominator))
    return METRES.index(same) if same in METRES else OTHER_METRE


def beat_ticks(numerator: int, denominator: int) -> int:
    """How long a felt beat is: dotted in compound time."""
    unit = 4 * TICKS_PER_QUARTER // denominator
    return 3 * unit if numerator % 3 == 0 and denominator >= 8 else unit


@cache
def pieces(ticks: int) -> tuple[int, ...]:
    """The indices of the fewest lengths, longest first, that a stretch of `ticks` is made of."""
    found = []
    while ticks:
        length = max(step for step in LENGTHS if step <= ticks)
        found.append(LENGTH_INDEX[length])
        ticks -= length
    return tuple(found)


REST_LENGTHS = (48, 24, 12, 8, 6, 4, 3, 2, 1)
"""Of rests shorter than a beat."""


@cache
def rests(onset: int, end: int, bar_ticks: int, beat_ticks: int) -> tuple[int, ...]:
    """The indices of the lengths of a rest, as scores write it: by the beat, each on a multiple of itself, a whole bar
    as one. So are 98 % of the rests of OpenScore's songs and quartets. Where nothing sounds a recording or a MIDI file
    cannot say how the rest is written, and all melodies are read alike."""
    if end - onset == bar_ticks:
        return pieces(bar_ticks)
    found = []
    while onset < end:
        into = onset % beat_ticks
        longest = min(end - onset, beat_ticks - into)
        length = next(ticks for ticks in REST_LENGTHS if ticks <= longest and into % ticks == 0)
        # A dotted beat of silence is a quarter rest and an eighth rest.
        for beats in () if beat_ticks % 36 == 0 else (1, 2, 4):
            whole = beats * beat_ticks
            if whole in LENGTH_INDEX and onset % whole == 0 and onset + whole <= end and bar_ticks % whole == 0:
                length = whole
        found.append(LENGTH_INDEX[length])
        onset += length
    return tuple(found)


def do_below(pitches: Sequence[int], fifths: int) -> int:
    """The MIDI pitch of the `do` of a key signature at or next below the median of `pitches`."""
    do = fifths * 7 % 12
    middle = sorted(pitches)[len(pitches) // 2]
    return do + 12 * ((middle - do) // 12)


def split_into_bars(notes: Iterable[tuple[int, int, int]], bars: int, bar_ticks: int, beat_ticks: int) -> Bars:
    """Notes `(onset, end, pitch index)` in ticks from the first bar line, one voice, as bars filled up with rests."""
    filled: list[list[Step]] = [[] for _ in range(bars)]

    def add(onset: int, end: int, pitch: int) -> None:
        first = True
        while onset < end:
            bar, at = divmod(onset, bar_ticks)
            stop = min(end, (bar + 1) * bar_ticks)
            after = at + stop - onset
            for length in rests(at, after, bar_ticks, beat_ticks) if pitch == REST else pieces(after - at):
                filled[bar].append(Step(at, length, pitch, tied=not first and pitch != REST))
                at += LENGTHS[length]
                first = False
            onset = stop

    now = 0
    for onset, end, pitch in notes:
        add(now, onset, REST)
        add(onset, end, pitch)
        now = end
    add(now, bars * bar_ticks, REST)
    return tuple(tuple(bar) for bar in filled)


def joined_notes(bars: Bars, bar_ticks: int) -> list[tuple[int, int, int]]:
    """The inverse of `split_into_bars`: `(onset, end, pitch index)` with tied steps joined."""
    notes: list[tuple[int, int, int]] = []
    for number, bar in enumerate(bars):
        for step in bar:
            if step.pitch == REST:
                continue
            onset = number * bar_ticks + step.onset
            if step.tied and notes and notes[-1][1] == onset and notes[-1][2] == step.pitch:
                notes[-1] = (notes[-1][0], onset + step.ticks, step.pitch)
            else:
                notes.append((onset, onset + step.ticks, step.pitch))
    return notes


def untied_start(bars: Bars) -> Bars:
    """The same bars where a note tied over from before becomes one that starts here."""
    head = tuple(step._replace(tied=False) if index == 0 and step.tied else step for index, step in enumerate(bars[0]))
    return (head, *bars[1:])
