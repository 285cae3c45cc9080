"""MIDI ports of the system: which there are, and opening them (python-rtmidi by way of mido)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from assistant.optional import check_package, require
from assistant.readiness import Readiness
from midi.errors import HummingbridgeError

JACK = "UNIX_JACK"

APIS = {
    "linux": ("LINUX_ALSA", JACK),
    "darwin": ("MACOSX_CORE", JACK),
    "win32": ("WINDOWS_MM",),
}
"""Platform → the MIDI systems that are tried, in this order."""

_SYSTEM_NAMES = {
    "LINUX_ALSA": "the ALSA sequencer",
    JACK: "JACK",
    "MACOSX_CORE": "CoreMIDI",
    "WINDOWS_MM": "Windows MIDI",
}
_NO_SYSTEM_HINT = {
    "linux": "load the ALSA sequencer (modprobe snd-seq) or start JACK",
    "darwin": "open Audio MIDI Setup once",
    "win32": "start the Windows Audio service",
}
LOOPBACK_HINT = "install a loopback driver such as loopMIDI, make a port in it, and give its name"


class NoMidi(HummingbridgeError):
    """This machine has no MIDI system that runs."""

    code: ClassVar[str] = "no-midi"


class NoSuchPort(HummingbridgeError):
    code: ClassVar[str] = "no-such-port"


@dataclass(frozen=True, slots=True)
class PortChoice:
    """A port to open: an existing one by `name`, or by one of the `others`; or a `virtual` one of our own that other
    programs see by `name`.
    """

    name: str = "Hummingbridge"
    virtual: bool = True
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ports:
    """What other programs offer: `inputs` we can listen to, `outputs` we can play into."""

    api: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def platform() -> str:
    return sys.platform if sys.platform in APIS else "linux"


def has_virtual_ports(api: str) -> bool:
    return api != "WINDOWS_MM"


def working_api(wanted: str | None = None) -> str:
    """The first MIDI system of this platform that answers, or `wanted`. Raises `NoMidi`."""
    rtmidi = require("rtmidi", what_for="MIDI")
    tried = (wanted,) if wanted else APIS[platform()]
    for api in tried:
        number = getattr(rtmidi, f"API_{api}", None)
        if number is not None and number in rtmidi.get_compiled_api() and _answers(api, number):
            return api
    names = [_SYSTEM_NAMES.get(api, api) for api in tried]
    silent = f"neither {' nor '.join(names)} answers" if len(names) > 1 else f"{names[0]} does not answer"
    raise NoMidi(f"there is no MIDI here: {silent}", hint=_NO_SYSTEM_HINT[platform()])


def _answers(api: str, number: int) -> bool:
    if api == JACK and find_spec("jack") is not None:
        import jack

        # rtmidi would enter JACK's graph and leave it again, which on a busy machine may cost a click.
        try:
            jack.Client("Hummingbridge asks", no_start_server=True).close()
        except jack.JackError:
            return False
        return True
    import rtmidi

    try:
        rtmidi.MidiOut(number).delete()
    except rtmidi.SystemError:
        return False
    return True


def list_ports(api: str | None = None) -> Ports:
    """The ports of other programs. Raises `NoMidi`."""
    chosen = working_api(api)
    backend = _backend(chosen)
    return Ports(chosen, tuple(backend.get_input_names()), tuple(backend.get_output_names()))


def matching(name: str, names: Sequence[str]) -> str:
    """The port that is meant: the very name, or the only one that contains it, in any case. Raises `NoSuchPort`.

    The numbers at the end of ALSA's names (`14:0`) change from day to day, and are passed over.
    """
    if name in names:
        return name
    folded = {each: re.sub(r" \d+:\d+$", "", each).casefold() for each in names}
    wanted = re.sub(r" \d+:\d+$", "", name).casefold()
    found = [each for each, text in folded.items() if text == wanted] or [
        each for each, text in folded.items() if wanted in text
    ]
    if len(found) == 1:
        return found[0]
    there = ", ".join(names) or "none"
    if found:
        raise NoSuchPort(f"MIDI port {name!r} may be any of {', '.join(found)}", hint="give the whole name")
    raise NoSuchPort(f"there is no MIDI port {name!r}", hint=f"there are: {there}")


def first_matching(wanted: Sequence[str], names: Sequence[str]) -> str:
    """The port that is meant by the first of `wanted` that means one. Raises `NoSuchPort`, as for the first."""
    for name in wanted:
        try:
            return matching(name, names)
        except NoSuchPort:
            continue
    return matching(wanted[0], names)


def open_output(choice: PortChoice, api: str, there: Sequence[str] | None = None) -> Any:
    """A mido output; `there` are the ports of other programs, where they are known. Raises `NoMidi`, `NoSuchPort`."""
    return _opened(choice, api, "output", there, {})


def open_input(
    choice: PortChoice, api: str, callback: Callable[[Any], None], there: Sequence[str] | None = None
) -> Any:
    """A mido input; `callback(message)` is called from the driver's thread; as `open_output` for the rest."""
    return _opened(choice, api, "input", there, {"callback": callback})


def _opened(choice: PortChoice, api: str, way: str, there: Sequence[str] | None, more: dict[str, Any]) -> Any:
    backend = _backend(api)
    open_port = getattr(backend, f"open_{way}")
    try:
        if not choice.virtual:
            names = getattr(backend, f"get_{way}_names")() if there is None else there
            return open_port(first_matching((choice.name, *choice.others), names), **more)
        if not has_virtual_ports(api):
            raise NoSuchPort("Windows has no virtual MIDI ports", hint=LOOPBACK_HINT)
        return open_port(way.removesuffix("put"), client_name=choice.name, virtual=True, **more)
    except OSError as error:
        raise NoMidi(
            f"{_SYSTEM_NAMES.get(api, api)} does not open the MIDI {way} {choice.name!r}: {error}",
            hint=_NO_SYSTEM_HINT[platform()],
        ) from error


def _backend(api: str) -> Any:
    mido = require("mido", what_for="MIDI")
    return mido.Backend(f"mido.backends.rtmidi/{api}")


def check() -> Readiness:
    """Whether MIDI ports can be opened; asked in another process, since the drivers print to the terminal."""
    for package in ("mido", "rtmidi"):
        readiness = check_package(package)
        if not readiness.ready:
            return Readiness("missing", readiness.reason, "pip install mido python-rtmidi")
    asked = subprocess.run(
        [sys.executable, "-m", "bridge.midi_io.ports"], capture_output=True, check=False, timeout=20, text=True
    )
    try:
        answer = json.loads(asked.stdout)
    except ValueError:
        return Readiness("unreachable", "the MIDI system made the program that asked it crash", "restart it")
    if "reason" in answer:
        return Readiness("unreachable", answer["reason"], answer["hint"])
    if not answer["virtual"] and not answer["outputs"]:
        return Readiness("unreachable", "there is no MIDI port to play into", LOOPBACK_HINT)
    return Readiness("ready", f"{_SYSTEM_NAMES[answer['api']]}, {answer['outputs']} ports to play into")


def main() -> None:
    try:
        ports = list_ports()
    except HummingbridgeError as error:
        answer: dict[str, object] = {"reason": error.message, "hint": error.hint}
    else:
        answer = {"api": ports.api, "outputs": len(ports.outputs), "virtual": has_virtual_ports(ports.api)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
