"""Everything that this program uses to make music: what it is, its licence, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.tables import unknown
from assistant.take import Licence

ROLES: dict[str, str] = {
    "generator": "a trained model whose notes or sound are in the music",
    "model": "a trained model that listens or chooses; nothing of it sounds",
    "samples": "recorded instruments that sound in the music",
    "preset": "settings that shape the sound",
    "plugin": "an effect or instrument of the composer's own that the sound went through or came from",
    "program": "a program that did the work; nothing of it sounds",
    "data": "what a model was trained on",
}
"""What a part is to the music: the kinds that a `Licence` may have."""


@dataclass(frozen=True, slots=True)
class Part:
    """`spdx` is an SPDX expression, `where_from` says who made it, `note` what a composer should know about it."""

    name: str
    role: str
    spdx: str
    where_from: str
    note: str = ""


# Where a package says its licence in its metadata, a test compares the two. pedalboard's files name version 3 of the
# GPL and no later one; TimGM6mb's author put it under version 2 (Debian's copyright file of timgm6mb-soundfont).
_PARTS = (
    Part("basic-pitch", "model", "Apache-2.0", "Spotify, package basic-pitch: its ONNX model"),
    Part("swift-f0", "model", "MIT", "Lars Nieradzik, package swift-f0: its ONNX model"),
    Part(
        "hummingbridge-ear",
        "model",
        "GPL-3.0-or-later",
        "ships with Hummingbridge; trained on HUST_Solfege (MIT) and on synthetic singing of OpenScore melodies (CC0)",
    ),
    Part("hummingbridge-voice", "model", "GPL-3.0-or-later", "ships with Hummingbridge; fitted on HUST_Solfege (MIT)"),
    Part(
        "hummingbridge-ngram",
        "model",
        "GPL-3.0-or-later",
        "ships with Hummingbridge; trained on OpenScore Lieder and String Quartets",
        "trained on CC0 music alone",
    ),
    Part(
        "hummingbridge-variations",
        "generator",
        "CC0-1.0",
        "ships with Hummingbridge; trained on OpenScore Lieder and String Quartets",
        "trained on CC0 music alone",
    ),
    Part("OpenScore", "data", "CC0-1.0", "OpenScore Lieder Corpus and OpenScore String Quartets, by their volunteers"),
    Part("HUST_Solfege", "data", "MIT", "HUST_Solfege, 2019"),
    Part(
        "TimGM6mb",
        "samples",
        "GPL-2.0-only",
        "Tim Brechbill, 2004; comes with the package pretty_midi",
        "its licence says nothing of music that is played with it; FluidR3 and MuseScore General are under MIT",
    ),
    Part("FluidR3", "samples", "MIT", "Frank Wen and contributors, FluidR3_GM.sf2"),
    Part("MuseScore_General", "samples", "MIT", "S. Christian Collins after FluidR3 (Frank Wen); parts CC0-1.0"),
    Part("hummingbridge-rules", "program", "GPL-3.0-or-later", "ships with Hummingbridge: techniques of variation"),
    Part("chain", "preset", "GPL-3.0-or-later", "ships with Hummingbridge: chains of effects"),
    Part("instrument", "preset", "GPL-3.0-or-later", "ships with Hummingbridge: instruments"),
    Part("timbre", "generator", "GPL-3.0-or-later", "ships with Hummingbridge: timbres, trained on FluidR3 (MIT)"),
    Part("pedalboard", "program", "GPL-3.0-only", "Spotify, package pedalboard"),
    Part("tinysoundfont", "program", "MIT", "Nathan Whitehead, after TinySoundFont by Bernhard Schelling"),
    Part("fluidsynth", "program", "LGPL-2.1-or-later", "Peter Hanappe and others, FluidSynth"),
    Part("onnxruntime", "program", "MIT", "Microsoft, package onnxruntime"),
    Part("mido", "program", "MIT", "Ole Martin Bjørndalen, package mido"),
    Part("pretty_midi", "program", "MIT", "Colin Raffel, package pretty_midi"),
    Part("soxr", "program", "LGPL-2.1-or-later", "Rob Sykes and others, package soxr"),
    Part(
        "soundfile",
        "program",
        "BSD-3-Clause",
        "Bastian Bechtold, package soundfile; in it libsndfile, LGPL-2.1-or-later",
    ),
    Part(
        "musicgen",
        "generator",
        "CC-BY-NC-4.0",
        "Meta, MusicGen's weights (its program is MIT)",
        "the licence of the weights forbids commercial use, and what is made with them is treated alike here",
    ),
)
PARTS: dict[str, Part] = {part.name: part for part in _PARTS}
"""name → part."""

_KINDS = {"soundfont": "samples", "chain": "preset", "instrument": "preset"}
"""What other parts of the program call a thing → its role."""


def find_part(name: str) -> Part | None:
    """The part of this name, or of the name before a space, a hyphen with a version, or an underscore.

    "chain warm-hall" is a `chain`, "FluidR3_GM" is `FluidR3`; None where nothing is known.
    """
    if name in PARTS:
        return PARTS[name]
    fits = [part for part in _PARTS if name.startswith(part.name) and name[len(part.name)] in " _.-"]
    return max(fits, key=lambda part: len(part.name), default=None)


def licence(name: str) -> Licence:
    """What a recipe records for the use of a part. Raises `UnknownName`."""
    part = find_part(name)
    if part is None:
        raise unknown(name, PARTS, kind="part")
    return Licence(part.role, name, part.spdx)


def role_of(used: Licence) -> str:
    """What something is to the music, by its name, else by the kind that the recipe gives it."""
    part = find_part(used.name)
    return part.role if part else _KINDS.get(used.kind.lower(), used.kind)


BASIC_PITCH = licence("basic-pitch")
SWIFT_F0 = licence("swift-f0")
EARS: dict[str, tuple[Licence, ...]] = {
    "learned": (licence("swift-f0"), licence("hummingbridge-ear")),
    "basic-pitch": (BASIC_PITCH, licence("hummingbridge-voice")),
    "basic-pitch-chords": (BASIC_PITCH,),
}
"""Note tracker → what it uses."""
MELODY_MODEL = licence("hummingbridge-ngram")
VARIATION_MODEL = licence("hummingbridge-variations")

OWN_DATA = "GPL-3.0-or-later"
"""The licence of what ships with this program: models, chains, instruments."""
