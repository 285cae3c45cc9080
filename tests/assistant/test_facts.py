"""Facts: plain JSON that never changes, with one spelling."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import InvalidTake
from assistant.facts import Facts, canonical, searchable, texts

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.dictionaries(st.text(), values))
def test_facts_are_the_same_after_json_and_after_a_journey_to_another_process(given_values: dict[str, object]) -> None:
    facts = Facts(given_values)
    assert Facts(json.loads(canonical(facts))) == facts == given_values
    assert Facts(facts.as_json()) == facts
    travelled = pickle.loads(pickle.dumps(facts))
    assert travelled == facts
    assert hash(travelled) == hash(facts)


def test_what_was_given_can_change_without_the_facts() -> None:
    given_values = {"chain": {"stages": ["reverb"]}}
    facts = Facts(given_values)
    given_values["chain"]["stages"].append("delay")
    assert facts["chain"]["stages"] == ("reverb",)
    facts.as_json()["chain"]["stages"].append("delay")
    assert facts.as_json() == {"chain": {"stages": ["reverb"]}}


def test_a_whole_number_is_the_same_fact_as_an_integer_and_as_a_float() -> None:
    assert canonical(Facts({"tempo_bpm": 96.0})) == canonical(Facts({"tempo_bpm": 96})) == '{"tempo_bpm":96}'


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical(Facts({"a": 1, "b": 2})) == canonical(Facts({"b": 2, "a": 1}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"closeness": float("nan")}, "closeness is nan"),
        ({"a": {"b": [0, float("inf")]}}, r"a\.b\[1\] is inf"),
        ({"file": Path("hum.wav")}, "file is a .*Path, not a plain value"),
        ({1: "one"}, "the key 1 is not text"),
        ({"a": {2: "two"}}, "the key 2 in a is not text"),
    ],
)
def test_what_json_cannot_say_is_refused_by_name(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidTake, match=message) as raised:
        Facts(wrong)
    assert raised.value.hint


def test_texts_are_found_however_deep() -> None:
    assert list(texts(Facts({"a": "one", "b": {"c": ["two", 3, None]}}))) == ["one", "two"]


@given(st.text(st.characters()))
def test_any_text_can_be_searched_for(text: str) -> None:
    assert "\x00" not in searchable(text)
    searchable(text).encode()
