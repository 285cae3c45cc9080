"""Expression: what the voice does beside the notes that were meant."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.hear import Heard, HearSettings, Listener, check_ears
from assistant.hear.expression import bends_of
from midi.smf import motif_score, read_smf, smf_bytes
from midi.tempo import Tempo

pytestmark = pytest.mark.skipif(not check_ears().ready, reason=check_ears().reason)


def sung(*, cents: float = 0.0) -> Audio:
    """A long note with vibrato of 60 cents, 5.5 times a second; then a plain one, a third higher."""
    rate = 22050
    since = np.arange(rate * 2) / rate
    gate = np.minimum(1, 30 * np.minimum(since, (1.9 - since).clip(0)))
    parts = [np.zeros(rate // 4)]
    for pitch, vibrato in ((60, 0.6), (64, 0.0)):
        bent = pitch + cents / 100 + vibrato * np.sin(2 * np.pi * 5.5 * since) * (since > 0.3)
        phase = 2 * np.pi * np.cumsum(440 * 2 ** ((bent - 69) / 12)) / rate
        parts.append(0.15 * gate * sum(np.sin(part * phase) / part for part in range(1, 10)))
    return Audio(np.concatenate([*parts, np.zeros(rate // 4)]).astype(np.float32)[np.newaxis], rate)


@pytest.fixture(scope="module")
def heard() -> Heard:
    return Listener().listen(sung(), HearSettings(tempo=Tempo(120)))


def test_vibrato_becomes_bends_and_a_plain_note_has_next_to_none(heard: Heard):
    assert [note.pitch for note in heard.motif.notes] == [60, 64]
    trembling, plain = bends_of(heard)
    values = np.array([bend.semitones for bend in trembling])
    assert values.max() == pytest.approx(0.6, abs=0.15)
    assert values.min() == pytest.approx(-0.6, abs=0.15)
    turns = np.count_nonzero(np.diff(np.sign(values)))
    assert turns == pytest.approx(2 * 5.5 * 1.5, abs=5)
    assert max(abs(bend.semitones) for bend in plain) < 0.2


def test_bends_lie_inside_their_notes(heard: Heard):
    for note, bends in zip(heard.motif.notes, bends_of(heard), strict=True):
        assert bends[0].beats == 0
        assert all(a.beats < b.beats < note.length_beats for a, b in pairwise(bends))


def test_who_sings_flat_throughout_does_not_bend_all_the_time():
    flat = Listener().listen(sung(cents=-30), HearSettings(tempo=Tempo(120)))
    _, plain = bends_of(flat)
    assert abs(np.median([bend.semitones for bend in plain])) < 0.12


@pytest.mark.parametrize("mpe", [False, True])
def test_the_file_holds_what_was_sung(heard: Heard, mpe: bool):
    bends = bends_of(heard, mpe=mpe)
    (track,) = read_smf(smf_bytes(motif_score(heard.motif, bends=bends, mpe=mpe))).tracks
    for wrote, read in zip(bends, track.bends, strict=True):
        assert [bend.semitones for bend in read] == pytest.approx([bend.semitones for bend in wrote], abs=0.006)
