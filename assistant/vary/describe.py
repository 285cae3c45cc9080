"""A sentence that says what changed: found by comparing the variation with the motif, not by what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from assistant.vary.contour import ways
from assistant.vary.harmonising import progressions
from assistant.vary.phrase import GRID_TICKS, Phrase, Tone, cut_between
from assistant.vary.relations import newly_written, pitches, relation, rhythm, same_figure, sequenced
from assistant.vary.terms import Terms, bar_numbers

LONGEST_PASSAGE = 8
"""Of longer passages only the whole is looked at, in bars."""

MOST_CLAUSES = 4
"""Of more changes than these only the longest are named."""

Passage = tuple[int, int, str]
"""First and last bar, counted from 0, and what became of them."""


def described(terms: Terms, tones: Sequence[Tone], *, transposed: bool = False) -> str:
    """What a variation did, as a musician would say it: `"kept the rhythm; bars 3-4 upside down; bar 6 ornamented"`.

    Said of the melody, against the motif moved to the key and range that were asked for; `transposed` tells that the
    notes under it were moved along.
    """
    old, new = (replace(terms.base, tones=as_written(some)) for some in (terms.base.tones, tones))
    clauses = [*_ground(terms), *_kept(old, new)]
    if terms.brief.density is not None and len(new.tones) != len(old.tones):
        clauses.append(f"{len(new.tones)} notes instead of {len(old.tones)}")
    known = " with the same contour" if "kept the contour" in clauses else "\0"
    clauses += [
        f"{_where(bars, old)} {what}".replace(" : ", ": ").replace(known, "")
        for bars, what in _gathered(_passages(old, new))
    ]
    if terms.under and terms.brief.chords == "reharmonise":
        clauses.append(_chords(terms, tones))
    elif terms.under:
        along = (transposed and terms.brief.chords is None) or bool(_ground(terms))
        clauses.append(f"the notes under the melody {'moved along' if along else 'kept'}")
    return "; ".join(clauses) or "unchanged"


def as_written(tones: Iterable[Tone]) -> tuple[Tone, ...]:
    """As a score would have them: that a file's notes end a little early is how they are played."""
    return tuple(
        tone._replace(
            start=GRID_TICKS * round(tone.start / GRID_TICKS),
            length=max(
                GRID_TICKS, GRID_TICKS * round(tone.end / GRID_TICKS) - GRID_TICKS * round(tone.start / GRID_TICKS)
            ),
        )
        for tone in tones
    )


def _chords(terms: Terms, tones: Sequence[Tone]) -> str:
    """The chords under the melody, a numeral a bar, and those that were there."""
    before, after = ("–".join(map(str, chords)) for chords in progressions(terms, tones))
    return f"new chords: {after} instead of {before}" if before != after else "the chords kept"


def _ground(terms: Terms) -> list[str]:
    """What happened to the melody as a whole before it was varied."""
    if terms.base.tones == terms.source.tones:
        return []
    if terms.key != terms.motif.key:
        old, new = terms.motif.key, terms.key
        # Ab major turns into Ab minor for the reader, though that is written as G# minor.
        return [f"in {old.tonic_name if old.tonic == new.tonic else new.tonic_name} {new.mode} instead of {old}"]
    return [f"brought into {terms.brief.pitch_range}" if terms.brief.pitch_range else f"brought into {terms.key}"]


def _kept(old: Phrase, new: Phrase) -> list[str]:
    """What stayed the same throughout."""
    if rhythm(old.tones) == rhythm(new.tones):
        return ["kept the rhythm"] if pitches(old.tones) != pitches(new.tones) else []
    if pitches(old.tones) == pitches(new.tones):
        return ["kept the pitches"]
    same = len(old.tones) > 2 and ways(pitches(old.tones)) == ways(pitches(new.tones))
    return ["kept the contour"] if same else []


def _passages(old: Phrase, new: Phrase) -> list[Passage]:
    """The changed bars in as few passages as can each be named, from the left the longest that can."""
    changed = [bar for bar in range(old.bars) if _bar(old, bar) != _bar(new, bar)]
    found: list[Passage] = []
    while changed:
        first = changed[0]
        last = first
        while last + 1 in changed:
            last += 1
        end, what = _named(old, new, first, last)
        found.append((first, end, what))
        changed = [bar for bar in changed if bar > end]
    return found


