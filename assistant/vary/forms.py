"""Techniques that build a phrase anew from a part of it: sequence, call and answer, fragmentation, extension."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from assistant.vary.phrase import Phrase, Tone, cut_between, moved, shifted, stepped, until


def diatonic_sequence(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The opening stated again one step (or two) higher or lower, and again, each time moved on; then the phrase goes
    on as it was. The model is a bar, of long phrases two, of a single bar its first half."""
    model = _unit(phrase)
    steps = random.choice((1, -1)) * (2 if strength > 0.8 and random.random() < 0.3 else 1)
    first = phrase.downbeat
    statements = max(2, min((phrase.length - first) // model, 3 if strength < 0.7 else 4))
    figure = cut_between(phrase.tones, first, first + model)
    if len(figure) < 2:
        return phrase.tones
    result = list(until(phrase.tones, first + model))
    for number in range(1, statements):
        result += stepped(shifted(figure, first + number * model), phrase.key, number * steps)
    end = first + statements * model
    return _joined(result, [t for t in phrase.tones if t.start >= end], phrase.length)


def call_and_answer(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The first half as the call; the second half answers it in the same rhythm: begun as the call or a fourth or fifth
    away, and led by step to the tonic. An odd bar at the end stays as it is."""
    first = phrase.downbeat
    half = _half(phrase)
    call = cut_between(phrase.tones, first, first + half)
    if len(call) < 2:
        return phrase.tones
    away = random.choice((0, 0, -3, 4, -4)) if strength >= 0.5 else 0
    answer = list(stepped(call, phrase.key, away))
    tail = min(len(answer), random.choice((2, 3, 3, 4)))
    goal = _tonic_near(phrase, answer[-1].pitch)
    side = random.choice((1, -1))
    for back in range(tail):
        index = len(answer) - 1 - back
        answer[index] = answer[index]._replace(pitch=moved(phrase.key, goal, side * back))
    middle = first + half
    before = until(phrase.tones, middle)
    end = first + 2 * half
    answered = _joined(before, shifted(answer, middle), end)
    return _joined(answered, [t for t in phrase.tones if t.start >= end], phrase.length)


def fragmentation(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """A short piece of the opening (a pulse or two) torn off and said again and again, each time a step on, up to the
    last bar or half bar, which closes as the phrase did."""
    first = phrase.downbeat
    opening = [t for t in phrase.tones if t.start >= first]
    if not opening:
        return phrase.tones
    cell = 2 * phrase.pulse_ticks if phrase.bar_ticks % (2 * phrase.pulse_ticks) == 0 else phrase.bar_ticks
    if len(cut_between(opening, first, first + cell)) < 2:
        cell = phrase.bar_ticks
    figure = cut_between(opening, first, first + cell)
    close = phrase.length - (phrase.bar_ticks if phrase.bars > 1 else cell)
    if len(figure) < 2 or first + cell >= close:
        return phrase.tones
    steps = random.choice((1, -1))
    # The cell climbs (or falls) for a few statements, then turns back, so that it stays within reach.
    turn = random.choice((2, 3)) if strength < 0.7 else random.choice((3, 4))
    result = list(until(phrase.tones, first))
    for number, start in enumerate(range(first, close, cell)):
        height = number % (2 * turn)
        result += stepped(shifted(figure, start), phrase.key, steps * min(height, 2 * turn - height))
    return _joined(until(result, close), [t for t in phrase.tones if t.start >= close], phrase.length)


def extension(phrase: Phrase, random: Random, strength: float = 1.0) -> tuple[Tone, ...]:
    """The first half led on: its last figure said again, each time a step further, and brought to rest on a long note
    of the tonic chord."""
    first, half = phrase.downbeat, _half(phrase)
    middle = first + half
    figure_length = phrase.bar_ticks if half > phrase.bar_ticks and strength > 0.5 else max(half // 2, 1)
    if half == phrase.bar_ticks and phrase.bar_ticks % (2 * phrase.pulse_ticks):
        figure_length = phrase.bar_ticks
    figure = cut_between(phrase.tones, middle - figure_length, middle)
    if len(figure) < 2:
        return phrase.tones
    steps = random.choice((1, -1))
    result = list(until(phrase.tones, middle))
    start, number = middle, 1
    rest = max(phrase.pulse_ticks, min(phrase.bar_ticks, phrase.length - middle) // (1 if phrase.bars > 2 else 2))
    while start + figure_length <= phrase.length - rest:
        result += stepped(shifted(figure, start), phrase.key, number * steps)
        start, number = start + figure_length, number + 1
    last = result[-1]
    tonic = _tonic_near(phrase, last.pitch)
    goal = min((tonic, moved(phrase.key, tonic, 2), moved(phrase.key, tonic, -3)), key=lambda p: abs(p - last.pitch))
    closing = Tone(start, goal, phrase.length - start, last.velocity)
    return _joined(result, [closing], phrase.length)


def _unit(phrase: Phrase) -> int:
    """The length of a sequence's model."""
    bars = phrase.bars - phrase.downbeat // phrase.bar_ticks
    if bars == 1:
        return phrase.bar_ticks // 2 if phrase.bar_ticks % (2 * phrase.pulse_ticks) == 0 else phrase.pulse_ticks
    return phrase.bar_ticks * (2 if bars >= 8 else 1)


def _half(phrase: Phrase) -> int:
    """Half of the phrase after its pick-up: whole bars, or of a single bar as many whole pulses as make a half."""
    bars = phrase.bars - phrase.downbeat // phrase.bar_ticks
    if bars > 1:
        return bars // 2 * phrase.bar_ticks
    return max(1, phrase.bar_ticks // phrase.pulse_ticks // 2) * phrase.pulse_ticks


def _tonic_near(phrase: Phrase, pitch: int) -> int:
    """The tonic nearest to `pitch`, the lower of two."""
    below = pitch - (pitch - phrase.key.tonic) % 12
    return below if pitch - below <= 6 else below + 12


def _joined(before: Sequence[Tone], after: Sequence[Tone], end: int) -> tuple[Tone, ...]:
    """Two stretches of melody in one, the first cut where the second begins, all cut at `end`."""
    return (*until(before, after[0].start if after else end), *until(after, end))
