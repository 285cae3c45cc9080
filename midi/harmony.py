"""Chords of a key, and which of them lie under a melody.

Triads on the degrees of a scale; one chord a bar is found by dynamic programming over how well each fits the bar's
notes (their length and stress) and how usual it is to go from one chord to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from midi.clip import Clip
from midi.scale import Key
from midi.tempo import Meter

_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
# How usual the step from one chord to another is, by how many degrees the root moves up: falling fifths (3) and rising
# fifths (4) lead, then steps (1, 6), then thirds (2, 5); staying costs nothing.
_MOVES = (0.0, -0.35, -0.5, -0.1, -0.2, -0.4, -0.5)
# How much a degree is at home in tonal music: tonic and dominant most, the leading-note triad least.
_HOME = (0.15, -0.05, -0.25, 0.05, 0.1, -0.05, -0.4)
_AVOIDED = 2.5
"""What a bar's own chord must fit better by to be taken again where another is wanted."""
_SUBSTITUTES = {0: (5, 2), 1: (3, 5), 2: (0, 4), 3: (1, 5), 4: (2, 6), 5: (3, 0), 6: (4, 1)}


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad on a degree of a key, 0 = the tonic's."""

    degree: int
    key: Key

    @property
    def pitch_classes(self) -> tuple[int, int, int]:
        """Root, third, fifth."""
        root, third, fifth = (self.key.pitch(self.degree + step) % 12 for step in (0, 2, 4))
        return root, third, fifth

    def __contains__(self, pitch: int) -> bool:
        return pitch % 12 in self.pitch_classes

    def __str__(self) -> str:
        """The numeral, small for a minor third, with ° for a diminished fifth: `"ii"`."""
        root, third, fifth = self.pitch_classes
        numeral = _NUMERALS[self.degree]
        numeral = numeral.lower() if (third - root) % 12 == 3 else numeral
        return numeral + ("°" if (fifth - root) % 12 == 6 else "")

    def nearest(self, pitch: int, *, within: Sequence[int] = range(128)) -> int:
        """The chord's pitch nearest to `pitch`, the lower of two; `pitch` itself where none lies `within`."""
        return min((p for p in within if p in self), key=lambda p: (abs(p - pitch), p), default=pitch)


def triads(key: Key) -> tuple[Chord, ...]:
    """The seven triads of a key, from the tonic's."""
    return tuple(Chord(degree, key) for degree in range(7))


def substitutes(chord: Chord) -> tuple[Chord, ...]:
    """Chords that share two notes or the function with this one, the nearest first: vi and iii for I, ii for IV."""
    return tuple(Chord(degree, chord.key) for degree in _SUBSTITUTES[chord.degree])


def stress(meter: Meter, ticks: int) -> int:
    """How stressed a moment of the bar is: 4 the bar line, 3 the middle of an even bar, 2 a pulse, 1 half a pulse (in
    compound metres a third of one), 0 anything finer. `ticks` from any bar line, 480 to the quarter note."""
    bar, pulse = round(meter.bar_beats * 480), round(meter.pulse_beats * 480)
    within = ticks % bar
    pulses = bar // pulse
    if within == 0:
        return 4
    if within % pulse == 0:
        return 3 if pulses % 2 == 0 and within * 2 == bar and pulses > 2 else 2
    return 1 if within % (pulse // 3 if meter.compound else pulse // 2) == 0 else 0


def harmonised(
    clip: Clip,
    key: Key,
    meter: Meter,
    *,
    avoided: Mapping[int, int] | None = None,
    fixed: Mapping[int, int] | None = None,
) -> tuple[Chord, ...]:
    """One triad of the key for each bar of a clip: those that a simple accompaniment would play.

    By bar, counted from 0: the degree that is `avoided` unless nothing else fits, and the one that is `fixed`.
    """
    chords = triads(key)
    bar = round(meter.bar_beats * 480)
    bars = max(1, -(-round(clip.length_beats * 480) // bar))
    fit = np.zeros((bars, 7))
    # How well each of the twelve pitch classes fits each chord: its notes, and the root a little more.
    shares = np.zeros((12, 7))
    for chord in chords:
        shares[list(chord.pitch_classes), chord.degree] = (1.15, 1.0, 1.0)
    for note in clip.notes:
        start = note.start_ticks
        fit[start // bar] += shares[note.pitch % 12] * (
            (note.end_ticks - start) / bar * (1 + 0.5 * stress(meter, start))
        )
    fit += np.array(_HOME)
    fit[0, 0] += 0.2
    fit[-1, 0] += 0.3
    for bar, degree in (avoided or {}).items():
        fit[bar, degree] -= _AVOIDED
    for bar, degree in (fixed or {}).items():
        fit[bar, np.arange(7) != degree] = -np.inf
    moves = np.array([[_MOVES[(to - come) % 7] for to in range(7)] for come in range(7)])
    best = fit[0]
    back = np.zeros((bars, 7), np.intp)
    for number in range(1, bars):
        ways = best[:, None] + moves
        back[number] = ways.argmax(axis=0)
        best = ways.max(axis=0) + fit[number]
    degrees = [int(best.argmax())]
    for number in range(bars - 1, 0, -1):
        degrees.append(int(back[number, degrees[-1]]))
    return tuple(chords[degree] for degree in reversed(degrees))
