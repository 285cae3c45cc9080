"""Variations of a motif: techniques as musicians know them, held to what the composer asks, and the best of many."""

from assistant.vary.make import vary
from assistant.vary.techniques import TECHNIQUES
from assistant.vary.variation import Variation

__all__ = ["TECHNIQUES", "Variation", "vary"]
