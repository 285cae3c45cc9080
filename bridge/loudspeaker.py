"""Sound to listen to while it is made: a process of its own plays it, through JACK or PortAudio.

`Loudspeaker` starts it and hands it blocks; they never wait for each other. The process ends when its input does: in
the middle where that is closed, and when all is played where it is told that this was all.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
from collections import deque
from types import TracebackType
from typing import IO, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from assistant.optional import require
from assistant.tables import resolve
from midi.errors import HummingbridgeError

Samples = NDArray[np.float32]
OUTPUTS = {"jack": "bridge.loudspeaker:JackOutput", "portaudio": "bridge.loudspeaker:PortAudioOutput"}
"""In the order in which they are tried."""
_HEADER = struct.Struct("<I")
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 2.0


class NoOutput(HummingbridgeError):
    """There is no audio output, or not the one that was named."""

    code: ClassVar[str] = "no-audio-output"


class Loudspeaker:
    """Plays what it is given, to `wanted` or where sound usually goes. Raises `NoOutput`, `MissingPart`."""

    def __init__(self, rate_hz: int, wanted: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bridge.loudspeaker", str(rate_hz), wanted],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("HUMMINGBRIDGE_STDERR") else subprocess.DEVNULL,
            env={**os.environ, "JACK_NO_START_SERVER": "1"},
            # Control-C at the terminal is for us.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        told = self._told()
        if "name" not in told:
            self.close()
            raise NoOutput(told.get("message", "the loudspeaker's process ended"), hint=told.get("hint", "try again"))
        self.name = str(told["name"])

    def play(self, samples: Samples) -> None:
        """`samples` of shape (channels, frames), one channel or two. Where the output is gone, nothing is heard."""
        both = np.broadcast_to(samples, (2, samples.shape[1])).T
        self._say(_HEADER.pack(len(both)) + np.ascontiguousarray(both, "<f4").tobytes())

    def finish(self) -> bool:
        """Waits until all is played; whether it was without a gap."""
        self._say(_HEADER.pack(0))
        told = self._told()
        self.close()
        return told.get("gaps") == 0

    def close(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(OSError):
            self._to.close()
        try:
            # An output that is closed in good order leaves JACK without a gap for others.
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._from.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _say(self, data: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._to.write(data)
            self._to.flush()

    def _told(self) -> dict[str, Any]:
        line = self._from.readline()
        told: dict[str, Any] = json.loads(line) if line else {}
        return told


class Waiting:
    """What is still to be played, at the output's rate: the driver takes it by `fill`, a thread of ours brings it."""

    def __init__(self) -> None:
        self._blocks: deque[Samples] = deque()
        self._ended = threading.Event()
        self.all_played = threading.Event()
        self.gaps = 0
        self._in_gap = True

    def add(self, block: Samples) -> None:
        """`block` of shape (frames, 2)."""
        if len(block):
            self._blocks.append(block)

    def end(self) -> None:
        self._ended.set()

    def fill(self, out: Samples) -> None:
        """The next frames into `out`, shape (frames, 2); silence where there are none yet."""
        out[:] = 0
        at = 0
        ended = self._ended.is_set()
        while at < len(out) and self._blocks:
            block = self._blocks.popleft()
            count = min(len(block), len(out) - at)
            out[at : at + count] = block[:count]
            if count < len(block):
                self._blocks.appendleft(block[count:])
            at, self._in_gap = at + count, False
        if at == len(out):
            return
        if ended:
            self.all_played.set()
        elif not self._in_gap:
            self._in_gap = True
            self.gaps += 1


class Output(Protocol):
    """An open output, which plays what waits until it is closed. `alive` turns false where it is lost."""

    name: str
    rate_hz: int
    alive: bool

    def close(self) -> None: ...