def _named(old: Phrase, new: Phrase, first: int, last: int) -> tuple[int, str]:
    """The longest passage from `first` of which something can be said, and that."""
    for end in (last, *range(min(last - 1, first + LONGEST_PASSAGE - 1), first - 1, -1)):
        before, after = old.bars_between(first, end), new.bars_between(first, end)
        what = relation(before, after) or _repeats(new, first, end)
        if what is None and rhythm(before.tones) != rhythm(after.tones):
            what = _answers(new, first, end) or _one_figure(after)
        if what:
            return end, what
    # Bars of which nothing can be said are told together, up to the next that can.
    end = first
    while end < last and not relation(old.bars_between(end + 1, end + 1), new.bars_between(end + 1, end + 1)):
        end += 1
    return end, newly_written(old.bars_between(first, end), new.bars_between(first, end))


def _repeats(new: Phrase, first: int, last: int) -> str | None:
    """Whether bars repeat the bar or two bars before them, higher or lower each time."""
    bar = new.bar_ticks
    for unit in (1, 2):
        model = first - unit
        if model >= 0 and (last + 1 - first) % unit == 0:
            starts = range(model * bar, (last + 1) * bar, unit * bar)
            what = sequenced((_part(new, start, start + unit * bar) for start in starts), new)
            if what:
                return f": {_bars(range(model, first))} {what}"
    return None


def _answers(new: Phrase, first: int, last: int) -> str | None:
    """Whether bars have the rhythm of as many bars before them."""
    size, bar = last + 1 - first, new.bar_ticks
    if first < size or len(_bar(new, first)) < 2:
        return None
    call, answer = (_part(new, start * bar, (start + size) * bar) for start in (first - size, first))
    same = rhythm(call) == rhythm(answer)
    return f"answering {_bars(range(first - size, first))} in the same rhythm" if same else None


def _one_figure(passage: Phrase) -> str | None:
    """Whether a passage says one small figure again and again, on whatever degree."""
    for cell in (2 * passage.pulse_ticks, passage.pulse_ticks):
        if passage.bar_ticks % cell == 0 and cell < passage.bar_ticks:
            starts = range(0, passage.length, cell)
            if same_figure([_part(passage, start, start + cell) for start in starts], passage):
                return "made of one small figure"
    return None


def _bar(phrase: Phrase, bar: int) -> list[tuple[int, int, int]]:
    """A bar's notes without their loudness."""
    start = bar * phrase.bar_ticks
    return [(t.start, t.pitch, t.length) for t in phrase.tones if start <= t.start < start + phrase.bar_ticks]


def _part(phrase: Phrase, start: int, end: int) -> tuple[Tone, ...]:
    return cut_between(phrase.tones, start, end)


def _gathered(passages: Sequence[Passage]) -> list[tuple[tuple[int, ...], str]]:
    """Passages of which the same is said, together; of many the longest few, and then where else something changed."""
    bars: dict[str, list[int]] = {}
    for first, last, what in passages:
        bars.setdefault(what, []).extend(range(first, last + 1))
    told = list(bars.items())
    if len(told) > MOST_CLAUSES:
        longest = sorted(told, key=lambda each: -len(each[1]))[: MOST_CLAUSES - 1]
        rest = sorted(number for each in told if each not in longest for number in each[1])
        told = [*(each for each in told if each in longest), ("changed too", rest)]
    return [(tuple(numbers), what) for what, numbers in told]


def _where(bars: Sequence[int], old: Phrase) -> str:
    """Which bars, counted from 0, as a musician would say: the whole melody, from bar 3, bars 3-4."""
    sounding = {t.start // old.bar_ticks for t in old.tones}
    if sounding <= set(bars):
        return "the whole melody"
    first = min(bars)
    if len(bars) > 1 and list(bars) == list(range(first, max(bars) + 1)) and max(sounding) <= max(bars):
        return f"from bar {first + 1}"
    return _bars(bars)


def _bars(bars: Sequence[int]) -> str:
    return f"bar{'s' * (len(bars) > 1)} {bar_numbers(bar + 1 for bar in bars)}"
