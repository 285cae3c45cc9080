"""Every part of the program: ready or not, why, and the one command that mends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.optional import check_package
from assistant.readiness import Readiness
from assistant.tables import resolve


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the report. Where a `needed` part is not ready, something the README promises does not work."""

    name: str
    what_for: str
    needed: bool
    readiness: Readiness


_CHECKS: dict[str, tuple[str, bool, str]] = {
    "python": ("running at all", True, "bridge.doctor:check_python"),
    "ears": ("hearing notes in a recording", True, "bridge.doctor:check_ears"),
    "second opinion on pitch": ("a finer sung pitch (swift-f0)", False, "bridge.doctor:check_swift_f0"),
    "variations": ("judging which variations read as melodies", True, "bridge.doctor:check_variations"),
    "instruments": ("rendering clips", True, "bridge.doctor:check_instruments"),
    "effects": ("chains of effects", True, "bridge.doctor:check_effects"),
    "presets": ("chains and instruments, shipped and your own", True, "bridge.doctor:check_presets"),
    "library": ("keeping every take", True, "bridge.doctor:check_library"),
    "midi ports": ("playing into a DAW live", False, "bridge.doctor:check_midi_ports"),
    "audio input": ("recording a hum", False, "bridge.doctor:check_audio_input"),
}
"""Name → what it is for, whether it is needed, the check: `module:function` (library folder or None) → Readiness."""


def examine(library_folder: Path | None = None) -> Iterator[Part]:
    """Checks every part, one after the other."""
    for name, (what_for, needed, _) in _CHECKS.items():
        check = resolve({key: row[2] for key, row in _CHECKS.items()}, name, kind="part")
        yield Part(name, what_for, needed, check(library_folder))


def check_python(_: Path | None) -> Readiness:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= (3, 13):
        return Readiness(
            "ready", f"Python {version}; python-rtmidi has no wheel here: it needs a C++ compiler and the ALSA headers"
        )
    return Readiness("ready", f"Python {version}")


def check_ears(_: Path | None) -> Readiness:
    from assistant.hear import check

    return check()


def check_variations(_: Path | None) -> Readiness:
    from assistant.errors import CannotRead
    from assistant.vary.plausible import load_model

    try:
        load_model()
    except CannotRead as error:
        return Readiness("missing", error.message, "pip install --force-reinstall hummingbridge")
    return Readiness("ready", "the model of what reads as a melody is there")


def check_instruments(_: Path | None) -> Readiness:
    """Ready when one engine is; the preferred one that is ready plays."""
    from assistant.render import ENGINES
    from assistant.render.play import check
    from assistant.render.soundfonts import find_soundfont
    from midi.errors import HummingbridgeError

    found = {name: check(name) for name in ENGINES}
    ready = [name for name, readiness in found.items() if readiness.ready]
    if not ready:
        return found["tinysoundfont"]
    try:
        soundfont = find_soundfont()
    except HummingbridgeError as error:
        return Readiness("missing", error.message, error.hint)
    return Readiness("ready", f"{ready[0]} with {soundfont.name} ({soundfont.licence_spdx})")


def check_presets(_: Path | None) -> Readiness:
    from assistant.presets import check_presets

    findings = check_presets()
    wrong = [finding.preset.name for finding in findings if finding.error]
    if wrong:
        return Readiness("unreachable", f"errors in {', '.join(wrong)}", "hummingbridge presets check")
    return Readiness("ready", f"{len(findings)} presets")


def check_library(folder: Path | None) -> Readiness:
    from assistant.library import Library
    from midi.errors import HummingbridgeError

    try:
        with Library(folder) as library:
            return Readiness("ready", f"{library.count()} takes in {library.folder}")
    except HummingbridgeError as error:
        return Readiness("unreachable", error.message, error.hint)


def check_swift_f0(_: Path | None) -> Readiness:
    return check_package("swift_f0")


def check_effects(_: Path | None) -> Readiness:
    return check_package("pedalboard")


def check_midi_ports(_: Path | None) -> Readiness:
    """Whether MIDI ports can be opened here; a bare machine has no ALSA sequencer."""
    readiness = check_package("rtmidi")
    if not readiness.ready:
        return Readiness("missing", readiness.reason, "pip install python-rtmidi")
    import rtmidi

    try:
        with _quiet():
            ports = rtmidi.MidiOut().get_ports()
    except rtmidi.SystemError:
        return Readiness("unreachable", "this machine has no ALSA sequencer", "start JACK: jackd -d dummy")
    return Readiness("ready", f"{len(ports)} MIDI outputs")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what the ALSA library prints by itself, past Python, off the terminal."""
    if not sys.__stderr__:
        yield
        return
    sys.__stderr__.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def check_audio_input(_: Path | None) -> Readiness:
    """Whether there is a microphone or line input."""
    try:
        with _quiet():
            import sounddevice
    except OSError:
        return Readiness("missing", "the PortAudio library is missing", "apt-get install libportaudio2")
    inputs = [device for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
    if not inputs:
        return Readiness("unreachable", "no audio input is connected", "connect a microphone or an audio interface")
    return Readiness("ready", f"{len(inputs)} audio inputs")
