"""Every hard constraint holds in every candidate and every variation, over random motifs and briefs."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.brief import Brief
from assistant.errors import InvalidBrief
from assistant.vary import vary
from assistant.vary.candidates import by_rules
from assistant.vary.terms import terms_of
from midi.clip import Clip
from midi.compare import top_line
from midi.motif import Motif
from midi.note import Note
from midi.pitch import PitchRange
from midi.scale import Key
from midi.tempo import Meter

METERS = ("2/4", "3/4", "4/4", "6/8", "9/8", "3/8", "2/2", "5/4")
LENGTHS = (0.25, 0.5, 0.5, 1.0, 1.0, 1.5, 2.0, 1 / 3, 2 / 3, 3.0)


@st.composite
def motifs(draw: st.DrawFn) -> Motif:
    """Melodies of 1 to 4 bars: rests, triplets, ties over bar lines, foreign notes, sometimes a second voice."""
    meter = Meter.parse(draw(st.sampled_from(METERS)))
    key = Key(draw(st.integers(0, 11)), draw(st.sampled_from(("major", "minor", "dorian", "harmonic minor"))))
    bars = draw(st.integers(1, 4))
    end = bars * meter.bar_beats
    pitch = draw(st.integers(52, 76))
    now = draw(st.sampled_from((0.0, 0.0, 0.0, 1.0)))
    notes: list[Note] = []
    while now < end - 0.2:
        length = min(draw(st.sampled_from(LENGTHS)), end - now)
        if draw(st.integers(0, 7)):
            pitch = max(40, min(90, key.step(key.snapped(pitch), draw(st.integers(-4, 4)))))
            foreign = draw(st.integers(0, 15)) == 0
            notes.append(Note(now, pitch + foreign, length, draw(st.sampled_from((64, 80, 100)))))
            if draw(st.integers(0, 9)) == 0:
                notes.append(Note(now, pitch - 12, min(2 * length, end - now)))
        now += length
    if not notes:
        notes = [Note(0, pitch, 1)]
    return Motif(Clip(tuple(notes), length_beats=end), key, meter)


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    low = draw(st.integers(40, 70))
    return Brief(
        count=draw(st.sampled_from((1, 3, 10))),
        closeness=draw(st.none() | st.sampled_from((0.2, 0.5, 0.9))),
        keep=draw(st.none() | st.none() | st.sampled_from(("rhythm", "contour", "pitches"))),
        locked_bars=draw(st.frozensets(st.integers(1, 4), max_size=2)),
        key=draw(st.none() | st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(("major", "minor")))),
        pitch_range=draw(st.none() | st.just(PitchRange(low, low + draw(st.integers(4, 24))))),
        locked_notes=draw(st.just(frozenset[int]()) | st.frozensets(st.integers(1, 5), max_size=2)),
        density=draw(st.none() | st.none() | st.sampled_from((0.5, 1.0, 1.7))),
        seed=draw(st.integers(0, 5)),
    )


def sounding(motif: Motif, bar: int) -> list[tuple[int, int, int, int]]:
    """Whatever sounds in a bar, whole: where it begins and ends, how high and how loud."""
    start = round((bar - 1) * motif.meter.bar_beats * 480)
    end = round(bar * motif.meter.bar_beats * 480)
    return [
        (n.start_ticks, n.end_ticks, n.pitch, n.velocity)
        for n in motif.notes
        if n.start_ticks < end and n.end_ticks > start
    ]


def line(motif: Motif) -> list[Note]:
    return list(top_line(motif.notes))


def ways(notes: list[Note]) -> list[int]:
    return [(b.pitch > a.pitch) - (b.pitch < a.pitch) for a, b in pairwise(notes)]


def check(motif: Motif, brief: Brief, varied: Motif, *, other_key: bool) -> None:
    assert varied.bars == motif.bars
    assert varied.clip.length_beats == motif.clip.length_beats
    assert (varied.meter, varied.tempo) == (motif.meter, motif.tempo)
    locked: set[tuple[int, int, int, int]] = set()
    for bar in brief.locked_bars:
        assert sounding(varied, bar) == sounding(motif, bar)
        locked.update(sounding(motif, bar))
    for number in brief.locked_notes:
        note = line(motif)[number - 1]
        assert note in varied.notes
        locked.add((note.start_ticks, note.end_ticks, note.pitch, note.velocity))
    free = [n for n in varied.notes if (n.start_ticks, n.end_ticks, n.pitch, n.velocity) not in locked]
    foreign = {n.pitch % 12 for n in motif.notes if n.pitch not in motif.key}
    if brief.key is not None:
        assert varied.key == brief.key
        assert all(n.pitch in brief.key for n in free)
    elif other_key:
        assert all(n.pitch in varied.key for n in free)
    else:
        assert varied.key == motif.key
        assert all(n.pitch in motif.key or n.pitch % 12 in foreign for n in free)
    if brief.pitch_range is not None:
        assert all(n.pitch in brief.pitch_range for n in free)
    one_voice = motif.clip.one_voice
    if one_voice:
        assert varied.clip.one_voice
        assert all(n.start_ticks % 20 == 0 == (n.end_ticks - n.start_ticks) % 20 for n in free)
    if brief.keep == "rhythm" and one_voice:
        assert [(n.start_ticks, n.end_ticks) for n in varied.notes] == [
            (n.start_ticks, n.end_ticks) for n in motif.notes
        ]
    if brief.keep == "pitches" and one_voice:
        assert [n.pitch for n in varied.notes] == [n.pitch for n in motif.notes]
    if brief.keep == "contour" and one_voice:
        assert ways(line(varied)) == ways(line(motif))
    if brief.density is not None and one_voice:
        asked = brief.density * len(motif.notes)
        assert abs(len(varied.notes) - asked) <= max(1, 0.1 * asked) + 1e-9


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(motifs(), briefs())
def test_every_variation_holds_every_constraint_or_the_brief_is_refused_with_a_remedy(motif: Motif, brief: Brief):
    try:
        variations, remedy = vary(motif, brief), ""
    except InvalidBrief as refused:
        variations, remedy = (), refused.hint
    assert remedy or 1 <= len(variations) <= brief.count
    for variation in variations:
        check(motif, brief, variation.motif, other_key="mode-change" in variation.technique)
        assert variation.motif.notes != motif.notes
        assert 0 <= variation.closeness <= 1
        assert variation.sentence
    assert [v.rank for v in variations] == list(range(1, len(variations) + 1))
    assert [v.closeness for v in variations] == sorted((v.closeness for v in variations), reverse=True)
    assert len({v.motif.notes for v in variations}) == len(variations)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(motifs(), st.integers(0, 1000))
def test_every_candidate_holds_the_locked_bars_and_not_only_the_chosen(motif: Motif, seed: int):
    brief = Brief(locked_bars=frozenset({1}), pitch_range=PitchRange(45, 84), key=motif.key)
    try:
        terms = terms_of(motif, brief)
    except InvalidBrief:
        return
    kept = {(n.start_ticks, n.pitch) for n in line(motif) if n.start_beats < motif.meter.bar_beats}
    for candidate in by_rules(terms, (0.8, 0.5, 0.2) * 4, Random(seed)):
        assert kept <= {(t.start, t.pitch) for t in candidate.tones}
        assert all(
            t in terms.frozen or (t.pitch in motif.key and 45 <= t.pitch <= 84 and t.start >= terms.base.bar_ticks)
            for t in candidate.tones
        )
