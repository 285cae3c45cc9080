"""Which family of instruments a sound is taken for: a classifier that learnt the families of 96 General MIDI programs
from a SoundFont that no timbre was learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.audio import Samples
from assistant.optional import require
from assistant.timbre.features import Frames
from assistant.timbre.judging.material import JUDGES_FONT, SOURCE_SECONDS
from assistant.timbre.measures import mel_db
from assistant.timbre.training.phrases import phrase
from assistant.timbre.training.players import Part, soundfonts
from assistant.timbre.training.recipes import SOURCES

FAMILIES = (
    *("piano", "bells", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed", "pipe", "lead", "pad"),
)
"""The General MIDI families, eight programs each."""
MEANT: dict[str, frozenset[str]] = {
    "strings": frozenset({"strings", "ensemble"}),
    "woodwind": frozenset({"reed", "pipe"}),
    "brass": frozenset({"brass"}),
    "voice": frozenset({"ensemble"}),
    "synth": frozenset({"lead", "pad", "bass"}),
}
"""A timbre's family → the families of General MIDI that are right."""
_PLUCKED = frozenset({"piano", "bells", "guitar"})
_FRAMES, _STEP = 100, 50
_HEARD_DB, _DEEPEST_DB = 45.0, 70.0
_SILENT_DB = -60.0
"""Of a band's power: less is no sound, though it were the loudest."""
_LEAST_HEARD = 0.6


@dataclass(frozen=True, slots=True)
class Judge:
    """A classifier that has learnt."""

    classifier: Any

    def heard(self, samples: Samples) -> dict[str, float]:
        """The share of seconds that sound like each family, the most first; empty where nothing sounds."""
        rows = _seconds_of(samples)
        if not len(rows):
            return {}
        counts = np.bincount(self.classifier.predict(rows), minlength=len(FAMILIES)) / len(rows)
        order = np.argsort(-counts, kind="stable")
        return {FAMILIES[number]: float(counts[number]) for number in order if counts[number] > 0}


def votes(heard: Mapping[str, float], family: str) -> float:
    """The share for a timbre's family."""
    return sum(share for name, share in heard.items() if name in MEANT[family])


def taught(progress: Callable[[float], None] | None = None) -> Judge:
    """A judge that has heard the programs of `JUDGES_FONT`. About a minute. Raises `MissingPart`."""
    require("sklearn", what_for="judging which instrument sounds")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parts = []
    for program in range(8 * len(FAMILIES)):
        low, high = _compass(program)
        plucked = FAMILIES[program // 8] in _PLUCKED
        parts.append(Part(phrase(7000 + program, low, high, SOURCE_SECONDS, plucked=plucked), program, program))
    rows, families = [], []
    for part, samples in zip(parts, soundfonts(parts, JUDGES_FONT), strict=True):
        rows.append(_seconds_of(samples))
        families += [part.program // 8] * len(rows[-1])
        if progress:
            progress((part.program + 1) / len(parts))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))
    classifier.fit(np.concatenate(rows), families)
    return Judge(classifier)


def _compass(program: int) -> tuple[int, int]:
    """Where a program plays: as a timbre of that program, else by its family."""
    for source in SOURCES.values():
        if source.program == program:
            return source.low, source.high
    return (28, 55) if FAMILIES[program // 8] == "bass" else (48, 84)


def _seconds_of(samples: Samples) -> Frames:
    """What the classifier hears: a row for every sounding second, without its level. Shape (seconds, 72)."""
    spectra = mel_db(samples)
    places = np.pi * (np.arange(spectra.shape[1]) + 0.5) / spectra.shape[1]
    basis = np.cos(np.arange(1, 25)[:, None] * places)
    rows = []
    for first in range(0, len(spectra) - _FRAMES + 1, _STEP):
        part = spectra[first : first + _FRAMES]
        heard = part.max(axis=1) > max(spectra.max() - _HEARD_DB, _SILENT_DB)
        if heard.mean() < _LEAST_HEARD:
            continue
        level = np.maximum(part, part.max() - _DEEPEST_DB)[heard]
        cepstra = level @ basis.T / spectra.shape[1]
        moves = np.abs(np.diff(cepstra, axis=0)).mean(axis=0)
        rows.append(np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0), moves]))
    return np.array(rows).reshape(-1, 72)
