"""Variations of a motif as asked: how near, how many, how different, always the same for the same seed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.brief import Brief
from assistant.errors import InvalidBrief, UnknownName
from assistant.vary import TECHNIQUES, Variation, vary
from assistant.vary.corpus import motifs_in, read_melodies
from midi.clip import Clip
from midi.compare import closeness
from midi.motif import Motif
from midi.note import Note
from midi.pitch import PitchRange
from midi.scale import Key
from midi.tempo import Meter, Tempo

ODE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
BEATS = (1.0,) * 12 + (1.5, 0.5, 2.0)


def ode() -> Motif:
    notes, now = [], 0.0
    for pitch, beats in zip(ODE, BEATS, strict=True):
        notes.append(Note(now, pitch, beats))
        now += beats
    return Motif(Clip(tuple(notes), name="Ode"), Key(0, "major"), Meter(4, 4), Tempo(108))


def one_note(pitch: int = 60) -> Motif:
    return Motif(Clip((Note(0, pitch, 4),)))


@pytest.fixture(scope="module")
def real(data: Path) -> list[Motif]:
    """Motifs of four bars and eight notes and more that the melody model has not seen."""
    found = [
        next(motifs_in(melody, 4, notes=range(8, 60)), None)
        for melody in read_melodies(data / "melodies.jsonl.gz")
        if melody.part == "test"
    ]
    return [motif for motif in found if motif][::8]


def test_hardly_a_bar_falls_silent():
    made = [variation.motif for seed in range(5) for variation in vary(ode(), Brief(seed=seed))]
    sounding = [{int(beat // 4) for n in m.notes for beat in (n.start_beats, n.end_beats - 0.01)} for m in made]
    assert sum(len(bars) < 4 for bars in sounding) <= 3


def test_the_motif_with_other_note_lengths_is_no_variation():
    played = [(note.start_beats, note.pitch) for note in ode().notes]
    for seed in range(3):
        for made in vary(ode(), Brief(closeness=1.0, seed=seed)):
            assert [(note.start_beats, note.pitch) for note in made.motif.notes] != played


def test_ten_variations_are_ranked_from_near_to_far():
    variations = vary(ode(), Brief())
    assert len(variations) == 10
    assert [v.rank for v in variations] == list(range(1, 11))
    near = [v.closeness for v in variations]
    assert near == sorted(near, reverse=True)
    assert near[0] > 0.75
    assert near[-1] < 0.45


def test_the_closeness_given_is_the_one_measured():
    for variation in vary(ode(), Brief()):
        assert variation.closeness == closeness(ode().clip, variation.motif.clip)


def test_no_two_variations_are_alike():
    variations = vary(ode(), Brief())
    pairs = [closeness(a.motif.clip, b.motif.clip) for i, a in enumerate(variations) for b in variations[:i]]
    assert max(pairs) < 0.95


def test_the_same_seed_gives_the_same_variations_in_another_process():
    source = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_vary import ode;"
        "from assistant.brief import Brief; from assistant.vary import vary;"
        "print([(v.technique, v.closeness, v.sentence, v.motif.notes) for v in vary(ode(), Brief(seed=7))])"
    )
    said = []
    for hash_seed in ("0", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[3])}
        run = subprocess.run(
            [sys.executable, "-c", source], capture_output=True, text=True, env=environment, check=True
        )
        said.append(run.stdout)
    assert said[0] == said[1]
    here = [(v.technique, v.closeness, v.sentence, v.motif.notes) for v in vary(ode(), Brief(seed=7))]
    assert said[0].strip() == str(here)


def test_another_seed_gives_other_variations():
    assert {v.motif.notes for v in vary(ode(), Brief(seed=1))} != {v.motif.notes for v in vary(ode(), Brief(seed=2))}


def test_key_metre_tempo_and_name_go_with_the_variation():
    for variation in vary(ode(), Brief(locked_bars=frozenset({4}))):
        assert (variation.motif.key, variation.motif.meter, variation.motif.tempo) == (
            ode().key,
            Meter(4, 4),
            Tempo(108),
        )
        assert variation.motif.clip.name == "Ode"


@pytest.mark.parametrize("name", TECHNIQUES)
def test_each_technique_can_be_asked_for_alone(name: str):
    leaping = ode().with_notes(tuple(replace(note, pitch=2 * note.pitch - 64) for note in ode().notes))
    variations = vary(leaping, Brief(count=3, techniques=(name,)))
    assert variations
    assert {v.technique for v in variations} == {name}


def test_locked_bars_stay_and_the_others_change():
    for variation in vary(ode(), Brief(locked_bars=frozenset({1, 3}))):
        assert variation.motif.bar(1).notes == ode().bar(1).notes
        assert variation.motif.bar(3).notes == ode().bar(3).notes
        assert variation.motif.notes != ode().notes


def test_a_note_tied_into_a_locked_bar_stays_whole():
    tied = Motif(Clip((Note(0, 60, 1), Note(1, 62, 2), Note(3, 64, 2), Note(5, 65, 1), Note(6, 67, 2))))
    for variation in vary(tied, Brief(locked_bars=frozenset({2}))):
        assert Note(3, 64, 2) in variation.motif.notes


def test_another_key_moves_the_melody_by_its_degrees():
    for variation in vary(ode(), Brief(key=Key(2, "minor"))):
        assert variation.motif.key == Key(2, "minor")
        assert all(note.pitch in Key(2, "minor") for note in variation.motif.notes)


def test_a_range_is_kept():
    for variation in vary(ode(), Brief(pitch_range=PitchRange(72, 84))):
        assert all(72 <= note.pitch <= 84 for note in variation.motif.notes)


def test_without_a_range_no_note_lies_more_than_a_fifth_beyond_the_motif():
    for variation in vary(ode(), Brief()):
        assert all(60 - 7 <= note.pitch <= 67 + 7 for note in variation.motif.notes)


def test_chords_under_the_melody_stay_while_it_is_varied():
    chords = tuple(Note(4 * bar, pitch, 4) for bar in range(4) for pitch in (48, 52, 55))
    texture = Motif(ode().clip.with_notes((*ode().notes, *chords)), ode().key)
    for variation in vary(texture, Brief()):
        if "moved along" not in variation.sentence:
            # A chord note ends early only where the melody comes down to it.
            begun = {(note.start_beats, note.pitch) for note in variation.motif.notes}
            assert {(chord.start_beats, chord.pitch) for chord in chords} <= begun
            assert "the notes under the melody kept" in variation.sentence


def test_a_single_note_gets_what_variations_there_are():
    variations = vary(one_note(), Brief())
    assert 1 <= len(variations) <= 10
    assert len({v.motif.notes for v in variations}) == len(variations)


def test_a_hundred_variations_can_be_asked_for():
    variations = vary(ode(), Brief(count=100))
    assert len(variations) == 100
    assert len({v.motif.notes for v in variations}) == 100


def test_a_motif_off_the_grid_is_varied_all_the_same():
    played = tuple(
        Note(note.start_beats + (i % 5) / 480, note.pitch, note.length_beats - 7 / 480)
        for i, note in enumerate(ode().notes)
    )
    assert len(vary(Motif(Clip(played, length_beats=16)), Brief())) == 10


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (
            Brief(locked_bars=frozenset({1, 2, 3, 4})),
            "nothing is left to vary: every bar with notes is locked (1-4)",
            "unlock",
        ),
        (Brief(locked_bars=frozenset({9})), "bar 9 cannot be locked: the motif has 4 bars", "lock bars 1 to 4"),
        (
            Brief(keep="pitches", pitch_range=PitchRange(60, 65)),
            "keeping the pitches needs G4, which is outside the range C4-F4",
            "widen the range to C4-G4",
        ),
        (Brief(keep="pitches", key=Key(7, "major")), "keeping the pitches needs F4, which is outside G major", "key"),
        (
            Brief(keep="contour", pitch_range=PitchRange(60, 62)),
            "the contour needs more notes than C major has within C4-D4",
            "widen the range",
        ),
        (
            Brief(keep="rhythm", density=2.0),
            "density 2 and the same rhythm contradict each other: that means as many notes",
            "leave out the density",
        ),
        (Brief(pitch_range=PitchRange(61, 61)), "no note of C major lies within C#4-C#4", "widen the range"),
        (Brief(keep="rhythm", techniques=("augmentation",)), "augmentation cannot keep the rhythm", "inversion"),
        (
            Brief(techniques=("mode-change",), key=Key(0, "major")),
            "a mode change needs every bar free",
            "leave out the key",
        ),
    ],
)
def test_a_brief_that_contradicts_itself_is_refused_with_a_remedy(asked: Brief, message: str, hint: str):
    with pytest.raises(InvalidBrief) as refused:
        vary(ode(), asked)
    assert refused.value.message.startswith(message)
    assert hint in refused.value.hint


def test_a_motif_without_notes_is_refused():
    with pytest.raises(InvalidBrief, match="the motif has no notes"):
        vary(Motif(Clip((), length_beats=4)), Brief())


def test_what_cannot_be_varied_as_asked_is_refused_with_a_remedy():
    with pytest.raises(InvalidBrief) as refused:
        vary(one_note(), Brief(techniques=("passing-notes",)))
    assert refused.value.message == "no variation holds everything that is asked"
    assert "other techniques" in refused.value.hint


def test_an_unknown_technique_is_refused():
    with pytest.raises(UnknownName, match="technique 'retrogade' is unknown"):
        vary(ode(), Brief(techniques=("retrogade",)))


@pytest.mark.parametrize("asked", [0.9, 0.7, 0.5, 0.3, 0.2])
def test_real_melodies_are_varied_as_near_as_asked(real: list[Motif], asked: float):
    off = [abs(variation.closeness - asked) for motif in real for variation in vary(motif, Brief(closeness=asked))]
    assert len(off) >= 9.9 * len(real)
    assert sum(distance <= 0.15 for distance in off) >= 0.95 * len(off)


def test_real_melodies_get_ten_variations_that_differ(real: list[Motif]):
    def apart(variations: tuple[Variation, ...]) -> float:
        pairs = [1 - closeness(a.motif.clip, b.motif.clip) for i, a in enumerate(variations) for b in variations[:i]]
        return sum(pairs) / len(pairs)

    made = [vary(motif, Brief()) for motif in real]
    assert all(len(variations) == 10 for variations in made)
    assert sum(map(apart, made)) / len(made) >= 0.5


def test_importing_the_variations_loads_nothing_heavy():
    heavy = ("scipy", "onnxruntime", "pedalboard", "mido", "soundfile", "torch", "PIL")
    program = f"import sys, assistant.vary; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_locked_notes_appear_in_every_variation_whoever_makes_it():
    motif = ode()
    locked = [motif.notes[0], motif.notes[4]]
    for variation in vary(motif, Brief(locked_notes=frozenset({1, 5}))):
        assert all(note in variation.motif.notes for note in locked)


@pytest.mark.parametrize(
    ("brief", "said"),
    [
        (Brief(locked_notes=frozenset({99})), "note 99 cannot be locked"),
        (Brief(locked_notes=frozenset(range(1, len(ode().notes) + 1))), "every note is locked"),
    ],
)
def test_notes_that_cannot_be_locked_are_named(brief: Brief, said: str):
    with pytest.raises(InvalidBrief, match=said):
        vary(ode(), brief)
