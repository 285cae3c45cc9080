"""What a stage of a chain can be: the table of kinds, and the two ways in which one is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant.effects.parameter import Parameter, Value

if TYPE_CHECKING:
    from assistant.audio import Samples

Settings = Mapping[str, Value]

STAGES: dict[str, str] = {
    **{
        name: f"assistant.effects.pedals:{name.upper().replace('-', '_')}"
        for name in (
            *("high-pass", "low-pass", "low-shelf", "high-shelf", "bell", "synth-filter", "gain", "invert"),
            *("compressor", "limiter", "maximizer", "gate", "clip"),
            *("distortion", "bitcrush", "downsample", "phone-codec", "mp3"),
            *("chorus", "phaser", "quick-pitch", "delay", "reverb", "convolution"),
        )
    },
    **{
        name: f"assistant.effects.own:{name.upper().replace('-', '_')}"
        for name in ("pitch", "wow", "tremolo", "ring", "width", "pan", "hiss", "crackle")
    },
}
"""kind → what it is. `parallel` is not among them: it is a way of joining stages."""


class StageKind(Protocol):
    """One kind of stage."""

    @property
    def what(self) -> str:
        """What it does to the sound, in one line."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...

    def pedal(self, settings: Settings, mix: float, sample_rate_hz: int, folder: Path) -> Any | None:
        """The pedalboard plugin for it, so that neighbours run in one call; None where `process` is to be called."""
        ...

    def process(self, samples: Samples, settings: Settings, sample_rate_hz: int, folder: Path) -> Samples:
        """The wholly wet sound, of the same shape. `folder` is where the chain's file lies."""
        ...

    def tail_seconds(self, settings: Settings, decay_db: float) -> float:
        """How long it sounds on after its input ends, until that has decayed by `decay_db`."""
        ...

    def lift_db(self, settings: Settings) -> float:
        """By how much it brings up what is quiet, so that an earlier tail stays above the floor for longer."""
        ...


def no_tail(_settings: Settings, _decay_db: float) -> float:
    return 0.0


def no_lift(_settings: Settings) -> float:
    return 0.0


def number(settings: Settings, name: str) -> float:
    """A setting that is a number."""
    return float(settings[name])


def echoes(feedback: float, decay_db: float) -> float:
    """How many rounds of `feedback` it takes to decay by `decay_db`."""
    loss_db = -20 * math.log10(max(abs(feedback), 1e-6))
    return decay_db / max(loss_db, 1e-3)


@dataclass(frozen=True, slots=True)
class Pedal:
    """A class of pedalboard.

    `mixes` says that the class has a wet/dry knob `mix` of its own, `linked` that one side of stereo is heard in the
    other or acts on it. `arrange` turns the keywords and the wet share into the class's keywords where they do not map
    one to one. `rates_hz` are the only sample rates it works at, if any.
    """

    native: str
    what: str
    parameters: tuple[Parameter, ...] = ()
    mixes: bool = False
    linked: bool = False
    arrange: Callable[[dict[str, Any], float, Path], dict[str, Any]] | None = None
    rates_hz: tuple[int, ...] = ()
    tail: Callable[[Settings, float], float] = no_tail
    lift: Callable[[Settings], float] = no_lift

    def pedal(self, settings: Settings, mix: float, sample_rate_hz: int, folder: Path) -> Any | None:
        if (mix < 1.0 and not self.mixes) or (self.rates_hz and sample_rate_hz not in self.rates_hz):
            return None
        return self._made(settings, mix, sample_rate_hz, folder)

    def process(self, samples: Samples, settings: Settings, sample_rate_hz: int, folder: Path) -> Samples:
        import pedalboard

        if self.rates_hz and sample_rate_hz not in self.rates_hz:
            return _at_rate(self, samples, settings, sample_rate_hz, max(self.rates_hz), folder)
        board = pedalboard.Pedalboard([self._made(settings, 1.0, sample_rate_hz, folder)])
        processed: Samples = board(samples, sample_rate_hz)
        return processed

    def tail_seconds(self, settings: Settings, decay_db: float) -> float:
        return self.tail(settings, decay_db)

    def lift_db(self, settings: Settings) -> float:
        return self.lift(settings)

    def _made(self, settings: Settings, mix: float, sample_rate_hz: int, folder: Path) -> Any:
        import pedalboard

        keywords: dict[str, Any] = {}
        for parameter in self.parameters:
            value = settings[parameter.name]
            if isinstance(parameter.default, float):
                value = float(value) * parameter.scale
                if parameter.below_nyquist:
                    value = min(value, 0.45 * sample_rate_hz)
            keywords[parameter.native or parameter.name] = value
        if self.arrange is not None:
            keywords = self.arrange(keywords, mix, folder)
        elif self.mixes:
            keywords["mix"] = mix
        return getattr(pedalboard, self.native)(**keywords)


@dataclass(frozen=True, slots=True)
class Own:
    """An effect of ours: `run` is `"module:function"`, called with (samples, settings, sample_rate_hz)."""

    run: str
    what: str
    parameters: tuple[Parameter, ...] = ()
    tail: Callable[[Settings, float], float] = no_tail
    lift: Callable[[Settings], float] = no_lift

    def pedal(self, settings: Settings, mix: float, sample_rate_hz: int, folder: Path) -> Any | None:
        return None

    def process(self, samples: Samples, settings: Settings, sample_rate_hz: int, folder: Path) -> Samples:
        module, function = self.run.split(":")
        processed: Samples = getattr(import_module(module), function)(samples, settings, sample_rate_hz)
        return processed

    def tail_seconds(self, settings: Settings, decay_db: float) -> float:
        return self.tail(settings, decay_db)

    def lift_db(self, settings: Settings) -> float:
        return self.lift(settings)


def _at_rate(
    pedal: Pedal, samples: Samples, settings: Settings, sample_rate_hz: int, rate_hz: int, folder: Path
) -> Samples:
    """The pedal at a rate that it knows, and back, sample for sample as long."""
    import numpy as np

    from assistant.audio import Audio

    there = Audio(samples, sample_rate_hz).resampled(rate_hz)
    back = Audio(pedal.process(there.samples, settings, rate_hz, folder), rate_hz).resampled(sample_rate_hz).samples
    length = samples.shape[1]
    return np.pad(back[:, :length], ((0, 0), (0, max(0, length - back.shape[1]))))
