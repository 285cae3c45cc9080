"""A singer made of sines and noise: melodies sung on syllables, hummed or whistled, with their notes known exactly.

A voice is the sum of its harmonics under an envelope of formants (source and filter), with noise for breath and
consonants; pitch scoops, glides, trembles, drifts and misses as singers do. Notes are marked the way people mark them:
from where the vowel is nearly full to where it has fallen by half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.audio import Samples
from assistant.hear.frames import RATE_HZ
from scripts.hearing.melodies import Rng, Tone

_STEP = 110
"""Samples between the points that pitch, loudness and formants are drawn at: 5 ms."""
_STEP_SECONDS = _STEP / RATE_HZ
Curve = NDArray[np.float64]

VOWELS = {
    "a": (750, 1250, 2600, 3500), "e": (480, 1900, 2600, 3500), "i": (300, 2300, 3000, 3600),
    "o": (470, 880, 2500, 3400), "u": (330, 800, 2400, 3300), "@": (520, 1450, 2500, 3500),
    "m": (260, 1100, 2300, 3300), "n": (280, 1500, 2500, 3400),
}  # fmt: skip
"""Formants in Hz of an average voice."""
_WIDTHS_HZ = (90.0, 110.0, 170.0, 250.0)


@dataclass(frozen=True, slots=True)
class Consonant:
    """How one begins a note: lengths in seconds; `voice_db`: how loud the voice goes on in it, None for not at all;
    `noise_hz`: the middle of its noise.
    """

    seconds: float
    voice_db: float | None
    noise_hz: float = 0.0
    noise_db: float = -99.0
    burst: bool = False


CONSONANTS = {
    "": Consonant(0.0, 0.0),
    "d": Consonant(0.06, -24, 3500, -22, True), "b": Consonant(0.06, -24, 900, -26, True),
    "g": Consonant(0.06, -26, 1900, -24, True), "t": Consonant(0.09, None, 4200, -16, True),
    "p": Consonant(0.09, None, 1000, -22, True), "k": Consonant(0.09, None, 2200, -16, True),
    "s": Consonant(0.12, None, 6500, -12), "sh": Consonant(0.12, None, 3500, -10),
    "f": Consonant(0.10, None, 5000, -26), "h": Consonant(0.08, None, 1600, -24), "x": Consonant(0.10, None, 2800, -18),
    "z": Consonant(0.09, -16, 6000, -18), "v": Consonant(0.07, -14, 4000, -30), "r": Consonant(0.05, -10),
    "l": Consonant(0.07, -8), "n": Consonant(0.08, -9), "m": Consonant(0.08, -9), "w": Consonant(0.07, -7),
    "y": Consonant(0.07, -7),
}  # fmt: skip

STYLES: dict[str, tuple[tuple[str, str], ...]] = {
    "solfege": (("d", "o"), ("r", "e"), ("m", "i"), ("f", "a"), ("s", "o"), ("l", "a"), ("t", "i"), ("x", "i")),
    "da": (("d", "a"),), "la": (("l", "a"),), "na": (("n", "a"),), "ta": (("t", "a"),), "du": (("d", "u"),),
    "ba": (("b", "a"), ("d", "a")), "ma": (("m", "a"),), "ha": (("h", "a"),), "ya": (("y", "e"), ("", "a")),
    "lyrics": tuple((c, v) for c in CONSONANTS for v in "aeiou@"),
    "vowel": (("", "a"), ("", "o"), ("", "u")), "hum": (("", "m"),), "mum": (("m", "m"), ("n", "n")),
}  # fmt: skip
_STYLE_WEIGHTS = {"solfege": 4, "lyrics": 6, "vowel": 2.5, "hum": 2.5, "da": 2, "la": 2, "na": 1.5, "du": 1.5}


@dataclass(frozen=True, slots=True)
class Singer:
    """What stays the same through a clip."""

    formant_scale: float
    tilt_db: float
    breath_db: float
    vibrato_cents: float
    vibrato_hz: float
    scoop_chance: float
    glide_seconds: float
    legato: float
    consonant_scale: float
    detune_cents: float
    drift_cents: float
    miss_cents: float
    attack_seconds: float
    release_seconds: float


def draw_singer(rng: Rng, *, high: bool) -> Singer:
    return Singer(
        formant_scale=rng.uniform(1.05, 1.25) if high else rng.uniform(0.88, 1.08),
        tilt_db=rng.uniform(-9, -3),
        breath_db=rng.uniform(-48, -22),
        vibrato_cents=rng.choice([0, rng.uniform(5, 25), rng.uniform(25, 90)], p=[0.4, 0.35, 0.25]),
        vibrato_hz=rng.uniform(4.5, 6.8),
        scoop_chance=rng.uniform(0, 0.6),
        glide_seconds=np.exp(rng.uniform(np.log(0.02), np.log(0.1))),
        legato=rng.uniform(0, 1),
        consonant_scale=rng.uniform(0.6, 1.5),
        detune_cents=rng.uniform(-50, 50),
        drift_cents=rng.normal(0, 40),
        miss_cents=rng.uniform(5, 35),
        attack_seconds=np.exp(rng.uniform(np.log(0.015), np.log(0.08))),
        release_seconds=np.exp(rng.uniform(np.log(0.02), np.log(0.12))),
    )


def sing(
    tones: Sequence[Tone], rng: Rng, *, high: bool, style: str | None = None
) -> tuple[Samples, NDArray[np.float64]]:
    """The singing, mono at 22050 Hz, and its notes: onset and offset in seconds, sung pitch; shape (notes, 3)."""
    singer = draw_singer(rng, high=high)
    names = list(STYLES)
    weights = np.array([_STYLE_WEIGHTS.get(name, 1.0) for name in names])
    chosen = style or str(rng.choice(names, p=weights / weights.sum()))
    syllables = STYLES[chosen]
    plans = [_plan(tone, syllables[int(rng.integers(len(syllables)))], singer, rng) for tone in tones]
    _make_room(plans, singer, rng)
    return _render(plans, singer, rng)


@dataclass(slots=True)
class _Plan:
    """One note: its consonant runs from `lead` to `start`, its vowel from there to `end`; a `dip` parts it from a
    note of the same breath.
    """

    lead: float
    start: float
    end: float
    pitch: float
    consonant: Consonant
    vowel: str
    joined: bool
    level_db: float
    scoop: float
    dip_db: float = 0.0
    legato: bool = False


def _plan(tone: Tone, syllable: tuple[str, str], singer: Singer, rng: Rng) -> _Plan:
    consonant = CONSONANTS[syllable[0]]
    length = consonant.seconds * singer.consonant_scale * rng.uniform(0.6, 1.5)
    pitch = tone.pitch + (singer.detune_cents + rng.normal(0, singer.miss_cents)) / 100
    scoop = -rng.exponential(1.0) if rng.random() < singer.scoop_chance else rng.normal(0, 0.15)
    return _Plan(
        tone.start_seconds - length, tone.start_seconds, tone.end_seconds, pitch, consonant, syllable[1],
        tone.joined, rng.normal(0, 2.5), float(np.clip(scoop, -4, 1)),
    )  # fmt: skip


def _make_room(plans: list[_Plan], singer: Singer, rng: Rng) -> None:
    """Ends each note where the next one's consonant begins, or sooner where the singing is detached."""
    for here, after in pairwise(plans):
        here.end = min(here.end, after.start)
        closed = after.consonant.seconds > 0
        after.legato = after.joined and rng.random() < 0.3 + 0.7 * singer.legato
        if closed:
            shortest = here.start + 0.5 * (after.start - here.start)
            after.lead = max(after.lead, min(shortest, after.start - 0.02))
            here.end = min(here.end, after.lead)
        elif after.legato and abs(after.pitch - here.pitch) < 0.7:
            after.dip_db = rng.uniform(8, 25)
        if not after.legato:
            here.end = min(here.end, max(here.start + 0.07, here.end - rng.exponential(0.06)))
        after.legato = after.legato and not closed
        if after.legato:
            here.end = after.start


