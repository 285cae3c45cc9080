"""The scene, read from the library and the session."""

from __future__ import annotations

from assistant.errors import UnknownName
from assistant.library import Library
from bridge.session import Session
from bridge.surfaces.scene import Idea, Scene, ShownTake
from midi.errors import HummingbridgeError

MOST_TAKES = 64


def scene_of(library: Library, session: Session, *, bars: int | None = None) -> Scene:
    """`bars` is the motif's length where it is known: reading it takes a few milliseconds."""
    bars = _bars(library, session.motif) if bars is None else bars
    return Scene(session, _ideas(library, session), _takes(library), bars)


def _ideas(library: Library, session: Session) -> dict[int, Idea]:
    found = {}
    for number, ident in enumerate(session.variations, start=1):
        try:
            take = library.get(ident)
        except UnknownName:
            # It was undone; the others keep their numbers.
            continue
        technique, closeness = take.facts.get("technique", ""), take.facts.get("closeness", 0.0)
        found[number] = Idea(number, take.mark, float(closeness), str(technique))
    return found


def _takes(library: Library) -> tuple[ShownTake, ...]:
    """The motifs and whatever is starred, the newest first."""
    takes = {
        take.id: take
        for take in (*library.list(kind="motif", limit=MOST_TAKES), *library.list(starred=True, limit=MOST_TAKES))
    }
    newest = sorted(takes.values(), key=lambda take: take.created, reverse=True)
    return tuple(ShownTake(take.id, take.name, take.starred) for take in newest[:MOST_TAKES])


def _bars(library: Library, motif: str) -> int:
    from assistant.steps import notes_of

    if not motif:
        return 0
    try:
        return notes_of(library, motif).motif.bars
    except HummingbridgeError:
        # It was undone, or its notes are gone: the surface goes on without bars.
        return 0
