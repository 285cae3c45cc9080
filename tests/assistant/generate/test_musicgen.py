"""The real audiocraft, with models that are small and know nothing: its debug model, and one that follows melodies.

Real weights come from a hub over the network, which no test asks.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.errors import CannotRead, InvalidBrief, MissingPart
from assistant.generate import Request, check, generate
from assistant.generate.musicgen import MusicGen
from midi.tempo import Tempo

needs_audiocraft = pytest.mark.skipif(not check().ready, reason=check().reason)
RATE = 32000


def tune(seconds: float = 2.0, rate: int = RATE) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    return Audio((0.3 * np.sin(2 * np.pi * 220 * time))[np.newaxis].astype(np.float32), rate)


@pytest.fixture(scope="module")
def debug() -> MusicGen:
    return MusicGen("debug")


@pytest.fixture(scope="module")
def melodic(tmp_path_factory: pytest.TempPathFactory) -> MusicGen:
    """A tiny model with random weights that follows melodies, loaded from a folder as a composer's own would be."""
    return MusicGen(str(weights(tmp_path_factory.mktemp("weights"))))


def weights(folder: Path) -> Path:
    """Writes such a folder. The separator of voices, which the real one fetches, lets everything through."""
    from assistant.generate.stand_ins import install

    install()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import demucs.pretrained
        import torch
        from audiocraft.models import builders
        from omegaconf import OmegaConf

        class Through(torch.nn.Module):
            """Takes all it hears for the voice."""

            samplerate, audio_channels, segment, max_allowed_segment = 44100, 2, 5.0, 5.0
            sources = ("drums", "bass", "other", "vocals")

            def __init__(self) -> None:
                super().__init__()
                self.loudness = torch.nn.Parameter(torch.ones(1))

            def valid_length(self, length: int) -> int:
                return length

            def forward(self, mix: torch.Tensor) -> torch.Tensor:
                return mix[:, None].repeat(1, 4, 1, 1) * self.loudness

        demucs.pretrained.get_model = lambda *_, **__: Through()
        lm = OmegaConf.create(LM)
        torch.manual_seed(1)
        state = builders.get_lm_model(lm).state_dict()
        # Untrained, a melody weighs so little that the dice fall the same way.
        state["condition_provider.conditioners.self_wav.output_proj.weight"] *= 100
        torch.save({"xp.cfg": OmegaConf.to_yaml(lm), "best_state": state}, folder / "state_dict.bin")
        codec = OmegaConf.create(CODEC)
        state = builders.get_compression_model(codec).state_dict()
        torch.save({"xp.cfg": OmegaConf.to_yaml(codec), "best_state": state}, folder / "compression_state_dict.bin")
    return folder


LM: dict[str, Any] = {
    "device": "cpu",
    "dtype": "float32",
    "lm_model": "transformer_lm",
    "dataset": {"segment_duration": 30},
    "codebooks_pattern": {"modeling": "delay", "delay": {"delays": [0, 1, 2, 3]}},
    "transformer_lm": {
        "dim": 16,
        "num_heads": 4,
        "num_layers": 2,
        "n_q": 4,
        "card": 400,
        "custom": True,
        "causal": True,
    },
    "classifier_free_guidance": {"training_dropout": 0.2, "inference_coef": 3.0},
    "attribute_dropout": {"args": {"active_on_eval": False}, "text": {}, "wav": {"self_wav": 0.5}},
    "fuser": {"sum": [], "prepend": ["self_wav", "description"], "cross": [], "input_interpolate": []},
    "conditioners": {
        "self_wav": {
            "model": "chroma_stem",
            "chroma_stem": {"sample_rate": RATE, "n_chroma": 12, "radix2_exp": 14, "argmax": True},
        },
        "description": {"model": "lut", "lut": {"n_bins": 128, "dim": 16, "tokenizer": "whitespace"}},
    },
}
CODEC: dict[str, Any] = {
    "device": "cpu",
    "compression_model": "encodec",
    "encodec": {"autoencoder": "seanet", "quantizer": "rvq", "sample_rate": RATE, "channels": 1, "causal": False},
    "seanet": {"dimension": 16, "channels": 1, "n_filters": 4, "ratios": [10, 8, 16], "encoder": {}, "decoder": {}},
    "rvq": {"n_q": 4, "bins": 400, "kmeans_init": False},
}


@needs_audiocraft
def test_a_description_becomes_whole_bars_at_48_khz(debug: MusicGen) -> None:
    told: list[float] = []
    made = generate(Request("gritty synth", 2.2, tempo=Tempo(120), model="debug"), progress=told.append, model=debug)
    assert made.audio.samples.shape == (1, 96_000)
    assert made.audio.sample_rate_hz == 48_000
    assert np.isfinite(made.audio.samples).all()
    assert made.audio.peak <= 1.0
    assert told == sorted(told)
    assert told[-1] == 1.0


@needs_audiocraft
def test_the_same_seed_gives_the_same_sound_and_another_another(debug: MusicGen) -> None:
    first, again, other = (
        generate(Request("pad", 1.0, seed=seed, model="debug"), model=debug).audio.samples for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@needs_audiocraft
def test_it_goes_on_from_a_sound_and_gives_only_what_is_new(debug: MusicGen) -> None:
    made = generate(Request("", 1.5, start=tune(3.0, 44100), model="debug"), model=debug)
    assert made.audio.duration_seconds == 1.5


@needs_audiocraft
def test_a_model_in_a_folder_follows_a_melody(melodic: MusicGen) -> None:
    assert melodic.follows_melodies
    asked = Request("happy rock", 1.0, melody=tune(2.0, 44100), seed=3)
    made = generate(asked, model=melodic)
    assert made.audio.samples.shape == (1, 48_000)
    other = Audio(
        tune(2.0, 44100).samples * 0 + np.random.default_rng(1).normal(0, 0.2, 88200).astype(np.float32), 44100
    )
    assert not np.array_equal(
        made.audio.samples, generate(Request("happy rock", 1.0, melody=other, seed=3), model=melodic).audio.samples
    )


@needs_audiocraft
def test_a_model_that_follows_no_melody_says_so(debug: MusicGen) -> None:
    with pytest.raises(InvalidBrief, match="follows no melody"):
        generate(Request("pad", 1.0, melody=tune(), model="debug"), model=debug)


@needs_audiocraft
def test_a_folder_without_weights_is_named_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"state_dict\.bin and compression_state_dict\.bin missing"):
        MusicGen(str(tmp_path))
    for name in ("state_dict.bin", "compression_state_dict.bin"):
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(CannotRead, match="could not be had"):
        MusicGen(str(tmp_path))


@needs_audiocraft
def test_a_hub_that_cannot_be_reached_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CannotRead, match="the hub cannot be reached") as told:
        MusicGen("facebook/musicgen-small")
    assert "--model FOLDER" in told.value.hint


@pytest.mark.skipif(check().ready, reason="audiocraft is installed")
def test_without_audiocraft_the_one_command_is_named() -> None:
    with pytest.raises(MissingPart) as told:
        generate(Request("pad"))
    assert told.value.hint.startswith('pip install "hummingbridge[')
