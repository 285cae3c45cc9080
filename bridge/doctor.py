"""Every part of the program: ready or not, why, and the one command that mends it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.optional import check_package
from assistant.readiness import Readiness
from assistant.tables import resolve
from bridge.daw import DAWS
from midi.errors import HummingbridgeError


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the report. Where a `needed` part is not ready, something the README promises does not work."""

    name: str
    what_for: str
    needed: bool
    readiness: Readiness


_CHECKS: dict[str, tuple[str, bool, str]] = {
    "python": ("running at all", True, "bridge.doctor:check_python"),
    "ears": ("hearing the notes of a voice", True, "bridge.doctor:check_ears"),
    "ears for chords": ("hearing several notes at once", True, "bridge.doctor:check_chords"),
    "variations": ("judging which variations read as melodies", True, "bridge.doctor:check_variations"),
    "instruments": ("rendering clips", True, "bridge.doctor:check_instruments"),
    "effects": ("chains of effects", True, "bridge.doctor:check_effects"),
    "sound from descriptions": ("hummingbridge generate (MusicGen)", False, "bridge.doctor:check_generator"),
    "plugins": ("your own effects and instruments", False, "bridge.doctor:check_plugins"),
    "presets": ("chains and instruments, shipped and your own", True, "bridge.doctor:check_presets"),
    "library": ("keeping every take", True, "bridge.doctor:check_library"),
    "midi ports": ("playing into a DAW live", False, "bridge.doctor:check_midi_ports"),
    "real-time priority": ("notes in time while the machine works", False, "bridge.doctor:check_realtime"),
    "audio input": ("recording a hum", False, "bridge.doctor:check_audio_input"),
}
"""Name → what it is for, whether it is needed, the check: `module:function` (library folder or None) → Readiness."""


def examine(library_folder: Path | None = None) -> Iterator[Part]:
    """Checks every part, and every way into a DAW, one after the other."""
    for name, (what_for, needed, _) in _CHECKS.items():
        check = resolve({key: row[2] for key, row in _CHECKS.items()}, name, kind="part")
        try:
            found = check(library_folder)
        except HummingbridgeError as error:
            found = Readiness("unreachable", error.message, error.hint)
        yield Part(name, what_for, needed, found)
    for name in DAWS:
        yield Part(f"DAW {name}", "bringing takes into a timeline", False, resolve(DAWS, name, kind="DAW")().check())


def check_python(_: Path | None) -> Readiness:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= (3, 13):
        return Readiness(
            "ready", f"Python {version}; python-rtmidi has no wheel here: it needs a C++ compiler and the ALSA headers"
        )
    return Readiness("ready", f"Python {version}")


def check_ears(_: Path | None) -> Readiness:
    from assistant.hear import check_ears

    return check_ears()


def check_chords(_: Path | None) -> Readiness:
    from assistant.hear.trackers import check

    return check("basic-pitch-chords")


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

    found = {name: check(name) for name in ENGINES}
    ready = [name for name, readiness in found.items() if readiness.ready]
    if not ready:
        return found["tinysoundfont"]
    soundfont = find_soundfont()
    return Readiness("ready", f"{ready[0]} with {soundfont.name} ({soundfont.licence_spdx})")


def check_generator(_: Path | None) -> Readiness:
    from assistant.generate import check

    return check()


def check_presets(_: Path | None) -> Readiness:
    from assistant.presets import check_presets
    from bridge.surfaces import CHECKS

    findings = check_presets(checks=CHECKS)
    wrong = [finding.preset.name for finding in findings if finding.error]
    if wrong:
        return Readiness("unreachable", f"errors in {', '.join(wrong)}", "hummingbridge presets check")
    return Readiness("ready", f"{len(findings)} presets")


def check_library(folder: Path | None) -> Readiness:
    from assistant.library import Library

    with Library(folder) as library:
        return Readiness("ready", f"{library.count()} takes in {library.folder}")


def check_effects(_: Path | None) -> Readiness:
    return check_package("pedalboard")


def check_plugins(_: Path | None) -> Readiness:
    """What the last scan found; doctor loads none itself."""
    from assistant.plugins.catalogue import files, hosted_kinds, known

    plugins = known()
    failed = [plugin.name for plugin in plugins if plugin.failed]
    lying = sum(len(files(kind)) for kind in hosted_kinds())
    if not plugins:
        remedy = (
            "hummingbridge plugins scan" if lying else "install a VST3 plugin (Debian: apt-get install zam-plugins)"
        )
        return Readiness("missing", f"{lying} plugin files are here, none looked at yet", remedy)
    if failed:
        return Readiness("unreachable", f"these failed: {', '.join(failed)}", "hummingbridge plugins list")
    return Readiness("ready", f"{len(plugins)} plugins")


def check_midi_ports(_: Path | None) -> Readiness:
    """Whether MIDI ports can be opened here: ALSA's, or JACK's where a bare machine has no ALSA sequencer."""
    from bridge.midi_io.ports import check

    return check()


def check_realtime(_: Path | None) -> Readiness:
    """What priority the process that keeps time would get; asked in another process, which may keep it."""
    asking = (
        "import json, dataclasses; from bridge.midi_io.realtime import ask_for_realtime;"
        "print(json.dumps(dataclasses.asdict(ask_for_realtime())))"
    )
    asked = subprocess.run([sys.executable, "-c", asking], capture_output=True, check=False, timeout=20, text=True)
    try:
        return Readiness(**json.loads(asked.stdout))
    except ValueError:
        return Readiness("unreachable", "the process that asked for real-time priority was ended", "see ulimit -r")


def check_audio_input(_: Path | None) -> Readiness:
    """Whether there is a microphone or line input; asked in another process, since the drivers print."""
    asking = (
        "import json, sounddevice; devices = sounddevice.query_devices();"
        "print(json.dumps([one['name'] for one in devices if one['max_input_channels'] > 0]))"
    )
    readiness = check_package("sounddevice")
    if not readiness.ready:
        return readiness
    asked = subprocess.run([sys.executable, "-c", asking], capture_output=True, check=False, timeout=20, text=True)
    if "PortAudio" in asked.stderr:
        return Readiness("missing", "the PortAudio library is missing", "apt-get install libportaudio2")
    try:
        inputs = json.loads(asked.stdout)
    except ValueError:
        return Readiness("unreachable", "the audio system does not answer", "restart it")
    if not inputs:
        return Readiness("unreachable", "no audio input is connected", "connect a microphone, or start JACK")
    return Readiness("ready", f"{len(inputs)} audio inputs")
