"""What may be asked of variations."""

from __future__ import annotations

import pytest

from assistant.brief import Brief
from assistant.errors import InvalidBrief


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"count": 0}, "0 variations cannot be made"),
        ({"count": 1001}, "1001 variations cannot be made"),
        ({"closeness": 1.2}, "closeness 1.2 is outside 0..1"),
        ({"closeness": float("nan")}, "closeness nan is outside 0..1"),
        ({"keep": "tempo"}, "'tempo' cannot be kept"),
        ({"locked_bars": frozenset({0})}, "bar 0 cannot be locked: the first bar is 1"),
        ({"density": 0.0}, "density 0 is outside 0.1..8"),
        ({"density": float("inf")}, "density inf is outside 0.1..8"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(asked: dict[str, object], message: str):
    with pytest.raises(InvalidBrief) as refused:
        Brief(**asked)
    assert refused.value.message == message
    assert refused.value.hint


def test_a_brief_can_be_compared_and_kept_in_a_set():
    assert len({Brief(locked_bars=frozenset({1, 2})), Brief(locked_bars=frozenset({2, 1}))}) == 1


def test_density_allows_a_tenth_either_way():
    assert Brief(density=2.0).note_counts(20) == range(36, 45)


def test_density_allows_at_least_one_note_either_way():
    assert Brief(density=1.0).note_counts(4) == range(3, 6)


def test_any_number_of_notes_will_do_where_no_density_is_asked():
    assert 1 in Brief().note_counts(8)
    assert 100_000 in Brief().note_counts(8)
