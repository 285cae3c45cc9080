"""What was heard before speaks for what comes: in the motif, in what is written, and nowhere else."""

from __future__ import annotations

import numpy as np

from assistant.vary.learned.echoes import INTERVAL_ECHOES, PITCH_ECHOES, Echoes, Grades
from assistant.vary.learned.steps import LENGTHS, PITCH_CHOICES, Bars, split_into_bars

QUARTER = LENGTHS.index(24)
DO, RE, MI, SO = 22, 24, 26, 29
BEFORE_AND_LENGTH = PITCH_ECHOES.index(("symbol_before", "onset", "length"))


def motif() -> Bars:
    """Do re mi so, twice: after do always re, on the second beat."""
    return split_into_bars([(24 * n, 24 * n + 24, p) for n, p in enumerate((DO, RE, MI, SO) * 2)], 2, 96, 24)


def heard(echoes: Echoes, *steps: tuple[int, int, int]) -> None:
    for onset, length, symbol in steps:
        echoes.write(np.array([onset]), np.array([length]), np.array([symbol]))


def spoken_for(grades: Grades, echo: int) -> set[int]:
    return set(grades.choices[grades.echoes == echo].tolist())


def test_what_followed_in_the_motif_speaks_for_the_same_here():
    echoes = Echoes(1, motif(), 96, 24)
    heard(echoes, (0, QUARTER, DO))
    echoes.of_lengths(np.array([24]))
    by_pitch, _ = echoes.of_pitches(np.array([QUARTER]))
    assert spoken_for(by_pitch, BEFORE_AND_LENGTH) == {RE}


def test_an_interval_is_echoed_from_another_pitch():
    echoes = Echoes(1, motif(), 96, 24)
    heard(echoes, (0, QUARTER, MI))
    echoes.of_lengths(np.array([24]))
    _, by_interval = echoes.of_pitches(np.array([QUARTER]))
    assert spoken_for(by_interval, INTERVAL_ECHOES.index(("onset", "length"))) == {MI + (RE - DO)}


def test_what_is_written_is_an_echo_too_and_counts_apart():
    echoes = Echoes(1, motif(), 96, 24)
    heard(echoes, (0, QUARTER, DO), (24, QUARTER, SO), (48, QUARTER, MI), (72, QUARTER, MI), (0, QUARTER, DO))
    echoes.of_lengths(np.array([24]))
    by_pitch, _ = echoes.of_pitches(np.array([QUARTER]))
    here = by_pitch.echoes == BEFORE_AND_LENGTH
    assert set(by_pitch.choices[here].tolist()) == {RE, SO}
    written = dict(zip(by_pitch.choices[here].tolist(), by_pitch.grades[here, 2].tolist(), strict=True))
    assert written == {RE: 0.0, SO: np.float32(np.log(2))}


def test_hidden_bars_have_no_echo():
    echoes = Echoes(1, motif(), 96, 24, hidden=(True, True))
    heard(echoes, (0, QUARTER, DO))
    echoes.of_lengths(np.array([24]))
    by_pitch, by_interval = echoes.of_pitches(np.array([QUARTER]))
    assert set(by_pitch.choices.tolist()) <= {DO}
    assert len(by_interval.choices) == 0


def test_what_they_say_together_is_the_weighted_sum_of_the_grades():
    echoes = Echoes(2, motif(), 96, 24)
    echoes.write(np.array([0, 0]), np.array([QUARTER, QUARTER]), np.array([DO, SO]))
    echoes.of_lengths(np.array([24, 24]))
    by_pitch, _ = echoes.of_pitches(np.array([QUARTER, QUARTER]))
    weights = np.random.default_rng(1).normal(size=(3, len(PITCH_ECHOES))).astype(np.float32)
    dense = by_pitch.dense(2, len(PITCH_ECHOES), PITCH_CHOICES)
    expected = np.einsum("bgec,ge->bc", dense, weights)
    np.testing.assert_allclose(by_pitch.summed(weights, 2, PITCH_CHOICES), expected, atol=1e-5)
