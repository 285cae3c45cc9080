"""What a composer asks of variations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from assistant.errors import InvalidBrief
from midi.pitch import PitchRange
from midi.scale import Key

Keep = Literal["rhythm", "contour", "pitches"]
KEEPS: tuple[str, ...] = get_args(Keep)
Source = Literal["both", "rules", "model"]
Texture = Literal["auto", "melody", "voices", "drums"]
Chords = Literal["keep", "reharmonise"]
LEARNED = "learned"
"""The name of the learned model among the techniques."""
MOST_NEW_BARS = 32
MOST = 1000
"""The most variations asked for at once."""
LEAST_DENSITY, MOST_DENSITY = 0.1, 8.0


@dataclass(frozen=True, slots=True)
class Brief:
    """What is asked of variations; every entry but `closeness` holds in each of them without exception.

    `count`: how many. `closeness`: how near to the motif, 1 the same, 0 nothing in common (`midi.compare`); None for a
    spread from near to far. `techniques`: only these, by name; none for all. `keep`: the same *rhythm* (onsets and
    lengths), *contour* (as many notes, each interval going the same way: up, down or level) or *pitches* (the same
    sequence of pitches). `locked_bars`: bars that stay as they are to the tick, the first bar is 1. `locked_notes`:
    notes of the melody that must appear as they are, the first is 1. `key`: the key that all other pitches lie in; None
    for the motif's own, and the notes foreign to it that the motif itself uses. `pitch_range`: that all pitches outside
    locked bars lie in; None for the motif's own range and up to a fifth beyond. `density`: how many times as many
    notes, within a tenth (at least one note) either way. `seed`: the same seed gives the same variations. `source`:
    whether the rules or the learned model make them, or both; techniques asked for by name are the rules', but for
    `"learned"`, the model's. `overlap`: in place of a closeness the share of the sounding time in which the same pitch
    sounds, the least and the most; within that they are spread as people's variations are. `texture`: the motif taken
    as a *melody* with or without chords, as *voices* that are varied one by one, as *drums*; *auto* as what it looks
    like. `chords`: those under the melody *keep* still or are *reharmonise*d; None: they stay, and move along where the
    whole melody is moved. `chromatic`: the learned model may leave the motif's own key for a note now and then, as
    people do. `model`: one of the composer's own by name, in place of the shipped one. One of three may be asked to be
    written anew while all else stays: bars to `fill`, so many bars by which it `goes_on`, an `answer` as long as
    itself.
    Raises `InvalidBrief` for values that make no sense by themselves; those that contradict the motif are found by
    `assistant.vary.vary`.
    """

    count: int = 10
    closeness: float | None = None
    techniques: tuple[str, ...] = ()
    keep: Keep | None = None
    locked_bars: frozenset[int] = frozenset()
    locked_notes: frozenset[int] = frozenset()
    key: Key | None = None
    pitch_range: PitchRange | None = None
    density: float | None = None
    seed: int = 0
    source: Source = "both"
    overlap: tuple[float, float] | None = None
    texture: Texture = "auto"
    chords: Chords | None = None
    chromatic: bool = False
    model: str = ""
    fill: frozenset[int] = frozenset()
    goes_on: int = 0
    answer: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST:
            raise InvalidBrief(f"{self.count} variations cannot be made", hint=f"ask for 1 to {MOST}")
        if self.closeness is not None and not (math.isfinite(self.closeness) and 0 <= self.closeness <= 1):
            raise InvalidBrief(
                f"closeness {self.closeness:g} is outside 0..1", hint="give 0.9 for near, 0.2 for far, or leave it out"
            )
        if self.overlap is not None and not 0 <= self.overlap[0] < self.overlap[1] <= 1:
            raise InvalidBrief(
                f"overlap {self.overlap[0]:g}-{self.overlap[1]:g} is no part of 0..1", hint="give it such as 0.35-0.8"
            )
        if self.overlap is not None and self.closeness is not None:
            raise InvalidBrief("closeness and overlap are two ways to say how near", hint="leave one of them out")
        if self.keep is not None and self.keep not in KEEPS:
            raise InvalidBrief(f"{self.keep!r} cannot be kept", hint=f"keep {', '.join(KEEPS)}")
        if self.source not in get_args(Source):
            raise InvalidBrief(f"{self.source!r} makes no variations", hint=f"ask for {', '.join(get_args(Source))}")
        if self.texture not in get_args(Texture):
            raise InvalidBrief(f"{self.texture!r} is no texture", hint=f"ask for {', '.join(get_args(Texture))}")
        if self.chords is not None and self.chords not in get_args(Chords):
            raise InvalidBrief(f"chords cannot be {self.chords!r}", hint=f"ask for {', '.join(get_args(Chords))}")
        if self.source == "model" and set(self.techniques) - {LEARNED}:
            raise InvalidBrief(
                f"the model knows no technique by name ({', '.join(self.techniques)})",
                hint="leave the techniques out, or ask the rules for them",
            )
        if self.source == "rules" and LEARNED in self.techniques:
            raise InvalidBrief("the rules are not learned", hint="leave out the source, or that technique")
        if any(bar < 1 for bar in self.locked_bars):
            raise InvalidBrief(
                f"bar {min(self.locked_bars)} cannot be locked: the first bar is 1", hint="count bars from 1"
            )
        if any(note < 1 for note in self.locked_notes):
            raise InvalidBrief(
                f"note {min(self.locked_notes)} cannot be locked: the first note is 1", hint="count notes from 1"
            )
        if self.density is not None and not (
            math.isfinite(self.density) and LEAST_DENSITY <= self.density <= MOST_DENSITY
        ):
            raise InvalidBrief(
                f"density {self.density:g} is outside {LEAST_DENSITY:g}..{MOST_DENSITY:g}",
                hint="1 is as many notes as the motif has, 2 twice as many",
            )
        if not 0 <= self.goes_on <= MOST_NEW_BARS:
            raise InvalidBrief(f"{self.goes_on} bars cannot be gone on with", hint=f"ask for 1 to {MOST_NEW_BARS}")
        if self.chromatic and self.key is not None:
            raise InvalidBrief(
                f"staying in {self.key} and chromatic notes contradict each other", hint="leave one of them out"
            )
        self._check_anew()
        object.__setattr__(self, "fill", frozenset(self.fill))
        object.__setattr__(self, "techniques", tuple(self.techniques))
        object.__setattr__(self, "locked_bars", frozenset(self.locked_bars))
        object.__setattr__(self, "locked_notes", frozenset(self.locked_notes))

    @property
    def anew(self) -> bool:
        """Whether something is to be written anew."""
        return bool(self.fill or self.goes_on or self.answer)

    def _check_anew(self) -> None:
        if not self.anew:
            return
        if sum((bool(self.fill), bool(self.goes_on), self.answer)) > 1:
            raise InvalidBrief("filling, going on and answering are three things", hint="ask for one of them")
        if any(bar < 1 for bar in self.fill):
            raise InvalidBrief(f"bar {min(self.fill)} cannot be filled: the first bar is 1", hint="count bars from 1")
        if self.fill & self.locked_bars:
            raise InvalidBrief(
                f"bar {min(self.fill & self.locked_bars)} cannot be locked and filled",
                hint="unlock it or do not fill it",
            )
        others = {
            "a technique": self.techniques,
            "what is kept": self.keep,
            "a density": self.density,
            "a closeness": self.closeness is not None or self.overlap,
            "chords": self.chords,
            "the rules": self.source == "rules",
            "chromatic notes": self.chromatic,
            "locked notes": self.locked_notes,
        }
        for what, given in others.items():
            if given:
                raise InvalidBrief(f"what is written anew takes no word on {what}", hint="leave that out")

    def note_counts(self, notes: int) -> range:
        """The numbers of notes that `density` allows for a motif of so many; any where it is None."""
        if self.density is None:
            return range(1, 1 << 30)
        asked = self.density * notes
        low = math.ceil(min(asked * 0.9, asked - 1) - 1e-9)
        high = math.floor(max(asked * 1.1, asked + 1) + 1e-9)
        return range(max(1, low), high + 1)
