"""Words for a timbre that no table knows: what a text encoder makes of them; and words for settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CannotRead, UnknownName
from assistant.timbre.mapping import Settings
from assistant.timbre.timbre import list_timbres
from assistant.timbre.words import SETTING_WORDS, chosen


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real text encoder with random weights, saved as a composer's own would be."""
    torch = pytest.importorskip("torch", reason='an extra: pip install "hummingbridge[words]"')
    transformers = pytest.importorskip("transformers", reason='an extra: pip install "hummingbridge[words]"')
    folder = tmp_path_factory.mktemp("encoder")
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"##{c}" for c in "aeiourst"),
    ]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    shape = {"vocab_size": len(words), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(**shape, intermediate_size=16, max_position_embeddings=80)
    transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_unknown_words_are_chosen_for_by_meaning_and_it_says_why(tiny: Path):
    choice = chosen("frozen lake at night", text_model=str(tiny))
    assert choice.timbre in list_timbres()
    assert f"to {tiny.name} it is nearest to" in choice.because
    assert chosen("frozen lake at night", text_model=str(tiny)) == choice


def test_what_a_timbre_is_described_as_is_nearest_to_itself(tiny: Path):
    from assistant.timbre.meaning import Encoder

    encoder = Encoder(str(tiny))
    assert encoder.nearest("a wet e", (("tin",), ("o s r", "a wet e"), ("u",))) == (1, "a wet e", pytest.approx(1.0))
    directions = encoder.directions(["a", "a much longer text of several words"])
    assert np.linalg.norm(directions, axis=1) == pytest.approx([1.0, 1.0])
    assert encoder.directions(["a"])[0] == pytest.approx(directions[0], abs=1e-5)


def test_known_words_need_no_encoder():
    assert chosen("distant choir", text_model="/nowhere/at all").timbre == "voice-ah"


def test_a_folder_that_holds_no_encoder_is_told(tmp_path: Path):
    pytest.importorskip("transformers")
    with pytest.raises(CannotRead, match="could not be had"):
        chosen("frozen lake", text_model=str(tmp_path))
    with pytest.raises(CannotRead, match="neither a folder nor a hub's name"):
        chosen("frozen lake", text_model="lake")


def test_an_encoder_that_is_not_here_without_a_hub_is_told_at_once(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("transformers")
    constants = pytest.importorskip("huggingface_hub").constants
    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    with pytest.raises(CannotRead, match="the hub cannot be reached") as told:
        chosen("frozen lake", text_model="nobody/nothing")
    assert "--text-model FOLDER" in told.value.hint


def test_without_an_encoder_unknown_words_are_refused_with_the_way_to_one():
    with pytest.raises(UnknownName, match="frozen lake") as told:
        chosen("frozen lake")
    assert "--text-model" in told.value.hint


def test_words_for_settings_are_heard_and_said():
    choice = chosen("breathy steady flute")
    assert choice.timbre == "flute"
    assert dict(choice.settings) == {"noise": 0.6, "vibrato": 0.0}
    assert choice.because.endswith("noise 0.6, vibrato 0")
    assert dict(chosen("flute").settings) == {}


@pytest.mark.parametrize("word", SETTING_WORDS)
def test_every_word_for_a_setting_is_one_that_a_transfer_takes(word: str):
    name, value = SETTING_WORDS[word]
    assert getattr(Settings(**{name: value}), name) == value