def _render(plans: list[_Plan], singer: Singer, rng: Rng) -> tuple[Samples, NDArray[np.float64]]:
    seconds = plans[-1].end + rng.uniform(0.3, 1.0)
    time = np.arange(int(seconds / _STEP_SECONDS) + 1) * _STEP_SECONDS
    pitch = _pitch_curve(plans, singer, time, rng)
    level = np.full(len(time), -90.0)
    formants = np.tile(np.array(VOWELS[plans[0].vowel], float), (len(time), 1))
    damp = np.zeros(len(time))
    noise = np.zeros(int(len(time) * _STEP) + RATE_HZ, np.float64)
    notes = []
    for index, plan in enumerate(plans):
        _shape(plan, singer, time, level, formants, damp, rng)
        _consonant_noise(plan, noise, rng)
        core = pitch[(time > plan.start + (plan.end - plan.start) * 0.2) & (time < plan.end - 0.02)]
        sung = float(np.median(core)) if len(core) else plan.pitch
        last = index + 1 == len(plans) or not plans[index + 1].legato
        notes.append((plan.start, plan.end if last else plans[index + 1].start, sung))
        if index and plan.start - plans[index - 1].end > 0.35 and rng.random() < 0.5:
            _breath(plans[index - 1].end + 0.05, plan.lead - 0.03, noise, rng)
    for plan in plans:
        level -= plan.dip_db * np.exp(-0.5 * ((time - plan.start + 0.03) / rng.uniform(0.012, 0.03)) ** 2)
    formants = _smooth(formants * singer.formant_scale, 6)
    level += _smooth(rng.normal(0, 3, len(time)), 20)
    voice = _harmonics(pitch, level, formants, damp, singer)
    noise = noise[: len(voice)]
    breath = 10 ** ((np.repeat(level, _STEP)[: len(voice)] + singer.breath_db) / 20) * rng.normal(size=len(voice)) * 3
    sound = (voice + noise + breath).astype(np.float32)
    return sound / np.float32(np.abs(sound).max() * rng.uniform(1.05, 3)), np.array(notes)


