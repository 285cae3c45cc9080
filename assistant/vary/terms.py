"""What a brief means for a motif: what may not change, where there is room, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assistant.brief import Brief
from assistant.errors import InvalidBrief
from assistant.vary.contour import held_to, ways
from assistant.vary.phrase import GRID_TICKS, SHORTEST_TICKS, Phrase, Tone, melody_of, tone_of
from assistant.vary.pitches import rekeyed
from midi.motif import Motif
from midi.pitch import PitchRange, pitch_name
from midi.scale import Key

BEYOND_SEMITONES = 7
"""How far beyond the motif's own range a variation may go where no range is asked: a fifth."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a variation, in ticks.

    `source`: the melody as it is. `base`: the melody that techniques start from: the source, and where the brief asks
    for another key or range moved into them. `under`: the notes below the melody. `key`: the key of the variations.
    `allowed`: the pitches that may be written, in order. `fitting`: for each pitch -128..255 the allowed one to use.
    `frozen`: the melody's notes that are locked or sound in locked bars; `blocked`: where nothing may be written.
    `cells`: the fewest bars that can be varied by themselves, first and last, counted from 0, none of them locked: no
    note of the base is tied across their ends. `counts`: how many notes there may be. `shortest`: the shortest note.
    `on_grid`: whether all times are kept to 1/24 beat, as those of the source are.
    """

    motif: Motif
    brief: Brief
    source: Phrase
    base: Phrase
    under: tuple[Tone, ...]
    key: Key
    allowed: tuple[int, ...]
    fitting: tuple[int, ...]
    frozen: tuple[Tone, ...]
    blocked: tuple[tuple[int, int], ...]
    cells: tuple[tuple[int, int], ...]
    counts: range
    shortest: int
    on_grid: bool

    def fit(self, pitch: int) -> int:
        """The allowed pitch to use for `pitch`: itself, its nearest in the key, or that an octave or more away."""
        return self.fitting[max(-128, min(255, pitch)) + 128]

    @property
    def low(self) -> int:
        return self.allowed[0]

    @property
    def high(self) -> int:
        return self.allowed[-1]


def terms_of(motif: Motif, brief: Brief, *, wide: bool = False) -> Terms:
    """The terms of a brief for a motif; `wide` allows an octave beyond the motif's range where none is asked. Raises
    `InvalidBrief` where they contradict each other."""
    if not motif.notes:
        raise InvalidBrief("the motif has no notes", hint="give one with a melody")
    source = melody_of(motif)
    check_locked_bars(motif, brief)
    locked = [bar - 1 for bar in sorted(brief.locked_bars)]
    whole = {(note.start_ticks, note.pitch): tone_of(note) for note in motif.notes}
    check_locked_notes(len(source.tones), brief)
    frozen = tuple(
        tone
        for number, tone in enumerate(source.tones, 1)
        if number in brief.locked_notes or _sounds_in(whole[tone.start, tone.pitch], locked, source.bar_ticks)
    )
    free = tuple(t for t in source.tones if t not in frozen)
    if not free and not brief.fill:
        every = f"bar with notes is locked ({bar_numbers(brief.locked_bars)})" if locked else "note is locked"
        raise InvalidBrief(
            f"nothing is left to vary: every {every}", hint="unlock a bar or a note in which the melody moves"
        )
    key = brief.key or motif.key
    moving = brief.keep != "pitches" and _moves(motif.key, key, free)
    wanted = tuple(rekeyed(motif.key, key, t.pitch) if moving else t.pitch for t in free)
    reach = brief.pitch_range or _own_range(motif, wanted, beyond=12 if wide else BEYOND_SEMITONES)
    foreign = frozenset(p % 12 for p in wanted if p not in key) if brief.key is None else frozenset()
    allowed = tuple(p for p in range(reach.low, reach.high + 1) if p in key or p % 12 in foreign)
    if not allowed:
        raise InvalidBrief(f"no note of {key} lies within {reach}", hint="widen the range or choose another key")
    fitting = tuple(_fitted(p, allowed) for p in range(-128, 256))
    base = _base(source, free, frozen, wanted, brief, key, allowed, fitting)
    notes = len(source.tones)
    counts = brief.note_counts(notes)
    _check_counts(brief, notes, len(frozen), counts)
    melody = {(t.start, t.pitch) for t in source.tones}
    return Terms(
        motif=motif,
        brief=brief,
        source=source,
        base=base,
        under=tuple(tone_of(note) for note in motif.notes if (note.start_ticks, note.pitch) not in melody),
        key=key,
        allowed=allowed,
        fitting=fitting,
        frozen=frozen,
        blocked=_merged(
            [(bar * source.bar_ticks, (bar + 1) * source.bar_ticks) for bar in locked]
            + [(tone.start, tone.end) for tone in frozen]
        ),
        cells=_cells(base, locked, frozen),
        counts=counts,
        shortest=min(SHORTEST_TICKS // 2, *(t.length for t in source.tones)),
        on_grid=all(t.start % GRID_TICKS == 0 == t.length % GRID_TICKS for t in source.tones),
    )


def in_any_key(terms: Terms) -> Terms:
    """The same terms, every pitch in reach allowed."""
    allowed = tuple(range(terms.low, terms.high + 1))
    return replace(terms, allowed=allowed, fitting=tuple(_fitted(p, allowed) for p in range(-128, 256)))


def sounds_in_locked(tone: Tone, terms: Terms) -> bool:
    """Whether a note sounds in a locked bar."""
    if not terms.brief.locked_bars:
        return False
    return _sounds_in(tone, [bar - 1 for bar in terms.brief.locked_bars], terms.source.bar_ticks)


def check_locked_bars(motif: Motif, brief: Brief) -> None:
    """Raises `InvalidBrief` where a bar is locked that is not there."""
    beyond = [bar for bar in sorted(brief.locked_bars) if bar > motif.bars]
    if beyond:
        raise InvalidBrief(
            f"bar {beyond[0]} cannot be locked: the motif has {motif.bars} bar{'s' * (motif.bars > 1)}",
            hint=f"lock bars 1 to {motif.bars}",
        )


def check_locked_notes(notes: int, brief: Brief) -> None:
    """Raises `InvalidBrief` where a note is locked that is not there."""
    beyond = [number for number in sorted(brief.locked_notes) if number > notes]
    if beyond:
        raise InvalidBrief(
            f"note {beyond[0]} cannot be locked: the melody has {notes} note{'s' * (notes > 1)}",
            hint=f"lock notes 1 to {notes}",
        )


def _sounds_in(tone: Tone, bars: Iterable[int], bar_ticks: int) -> bool:
    return any(tone.start < (bar + 1) * bar_ticks and tone.end > bar * bar_ticks for bar in bars)


def _moves(old: Key, new: Key, free: Sequence[Tone]) -> bool:
    """Whether the melody must be moved to be in a key: it is not where it lies in it as well as in its own (the key was
    only named more rightly)."""
    return sum(t.pitch in new for t in free) < sum(t.pitch in old for t in free)


def _own_range(motif: Motif, moved: Sequence[int], *, beyond: int) -> PitchRange:
    pitches = (*moved, *(note.pitch for note in motif.notes))
    return PitchRange(max(0, min(pitches) - beyond), min(127, max(pitches) + beyond))


def _fitted(pitch: int, allowed: Sequence[int]) -> int:
    """The allowed pitch nearest to `pitch`; of a pitch out of range nearest to its octave in range."""
    low, high = allowed[0], allowed[-1]
    while pitch < low - 1 and pitch + 12 <= high:
        pitch += 12
    while pitch > high + 1 and pitch - 12 >= low:
        pitch -= 12
    return min(allowed, key=lambda p: (abs(p - pitch), p))


def _base(
    source: Phrase,
    free: tuple[Tone, ...],
    frozen: tuple[Tone, ...],
    wanted: tuple[int, ...],
    brief: Brief,
    key: Key,
    allowed: tuple[int, ...],
    fitting: tuple[int, ...],
) -> Phrase:
    """The source moved into key and range: by octaves as a whole as far as that helps, then note by note."""
    out = [p for p in wanted if p not in allowed]
    if brief.keep == "pitches":
        if out:
            where = brief.pitch_range and out[0] not in brief.pitch_range
            limit = f"the range {brief.pitch_range}" if where else f"{key}"
            own = PitchRange(min(wanted), max(wanted))
            remedy = f"widen the range to {own}" if where else "leave out the key"
            raise InvalidBrief(
                f"keeping the pitches needs {pitch_name(out[0])}, which is outside {limit}",
                hint=f"{remedy} or do not keep the pitches",
            )
        return Phrase(source.tones, source.bars, source.meter, key)
    low, high = allowed[0], allowed[-1]

    def misplaced(octaves: int) -> tuple[int, int]:
        return sum(not low <= p + 12 * octaves <= high for p in wanted), abs(octaves)

    away = 12 * min(range(-5, 6), key=misplaced)
    fitted = [fitting[max(-128, min(255, p + away)) + 128] for p in wanted]
    if brief.keep == "contour":
        pitch_of = dict(zip(free, (p + away for p in wanted), strict=True))
        line = [pitch_of.get(t, t.pitch) for t in source.tones]
        fixed = {i: t.pitch for i, t in enumerate(source.tones) if t in frozen}
        held = held_to(line, ways([t.pitch for t in source.tones]), allowed, fixed)
        if held is None:
            raise InvalidBrief(
                f"the contour needs more notes than {key} has within {pitch_name(low)}-{pitch_name(high)}",
                hint="widen the range or do not keep the contour",
            )
        tones = tuple(t._replace(pitch=p) for t, p in zip(source.tones, held, strict=True))
    else:
        pitch_of = dict(zip(free, fitted, strict=True))
        tones = tuple(t._replace(pitch=pitch_of.get(t, t.pitch)) for t in source.tones)
    return Phrase(tones, source.bars, source.meter, key)


def _check_counts(brief: Brief, notes: int, frozen: int, counts: range) -> None:
    if brief.density is None:
        return
    if brief.keep is not None and notes not in counts:
        raise InvalidBrief(
            f"density {brief.density:g} and the same {brief.keep} contradict each other: that means as many notes",
            hint=f"leave out the density or do not keep the {brief.keep}",
        )
    if frozen >= counts.stop:
        asked = f"{brief.density * notes:.0f}"
        raise InvalidBrief(
            f"density {brief.density:g} means about {asked} notes, and the locked bars alone have {frozen}",
            hint="raise the density or unlock a bar",
        )


def _cells(base: Phrase, locked: Sequence[int], frozen: tuple[Tone, ...]) -> tuple[tuple[int, int], ...]:
    """The bars that are not locked, together where a note that may change is tied from one to the next."""
    bar = base.bar_ticks
    held = {t.start for t in frozen}
    tied = {
        line
        for t in base.tones
        if t.start not in held
        for line in range(t.start // bar + 1, base.bars)
        if t.start < line * bar < t.end
    }
    cells: list[tuple[int, int]] = []
    for number in range(base.bars):
        if number in locked:
            continue
        if cells and cells[-1][1] == number - 1 and number in tied:
            cells[-1] = (cells[-1][0], number)
        else:
            cells.append((number, number))
    return tuple(cells)


def _merged(stretches: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Stretches of time in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def bar_numbers(bars: Iterable[int]) -> str:
    """Bar numbers as a musician writes them: `"1-3, 5"`."""
    runs: list[list[int]] = []
    for bar in sorted(bars):
        if runs and runs[-1][1] == bar - 1:
            runs[-1][1] = bar
        else:
            runs.append([bar, bar])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
