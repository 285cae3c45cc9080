"""Notes played by a timbre, as the engine `timbre`: `--instrument timbre:cello`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.audio import Audio, Samples
from assistant.readiness import Readiness
from assistant.render.job import RenderJob, TimedNote, Used
from assistant.timbre.features import SAMPLE_RATE_HZ
from assistant.timbre.mapping import Settings, within_range
from assistant.timbre.performing import MOST_VOICES, Tone, performed, voices
from assistant.timbre.room import Ringing
from assistant.timbre.sounding import sounded
from assistant.timbre.timbre import list_timbres, load_timbre


class NeuralTimbre:
    """Plays notes with legato, vibrato and dynamics of the phrase; chords as voices."""

    def check(self) -> Readiness:
        names = list_timbres()
        if not names:
            return Readiness("missing", "no timbre is installed", "install hummingbridge again")
        return Readiness("ready", f"{len(names)} timbres: {', '.join(names)}")

    def used(self, job: RenderJob) -> tuple[Used, ...]:
        timbre = load_timbre(job.instrument)
        return (Used("generator", f"timbre {timbre.name}", timbre.licence_spdx),)

    def play(self, notes: Sequence[TimedNote], length: int, job: RenderJob) -> Samples:
        """Raises `UnknownName`, `InvalidPreset`."""
        timbre = load_timbre(job.instrument)
        rate = job.sample_rate_hz
        tones = [Tone(note.start / rate, note.end / rate, note.pitch, note.velocity) for note in notes]
        lines = voices(tones, MOST_VOICES)
        parts = []
        for number, line in enumerate(lines):
            controls = performed(line, timbre, length / rate, seed=job.seed + number)
            fitted, _ = within_range(controls, timbre, Settings(octaves=0))
            parts.append(sounded(timbre, fitted, seed=job.seed + number))
        total = np.zeros((2, max(part.shape[1] for part in parts)), np.float32)
        for part in parts:
            total[:, : part.shape[1]] += part
        if timbre.room and job.room:
            ringing = Ringing(timbre.room, job.room)
            total = np.concatenate([ringing.next(total), ringing.rest()], axis=1)
        made = Audio(total, SAMPLE_RATE_HZ).resampled(rate).samples
        return np.pad(made, ((0, 0), (0, max(0, length - made.shape[1]))))
