"""How long a chain takes beside the same pedalboard called directly, and how much of it is ours.

Both hear the same ten seconds of stereo with the same silence behind them, in which the tail rings. The peer makes the
same pedalboard, its branches in pedalboard's own Mix, and calls it; what we add is the trimming of the tail, the
loudness and the true peak. Chains with stages that pedalboard lacks have no such peer and are printed in times real
time.
"""

from __future__ import annotations

import numpy as np
import pedalboard

from assistant.audio import Audio
from assistant.effects import apply_chain, load_chain
from assistant.effects.apply import DECAY_DB, tail_seconds
from assistant.effects.chain import PARALLEL, Chain, Stage, stage_kind
from assistant.presets import list_presets
from benchmarks.report import at_least, at_most, median_seconds, ratio

RATE_HZ = 48_000
SECONDS = 10


def phrase() -> Audio:
    """Decaying saw notes in stereo, the two sides a little different."""
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    sides = [
        sum(np.sin(2 * np.pi * 220 * harmonic * time + side) / harmonic for harmonic in range(1, 12))
        for side in (0.0, 0.3)
    ]
    return Audio((0.3 * np.stack(sides) * np.exp(-4 * (time % 0.5))).astype(np.float32), RATE_HZ)


def direct(stages: tuple[Stage, ...], chain: Chain) -> list[pedalboard.Plugin] | None:
    """The stages as pedalboard alone would hold them; None where it cannot."""
    plugins: list[pedalboard.Plugin] = []
    for stage in stages:
        if stage.kind == PARALLEL:
            branches = []
            for branch in stage.branches:
                inner = direct(branch.stages, chain)
                if inner is None or branch.pan or stage.mix != 1.0:
                    return None
                gain = [pedalboard.Gain(branch.level_db)] if branch.level_db else []
                branches.append(pedalboard.Chain([*inner, *gain]))
            plugins.append(pedalboard.Mix(branches))
            continue
        plugin = stage_kind(stage.kind).pedal(stage.settings, stage.mix, RATE_HZ, chain.folder)
        if plugin is None:
            return None
        plugins.append(plugin)
    return plugins


def main() -> None:
    audio = phrase()
    for preset in list_presets("chains"):
        chain = load_chain(preset.path)
        apply_chain(audio, chain)
        plugins = direct(chain.stages, chain)
        if plugins is None:
            taken = median_seconds(lambda chain=chain: apply_chain(audio, chain), times=3)
            at_least(f"chain {preset.name}, times real time", 3, SECONDS / taken, "x")
            continue
        tail = min(tail_seconds(chain.stages, DECAY_DB), chain.longest_tail_seconds)
        silence = ((0, 0), (0, round(tail * RATE_HZ)))
        measured = ratio(
            lambda chain=chain: apply_chain(audio, chain),
            lambda chain=chain, silence=silence: pedalboard.Pedalboard(direct(chain.stages, chain) or [])(
                np.pad(audio.samples, silence), RATE_HZ
            ),
            times=21,
        )
        at_most(f"chain {preset.name}, time beside the same pedalboard", 1.05, measured)


if __name__ == "__main__":
    main()
