"""A timbre's table of spectra, and the phrases that it is measured from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.timbre.features import HOP, hertz, network_input
from assistant.timbre.shape import Shape
from assistant.timbre.synthesis import sound
from assistant.timbre.table import CELLS, KEYS, LEVELS_DB, corners
from assistant.timbre.timbre import card_path, load_timbre_file
from assistant.timbre.training.passages import passage, table_of
from assistant.timbre.training.phrases import phrase
from assistant.timbre.training.players import Part, _events
from assistant.timbre.weights import read_weights, write_weights


def steady(pitch: float, second_harmonic: float, frames: int = 400):
    turns = 2 * np.pi * float(hertz(np.array(pitch))) * np.arange(frames * HOP) / 48_000
    samples = 0.1 * (np.sin(turns) + second_harmonic * np.sin(2 * turns))
    return passage(samples.astype(np.float32), np.full(frames, hertz(np.array(pitch)), np.float32), 4)


@given(st.floats(0, 127), st.floats(-90, 0))
def test_every_frame_lies_between_four_cells(pitch, level_db):
    found = corners(network_input(np.array([pitch]), np.array([level_db])))
    assert sum(float(share[0]) for share, _ in found) == pytest.approx(1, abs=1e-4)
    assert all(-1e-4 <= share[0] <= 1 + 1e-4 and 0 <= cell[0] < CELLS for share, cell in found)


def test_on_a_key_and_a_level_there_is_one_cell():
    found = corners(network_input(np.array([60.0]), np.array([-30.0])))
    whole = [cell[0] for share, cell in found if share[0] > 0.999]
    assert whole == [KEYS.index(60) * len(LEVELS_DB) + LEVELS_DB.index(-30.0)]


def test_the_table_is_what_was_heard_on_each_key_and_its_neighbour_s_on_the_others():
    table = table_of([steady(60, 0.5), steady(72, 0.1)], Shape(harmonics=4))
    cells = table.reshape(-1, len(KEYS), len(LEVELS_DB))
    fall = (cells[2] - cells[1]) * 20 / np.log(10)
    level = LEVELS_DB.index(-30.0)
    assert fall[KEYS.index(60), level] == pytest.approx(-6.0, abs=1.0)
    assert fall[KEYS.index(72), level] == pytest.approx(-20.0, abs=1.0)
    assert fall[KEYS.index(50), level] == pytest.approx(-6.0, abs=1.0)
    assert -20 < fall[KEYS.index(66), level] < -6


def test_weights_from_before_there_were_tables_still_sound(tmp_path):
    card = card_path("violin")
    weights = read_weights(card.with_suffix(".safetensors"))
    del weights["table"]
    write_weights(tmp_path / "old.safetensors", weights)
    (tmp_path / "old.toml").write_bytes(card.read_bytes())
    network = load_timbre_file(tmp_path / "old.toml").network
    made = sound(network, np.full(100, 440, np.float32), np.full(100, -25, np.float32))
    assert not network.table.any()
    assert np.isfinite(made).all()
    assert made.any()


def test_of_single_notes_each_is_silenced_as_the_next_begins():
    written = phrase(1, 60, 72, 8.0)
    events = _events(Part(written, 40, 1, single=True))
    for number, following in enumerate(written.notes[1:]):
        silenced = [
            at
            for at, _, message in events
            if message.type == "control_change" and message.control == 120 and message.channel == number % 2
        ]
        assert any(0 < at - following.start < 0.05 for at in silenced)
    begun = [message.channel for _, _, message in events if message.type == "note_on"]
    assert begun == [number % 2 for number in range(len(written.notes))]
