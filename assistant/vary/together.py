"""Working with variations: steps between two, bars of one in another, a motif grown into a phrase."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from assistant.brief import Brief
from assistant.errors import InvalidBrief
from assistant.vary.make import vary
from midi.clip import Clip
from midi.compare import closeness
from midi.motif import Motif
from midi.note import Note

FORMS = ("sentence", "period")
MIXTURES = 200
"""So many ways to take bars from one or the other are tried at most."""
MOST_BARS = 64


def between(one: Motif, other: Motif, steps: int, *, seed: int = 0) -> tuple[Motif, ...]:
    """Up to `steps` motifs that lead from one to another of the same metre and length: each has bars of both or is a
    variation of either, is nearer to the other than the one before, and none is twice. Raises `InvalidBrief`."""
    _check_alike(one, other)
    random = Random(f"{seed} between")
    ways = 2**one.bars
    picks: Iterable[int] = range(1, ways - 1)
    if ways > MIXTURES:
        picks = [random.randrange(1, ways - 1) for _ in range(MIXTURES)]
    pool = [spliced(one, other, [bar + 1 for bar in range(one.bars) if pick >> bar & 1]) for pick in picks]
    midway = Brief(closeness=closeness(one.clip, other.clip), seed=seed)
    for motif in (one, other):
        pool += [variation.motif for variation in vary(motif, midway)]
    different = {motif.notes: motif for motif in pool if motif.notes not in (one.notes, other.notes)}
    left = sorted(different.values(), key=lambda motif: (_way(one, other, motif), motif.notes))
    found: list[Motif] = []
    for step in range(1, steps + 1):
        left = [motif for motif in left if not found or _way(one, other, motif) > _way(one, other, found[-1])]
        if left:
            found.append(min(left, key=lambda motif: abs(_way(one, other, motif) - step / (steps + 1))))
    return tuple(found)


def spliced(into: Motif, source: Motif, bars: Sequence[int]) -> Motif:
    """Some bars, the first is 1, as they are in another motif of the same metre and length; a note that would sound
    across the border ends there. Raises `InvalidBrief`."""
    _check_alike(into, source)
    beyond = [bar for bar in bars if not 1 <= bar <= into.bars]
    if beyond:
        raise InvalidBrief(f"bar {beyond[0]} is not there", hint=f"give bars 1 to {into.bars}")
    taken = {bar - 1 for bar in bars}
    rest = set(range(into.bars)) - taken
    return into.with_notes((*_within(into, rest), *_within(source, taken)))


def _within(motif: Motif, bars: set[int]) -> list[Note]:
    """The notes that begin in some bars, counted from 0, none sounding beyond them."""
    size = motif.meter.bar_beats
    notes = []
    for note in motif.notes:
        bar = int(note.start_beats // size)
        if bar in bars:
            while bar + 1 in bars:
                bar += 1
            notes.append(replace(note, length_beats=min(note.length_beats, (bar + 1) * size - note.start_beats)))
    return notes


def developed(motif: Motif, form: str, *, seed: int = 0) -> Motif:
    """A phrase four times as long, grown from a motif.

    A sentence is the idea, the idea varied, and a continuation as long as both that comes to rest on the tonic. A
    period is the idea and a half close on the dominant, then the idea again and a close on the tonic.
    Raises `InvalidBrief`.
    """
    if form not in FORMS:
        raise InvalidBrief(f"{form!r} is no form", hint=f"ask for {' or '.join(FORMS)}")
    if 4 * motif.bars > MOST_BARS:
        raise InvalidBrief(f"a {form} of {4 * motif.bars} bars is too long", hint=f"give {MOST_BARS // 4} bars at most")
    if form == "sentence":
        idea = joined([motif, _varied(motif, 0.75, seed)])
        return joined([idea, _closing(_varied(idea, 0.4, seed), 0)])
    return joined([motif, _closing(_varied(motif, 0.45, seed), 4), motif, _closing(_varied(motif, 0.45, seed + 1), 0)])


def joined(motifs: Sequence[Motif]) -> Motif:
    """One after another."""
    notes: list[Note] = []
    now = 0.0
    for motif in motifs:
        notes += [note.moved(now) for note in motif.notes]
        now += motif.bars * motif.meter.bar_beats
    return replace(motifs[0], clip=Clip(tuple(notes), length_beats=now, name=motifs[0].clip.name))


def _varied(motif: Motif, close: float, seed: int) -> Motif:
    return vary(motif, Brief(count=1, closeness=close, seed=seed))[0].motif


def _closing(motif: Motif, degree: int) -> Motif:
    """The same, at the end the nearest note of a degree (0 the tonic) for half of the last bar or all of it; drums as
    they are, and of several voices the last note alone."""
    if motif.drums:
        return motif
    notes = sorted(motif.notes, key=lambda note: (note.start_beats, note.pitch))
    end = motif.bars * motif.meter.bar_beats
    last = notes[-1]
    if all(a.end_beats <= b.start_beats + 1e-9 for a, b in pairwise(notes)):
        # A close on a weak beat is none.
        halves = 2 if motif.meter.bar_beats / motif.meter.pulse_beats % 2 == 0 else 1
        bar = end - motif.meter.bar_beats
        middle = end - motif.meter.bar_beats / halves
        close = middle if any(bar <= note.start_beats < middle for note in notes) else bar
        before = [
            replace(n, length_beats=min(n.length_beats, close - n.start_beats)) for n in notes if n.start_beats < close
        ]
    else:
        close, before = last.start_beats, notes[:-1]
    wanted = motif.key.pitch(degree) % 12
    led = before[-1] if before else last
    pitch = min((p for p in range(128) if p % 12 == wanted), key=lambda p: (abs(p - led.pitch), abs(p - last.pitch)))
    closing = replace(last, start_beats=close, pitch=pitch, length_beats=end - close)
    return motif.with_notes((*before, closing))


def _way(one: Motif, other: Motif, motif: Motif) -> float:
    """How much of the way from one to the other: 0 at the one, 1 at the other."""
    away, left = 1 - closeness(one.clip, motif.clip), 1 - closeness(motif.clip, other.clip)
    return away / max(1e-9, away + left)


def _check_alike(one: Motif, other: Motif) -> None:
    if (one.meter, one.bars) != (other.meter, other.bars):
        raise InvalidBrief(
            f"{one.bars} bars of {one.meter} and {other.bars} bars of {other.meter} do not go together",
            hint="choose two of the same metre and length",
        )
