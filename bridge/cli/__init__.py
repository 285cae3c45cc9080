"""The command line: parse, call, print. `main` is what `hummingbridge` runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and ends the process: 0 done, 1 could not be done, 2 asked for wrongly."""
    from bridge.cli.program import run

    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))
