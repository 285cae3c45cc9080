"""A drum part in ticks, and what its sounds are for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.vary.phrase import Tone, tone_of
from midi.harmony import stress
from midi.motif import Motif
from midi.tempo import Meter

ROLES: dict[str, tuple[int, ...]] = {
    "kick": (36, 35),
    "snare": (38, 40, 37, 39),
    "hats": (42, 44, 46),
    "toms": (50, 48, 47, 45, 43, 41),
    "cymbals": (51, 59, 53, 49, 57, 52, 55),
}
"""The sounds of General MIDI's kits by what they are for, the usual one first; toms from high to low."""
_ROLE_OF = {pitch: role for role, pitches in ROLES.items() for pitch in pitches}
TIMEKEEPERS = (42, 44, 46, 51, 59, 53, 82, 70, 54, 69)
"""Hats, rides, shakers: what may tick through a bar."""


def role_of(pitch: int) -> str:
    """What a sound is for; "percussion" for what is no part of the kit."""
    return _ROLE_OF.get(pitch, "percussion")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Hits in order of time and pitch, no two at one moment on one sound, over whole bars."""

    hits: tuple[Tone, ...]
    bars: int
    meter: Meter

    @property
    def bar_ticks(self) -> int:
        return round(self.meter.bar_beats * 480)

    @property
    def pulse_ticks(self) -> int:
        return round(self.meter.pulse_beats * 480)

    @property
    def fine_ticks(self) -> int:
        """A 16th; in compound metres, too."""
        return 120

    @property
    def length(self) -> int:
        return self.bars * self.bar_ticks

    def of(self, role: str) -> tuple[Tone, ...]:
        return tuple(hit for hit in self.hits if role_of(hit.pitch) == role)

    def stress(self, tick: int) -> int:
        return stress(self.meter, tick % self.bar_ticks)

    def sound(self, role: str) -> int:
        """The sound that the part uses most for a role, else the usual one."""
        used = Counter(hit.pitch for hit in self.of(role))
        return used.most_common(1)[0][0] if used else ROLES[role][0]

    @property
    def timekeeper(self) -> int | None:
        """The sound that ticks through the bars, if there is one: three times a bar or more."""
        used = Counter(hit.pitch for hit in self.hits if hit.pitch in TIMEKEEPERS)
        pitch, count = used.most_common(1)[0] if used else (0, 0)
        return pitch if count >= 3 * self.bars else None

    def with_hits(self, hits: Iterable[Tone]) -> Pattern:
        """The same bars with other hits: of two at one moment on one sound the louder, each over before the next."""
        loudest: dict[tuple[int, int], Tone] = {}
        for hit in hits:
            at = hit.start, hit.pitch
            if 0 <= hit.start < self.length and (at not in loudest or loudest[at].velocity < hit.velocity):
                loudest[at] = hit
        return replace(self, hits=cut(loudest.values(), self.length))


def cut(hits: Iterable[Tone], length: int) -> tuple[Tone, ...]:
    """Hits in order, each ending where its sound is struck again or the part ends."""
    following: dict[int, int] = {}
    found = []
    for hit in sorted(hits, reverse=True):
        room = following.get(hit.pitch, length) - hit.start
        found.append(hit if hit.length <= room else hit._replace(length=room))
        following[hit.pitch] = hit.start
    return tuple(sorted(found))


def pattern_of(motif: Motif) -> Pattern:
    return Pattern((), motif.bars, motif.meter).with_hits(map(tone_of, motif.notes))


def alike(a: Iterable[Tone], b: Iterable[Tone]) -> float:
    """The share of hits that two parts have in common (F-measure): 1 the same, 0 none."""
    one, other = ({(hit.start, hit.pitch) for hit in hits} for hits in (a, b))
    return round(2 * len(one & other) / max(1, len(one) + len(other)), 9)
