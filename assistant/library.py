"""The take library: rows in SQLite, bytes beside them, nothing ever lost.

Adding writes the bytes first and the row last, so that a row always finds its bytes. Every change is a step that can
be undone and redone. Several processes may write at once; SQLite lets one in at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant.blobs import Blobs
from assistant.database import Database
from assistant.errors import AmbiguousName, CannotWrite, NothingToUndo, UnknownName
from assistant.facts import canonical, numbers, searchable, texts
from assistant.files import cannot_write
from assistant.take import MARKS, NewTake, Take, one_line, take_from_row, take_id

_TAKE = """SELECT takes.number, id, takes.kind AS kind, created, recipe, facts, blobs, name, starred, mark
    FROM takes JOIN state USING (number) """
_ID_LETTERS = set("0123456789abcdefghjkmnpqrstvwxyz")


@dataclass(frozen=True, slots=True)
class _Change:
    """One thing that a step changes in a take's state."""

    number: int
    what: str
    old: object
    new: object


def usual_folder() -> Path:
    """Where the library lies when nothing else is said: the platform's folder for data."""
    from platformdirs import user_data_path

    return user_data_path("hummingbridge", appauthor=False) / "library"


class Library:
    """An open library. Raises `CannotWrite`, `DamagedLibrary`, `NewerLibrary`."""

    def __init__(self, folder: Path | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder = folder or usual_folder()
        self.blobs = Blobs(self.folder / "blobs")
        self._now = now
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._database = Database(self.folder)
            self._sweep()
        except OSError as error:
            raise _elsewhere(cannot_write(self.folder, error)) from error

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remove_unused(self, digests: Sequence[str]) -> None:
        """Removes those bytes that no take holds; another process may hold some by now."""
        with suppress(CannotWrite), self._database.writing():
            for digest in digests:
                if self._database.one("SELECT 1 FROM held WHERE digest = ?", digest) is None:
                    self.blobs.remove(digest)

    def _sweep(self) -> None:
        """Removes what writers that died left half-written; left alone while another writer is at work."""
        if self.blobs.left_over():
            with self._database.writing_now() as alone:
                for path in self.blobs.left_over() if alone else ():
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        self._database.close()

    # Adding and finding

    def add(self, *new: NewTake, words: str = "") -> tuple[Take, ...]:
        """Keeps takes, as one step. What was made before in the same way is the same take and is not kept twice.

        `words` say what the step did, for undo. Raises `CannotWrite`, `UnknownName` for a parent that is not there.
        """
        with self.blobs.adding(self._remove_unused) as put, self._database.writing():
            changes: list[_Change] = []
            ids = []
            for take in new:
                blobs = {role: put(data) for role, data in take.blobs.items()}
                ident = take_id(take.kind, take.recipe, blobs)
                ids.append(ident)
                row = self._row("WHERE id = ?", ident)
                number = self._insert(ident, take, blobs) if row is None else int(row["number"])
                if row is None or not self._present(number):
                    changes.append(_Change(number, "present", 0, 1))
            self._step(words or _added(new), changes)
        return tuple(self.get(ident) for ident in ids)

    def get(self, reference: str) -> Take:
        """The take with this id, the first letters of an id (four or more), or the newest with this name.

        Raises `UnknownName`, `AmbiguousName`.
        """
        row = self._row("WHERE id = ? AND present", reference)
        row = row or self._row("WHERE name = ? AND present ORDER BY number DESC LIMIT 1", reference)
        if row is None and len(reference) >= 4 and set(reference) <= _ID_LETTERS:
            # A range, so that the index on ids serves; every letter of an id sorts before "{".
            found = self._rows("WHERE id >= ? AND id < ? AND present LIMIT 3", reference, f"{reference}{{")
            if len(found) > 1:
                raise AmbiguousName(f"several takes begin with {reference!r}", hint="give more letters of the id")
            row = found[0] if found else None
        if row is None:
            raise UnknownName(f"take {reference!r} is unknown", hint="hummingbridge takes list shows names and ids")
        return take_from_row(row)

    def list(self, *, kind: str = "", starred: bool = False, limit: int = 50) -> tuple[Take, ...]:
        """The takes, the newest first."""
        # Left to itself, SQLite goes through all that are in sight to find the few that are starred.
        table = "state INDEXED BY state_by_star" if starred else "state"
        chosen, values = f"SELECT number FROM {table} WHERE present = 1", []
        if kind:
            chosen += " AND kind = ?"
            values.append(kind)
        if starred:
            chosen += " AND starred = 1"
        # Chosen in the small table first: joined before, SQLite reads and sorts every take there is.
        where = f"WHERE takes.number IN ({chosen} ORDER BY number DESC LIMIT ?) ORDER BY takes.number DESC"
        return tuple(take_from_row(row) for row in self._rows(where, *values, limit))

    def search(self, text: str, *, limit: int = 50) -> tuple[Take, ...]:
        """The takes in which every word occurs (the beginning of a word is enough), the newest first."""
        query = " ".join(f'"{word}"*' for word in searchable(text.replace('"', " ")).split())
        if not query:
            return self.list(limit=limit)
        chosen = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?"
        rows = self._rows(f"WHERE takes.number IN ({chosen}) ORDER BY takes.number DESC", query, limit)
        return tuple(take_from_row(row) for row in rows)

    def holding(self, data: bytes, role: str) -> Take | None:
        """The newest take that holds these very bytes in this role."""
        digest = hashlib.sha256(data).hexdigest()
        where = "JOIN held USING (number) WHERE digest = ? AND role = ? AND present = 1 ORDER BY number DESC LIMIT 1"
        row = self._row(where, digest, role)
        return take_from_row(row) if row else None

    def count(self) -> int:
        """How many takes there are."""
        return int(self._database.rows("SELECT count(*) FROM state WHERE present = 1")[0][0])

    def roots(self, *, limit: int = 50) -> tuple[Take, ...]:
        """The takes that were made from no other, or only from such as are out of sight, the newest first."""
        rootless = (
            "NOT EXISTS (SELECT 1 FROM parents JOIN state AS before ON before.number = parent"
            " WHERE child = state.number AND before.present = 1)"
        )
        chosen = f"SELECT number FROM state WHERE present = 1 AND {rootless} ORDER BY number DESC LIMIT ?"
        rows = self._rows(f"WHERE takes.number IN ({chosen}) ORDER BY takes.number DESC", limit)
        return tuple(take_from_row(row) for row in rows)

    def children(self, ident: str) -> tuple[Take, ...]:
        """What was made from a take, the oldest first."""
        where = "JOIN parents ON child = takes.number WHERE parent = ? AND present = 1 ORDER BY takes.number"
        return tuple(take_from_row(row) for row in self._rows(where, self._number(ident)))

    def ancestors(self, ident: str) -> tuple[Take, ...]:
        """What a take was made from, all the way back, deleted takes included; the oldest first."""
        seen: dict[str, Take] = {}
        pending = list(self._any(ident).parents)
        while pending:
            parent = self._any(pending.pop())
            if parent.id not in seen:
                seen[parent.id] = parent
                pending += parent.parents
        return tuple(sorted(seen.values(), key=lambda take: self._number(take.id)))

    def blob(self, take: Take, role: str) -> bytes:
        """The bytes of a take. Raises `UnknownName` for a role it does not have, `DamagedLibrary`."""
        if role not in take.blobs:
            has = ", ".join(take.blobs) or "nothing"
            raise UnknownName(f"take {take.name!r} has no {role}", hint=f"it has {has}")
        return self.blobs.get(take.blobs[role])

    # Changing what may change

    def star(self, ident: str, starred: bool = True) -> Take:
        return self._set(ident, "starred", int(starred), "starred" if starred else "took the star from")

    def rename(self, ident: str, name: str) -> Take:
        return self._set(ident, "name", one_line(name) or self.get(ident).name, "renamed")

    def mark(self, ident: str, mark: str) -> Take:
        """Marks a take as "kept", "discarded" or, with "", neither."""
        if mark not in MARKS:
            raise UnknownName(f"mark {mark!r} is unknown", hint="give kept, discarded or nothing")
        return self._set(ident, "mark", mark, mark or "unmarked")

    def choices(self, *, limit: int = 50) -> tuple[Take, ...]:
        """The variations that were kept or discarded last and not forgotten, the oldest first."""
        last = "(SELECT max(event) FROM events WHERE events.number = state.number AND what = 'mark')"
        chosen = (
            "SELECT number FROM state INDEXED BY state_by_mark WHERE mark != '' AND present = 1 AND kind = 'variation'"
            f" AND {last} > (SELECT coalesce(max(event), 0) FROM forgotten WHERE done = 1) ORDER BY {last} DESC LIMIT ?"
        )
        return tuple(
            take_from_row(row) for row in self._rows(f"WHERE takes.number IN ({chosen}) ORDER BY takes.number", limit)
        )

    def forget_choices(self) -> int:
        """From now on what was kept and discarded so far counts no more; its marks stay. How many choices that were."""
        forgotten = len(self.choices(limit=-1))
        if forgotten:
            with self._database.writing():
                step = self._begin("forgot what was kept and discarded")
                self._database.execute("INSERT INTO forgotten (event, step) SELECT max(event), ? FROM events", (step,))
        return forgotten

    def delete(self, ident: str) -> Take:
        """Takes a take out of sight; undo brings it back."""
        take = self.get(ident)
        with self._database.writing():
            self._step(f"deleted {take.name}", [_Change(self._number(take.id), "present", 1, 0)])
        return take

    def undo(self) -> str:
        """Takes back the last step; what it did, in words. Raises `NothingToUndo`."""
        with self._database.writing():
            row = self._database.one("SELECT step, words FROM steps WHERE standing = 'done' ORDER BY step DESC LIMIT 1")
            if row is None:
                raise NothingToUndo("there is no step to take back", hint="make something first")
            self._move(int(row["step"]), "undone", "old", "DESC")
        return str(row["words"])

    def redo(self) -> str:
        """Does again the step that was undone last; what it does, in words. Raises `NothingToUndo`."""
        with self._database.writing():
            row = self._database.one("SELECT step, words FROM steps WHERE standing = 'undone' ORDER BY step LIMIT 1")
            if row is None:
                raise NothingToUndo("no step was undone since the last change", hint="undo something first")
            self._move(int(row["step"]), "done", "new", "ASC")
        return str(row["words"])

    def purge(self) -> int:
        """Removes the bytes of takes that are out of sight, for good; how many bytes that freed.

        What was done before can then no more be undone: nothing could bring back a take without its bytes.
        """
        with self._database.writing():
            self._database.execute("UPDATE steps SET standing = 'left'")
        # Only after that is sure to last do the bytes go; entered anew, as another process may have added some of them.
        with self._database.writing():
            rows = self._database.execute(
                "SELECT DISTINCT digest FROM held JOIN state USING (number) WHERE present = 1"
            )
            used = {row["digest"] for row in rows}
            gone = [digest for digest in self.blobs.digests() if digest not in used]
            freed = sum(self.blobs.path(digest).stat().st_size for digest in gone)
            for digest in gone:
                self.blobs.remove(digest)
        return freed

    def _set(self, ident: str, what: str, new: object, words: str) -> Take:
        take = self.get(ident)
        old: object = {"starred": int(take.starred), "name": take.name, "mark": take.mark}[what]
        if old != new:
            with self._database.writing():
                self._step(f"{words} {take.name}", [_Change(self._number(take.id), what, old, new)])
        return self.get(take.id)

    # Rows

    def _insert(self, ident: str, take: NewTake, blobs: Mapping[str, str]) -> int:
        parents = [self._number(parent) for parent in take.recipe.parents]
        row = (ident, take.kind, self._timestamp(), canonical(take.recipe.as_json()), canonical(dict(take.facts)))
        number = self._database.execute(
            "INSERT INTO takes (id, kind, created, recipe, facts, blobs) VALUES (?, ?, ?, ?, ?, ?)",
            (*row, canonical(dict(blobs))),
        ).lastrowid
        assert number is not None
        held = [(digest, role, number) for role, digest in blobs.items()]
        self._database.executemany("INSERT INTO held VALUES (?, ?, ?)", held)
        self._database.execute(
            "INSERT INTO state (number, kind, name, present) VALUES (?, ?, ?, 0)", (number, take.kind, take.name)
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO parents VALUES (?, ?)", [(number, parent) for parent in parents]
        )
        return number

    def _write_words(self, number: int) -> None:
        """What a search finds a take by, while it is in sight: its name, kind, step, engine, settings and facts."""
        row = self._row("WHERE takes.number = ?", number)
        assert row is not None
        take = take_from_row(row)
        values = [*texts(take.recipe.settings), *texts(take.facts), *map(str, numbers(take.facts))]
        text = " ".join([take.name, take.kind, take.recipe.step, take.recipe.engine, *values, take.created])
        self._forget_words(number)
        self._database.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, searchable(text)))

    def _forget_words(self, number: int) -> None:
        self._database.execute("DELETE FROM words WHERE rowid = ?", (number,))

    def _step(self, words: str, changes: Sequence[_Change]) -> None:
        if not changes:
            return
        step = self._begin(words)
        self._database.executemany(
            "INSERT INTO events (step, number, what, old, new) VALUES (?, ?, ?, ?, ?)",
            [(step, change.number, change.what, change.old, change.new) for change in changes],
        )
        for change in changes:
            self._write_state(change.number, change.what, change.new)

    def _begin(self, words: str) -> int | None:
        """A new step. What was undone before is left behind by it, as in every editor; its takes stay in the tables."""
        self._database.execute("UPDATE steps SET standing = 'left' WHERE standing = 'undone'")
        return self._database.execute(
            "INSERT INTO steps (at, words) VALUES (?, ?)", (self._timestamp(), words)
        ).lastrowid

    def _move(self, step: int, standing: str, side: str, order: str) -> None:
        self._database.execute("UPDATE steps SET standing = ? WHERE step = ?", (standing, step))
        self._database.execute("UPDATE forgotten SET done = ? WHERE step = ?", (int(standing == "done"), step))
        events = self._database.execute(
            f"SELECT number, what, {side} AS value FROM events WHERE step = ? ORDER BY event {order}", (step,)
        ).fetchall()
        for event in events:
            self._write_state(event["number"], event["what"], event["value"])

    def _write_state(self, number: int, what: str, value: object) -> None:
        self._database.execute(f"UPDATE state SET {what} = ? WHERE number = ?", (value, number))
        if what == "present" and not value:
            self._forget_words(number)
        elif what in ("present", "name"):
            self._write_words(number)

    def _number(self, ident: str) -> int:
        row = self._database.one("SELECT number FROM takes WHERE id = ?", ident)
        if row is None:
            raise UnknownName(f"take {ident!r} is unknown", hint="hummingbridge takes list shows names and ids")
        return int(row["number"])

    def _any(self, ident: str) -> Take:
        row = self._row("WHERE id = ?", ident)
        if row is None:
            raise UnknownName(f"take {ident!r} is unknown", hint="hummingbridge takes list shows names and ids")
        return take_from_row(row)

    def _present(self, number: int) -> bool:
        return bool(self._database.rows("SELECT present FROM state WHERE number = ?", number)[0][0])

    def _timestamp(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _row(self, where: str, *values: object) -> Any:
        return self._database.one(_TAKE + where, *values)

    def _rows(self, where: str, *values: object) -> Any:
        return self._database.rows(_TAKE + where, *values)


def _elsewhere(error: CannotWrite) -> CannotWrite:
    return CannotWrite(error.message, hint="choose another library with --library")


def _added(new: Sequence[NewTake]) -> str:
    return f"added {new[0].name}" if len(new) == 1 else f"added {len(new)} takes"
