"""What is learnt from: passages of one voice with all that is measured in them, and their mean spectra, key by key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.timbre.features import HOP, Frames, loudness, midi_pitch, network_input
from assistant.timbre.measures import RANGE_DB, mel_db
from assistant.timbre.shape import Shape
from assistant.timbre.table import CELLS, KEYS, LEVELS_DB, corners
from assistant.timbre.training.analysis import analysed

AUDIBLE_DB = 70.0
"""A harmonic so far below the loudness is not heard; noise is by 10 dB more."""
SILENT_DB = -65.0
_LIKE_KEYS, _LIKE_LEVELS = 20.0, 100.0
"""Frames' worth: how much a cell of the table is drawn to each of its neighbours."""
_NEPERS_A_DB = math.log(10) / 20


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Audio of one voice, mono at 48 kHz and of whole frames, with its pitch, loudness, harmonics, noise and bands of
    mel, those no more than 70 dB below its loudest.
    """

    samples: Frames
    hz: Frames
    loudness_db: Frames
    tones_db: Frames
    noise_db: Frames
    mel_db: Frames

    @property
    def features(self) -> Frames:
        return network_input(midi_pitch(self.hz), self.loudness_db)


def passage(samples: Frames, hz: Frames, harmonics: int) -> Passage:
    """Measures what the network is to learn. `samples` are cut to `hz`'s frames."""
    whole = np.pad(samples, (0, max(0, len(hz) * HOP - len(samples))))[: len(hz) * HOP].astype(np.float32)
    found = analysed(whole, hz, harmonics)
    mel = mel_db(whole, HOP)[: len(hz)]
    mel = np.maximum(mel, mel.max() - RANGE_DB)
    return Passage(whole, hz, loudness(whole), found.tones_db, found.noise_db, mel)


def table_of(passages: Sequence[Passage], shape: Shape) -> Frames:
    """The mean spectrum of every key at every level as a network puts it out, (outputs, cells): the least squares, each
    cell like its neighbours so far as it was not heard.
    """
    square, moment = np.zeros((CELLS, CELLS)), np.zeros((CELLS, shape.outputs - 1))
    for one in passages:
        heard = one.loudness_db > SILENT_DB
        level = one.loudness_db[heard, None]
        tones = np.maximum(one.tones_db[heard] - level, -AUDIBLE_DB)
        noise = np.maximum(one.noise_db[heard] - level, -AUDIBLE_DB - 10)
        # A network's noise is four nepers under what it says.
        wanted = np.concatenate([tones * _NEPERS_A_DB, noise * _NEPERS_A_DB + 4], axis=1)
        shares = np.zeros((len(level), CELLS), np.float32)
        for share, cell in corners(one.features[:, heard]):
            shares[np.arange(len(level)), cell] += share
        square += shares.T @ shares
        moment += shares.T @ wanted
    cells = np.arange(CELLS).reshape(len(KEYS), len(LEVELS_DB))
    for one_side, other, strength in ((cells[:-1], cells[1:], _LIKE_KEYS), (cells[:, :-1], cells[:, 1:], _LIKE_LEVELS)):
        pairs = np.zeros((one_side.size, CELLS))
        pairs[np.arange(one_side.size), one_side.ravel()] = 1
        pairs[np.arange(one_side.size), other.ravel()] = -1
        square += strength * pairs.T @ pairs
    found = np.linalg.solve(square + 1e-3 * np.eye(CELLS), moment)
    # The slack in gain is not the table's matter.
    table: Frames = np.pad(found.T, ((1, 0), (0, 0))).astype(np.float32)
    return table
