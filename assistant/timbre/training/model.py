"""A timbre as something that learns: the network, the synthesis and the loss in torch.

The network is a dictionary of tensors under the names that the files have, so that nothing is converted at run time.
After Engel et al., DDSP (2020): harmonics and filtered noise, driven by pitch and loudness. The loudness is kept by
construction here: amplitudes are scaled so that their A-weighted power is the one asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from assistant.timbre.features import HOP, SAMPLE_RATE_HZ, a_weights, hann_response
from assistant.timbre.measures import MEL_WINDOW, mel_filters
from assistant.timbre.shape import FADE_HZ, NOISE_WINDOW, Shape, band_shapes, noise_weights
from assistant.timbre.table import corners

Parameters = dict[str, Tensor]
_SLACK_NEPERS = 1.2
"""How far learning may leave the loudness it is given. What the analysis gets wrong, a pitch that is a little off say,
would else bend the spectrum; at run time the slack is left out, and the loudness is the one asked for."""
MEL_STEP_HZ = 4.0
SCALES = (4096, 2048, 1024, 512, 256, 128)


def fresh(shape: Shape, seed: int) -> Parameters:
    """A network that knows nothing yet."""
    draw = torch.Generator().manual_seed(seed)
    parameters: Parameters = {}
    for name, size in sorted(shape.parameters().items()):
        if name.endswith(".bias") or name == "table":
            parameters[name] = torch.zeros(size)
            continue
        # The last layer begins nearly silent about its own opinion: every spectrum flat.
        spread = (0.3 if name == "head.out.weight" else 1.0) / math.sqrt(size[1] * size[2])
        parameters[name] = (torch.rand(size, generator=draw) * 2 - 1) * spread
    return parameters


def outputs(parameters: Mapping[str, Tensor], shape: Shape, features: Tensor) -> Tensor:
    """`features` (batch, 2, frames) → (batch, frames, outputs); the last frame stands for what follows it."""
    ahead = shape.look_ahead
    x = torch.cat([features[..., ahead:], features[..., -1:].expand(-1, -1, ahead)], -1)
    x = functional.conv1d(x, parameters["in.weight"], parameters["in.bias"])
    for number, dilation in enumerate(shape.dilations):
        name = f"block{number}"
        padded = functional.pad(x, (2 * dilation, 0))
        gated = functional.conv1d(
            padded, parameters[f"{name}.gate.weight"], parameters[f"{name}.gate.bias"], dilation=dilation
        )
        value, gate = gated.chunk(2, 1)
        x = x + functional.conv1d(
            torch.tanh(value) * torch.sigmoid(gate), parameters[f"{name}.out.weight"], parameters[f"{name}.out.bias"]
        )
    x = functional.conv1d(x, parameters["head.hidden.weight"], parameters["head.hidden.bias"])
    x = functional.leaky_relu(x, 0.1)
    x = functional.conv1d(x, parameters["head.out.weight"], parameters["head.out.bias"]).transpose(1, 2)
    table = parameters["table"].T
    for share, cell in corners(features.cpu().numpy()):
        x = x + torch.from_numpy(share).to(x.device)[..., None] * table[torch.from_numpy(cell).to(x.device)]
    return x


def mel_tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The power in every band of mel from a harmonic of amplitude 1, for every `MEL_STEP_HZ`, and from each bin of
    noise.
    """
    filters = mel_filters()
    hz_a_bin = SAMPLE_RATE_HZ / 2 / (filters.shape[1] - 1)
    window = np.hanning(MEL_WINDOW + 1)[:-1]
    places = np.arange(0, 24_000, MEL_STEP_HZ) / hz_a_bin
    nearest = np.rint(places).astype(int)
    tones = np.zeros((len(places), len(filters)))
    for offset in range(-3, 4):
        bins = nearest + offset
        away = bins - places
        response = hann_response(away, MEL_WINDOW)
        inside = (bins >= 0) & (bins < filters.shape[1])
        tones[inside] += filters[:, bins[inside]].T * np.square(response[inside] / 2)[:, None]
    coarse = np.fft.rfftfreq(NOISE_WINDOW, 1 / SAMPLE_RATE_HZ)
    fine = np.arange(filters.shape[1]) * hz_a_bin
    spread = np.maximum(0, 1 - np.abs(fine[None] - coarse[:, None]) / coarse[1])
    noise = spread @ filters.T * np.square(window).sum()
    return tones.astype(np.float32), noise.astype(np.float32)


