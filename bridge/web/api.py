"""The HTTP API, made from the table of commands."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from bridge.app import App, call
from bridge.arguments import InvalidArgument, json_schema
from bridge.commands import COMMANDS
from bridge.reply import as_json
from bridge.web.oscquery import found
from midi.errors import HummingbridgeError

PORT = 9311
LARGEST_BODY = 1 << 20
_STATUS = {"unknown-name": 404, "path-not-allowed": 403, "not-authorised": 401, "busy": 503, "cannot-do": 409}
_WAITING_CHANGES = 1024


def application(
    app: App, changes: Changes, *, hosts: frozenset[str], token: str = "", oscquery_port: int | None = None
) -> ASGIApp:
    """`hosts` are the names by which it may be asked; `token` is wanted where it is not empty.

    With `oscquery_port`, the port of OSC, every other address answers as OSCQuery.
    """

    async def command(request: Request) -> Response:
        name = f"{request.path_params['thing']}/{request.path_params['verb']}"
        try:
            given = await _body(request)
            return JSONResponse(await call(app, name, given))
        except HummingbridgeError as error:
            return JSONResponse(as_json(error), status_code=_STATUS.get(error.code, 400))

    async def commands(_: Request) -> Response:
        return JSONResponse({name: {"summary": one.summary, "answers": one.answers} for name, one in COMMANDS.items()})

    async def document(_: Request) -> Response:
        return JSONResponse(openapi())

    async def oscquery(request: Request) -> Response:
        surfaces = app.surfaces.over_osc_now() if app.surfaces else ()
        status, answer = found(request.url.path, request.url.query, osc_port=oscquery_port or 0, surfaces=surfaces)
        return Response(status_code=status) if answer is None else JSONResponse(answer, status_code=status)

    async def follow(socket: WebSocket) -> None:
        await socket.accept()
        with changes.queue() as queue:
            sending = asyncio.create_task(_send(socket, queue))
            try:
                # Nothing is expected here; but only who receives learns that the other side has gone.
                while True:
                    await socket.receive_text()
            except (WebSocketDisconnect, KeyError):
                pass
            finally:
                sending.cancel()

    routes = [
        Route("/api/{thing}/{verb}", command, methods=["POST"]),
        Route("/api", commands),
        Route("/openapi.json", document),
        WebSocketRoute("/changes", follow),
    ]
    if oscquery_port is not None:
        routes.append(Route("/{path:path}", oscquery))
    return Gate(Starlette(routes=routes, exception_handlers={HTTPException: _not_here}), hosts=hosts, token=token)


async def _not_here(request: Request, error: Exception) -> Response:
    """No such page, or not to be asked in this way."""
    assert isinstance(error, HTTPException)
    what = f"{request.method} {request.url.path} is no request that is known"
    hint = "POST /api/object/verb; GET /openapi.json names them all"
    body = {"error": {"code": "unknown-name", "message": what, "hint": hint}}
    return JSONResponse(body, status_code=error.status_code, headers=error.headers)


class Changes:
    """What changes, for everybody who listens; a listener that does not read loses the oldest and is told."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[dict[str, Any]]] = set()

    def tell(self, name: str, value: object) -> None:
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait({"changed": name, "value": value})

    def tell_all(self, changed: Mapping[str, object]) -> None:
        for name, value in changed.items():
            self.tell(name, value)

    @contextlib.contextmanager
    def queue(self) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_WAITING_CHANGES)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)


class Gate:
    """Lets nobody in but those whom the program was told of: Host, Origin and, beyond this machine, a token."""

    def __init__(self, inner: ASGIApp, *, hosts: frozenset[str], token: str) -> None:
        self._inner, self._hosts, self._token = inner, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        # The address at which the request came in is a name, too: a number cannot be made to point elsewhere.
        wrong = self._wrong(headers, self._hosts | {scope["server"][0]})
        if not wrong:
            await self._inner(scope, receive, send)
            return
        status, message, hint = wrong
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": message[:100]})
            return
        body = {"error": {"code": "not-authorised", "message": message, "hint": hint}}
        await JSONResponse(body, status_code=status)(scope, receive, send)

    def _wrong(self, headers: dict[str, str], hosts: frozenset[str]) -> tuple[int, str, str] | None:
        host = _host_of(f"//{headers.get('host', '')}")
        if host not in hosts:
            return 403, f"host {host!r} is not one of this program's names", "ask 127.0.0.1"
        origin = headers.get("origin", "")
        if origin and _host_of(origin) not in hosts:
            return 403, f"pages of {origin!r} may not use this program", "open the program's own page"
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            return 401, "a token is needed", "send it as Authorization: Bearer TOKEN"
        return None


def _host_of(address: str) -> str:
    """Empty where there is none, or it is written wrongly."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


async def _body(request: Request) -> dict[str, object]:
    """The arguments by name. Raises `InvalidArgument`."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LARGEST_BODY:
            raise InvalidArgument(f"the request is larger than {LARGEST_BODY} bytes", hint="send less at once")
    try:
        given = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        raise InvalidArgument("the request is not JSON", hint='send an object such as {"count": 10}') from None
    if not isinstance(given, dict):
        raise InvalidArgument("the request is not a JSON object", hint='send an object such as {"count": 10}')
    return given


async def _send(socket: WebSocket, queue: asyncio.Queue[dict[str, Any]]) -> None:
    while True:
        await socket.send_json(await queue.get())


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document of every command."""
    error = {
        "description": "It could not be done; code, message and hint say why and what helps.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    paths = {
        f"/api/{name}": {
            "post": {
                "operationId": name.replace("/", "_").replace("-", "_"),
                "summary": command.summary,
                "requestBody": {
                    "required": any(argument.required for argument in command.asked),
                    "content": {"application/json": {"schema": json_schema(command.arguments)}},
                },
                "responses": {
                    "200": {
                        "description": f"Done; the answer holds {command.answers}.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    "default": error,
                },
            }
        }
        for name, command in COMMANDS.items()
    }
    fields = {name: {"type": "string"} for name in ("code", "message", "hint")}
    schema = {"type": "object", "properties": {"error": {"type": "object", "properties": fields}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hummingbridge", "version": "1", "license": {"name": "GPL-3.0-or-later"}},
        "paths": paths,
        "components": {"schemas": {"Error": schema}},
    }
