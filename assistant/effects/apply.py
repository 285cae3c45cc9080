"""Sound through a chain: its tail kept, as loud as before, its true peak safe."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio import Audio, Samples
from assistant.effects.chain import PARALLEL, Chain, Stage, overridden, stage_kind
from assistant.effects.kinds import Pedal
from assistant.effects.own_sound import panned
from assistant.errors import InvalidPreset, PluginFailed
from assistant.peak import BLOCK, amplified, block_peaks, trimmed

DECAY_DB = 60.0
"""The tail is kept until it lies this far below the peak."""

LOUDEST_BOOST_DB = 18.0
"""More than this is not made up where a chain swallows nearly everything: noise would be all that is left."""

_FADE_SECONDS = 0.02
_WORTH_A_THREAD = 1 << 14
"""Samples from which two sides are played at once."""

Failed = Callable[[PluginFailed], None] | None
"""Told of each plugin that is left out; None where one that fails is to fail the whole."""


def apply_chain(
    audio: Audio,
    chain: Chain,
    *,
    overrides: Mapping[str, str] | None = None,
    failed: Failed = None,
) -> Audio:
    """`audio` through `chain`, at the same rate: float32, true peak at or below -1 dBTP.

    Sample 0 stays sample 0. The result is as long as the input, and longer by the tail of rooms and echoes until that
    has decayed by 60 dB. Where the chain keeps loudness it is as loud as the input (RMS over the input's length), plus
    the chain's level. More than two channels are brought to two. Silence stays silence, of the same length. The same
    input gives the same samples. Where a plugin fails, its stage is left out and `failed` told, if there is one.
    Raises `InvalidPreset` for an override that does not fit, and `PluginFailed`.
    """
    if overrides:
        chain = overridden(chain, overrides)
    length, rate = audio.length, audio.sample_rate_hz
    channels = _channels(chain, audio.channels)
    tail = min(tail_seconds(chain.stages, DECAY_DB), chain.longest_tail_seconds)
    dry = np.empty((max(channels, min(audio.channels, 2)), max(length + round(tail * rate), BLOCK)), np.float32)
    dry[:, length:] = 0.0
    dry[:, :length] = audio.samples if audio.channels <= 2 else audio.samples.mean(axis=0, dtype=np.float32)
    # After the copy, which has brought them into the cache.
    energy = sum(float(np.vdot(channel, channel)) for channel in audio.samples) / max(1, audio.channels)
    if energy == 0.0:
        return Audio(np.zeros((channels, length), np.float32), rate)
    wet = _through(chain.stages, dry, rate, chain.folder, failed)
    if channels < wet.shape[0]:
        wet = wet.mean(axis=0, dtype=np.float32, keepdims=True)
    peaks = block_peaks(wet)
    peak = float(peaks.max())
    if not math.isfinite(peak):
        raise InvalidPreset(
            f"chain {chain.name!r} gives samples that are not numbers",
            hint="turn its feedback, drive or resonance down",
        )
    wet = trimmed(wet, peaks, length, peak * 10 ** (-DECAY_DB / 20), round(_FADE_SECONDS * rate))
    gain = 10 ** (chain.level_db / 20) * (_kept_loudness(energy, wet[:, :length]) if chain.loudness == "kept" else 1.0)
    # `wet` is a buffer of this function's, so it may be changed where it lies.
    return Audio(amplified(wet, gain, peaks=peaks), rate)


def _through(stages: Sequence[Stage], samples: Samples, rate: int, folder: Path, failed: Failed) -> Samples:
    """Neighbours that pedalboard can play run in one call."""
    pedals: list[Any] = []
    theirs: list[Stage] = []
    for stage in stages:
        if stage.mix == 0.0:
            continue
        pedal = _pedal(stage, rate, folder)
        if pedal is not None:
            pedals.append(pedal)
            theirs.append(stage)
            continue
        samples = _played(pedals, theirs, samples, rate, folder)
        pedals, theirs = [], []
        if stage.kind == PARALLEL:
            wet = _parallel(stage, samples, rate, folder, failed)
        else:
            try:
                wet = stage_kind(stage.kind).process(samples, stage.settings, rate, folder)
            except PluginFailed as error:
                if failed is None:
                    raise
                failed(error)
                continue
        samples = wet if stage.mix == 1.0 else samples * np.float32(1 - stage.mix) + wet * np.float32(stage.mix)
    return _played(pedals, theirs, samples, rate, folder)


def _pedal(stage: Stage, rate: int, folder: Path) -> Any | None:
    """The stage as pedalboard holds it, branches and all; None where part of it is ours."""
    import pedalboard

    if stage.kind != PARALLEL:
        return stage_kind(stage.kind).pedal(stage.settings, stage.mix, rate, folder)
    if stage.mix != 1.0 or any(branch.pan for branch in stage.branches):
        return None
    ways: list[pedalboard.Plugin] = []
    for branch in stage.branches:
        pedals: list[pedalboard.Plugin] = [pedalboard.Gain(branch.level_db)] if branch.level_db else []
        for inner in reversed([inner for inner in branch.stages if inner.mix > 0.0]):
            pedal = _pedal(inner, rate, folder)
            if pedal is None:
                return None
            pedals.insert(0, pedal)
        ways.append(pedalboard.Chain(pedals))
    return pedalboard.Mix(ways)


def _played(pedals: list[Any], stages: list[Stage], samples: Samples, rate: int, folder: Path) -> Samples:
    """Through the stages' pedals in one call; sides that do not hear each other run at the same time."""
    if not pedals:
        return samples
    import pedalboard

    if samples.shape[0] == 1 or samples.shape[1] < _WORTH_A_THREAD or any(map(_linked, stages)):
        played: Samples = pedalboard.Pedalboard(pedals)(samples, rate)
        return played
    wet = np.empty_like(samples)

    def play_side(side: int, pedals: list[Any]) -> None:
        wet[side] = pedalboard.Pedalboard(pedals)(samples[side : side + 1], rate)

    with ThreadPoolExecutor(1) as thread:
        right = thread.submit(play_side, 1, [_pedal(stage, rate, folder) for stage in stages])
        play_side(0, pedals)
        right.result()
    return wet


def _linked(stage: Stage) -> bool:
    if stage.kind == PARALLEL:
        return any(_linked(inner) for branch in stage.branches for inner in branch.stages)
    kind = stage_kind(stage.kind)
    return not isinstance(kind, Pedal) or kind.linked


def _parallel(stage: Stage, samples: Samples, rate: int, folder: Path, failed: Failed) -> Samples:
    total = np.zeros_like(samples)
    for branch in stage.branches:
        sound = panned(_through(branch.stages, samples, rate, folder, failed), branch.pan)
        total += sound * np.float32(10 ** (branch.level_db / 20)) if branch.level_db else sound
    return total


def tail_seconds(stages: Sequence[Stage], decay_db: float) -> float:
    """The sum of the stages' tails; one that is followed by make-up gain has further to fall."""
    seconds = 0.0
    for stage in reversed(stages):
        if stage.mix == 0.0:
            continue
        if stage.kind == PARALLEL:
            seconds += max(tail_seconds(branch.stages, decay_db) for branch in stage.branches)
        else:
            kind = stage_kind(stage.kind)
            seconds += kind.tail_seconds(stage.settings, decay_db)
            decay_db += kind.lift_db(stage.settings)
    return seconds


def _channels(chain: Chain, channels: int) -> int:
    return {"stereo": 2, "mono": 1, "as-it-is": min(channels, 2)}[chain.channels]


def _kept_loudness(before: float, wet: Samples) -> float:
    """The gain that makes `wet` as loud as what had the energy `before`, by the energy of a mean channel."""
    after = sum(float(np.vdot(channel, channel)) for channel in wet) / wet.shape[0]
    return min(math.sqrt(before / after), 10 ** (LOUDEST_BOOST_DB / 20)) if after > 0.0 else 1.0
