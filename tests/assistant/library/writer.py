"""A process that adds takes without end, and says each when it is kept: `writer.py FOLDER NAME [HOW MANY]`."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from assistant.library import Library
from assistant.take import NewTake, Recipe


def main(folder: str, name: str, count: int | None) -> None:
    with Library(Path(folder)) as library:
        for number in itertools.islice(itertools.count(), count):
            data = f"{name} {number} {os.getpid()} ".encode() * 400
            recipe = Recipe("hum", settings={"number": number, "writer": name})
            takes = [NewTake("motif", f"{name}-{number}", recipe, {"midi": data, "notes": data[:-1]})]
            if number % 3 == 0:
                takes.append(NewTake("variation", f"{name}-{number}-b", recipe, {"midi": data[::-1]}))
            for take in library.add(*takes):
                sys.stdout.write(f"{take.id}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else None)
