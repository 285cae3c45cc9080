"""A stand-in for Live with AbletonOSC: the part of its documented protocol that is used, over a small Live set.

It works ten times a second, answers to a port of its own and not to the sender's, is silent when something was done,
tells errors at /live/error, loses datagrams that are too long, and can be told to lose more.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

TICK_SECONDS = 0.1
LARGEST_BYTES = 9_216
Lost = Callable[[str, tuple[Any, ...]], bool]


@dataclass
class Clip:
    length: float
    name: str = ""
    midi: bool = True
    loop_start: float = 0.0
    notes: list[tuple[int, float, float, float, bool]] = field(default_factory=list)


@dataclass
class Track:
    name: str
    midi: bool
    slots: list[Clip | None]


class FakeLive:
    """A set with two scenes, "Keys" (MIDI) and "Vox" (audio). `lost` says of a datagram, by its address and values,
    whether it gets lost; `orders` are the addresses of all that came which is no question."""

    def __init__(self) -> None:
        self.song: dict[str, Any] = {
            "tempo": 96.0,
            "signature_numerator": 4,
            "signature_denominator": 4,
            "current_song_time": 0.0,
            "is_playing": False,
        }
        self.tracks = [Track("Keys", True, [None, None]), Track("Vox", False, [None, None])]
        self.scenes = 2
        self.selected = (0, 0)
        self.orders: list[str] = []
        self.longest_bytes = 0
        self.lost: Lost = lambda address, values: False
        self.paused = threading.Event()
        self._socket = self._bound()
        reserved = self._bound()
        self.port, self.answer_port = self._socket.getsockname()[1], reserved.getsockname()[1]
        reserved.close()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def clips(self, track: str) -> list[Clip | None]:
        return next(each.slots for each in self.tracks if each.name == track)

    def close(self) -> None:
        self._closed.set()
        self._thread.join(5)
        self._socket.close()

    @staticmethod
    def _bound() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        return made

    def _run(self) -> None:
        while not self._closed.wait(TICK_SECONDS):
            while not self.paused.is_set():
                try:
                    data, (host, _) = self._socket.recvfrom(65_536)
                except BlockingIOError:
                    break
                except ConnectionError:
                    continue
                self.longest_bytes = max(self.longest_bytes, len(data))
                message = OscMessage(data)
                if len(data) <= LARGEST_BYTES and not self.lost(message.address, tuple(message.params)):
                    self._handle(message.address, list(message.params), host)

    def _handle(self, address: str, values: list[Any], host: str) -> None:
        if "/get/" not in address:
            self.orders.append(address)
        try:
            answer = self._done(address, values)
        except (IndexError, ValueError, AttributeError, KeyError, TypeError, RuntimeError) as error:
            self._send("/live/error", (f"{type(error).__name__}: {error}",), host)
            return
        if answer is not None:
            self._send(address, answer, host)

    def _send(self, address: str, values: tuple[Any, ...], host: str) -> None:
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        data = builder.build().dgram
        if len(data) <= LARGEST_BYTES and not self.lost(f"answer {address}", values):
            self._socket.sendto(data, (host, self.answer_port))

    def _done(self, address: str, values: list[Any]) -> tuple[Any, ...] | None:
        """What is answered; None is silence."""
        match address.split("/")[2:]:
            case ["application", "get", "version"]:
                return (12, 1)
            case ["song", "get", "track_names"]:
                return tuple(track.name for track in self.tracks)
            case ["song", "get", "num_tracks"]:
                return (len(self.tracks),)
            case ["song", "get", "num_scenes"]:
                return (self.scenes,)
            case ["song", "get", name]:
                return (self.song[name],)
            case ["song", "set", name]:
                self.song[name] = values[0]
            case ["song", "create_midi_track"]:
                self.tracks.append(Track("MIDI", True, [None] * self.scenes))
            case ["song", "create_scene"]:
                self.scenes += 1
                for track in self.tracks:
                    track.slots.append(None)
            case ["view", "get", "selected_clip"]:
                return self.selected
            case ["track", verb, *name]:
                return self._of_track(verb, "/".join(name), values)
            case ["clip_slot", *verb]:
                return self._of_slot("/".join(verb), values)
            case ["clip", verb, name]:
                return self._of_clip(verb, name, values)
            case _:
                raise ValueError(f"Unknown OSC address: {address}")
        return None

    def _of_track(self, verb: str, name: str, values: list[Any]) -> tuple[Any, ...] | None:
        index = int(values[0])
        track = self.tracks[index]
        if verb == "set" and name == "name":
            track.name = values[1]
            return None
        match name:
            case "name":
                return (index, track.name)
            case "has_midi_input":
                return (index, track.midi)
            case "clips/name":
                return (index, *(clip.name if clip else None for clip in track.slots))
        raise ValueError(f"Unknown OSC address: /live/track/{verb}/{name}")

    def _of_slot(self, verb: str, values: list[Any]) -> tuple[Any, ...] | None:
        track, slot = int(values[0]), int(values[1])
        slots = self.tracks[track].slots
        match verb:
            case "get/has_clip":
                return (track, slot, slots[slot] is not None)
            case "create_clip":
                if slots[slot] is not None or not self.tracks[track].midi:
                    raise RuntimeError("This slot already has a clip, or its track takes no MIDI")
                slots[slot] = Clip(values[2])
            case "delete_clip":
                if slots[slot] is None:
                    raise RuntimeError("This slot has no clip")
                slots[slot] = None
            case _:
                raise ValueError(f"Unknown OSC address: /live/clip_slot/{verb}")
        return None

    def _of_clip(self, verb: str, name: str, values: list[Any]) -> tuple[Any, ...] | None:
        track, slot, *rest = int(values[0]), int(values[1]), *values[2:]
        clip = self.tracks[track].slots[slot]
        assert clip is None or isinstance(clip, Clip)
        if clip is None:
            raise AttributeError(f"'NoneType' object has no attribute '{name}'")
        match verb, name:
            case "set", "name":
                clip.name = rest[0]
            case "get", "name":
                return (track, slot, clip.name)
            case "get", "length":
                return (track, slot, clip.length)
            case "get", "loop_start":
                return (track, slot, clip.loop_start)
            case "get", "is_midi_clip":
                return (track, slot, clip.midi)
            case "get", "notes":
                if len(rest) not in (0, 4):
                    raise ValueError("Either 0 or 4 arguments must be passed.")
                low, span, start, length = rest or (0, 127, -8192.0, 16384.0)
                found = [n for n in clip.notes if low <= n[0] < low + span and start <= n[1] < start + length]
                return (track, slot, *(value for note in found for value in note))
            case "add", "notes":
                if len(rest) % 5:
                    raise ValueError("not enough values to unpack (expected 5)")
                for at in range(0, len(rest), 5):
                    pitch, start, length, velocity, mute = rest[at : at + 5]
                    clip.notes.append((pitch, start, length, velocity, bool(mute)))
            case _:
                raise ValueError(f"Unknown OSC address: /live/clip/{verb}/{name}")
        return None
