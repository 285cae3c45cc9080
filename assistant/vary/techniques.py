"""The table of techniques, and which of them can be asked for together with what is kept."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from assistant.brief import LEARNED
from assistant.errors import InvalidBrief
from assistant.tables import resolve, unknown
from assistant.vary.phrase import Phrase, Tone, melody_of, note_of
from assistant.vary.pitches import other_mode
from midi.motif import Motif

Technique = Callable[[Phrase, Random, float], tuple[Tone, ...]]
"""A pure function: a phrase of one voice, a random generator, a strength 0..1 → tones within the phrase's length."""

TECHNIQUES: dict[str, str] = {
    "transposition": "assistant.vary.pitches:transposition",
    "diatonic-sequence": "assistant.vary.forms:diatonic_sequence",
    "inversion": "assistant.vary.pitches:inversion",
    "retrograde": "assistant.vary.rhythms:retrograde",
    "augmentation": "assistant.vary.rhythms:augmentation",
    "diminution": "assistant.vary.rhythms:diminution",
    "ornamentation": "assistant.vary.figures:ornamentation",
    "passing-notes": "assistant.vary.figures:passing_notes",
    "reduction": "assistant.vary.figures:reduction",
    "rhythmic-displacement": "assistant.vary.rhythms:rhythmic_displacement",
    "syncopation": "assistant.vary.rhythms:syncopation",
    "new-rhythm": "assistant.vary.rhythms:new_rhythm",
    "mode-change": "assistant.vary.pitches:mode_change",
    "octave-displacement": "assistant.vary.pitches:octave_displacement",
    "call-and-answer": "assistant.vary.forms:call_and_answer",
    "reharmonised-skeleton": "assistant.vary.repitching:reharmonised_skeleton",
    "contour-preserving-re-pitching": "assistant.vary.repitching:contour_preserving_re_pitching",
    "rhythm-preserving-re-pitching": "assistant.vary.repitching:rhythm_preserving_re_pitching",
    "fragmentation": "assistant.vary.forms:fragmentation",
    "extension": "assistant.vary.forms:extension",
}

KEEPING: dict[str, tuple[str, ...]] = {
    "rhythm": (
        "transposition",
        "diatonic-sequence",
        "inversion",
        "retrograde",
        "mode-change",
        "octave-displacement",
        "call-and-answer",
        "reharmonised-skeleton",
        "contour-preserving-re-pitching",
        "rhythm-preserving-re-pitching",
    ),
    "contour": (
        "transposition",
        "rhythmic-displacement",
        "syncopation",
        "new-rhythm",
        "mode-change",
        "reharmonised-skeleton",
        "contour-preserving-re-pitching",
    ),
    "pitches": ("retrograde", "rhythmic-displacement", "syncopation", "new-rhythm"),
}
"""The techniques that can work while something is kept; a retrograde turns round only what is not kept."""

LIGHT = (
    "ornamentation",
    "passing-notes",
    "reduction",
    "syncopation",
    "rhythmic-displacement",
    "new-rhythm",
    "octave-displacement",
    "transposition",
    "inversion",
)
"""Techniques after which one that was applied before is still heard."""

FEWER_NOTES = ("reduction", "augmentation", "extension")
MORE_NOTES = ("ornamentation", "passing-notes", "diminution")
"""Techniques that work against a density above 1, and below."""


def technique(name: str) -> Technique:
    """The technique of a name. Raises `UnknownName`."""
    found: Technique = resolve(TECHNIQUES, name, kind="technique")
    return found


def chosen(names: tuple[str, ...], keep: str | None, *, other_modes: bool) -> tuple[str, ...]:
    """The techniques that a brief leaves: of those named, or of all, those that can keep what is kept. Raises
    `UnknownName`, and `InvalidBrief` where none is left."""
    for name in names:
        if name not in TECHNIQUES:
            raise unknown(name, (*TECHNIQUES, LEARNED), kind="technique")
    able = [name for name in TECHNIQUES if (not names or name in names)]
    if keep is not None:
        able = [name for name in able if name in KEEPING[keep]]
        if not able:
            raise InvalidBrief(
                f"{' and '.join(names)} cannot keep the {keep}", hint=f"with it go: {', '.join(KEEPING[keep])}"
            )
    if not other_modes:
        able = [name for name in able if name != "mode-change"]
        if not able:
            raise InvalidBrief(
                "a mode change needs every bar free and the key left open", hint="leave out the key and unlock the bars"
            )
    return tuple(able)


def applied(motif: Motif, name: str, *, seed: int = 0, strength: float = 1.0) -> Motif:
    """One technique on the melody of a motif, nothing held: pitches may leave the key. Raises `UnknownName`."""
    phrase = melody_of(motif)
    tones = technique(name)(phrase, Random(seed), strength)
    key = other_mode(motif.key) if name == "mode-change" else motif.key
    return Motif(motif.clip.with_notes(map(note_of, tones)), key, motif.meter, motif.tempo)
