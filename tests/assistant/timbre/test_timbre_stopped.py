"""Learning that is killed goes on where it was, and ends as if nothing had happened. Needs torch."""

import signal
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torch", reason='training is an extra: pip install "hummingbridge[train]"')

LEARN = """
import os, signal, sys
from pathlib import Path
import numpy as np
import torch
from assistant.timbre.shape import Shape
from assistant.timbre.training import fit as fitting
from assistant.timbre.training.passages import passage
torch.set_num_threads(1)
fitting._EVERY_SECONDS = -1.0
frames = 700
hz = np.full(frames, 220, np.float32)
turns = 2 * np.pi * 220 * np.arange(frames * 192) / 48_000
samples = (0.1 * np.sin(turns) + 0.05 * np.sin(2 * turns)).astype(np.float32)
checkpoint, result, killed_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
steps = []
def told(now):
    steps.append(now.step)
    if now.step == killed_at:
        os.kill(os.getpid(), signal.SIGKILL)
shape = Shape(harmonics=8, channels=16, dilations=(1, 2))
learnt = fitting.fit(
    [passage(samples, hz, 8)], shape, fitting.Plan(4, 2), checkpoint=checkpoint, told=told, device="cpu"
)
np.savez(result, steps=steps, **{name: value.numpy() for name, value in learnt.items()})
"""


def learnt(checkpoint, result, killed_at=0):
    command = [sys.executable, "-c", LEARN, str(checkpoint), str(result), str(killed_at)]
    return subprocess.run(command, check=False).returncode


def test_a_killed_learning_goes_on_where_it_was_and_ends_the_same(tmp_path):
    assert learnt(tmp_path / "whole.pt", tmp_path / "whole.npz") == 0
    for killed_at in (3, 6):
        assert learnt(tmp_path / "stopped.pt", tmp_path / "stopped.npz", killed_at) == -signal.SIGKILL
        assert not (tmp_path / "stopped.npz").exists()
    assert learnt(tmp_path / "stopped.pt", tmp_path / "stopped.npz") == 0
    with np.load(tmp_path / "whole.npz") as whole, np.load(tmp_path / "stopped.npz") as stopped:
        assert whole["steps"].tolist() == [1, 2, 3, 4, 5, 6]
        assert stopped["steps"].tolist() == [6]
        for name in set(whole) - {"steps"}:
            assert np.array_equal(whole[name], stopped[name]), name