def _pitch_curve(plans: list[_Plan], singer: Singer, time: Curve, rng: Rng) -> Curve:
    pitch = np.full(len(time), plans[0].pitch)
    for before, plan in zip([plans[0], *plans], plans, strict=False):
        glide = singer.glide_seconds * rng.uniform(0.6, 1.6)
        middle = plan.start if plan.legato else plan.start - 0.5 * (plan.start - before.end)
        pitch += (plan.pitch - before.pitch) / (1 + np.exp(-((time - middle) / (glide / 4)).clip(-40, 40)))
        if not plan.legato:
            since = (time - plan.start).clip(0)
            reach = rng.uniform(0.03, 0.1)
            inside = (time >= plan.lead) & (time < plan.end)
            pitch += plan.scoop * np.exp(-since / reach) * inside
        held = (time - plan.start - 0.15).clip(0, 0.3) / 0.3 * ((time >= plan.start) & (time < plan.end))
        pitch += (
            singer.vibrato_cents
            / 100
            * held
            * np.sin(2 * np.pi * singer.vibrato_hz * rng.uniform(0.95, 1.05) * (time - plan.start))
        )
    wander = _smooth(rng.normal(0, 1, len(time)), 60)
    pitch += 0.08 * wander / (wander.std() + 1e-9) + rng.uniform(0.01, 0.06) * _smooth(rng.normal(0, 2, len(time)), 4)
    return pitch + singer.drift_cents / 100 * time / time[-1]


def _shape(plan: _Plan, singer: Singer, time: Curve, level: Curve, formants: Curve, damp: Curve, rng: Rng) -> None:
    """Draws a note's loudness, formants and damping of high partials into the curves of the whole clip."""
    length = plan.end - plan.start
    attack = min(singer.attack_seconds * rng.uniform(0.7, 1.4), length / 2)
    release = min(singer.release_seconds * rng.uniform(0.7, 1.4), length / 2)
    # The mark is where the vowel is nearly full, and where it has lost half its strength.
    rise = ((time - plan.start + 0.75 * attack) / attack).clip(1e-4, 1)
    fall = ((plan.end + 0.5 * release - time) / release).clip(1e-4, 1)
    if plan.legato:
        rise = np.where(time >= plan.start, 1, 1e-4)
    swell = rng.normal(0, 3) * np.sin(np.pi * ((time - plan.start) / length).clip(0, 1))
    fade = -rng.uniform(0, 8) * ((time - plan.start) / length).clip(0, 1)
    drawn = 20 * np.log10(rise * fall) + swell + fade + plan.level_db
    inside = (time >= plan.start - attack) & (time <= plan.end + release)
    level[inside] = np.maximum(level[inside], drawn[inside])
    vowel = np.array(VOWELS[plan.vowel], float) * rng.uniform(0.95, 1.05, 4)
    formants[time >= plan.lead] = vowel
    if plan.vowel in "mn":
        damp[time >= plan.lead] = 18
    else:
        damp[time >= plan.lead] = 0
    closing = (time >= plan.lead - 0.01) & (time < plan.start - 0.4 * attack)
    if plan.consonant.voice_db is not None and plan.consonant.seconds and plan.joined:
        murmur = plan.level_db + plan.consonant.voice_db + rng.normal(0, 2)
        level[closing] = np.maximum(murmur, np.minimum(level[closing], murmur + 3))
        damp[closing] = 20 if plan.consonant.voice_db < -8.5 else 8
        formants[closing] = 0.6 * np.array(VOWELS[str(rng.choice(["n", "m", "u", "i"]))]) + 0.4 * vowel


def _consonant_noise(plan: _Plan, noise: Curve, rng: Rng) -> None:
    kind = plan.consonant
    if kind.noise_db < -90:
        return
    end = plan.start - 0.005
    begin = max(plan.lead, end - rng.uniform(0.012, 0.045)) if kind.burst else plan.lead
    _add_noise(begin, end, kind.noise_hz * rng.uniform(0.85, 1.2), kind.noise_db + rng.normal(0, 4), noise, rng)


