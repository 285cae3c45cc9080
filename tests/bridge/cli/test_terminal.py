"""What a composer sees in a terminal of the usual width."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., object]
pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")


def test_the_list_of_takes_keeps_names_and_ids_whole_in_80_columns(program: Program, motif: Path) -> None:
    program("vary", motif, "--seed", "7")
    takes = program("takes", "list", "--json").json["takes"]
    lines = in_a_terminal("takes", "list")
    assert max(map(len, lines)) <= 80
    for take in takes:
        (line,) = (line for line in lines if line.startswith(take["id"][:6]))
        assert f" {take['name']} " in line
        assert f" {take['kind']} " in line


def test_a_long_name_goes_on_in_the_next_line(program: Program, motif: Path) -> None:
    program("vary", motif, "-n", "1")
    name = "the second theme of the slow movement as the violas have it in the coda"
    program("takes", "rename", "idea 01", name)
    lines = in_a_terminal("takes", "list")
    assert max(map(len, lines)) <= 80
    column = lines[0].index("name"), lines[0].index("kind")
    assert " ".join(line[slice(*column)].strip() for line in lines[1:-1]) == name


def in_a_terminal(*arguments: str) -> list[str]:
    """The lines that the program writes into a terminal of 80 columns, without the blanks at their ends."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "bridge.cli", *arguments]
    plain = os.environ | {"TERM": "dumb", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=follower, env=plain) as running:
        os.close(follower)
        said = b""
        # Reading fails, rather than end, once the program has closed its side.
        try:
            while part := os.read(leader, 65536):
                said += part
        except OSError:
            pass
        assert running.wait() == 0
    os.close(leader)
    return [line.rstrip() for line in said.decode().splitlines()]
