"""The better engine where it is installed: the program fluidsynth, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.audio import Samples
from assistant.errors import CannotRead, MissingPart, UnknownName
from assistant.readiness import Readiness
from assistant.render.instruments import Instrument, find_instrument
from assistant.render.job import RenderJob, TimedNote, Used
from assistant.render.soundfonts import SoundFont, find_soundfont

PROGRAM = "fluidsynth"
REMEDY = "install fluidsynth (Debian: apt install fluidsynth; macOS: brew install fluid-synth)"
_CHANNEL, _DRUM_CHANNEL, _IDLE_CHANNEL = 0, 9, 15
_LONGEST_RUN_SECONDS = 300
# fluidsynth's gain 1 is as loud as TinySoundFont's 0 dB: measured over fifteen sounds of FluidR3, within 2 dB.
_GAIN = 1.0


class FluidSynth:
    """Plays an .sf2 or .sf3 dry. The first note starts on its very sample, later ones within 64 samples of theirs."""

    def check(self) -> Readiness:
        path = shutil.which(PROGRAM)
        if path is None:
            return Readiness("missing", "the program fluidsynth is not installed", REMEDY)
        return Readiness("ready", f"{path} plays {find_soundfont().name}")

    def used(self, job: RenderJob) -> tuple[Used, ...]:
        soundfont = _soundfont(job, find_instrument(job.instrument))
        return (Used("SoundFont", soundfont.name, soundfont.licence_spdx),)

    def play(self, notes: Sequence[TimedNote], length: int, job: RenderJob) -> Samples:
        """Raises `MissingPart`, `CannotRead`, and `UnknownName` for a sound that the SoundFont lacks."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise MissingPart("the program fluidsynth is not installed", hint=REMEDY)
        instrument = find_instrument(job.instrument)
        soundfont = _soundfont(job, instrument)
        first = notes[0].start if notes else 0
        end = max([length, *(note.end for note in notes)]) + int(job.longest_tail_seconds * job.sample_rate_hz)
        with tempfile.TemporaryDirectory(prefix="hummingbridge-") as folder:
            tune, sound = Path(folder) / "tune.mid", Path(folder) / "sound.raw"
            _write_midi(tune, notes, first, end, instrument, job.sample_rate_hz)
            _run(
                [
                    program,
                    *("-n", "-i", "-q", "-f", os.devnull, "-R", "0", "-C", "0", "-g", f"{_GAIN:g}"),
                    *("-F", str(sound), "-T", "raw", "-O", "float", "-E", "cpu", "-r", str(job.sample_rate_hz)),
                    # Only the samples of the sound that plays are loaded: 0.1 s in place of 0.6 for FluidR3.
                    *("-o", "synth.dynamic-sample-loading=1", "-o", "synth.lock-memory=0"),
                    *("-o", "synth.polyphony=512", "-o", "synth.min-note-length=0"),
                    *(str(soundfont.path), str(tune)),
                ],
                instrument,
                soundfont,
            )
            raw = np.fromfile(sound, np.float32)
        # It lets what still sounds ring on for longer than it is asked to.
        frames = min(len(raw) // 2, end - first)
        out = np.zeros((2, max(length, first + frames)), np.float32)
        out[:, first : first + frames] = raw[: 2 * frames].reshape(-1, 2).T
        return out


def _soundfont(job: RenderJob, instrument: Instrument) -> SoundFont:
    return find_soundfont(job.soundfont or instrument.soundfont)


def _write_midi(
    path: Path, notes: Sequence[TimedNote], first: int, end: int, instrument: Instrument, sample_rate_hz: int
) -> None:
    """A MIDI file whose tick is one sample, from the first note on; fluidsynth rounds times to blocks of 64 samples
    from its start, so that note is exact. A message on an idle channel keeps it going through the tail.
    """
    import mido

    # A division has 15 bits: a "beat" of half a second or less, whose tempo is a whole number of microseconds.
    parts = 2 if sample_rate_hz <= 65_534 else 4
    tune = mido.MidiFile(type=0, ticks_per_beat=sample_rate_hz // parts)
    track = mido.MidiTrack()
    tune.tracks.append(track)
    channel = _DRUM_CHANNEL if instrument.drums else _CHANNEL
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000 // parts))
    if not instrument.drums:
        track.append(mido.Message("control_change", channel=channel, control=0, value=min(instrument.bank, 127)))
    track.append(mido.Message("program_change", channel=channel, program=instrument.program))
    events = [(note.end - first, 0, "note_off", note.pitch, 0) for note in notes]
    events += [(note.start - first, 1, "note_on", note.pitch, note.velocity) for note in notes]
    now = 0
    for at, _, kind, pitch, velocity in sorted(events):
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=at - now))
        now = at
    idle = mido.Message("control_change", channel=_IDLE_CHANNEL, control=123, value=0, time=max(0, end - first - now))
    track.append(idle)
    tune.save(path)


def _run(command: list[str], instrument: Instrument, soundfont: SoundFont) -> None:
    """fluidsynth answers 0 even where it could not load or find something; what it says tells."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_RUN_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CannotRead(
            f"fluidsynth did not end within {_LONGEST_RUN_SECONDS} s", hint="use the engine tinysoundfont"
        ) from error
    said = (done.stdout + done.stderr).decode(errors="replace")
    if "No preset found" in said or "Instrument not found" in said:
        raise UnknownName(
            f"SoundFont {soundfont.name} has no sound for {instrument.name!r} (bank {instrument.bank}, "
            f"program {instrument.program})",
            hint="choose another instrument or another SoundFont",
        )
    if done.returncode != 0 or "error" in said:
        reason = (said.strip() or "it gives no reason").splitlines()[0]
        raise CannotRead(f"fluidsynth could not play {soundfont.path}: {reason}", hint="use the engine tinysoundfont")
