"""Waiting for what a peer does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def eventually(holds: Callable[[], object], *, seconds: float, what: str) -> None:
    """Waits until `holds()` is true."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.02)
