"""Hums have numbers of their own."""

from __future__ import annotations

from pathlib import Path

from assistant.library import Library
from assistant.take import NewTake, Recipe
from bridge.acts.hum import next_name


def test_hums_are_numbered_by_hums_and_not_by_what_was_made_of_them(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        assert next_name(library) == "hum 1"
        for number, (kind, name) in enumerate(
            [("recording", "hum 1"), ("motif", "hum 1 notes"), ("recording", "hum 7"), ("recording", "hum by Eva")]
        ):
            library.add(NewTake(kind, name, Recipe("record", input_digest=str(number)), {"audio": name.encode()}, {}))
        assert next_name(library) == "hum 8"
