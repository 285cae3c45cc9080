"""Sound to sound: chains of effects, as TOML presets and as values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.audio import Audio
    from assistant.effects.apply import Failed
    from assistant.effects.chain import Chain

__all__ = ["apply_chain", "load_chain"]


def load_chain(name_or_path: str | Path) -> Chain:
    """A chain by its preset's name, or from a `.toml` file; see `assistant.effects.chain`."""
    from assistant.effects.chain import load_chain as loaded

    return loaded(name_or_path)


def apply_chain(
    audio: Audio, chain: Chain, *, overrides: Mapping[str, str] | None = None, failed: Failed = None
) -> Audio:
    """`audio` through `chain`; see `assistant.effects.apply`."""
    from assistant.effects.apply import apply_chain as applied

    return applied(audio, chain, overrides=overrides, failed=failed)
