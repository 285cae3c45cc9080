"""One variation of a motif."""

from __future__ import annotations

from dataclasses import dataclass

from midi.motif import Motif


@dataclass(frozen=True, slots=True)
class Variation:
    """A variation: its music, how it was made (`technique`: names joined by " + " in the order they were applied), how
    close it is to the motif (1 the same, 0 nothing in common: `midi.compare`), a sentence that says what changed, the
    seed of the brief, its rank from near (1) to far, and whether the rules or the model made it (`source`)."""

    motif: Motif
    technique: str
    closeness: float
    sentence: str
    seed: int
    rank: int
    source: str = "rules"
