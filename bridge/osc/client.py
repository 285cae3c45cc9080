"""One OSC peer over UDP: what is sent leaves from the very port that listens, so that answers come back to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType

from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
from pythonosc.osc_packet import OscPacket, ParseError

Argument = str | int | float | bool
Listener = Callable[[str, tuple[object, ...]], None]

_LARGEST_DATAGRAM = 65_535


def message(address: str, *arguments: Argument) -> bytes:
    """One OSC message. Raises `ValueError` for an address or argument that OSC cannot hold."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    try:
        return builder.build().dgram
    except BuildError as error:
        raise ValueError(f"{address} {arguments}: {error}") from error


class OscPeer:
    """A conversation with a program on `host`:`port`.

    It listens on `listen_port`, a free one unless given (`OSError` where it is taken). `listener(address, arguments)`
    is called from the peer's own thread for every message that comes. Datagrams that are no OSC are passed over.
    Close it, or use it in a `with` block.
    """

    def __init__(
        self, port: int, listener: Listener | None = None, *, host: str = "127.0.0.1", listen_port: int = 0
    ) -> None:
        self._address = (host, port)
        self._listener = listener
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(("127.0.0.1" if host == "127.0.0.1" else "", listen_port))
        except OSError:
            self._socket.close()
            raise
        self._thread: threading.Thread | None = None
        if listener is not None:
            self._thread = threading.Thread(target=self._listen, name=f"osc from {port}", daemon=True)
            self._thread.start()

    def send(self, address: str, *arguments: Argument) -> None:
        """Sends one message; whether anybody listens there cannot be known."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendto(message(address, *arguments), self._address)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            # An empty datagram to itself wakes the thread out of its wait; closing alone does not on Linux.
            port = self._socket.getsockname()[1]
            listener, self._listener = self._listener, None
            if listener is not None:
                self._socket.sendto(b"", ("127.0.0.1", port))
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)
        self._socket.close()

    def __enter__(self) -> OscPeer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        while (listener := self._listener) is not None:
            try:
                data = self._socket.recv(_LARGEST_DATAGRAM)
            except ConnectionError:
                continue
            except OSError:
                return
            if not data:
                continue
            try:
                packet = OscPacket(data)
            except (ParseError, ValueError, IndexError, UnicodeDecodeError):
                continue
            for timed in packet.messages:
                listener(timed.message.address, tuple(timed.message.params))
