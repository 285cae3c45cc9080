"""The engine that always comes along: TinySoundFont, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.audio import Samples
from assistant.errors import CannotRead, UnknownName
from assistant.optional import check_package, require
from assistant.readiness import Readiness
from assistant.render.instruments import Instrument, find_instrument
from assistant.render.job import RenderJob, TimedNote, Used
from assistant.render.soundfonts import SoundFont, embedded_soundfont, find_soundfont
from midi.errors import HummingbridgeError

_CHANNEL, _DRUM_CHANNEL = 0, 9
_TAIL_BLOCK_SECONDS = 0.1
_SILENT = 1e-4
_VOICES = 512
_PIECE = 1 << 15


class TinySoundFont:
    """Plays an .sf2 with the package tinysoundfont; every note starts on its very sample."""

    def check(self) -> Readiness:
        readiness = check_package("tinysoundfont")
        if not readiness.ready:
            return readiness
        try:
            soundfont = embedded_soundfont()
        except HummingbridgeError as error:
            return Readiness("missing", error.message, error.hint)
        return Readiness("ready", f"plays {soundfont.name} where nothing better is installed")

    def used(self, job: RenderJob) -> tuple[Used, ...]:
        soundfont = _soundfont(job, find_instrument(job.instrument))
        return (Used("SoundFont", soundfont.name, soundfont.licence_spdx),)

    def play(self, notes: Sequence[TimedNote], length: int, job: RenderJob) -> Samples:
        """Raises `MissingPart`, `CannotRead`, and `UnknownName` for a sound that the SoundFont lacks."""
        require("tinysoundfont", what_for="rendering with tinysoundfont")
        # Past the Synth class: it takes samples for seconds and back at every event.
        from tinysoundfont import _tinysoundfont

        instrument = find_instrument(job.instrument)
        soundfont = _soundfont(job, instrument)
        channel = _DRUM_CHANNEL if instrument.drums else _CHANNEL
        try:
            synth = _tinysoundfont.SoundFont(str(soundfont.path))
        except RuntimeError as error:
            raise CannotRead(f"SoundFont {soundfont.path} cannot be loaded", hint="choose another one") from error
        synth.set_output(_tinysoundfont.OutputMode.StereoUnweaved, job.sample_rate_hz, 0.0)
        synth.set_max_voices(_VOICES)
        bank, program = _preset(synth, instrument, soundfont)
        synth.channel_set_bank(channel, bank)
        synth.channel_set_preset_number(channel, program, instrument.drums)

        # At one sample a note ends before the next begins.
        events = [(note.start, 1, note.pitch, note.velocity) for note in notes]
        events += [(note.end, 0, note.pitch, 0) for note in notes]
        body = max([length, *(note.end for note in notes)])
        longest = body + int(job.longest_tail_seconds * job.sample_rate_hz)
        # Memory that is never written costs nothing.
        sides = np.empty((2, longest), np.float32)
        now = 0
        for at, starts, pitch, velocity in sorted(events):
            _render(synth, sides[:, now:at])
            now = at
            if starts:
                synth.channel_note_on(channel, pitch, velocity / 127)
            else:
                synth.channel_note_off(channel, pitch)
        _render(synth, sides[:, now:body])
        silent = _SILENT * _peak(sides[:, :body])
        block = int(_TAIL_BLOCK_SECONDS * job.sample_rate_hz)
        for end in range(body, longest - block + 1, block):
            more = sides[:, end : end + block]
            _render(synth, more)
            if _peak(more) <= silent:
                return sides[:, :end]
        return sides[:, : body + (longest - body) // block * block]


def _render(synth: Any, into: Samples) -> None:
    """What sounds from here on; one side after the other, so that no sample must be picked out of pairs."""
    for first in range(0, into.shape[1], _PIECE):
        piece = into[:, first : first + _PIECE]
        rendered = np.empty(piece.shape, np.float32)
        synth.render(rendered.data.cast("B"), False)
        piece[:] = rendered


def _peak(samples: Samples) -> float:
    return float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))


def _soundfont(job: RenderJob, instrument: Instrument) -> SoundFont:
    # Unpacking an .sf3 takes this engine seven seconds and a gigabyte: only where it was named.
    return find_soundfont(job.soundfont or instrument.soundfont, compressed=False)


def _preset(synth: Any, instrument: Instrument, soundfont: SoundFont) -> tuple[int, int]:
    """The bank and program to play: a drum kit that is missing gives way to the standard kit."""
    tries = [(instrument.bank, instrument.program)]
    if instrument.drums:
        tries.append((instrument.bank, 0))
    for bank, program in tries:
        if synth.get_preset_index(bank, program) >= 0:
            return bank, program
    raise UnknownName(
        f"SoundFont {soundfont.name} has no sound for {instrument.name!r} (bank {instrument.bank}, "
        f"program {instrument.program})",
        hint="choose another instrument or another SoundFont",
    )
