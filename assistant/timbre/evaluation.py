"""How good a transfer is, judged by what had no part in it.

Pitch by pYIN (librosa) and not by the tracker used inside; the instrument by a classifier that learnt the families of
96 General MIDI programs from MuseScore General, a SoundFont that no timbre was trained on; beside two peers on the same
inputs: the WORLD vocoder (pyworld) with the target's mean spectral envelope, and the target's SoundFont playing the
notes that were heard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio import Audio, Samples
from assistant.optional import require
from assistant.timbre.controls import Flags
from assistant.timbre.features import SAMPLE_RATE_HZ, Frames, loudness
from assistant.timbre.mapping import Settings
from assistant.timbre.measures import mel_db, timbre_distance
from assistant.timbre.timbre import Timbre
from assistant.timbre.training.phrases import phrase
from assistant.timbre.training.players import Part, soundfont, soundfonts
from assistant.timbre.training.recipes import FLUID, SOURCES, played
from assistant.timbre.transfer import transfer

JUDGES_FONT = Path("/usr/share/sounds/sf3/MuseScore_General.sf3")
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
_VOTE_FRAMES, _VOTE_STEP = 100, 50
_JUDGED_HZ, _JUDGED_HOP = 16_000, 160
_LOUD_DB = 40.0
PHRASE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Figures:
    """One sound judged: cents of its median error, the share of frames within 50 cents, the correlation of loudness,
    the distance of its mean cepstrum to the target's over that to the source's, the share of votes for its family.
    """

    cents: float
    within_50: float
    phrasing: float
    closeness: float
    votes: float

    def as_row(self) -> tuple[str, ...]:
        return (
            f"{self.cents:.1f}",
            f"{self.within_50:.3f}",
            f"{self.phrasing:.2f}",
            f"{self.closeness:.2f}",
            f"{self.votes:.0%}",
        )


def mean(figures: Sequence[Figures]) -> Figures:
    names = Figures.__dataclass_fields__
    return Figures(*(float(np.nanmean([getattr(one, name) for one in figures])) for name in names))


@dataclass(slots=True)
class Judge:
    """What judges, with what it has learnt."""

    classifier: Any = None
    pitches: dict[int, tuple[Samples, tuple[Frames, Flags]]] = field(default_factory=dict)

    def votes(self, samples: Samples, family: str) -> float:
        """The share of seconds that sound like the family."""
        found = self.classifier.predict(_seconds_of(samples))
        right = MEANT[family]
        return float(np.mean([FAMILIES[int(number)] in right for number in found])) if len(found) else 0.0

    def pitch(self, samples: Samples) -> tuple[Frames, Flags]:
        """MIDI pitch every 10 ms, and whether pYIN hears one; the pitch itself is YIN's, which is not in steps."""
        if id(samples) not in self.pitches:
            librosa = require("librosa", what_for="judging pitch")
            import soxr

            slow = soxr.resample(samples, SAMPLE_RATE_HZ, _JUDGED_HZ)
            settings = {"fmin": 60.0, "fmax": 1600.0, "sr": _JUDGED_HZ, "frame_length": 1024, "hop_length": _JUDGED_HOP}
            rough, voiced, _ = librosa.pyin(slow, resolution=0.2, **settings)
            fine = librosa.yin(slow, **settings)
            apart = np.abs(12 * np.log2(fine / np.nan_to_num(rough, nan=1.0)))
            sure: Flags = np.asarray(voiced & (apart < 1), np.bool_)
            self.pitches[id(samples)] = samples, (69 + 12 * np.log2(fine / 440), sure)
        return self.pitches[id(samples)][1]


def taught(progress: Callable[[float], None] | None = None) -> Judge:
    """A judge whose classifier has heard the programs of `JUDGES_FONT`. About a minute. Raises `MissingPart`."""
    require("sklearn", what_for="judging which instrument sounds")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parts = []
    for program in range(8 * len(FAMILIES)):
        low, high = _compass(program)
        written = phrase(7000 + program, low, high, PHRASE_SECONDS, plucked=program // 8 in (0, 1, 3))
        parts.append(Part(written, program, program))
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
    """What the classifier hears: a row for every sounding second, without its level. Shape (seconds, 80)."""
    spectra = mel_db(samples)
    places = np.pi * (np.arange(spectra.shape[1]) + 0.5) / spectra.shape[1]
    basis = np.cos(np.arange(1, 25)[:, None] * places)
    rows = []
    for first in range(0, len(spectra) - _VOTE_FRAMES + 1, _VOTE_STEP):
        part = spectra[first : first + _VOTE_FRAMES]
        heard = part.max(axis=1) > spectra.max() - 45
        if heard.mean() < 0.6:
            continue
        level = np.maximum(part, part.max() - 70)[heard]
        cepstra = level @ basis.T / spectra.shape[1]
        moves = np.abs(np.diff(cepstra, axis=0)).mean(axis=0)
        rows.append(np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0), moves]))
    return np.array(rows).reshape(-1, 72)


