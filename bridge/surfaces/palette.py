"""Which colour a state has on a surface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.surfaces.look import FALLBACK


def colour_of(colours: Mapping[str, Mapping[str, Any]], state: str) -> Mapping[str, Any]:
    """The state's colour, or that of the state that stands in for it; nothing at all is dark."""
    while state not in colours and state in FALLBACK:
        state = FALLBACK[state]
    return colours.get(state, {})
