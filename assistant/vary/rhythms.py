"""Techniques that move the notes in time: retrograde, augmentation, diminution, displacement,
syncopation, new rhythm.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

from assistant.vary.phrase import GRID_TICKS, SHORTEST_TICKS, Phrase, Tone, shifted, stepped, until


def retrograde(phrase: Phrase, _random: Random, _strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody backwards, pitches and rhythm, between its first onset and its last end."""
    if not phrase.tones:
        return ()
    both_ends = phrase.tones[0].start + phrase.tones[-1].end
    return tuple(t._replace(start=both_ends - t.end) for t in reversed(phrase.tones))


def augmentation(phrase: Phrase, _random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The opening twice as slow, for as long as the phrase lasts. A pick-up stays as it is; what begins on the first
    full bar still does. Half as slow again (3:2) in triple bars when weak, where the lengths allow."""
    start = phrase.downbeat
    up, down = 2, 1
    if strength < 0.5 and all((t.length * 3) % (2 * GRID_TICKS) == 0 for t in phrase.tones):
        up, down = 3, 2
    pickup = until(phrase.tones, start)
    slow = (
        Tone(start + (t.start - start) * up // down, t.pitch, t.length * up // down, t.velocity)
        for t in phrase.tones
        if t.start >= start
    )
    return (*pickup, *until(slow, phrase.length))


def diminution(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The melody twice as fast, said twice; the second time as it was or a step or a third away. Nothing becomes
    shorter than a 16th: a phrase with 16ths stays as it is."""
    start = phrase.downbeat
    body = [t for t in phrase.tones if t.start >= start]
    if any(t.length < 2 * SHORTEST_TICKS or t.length % (2 * GRID_TICKS) or t.start % (2 * GRID_TICKS) for t in body):
        return phrase.tones
    fast = tuple(Tone(start + (t.start - start) // 2, t.pitch, t.length // 2, t.velocity) for t in body)
    again = shifted(fast, (phrase.length - start) // 2)
    if strength >= 0.5:
        again = stepped(again, phrase.key, random.choice((0, 1, -1, 2, -2)))
    return (*until(phrase.tones, start), *until(fast, start + (phrase.length - start) // 2), *again)


def rhythmic_displacement(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The whole melody later: by half a pulse (in compound metres a third), or by a pulse when strong. What falls off
    the end is lost."""
    choices = [phrase.half_pulse_ticks]
    if strength > 0.5 and phrase.bar_ticks > 2 * phrase.pulse_ticks:
        choices.append(phrase.pulse_ticks)
    later = random.choice(choices)
    first = phrase.tones[0] if phrase.tones else None
    if first and first.start >= phrase.half_pulse_ticks and random.random() < 0.5:
        later = -phrase.half_pulse_ticks
    return until(shifted(phrase.tones, later), phrase.length)


def syncopation(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """Notes on a pulse come early by half of it (in compound metres a third), over the beat; the notes before them
    give way. When weak only some of them."""
    early = phrase.half_pulse_ticks
    tones = list(phrase.tones)
    able = [
        i
        for i, (before, tone) in enumerate(pairwise(tones), 1)
        if tone.start % phrase.pulse_ticks == 0
        and (tone.start - before.start > early or tone.start - before.end >= early)
        and tone.length >= early
    ]
    moved = set(random.sample(able, max(1, round(strength * len(able))))) if able else set()
    result: list[Tone] = []
    for i, tone in enumerate(tones):
        start = tone.start - early if i in moved else tone.start
        if result and result[-1].end > start:
            result[-1] = result[-1]._replace(length=start - result[-1].start)
        result.append(tone._replace(start=start, length=tone.end - start))
    return tuple(result)


def new_rhythm(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The same pitches in another rhythm of as many notes: pairs of notes dotted, turned about or evened out, bar by
    bar; when weak only some pairs."""
    tones = list(phrase.tones)
    pairs = [
        i
        for i, (a, b) in enumerate(pairwise(tones))
        if a.end == b.start and a.start // phrase.bar_ticks == b.start // phrase.bar_ticks
    ]
    if not pairs:
        return phrase.tones
    random.shuffle(pairs)
    wanted = max(1, round(strength * len(tones) / 2))
    used: set[int] = set()
    done = 0
    for i in pairs:
        if done == wanted:
            break
        if i in used or i + 1 in used:
            continue
        lengths = _turned(phrase, tones[i], tones[i + 1].length, random)
        if lengths:
            tones[i] = tones[i]._replace(length=lengths[0])
            tones[i + 1] = tones[i + 1]._replace(start=tones[i].end, length=lengths[1])
            used |= {i, i + 1}
            done += 1
    return tuple(tones)


def _turned(phrase: Phrase, tone: Tone, second: int, random: Random) -> tuple[int, int] | None:
    """Two lengths of the same sum as those of a tone and the next: long-short, short-long, even or the two exchanged.
    The second note begins on a pulse or half of one, or the two fill no more than a pulse."""
    first = tone.length
    whole = first + second
    shares = ((3, 1), (1, 1), (2, 1), (1, 3), (1, 2)) if whole % 3 == 0 else ((3, 1), (1, 1), (1, 3))
    options = [(whole * a // (a + b), whole * b // (a + b)) for a, b in shares if whole % (a + b) == 0]
    options.append((second, first))
    fitting = [
        pair
        for pair in options
        if pair != (first, second)
        and all(length in (first, second) or _plain(length) for length in pair)
        and min(pair) >= min(first, second, SHORTEST_TICKS)
        and (phrase.stress(tone.start + pair[0]) > 0 or whole <= phrase.pulse_ticks)
    ]
    return random.choice(fitting) if fitting else None


def _plain(length: int) -> bool:
    """A whole number of 16ths."""
    return length >= SHORTEST_TICKS and length % SHORTEST_TICKS == 0
