"""How well people's variations are foretold: bits a step of the network against copying and habit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.vary.judging.copying import Copying, copying_of
from assistant.vary.judging.judge import Judge
from assistant.vary.judging.trials import Trial
from assistant.vary.learned.controls import TASKS, Controls
from assistant.vary.learned.debts import Debts
from assistant.vary.learned.features import frame_of, parallel_pitch, shift_symbol
from assistant.vary.learned.likeness import cells_of
from assistant.vary.learned.network import Floats, Network, Writer, over_pitches, tones_of
from assistant.vary.learned.steps import LENGTH_NOTHING, LENGTHS, NOTHING, PITCHES


def bits_of_network(network: Network, trial: Trial, asked: Controls) -> tuple[float, int]:
    """Bits of the human variation of a trial, step after step, and how many steps it has; nothing is counted down."""
    length = len(trial.source) * trial.ticks
    silence, nothing = np.zeros(length, np.bool_), np.zeros(length, np.int64)
    frame = frame_of(
        trial.source,
        hidden=[False] * len(trial.source),
        locked=silence,
        chords=nothing,
        bar_ticks=trial.ticks,
        beat_ticks=trial.section.beat_ticks,
    )
    condition = network.condition(np.array([(TASKS.index("vary"), trial.metre, *asked.symbols())]))
    writer = Writer(network, network.encoded(frame.source_rows, condition), condition, 64)
    known = network.static_input(frame.static, frame.chords)
    free = Debts(cells_of(trial.source, trial.ticks), silence, [Controls()]).symbols(np.zeros(1, np.int64))
    before, source_before, agreed, bits, count = PITCHES, PITCHES, 0, 0.0, 0
    symbol, last_length = NOTHING, LENGTH_NOTHING
    for number, bar in enumerate(trial.human):
        for step in bar:
            moment = number * trial.ticks + step.onset
            static, here = frame.static[moment], int(frame.source_pitch[moment])
            shift = int(shift_symbol(np.array([before]), np.array([source_before]))[0])
            h = writer.step(known[moment][None], np.array([[symbol, last_length, shift, agreed, *free[0]]]))
            lengths = network.length_scores(h, static[None, 5])
            parallel = parallel_pitch(np.array([before]), np.array([source_before]), np.array([here]))
            centres = np.array([[before, here, int(parallel[0])]])
            pitches = network.pitch_scores(
                h, np.array([step.length]), centres, over_pitches(tones_of(np.zeros(1, np.int64)))
            )
            bits += surprise(lengths, step.length) + surprise(pitches, step.symbol)
            count += 1
            agreed = 1 + int(static[5] == step.length) if static[6] == 1 else 0
            symbol, last_length = step.symbol, step.length
            if step.begins:
                before, source_before = step.pitch, here
    assert last_length < len(LENGTHS)
    return bits, count


def surprise(scores: Floats, item: int) -> float:
    shifted = scores[0].astype(np.float64) - scores.max()
    return float(np.log(np.exp(shifted).sum()) - shifted[item]) / math.log(2)


def ratio_to_copying(
    network: Network, habits: Judge, fitting: Sequence[Trial], trials: Sequence[Trial]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bits of the network, everything asked, and of copying and habit, each summed by trial: shape `(trials,)`."""
    plain: Copying = copying_of(habits, [(t.source, t.human, t.metre, None) for t in fitting])
    ours = [bits_of_network(network, t, Controls.of(t.likeness(t.human)))[0] for t in trials]
    theirs = [sum(plain.bits(t.source, t.human, t.metre)) for t in trials]
    return np.array(ours), np.array(theirs)
