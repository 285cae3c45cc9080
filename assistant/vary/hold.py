"""The hard constraints: candidates are made to hold them, and whatever still breaks one is refused."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from assistant.vary.contour import held_to, ways
from assistant.vary.density import brought_to
from assistant.vary.harmonising import reharmonised
from assistant.vary.phrase import GRID_TICKS, Tone, degree, moved, note_of, tone_of
from assistant.vary.pitches import rekeyed
from assistant.vary.terms import Terms, sounds_in_locked
from midi.motif import Motif
from midi.note import Note


def held(terms: Terms, tones: Iterable[Tone]) -> tuple[Tone, ...] | None:
    """A candidate made to hold the terms: out of blocked time, the locked bars' notes in place, one voice, in key and
    range, what is kept kept, as dense as asked. None where that cannot be done."""
    clear = one_voice((*_outside(tones, terms), *terms.frozen), terms)
    keep = terms.brief.keep
    line: tuple[Tone, ...] | None
    if keep == "pitches":
        line = _with_pitches(clear, terms)
    elif keep == "rhythm":
        line = _in_rhythm(clear, terms)
    elif keep == "contour":
        line = _in_contour(clear, terms)
    else:
        line = fitted(clear, terms)
    if line is None:
        return None
    if terms.brief.density is not None and len(line) not in terms.counts:
        line = brought_to(terms, line)
    return line if line is not None and broken(terms, line) is None else None


def broken(terms: Terms, tones: Sequence[Tone]) -> str | None:
    """Which constraint a melody breaks, or None. It trusts nothing that was done to make it hold."""
    free = [t for t in tones if t not in terms.frozen] if terms.frozen else tones
    source = terms.source.tones
    if not tones or tones[0].start < 0 or tones[-1].end > terms.source.length:
        return "length"
    if any(a.end > b.start for a, b in pairwise(tones)) or any(t.length <= 0 for t in tones):
        return "one voice"
    if len(free) != len(tones) - len(terms.frozen) or (terms.blocked and any(sounds_in_locked(t, terms) for t in free)):
        return "locked bars"
    allowed = set(terms.allowed)
    if any(t.pitch not in allowed for t in free):
        return "key and range"
    if terms.on_grid and any(t.start % GRID_TICKS or t.length % GRID_TICKS for t in free):
        return "grid"
    if terms.brief.keep == "rhythm" and [t[::2] for t in tones] != [t[::2] for t in source]:
        return "rhythm"
    if terms.brief.keep == "pitches" and [t.pitch for t in tones] != [t.pitch for t in source]:
        return "pitches"
    if terms.brief.keep == "contour" and ways([t.pitch for t in tones]) != ways([t.pitch for t in source]):
        return "contour"
    return "density" if len(tones) not in terms.counts else None


def one_voice(tones: Iterable[Tone], terms: Terms) -> tuple[Tone, ...]:
    """The tones in order, each cut where the next begins; slivers shorter than a 16th (or than the shortest of the
    source) go, and the note before sounds on."""
    least = terms.shortest
    result: list[Tone] = []
    for tone in sorted(tones):
        if result and result[-1].end > tone.start:
            last = result.pop()
            room = tone.start - last.start
            if room >= least or last in terms.frozen:
                result.append(last._replace(length=room) if room > 0 else last)
            elif result and result[-1].end == last.start and result[-1] not in terms.frozen:
                result[-1] = result[-1]._replace(length=tone.start - result[-1].start)
        result.append(tone)
    return tuple(result)


def fitted(tones: Sequence[Tone], terms: Terms) -> tuple[Tone, ...]:
    """Each pitch the nearest allowed one, but for those in locked bars."""
    fit, frozen = terms.fit, terms.frozen
    return tuple(t if fit(t.pitch) == t.pitch or t in frozen else t._replace(pitch=fit(t.pitch)) for t in tones)


def assembled(terms: Terms, tones: Sequence[Tone], *, transposed: bool = False) -> Motif | None:
    """The motif of a candidate: its melody, and under it the other notes of the source in the key and range.

    They stay as they are, but where the whole melody is `transposed` they move along, unless the brief keeps the
    chords; they become other chords' where it asks for that. A note that the melody strikes while it sounds ends there;
    None where that is one of a locked bar.
    """
    original = {(note.start_ticks, note.pitch): note for note in terms.motif.notes}
    notes: list[Note] = []
    for tone in tones:
        own = original.get((tone.start, tone.pitch))
        notes.append(own if own and tone in terms.frozen else note_of(tone))
    moves = terms.base.tones != terms.source.tones and terms.key != terms.motif.key
    along = transposed and terms.brief.chords is None
    steps = degree(terms.key, tones[0].pitch) - degree(terms.key, terms.base.tones[0].pitch) if along else 0
    anew = reharmonised(terms, tones) if terms.brief.chords == "reharmonise" else {}
    for tone in terms.under:
        if sounds_in_locked(tone, terms):
            if any(_clash(tone, t) and t not in terms.frozen for t in tones):
                return None
            notes.append(original[tone.start, tone.pitch])
            continue
        pitch = rekeyed(terms.motif.key, terms.key, tone.pitch) if moves else tone.pitch
        placed = tone._replace(pitch=anew[tone] if tone in anew else terms.fit(moved(terms.key, pitch, steps)))
        if terms.brief.keep != "rhythm":
            notes = [note if tone_of(note) in terms.frozen else _before(note, placed) for note in notes]
        struck = [note.start_ticks for note in notes if _clash(placed, tone_of(note))]
        room = min(struck, default=placed.end) - placed.start
        if room > 0:
            notes.append(note_of(placed._replace(length=room)))
    return Motif(terms.motif.clip.with_notes(notes), terms.key, terms.motif.meter, terms.motif.tempo)


def _before(note: Note, below: Tone) -> Note:
    """A note of the melody, ended where one under it begins on the same pitch."""
    if note.pitch != below.pitch or not note.start_ticks < below.start < note.end_ticks:
        return note
    return note_of(tone_of(note)._replace(length=below.start - note.start_ticks))


def _clash(a: Tone, b: Tone) -> bool:
    return a.pitch == b.pitch and a.start < b.end and b.start < a.end


def _outside(tones: Iterable[Tone], terms: Terms) -> list[Tone]:
    """The tones cut to the time that is free and to the length of the motif."""
    end = terms.source.length
    if not terms.blocked:
        return [t if t.end <= end else t._replace(length=end - t.start) for t in tones if t.start < end]
    result: list[Tone] = []
    starts = [start for start, _ in terms.blocked]
    for tone in tones:
        if tone.start >= end or tone in terms.frozen:
            continue
        stop = min(tone.end, end)
        at = bisect_right(starts, tone.start)
        if at and terms.blocked[at - 1][1] > tone.start:
            continue
        if at < len(starts):
            stop = min(stop, starts[at])
        result.append(tone if stop == tone.end else tone._replace(length=stop - tone.start))
    return result


def _in_rhythm(tones: Sequence[Tone], terms: Terms) -> tuple[Tone, ...]:
    """The pitches of a candidate in the rhythm of the source: one for one where there are as many, else the pitch that
    sounds at each onset."""
    source = terms.source.tones
    if len(tones) == len(source):
        pitches = [t.pitch for t in tones]
    else:
        starts = [t.start for t in tones]
        pitches = [tones[max(0, bisect_right(starts, t.start) - 1)].pitch for t in source] if tones else []
    if not pitches:
        return ()
    line = (Tone(t.start, p, t.length, t.velocity) for t, p in zip(source, pitches, strict=True))
    return tuple(
        old if old in terms.frozen else t._replace(pitch=terms.fit(t.pitch))
        for t, old in zip(line, source, strict=True)
    )


def _with_pitches(tones: Sequence[Tone], terms: Terms) -> tuple[Tone, ...] | None:
    """The pitches of the source in the rhythm of a candidate of as many notes."""
    source = terms.source.tones
    if len(tones) != len(source):
        return None
    return tuple(t._replace(pitch=old.pitch) for t, old in zip(tones, source, strict=True))


def _in_contour(tones: Sequence[Tone], terms: Terms) -> tuple[Tone, ...] | None:
    """A candidate of as many notes as the source, moved as little as it takes for each interval to go the same way."""
    source = terms.source.tones
    if len(tones) != len(source):
        return None
    fixed = {i: t.pitch for i, t in enumerate(tones) if t in terms.frozen}
    pitches = held_to([t.pitch for t in tones], ways([t.pitch for t in source]), terms.allowed, fixed)
    if pitches is None:
        return None
    return tuple(t._replace(pitch=p) for t, p in zip(tones, pitches, strict=True))
