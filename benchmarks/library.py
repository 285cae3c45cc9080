"""A library with 100,000 takes: how long a composer waits for a list, a search, an undo."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from assistant.library import Library
from assistant.take import NewTake, Recipe, Take
from benchmarks.report import at_most, median_seconds

TAKES = 100_000
AT_ONCE = 1_000
LIMIT_MS = 20
TECHNIQUES = ("inversion", "retrograde", "sequence", "ornamentation", "augmentation", "syncopation", "mode change")
INSTRUMENTS = ("cello", "flute", "piano", "glass bells", "string ensemble")
KEYS = ("C major", "D minor", "F# minor", "Bb major", "E dorian")
WORDS = ("upside down", "answered the rise with a fall", "bar 3 ornamented", "kept the rhythm", "an octave higher")


def fill(library: Library) -> Take:
    """A recording and what came of it: a motif, nine variations and two renders to each, one star in a hundred."""
    draw = random.Random(1)
    (motif,) = library.add(NewTake("motif", "motif", Recipe("hum", "basic-pitch 0.4.0"), {"midi": b"motif"}))
    for first in range(1, TAKES, AT_ONCE):
        library.add(*(one(number, motif, draw) for number in range(first, min(first + AT_ONCE, TAKES))))
    return motif


def one(number: int, motif: Take, draw: random.Random) -> NewTake:
    key, technique, instrument = draw.choice(KEYS), draw.choice(TECHNIQUES), draw.choice(INSTRUMENTS)
    facts = {"tempo_bpm": draw.randrange(60, 180), "key": key, "closeness": round(draw.random(), 3)}
    parents = (motif.id,)
    if number % 12 == 0:
        return NewTake("recording", f"hum {number}", Recipe("record", settings={"number": number}), {}, facts)
    if number % 12 < 3:
        recipe = Recipe("render", "tinysoundfont", {"instrument": instrument, "number": number}, parents=parents)
        return NewTake("render", f"{instrument} {number}", recipe, {}, facts)
    recipe = Recipe("vary", "rules", {"technique": technique}, number, parents)
    facts["sentence"] = f"{draw.choice(WORDS)}, {technique}"
    return NewTake("variation", f"{technique} {number}", recipe, {}, facts)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        start = time.perf_counter()
        with Library(path) as library:
            fill(library)
        print(f"     {TAKES:,} takes were added in {time.perf_counter() - start:.0f} s")

        def opened() -> None:
            Library(path).close()

        ms("open", opened)
        with Library(path) as library:
            measure(library)


def measure(library: Library) -> None:
    newest = library.list(limit=200)
    for take in newest[::10]:
        library.star(take.id)
    (rare,) = library.add(NewTake("export", "the only export", Recipe("export"), {}))
    ms("list the newest 50", lambda: library.list())
    ms("list 50 variations", lambda: library.list(kind="variation"))
    ms("list a kind that has one take", lambda: library.list(kind="export"))
    ms("list the starred", lambda: library.list(starred=True))
    for text in ("variation", "inversion cello", "upside down", "v", "ornam minor 7", "hum 99960", "zzz"):
        ms(f"search {text!r}", lambda text=text: library.search(text))
    ms("get by name", lambda: library.get("the only export"))
    ms("get by the beginning of an id", lambda: library.get(rare.id[:8]))
    ms("get a name that there is not", lambda: missing(library))
    several = [NewTake("variation", f"new {number}", Recipe("vary", seed=-number), {}) for number in range(1, 11)]
    library.add(*several, words="ten variations")
    pairs("ten takes", library)
    library.star(newest[0].id)
    pairs("a star", library)
    library.rename(newest[1].id, "another name")
    pairs("a name", library)
    library.delete(newest[2].id)
    pairs("a deletion", library)


def missing(library: Library) -> None:
    from assistant.errors import UnknownName

    try:
        library.get("nothing is called so")
    except UnknownName:
        return


def pairs(what: str, library: Library, times: int = 7) -> None:
    """Undo and redo in turn; the slower counts."""
    taken = {"undo": 0.0, "redo": 0.0}
    spans: dict[str, list[float]] = {"undo": [], "redo": []}
    for _ in range(times):
        for name, act in (("undo", library.undo), ("redo", library.redo)):
            start = time.perf_counter()
            act()
            spans[name].append(time.perf_counter() - start)
    for name in taken:
        at_most(f"{name} {what}", LIMIT_MS, 1000 * sorted(spans[name])[times // 2], "ms")


def ms(what: str, run: object) -> None:
    assert callable(run)
    run()
    at_most(what, LIMIT_MS, 1000 * median_seconds(run), "ms")


if __name__ == "__main__":
    main()