def _breath(begin: float, end: float, noise: Curve, rng: Rng) -> None:
    begin = max(begin, end - rng.uniform(0.2, 0.5))
    _add_noise(begin, end, rng.uniform(1000, 3000), rng.uniform(-45, -20), noise, rng)


def _add_noise(begin: float, end: float, middle_hz: float, level_db: float, noise: Curve, rng: Rng) -> None:
    first, count = max(0, int(begin * RATE_HZ)), int((end - max(begin, 0)) * RATE_HZ)
    if count < 40:
        return
    spectrum = np.fft.rfft(rng.normal(size=count))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 20) / middle_hz)
    part = np.fft.irfft(spectrum * np.exp(-0.5 * (octaves / 0.5) ** 2), count)
    part *= np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 0.5
    noise[first : first + count] += part[: len(noise) - first] / (part.std() + 1e-9) * 10 ** (level_db / 20) * 6


def _harmonics(pitch: Curve, level: Curve, formants: Curve, damp: Curve, singer: Singer) -> Curve:
    """The voiced part: every harmonic under 10 kHz, its strength from source tilt, formants and damping."""
    hz = 440 * 2 ** ((pitch - 69) / 12)
    samples = np.arange(len(pitch) * _STEP)
    at = samples / _STEP
    phase = 2 * np.pi * np.cumsum(np.interp(at, np.arange(len(hz)), hz)) / RATE_HZ
    gain = 10 ** (level / 20)
    sound = np.zeros(len(samples))
    for harmonic in range(1, int(min(60, 10000 / hz.min())) + 1):
        frequency = harmonic * hz
        strength = _formant_gain(frequency, formants) * harmonic ** (singer.tilt_db / 6.02)
        strength = strength * 10 ** (-damp * (frequency / 900).clip(0, 2.5) / 20) * gain * (frequency < 10000)
        if strength.max() < 1e-5:
            continue
        sound += np.interp(at, np.arange(len(hz)), strength) * np.sin(harmonic * phase)
    return sound


def _formant_gain(frequency: Curve, formants: Curve) -> Curve:
    total = np.full(len(frequency), 0.02)
    for column, width in enumerate(_WIDTHS_HZ):
        total += (0.75**column) / (1 + ((frequency - formants[:, column]) / width) ** 2)
    return total * 3


def _smooth(values: Curve, reach: int) -> Curve:
    window = np.hanning(2 * reach + 1)
    window /= window.sum()
    if values.ndim == 1:
        return np.convolve(values, window, "same")
    padded = np.pad(values, ((reach, reach), (0, 0)), "edge")
    return np.stack([np.convolve(column, window, "valid") for column in padded.T], axis=1)


def whistle(tones: Sequence[Tone], rng: Rng) -> tuple[Samples, NDArray[np.float64]]:
    """The melody whistled: nearly a sine, a little wind."""
    singer = draw_singer(rng, high=True)
    tongued = rng.random() < 0.5
    plans = [_plan(tone, ("h" if tongued and rng.random() < 0.8 else "", "u"), singer, rng) for tone in tones]
    _make_room(plans, singer, rng)
    seconds = plans[-1].end + rng.uniform(0.3, 1.0)
    time = np.arange(int(seconds / _STEP_SECONDS) + 1) * _STEP_SECONDS
    pitch = _pitch_curve(plans, singer, time, rng)
    level, unused, damp = np.full(len(time), -90.0), np.zeros((len(time), 4)), np.zeros(len(time))
    for plan in plans:
        _shape(plan, singer, time, level, unused, damp, rng)
        level -= plan.dip_db * np.exp(-0.5 * ((time - plan.start + 0.03) / 0.02) ** 2)
    at = np.arange(len(time) * _STEP) / _STEP
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((np.interp(at, np.arange(len(time)), pitch) - 69) / 12)) / RATE_HZ
    gain = np.interp(at, np.arange(len(time)), 10 ** (level / 20))
    wind = np.diff(rng.normal(size=len(at) + 1)) * 10 ** (rng.uniform(-50, -28) / 20)
    sound = (gain * (np.sin(phase) + rng.uniform(0, 0.1) * np.sin(2 * phase)) + wind * (0.3 + gain)).astype(np.float32)
    starts = [plan.start for plan in plans]
    ends = [after.start if after.legato else plan.end for plan, after in pairwise(plans)]
    sung = [float(np.interp((s + e) / 2, time, pitch)) for s, e in zip(starts, [*ends, plans[-1].end], strict=True)]
    return sound / np.float32(np.abs(sound).max() * 1.3), np.stack([starts, [*ends, plans[-1].end], sung], axis=1)
