"""Small facts as a value: a mapping of plain JSON that never changes, and one spelling for each of its values."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.errors import InvalidTake


class Facts(Mapping[str, Any]):
    """An immutable mapping of plain JSON values: text, finite numbers, true, false, None, lists (as tuples), mappings.

    Whole numbers that come as floats become integers, so that 96 and 96.0 are the same tempo. Can be hashed, compared
    with any mapping, and sent to other processes. Raises `InvalidTake` for anything that JSON cannot say.
    """

    __slots__ = ("_text", "_values")

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = {key: _frozen(value, key) for key, value in _checked(values or {}, "").items()}
        self._text = canonical(self._values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        try:
            return self._text == (other if isinstance(other, Facts) else Facts(other))._text
        except InvalidTake:
            return False

    def __repr__(self) -> str:
        return f"Facts({self._text})"

    def __reduce__(self) -> tuple[type[Facts], tuple[dict[str, Any]]]:
        return Facts, (self.as_json(),)

    def as_json(self) -> dict[str, Any]:
        """A fresh copy in dicts and lists."""
        copy: dict[str, Any] = json.loads(self._text)
        return copy


def canonical(value: object) -> str:
    """JSON with one spelling for one value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_opened)


def texts(value: object) -> Iterator[str]:
    """Every text among the values, however deep: what a search looks at."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


def numbers(values: Mapping[str, Any]) -> Iterator[int | float]:
    """The numbers among the values, not those further down."""
    for value in values.values():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield value


def searchable(text: str) -> str:
    """`text` as a search index can hold it: control characters become spaces, broken Unicode question marks."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in whole)


def _opened(value: object) -> object:
    if isinstance(value, Facts):
        return value._values
    raise TypeError(type(value).__name__)


def _checked(values: Mapping[Any, Any], place: str) -> Mapping[str, Any]:
    for key in values:
        if not isinstance(key, str):
            raise InvalidTake(f"the key {key!r}{' in ' + place if place else ''} is not text", hint="name it by a word")
    return values


def _frozen(value: object, place: str) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidTake(f"{place} is {value}, which is not a number", hint="leave it out or give None")
        return int(value) if value.is_integer() and abs(value) < 2**53 else float(value)
    if isinstance(value, Facts):
        return value
    if isinstance(value, Mapping):
        return Facts({key: _frozen(inner, f"{place}.{key}") for key, inner in _checked(value, place).items()})
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(inner, f"{place}[{index}]") for index, inner in enumerate(value))
    raise InvalidTake(
        f"{place} is a {type(value).__name__}, not a plain value", hint="give text, a number, a list or a mapping"
    )