class JackOutput:
    """A JACK client `Hummingbridge listen` with two ports, connected to `wanted` (a port, or a client with several) or
    to the first inputs of the hardware.
    """

    def __init__(self, waiting: Waiting, wanted: str) -> None:
        try:
            jack: Any = require("jack", what_for="listening through JACK")
        except OSError as error:
            raise NoOutput("JACK is not installed", hint="apt-get install jackd2") from error
        try:
            self._client: Any = jack.Client("Hummingbridge listen", no_start_server=True)
        except jack.JackError as error:
            raise NoOutput("no JACK server runs", hint="start JACK") from error
        self.rate_hz, self.alive = int(self._client.samplerate), True
        self._ports = [self._client.outports.register(f"out_{side}") for side in (1, 2)]
        self._waiting, self._block = waiting, np.zeros((0, 2), np.float32)
        there = self._client.get_ports(is_audio=True, is_input=True)
        named = [port for port in there if wanted in (port.name, port.name.rpartition(":")[0])]
        chosen = (named if wanted else [port for port in there if port.is_physical])[:2]
        if not chosen and wanted:
            names = ", ".join(port.name for port in there) or "none"
            self._client.close()
            raise NoOutput(f"JACK has no audio input {wanted!r} to play to", hint=f"there are: {names}")
        self.name = chosen[0].name if chosen else f"nothing, until a port is connected to {self._client.name}"
        self._client.set_process_callback(self._process)
        self._client.set_shutdown_callback(self._shut_down)
        self._client.activate()
        for side, port in enumerate(self._ports):
            if chosen:
                with contextlib.suppress(jack.JackError):
                    self._client.connect(port, chosen[min(side, len(chosen) - 1)])

    def close(self) -> None:
        self._client.close(ignore_errors=True)

    def _process(self, frames: int) -> None:
        if len(self._block) != frames:
            self._block = np.zeros((frames, 2), np.float32)
        self._waiting.fill(self._block)
        for side, port in enumerate(self._ports):
            port.get_array()[:] = self._block[:, side]

    def _shut_down(self, *_: object) -> None:
        self.alive = False


class PortAudioOutput:
    """The system's default output, or the one whose name contains `wanted`."""

    def __init__(self, waiting: Waiting, wanted: str) -> None:
        try:
            sounddevice: Any = require("sounddevice", what_for="listening")
        except OSError as error:
            raise NoOutput("the PortAudio library is missing", hint="apt-get install libportaudio2") from error
        try:
            facts = sounddevice.query_devices(wanted or None, "output")
            self.rate_hz = int(facts["default_samplerate"])
            self._stream: Any = sounddevice.OutputStream(
                device=wanted or None,
                channels=2,
                dtype="float32",
                samplerate=self.rate_hz,
                callback=lambda out, *_: waiting.fill(out),
            )
        except (ValueError, sounddevice.PortAudioError) as error:
            which = f"no audio output {wanted!r}" if wanted else "no audio output"
            hint = "start JACK, or connect headphones or an audio interface"
            raise NoOutput(f"there is {which}", hint=hint) from error
        self.name = str(facts["name"])
        self._stream.start()

    @property
    def alive(self) -> bool:
        return bool(self._stream.active)

    def close(self) -> None:
        self._stream.close()


def opened(waiting: Waiting, wanted: str) -> Output:
    """The first output there is. Raises what the last one tried says."""
    refused: HummingbridgeError | None = None
    for name in OUTPUTS:
        try:
            output: Output = resolve(OUTPUTS, name, kind="audio output")(waiting, wanted)
        except HummingbridgeError as error:
            # A server that runs and lacks the port says more than the system's other outputs.
            refused = error if refused is None or "has no" not in refused.message else refused
        else:
            return output
    assert refused is not None
    raise refused


def main(rate_hz: int, wanted: str) -> int:
    """The process: blocks on standard input, what comes of them as lines of JSON on standard output."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1, encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    waiting = Waiting()
    try:
        output = opened(waiting, wanted)
    except HummingbridgeError as error:
        answers.write(json.dumps({"message": error.message, "hint": error.hint}) + "\n")
        return 1
    answers.write(json.dumps({"name": output.name}) + "\n")
    cut_off = threading.Event()
    threading.Thread(
        target=_take, args=(sys.stdin.buffer, rate_hz, output.rate_hz, waiting, cut_off), daemon=True
    ).start()
    while not waiting.all_played.wait(_LOOK_SECONDS):
        if cut_off.is_set() or not output.alive:
            output.close()
            return 1
    output.close()
    answers.write(json.dumps({"gaps": waiting.gaps}) + "\n")
    return 0


def _take(blocks: IO[bytes], rate_hz: int, to_hz: int, waiting: Waiting, cut_off: threading.Event) -> None:
    import soxr

    change = soxr.ResampleStream(rate_hz, to_hz, 2, dtype="float32") if rate_hz != to_hz else None
    silence = np.zeros((0, 2), np.float32)
    while len(header := blocks.read(_HEADER.size)) == _HEADER.size:
        (count,) = _HEADER.unpack(header)
        if count == 0:
            if change:
                waiting.add(change.resample_chunk(silence, last=True))
            waiting.end()
            return
        block = np.frombuffer(blocks.read(count * 8), "<f4").reshape(-1, 2)
        waiting.add(change.resample_chunk(block) if change else block)
    cut_off.set()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
