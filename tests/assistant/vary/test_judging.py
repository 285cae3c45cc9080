"""The judges of variations: they know people's from chance, and what the makers have learned from."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from assistant.brief import Brief
from assistant.errors import CannotRead
from assistant.vary.judging.discriminator import area_under_curve, largest_gap, told_apart
from assistant.vary.judging.holding import checked, holds
from assistant.vary.judging.judge import judge_of
from assistant.vary.judging.originality import copies, known_by_heart, load_known
from assistant.vary.judging.trials import Band, trials_of
from assistant.vary.judging.unseen import Unseen, unseen_in
from assistant.vary.learned.sections import read_sections, split_scores
from assistant.vary.learned.steps import LOWEST, REST, Bars, Step, joined_notes
from assistant.vary.phrase import GRID_TICKS, Phrase, Tone
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note


@pytest.fixture(scope="module")
def unseen(data: Path) -> Unseen:
    return unseen_in(data / "melodies.jsonl.gz", load_known())


def test_scores_that_were_learned_from_give_neither_motifs_nor_judges(unseen: Unseen):
    learned = {section.score for section in unseen.learned}
    assert len(learned) > 500
    assert not learned & {section.score for section in (*unseen.motifs, *unseen.judges)}
    assert not {s.score for s in unseen.motifs} & {s.score for s in unseen.judges}


def test_what_ships_as_learned_from_is_the_training_part(data: Path):
    parts = split_scores(read_sections(data / "melodies.jsonl.gz"))
    assert np.array_equal(known_by_heart(parts["train"]), load_known())


def test_a_motif_and_what_people_made_of_it_are_in_the_band(unseen: Unseen):
    trials = trials_of(unseen.motifs[:60], Band(0.35, 0.8), seed=1)
    assert trials
    assert all(0.35 <= trial.likeness(trial.human).overlap <= 0.8 for trial in trials)
    assert all(trial.motif.bars in (4, 8) for trial in trials)


def test_what_people_wrote_is_read_as_what_the_program_writes(unseen: Unseen):
    def rests(bars: Bars) -> list[list[Step]]:
        return [[step for step in bar if step.pitch == REST] for bar in bars]

    for trial in trials_of(unseen.motifs, Band(0.35, 0.8), seed=1):
        notes = joined_notes(trial.human, trial.ticks)
        tones = tuple(
            Tone(at * GRID_TICKS, pitch + LOWEST + trial.section.do, (end - at) * GRID_TICKS)
            for at, end, pitch in notes
        )
        phrase = Phrase(tones, len(trial.human), trial.motif.meter, trial.motif.key)
        assert rests(trial.read(phrase)) == rests(trial.human)


def test_people_surprise_the_judge_less_than_the_same_notes_shuffled(unseen: Unseen):
    judge = judge_of(unseen.judges)
    trials = trials_of(unseen.motifs[:60], Band(0.35, 0.8), seed=1)
    random = Random(1)

    def shuffled(trial):
        pitches = [step.pitch for bar in trial.human for step in bar]
        random.shuffle(pitches)
        left = iter(pitches)
        return tuple(tuple(step._replace(pitch=next(left), tied=False) for step in bar) for bar in trial.human)

    people = np.mean([judge.bits(trial.human, trial.metre) for trial in trials])
    chance = np.mean([judge.bits(shuffled(trial), trial.metre) for trial in trials])
    assert people + 1 < chance


def test_eight_notes_by_heart_are_a_copy_unless_the_motif_has_them(unseen: Unseen):
    trial = trials_of(unseen.motifs[:60], Band(0.35, 0.8), seed=1)[0]
    own = known_by_heart([trial.section])
    assert not copies(trial.source, trial.source, own)
    assert not copies(trial.human, trial.source, np.zeros(0, np.uint32))


def test_what_is_drawn_alike_cannot_be_told_apart():
    random = np.random.default_rng(1)
    human, made = random.normal(size=(60, 4)), random.normal(size=(240, 4))
    scores = told_apart(human, np.arange(60), made, np.repeat(np.arange(60), 4))
    assert abs(area_under_curve(scores, np.arange(300) < 60) - 0.5) < 0.12
    far = told_apart(human, np.arange(60), made + 3, np.repeat(np.arange(60), 4))
    assert area_under_curve(far, np.arange(300) < 60) > 0.95


def test_the_largest_gap_is_that_of_the_two_distributions():
    assert largest_gap(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    assert largest_gap(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0


def test_the_check_from_outside_sees_what_is_broken():
    motif = Motif(Clip((Note(0, 60, 1), Note(1, 62, 1), Note(2, 64, 2), Note(4, 65, 4))))
    other = motif.with_notes((Note(0, 60, 1), Note(1, 64, 1), Note(2, 62, 2), Note(4, 65, 4)))
    assert holds(motif, Brief(keep="rhythm"), other)
    assert holds(motif, Brief(locked_bars=frozenset({2})), other)
    assert not holds(motif, Brief(locked_bars=frozenset({1})), other)
    assert not holds(motif, Brief(keep="pitches"), other)
    assert not holds(motif, Brief(keep="contour"), other)


def test_every_constraint_holds_on_real_motifs(unseen: Unseen):
    motifs = [trial.motif for trial in trials_of(unseen.motifs[:60], Band(0.35, 0.8), seed=1)]
    rounds = checked(motifs, Random(1), at_a_time=10)
    for _ in range(3):
        kind, made, held = next(rounds)
        assert (kind, held) == (kind, made)


def test_a_file_without_music_is_refused(tmp_path: Path):
    path = tmp_path / "melodies.jsonl"
    path.write_text("")
    with pytest.raises(CannotRead, match="no two scores"):
        unseen_in(path, load_known())
