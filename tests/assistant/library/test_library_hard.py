"""The take library where it is hard: kills at every call, full disks, read-only folders, damage, many at once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from assistant import schema
from assistant.errors import CannotWrite, DamagedLibrary, HummingbridgeError, NothingToUndo
from assistant.library import Library
from assistant.take import NewTake, Recipe

HERE = Path(__file__).parent
needs_unix = pytest.mark.skipif(os.name == "nt", reason="Windows has neither kill -9 nor these file permissions")


def new(name: str = "idea", data: bytes = b"hum") -> NewTake:
    return NewTake("motif", name, Recipe("hum", settings={"name": name}), {"midi": data})


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """In memory where the system can: what is tested is the order of writing, not the disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


@needs_unix
def test_a_writer_killed_at_each_call_leaves_all_or_nothing(fast_folder: Path) -> None:
    script = HERE / "killed_at_each_call.py"
    run = subprocess.run(
        [sys.executable, str(script), str(fast_folder), "5"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 100


def test_what_a_dead_writer_left_half_written_is_swept_when_the_library_opens(tmp_path: Path) -> None:
    Library(tmp_path).close()
    part = tmp_path / "blobs" / "partial" / "0123"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half a re")
    Library(tmp_path).close()
    assert not part.exists()


def test_what_a_writer_at_work_is_writing_is_left_alone(tmp_path: Path) -> None:
    Library(tmp_path).close()
    at_work = sqlite3.connect(tmp_path / "library.db", isolation_level=None)
    at_work.execute("BEGIN IMMEDIATE")
    part = tmp_path / "blobs" / "partial" / "0123"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half a re")
    Library(tmp_path).close()
    assert part.exists()
    at_work.close()


def test_many_processes_begin_one_library_at_once(tmp_path: Path) -> None:
    writer = HERE / "writer.py"
    runs = [
        subprocess.Popen([sys.executable, str(writer), str(tmp_path), who, "3"], stdout=subprocess.PIPE)
        for who in "abcdef"
    ]
    said = [run.communicate()[0].decode().split() for run in runs]
    assert [run.returncode for run in runs] == [0] * 6
    with Library(tmp_path) as library:
        assert {take.id for take in library.list(limit=100)} == {ident for ids in said for ident in ids}


def test_an_addition_that_fails_leaves_no_file(tmp_path: Path) -> None:
    orphan = NewTake("motif", "orphan", Recipe("vary", parents=("0" * 12,)), {"midi": b"unwanted"})
    with Library(tmp_path) as library:
        library.add(new("kept", b"kept"))
        with pytest.raises(HummingbridgeError):
            library.add(new("also", b"kept"), new("one", b"one"), orphan)
        assert len(list(library.blobs.digests())) == 1
        assert [take.name for take in library.list()] == ["kept"]
        assert library.undo() == "added kept"


def test_the_same_bytes_mend_a_damaged_file(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        (take,) = library.add(new(data=b"as it was"))
        library.blobs.path(take.blobs["midi"]).write_bytes(b"as it war")
        with pytest.raises(DamagedLibrary, match="damaged"):
            library.blob(take, "midi")
        library.add(new("again", data=b"as it was"))
        assert library.blob(take, "midi") == b"as it was"


def test_a_purged_take_can_be_made_again_and_undo_does_not_reach_behind_the_purge(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        (take,) = library.add(new(data=b"secret"))
        library.delete(take.id)
        assert library.purge() == 6
        for act in (library.undo, library.redo):
            with pytest.raises(NothingToUndo):
                act()
        assert library.add(new(data=b"secret")) == (take,)
        assert library.blob(take, "midi") == b"secret"


def fill(library: Library) -> None:
    for number in range(10_000):
        library.add(new(str(number), bytes(20_000 if number < 20 else 100) + str(number).encode()))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    mount = shutil.which("mount")
    place = tmp_path / "disk"
    place.mkdir()
    asked = [mount or "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if mount is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here: that takes root on Linux")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_an_error_with_a_remedy_and_nothing_is_lost(tiny_disk: Path) -> None:
    with Library(tiny_disk) as library:
        (first,) = library.add(new("first", b"first"))
        with pytest.raises(CannotWrite, match="the disk is full") as raised:
            library.add(new("second", b"second"), new("big", bytes(2_000_000)))
        assert "--library" in raised.value.hint
        # Until the very last bytes are used, by the database as well.
        with pytest.raises(CannotWrite, match="the disk is full"):
            fill(library)
    with Library(tiny_disk) as library:
        takes = library.list(limit=10_000)
        assert takes[-1] == first
        assert all(library.blob(take, "midi") for take in takes)
        assert len(list(library.blobs.digests())) == len(takes)
        assert library.blobs.left_over() == ()


def test_on_a_full_disk_what_is_there_is_listed_and_writing_names_the_disk(tiny_disk: Path) -> None:
    with Library(tiny_disk) as library:
        (take,) = library.add(new("first", b"first"))
    with suppress(OSError), (tiny_disk / "else").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    with Library(tiny_disk) as library:
        assert library.list() == (take,)
        assert library.blob(take, "midi") == b"first"
        with pytest.raises(CannotWrite, match="the disk is full"):
            library.star(take.id)


def as_nobody(act: Callable[[], None]) -> int:
    """Runs `act` without root's powers, in a process of its own; its exit status."""
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        try:
            act()
        except CannotWrite as error:
            os._exit(7 if "--library" in error.hint else 8)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@needs_unix
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_read_only_folder_is_an_error_with_a_remedy() -> None:
    with tempfile.TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        locked, used = Path(base, "locked"), Path(base, "used")
        locked.mkdir(mode=0o555)
        with Library(used) as library:
            library.add(new())
        for path in (used, *used.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)

        def write_into_a_library_of_another() -> None:
            with Library(used) as library:
                library.add(new("other", b"other"))

        def read_the_library_of_another() -> None:
            with Library(used) as library:
                assert [take.name for take in library.list()] == ["idea"]
                assert library.blob(library.get("idea"), "midi")

        assert as_nobody(read_the_library_of_another) == 0
        assert as_nobody(lambda: Library(locked / "library").close()) == 7
        assert as_nobody(lambda: Library(locked).close()) == 7
        assert as_nobody(write_into_a_library_of_another) == 7
        for path in (used, *used.rglob("*")):
            path.chmod(0o755)


def test_a_list_that_was_emptied_is_not_begun_anew_beside_its_recordings(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        library.add(new())
    for path in tmp_path.glob("library.db*"):
        path.unlink()
    with pytest.raises(DamagedLibrary, match="is empty, but the recordings beside it are not") as raised:
        Library(tmp_path)
    assert "backup" in raised.value.hint
    # The next try finds the same: the first has not begun a new list after all.
    with pytest.raises(DamagedLibrary):
        Library(tmp_path)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "library.db")
    other.execute("CREATE TABLE recipes (cake TEXT)")
    other.close()
    with pytest.raises(DamagedLibrary, match="another program"):
        Library(tmp_path)
    other = sqlite3.connect(tmp_path / "library.db")
    assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("recipes",)]
    other.close()


def test_damage_inside_the_database_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        library.add(*(NewTake("motif", str(number), Recipe("hum", seed=number), {}) for number in range(500)))
    file = tmp_path / "library.db"
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(DamagedLibrary) as raised, Library(tmp_path) as library:
        library.list()
    assert "backup" in raised.value.hint
    assert file.read_bytes() == data


def test_an_update_of_the_tables_that_fails_leaves_the_library_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "library.db"
    with Library(tmp_path) as library:
        (take,) = library.add(new())
    better = (*schema.MIGRATIONS, "CREATE TABLE more (x);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        schema.connect(file, better)
    with Library(tmp_path) as library:
        assert library.get(take.id) == take
    updated = schema.connect(file, (*schema.MIGRATIONS, "CREATE TABLE more (x);\n"))
    assert updated.execute("PRAGMA user_version").fetchone()[0] == len(schema.MIGRATIONS) + 1
    assert updated.execute("SELECT count(*) FROM more").fetchone()[0] == 0
    updated.close()


def test_opening_a_library_imports_nothing_heavy() -> None:
    code = "import sys, assistant.library; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parents[2])
    loaded = set(run.stdout.split())
    assert not loaded & {"numpy", "onnxruntime", "pedalboard", "soundfile", "mido", "PIL", "platformdirs"}
