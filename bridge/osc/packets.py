"""OSC on the wire: requests out of datagrams, answers into datagrams small enough for every client, SLIP for TCP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bridge.reply import as_json
from midi.errors import HummingbridgeError

LARGEST_BYTES = 8192
"""Larger datagrams are lost on the way to some clients."""
_PIECE = 7000
LONGEST_FRAME = 1 << 18

_END, _ESC, _ESC_END, _ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD


@dataclass(frozen=True, slots=True)
class Request:
    """One message: `/object/verb`, the id that the answer carries, and the values after it."""

    address: str
    ident: str
    values: tuple[object, ...]

    @property
    def command(self) -> str:
        return self.address.strip("/")


def requests(datagram: bytes) -> list[Request]:
    """The messages of a datagram or bundle, in order. Raises `ValueError` for what is no OSC."""
    from pythonosc.osc_bundle import ParseError as BundleError
    from pythonosc.osc_message import ParseError as MessageError
    from pythonosc.osc_packet import OscPacket
    from pythonosc.osc_packet import ParseError as PacketError

    try:
        messages = [timed.message for timed in OscPacket(datagram).messages]
    # The parser meets mutated bytes with errors of many kinds.
    except (BundleError, MessageError, PacketError, ValueError, IndexError, TypeError, OverflowError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    except RecursionError as error:
        raise ValueError("bundles within bundles without end") from error
    found = []
    for message in messages:
        ident, *values = list(message.params) or [""]
        if not isinstance(ident, str):
            # A client that sends no id, such as a button: its value is an argument, and its answers have the id "".
            ident, values = "", [ident, *values]
        found.append(Request(str(message.address), ident, tuple(values)))
    return found


def reply(ident: str, answer: dict[str, Any]) -> Iterator[bytes]:
    """`/reply id json`; what is too long for a datagram goes before it in parts, `/reply/part id number of json`."""
    text = json.dumps(answer, ensure_ascii=True)
    if len(text) <= _PIECE:
        yield _message("/reply", ident, text)
        return
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    for number, piece in enumerate(pieces, start=1):
        yield _message("/reply/part", ident, number, len(pieces), piece)
    yield _message("/reply", ident, "")


def failure(ident: str, error: HummingbridgeError) -> bytes:
    """`/error id code message hint`."""
    said: Any = as_json(error)["error"]
    return _message("/error", ident, said["code"], said["message"][:2000], said["hint"][:2000])


def change(name: str, value: object) -> Iterator[bytes]:
    """`/changed/NAME value`: plain values as they are, all else as JSON, in parts where it is long."""
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, int | float):
        yield _message(f"/changed/{name}", value)
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    if len(text) <= _PIECE:
        yield _message(f"/changed/{name}", text)
        return
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    for number, piece in enumerate(pieces, start=1):
        yield _message(f"/changed/{name}/part", number, len(pieces), piece)


def slip(packet: bytes) -> bytes:
    """A packet framed for TCP (OSC 1.1, SLIP with an END at both ends)."""
    body = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + body + b"\xc0"


class Unslip:
    """Packets out of a stream of SLIP frames, however it is cut."""

    def __init__(self) -> None:
        self._frame = bytearray()
        self._escaped = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The packets that are complete. Raises `ValueError` for a frame that is too long or wrongly escaped."""
        for byte in data:
            if self._escaped:
                if byte not in (_ESC_END, _ESC_ESC):
                    raise ValueError("a SLIP frame is wrongly escaped")
                self._frame.append(_END if byte == _ESC_END else _ESC)
                self._escaped = False
            elif byte == _ESC:
                self._escaped = True
            elif byte == _END:
                if self._frame:
                    yield bytes(self._frame)
                self._frame.clear()
            else:
                self._frame.append(byte)
            if len(self._frame) > LONGEST_FRAME:
                raise ValueError(f"a SLIP frame is longer than {LONGEST_FRAME} bytes")


def _message(address: str, *values: str | int | float) -> bytes:
    from pythonosc.osc_message_builder import OscMessageBuilder

    builder = OscMessageBuilder(address=address)
    for value in values:
        kind = None
        if isinstance(value, int) and not isinstance(value, bool):
            kind = "i" if abs(value) < 1 << 31 else "h"
        builder.add_arg(value, kind)
    return bytes(builder.build().dgram)
