"""IPTC's digital source types: how a take came to be, said in the terms that publishers and platforms read.

The terms and their names are those of the NewsCodes vocabulary Digital Source Type, cv.iptc.org/newscodes.
"""

from __future__ import annotations

from collections.abc import Iterable

from assistant.rights.parts import role_of
from assistant.tables import unknown
from assistant.take import Take

BASE = "http://cv.iptc.org/newscodes/digitalsourcetype/"

SOURCES: dict[str, str] = {
    "digitalCapture": "recorded from real life",
    "digitalCreation": "made by a person with tools that generate nothing",
    "humanEdits": "edited by a person with tools that generate nothing",
    "algorithmicallyEnhanced": "changed by an algorithm that generates nothing",
    "algorithmicMedia": "made by an algorithm that follows rules, not by a trained model",
    "trainedAlgorithmicMedia": "made by a trained model",
    "compositeWithTrainedAlgorithmicMedia": "made in part by a trained model, in part not",
}
"""term → what it says of the music; the URI is `BASE` and the term."""

OWN = frozenset({"digitalCapture", "digitalCreation", "humanEdits"})
"""The terms of what a person made."""

STATED = "digital_source_type"
"""A take's fact of this name says its term where the composer knows better: a MIDI file that a model made, say."""


def source_of(take: Take) -> str:
    """The term for what was done in this step alone, whatever the takes before it are."""
    stated = take.facts.get(STATED)
    if stated is not None:
        if stated not in SOURCES:
            raise unknown(str(stated), SOURCES, kind="digital source type")
        return str(stated)
    if any(role_of(used) == "generator" for used in take.recipe.licences):
        return "trainedAlgorithmicMedia"
    if take.kind == "variation":
        return "algorithmicMedia"
    if not take.parents:
        return "digitalCapture" if take.kind == "recording" else "digitalCreation"
    return "algorithmicallyEnhanced"


def combined(terms: Iterable[str]) -> str:
    """The one term for music made in steps of these.

    A trained model's part in it counts before all, then that of rules; hearing, playing and effects change neither.
    """
    found = set(terms)
    trained = found & {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}
    if trained:
        pure = trained == {"trainedAlgorithmicMedia"} and not found & (OWN | {"algorithmicMedia"})
        return "trainedAlgorithmicMedia" if pure else "compositeWithTrainedAlgorithmicMedia"
    for term in ("algorithmicMedia", "algorithmicallyEnhanced", "humanEdits", "digitalCreation"):
        if term in found:
            return term
    return "digitalCapture"
