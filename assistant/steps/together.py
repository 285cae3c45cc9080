"""Several variations become others, or one a longer phrase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.rights import MELODY_MODEL, VARIATION_MODEL
from assistant.steps.material import Material, music_facts
from assistant.take import NewTake, Recipe, Take

if TYPE_CHECKING:
    from assistant.library import Library
    from midi.motif import Motif


def steps_between(library: Library, one: Material, other: Material, *, steps: int, seed: int = 0) -> tuple[Take, ...]:
    """Steps that lead from one to another, kept as one step. Raises `InvalidBrief`."""
    from assistant.vary.together import between

    found = between(one.motif, other.motif, steps, seed=seed)
    settings = {"steps": steps, "sentence": f"a step from {one.take.name} to {other.take.name}"}
    return _kept(library, "between", (one, other), found, settings, seed)


def splice(library: Library, into: Material, source: Material, bars: Sequence[int]) -> tuple[Take, ...]:
    """Bars of `source` in `into`. Raises `InvalidBrief`."""
    from assistant.vary.terms import bar_numbers
    from assistant.vary.together import spliced

    numbers = sorted(set(bars))
    sentence = f"bar{'s' * (len(numbers) > 1)} {bar_numbers(numbers)} from {source.take.name}"
    motif = spliced(into.motif, source.motif, numbers)
    return _kept(library, "splice", (into, source), (motif,), {"bars": numbers, "sentence": sentence}, 0)


def develop(library: Library, material: Material, form: str, *, seed: int = 0) -> tuple[Take, ...]:
    """A phrase four times as long. Raises `InvalidBrief`."""
    from assistant.vary.together import developed

    settings = {"form": form, "sentence": f"grown into a {form}"}
    return _kept(library, "develop", (material,), (developed(material.motif, form, seed=seed),), settings, seed)


def _kept(
    library: Library,
    what: str,
    parents: Sequence[Material],
    motifs: Sequence[Motif],
    settings: Mapping[str, Any],
    seed: int,
) -> tuple[Take, ...]:
    """What was made, kept as one step: `what` is "between", "splice" or "develop"."""
    from midi.compare import closeness
    from midi.smf import motif_score, smf_bytes

    origin = parents[0]
    new = []
    for rank, motif in enumerate(motifs, 1):
        name = f"{origin.take.name} {what} {rank}" if len(motifs) > 1 else f"{origin.take.name} {what}"
        recipe = Recipe(
            what,
            "model",
            {**settings, "rank": rank},
            seed=seed,
            parents=tuple(parent.take.id for parent in parents),
            licences=(MELODY_MODEL, VARIATION_MODEL),
        )
        facts = {
            **music_facts(motif),
            "rank": rank,
            "technique": what,
            "closeness": round(closeness(origin.motif.clip, motif.clip), 4),
            "sentence": settings["sentence"],
        }
        new.append(NewTake("variation", name, recipe, {"midi": smf_bytes(motif_score(motif, name=name))}, facts))
    return library.add(*new, words=f"made {len(new)} of {origin.take.name}: {what}")
