"""The library's tables, and what brings an older library up to date."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from assistant.errors import DamagedLibrary, NewerLibrary

# Takes are written once; the triggers hold that against every program. What may change (a name, a star) lies in
# `state`, and `events` says how it came to be, so that each step can be undone and redone.
_FIRST = """
CREATE TABLE takes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created TEXT NOT NULL,
    recipe TEXT NOT NULL,
    facts TEXT NOT NULL,
    blobs TEXT NOT NULL
);
CREATE TRIGGER takes_are_not_edited BEFORE UPDATE ON takes BEGIN SELECT RAISE(ABORT, 'a take is never edited'); END;
CREATE TRIGGER takes_are_not_removed BEFORE DELETE ON takes BEGIN SELECT RAISE(ABORT, 'a take is never removed'); END;
CREATE TABLE state (
    number INTEGER PRIMARY KEY REFERENCES takes (number),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0,
    mark TEXT NOT NULL DEFAULT '',
    present INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX state_by_name ON state (name, number);
CREATE INDEX state_by_presence ON state (present, number);
CREATE INDEX state_by_kind ON state (present, kind, number);
CREATE INDEX state_by_star ON state (number) WHERE starred = 1 AND present = 1;
CREATE TABLE held (
    digest TEXT NOT NULL,
    role TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES takes (number),
    PRIMARY KEY (digest, role, number)
) WITHOUT ROWID;
CREATE TABLE parents (
    child INTEGER NOT NULL REFERENCES takes (number),
    parent INTEGER NOT NULL REFERENCES takes (number),
    PRIMARY KEY (child, parent)
) WITHOUT ROWID;
CREATE INDEX parents_by_parent ON parents (parent);
CREATE TABLE steps (
    step INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    words TEXT NOT NULL,
    standing TEXT NOT NULL DEFAULT 'done' CHECK (standing IN ('done', 'undone', 'left'))
);
CREATE INDEX steps_by_standing ON steps (standing, step);
CREATE TABLE events (
    event INTEGER PRIMARY KEY AUTOINCREMENT,
    step INTEGER NOT NULL REFERENCES steps (step),
    number INTEGER NOT NULL REFERENCES takes (number),
    what TEXT NOT NULL CHECK (what IN ('present', 'name', 'starred', 'mark')),
    old,
    new
);
CREATE INDEX events_by_step ON events (step);
CREATE TRIGGER events_are_not_edited BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'what happened, happened'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'what happened, happened'); END;
CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = "unicode61 remove_diacritics 2", prefix = '1 2');
"""

# What was marked up to this event no longer counts among the composer's choices.
_FORGOTTEN = """
CREATE TABLE forgotten (event INTEGER NOT NULL);
CREATE INDEX events_by_mark ON events (number, event) WHERE what = 'mark';
CREATE INDEX state_by_mark ON state (number) WHERE mark != '';
"""

# Forgetting is a step like any other: what is undone counts no more.
_FORGETTING = """
ALTER TABLE forgotten ADD COLUMN step INTEGER REFERENCES steps (step);
ALTER TABLE forgotten ADD COLUMN done INTEGER NOT NULL DEFAULT 1;
"""

MIGRATIONS = (_FIRST, _FORGOTTEN, _FORGETTING)
"""The n-th script brings a library from version n to n + 1."""

PATIENCE_SECONDS = 30.0
"""How long a writer waits for another one to finish."""

REMEDY = "put a backup in its place, or move it aside; the recordings in blobs/ beside it are whole"


def connect(file: Path, migrations: tuple[str, ...] = MIGRATIONS) -> sqlite3.Connection:
    """Opens the database, makes or updates its tables.

    Raises `DamagedLibrary`, `NewerLibrary`, `sqlite3.DatabaseError`.
    """
    connection = sqlite3.connect(file, timeout=PATIENCE_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # What was acknowledged outlives a power cut, not only the end of the process.
        connection.execute("PRAGMA synchronous = FULL")
        version = _version(connection)
        if version > len(migrations):
            raise NewerLibrary(
                f"the library {file} is of version {version}; this program knows versions up to {len(migrations)}",
                hint="update hummingbridge, or choose another library with --library",
            )
        if version == 0:
            _check_new(connection, file)
            _choose_wal(connection)
        if version < len(migrations):
            _update(connection, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(file: Path) -> sqlite3.Connection | None:
    """Opens a library where nothing can be written, or gives None where that is not to be had.

    Without a journal beside it the file holds everything, and SQLite needs no file of its own to read it.
    """
    journal = file.with_name(f"{file.name}-wal")
    if not file.is_file() or (journal.exists() and journal.stat().st_size):
        return None
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        if _version(connection) == len(MIGRATIONS):
            return connection
    except sqlite3.DatabaseError:
        pass
    connection.close()
    return None


def _check_new(connection: sqlite3.Connection, file: Path) -> None:
    """Refuses to begin a new library where one was: over another program's tables, or beside blobs without a list."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) > 0:
            return
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise DamagedLibrary(f"{file} is the database of another program", hint=REMEDY)
        blobs = file.parent / "blobs"
        if blobs.is_dir() and any(blobs.glob("??/*")):
            raise DamagedLibrary(f"the library {file} is empty, but the recordings beside it are not", hint=REMEDY)
    finally:
        connection.execute("ROLLBACK")


def _choose_wal(connection: sqlite3.Connection) -> None:
    """Sets the journal to WAL; SQLite does not wait by itself where two processes do this at once."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _update(connection: sqlite3.Connection, migrations: tuple[str, ...]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited.
        for version in range(_version(connection), len(migrations)):
            for statement in _statements(migrations[version]):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """The statements of a script; executescript would commit between them."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
