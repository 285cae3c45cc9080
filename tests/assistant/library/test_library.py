"""The take library: nothing is edited, nothing is lost, every step can be taken back."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import (
    AmbiguousName,
    CannotWrite,
    DamagedLibrary,
    NewerLibrary,
    NothingToUndo,
    UnknownName,
)
from assistant.library import Library
from assistant.take import Licence, NewTake, Recipe, Take


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library") as opened:
        yield opened


def new(name: str = "idea", data: bytes = b"hum", *, parents: tuple[str, ...] = (), **facts: object) -> NewTake:
    recipe = Recipe(
        "hum", "basic-pitch", {"grid": "1/16"}, 7, parents, "", (Licence("model", "basic-pitch", "Apache-2.0"),)
    )
    return NewTake("motif", name, recipe, {"midi": data}, facts)


def names(takes: tuple[Take, ...]) -> list[str]:
    return [take.name for take in takes]


def test_a_take_comes_back_as_it_was_added(library: Library) -> None:
    (take,) = library.add(new("idea", b"hum", key="D minor"))
    assert library.get(take.id) == take
    assert take.facts == {"key": "D minor"}
    assert take.recipe.licences == (Licence("model", "basic-pitch", "Apache-2.0"),)
    assert library.blob(take, "midi") == b"hum"


def test_the_same_recipe_and_bytes_are_the_same_take(library: Library) -> None:
    (first,) = library.add(new())
    (second,) = library.add(new())
    assert first == second
    assert len(library.list()) == 1


def test_other_bytes_are_another_take(library: Library) -> None:
    library.add(new(data=b"one"), new(data=b"two"))
    assert len(library.list()) == 2


def test_a_take_is_found_by_id_by_the_beginning_of_its_id_and_by_name(library: Library) -> None:
    (take,) = library.add(new("evening"))
    assert library.get(take.id) == library.get(take.id[:6]) == library.get("evening") == take


def test_of_two_takes_with_one_name_the_newer_is_meant(library: Library) -> None:
    _, newer = library.add(new("idea", b"1"), new("idea", b"2"))
    assert library.get("idea") == newer


def test_an_unknown_take_is_an_error_with_a_remedy(library: Library) -> None:
    with pytest.raises(UnknownName, match="take 'nothing' is unknown") as raised:
        library.get("nothing")
    assert "takes list" in raised.value.hint


def test_letters_that_begin_two_ids_are_ambiguous(library: Library) -> None:
    takes = library.add(*(NewTake("motif", "idea", Recipe("hum", seed=number), {}) for number in range(2000)))
    ids = sorted(take.id for take in takes)
    twin = next(a for a, b in itertools.pairwise(ids) if a[:4] == b[:4])
    with pytest.raises(AmbiguousName):
        library.get(twin[:4])


def test_several_takes_added_together_are_undone_together(library: Library) -> None:
    library.add(new("before", b"0"))
    library.add(new("one", b"1"), new("two", b"2"), words="made 2 variations")
    assert library.undo() == "made 2 variations"
    assert names(library.list()) == ["before"]
    assert library.redo() == "made 2 variations"
    assert names(library.list()) == ["two", "one", "before"]


def test_every_kind_of_step_can_be_undone_and_redone(library: Library) -> None:
    (take,) = library.add(new("idea"))
    library.star(take.id)
    library.rename(take.id, "evening")
    library.mark(take.id, "kept")
    library.delete(take.id)
    assert library.list() == ()
    undone = [library.undo() for _ in range(4)]
    assert undone == ["deleted evening", "kept evening", "renamed idea", "starred idea"]
    assert library.get(take.id) == take
    for _ in range(3):
        library.redo()
    again = library.get(take.id)
    assert (again.name, again.starred, again.mark) == ("evening", True, "kept")


def test_a_new_step_leaves_what_was_undone_behind(library: Library) -> None:
    library.add(new("one", b"1"))
    library.undo()
    library.add(new("two", b"2"))
    with pytest.raises(NothingToUndo):
        library.redo()
    library.undo()
    with pytest.raises(NothingToUndo):
        library.undo()


def test_what_was_deleted_comes_back_when_it_is_made_again(library: Library) -> None:
    (take,) = library.add(new())
    library.delete(take.id)
    assert library.add(new()) == (take,)


def test_search_finds_words_in_names_settings_and_facts(library: Library) -> None:
    library.add(new("evening", b"1", sentence="turned upside down from bar 2"), new("morning", b"2", sentence="louder"))
    assert names(library.search("upside bar")) == ["evening"]
    assert names(library.search("even")) == ["evening"]
    assert names(library.search("1/16")) == ["morning", "evening"]
    assert library.search('"no (such* word') == ()


def test_search_finds_the_new_name_and_not_the_old(library: Library) -> None:
    (take,) = library.add(new("evening"))
    library.rename(take.id, "morning")
    assert names(library.search("morning")) == ["morning"]
    assert library.search("evening") == ()


def test_children_and_ancestors_tell_where_a_take_comes_from(library: Library) -> None:
    (root,) = library.add(new("hum", b"0"))
    (child,) = library.add(new("motif", b"1", parents=(root.id,)))
    (grandchild,) = library.add(new("variation", b"2", parents=(child.id,)))
    assert names(library.children(root.id)) == ["motif"]
    assert names(library.ancestors(grandchild.id)) == ["hum", "motif"]


def test_a_take_whose_parent_is_unknown_is_not_added(library: Library) -> None:
    with pytest.raises(UnknownName):
        library.add(new("orphan", parents=("000000000000",)))
    assert library.list() == ()


def test_a_take_can_be_neither_edited_nor_removed_behind_the_library(library: Library) -> None:
    library.add(new())
    database = sqlite3.connect(library.folder / "library.db")
    for statement in ("UPDATE takes SET facts = '{}'", "DELETE FROM takes"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            database.execute(statement)
    database.close()


def test_a_damaged_file_is_noticed_when_it_is_read(library: Library) -> None:
    (take,) = library.add(new())
    library.blobs.path(take.blobs["midi"]).write_bytes(b"hem")
    with pytest.raises(DamagedLibrary):
        library.blob(take, "midi")


def test_purge_removes_the_bytes_of_what_is_out_of_sight_only(library: Library) -> None:
    kept, gone = library.add(new("kept", b"kept"), new("gone", b"gone!"))
    library.delete(gone.id)
    assert library.purge() == 5
    assert library.blob(kept, "midi") == b"kept"
    with pytest.raises(DamagedLibrary):
        library.blob(gone, "midi")


def test_a_library_of_a_newer_program_is_left_alone(library: Library) -> None:
    database = sqlite3.connect(library.folder / "library.db")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(NewerLibrary, match="version 99"):
        Library(library.folder)


def test_a_damaged_database_is_an_error_and_stays_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "library.db"
    file.write_bytes(b"this is no database, but it is the composer's" * 100)
    with pytest.raises(DamagedLibrary, match="damaged"):
        Library(tmp_path)
    assert file.read_bytes().startswith(b"this is no database")


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite) as raised:
        Library(tmp_path / "file" / "library")
    assert "--library" in raised.value.hint


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from assistant.library import Library
from assistant.errors import CannotWrite
from assistant.take import NewTake, Recipe
library = Library(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    library.add(NewTake("recording", "big", Recipe("hum"), {"audio": bytes(1_000_000)}))
except CannotWrite as error:
    print("refused", error.code)
print(len(library.list()), sum(1 for _ in library.blobs.digests()))
"""


@pytest.mark.skipif(os.name == "nt", reason="file size limits are set with the resource module, which Windows lacks")
def test_when_no_space_is_left_nothing_is_half_written(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:2] == ["refused cannot-write", "0 0"]
    assert not list(tmp_path.rglob("*.part"))


def test_two_processes_that_write_at_once_both_succeed(tmp_path: Path) -> None:
    writer = Path(__file__).with_name("writer.py")
    runs = [
        subprocess.Popen([sys.executable, str(writer), str(tmp_path), who, "25"], stdout=subprocess.PIPE)
        for who in "ab"
    ]
    for run in runs:
        assert run.communicate()[0]
        assert run.returncode == 0
    with Library(tmp_path) as library:
        assert len(library.list(limit=100)) == 2 * (25 + 9)
