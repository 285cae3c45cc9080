"""Models of variations by name: the one that ships, and those trained on a composer's own music."""

from __future__ import annotations

import json
from pathlib import Path

from assistant.errors import InvalidBrief
from assistant.presets import check_name, own_folder, shipped
from assistant.tables import unknown

NAME = "melody/variations.npz"
SHIPPED = "shipped"


def models_folder() -> Path:
    """Where the composer's own models lie."""
    return own_folder() / "melody"


def model_names() -> tuple[str, ...]:
    """The shipped model and the composer's own."""
    return (SHIPPED, *sorted(path.stem for path in models_folder().glob("*.npz")))


def model_path(name: str = "") -> Path:
    """The file of a model; the shipped one if no name is given. Raises `UnknownName`."""
    if name in ("", SHIPPED):
        return shipped(NAME)
    check_name("models", name)
    path = models_folder() / f"{name}.npz"
    if not path.is_file():
        raise unknown(name, model_names(), kind="model of variations")
    return path


def new_model_path(name: str) -> Path:
    """Where a model of one's own is to be written. Raises `UnknownName`, `InvalidBrief`."""
    check_name("models", name)
    if name == SHIPPED:
        raise InvalidBrief(f"{SHIPPED!r} is the model that ships", hint="give yours another name")
    return models_folder() / f"{name}.npz"


def licence_of(name: str) -> str:
    """The licence that the composer gave to a model, as an SPDX name."""
    try:
        card = json.loads(model_path(name).with_suffix(".json").read_text(encoding="utf-8"))
        return str(card["licence"])
    except (OSError, ValueError, KeyError):
        return "NOASSERTION"
