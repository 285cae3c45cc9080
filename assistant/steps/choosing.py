"""What the composer kept and discarded in a library, as a taste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import UnknownName
from assistant.take import Take

if TYPE_CHECKING:
    from assistant.library import Library
    from assistant.vary.taste import Choice, Taste
    from midi.motif import Motif

LAST = 50
"""So many choices count, the last ones: tastes change."""


def taste_in(library: Library) -> Taste | None:
    """What the choices in a library say; None where there are none, or all were forgotten."""
    marked = library.choices(limit=LAST)
    if not marked:
        return None
    from assistant.vary.taste import PASSED_OVER, taste_of

    found = [_choice(library, take, liked=take.mark == "kept") for take in marked]
    found += [_choice(library, take, liked=False, weight=PASSED_OVER) for take in _passed_over(library, marked)]
    return taste_of([choice for choice in found if choice is not None])


def _choice(library: Library, take: Take, *, liked: bool, weight: float = 1.0) -> Choice | None:
    """A choice with its music; None where what it was made from is gone."""
    from assistant.vary.taste import Choice

    parent = _parent(library, take)
    if parent is None:
        return None
    techniques = tuple(str(take.facts.get("technique", "")).split(" + "))
    return Choice(_notes(library, parent), _notes(library, take), techniques, liked, weight)


def _parent(library: Library, take: Take) -> Take | None:
    try:
        parent = library.get(take.parents[0])
    except (UnknownName, IndexError):
        return None
    return parent if "midi" in parent.blobs else None


def _passed_over(library: Library, marked: tuple[Take, ...]) -> list[Take]:
    """The unmarked variations of the rounds in which something was kept."""
    rounds = {_round(take) for take in marked if take.mark == "kept"}
    parents = dict.fromkeys(take.parents[0] for take in marked if take.mark == "kept" and take.parents)
    children = (child for parent in parents for child in library.children(parent))
    return [take for take in children if not take.mark and take.kind == "variation" and _round(take) in rounds]


def _round(take: Take) -> tuple[str, ...]:
    """What the variations of one round have in common."""
    settings = {name: value for name, value in take.recipe.as_json()["settings"].items() if name != "rank"}
    return (take.recipe.step, str(take.recipe.seed), *take.parents, str(sorted(settings.items(), key=str)))


def _notes(library: Library, take: Take) -> Motif:
    from midi.smf import motif_of, read_smf

    return motif_of(read_smf(library.blob(take, "midi")))
