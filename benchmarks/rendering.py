"""Rendering beside raw tinysoundfont: the same notes from the same SoundFont for as long.

The peer loads the SoundFont, plays the events in order and hands over its samples; what we add is the search for the
instrument, the end of the tail, the level and the true peak.
"""

from __future__ import annotations

import numpy as np
import tinysoundfont

from assistant.audio import Audio
from assistant.render import RenderJob, render
from assistant.render.play import timed_notes
from assistant.render.soundfonts import SoundFont, embedded_soundfont
from benchmarks.report import at_least, median_seconds, ratio
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Tempo

RATE_HZ = 48_000
PROGRAMS = {"piano": 0, "cello": 42, "strings": 48, "flute": 73}


def eight_bars() -> Motif:
    """A melody in eighths over a chord a bar."""
    melody = [Note(i / 2, 60 + (0, 4, 7, 12, 11, 7, 5, 2)[i % 8], 0.5, 90) for i in range(64)]
    chords = [Note(4 * bar, pitch, 4, 70) for bar in range(8) for pitch in (48, 55, 64)]
    return Motif(Clip(tuple(melody + chords)))


def raw(motif: Motif, program: int, seconds: float, soundfont: SoundFont) -> np.ndarray:
    synth = tinysoundfont.Synth(samplerate=RATE_HZ)
    synth.program_select(0, synth.sfload(str(soundfont.path)), 0, program)
    events = []
    for note in timed_notes(motif.clip, Tempo(), RATE_HZ, None):
        events += [(note.start, 1, note.pitch, note.velocity), (note.end, 0, note.pitch, 0)]
    now, parts = 0, []
    for at, starts, pitch, velocity in sorted(events):
        if at > now:
            parts.append(np.frombuffer(synth.generate_simple(at - now), np.float32))
            now = at
        if starts:
            synth.noteon(0, pitch, velocity)
        else:
            synth.noteoff(0, pitch)
    parts.append(np.frombuffer(synth.generate_simple(round(seconds * RATE_HZ) - now), np.float32))
    return np.ascontiguousarray(np.concatenate(parts).reshape(-1, 2).T)


def ours(motif: Motif, instrument: str, soundfont: SoundFont, engine: str = "tinysoundfont") -> Audio:
    return render(motif, RenderJob(instrument, soundfont=soundfont.path, engine=engine))


def main() -> None:
    motif, soundfont = eight_bars(), embedded_soundfont()
    for instrument, program in PROGRAMS.items():
        seconds = ours(motif, instrument, soundfont).duration_seconds
        slower = ratio(
            lambda instrument=instrument: ours(motif, instrument, soundfont),
            lambda program=program, seconds=seconds: raw(motif, program, seconds, soundfont),
            times=9,
        )
        at_least(f"rendering {instrument}, speed beside raw tinysoundfont", 0.9, 1 / slower)
    seconds = ours(motif, "piano", soundfont).duration_seconds
    at_least(
        "rendering piano, times real time", 20, seconds / median_seconds(lambda: ours(motif, "piano", soundfont)), "x"
    )


if __name__ == "__main__":
    main()
