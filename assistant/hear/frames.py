"""The time grid on which everything is heard: mono sound at 22050 Hz, a frame every 11.6 ms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]

RATE_HZ = 22050
HOP = 256
