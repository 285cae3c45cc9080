"""OSC in: requests over UDP, and over TCP with SLIP frames; every one is answered, to the one who asked."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Callable
from typing import Any, ClassVar

from bridge.app import App, call
from bridge.commands import COMMANDS
from bridge.jobs import Busy
from bridge.osc.packets import Request, Unslip, change, failure, reply, requests, slip
from bridge.session import Session
from midi.errors import HummingbridgeError

PORT = 9310
_BUFFER_BYTES = 8 * 1024 * 1024
_MOST_SUBSCRIBERS = 64
_MOST_PENDING = 20_000
_AT_ONCE = 256
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Sender = Callable[[bytes], None]


class BadPacket(HummingbridgeError):
    code: ClassVar[str] = "bad-packet"


class NotAuthorised(HummingbridgeError):
    code: ClassVar[str] = "not-authorised"


class OscServer:
    """Both ways in. `token` is asked of every peer where it is not empty: `/session/authorise id token`."""

    def __init__(self, app: App, *, host: str = "127.0.0.1", port: int = PORT, token: str = "") -> None:
        self._app = app
        self._host, self._port, self._token = host, port, token
        self._subscribers: dict[object, Sender] = {}
        self._authorised: set[object] = set()
        self._pending: set[asyncio.Task[None]] = set()
        self._socket: socket.socket | None = None
        self._tcp: asyncio.Server | None = None
        self.refused = 0

    async def start(self) -> None:
        """Raises `OSError` where the port is taken."""
        loop = asyncio.get_running_loop()
        udp = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_DGRAM)
        udp.setblocking(False)
        udp.bind((self._host, self._port))
        # A burst waits in the system's buffer instead of being lost.
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        with contextlib.suppress(OSError, AttributeError):
            # Root may go beyond the system's limit (Linux: SO_RCVBUFFORCE).
            udp.setsockopt(socket.SOL_SOCKET, 33, _BUFFER_BYTES)
        self._socket = udp
        loop.add_reader(udp, self._read)
        self._tcp = await asyncio.start_server(self._serve_tcp, self._host, self._port)
        self._app.store.listen(self._changed)

    async def stop(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        if self._tcp:
            self._tcp.close()
        for task in self._pending:
            task.cancel()

    def tell(self, name: str, value: object) -> None:
        """Sends a change to every subscriber."""
        for packet in change(name, value):
            for send in tuple(self._subscribers.values()):
                send(packet)

    def sender_to(self, host: str, port: int) -> Sender:
        """Sends to a peer that has not spoken yet. Raises `NotAuthorised` where only this machine is spoken with."""
        if self._host in _LOOPBACK and host not in _LOOPBACK:
            raise NotAuthorised(
                f"{host} is another machine, and the program speaks with this one alone",
                hint="start hummingbridge serve --listen 0.0.0.0",
            )
        return self._sender((host, port))

    def _changed(self, _: Session, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            self.tell(name, value)

    def _read(self) -> None:
        """What has come in, a bounded number at a time so that the loop goes on."""
        assert self._socket is not None
        for _ in range(_AT_ONCE):
            try:
                datagram, peer = self._socket.recvfrom(65536)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # An earlier answer met a closed port; the next datagram is waiting.
                continue
            self._take(datagram, peer, self._sender(peer))

    def _sender(self, peer: Any) -> Sender:
        def send(packet: bytes) -> None:
            try:
                if self._socket:
                    self._socket.sendto(packet, peer)
            except OSError:
                # Whoever asked is gone, or takes nothing more; the rest go on.
                self._subscribers.pop(peer, None)

        return send

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, frames = object(), Unslip()

        def send(packet: bytes) -> None:
            if not writer.is_closing():
                writer.write(slip(packet))

        try:
            while data := await reader.read(65536):
                for packet in frames.feed(data):
                    self._take(packet, peer, send)
                await writer.drain()
        except (ValueError, ConnectionError) as error:
            send(failure("", BadPacket(str(error), hint="send OSC packets in SLIP frames")))
        finally:
            self._subscribers.pop(peer, None)
            self._authorised.discard(peer)
            writer.close()

    def _take(self, packet: bytes, peer: object, send: Sender) -> None:
        try:
            found = requests(packet)
        except ValueError as error:
            send(failure("", BadPacket(f"this is no OSC: {error}"[:300], hint="send OSC 1.0 messages")))
            return
        for request in found:
            if len(self._pending) >= _MOST_PENDING:
                self.refused += 1
                send(failure(request.ident, Busy("too many requests at once", hint="send again a little later")))
                continue
            task = asyncio.get_running_loop().create_task(self._answer(request, peer, send))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    async def _answer(self, request: Request, peer: object, send: Sender) -> None:
        try:
            answer = await self._done(request, peer, send)
            for packet in () if answer is None else reply(request.ident, answer):
                send(packet)
        except HummingbridgeError as error:
            send(failure(request.ident, error))

    async def _done(self, request: Request, peer: object, send: Sender) -> dict[str, Any] | None:
        """The answer; None to a surface, which is answered by its lights."""
        if request.command == "session/authorise":
            given = str(request.values[0]) if request.values else ""
            if not (self._token and hmac.compare_digest(given.encode(), self._token.encode())):
                raise NotAuthorised(
                    "the token is not right", hint="it stands in running.json, in the library of hummingbridge serve"
                )
            self._authorised.add(peer)
            return {}
        if self._token and peer not in self._authorised:
            raise NotAuthorised("a token is needed from this address", hint="send /session/authorise id token first")
        if request.command == "session/subscribe":
            if len(self._subscribers) >= _MOST_SUBSCRIBERS:
                raise Busy(f"{_MOST_SUBSCRIBERS} subscribers are served already", hint="unsubscribe one")
            self._subscribers[peer] = send
            return await call(self._app, "session/get", ())
        if request.command == "session/unsubscribe":
            self._subscribers.pop(peer, None)
            return {}
        if request.command.startswith("surface/") and request.command not in COMMANDS and self._app.surfaces:
            self._app.surfaces.over_osc(request.address, request.values, peer, send)
            return None
        return await call(self._app, request.command, request.values)
