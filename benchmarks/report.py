"""How the benchmarks print: what was asked for beside what was measured, as a ratio or a count of one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def line(what: str, asked: str, measured: float, met: bool, unit: str = "") -> None:
    """Prints one row of the table."""
    print(
        f"{'ok  ' if met else 'MISS'} {what:<64} asked {asked:<12} measured {measured:.3g} {unit}".rstrip(), flush=True
    )


def at_most(what: str, limit: float, measured: float, unit: str = "") -> None:
    line(what, f"<= {limit:g}", measured, measured <= limit, unit)


def at_least(what: str, limit: float, measured: float, unit: str = "") -> None:
    line(what, f">= {limit:g}", measured, measured >= limit, unit)


def median_seconds(run: Callable[[], object], *, times: int = 5) -> float:
    """The median wall time of `times` runs."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def ratio(ours: Callable[[], object], peer: Callable[[], object], *, times: int = 5) -> float:
    """Our time over the peer's, runs interleaved so that a busy machine slows both alike; the median of the ratios."""
    ratios = []
    for _ in range(times):
        start = time.perf_counter()
        ours()
        middle = time.perf_counter()
        peer()
        ratios.append((middle - start) / (time.perf_counter() - middle))
    return statistics.median(ratios)
