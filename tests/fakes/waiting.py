"""Waiting for what others do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE_SECONDS = 60.0
"""How long something may take on a busy machine. JACK alone stands still for up to ten seconds after a client is
killed, and lets no other in meanwhile."""


def eventually(holds: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS, what: str = "it") -> Any:
    """What `holds()` returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
    return found
