"""How well people's variations are foretold: bits a step of the network against copying and habit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.vary.judging.copying import Copying, copying_of
from assistant.vary.judging.judge import Judge
from assistant.vary.judging.trials import Trial
from assistant.vary.learned.controls import TASKS, Controls
from assistant.vary.learned.debts import Debts
from assistant.vary.learned.echoes import Echoes, with_echoes_of_lengths, with_echoes_of_pitches
from assistant.vary.learned.features import frame_of, parallel_pitch, shift_symbol
from assistant.vary.learned.likeness import cells_of
from assistant.vary.learned.network import Floats, Network, Writer, over_pitches, tones_of
from assistant.vary.learned.steps import LENGTH_NOTHING, NOTHING, PITCHES, Step


def bits_of_network(network: Network, trial: Trial, asked: Controls) -> float:
    """Bits of the human variation of a trial."""
    return sum(
        surprise(of_length[None], step.length) + surprise(of_pitch[None], step.symbol)
        for step, of_length, of_pitch in foretold(network, trial, asked)
    )


def foretold(network: Network, trial: Trial, asked: Controls) -> Iterator[tuple[Step, Floats, Floats]]:
    """Each step of the human variation with the scores of lengths and of pitches; nothing is counted down."""
    whole = len(trial.source) * trial.ticks
    silence, nothing = np.zeros(whole, np.bool_), np.zeros(whole, np.int64)
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
    before, source_before, agreed = PITCHES, PITCHES, 0
    symbol, last_length = NOTHING, LENGTH_NOTHING
    echoes = Echoes(1, trial.source, trial.ticks, trial.section.beat_ticks)
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
            onset, length = np.array([step.onset]), np.array([step.length])
            if network.echoing:
                lengths = with_echoes_of_lengths(lengths, network.echoing, echoes, onset)
                pitches = with_echoes_of_pitches(pitches, network.echoing, echoes, length)
            echoes.write(onset, length, np.array([step.symbol]))
            yield step, lengths[0], pitches[0]
            agreed = 1 + int(static[5] == step.length) if static[6] == 1 else 0
            symbol, last_length = step.symbol, step.length
            if step.begins:
                before, source_before = step.pitch, here


def surprise(scores: Floats, item: int) -> float:
    shifted = scores[0].astype(np.float64) - scores.max()
    return float(np.log(np.exp(shifted).sum()) - shifted[item]) / math.log(2)


def ratio_to_copying(
    network: Network, habits: Judge, fitting: Sequence[Trial], trials: Sequence[Trial]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bits of the network, everything asked, and of copying and habit, each summed by trial: shape `(trials,)`."""
    plain: Copying = copying_of(habits, [(t.source, t.human, t.metre, None) for t in fitting])
    ours = [bits_of_network(network, t, Controls.of(t.likeness(t.human))) for t in trials]
    theirs = [sum(plain.bits(t.source, t.human, t.metre)) for t in trials]
    return np.array(ours), np.array(theirs)
