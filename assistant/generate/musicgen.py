"""MusicGen through audiocraft 1.3.0, on whatever torch is installed.

Copet et al., "Simple and controllable music generation", NeurIPS 2023. The weights come from a hub or a folder of the
composer's; those that were published are CC BY-NC 4.0.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from assistant import hub
from assistant.audio import Audio
from assistant.errors import CannotRead, InvalidBrief, MissingPart
from assistant.generate.request import Request
from assistant.optional import check_package, require
from assistant.readiness import Readiness

Progress = Callable[[float], None]

_PACKAGES = ("audiocraft", "torch")
_FILES = ("state_dict.bin", "compression_state_dict.bin")
_WHERE_FROM = "they come from the hub over the network, once; or give a folder that holds them: --model FOLDER"
_LONGEST_START_SECONDS = 10.0
"""Of a sound that goes on, its end alone is heard by the model, which has to fit its own music beside it."""


def check() -> Readiness:
    """Whether audiocraft can run; whether weights are there shows when they are asked for."""
    for package in _PACKAGES:
        found = check_package(package)
        if not found.ready:
            return found
    return Readiness("ready", "audiocraft is installed; weights come from a hub or your folder")


class MusicGen:
    """A loaded model. Raises `MissingPart` without audiocraft, `CannotRead` where the weights cannot be had."""

    def __init__(self, name: str) -> None:
        if not (readiness := check()).ready:
            raise MissingPart(f"for sound from a description {readiness.reason}", hint=readiness.remedy)
        torch = require("torch", what_for="making sound from a description")
        from assistant.generate.stand_ins import install

        install()
        with warnings.catch_warnings():
            # What the packages below say to programmers is of no use to a composer.
            warnings.simplefilter("ignore")
            models = require("audiocraft.models", what_for="making sound from a description")
            self._torch = torch
            self._model: Any = _loaded(models.MusicGen, name)
        self.sample_rate_hz = int(self._model.sample_rate)
        self.follows_melodies = "self_wav" in self._model.lm.condition_provider.conditioners

    def sound(self, request: Request, seconds: float, progress: Progress) -> Audio:
        """`seconds` of sound. That of `request.start` is no part of it. Raises `InvalidBrief`."""
        if request.melody is not None and not self.follows_melodies:
            raise InvalidBrief(
                f"the model {request.model} follows no melody",
                hint="take one that does: --model facebook/musicgen-melody",
            )
        start = None
        if request.start is not None:
            heard = request.start.samples[:, -round(_LONGEST_START_SECONDS * request.start.sample_rate_hz) :]
            start = Audio(np.ascontiguousarray(heard), request.start.sample_rate_hz).resampled(self.sample_rate_hz)
        before = start.duration_seconds if start else 0.0
        model, torch = self._model, self._torch
        torch.manual_seed(request.seed)
        model.set_generation_params(
            duration=before + seconds,
            temperature=max(request.freedom, 0.01),
            use_sampling=request.freedom > 0,
            cfg_coef=request.obedience,
        )
        total = (before + seconds) * model.frame_rate
        model.set_custom_progress_callback(lambda done, _: progress(min(1.0, done / total)))
        text = [request.prompt or None]
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            if request.melody is not None:
                tune = torch.from_numpy(request.melody.samples[:, :])[None]
                made = model.generate_with_chroma(text, tune, request.melody.sample_rate_hz, progress=True)
            elif start is not None:
                made = model.generate_continuation(
                    torch.from_numpy(start.samples)[None], self.sample_rate_hz, text, progress=True
                )
            else:
                made = model.generate(text, progress=True)
        samples = made[0].cpu().numpy().astype(np.float32)[:, start.length if start else 0 :]
        if not np.isfinite(samples).all():
            raise InvalidBrief("the model made no sound: its numbers are not finite", hint="another --seed")
        peak = float(np.abs(samples).max(initial=0.0))
        return Audio(np.ascontiguousarray(samples / max(1.0, peak)), self.sample_rate_hz)


def _loaded(model: Any, name: str) -> Any:
    folder = Path(name).expanduser()
    if folder.is_dir():
        missing = [file for file in _FILES if not (folder / file).is_file()]
        if missing:
            raise CannotRead(
                f"{folder} is no folder of MusicGen weights: {' and '.join(missing)} missing",
                hint=f"it holds {' and '.join(_FILES)}",
            )
        name = str(folder)
    elif len(folder.parts) != 2 and name != "debug":
        raise CannotRead(f"{name} is neither a folder nor a hub's name", hint="such as facebook/musicgen-melody")
    elif name != "debug":
        _look_for_hub(name)
    try:
        return model.get_pretrained(name)
    # OSError: the hub does not answer or has no such model; the others: the files hold something else.
    except (
        OSError,
        RuntimeError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        AssertionError,
        EOFError,
        UnpicklingError,
    ) as error:
        raise CannotRead(
            f"the weights {name} could not be had: {' '.join(str(error).split())[:200] or type(error).__name__}",
            hint=_WHERE_FROM,
        ) from error


def _look_for_hub(name: str) -> None:
    """Without a network: what was fetched earlier is used, and the rest is an error at once instead of in a minute."""
    from huggingface_hub import constants, try_to_load_from_cache

    if not hub.reachable():
        if not all(isinstance(try_to_load_from_cache(name, file), str) for file in _FILES):
            raise CannotRead(
                f"the weights {name} are not on this machine, and the hub cannot be reached", hint=_WHERE_FROM
            )
        constants.HF_HUB_OFFLINE = True
