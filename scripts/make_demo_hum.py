"""Makes the hum that ships with the program, `presets/demo/hum.flac`: a SoundFont voice that hums a melody of ours.

It scoops into its notes, has vibrato on the long ones, drifts a little flat, breathes between the phrases and does not
keep time like a machine: what a real voice does to an ear. Run it with `python scripts/make_demo_hum.py`.
"""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import soundfile
import tinysoundfont

from midi.pitch import parse_pitch

SAMPLE_RATE_HZ = 22050
BPM = 92.0
CHOIR_AAHS, VOICE_OOHS = 52, 53
BEND_SEMITONES = 2.0

# (pitch, start in beats, length in beats); D minor, three bars and a half of 4/4.
MELODY = (
    ("D4", 0.0, 1.0), ("F4", 1.0, 0.5), ("E4", 1.5, 0.5), ("D4", 2.0, 1.0), ("A4", 3.0, 0.9),
    ("G4", 4.0, 1.5), ("F4", 5.5, 0.5), ("E4", 6.0, 1.75),
    ("F4", 8.0, 0.5), ("G4", 8.5, 0.5), ("A4", 9.0, 1.0), ("F4", 10.0, 1.0), ("C4", 11.0, 0.9),
    ("E4", 12.0, 1.0), ("D4", 13.0, 2.6),
)  # fmt: skip
BREATHS_BEATS = (7.78, 11.92)


def soundfont() -> Path:
    """The SoundFont that pretty_midi carries."""
    spec = find_spec("pretty_midi")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "TimGM6mb.sf2"


def bend_semitones(seconds: np.ndarray, length_seconds: float, drift: float) -> np.ndarray:
    """A singer's deviation from the note: a scoop of half a semitone, growing vibrato, the drift of the phrase."""
    scoop = -0.6 * np.exp(-seconds / 0.045)
    depth = 0.28 * np.clip((seconds - 0.25) / 0.4, 0.0, 1.0) * (length_seconds > 0.6)
    return scoop + depth * np.sin(2 * np.pi * 5.4 * seconds) + drift


def hum() -> np.ndarray:
    """The hum, float32, shape (samples,)."""
    random = np.random.default_rng(7)
    synth = tinysoundfont.Synth(samplerate=SAMPLE_RATE_HZ)
    bank = synth.sfload(str(soundfont()))
    synth.program_select(0, bank, 0, VOICE_OOHS)
    synth.pitchbend_range(0, BEND_SEMITONES)
    second = 60.0 / BPM
    block = SAMPLE_RATE_HZ // 200
    blocks = int((16.4 * second + 0.6) * 200)
    notes = [
        # A human is a few milliseconds early or late, and louder on the first beat of a bar.
        (
            parse_pitch(name),
            0.25 + start * second + random.normal(0, 0.012),
            length * second,
            96 if start % 4 == 0 else 82,
        )
        for name, start, length in MELODY
    ]
    out = []
    sounding: tuple[int, float, float] | None = None
    upcoming = list(notes)
    for index in range(blocks):
        now = index / 200
        if sounding and now >= sounding[1] + sounding[2]:
            synth.noteoff(0, sounding[0])
            sounding = None
        if upcoming and now >= upcoming[0][1]:
            if sounding:
                synth.noteoff(0, sounding[0])
            pitch, start, length, velocity = upcoming.pop(0)
            sounding = (pitch, start, length)
            synth.noteon(0, pitch, velocity)
        if sounding:
            drift = -0.10 * now / (blocks / 200) + 0.06
            bend = float(bend_semitones(np.array(now - sounding[1]), sounding[2], drift))
            synth.pitchbend(0, int(np.clip(8192 + bend / BEND_SEMITONES * 8191, 0, 16383)))
        out.append(np.frombuffer(synth.generate(block), dtype=np.float32).reshape(-1, 2).mean(axis=1))
    voice = np.concatenate(out)
    return with_breath(voice / np.abs(voice).max() * 0.6, random, second)


def with_breath(voice: np.ndarray, random: np.random.Generator, second: float) -> np.ndarray:
    """The voice with its breaths (a short hiss between the phrases) and the noise of a quiet room."""
    noise = random.normal(0, 1, len(voice)).astype(np.float32)
    hiss = np.convolve(noise, [0.5, -0.35, -0.1], mode="same")
    gain = np.full(len(voice), 0.0012)
    seconds = np.arange(len(voice)) / SAMPLE_RATE_HZ
    for beat in BREATHS_BEATS:
        gain += 0.022 * np.exp(-(((seconds - 0.25 - beat * second) / 0.07) ** 2))
    return (voice + hiss * gain).astype(np.float32)


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "presets" / "demo" / "hum.flac"
    flac = io.BytesIO()
    soundfile.write(flac, hum(), SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    target.write_bytes(flac.getvalue())
    print(f"{target}: {len(flac.getvalue()) // 1024} kB", file=sys.stderr)
