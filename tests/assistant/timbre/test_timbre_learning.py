"""Learning a timbre: it begins at the mean spectra and comes nearer. Needs torch."""

import numpy as np
import pytest

pytest.importorskip("torch", reason='training is an extra: pip install "hummingbridge[train]"')

import torch

from assistant.timbre.features import HOP, loudness
from assistant.timbre.measures import mel_db, mel_distance
from assistant.timbre.network import Network
from assistant.timbre.shape import Shape
from assistant.timbre.synthesis import sound
from assistant.timbre.training.fit import Plan, fit
from assistant.timbre.training.model import Synthesis, outputs
from assistant.timbre.training.passages import passage, table_of

SHAPE = Shape(harmonics=8, channels=16, dilations=(1, 2))
HZ = np.full(700, 220, np.float32)


def brightening() -> np.ndarray:
    """A tone whose second harmonic comes and goes."""
    turns = np.arange(len(HZ) * HOP) * 220 / 48_000
    second = 0.05 * (1 + np.sin(2 * np.pi * np.arange(len(turns)) / 48_000))
    return (0.1 * np.sin(2 * np.pi * turns) + second * np.sin(4 * np.pi * turns)).astype(np.float32)


def learnt(frame_steps: int) -> Network:
    one = passage(brightening(), HZ, 8)
    parameters = fit([one], SHAPE, Plan(frame_steps, 0), device="cpu")
    return Network({name: value.numpy() for name, value in parameters.items()}, SHAPE)


def distance(network: Network) -> float:
    true = brightening()
    return mel_distance(true, sound(network, HZ, loudness(true)))


def test_with_no_step_it_is_the_mean_spectrum():
    one = passage(brightening(), HZ, 8)
    network = learnt(0)
    assert np.allclose(network.table, table_of([one], SHAPE).T)
    harmonics = network.flow().next(one.features)[300, 1:9]
    assert harmonics[0] - harmonics[1] == pytest.approx(np.log(2), abs=0.4)


def test_steps_bring_it_nearer():
    assert distance(learnt(40)) < distance(learnt(0))


def test_learning_and_playing_hear_the_same_network():
    network = learnt(5)
    one = passage(brightening(), HZ, 8)
    features = one.features
    parameters = fit([one], SHAPE, Plan(5, 0), device="cpu")
    taught = outputs(parameters, SHAPE, torch.from_numpy(features[None]))[0].numpy()
    played = network.flow().next(features[:, SHAPE.look_ahead :])
    assert np.abs(played[20:] - taught[20 : len(played)]).max() < 1e-4


def test_bands_of_mel_are_those_that_the_sound_has():
    synthesis = Synthesis(SHAPE, torch.device("cpu"))
    hz = torch.full((1, 200), 880.0)
    tones, noise = torch.full((1, 200, 8), 0.05), torch.full((1, 200, 64), 0.003)
    heard = mel_db(synthesis.sound(hz, tones, noise, torch.Generator().manual_seed(1)).numpy()[0])[20:60].mean(axis=0)
    expected = synthesis.mel_db(hz, tones, noise)[0, 100].numpy()
    assert np.median(np.abs(heard - expected)) < 0.5
