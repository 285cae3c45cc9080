"""A worker process: reads tasks as lines of JSON, does one after the other, and tells progress and outcome as lines."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from bridge.reply import as_json
from midi.errors import HummingbridgeError

NICENESS = 10
"""Workers give way to the process that keeps time."""


def main(folder: str) -> None:
    """Serves until its input ends, which is when the program that started it does."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # What libraries print must not be taken for answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1, encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(**facts: Any) -> None:
        answers.write(json.dumps(facts) + "\n")

    from assistant.library import Library
    from bridge.tasks import bench, task

    with Library(Path(folder)) as library:
        at_hand = bench(library)
        tell(ready=True)
        for line in sys.stdin:
            asked = json.loads(line)
            job = asked["job"]
            try:
                done = task(asked["task"])(at_hand, asked["arguments"], lambda share: tell(job=job, progress=share))  # noqa: B023
            except HummingbridgeError as error:
                tell(job=job, **as_json(error))
            else:
                tell(job=job, done=done)


if __name__ == "__main__":
    main(sys.argv[1])
