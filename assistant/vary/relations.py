"""What one passage is of another, as a musician would say it: each relation is checked note by note."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from assistant.vary.contour import ways
from assistant.vary.phrase import Phrase, Tone, degree, moved
from midi.scale import Key

INTERVALS = {1: "a step", 2: "a third", 3: "a fourth", 4: "a fifth", 5: "a sixth", 6: "a seventh", 7: "an octave"}
INTERVALS |= {8: "a ninth", 9: "a tenth", 10: "an eleventh", 11: "a twelfth"}
LENGTHS = {120: "a sixteenth", 160: "a triplet eighth", 240: "an eighth", 480: "a quarter", 720: "a dotted quarter"}

Relation = Callable[[Phrase, Phrase], str | None]
"""Old and new passage of the same bars → what the new one is, or None."""


def relation(old: Phrase, new: Phrase) -> str | None:
    """What the new passage is of the old one: the most telling relation that holds, or None."""
    if not new.tones or not old.tones:
        return None
    same_rhythm = rhythm(old.tones) == rhythm(new.tones)
    for holds in _IN_THE_SAME_RHYTHM if same_rhythm else _IN_ANOTHER_RHYTHM:
        what = holds(old, new)
        if what:
            return what
    return None


def rhythm(tones: Sequence[Tone]) -> list[tuple[int, int]]:
    """Onsets and lengths."""
    return [(t.start, t.length) for t in tones]


def pitches(tones: Sequence[Tone]) -> list[int]:
    return [t.pitch for t in tones]


def higher(steps: int) -> str:
    """`"a third higher"` for 2, `"an octave lower"` for -7."""
    size = abs(steps)
    octaves = "an octave" if size < 14 else f"{size // 7} octaves"
    name = INTERVALS.get(size) or (f"more than {octaves}" if size % 7 else octaves)
    return f"{name} {'higher' if steps > 0 else 'lower'}"


def length_name(ticks: int) -> str:
    return LENGTHS.get(ticks, f"{ticks / 480:g} beats")


def newly_written(old: Phrase, new: Phrase) -> str:
    """What can be said where nothing else holds."""
    if not new.tones:
        return "silent"
    if rhythm(old.tones) == rhythm(new.tones):
        return "on new pitches"
    if pitches(old.tones) == pitches(new.tones):
        return "in a new rhythm"
    more = len(new.tones) - len(old.tones)
    how = f"in {'more' if more > 0 else 'fewer'} notes" if more else "in a new rhythm"
    if not old.tones:
        return "newly written"
    led, leads = (tones[-1].pitch - tones[0].pitch for tones in (old.tones, new.tones))
    if min(abs(led), abs(leads)) >= LED and (led > 0) != (leads > 0):
        rise, fall = ("rise", "fall") if led > 0 else ("fall", "rise")
        return f": the {rise} answered with a {fall}, {how}"
    shared = _shared(old.tones, new.tones)
    if shared >= MUCH:
        return f"with most of its notes kept, {how}"
    return f"from {'the same' if old.tones[0].pitch == new.tones[0].pitch else 'another'} note on a new line {how}"


LED = 3
"""A passage that ends so many semitones from where it begins has risen or fallen."""
MUCH = 0.6


def _shared(old: Sequence[Tone], new: Sequence[Tone]) -> float:
    """The share of the old notes that begin where and as high as they did."""
    struck = {(t.start, t.pitch) for t in new}
    return sum((t.start, t.pitch) in struck for t in old) / len(old)


def _transposed(old: Phrase, new: Phrase) -> str | None:
    steps = _steps(old.tones, new.tones, old.key)
    return higher(steps) if steps else None


def _inverted(old: Phrase, new: Phrase) -> str | None:
    key = old.key
    sums = [degree(key, a.pitch) + degree(key, b.pitch) for a, b in zip(old.tones, new.tones, strict=True)]
    if len(set(pitches(old.tones))) < 2:
        return None
    # A note foreign to the key has no mirror image of its own: it goes to a neighbour of where it would be.
    mirror = max(set(sums), key=sums.count)
    held = all(
        total == mirror or (a.pitch not in key and abs(total - mirror) <= 1)
        for a, total in zip(old.tones, sums, strict=True)
    )
    return "upside down" if held else None


def _pitches_backwards(old: Phrase, new: Phrase) -> str | None:
    backwards = pitches(old.tones)[::-1] == pitches(new.tones)
    return "with the pitches backwards" if backwards and len(old.tones) > 2 else None


def _octaves(old: Phrase, new: Phrase) -> str | None:
    away = [b.pitch - a.pitch for a, b in zip(old.tones, new.tones, strict=True)]
    if any(step % 12 for step in away) or len({step for step in away if step}) != 1:
        return None
    return f"partly {higher(7 if max(away, key=abs) > 0 else -7)}"


def _few_changed(old: Phrase, new: Phrase) -> str | None:
    changed = sum(a.pitch != b.pitch for a, b in zip(old.tones, new.tones, strict=True))
    if changed == 0:
        return "with the last note held differently"
    if changed > max(1, len(old.tones) // 3) or changed == len(old.tones):
        return None
    return "with one note changed" if changed == 1 else f"with {changed} notes changed"


def _same_contour(old: Phrase, new: Phrase) -> str | None:
    same = ways(pitches(old.tones)) == ways(pitches(new.tones))
    return "on new pitches with the same contour" if same and len(old.tones) > 2 else None


def _mirrored_contour(old: Phrase, new: Phrase) -> str | None:
    mirrored = tuple(-way for way in ways(pitches(old.tones))) == ways(pitches(new.tones))
    return "on new pitches with the contour upside down" if mirrored and len(old.tones) > 2 else None


def _backwards(old: Phrase, new: Phrase) -> str | None:
    if len(old.tones) != len(new.tones) or len(old.tones) < 3:
        return None
    ends = new.tones[0].start + old.tones[-1].end
    mirror = [(ends - t.end, t.length, t.pitch) for t in reversed(old.tones)]
    return "backwards" if mirror == [(t.start, t.length, t.pitch) for t in new.tones] else None


def _displaced(old: Phrase, new: Phrase) -> str | None:
    away = new.tones[0].start - old.tones[0].start
    count = len(new.tones)
    if not away or not 0 <= len(old.tones) - count <= max(1, len(old.tones) // 3):
        return None
    if any((a.start + away, a.pitch) != (b.start, b.pitch) for a, b in zip(old.tones[:count], new.tones, strict=True)):
        return None
    return f"{length_name(abs(away))} {'later' if away > 0 else 'earlier'}"


def _slower(old: Phrase, new: Phrase) -> str | None:
    for up, down, name in ((2, 1, "twice as slow"), (3, 2, "half as slow again")):
        if _scaled(old, new.tones, up, down):
            return name
    return None


def _faster(old: Phrase, new: Phrase) -> str | None:
    first = old.downbeat
    half = first + (new.length - first) // 2
    return "twice as fast" if _scaled(old, [t for t in new.tones if t.start < half], 1, 2) else None


def _scaled(old: Phrase, tones: Sequence[Tone], up: int, down: int) -> bool:
    """Whether some tones are the old passage from its downbeat on with times scaled; the last may be cut."""
    first = old.downbeat
    before, after = [t for t in old.tones if t.start >= first], [t for t in tones if t.start >= first]
    if not 2 <= len(after) <= len(before) or (up < down and len(after) < len(before)):
        return False
    return all(
        (b.start - first) * down == (a.start - first) * up and a.pitch == b.pitch
        for a, b in zip(before, after, strict=False)
    )


def _syncopated(old: Phrase, new: Phrase) -> str | None:
    early = old.half_pulse_ticks
    if pitches(old.tones) != pitches(new.tones):
        return None
    away = {b.start - a.start for a, b in zip(old.tones, new.tones, strict=True)}
    return "syncopated" if away in ({0, -early}, {-early}) else None


def _same_pitches(old: Phrase, new: Phrase) -> str | None:
    if pitches(old.tones) != pitches(new.tones):
        return None
    return "in a new rhythm" if len(old.tones) > 1 else "held differently"


def _adorned(old: Phrase, new: Phrase) -> str | None:
    """Every old note is heard in its time, and others with it; where there was silence there is."""
    if len(new.tones) <= len(old.tones):
        return None
    before = [t.start for t in old.tones]
    for tone in new.tones:
        at = bisect_right(before, tone.start) - 1
        if at < 0 or tone.start >= old.tones[at].end:
            return None
    starts = [t.start for t in new.tones]
    for tone in old.tones:
        at = max(0, bisect_right(starts, tone.start) - 1)
        if not any(t.pitch == tone.pitch for t in new.tones[at:] if t.start < tone.end):
            return None
    struck = {(t.start, t.pitch) for t in old.tones}
    if not struck <= {(t.start, t.pitch) for t in new.tones}:
        return "ornamented"
    line = new.tones
    passing = all(
        0 < i < len(line) - 1
        and (line[i].pitch - line[i - 1].pitch) * (line[i + 1].pitch - line[i].pitch) > 0
        and abs(degree(new.key, line[i].pitch) - degree(new.key, line[i - 1].pitch)) == 1
        for i, t in enumerate(line)
        if (t.start, t.pitch) not in struck
    )
    return "with passing notes" if passing else "ornamented"


def _reduced(old: Phrase, new: Phrase) -> str | None:
    kept = {(t.start, t.pitch) for t in new.tones} <= {(t.start, t.pitch) for t in old.tones}
    return "thinned to fewer notes" if kept and len(new.tones) < len(old.tones) else None


def _same_line(old: Phrase, new: Phrase) -> str | None:
    """As many notes in another rhythm."""
    if len(old.tones) != len(new.tones) or len(old.tones) < 3:
        return None
    steps = _steps(old.tones, new.tones, old.key)
    if steps:
        return f"{higher(steps)} in a new rhythm"
    if _inverted(old, new):
        return "upside down in a new rhythm"
    return "in a new rhythm with the same contour" if _same_contour(old, new) else None


def sequenced(parts: Iterable[Sequence[Tone]], phrase: Phrase) -> str | None:
    """Whether each of some passages of equal length (times from their own start) repeats the one before, moved by the
    same step each time."""
    moves: list[int] = []
    for before, after in pairwise(parts):
        if len(before) < 2 or rhythm(before) != rhythm(after):
            return None
        steps = _steps(before, after, phrase.key)
        if steps is None:
            return None
        moves.append(steps)
        if moves[-1] != moves[0]:
            return None
    if not moves:
        return None
    each = "each time " if len(moves) > 1 else ""
    return "again" if moves[0] == 0 else f"again, {each}{higher(moves[0])}"


def same_figure(parts: Sequence[Sequence[Tone]], phrase: Phrase) -> bool:
    """Whether each of some passages is the one before, moved by any step."""
    return len(parts[0]) > 1 and all(
        rhythm(before) == rhythm(after) and _steps(before, after, phrase.key) is not None
        for before, after in pairwise(parts)
    )


def _steps(before: Sequence[Tone], after: Sequence[Tone], key: Key) -> int | None:
    """By how many scale steps one passage is another moved, or None. A note foreign to the key may go to a neighbour of
    where it would be."""
    moves = [degree(key, b.pitch) - degree(key, a.pitch) for a, b in zip(before, after, strict=True)]
    steps = max(set(moves), key=lambda move: (moves.count(move), -abs(move)))
    held = all(
        b.pitch == moved(key, a.pitch, steps) or (a.pitch not in key and abs(b.pitch - moved(key, a.pitch, steps)) <= 1)
        for a, b in zip(before, after, strict=True)
    )
    return steps if held else None


def _rest(old: Phrase, new: Phrase) -> str | None:
    """One long note for several."""
    long = len(new.tones) == 1 < len(old.tones) and new.tones[0].length * 2 >= new.bar_ticks
    return "brought to rest on a long note" if long else None


_IN_THE_SAME_RHYTHM: tuple[Relation, ...] = (
    _transposed,
    _inverted,
    _pitches_backwards,
    _backwards,
    _octaves,
    _few_changed,
    _same_contour,
    _mirrored_contour,
)
_IN_ANOTHER_RHYTHM: tuple[Relation, ...] = (
    _backwards,
    _displaced,
    _slower,
    _faster,
    _syncopated,
    _same_pitches,
    _adorned,
    _rest,
    _reduced,
    _same_line,
)
