"""Tables of adapters: `name → "module:attribute"`, resolved on use: nothing heavy is imported before it is needed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from assistant.errors import UnknownName


def resolve(table: Mapping[str, str], name: str, *, kind: str) -> Any:
    """The object behind `name`. Raises `UnknownName`, naming what is known."""
    if name not in table:
        raise unknown(name, table, kind=kind)
    module, attribute = table[name].split(":")
    return getattr(import_module(module), attribute)


def unknown(name: str, known: Iterable[str], *, kind: str) -> UnknownName:
    """The error for a name that is not in a table: the nearest known name first."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UnknownName(f"{kind} {name!r} is unknown", hint=f"{hint}known: {', '.join(names)}")
