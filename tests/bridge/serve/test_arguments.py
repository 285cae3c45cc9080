"""One reading of arguments for OSC, HTTP and the terminal."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.arguments import InvalidArgument, asked, described, from_mapping, from_values, json_schema
from bridge.commands import COMMANDS


@dataclass(frozen=True, slots=True)
class Example:
    number: int = asked("A whole number.", low=1, high=9)
    share: float | None = asked("A share, or nothing.", default=None, low=0, high=1)
    loud: bool = asked("Loud?", default=False)
    kind: str = asked("One of two.", default="a", choices=("a", "b"))
    bars: tuple[int, ...] = asked("Bars.", default=(), low=1, high=99)


def test_a_whole_number_that_arrives_as_a_float_is_a_number() -> None:
    assert from_values(Example, [3.0]) == from_mapping(Example, {"number": "3"}) == Example(3)


def test_values_in_order_and_by_name_say_the_same() -> None:
    by_name = {"number": 2, "share": 0.5, "loud": 1, "kind": "b", "bars": [1, 2]}
    assert from_values(Example, [2, 0.5, 1, "b", 1.0, 2.0]) == from_mapping(Example, by_name)


def test_nothing_may_be_said_for_what_is_optional() -> None:
    assert from_values(Example, [2, ""]).share is None


@pytest.mark.parametrize(
    ("given_values", "message"),
    [
        ({}, "'number' is missing"),
        ({"number": 10}, "number 10 is outside 1..9"),
        ({"number": 1.5}, "number 1.5 is not a whole number"),
        ({"number": "three"}, "number 'three' is not a whole number"),
        ({"number": True}, "is not a whole number"),
        ({"number": 1, "share": float("nan")}, "is not a number"),
        ({"number": 1, "kind": "c"}, "kind 'c' is unknown"),
        ({"number": 1, "colour": 1}, "'colour' is unknown"),
        ({"number": 1, "loud": "perhaps"}, "is not a yes or no"),
        ({"number": 1, "bars": [0]}, "outside 1..99"),
    ],
)
def test_a_wrong_argument_is_named_with_its_rule(given_values: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message.replace("(", r"\(")):
        from_mapping(Example, given_values)


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()


@given(st.sampled_from(sorted(COMMANDS)), st.lists(anything, max_size=6))
def test_any_values_are_read_or_refused_and_nothing_else(name: str, values: list[object]) -> None:
    with contextlib.suppress(InvalidArgument):
        from_values(COMMANDS[name].arguments, values)


def test_every_command_is_documented_and_has_a_schema_and_a_handler() -> None:
    from assistant.tables import resolve

    for name, command in COMMANDS.items():
        assert command.summary.endswith(".")
        assert command.answers
        assert name.count("/") == 1
        for argument in described(command.arguments):
            assert argument.text.endswith(".")
        assert json_schema(command.arguments)["type"] == "object"
        assert callable(resolve({name: command.handler}, name, kind="command"))