class Synthesis:
    """The constants of the synthesis on one device."""

    def __init__(self, shape: Shape, device: torch.device) -> None:
        self.shape = shape
        self.device = device
        self.multiples = torch.arange(1, shape.harmonics + 1, device=device, dtype=torch.float32)
        self.bands = torch.from_numpy(band_shapes()).to(device)
        self.noise_weights = torch.from_numpy(noise_weights()).to(device)
        table = a_weights(np.linspace(0, 24_000, 2401))
        self.a_curve = torch.from_numpy(table.astype(np.float32)).to(device)
        window = torch.hann_window(NOISE_WINDOW, device=device)
        self.window = window / torch.sqrt(window.square().sum() / HOP)
        self.ramp = (torch.arange(HOP, device=device) / HOP).float()
        self.mel_filters = torch.from_numpy(mel_filters().T.copy()).to(device)
        self.mel_tones, self.mel_noise = (torch.from_numpy(table).to(device) for table in mel_tables())
        self.hann = {size: torch.hann_window(size, device=device) for size in SCALES}

    def amplitudes(self, out: Tensor, hz: Tensor, loudness_db: Tensor) -> tuple[Tensor, Tensor]:
        """Amplitudes of the harmonics (…, harmonics) and of the bands (…, bands), at the loudness asked for."""
        harmonics = self.shape.harmonics
        partials = hz[..., None] * self.multiples
        fade = ((FADE_HZ[1] - partials) / (FADE_HZ[1] - FADE_HZ[0])).clamp(0, 1)
        tones = torch.exp(out[..., 1 : 1 + harmonics].clamp(-16, 6)) * fade
        noise = torch.exp((out[..., 1 + harmonics :] - 4).clamp(-18, 6))
        place = (partials / 10).clamp(max=2399.0)
        low = place.floor().long()
        curve = torch.lerp(self.a_curve[low], self.a_curve[low + 1], place - low)
        power = (tones.square() * curve).sum(-1) / 2 + ((noise @ self.bands).square() @ self.noise_weights)
        level = torch.pow(10.0, loudness_db / 20) * torch.exp(_SLACK_NEPERS * torch.tanh(out[..., 0]))
        gain = (level / torch.sqrt(power + 1e-9))[..., None]
        return tones * gain, noise * gain

    def sound(self, hz: Tensor, tones: Tensor, noise: Tensor, draw: torch.Generator | None = None) -> Tensor:
        """Audio (batch, frames * HOP)."""
        return self._harmonic(hz, tones) + self._noise(noise, draw)

    def _harmonic(self, hz: Tensor, tones: Tensor) -> Tensor:
        batch, frames, harmonics = tones.shape
        with torch.no_grad():
            following = torch.cat([hz[:, 1:], hz[:, -1:]], 1)
            steps = torch.lerp(hz.double()[..., None], following.double()[..., None], self.ramp.double())
            turns = torch.cumsum(steps.reshape(batch, -1) / SAMPLE_RATE_HZ, 1)
            phase = (turns % 1.0).float() * (2 * math.pi)
            basis = torch.sin(phase.reshape(batch * frames, HOP, 1) * self.multiples)
        after = torch.cat([tones[:, 1:], tones[:, -1:]], 1)
        ends = torch.stack([tones, after], -1).reshape(batch * frames, harmonics, 2)
        both = torch.bmm(basis, ends)
        return torch.lerp(both[..., 0], both[..., 1], self.ramp).reshape(batch, -1)

    def _noise(self, bands: Tensor, draw: torch.Generator | None) -> Tensor:
        batch, frames, _ = bands.shape
        white = torch.randn(batch, frames, NOISE_WINDOW, generator=draw, device=self.device)
        coloured = torch.fft.irfft(torch.fft.rfft(white) * (bands @ self.bands), NOISE_WINDOW) * self.window
        length = (frames - 1) * HOP + NOISE_WINDOW
        laid = functional.fold(coloured.transpose(1, 2), (1, length), (1, NOISE_WINDOW), stride=(1, HOP))[:, 0, 0]
        half = NOISE_WINDOW // 2
        return functional.pad(laid[:, half:], (0, half))[:, : frames * HOP]

    def mel_db(self, hz: Tensor, tones: Tensor, noise: Tensor) -> Tensor:
        """What `measures.mel_db` expects to find of these amplitudes, (…, bands of mel): no sound needs to be made."""
        place = (hz[..., None] * self.multiples / MEL_STEP_HZ).round().long().clamp(max=len(self.mel_tones) - 1)
        tonal = torch.einsum("...h,...hm->...m", tones.square(), self.mel_tones[place])
        return 10 * torch.log10(tonal + (noise @ self.bands).square() @ self.mel_noise + 1e-10)

    def mel_loss(self, made: Tensor, true: Tensor, floor: Tensor) -> Tensor:
        """The mean difference of mel spectra in dB, what lies under `floor` being silence; as `measures` has it."""
        one, other = (
            (
                10
                * torch.log10(
                    self._magnitude(audio, MEL_WINDOW, 480).square().transpose(1, 2) @ self.mel_filters + 1e-10
                )
            ).maximum(floor)
            for audio in (made, true)
        )
        return (one - other).abs().mean()

    def spectral_loss(self, made: Tensor, true: Tensor, scales: tuple[int, ...] = SCALES) -> Tensor:
        """The multi-scale spectral loss: mean difference of magnitudes and of their logarithms over `scales`."""
        total = made.new_zeros(())
        for size in scales:
            one, other = (self._magnitude(audio, size) for audio in (made, true))
            total = total + (one - other).abs().mean()
            total = total + (torch.log(one + 1e-4) - torch.log(other + 1e-4)).abs().mean()
        return total / len(scales)

    def _magnitude(self, audio: Tensor, size: int, hop: int | None = None) -> Tensor:
        spectrum = torch.stft(audio, size, hop or size // 4, window=self.hann[size], return_complex=True)
        return torch.view_as_real(spectrum).square().sum(-1).add(1e-9).sqrt()
