"""What a command is given, from any side: OSC values in order, JSON by name, words on the command line.

A command's arguments are a frozen dataclass whose fields are made with `asked`. One reading serves every side, so that
a whole number that arrives as a float is a number everywhere.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from midi.errors import HummingbridgeError

A = TypeVar("A")


class InvalidArgument(HummingbridgeError):
    """An argument is missing, unknown, of the wrong kind or out of range."""

    code: ClassVar[str] = "invalid-argument"


def asked(
    text: str,
    *,
    default: Any = dataclasses.MISSING,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """A field of a command's arguments: what it means, its default, its range or its choices."""
    metadata = {"text": text, "low": low, "high": high, "choices": tuple(choices)}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """One argument, as the references print it and the readers check it."""

    name: str
    kind: str
    optional: bool
    text: str
    default: Any
    low: float | None
    high: float | None
    choices: tuple[str, ...]

    @property
    def required(self) -> bool:
        return self.default is dataclasses.MISSING


_KINDS = {int: "whole number", float: "number", bool: "yes or no", str: "text"}
_JSON_KINDS = {"whole number": "integer", "number": "number", "yes or no": "boolean", "text": "string"}


def described(arguments: type) -> tuple[Asked, ...]:
    """The arguments of a command, in order."""
    hints = typing.get_type_hints(arguments)
    return tuple(_described(field, hints[field.name]) for field in dataclasses.fields(arguments))


def _described(field: dataclasses.Field[Any], hint: Any) -> Asked:
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    union = isinstance(hint, types.UnionType)
    kind = "list of whole numbers" if typing.get_origin(hint) is tuple else _KINDS[kinds[0] if union else hint]
    facts = dict(field.metadata)
    return Asked(field.name, kind, union, facts["text"], field.default, facts["low"], facts["high"], facts["choices"])


def from_values(arguments: type[A], values: Sequence[object]) -> A:
    """The arguments from values in order (OSC). Raises `InvalidArgument`."""
    known = described(arguments)
    if known and known[-1].kind == "list of whole numbers" and len(values) > len(known):
        # A list comes last, and as separate values where the client has no lists.
        first = len(known) - 1
        values = [*values[:first], list(values[first:])]
    if len(values) > len(known):
        takes = ", ".join(argument.name for argument in known) or "no arguments"
        raise InvalidArgument(f"{len(values)} arguments are {len(values) - len(known)} too many", hint=f"give {takes}")
    return from_mapping(arguments, {argument.name: value for argument, value in zip(known, values, strict=False)})


def from_mapping(arguments: type[A], given: Mapping[str, object]) -> A:
    """The arguments by name (JSON, the command line). Raises `InvalidArgument`."""
    known = {argument.name: argument for argument in described(arguments)}
    for name in given:
        if name not in known:
            takes = ", ".join(known) or "no arguments"
            raise InvalidArgument(f"argument {name!r} is unknown", hint=f"this command takes {takes}")
    for name, argument in known.items():
        if argument.required and name not in given:
            raise InvalidArgument(f"argument {name!r} is missing", hint=argument.text)
    return arguments(**{name: _read(known[name], value) for name, value in given.items()})


def _read(asked: Asked, value: object) -> Any:
    if asked.optional and (value is None or value == ""):
        return None
    read = _READERS[asked.kind](asked, value)
    low = -math.inf if asked.low is None else asked.low
    high = math.inf if asked.high is None else asked.high
    for number in read if isinstance(read, tuple) else (read,):
        if isinstance(number, int | float) and not low <= number <= high:
            beyond = f"outside {low:g}..{high:g}" if high < math.inf else f"below {low:g}"
            raise InvalidArgument(f"{asked.name} {number:g} is {beyond}", hint=asked.text)
    if asked.choices and read not in asked.choices:
        raise InvalidArgument(f"{asked.name} {read!r} is unknown", hint=f"give {', '.join(asked.choices)}")
    return read


def _wrong(asked: Asked, value: object) -> InvalidArgument:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    return InvalidArgument(f"{asked.name} {shown} is not a {asked.kind}", hint=asked.text)


def _number(asked: Asked, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(asked, value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong(asked, value) from None
    if not math.isfinite(number):
        raise _wrong(asked, value)
    return number


def _whole(asked: Asked, value: object) -> int:
    number = _number(asked, value)
    if number != round(number):
        raise _wrong(asked, value)
    return round(number)


_YES_OR_NO = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _yes_or_no(asked: Asked, value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = f"{value:g}" if isinstance(value, int | float) else str(value).strip().lower()
    if text not in _YES_OR_NO:
        raise _wrong(asked, value)
    return _YES_OR_NO[text]


def _text(asked: Asked, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(asked, value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if len(text) > 4096 or "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        # Half a sign, as JSON may hold, can be written nowhere.
        raise _wrong(asked, value)
    return text


def _whole_numbers(asked: Asked, value: object) -> tuple[int, ...]:
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if isinstance(items, int | float):
        items = [items]
    if not isinstance(items, list | tuple):
        raise _wrong(asked, value)
    return tuple(_whole(asked, item) for item in items)


_READERS: dict[str, Any] = {
    "whole number": _whole,
    "number": _number,
    "yes or no": _yes_or_no,
    "text": _text,
    "list of whole numbers": _whole_numbers,
}


def json_schema(arguments: type) -> dict[str, object]:
    """The arguments as a JSON schema, for the OpenAPI document."""
    properties: dict[str, object] = {}
    for argument in described(arguments):
        many = argument.kind == "list of whole numbers"
        value: dict[str, object] = {"type": "integer" if many else _JSON_KINDS[argument.kind]}
        if argument.low is not None:
            value["minimum"] = argument.low
        if argument.high is not None:
            value["maximum"] = argument.high
        if argument.choices:
            value["enum"] = list(argument.choices)
        schema: dict[str, object] = {"type": "array", "items": value} if many else value
        if argument.optional:
            schema = {"anyOf": [schema, {"type": "null"}]}
        schema["description"] = argument.text
        if not argument.required and argument.default is not None:
            schema["default"] = list(argument.default) if many else argument.default
        properties[argument.name] = schema
    required = [argument.name for argument in described(arguments) if argument.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