def judged(judge: Judge, source: Samples, made: Samples, target: Samples, family: str) -> Figures:
    """What was made of `source`, beside a true phrase of the target. Octaves do not count: transfers move by them."""
    pitch, voiced = judge.pitch(source)
    own, sung = judge.pitch(made)
    count = min(len(pitch), len(own))
    both = voiced[:count] & sung[:count]
    apart = (own[:count] - pitch[:count])[both]
    off = np.abs((apart + 6) % 12 - 6) * 100
    before, after = loudness(source), loudness(made)
    count = min(len(before), len(after))
    heard = before[:count] > before.max() - _LOUD_DB
    phrasing = np.corrcoef(before[:count][heard], np.maximum(after[:count][heard], after.max() - 60))[0, 1]
    return Figures(
        float(np.median(off)) if len(off) else float("nan"),
        float((off < 50).mean()) if len(off) else 0.0,
        float(phrasing),
        timbre_distance(made, target) / max(timbre_distance(made, source), 1e-6),
        judge.votes(made, family),
    )


def targets(name: str) -> Samples:
    """A phrase as the instrument itself plays it, that was not learnt from."""
    samples, _ = played(name, 900, PHRASE_SECONDS)
    return samples


def resung(source: Samples, target: Samples, octaves: int) -> Samples:
    """The peer WORLD: the source's pitch and loudness, the target's mean spectral envelope and breathiness."""
    pyworld = require("pyworld", what_for="the peer WORLD")
    wide, own = source.astype(np.float64), target.astype(np.float64)
    hz, times = pyworld.harvest(wide, SAMPLE_RATE_HZ, f0_floor=50, f0_ceil=1500)
    envelope = pyworld.cheaptrick(wide, hz, times, SAMPLE_RATE_HZ)
    target_hz, target_times = pyworld.harvest(own, SAMPLE_RATE_HZ, f0_floor=50, f0_ceil=2000)
    shapes = pyworld.cheaptrick(own, target_hz, target_times, SAMPLE_RATE_HZ)
    breath = pyworld.d4c(own, target_hz, target_times, SAMPLE_RATE_HZ)
    heard = (target_hz > 0) & (shapes.sum(axis=1) > 0.01 * shapes.sum(axis=1).max())
    shape = np.exp(np.log(shapes[heard] + 1e-16).mean(axis=0))
    level = envelope.sum(axis=1, keepdims=True) / shape.sum()
    breaths = np.tile(breath[heard].mean(axis=0), (len(hz), 1))
    sung = pyworld.synthesize(hz * 2.0**octaves, np.ascontiguousarray(level * shape), breaths, SAMPLE_RATE_HZ)
    return _as_long(sung.astype(np.float32), source)


def replayed(source: Samples, name: str, octaves: int) -> Samples:
    """The peer SoundFont: the notes that were heard, played by the very SoundFont that the timbre was trained on."""
    from assistant.hear import listen
    from assistant.timbre.training.phrases import FRAMES_A_SECOND, Phrase, Sung

    heard = listen(Audio(source[None], SAMPLE_RATE_HZ)).notes
    notes = tuple(
        Sung(note.onset_seconds, note.offset_seconds, min(127, max(0, round(note.pitch) + 12 * octaves)), note.velocity)
        for note in heard
    )
    frames = np.zeros(len(source) * FRAMES_A_SECOND // SAMPLE_RATE_HZ)
    written = Phrase(notes, frames, frames + 127, frames + 60)
    program = SOURCES[name].program
    assert program is not None
    return _as_long(soundfont(written, program, FLUID, 0), source)


def _as_long(samples: Samples, source: Samples) -> Samples:
    return np.pad(samples, (0, max(0, len(source) - len(samples))))[: len(source)]


def piano(seed: int = 4) -> Samples:
    """Ten seconds of a piano, one note at a time."""
    return soundfont(phrase(seed, 55, 79, PHRASE_SECONDS, plucked=True), 0, FLUID, seed) * np.float32(2)


def speed(timbre: Timbre, source: Samples) -> float:
    """Seconds of sound a second of processor time, pitch tracking included, once everything is loaded."""
    audio = Audio(source[None], SAMPLE_RATE_HZ)
    transfer(audio, timbre)
    before = time.process_time()
    transfer(audio, timbre)
    return len(source) / SAMPLE_RATE_HZ / (time.process_time() - before)


def made(timbre: Timbre, sources: Mapping[str, Samples], *, peers: bool) -> dict[str, dict[str, Samples]]:
    """way → source → what was made of it: ours, and by the peers of the same inputs."""
    target = targets(timbre.name)
    found: dict[str, dict[str, Samples]] = {}
    for what, source in sources.items():
        done = transfer(Audio(source[None], SAMPLE_RATE_HZ), timbre, Settings())
        found.setdefault("hummingbridge", {})[what] = done.audio.mono()
        if peers:
            found.setdefault("WORLD", {})[what] = resung(source, target, done.octaves)
            if timbre.name in SOURCES and SOURCES[timbre.name].program is not None:
                found.setdefault("SoundFont", {})[what] = replayed(source, timbre.name, done.octaves)
    return found


def pairs(
    judge: Judge, timbre: Timbre, sources: Mapping[str, Samples], ways: Mapping[str, Mapping[str, Samples]]
) -> dict[str, dict[str, Figures]]:
    """way → source → figures of what was `made`."""
    target = targets(timbre.name)
    return {
        way: {what: judged(judge, sources[what], sound, target, timbre.family) for what, sound in each.items()}
        for way, each in ways.items()
    }
