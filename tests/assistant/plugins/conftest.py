"""A second of a tone."""

import numpy as np
import pytest

from assistant.audio import Audio


@pytest.fixture
def tone() -> Audio:
    time = np.arange(48_000) / 48_000
    return Audio(np.tile(0.25 * np.sin(2 * np.pi * 440 * time), (2, 1)).astype(np.float32), 48_000)
