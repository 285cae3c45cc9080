"""Where sound comes in: JACK and PortAudio, as blocks with the time at which their first sample was made."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.optional import require
from midi.errors import HummingbridgeError

Samples = NDArray[np.float32]
_DRIFT = 1e-4
_WINDOW_SECONDS, _STOOD_STILL_SECONDS = 0.25, 0.05
_WRAP = 1 << 32


class NoInput(HummingbridgeError):
    """There is no audio input, or not the one that was named."""

    code: ClassVar[str] = "no-audio-input"


@dataclass(frozen=True, slots=True)
class Block:
    """`samples`, shape (frames,), of which the first was made at `first_seconds`; `lost` frames are missing before."""

    samples: Samples
    first_seconds: float
    lost: int = 0


Taker = Callable[[Block], None]


class Source(Protocol):
    """An open input: it calls the taker from a thread of the driver until it is closed. `alive` turns false with it."""

    name: str
    rate_hz: int
    alive: bool

    def close(self) -> None: ...


SOURCES = {"jack": "bridge.capture.sources:JackInput", "portaudio": "bridge.capture.sources:PortAudioInput"}


class FrameClock:
    """When a frame was, by the clock of all processes: callbacks are late by chance and never early.

    So the earliest counts; a sound card whose crystal is slower may take that back by 100 parts in a million. Where all
    of a quarter of a second are late, the driver stood still, and time is told anew.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._zero: float | None = None
        self._last = 0
        self._earliest, self._window_ends = math.inf, 0

    def seconds(self, frame: int, now: float) -> float:
        zero = now - frame / self._rate_hz
        if self._zero is not None:
            self._earliest = min(self._earliest, zero)
            zero = min(zero, self._zero + _DRIFT * (frame - self._last) / self._rate_hz)
        if frame >= self._window_ends:
            if math.inf > self._earliest > zero + _STOOD_STILL_SECONDS:
                zero = self._earliest
            self._earliest, self._window_ends = math.inf, frame + round(_WINDOW_SECONDS * self._rate_hz)
        self._zero, self._last = zero, frame
        return zero + frame / self._rate_hz


class JackInput:
    """A JACK client `Hummingbridge hum` with one port, connected to `wanted` or the first input of the hardware."""

    def __init__(self, take: Taker, wanted: str | None = None) -> None:
        jack = _jack()
        try:
            self._client: Any = jack.Client("Hummingbridge hum", no_start_server=True)
        except jack.JackError as error:
            raise NoInput("no JACK server runs", hint="start JACK, or choose another input") from error
        client, self._take, self.alive = self._client, take, True
        self.rate_hz = int(client.samplerate)
        self._port = client.inports.register("in")
        self._clock = FrameClock(self.rate_hz)
        self._frame, self._last_stamp = 0, -1
        self._latency_seconds = 0.0
        self.name = f"nothing, until a port is connected to {client.name}:in"
        client.set_process_callback(self._process)
        client.set_shutdown_callback(self._shut_down)
        client.activate()
        try:
            self._connect(jack, wanted)
        except HummingbridgeError:
            self.close()
            raise

    @staticmethod
    def names() -> list[str]:
        jack = _jack()
        try:
            with jack.Client("Hummingbridge look", no_start_server=True) as client:
                return [port.name for port in client.get_ports(is_audio=True, is_output=True)]
        except jack.JackError:
            return []

    def close(self) -> None:
        self.alive = False
        self._client.close(ignore_errors=True)

    def _connect(self, jack: Any, wanted: str | None) -> None:
        if wanted == "":
            return
        ports = self._client.get_ports(is_audio=True, is_output=True)
        chosen = [port for port in ports if (port.name == wanted if wanted else port.is_physical)]
        if not chosen and wanted:
            names = ", ".join(port.name for port in ports) or "none"
            raise NoInput(f"JACK has no audio output {wanted!r} to listen to", hint=f"there are: {names}")
        if chosen:
            with contextlib.suppress(jack.JackError):
                self._client.connect(chosen[0], self._port)
                self.name = chosen[0].name
            # Sound from the hardware was made a period before JACK hands it on; from another program, in this period.
            self._latency_seconds = self._client.blocksize / self.rate_hz if chosen[0].is_physical else 0.0

    def _process(self, frames: int) -> None:
        stamp = self._client.last_frame_time
        passed = frames if self._last_stamp < 0 else (stamp - self._last_stamp) % _WRAP
        self._last_stamp = stamp
        self._frame += passed
        # Frames are counted from the end of the last block: what is missing in between was lost.
        lost = max(0, passed - frames)
        seconds = self._clock.seconds(self._frame, time.perf_counter())
        self._take(Block(np.array(self._port.get_array()), seconds - self._latency_seconds, lost))

    def _shut_down(self, *_: object) -> None:
        self.alive = False


class PortAudioInput:
    """The system's default input, or the one whose name contains `wanted`."""

    def __init__(self, take: Taker, wanted: str | None = None) -> None:
        sounddevice = _sounddevice()
        device = wanted or None
        try:
            facts = sounddevice.query_devices(device, "input")
            self.rate_hz = int(facts["default_samplerate"])
            self._stream: Any = sounddevice.InputStream(
                device=device,
                channels=1,
                dtype="float32",
                samplerate=self.rate_hz,
                latency="low",
                callback=self._called,
            )
        except (ValueError, sounddevice.PortAudioError) as error:
            which = f"no audio input {wanted!r}" if wanted else "no audio input"
            there = ", ".join(self.names()) or "none: connect a microphone or an audio interface"
            raise NoInput(f"there is {which}", hint=f"there are: {there}") from error
        self.name = str(facts["name"])
        self._take, self.alive = take, True
        self._next_adc: float | None = None
        self._stream.start()

    @staticmethod
    def names() -> list[str]:
        devices = _sounddevice().query_devices()
        return [str(device["name"]) for device in devices if device["max_input_channels"] > 0]

    def close(self) -> None:
        self.alive = False
        self._stream.close()

    def _called(self, data: Samples, frames: int, times: Any, status: Any) -> None:
        now = time.perf_counter()
        lost = 0
        if self._next_adc is not None and status.input_overflow:
            lost = max(0, round((times.inputBufferAdcTime - self._next_adc) * self.rate_hz))
        self._next_adc = times.inputBufferAdcTime + frames / self.rate_hz
        self._take(Block(data[:, 0].copy(), now - max(0.0, times.currentTime - times.inputBufferAdcTime), lost))


def _jack() -> Any:
    try:
        return require("jack", what_for="recording from JACK")
    except OSError as error:
        raise NoInput("JACK is not installed", hint="apt-get install jackd2, or choose another input") from error


def _sounddevice() -> Any:
    try:
        return require("sounddevice", what_for="recording")
    except OSError as error:
        raise NoInput("the PortAudio library is missing", hint="apt-get install libportaudio2") from error
