"""Adds takes again and again, killed a few calls into C later each time: `killed_at_each_call.py FOLDER STRIDE`.

Prints how many times it was killed. Every child opens the library that the killed ones before it left behind; each
eighth begins a new one. What a child acknowledged must be there, and all that is there must be whole.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[3]))

from assistant.library import Library
from assistant.take import NewTake, Recipe

NEW_EACH = 8


def add(folder: Path, number: int) -> tuple[str, ...]:
    data = f"take {number}".encode()
    recipe = Recipe("hum", settings={"number": number})
    with Library(folder) as library:
        takes = library.add(
            NewTake("motif", f"motif {number}", recipe, {"midi": data, "notes": data * 2}),
            NewTake("recording", f"hum {number}", recipe, {"audio": data * 3}),
        )
        library.undo()
        library.redo()
    return tuple(take.id for take in takes)


def killed_at(call: int, folder: Path) -> tuple[bool, list[str]]:
    """Whether a child that is to die at this call died, and what it acknowledged before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        calls = 0

        def count(frame: FrameType, event: str, _: object) -> None:
            nonlocal calls
            if event == "c_call":
                calls += 1
                if calls == call:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        ids = add(folder, call)
        sys.setprofile(None)
        os.write(writing, " ".join(ids).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().split()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), said


def check(library: Library, said: list[str]) -> None:
    assert set(said) <= {take.id for take in library.list(limit=4)}
    takes = library.list(limit=1_000_000)
    motifs = [take for take in takes if take.kind == "motif"]
    # Both or none of the two that are added at once.
    assert len(takes) == 2 * len(motifs)
    for take in takes[:4]:
        for role in take.blobs:
            library.blob(take, role)
    assert library.blobs.left_over() == ()


def main(base: Path, stride: int) -> None:
    for kills in itertools.count():
        call = 1 + stride * kills
        folder = base / (f"new {call}" if kills % NEW_EACH == 0 else "used")
        died, said = killed_at(call, folder)
        with Library(folder) as library:
            check(library, said)
        if not died and folder.name == "used":
            break
    with Library(base / "used") as library:
        for take in library.list(limit=1_000_000):
            for role in take.blobs:
                library.blob(take, role)
    sys.stdout.write(f"{kills}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
