"""What audiocraft 1.3.0 imports and generation does not need, stood in for where it is absent.

audiocraft asks for torchaudio, xformers and spacy in builds that the present torch has none of, and its
`multibanddiffusion` for the training code and torchmetrics. Of all these, generation uses one thing: the spectrogram
under the chroma of a melody.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any


def install() -> None:
    """Registers a stand-in for each package that is not installed; one that is installed is left alone."""
    for name, make in _STAND_INS.items():
        if name not in sys.modules and (name in _ALWAYS or find_spec(name) is None):
            for module in make():
                sys.modules.setdefault(module.__name__, module)


def _module(name: str, **content: Any) -> ModuleType:
    made = ModuleType(name)
    # transformers asks find_spec() of what is loaded, which raises where a module has none.
    made.__spec__ = ModuleSpec(name, None)
    made.__version__ = "0"  # type: ignore[attr-defined]
    vars(made).update(content)
    return made


def _torchaudio() -> tuple[ModuleType, ...]:
    import torch

    class Spectrogram(torch.nn.Module):
        """Of signals, shape (…, samples), the power or magnitude, shape (…, n_fft // 2 + 1, frames)."""

        def __init__(
            self,
            n_fft: int = 400,
            win_length: int | None = None,
            hop_length: int | None = None,
            pad: int = 0,
            power: float = 2.0,
            normalized: bool = False,
            center: bool = True,
        ) -> None:
            super().__init__()
            self.n_fft, self.pad, self.power, self.normalized, self.center = n_fft, pad, power, normalized, center
            self.win_length = win_length or n_fft
            self.hop_length = hop_length or self.win_length // 2
            self.register_buffer("window", torch.hann_window(self.win_length))

        def forward(self, signals: torch.Tensor) -> torch.Tensor:
            window = self.get_buffer("window")
            padded = torch.nn.functional.pad(signals, (self.pad, self.pad))
            flat = padded.reshape(-1, padded.shape[-1])
            found = torch.stft(
                flat, self.n_fft, self.hop_length, self.win_length, window, center=self.center, return_complex=True
            )
            found = found.reshape(*signals.shape[:-1], *found.shape[-2:])
            if self.normalized:
                found = found / window.pow(2.0).sum().sqrt()
            return found.abs().pow(self.power)

    class MelSpectrogram(torch.nn.Module):
        """Only named by audiocraft's losses."""

    transforms = _module("torchaudio.transforms", Spectrogram=Spectrogram, MelSpectrogram=MelSpectrogram)
    return transforms, _module("torchaudio", transforms=transforms)


def _xformers() -> tuple[ModuleType, ...]:
    import torch

    # With its own "torch" backend audiocraft uses no more of xformers than this.
    ops = _module("xformers.ops", unbind=torch.unbind)
    return ops, _module("xformers", ops=ops)


def _spacy() -> tuple[ModuleType, ...]:
    def load(language: str) -> Callable[[str], list[SimpleNamespace]]:
        """Words and marks, none of them a stop word: small models look words up in a table by this."""
        return lambda text: [
            SimpleNamespace(text=word, lemma_=word.lower(), is_stop=False) for word in re.findall(r"\w+|[^\w\s]", text)
        ]

    return (_module("spacy", load=load),)


def _multibanddiffusion() -> tuple[ModuleType, ...]:
    return (_module("audiocraft.models.multibanddiffusion", MultiBandDiffusion=type("MultiBandDiffusion", (), {})),)


_STAND_INS = {
    "torchaudio": _torchaudio,
    "xformers": _xformers,
    "spacy": _spacy,
    "audiocraft.models.multibanddiffusion": _multibanddiffusion,
}
_ALWAYS = {"audiocraft.models.multibanddiffusion"}
"""Another decoder that generation does not use; it alone brings in the training code."""
