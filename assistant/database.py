"""The library's SQLite file: reading, writing in transactions that are entered alone, and what went wrong in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant import schema
from assistant.errors import CannotWrite, DamagedLibrary

FILE = "library.db"

_REFUSALS = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space, or choose another library with --library"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "make the folder writable, or choose another library with --library"),
    sqlite3.SQLITE_CANTOPEN: (
        "its file cannot be opened",
        "check the folder's permissions, or choose another library with --library",
    ),
    sqlite3.SQLITE_PERM: ("access is not allowed", "check its permissions, or choose another library with --library"),
    sqlite3.SQLITE_BUSY: ("another program keeps it busy", "wait for that one to finish, or close it, and try again"),
    sqlite3.SQLITE_IOERR: (
        "the disk refuses to read or write",
        "check the disk and its free space, or choose another library with --library",
    ),
}
"""SQLite's primary result code → what it means here, and the remedy."""


class Database:
    """An open database. Raises `CannotWrite`, `DamagedLibrary`, `NewerLibrary`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._no_writing: sqlite3.DatabaseError | None = None
        try:
            self._connection = schema.connect(folder / FILE)
        except sqlite3.DatabaseError as error:
            # A full disk, or a folder that is read-only: what is there can be listed and exported all the same.
            reader = schema.connect_to_read(folder / FILE) if _code(error) in _REFUSALS else None
            if reader is None:
                raise explained(error, folder) from error
            self._connection, self._no_writing = reader, error

    def close(self) -> None:
        self._connection.close()

    def execute(self, query: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(query, tuple(values))
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def executemany(self, query: str, rows: Iterable[Iterable[Any]]) -> None:
        try:
            self._connection.executemany(query, [tuple(row) for row in rows])
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def one(self, query: str, *values: object) -> sqlite3.Row | None:
        found = self.rows(query, *values)
        return found[0] if found else None

    def _explained(self, error: sqlite3.DatabaseError) -> Exception:
        # Opened to be read, SQLite says "read-only" whatever the reason was.
        if self._no_writing is not None and _code(error) == sqlite3.SQLITE_READONLY:
            error = self._no_writing
        return explained(error, self.folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, entered alone; all of it or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A full disk ends it by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def writing_now(self) -> Iterator[bool]:
        """As `writing`, but without waiting: gives False, and no transaction, where another writer is at work."""
        patience_ms = self.rows("PRAGMA busy_timeout")[0][0]
        self.execute("PRAGMA busy_timeout = 0")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            yield False
            return
        finally:
            self.execute(f"PRAGMA busy_timeout = {patience_ms}")
        try:
            yield True
        finally:
            self.execute("COMMIT")


def _code(error: sqlite3.DatabaseError) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    # No room for the file through which readers and writers agree.
    return sqlite3.SQLITE_FULL if code == sqlite3.SQLITE_IOERR_SHMSIZE else code & 0xFF


def explained(error: sqlite3.DatabaseError, folder: Path) -> Exception:
    """A database error in words: what can be mended (a full disk, a read-only folder, another writer) or damage.

    What is neither is a mistake of ours and stays as it is.
    """
    code = _code(error)
    if code in _REFUSALS:
        reason, remedy = _REFUSALS[code]
        return CannotWrite(f"the library {folder} cannot be used: {reason}", hint=remedy)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or str(error).startswith("no such table"):
        return DamagedLibrary(f"the library {folder} is damaged: {error}", hint=schema.REMEDY)
    return error
