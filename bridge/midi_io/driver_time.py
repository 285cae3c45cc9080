"""The time of an audio driver, which counts the periods it has played, beside the computer's."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

STEADY_MESSAGES = 3
"""So many together tell how far the two times are apart: a message is handed on late now and then, not always."""

LEAST_STEP_SECONDS = 0.0005
LONGEST_STANDSTILL_SECONDS = 5.0
"""Beyond it the driver was started anew."""


class DriverTime:
    """Puts messages where they lay in the driver's time, on the computer's clock: without the delay of each.

    A driver that is kept waiting leaves periods out; then its time, and that of all who play in it, stands still for
    as long. `stood_still(seconds)` is told so: whatever came before lies so much later. It may be told a small step
    back as well, when a message comes with less delay than any before.
    """

    def __init__(self, stood_still: Callable[[float], None]) -> None:
        self._stood_still = stood_still
        self._lock = threading.Lock()
        self._apart: float | None = None
        self._latest: deque[float] = deque(maxlen=STEADY_MESSAGES)

    def steady(self, seconds: float, driver_seconds: float) -> float:
        """When a message that came at `seconds`, in the period that began at `driver_seconds`, would have come without
        delay.
        """
        with self._lock:
            apart = seconds - driver_seconds
            if self._apart is None or abs(apart - self._apart) > LONGEST_STANDSTILL_SECONDS:
                self._latest.clear()
                self._apart = apart
            self._latest.append(apart)
            # Earlier than ever is believed at once; later, when it stays so.
            least = min(self._latest)
            step = least - self._apart
            sure = step < 0 or len(self._latest) == STEADY_MESSAGES
            if sure and abs(step) >= LEAST_STEP_SECONDS:
                self._apart = least
                self._stood_still(step)
            return driver_seconds + self._apart
