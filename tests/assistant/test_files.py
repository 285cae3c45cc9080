"""Files written whole, and moved by so little at a time that nobody else has to wait."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import files
from assistant.files import PIECE_BYTES, pieces, read_whole, write_pieces, write_whole


class Watched(io.BytesIO):
    """Remembers how much each call moved."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data)
        self.moved: list[int] = []

    def write(self, data: bytes | memoryview) -> int:
        self.moved.append(len(data))
        return super().write(data)

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.moved.append(len(data))
        return data


@given(length=st.integers(0, 3 * PIECE_BYTES + 1))
def test_no_call_moves_more_than_a_piece_and_nothing_is_lost(length: int):
    data = bytes(length)
    written = Watched()
    write_pieces(written, data)
    assert written.getvalue() == data
    read = Watched(data)
    assert b"".join(pieces(read)) == data
    assert max([*written.moved, *read.moved]) <= PIECE_BYTES


def test_a_file_of_several_pieces_comes_back_as_it_was(tmp_path: Path):
    data = bytes(range(256)) * (PIECE_BYTES // 100)
    assert read_whole(write_whole(tmp_path / "long", data)) == data


def test_a_write_that_fails_between_two_pieces_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_whole(tmp_path / "take", b"before")

    def full(file: io.BufferedWriter, data: bytes) -> None:
        file.write(data[:PIECE_BYTES])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_pieces", full)
    with pytest.raises(files.CannotWrite, match="the disk is full"):
        write_whole(path, bytes(2 * PIECE_BYTES))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
