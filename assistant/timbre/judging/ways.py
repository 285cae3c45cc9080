"""What becomes of a source: by the timbre, and by two peers of the same inputs.

WORLD sings with the target's mean spectral envelope; the target's SoundFont plays the notes that were heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import NothingHeard
from assistant.optional import require
from assistant.timbre.controls import Controls
from assistant.timbre.features import SAMPLE_RATE_HZ
from assistant.timbre.timbre import Timbre
from assistant.timbre.training.phrases import FRAMES_A_SECOND, Phrase, Sung
from assistant.timbre.training.players import soundfont
from assistant.timbre.training.recipes import FLUID, SOURCES
from assistant.timbre.transfer import transfer

OURS = "hummingbridge"
WORLD = "WORLD"
SOUNDFONT = "SoundFont"


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Mono at 48 kHz; the pitch that the timbre was given, and whether this way was given it too; whether the source's
    notes die away, and the timbre holds them.
    """

    samples: Samples
    control: Controls
    struck: bool
    follows: bool = False


@dataclass(slots=True)
class Ways:
    """Makes a source into a timbre every way there is; keeps what it has found out on the way."""

    peers: bool
    _voices: dict[int, tuple[Samples, Envelope]] = field(default_factory=dict)
    _notes: dict[int, tuple[Samples, tuple[Sung, ...]]] = field(default_factory=dict)

    def made(self, source: Samples, timbre: Timbre, target: Samples) -> dict[str, Made]:
        """Way → what was made. The SoundFont stands beside timbres that have a General MIDI program."""
        done = transfer(Audio(source[None], SAMPLE_RATE_HZ), timbre)
        asked = done.parts[0]
        found = {OURS: Made(done.audio.mono(), asked, done.struck, follows=True)}
        if self.peers:
            sung = resung(self._voice(source), self._voice(target), len(source), done.octaves)
            found[WORLD] = Made(sung, asked, done.struck)
            program = SOURCES[timbre.name].program
            if program is not None:
                played = replayed(self._heard(source), program, len(source), done.octaves)
                found[SOUNDFONT] = Made(played, asked, done.struck)
        return found

    def _voice(self, samples: Samples) -> Envelope:
        if id(samples) not in self._voices:
            self._voices[id(samples)] = samples, envelope(samples)
        return self._voices[id(samples)][1]

    def _heard(self, source: Samples) -> tuple[Sung, ...]:
        if id(source) not in self._notes:
            self._notes[id(source)] = source, notes_of(source)
        return self._notes[id(source)][1]


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """What WORLD takes a voice apart into: pitch, spectral envelope and breathiness, a row every 5 ms."""

    hz: Samples
    shape: Samples
    breath: Samples


def envelope(samples: Samples) -> Envelope:
    """Mono samples at 48 kHz. Raises `MissingPart`."""
    pyworld = require("pyworld", what_for="the peer WORLD")
    wide = samples.astype(np.float64)
    hz, times = pyworld.harvest(wide, SAMPLE_RATE_HZ, f0_floor=50, f0_ceil=2000)
    shape = pyworld.cheaptrick(wide, hz, times, SAMPLE_RATE_HZ)
    return Envelope(hz, shape, pyworld.d4c(wide, hz, times, SAMPLE_RATE_HZ))


def resung(source: Envelope, target: Envelope, length: int, octaves: int) -> Samples:
    """The source's pitch and loudness, the target's mean spectral envelope and breathiness."""
    pyworld = require("pyworld", what_for="the peer WORLD")
    power = target.shape.sum(axis=1)
    heard = (target.hz > 0) & (power > 0.01 * power.max())
    shape = np.exp(np.log(target.shape[heard] + 1e-16).mean(axis=0))
    level = source.shape.sum(axis=1, keepdims=True) / shape.sum()
    breath = np.tile(target.breath[heard].mean(axis=0), (len(source.hz), 1))
    sung = pyworld.synthesize(source.hz * 2.0**octaves, np.ascontiguousarray(level * shape), breath, SAMPLE_RATE_HZ)
    return _as_long(sung.astype(np.float32), length)


def notes_of(source: Samples) -> tuple[Sung, ...]:
    """The notes that the program hears."""
    from assistant.hear import listen

    try:
        heard = listen(Audio(source[None], SAMPLE_RATE_HZ)).notes
    except NothingHeard:
        return ()
    return tuple(Sung(note.onset_seconds, note.offset_seconds, round(note.pitch), note.velocity) for note in heard)


def replayed(notes: tuple[Sung, ...], program: int, length: int, octaves: int) -> Samples:
    """The notes on the very SoundFont that the timbre was learnt from."""
    moved = tuple(
        Sung(note.start, note.end, min(127, max(0, note.pitch + 12 * octaves)), note.velocity) for note in notes
    )
    frames = np.zeros(length * FRAMES_A_SECOND // SAMPLE_RATE_HZ)
    written = Phrase(moved, frames, frames + 127, frames + 60)
    return _as_long(soundfont(written, program, FLUID, 0), length)


def _as_long(samples: Samples, length: int) -> Samples:
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]
