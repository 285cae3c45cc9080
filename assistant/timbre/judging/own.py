"""A timbre of the user's own beside the shipped one: how long it takes to learn, and how near it comes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.audio import Audio, read_audio
from assistant.errors import UnknownName
from assistant.presets import list_presets
from assistant.timbre.controls import Controls
from assistant.timbre.features import HOP, SAMPLE_RATE_HZ
from assistant.timbre.judging.likeness import played_by
from assistant.timbre.judging.material import HeldOut, held_out
from assistant.timbre.measures import spectral_distance
from assistant.timbre.timbre import Timbre, load_timbre
from assistant.timbre.training.own import Fit, examined, learn, nearest, passages_of
from assistant.timbre.training.recipes import SOURCES, rendered

RECORDED = tuple(range(700, 708))
"""Four minutes of phrases that no timbre learnt from and none is measured on."""
_LEARNT_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Own:
    """`loss_to_shipped`: the spectral loss of the own timbre over that of the shipped one, on phrases that neither
    learnt from; `minutes` of learning, by the clock.
    """

    what: str
    base: str
    shipped: str
    recording_seconds: float
    minutes: float
    loss_to_shipped: float


def check_own(given: str) -> None:
    """Raises `UnknownName` where it is neither a recording nor a timbre's name, `UnfitRecording`, `CannotRead`."""
    if Path(given).is_file():
        examined([read_audio(Path(given))])
    elif given not in SOURCES:
        raise UnknownName(f"{given} is no recording and no timbre", hint=f"a file, or one of {', '.join(SOURCES)}")


def own(given: str, *, progress: Callable[[float], None] | None = None) -> Own:
    """Learns a timbre and throws it away again. `given` is a recording, or the name of a timbre, four minutes of whose
    instrument are then made into one, and learnt on from another timbre.

    Raises `UnknownName`, `UnfitRecording`, `MissingPart`, `CannotRead`.
    """
    if not Path(given).is_file():
        check_own(given)
    began = time.monotonic()
    theirs = [preset.name for preset in list_presets("timbres") if preset.own]
    if Path(given).is_file():
        fit, phrases = _split(examined([read_audio(Path(given))]))
        base = shipped = nearest(fit, without=theirs)
    else:
        fit, phrases = examined([_made(given)]), held_out(given)
        base, shipped = nearest(fit, without=(given, *theirs)), given
    with tempfile.TemporaryDirectory() as folder:
        timbre = learn(
            fit,
            "own",
            Path(folder),
            owner="the judge",
            licence_spdx="CC0-1.0",
            base=base,
            checkpoint=Path(folder) / "own.pt",
            told=lambda now: progress(now.step / now.steps) if progress else None,
        )
    minutes = (time.monotonic() - began) / 60
    seconds = len(fit.samples) / SAMPLE_RATE_HZ
    ratio = loss(timbre, phrases) / loss(load_timbre(shipped), phrases)
    return Own(given, base, shipped, seconds, minutes, ratio)


def loss(timbre: Timbre, phrases: Sequence[HeldOut]) -> float:
    """The mean multi-scale spectral loss."""
    return float(np.mean([spectral_distance(played_by(timbre, one), one.samples) for one in phrases]))


def _made(name: str) -> Audio:
    return Audio(np.concatenate([rendered(name, seed)[0] for seed in RECORDED])[None], SAMPLE_RATE_HZ)


def _split(fit: Fit) -> tuple[Fit, tuple[HeldOut, ...]]:
    """What is learnt from, and the last fifth, which is not."""
    cut = int(len(fit.controls) * _LEARNT_SHARE)
    held = passages_of(_part(fit, slice(cut, None)))
    return _part(fit, slice(0, cut)), tuple(HeldOut(one.samples, one.hz) for one in held)


def _part(fit: Fit, frames: slice) -> Fit:
    first, last, _ = frames.indices(len(fit.controls))
    own = fit.controls
    controls = Controls(own.pitch[frames], own.loudness_db[frames], own.sounding[frames])
    sounding = float(controls.sounding.sum()) * HOP / SAMPLE_RATE_HZ
    return Fit(
        fit.samples[first * HOP : last * HOP], controls, sounding, fit.harmonic_share, fit.over_noise_db, fit.room
    )
