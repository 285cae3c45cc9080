"""The command line: parse, call, print. `main` is what `hummingbridge` runs."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["main"]

_AGAIN_SECONDS = 0.01


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and ends the process: 0 done, 1 could not be done, 2 asked for wrongly."""
    sys.unraisablehook = _unraisable
    try:
        from bridge.cli.program import run

        code = run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        # Only while the program is still being loaded; `run` says it for all that comes after.
        sys.stderr.write("error: stopped\n  try: the same again, when you like\n")
        code = 1
    sys.exit(code)


def _unraisable(lost: UnraisableHookArgs) -> None:
    """Asks again for a Ctrl-C that came while a C library called back into Python, where it cannot be raised."""
    if lost.exc_type is KeyboardInterrupt:
        threading.Timer(_AGAIN_SECONDS, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)
