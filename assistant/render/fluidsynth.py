"""The better engine where it is installed: the program fluidsynth, in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from assistant.audio import Samples
from assistant.errors import CannotRead, MissingPart, UnknownName
from assistant.files import pieces
from assistant.readiness import Readiness
from assistant.render.instruments import Instrument, find_instrument
from assistant.render.job import RenderJob, TimedNote, Used
from assistant.render.soundfonts import SoundFont, find_soundfont

PROGRAM = "fluidsynth"
REMEDY = "install fluidsynth (Debian: apt install fluidsynth; macOS: brew install fluid-synth)"
_CHANNEL, _DRUM_CHANNEL, _IDLE_CHANNEL = 0, 9, 15
_LONGEST_RUN_SECONDS = 300
_PAIR_BYTES = 8
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
        out = np.zeros((2, max(length, end)), np.float32)
        with tempfile.TemporaryDirectory(prefix="hummingbridge-") as folder:
            tune = Path(folder) / "tune.mid"
            _write_midi(tune, notes, first, end, instrument, job.sample_rate_hz)
            command = [
                program,
                *("-n", "-i", "-q", "-f", os.devnull, "-R", "0", "-C", "0", "-g", f"{_GAIN:g}"),
                *("-F", "-", "-T", "raw", "-O", "float", "-E", "cpu", "-r", str(job.sample_rate_hz)),
                # Only the samples of the sound that plays are loaded: 0.1 s in place of 0.6 for FluidR3.
                *("-o", "synth.dynamic-sample-loading=1", "-o", "synth.lock-memory=0"),
                *("-o", "synth.polyphony=512", "-o", "synth.min-note-length=0"),
                *(str(soundfont.path), str(tune)),
            ]
            played = _run(command, out[:, first:end], instrument, soundfont)
        return out[:, : max(length, first + played)]


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


def _run(command: list[str], into: Samples, instrument: Instrument, soundfont: SoundFont) -> int:
    """Gives how many samples it played. fluidsynth answers 0 even where it could not load or find something; what it
    says tells.
    """
    with tempfile.TemporaryFile() as told:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told) as process:
            assert process.stdout is not None
            too_long = threading.Timer(_LONGEST_RUN_SECONDS, process.kill)
            too_long.start()
            try:
                played = _read(process.stdout, into)
                process.wait()
            finally:
                process.kill()
                in_time = not too_long.finished.is_set()
                too_long.cancel()
        told.seek(0)
        said = told.read().decode(errors="replace")
    if not in_time:
        raise CannotRead(f"fluidsynth did not end within {_LONGEST_RUN_SECONDS} s", hint="use the engine tinysoundfont")
    if "No preset found" in said or "Instrument not found" in said:
        raise UnknownName(
            f"SoundFont {soundfont.name} has no sound for {instrument.name!r} (bank {instrument.bank}, "
            f"program {instrument.program})",
            hint="choose another instrument or another SoundFont",
        )
    if process.returncode != 0 or "error" in said:
        reason = (said.strip() or "it gives no reason").splitlines()[0]
        raise CannotRead(f"fluidsynth could not play {soundfont.path}: {reason}", hint="use the engine tinysoundfont")
    return played


def _read(sound: IO[bytes], into: Samples) -> int:
    """Takes apart the pairs of samples that come; what still rings after the end of `into` is dropped."""
    played, rest = 0, b""
    for piece in pieces(sound):
        whole = len(rest + piece) // _PAIR_BYTES * _PAIR_BYTES
        pairs = np.frombuffer(rest + piece, "<f4", whole // 4).reshape(-1, 2).T
        rest = (rest + piece)[whole:]
        taken = min(pairs.shape[1], into.shape[1] - played)
        into[:, played : played + taken] = pairs[:, :taken]
        played += taken
    return played
