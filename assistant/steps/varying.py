"""A motif becomes variations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidBrief
from assistant.facts import canonical
from assistant.rights import MELODY_MODEL, VARIATION_MODEL
from assistant.steps.choosing import taste_in
from assistant.steps.material import Material, music_facts
from assistant.take import Licence, NewTake, Recipe, Take

if TYPE_CHECKING:
    from assistant.brief import Brief
    from assistant.library import Library
    from assistant.vary import Variation

MOST_NOTES = 5000
"""Half an hour of melody, or more: from there on variations take minutes, and nobody chooses among them by ear."""


@dataclass(frozen=True, slots=True)
class Varied:
    """The variations of a motif, from near to far, each with its take. `choices` says which choices counted, if any."""

    material: Material
    variations: tuple[Variation, ...]
    takes: tuple[Take, ...]
    choices: str = ""


def vary(library: Library, material: Material, brief: Brief) -> Varied:
    """Variations of a motif, all kept as one step; what was kept and discarded before has a say. Raises `InvalidBrief`,
    `UnknownName`."""
    from assistant.vary import vary as varied
    from assistant.vary.learned.models import licence_of
    from midi.smf import motif_score, smf_bytes

    if len(material.motif.clip) > MOST_NOTES:
        raise InvalidBrief(
            f"{material.take.name} has {len(material.motif.clip)} notes, over the limit of {MOST_NOTES}",
            hint="cut out the phrase that you want varied",
        )
    taste = taste_in(library)
    variations = varied(material.motif, brief, taste)
    asked = brief_json(brief)
    if taste is not None:
        asked["choices"] = {"kept": taste.kept, "discarded": taste.discarded, "digest": taste.digest}
    own = (Licence("model", f"variations {brief.model}", licence_of(brief.model)),) if brief.model else ()
    licences = (MELODY_MODEL, VARIATION_MODEL, *own)
    name = material.take.name
    round_number = _round_of(library, material.take, asked, brief.seed)
    new = []
    for variation in variations:
        recipe = Recipe(
            "vary",
            variation.source,
            {**asked, "rank": variation.rank},
            seed=brief.seed,
            parents=(material.take.id,),
            licences=licences if variation.source == "model" else (MELODY_MODEL,),
        )
        facts = {
            **music_facts(variation.motif),
            "rank": variation.rank,
            "technique": variation.technique,
            "closeness": round(variation.closeness, 4),
            "sentence": variation.sentence,
            **({"choices": str(taste)} if taste is not None else {}),
        }
        # The file does not name the round: the same brief gives the same bytes, whatever was asked before it.
        midi = smf_bytes(motif_score(variation.motif, name=f"{name} {variation.rank:02d}"))
        called = f"{name} {variation.rank:02d}" if round_number == 1 else f"{name} {round_number}-{variation.rank:02d}"
        new.append(NewTake("variation", called, recipe, {"midi": midi}, facts))
    takes = library.add(*new, words=f"made {len(new)} variation{'s' * (len(new) != 1)} of {name}")
    return Varied(material, variations, takes, str(taste or ""))


def _round_of(library: Library, motif: Take, asked: Mapping[str, Any], seed: int) -> int:
    """Which round of variations of this motif it is, 1 the first; a brief that was asked before keeps its round."""
    briefs = [canonical({**asked, "seed": seed})]
    earlier = [take.recipe for take in library.children(motif.id) if take.recipe.step == "vary"]
    for recipe in earlier:
        settings = {name: value for name, value in recipe.as_json()["settings"].items() if name != "rank"}
        briefs.append(canonical({**settings, "seed": recipe.seed}))
    rounds = list(dict.fromkeys(briefs[1:]))
    return rounds.index(briefs[0]) + 1 if briefs[0] in rounds else len(rounds) + 1


def brief_json(brief: Brief) -> dict[str, Any]:
    """A brief as plain values."""
    return {
        "count": brief.count,
        "closeness": brief.closeness,
        "techniques": list(brief.techniques),
        "keep": brief.keep,
        "locked_bars": sorted(brief.locked_bars),
        **({"locked_notes": sorted(brief.locked_notes)} if brief.locked_notes else {}),
        "key": str(brief.key) if brief.key else None,
        "range": str(brief.pitch_range) if brief.pitch_range else None,
        "density": brief.density,
        "source": brief.source,
        "overlap": list(brief.overlap) if brief.overlap else None,
        **({"texture": brief.texture} if brief.texture != "auto" else {}),
        **({"chords": brief.chords} if brief.chords else {}),
        **({"chromatic": True} if brief.chromatic else {}),
        **({"model": brief.model} if brief.model else {}),
        **({"fill": sorted(brief.fill)} if brief.fill else {}),
        **({"goes_on": brief.goes_on} if brief.goes_on else {}),
        **({"answer": True} if brief.answer else {}),
    }
