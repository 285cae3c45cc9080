"""`kill -9` at any moment loses no take and leaves none half-written."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assistant.library import Library

KILLS = 200
WRITER = Path(__file__).with_name("writer.py")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_a_writer_killed_two_hundred_times_loses_nothing(tmp_path: Path) -> None:
    moments = random.Random(3)
    said: list[str] = []
    for kill in range(KILLS):
        # Without site-packages, which the writer does not need, Python starts in time for 200 kills.
        command = [sys.executable, "-S", str(WRITER), str(tmp_path), str(kill)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        # Half of them are killed in the middle of their work, half of them while they open the library.
        if kill % 2:
            said.append(writer.stdout.readline().strip())
        time.sleep(moments.random() * 0.03)
        writer.kill()
        said += writer.stdout.read().split("\n")[:-1]
        writer.wait()
        writer.stdout.close()
    assert len(said) > KILLS / 2
    with Library(tmp_path) as library:
        for ident in said:
            take = library.get(ident)
            for role in take.blobs:
                assert library.blob(take, role)
        everything = library.list(limit=1_000_000)
        assert {take.id for take in everything} >= set(said)
        for take in everything:
            for role in take.blobs:
                assert library.blob(take, role)
    database = sqlite3.connect(tmp_path / "library.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    together = "SELECT count(*) FROM takes JOIN state USING (number) JOIN words ON words.rowid = takes.number"
    assert database.execute(together).fetchone() == database.execute("SELECT count(*) FROM takes").fetchone()
    database.close()
