"""The timbres that ship: what plays the phrases that each is learnt from, over which range."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.timbre.features import Frames, loudness
from assistant.timbre.training.analysis import refined
from assistant.timbre.training.phrases import Phrase, phrase
from assistant.timbre.training.players import SYNTHS, soundfont

FLUID = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Debian's fluid-soundfont-gm, MIT."""
LEVEL_DB = -20.0
"""Where the loudest twentieth of each timbre's material begins: all timbres have one scale of loudness."""
SECONDS = 30.0
_SWELLS = 0.4
"""How much of a swell is left to the volume: that of a SoundFont makes a note louder without making it brighter, as no
player does. Most of what is loud and soft is to come from how hard its notes are struck.
"""
LICENCE = "GPL-3.0-or-later"
FLUID_MATERIAL = "phrases of our own played by FluidR3_GM.sf2 (Frank Wen and contributors, MIT), program {program}"
OWN_MATERIAL = "phrases of our own played by a synthesiser of our own, assistant/timbre/training/players.py"
LEARNT = tuple(range(16))
HELD_OUT = (900, 901)


@dataclass(frozen=True, slots=True)
class Source:
    """A General MIDI program, or none for a synthesiser of ours; the range in MIDI pitches; harmonics to learn; how it
    plays notes (the key of `PLAYING`); what it is called by; how many play it at once.
    """

    program: int | None
    low: int
    high: int
    harmonics: int
    family: str
    playing: str
    description: str
    synonyms: tuple[str, ...] = ()
    players: int = 1


PLAYING: dict[str, dict[str, float]] = {
    "bowed": {"attack_ms": 55, "release_ms": 110, "glide_ms": 30, "vibrato_semitones": 0.2, "vibrato_hz": 5.6},
    "blown": {"attack_ms": 30, "release_ms": 70, "glide_ms": 12, "vibrato_semitones": 0.1, "vibrato_hz": 5.2},
    "sung": {"attack_ms": 70, "release_ms": 140, "glide_ms": 45, "vibrato_semitones": 0.25, "vibrato_hz": 5.4},
    "lead": {"attack_ms": 10, "release_ms": 60, "glide_ms": 20, "vibrato_semitones": 0.08, "vibrato_hz": 5.0},
    "pad": {"attack_ms": 180, "release_ms": 350, "glide_ms": 60, "vibrato_semitones": 0.04, "vibrato_hz": 4.0},
}

SOURCES: dict[str, Source] = {
    "violin": Source(40, 55, 96, 100, "strings", "bowed", "A solo violin, bowed", ("fiddle",)),
    "viola": Source(41, 48, 88, 120, "strings", "bowed", "A solo viola, bowed", ("alto strings",)),
    "cello": Source(42, 36, 76, 160, "strings", "bowed", "A solo cello, bowed", ("violoncello",)),
    "double-bass": Source(43, 28, 60, 160, "strings", "bowed", "A double bass, bowed", ("contrabass", "upright bass")),
    "flute": Source(73, 60, 96, 64, "woodwind", "blown", "A flute, with its breath", ("concert flute",)),
    "clarinet": Source(71, 50, 91, 110, "woodwind", "blown", "A clarinet", ()),
    "oboe": Source(68, 58, 91, 100, "woodwind", "blown", "An oboe", ("hautbois",)),
    "bassoon": Source(70, 34, 72, 160, "woodwind", "blown", "A bassoon", ("fagotto",)),
    "trumpet": Source(56, 55, 84, 100, "brass", "blown", "A trumpet, open", ()),
    "horn": Source(60, 41, 77, 140, "brass", "blown", "A French horn", ("french horn",)),
    "trombone": Source(57, 40, 72, 140, "brass", "blown", "A trombone", ()),
    "alto-sax": Source(65, 49, 81, 120, "woodwind", "blown", "An alto saxophone", ("alto saxophone",)),
    "tenor-sax": Source(66, 44, 76, 140, "woodwind", "blown", "A tenor saxophone", ("tenor saxophone", "sax")),
    "voice-ah": Source(52, 43, 79, 140, "voice", "sung", "Voices on an open ah", ("choir", "singer", "ah", "vocal")),
    "gritty-lead": Source(
        None, 36, 84, 160, "synth", "lead", "A driven saw lead that growls when it is pushed",
        ("gritty cyberpunk synth", "cyberpunk lead", "distorted synth", "saw lead", "industrial lead", "synth"),
    ),
    "warm-pad": Source(
        None, 36, 84, 80, "synth", "pad", "A warm analogue pad, slow and round",
        ("warm analogue pad", "analog pad", "soft pad", "synth pad", "ambient pad"),
    ),
    "glass": Source(
        None, 55, 96, 32, "synth", "lead", "Rubbed glass: bright at the touch, pure after it",
        ("glass harmonica", "crystal", "bells of glass", "icy synth"),
    ),
    "sub-bass": Source(
        None, 24, 52, 60, "synth", "lead", "A sub bass: a sine that saturates when it is hit",
        ("sub", "808 bass", "deep bass", "bass synth"),
    ),
    "string-section": Source(
        48, 36, 96, 160, "strings", "bowed", "A string section: eight players, each in a place of their own",
        ("orchestra strings", "string ensemble", "string orchestra"), players=8,
    ),
}  # fmt: skip


def rendered(name: str, seed: int, seconds: float = SECONDS) -> tuple[Frames, Phrase]:
    """A phrase of this timbre, one note at a time: mono samples at 48 kHz, and how it was written."""
    source = SOURCES[name]
    # Every instrument has phrases of its own, so that none learns another's.
    own = seed + 1000 * list(SOURCES).index(name)
    written = phrase(own, source.low, source.high, seconds)
    if source.program is None:
        return SYNTHS[name](written, own), written
    written = replace(written, expression=127 * (written.expression / 127) ** _SWELLS)
    return soundfont(written, source.program, FLUID, own, single=True), written


def played(name: str, seed: int, seconds: float = SECONDS) -> tuple[Frames, Frames]:
    """The same, and the pitch that it really has, in Hz a frame."""
    samples, written = rendered(name, seed, seconds)
    return samples, written.hz if SOURCES[name].program is None else refined(samples, written.hz)


def level_gain(passages: list[Frames]) -> float:
    """What brings passages to the common scale of loudness."""
    levels = np.concatenate([loudness(samples) for samples in passages])
    return float(10 ** ((LEVEL_DB - np.quantile(levels[levels > levels.max() - 50], 0.95)) / 20))


def output_gain_db(passages: list[Frames], gain: float) -> float:
    """What brings the sound, on the common scale of loudness, to -20 dB RMS where it is loud.

    The A curve that the scale is in hears little of a bass, which would else come out far too strong.
    """
    frames = np.concatenate([samples[: len(samples) // 2048 * 2048].reshape(-1, 2048) for samples in passages]) * gain
    level = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    return float(LEVEL_DB - np.quantile(level[level > level.max() - 50], 0.95))
