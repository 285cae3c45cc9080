"""The plainest rival: notes moved along the scale by chance."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from assistant.vary.candidates import Candidate, measured
from assistant.vary.phrase import moved
from assistant.vary.terms import Terms


def by_jitter(terms: Terms, aims: Sequence[float], random: Random) -> list[Candidate]:
    """Four notes in ten moved by one to three steps of the scale, held to the terms."""
    lines = (
        [
            tone._replace(pitch=moved(terms.key, tone.pitch, random.choice((-3, -2, -1, 1, 2, 3))))
            if random.random() < 0.4
            else tone
            for tone in terms.base.tones
        ]
        for _ in aims
    )
    return measured(terms, lines, "jitter", "jitter")
