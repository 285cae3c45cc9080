"""Undo and redo against a model of them: a list of states and a place in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import NothingToUndo
from assistant.library import Library
from assistant.take import NewTake, Recipe

State = dict[str, tuple[str, bool, str]]

acts = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3), st.integers(1, 2)),
        st.tuples(st.just("star"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("rename"), st.integers(0, 9), st.sampled_from(["dawn", "dusk", "noon"])),
        st.tuples(st.just("mark"), st.integers(0, 9), st.sampled_from(["kept", "discarded", ""])),
        st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
        st.tuples(st.sampled_from(["undo", "undo", "redo"]), st.none(), st.none()),
    ),
    max_size=30,
)


def seen(library: Library) -> State:
    return {take.id: (take.name, take.starred, take.mark) for take in library.list()}


def done(library: Library, act: tuple[str, object, object]) -> None:
    what, which, value = act
    takes = library.list()
    if what == "add":
        assert isinstance(which, int)
        assert isinstance(value, int)
        library.add(
            *(
                NewTake("motif", f"take {number}", Recipe("hum", seed=number), {})
                for number in range(which, which + value)
            )
        )
    elif takes:
        assert isinstance(which, int)
        take = takes[which % len(takes)]
        if what == "delete":
            library.delete(take.id)
        else:
            getattr(library, what)(take.id, value)


@given(acts)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_undo_and_redo_go_back_and_forth_through_the_same_states(sequence: list[tuple[str, object, object]]) -> None:
    shared = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder,
        Library(Path(folder)) as library,
    ):
        states: list[State] = [{}]
        place = 0
        for act in sequence:
            if act[0] in ("undo", "redo"):
                step = -1 if act[0] == "undo" else 1
                possible = 0 <= place + step < len(states)
                try:
                    getattr(library, act[0])()
                    assert possible
                    place += step
                except NothingToUndo:
                    assert not possible
            else:
                done(library, act)
                # What changes nothing is no step.
                if seen(library) != states[place]:
                    states[place + 1 :] = [seen(library)]
                    place += 1
            assert seen(library) == states[place]
            found = {take.id for take in library.search("motif")}
            assert found == set(states[place])
