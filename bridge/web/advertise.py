"""Telling other programs, by multicast DNS, where OSC and OSCQuery are: only where the composer asks for it.

On the loopback address it is told to this machine's programs alone.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator

from assistant.optional import check_package, require
from assistant.readiness import Readiness


def check() -> Readiness:
    return check_package("zeroconf")


@contextlib.asynccontextmanager
async def advertised(host: str, *, osc_port: int, http_port: int) -> AsyncIterator[None]:
    """Says it while the block runs, and takes it back at its end. Raises `MissingPart`."""
    require("zeroconf", what_for="--advertise")
    from zeroconf import IPVersion, ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

    address = "127.0.0.1" if host in ("localhost", "::1") else host
    everywhere = address == "0.0.0.0"
    told = AsyncZeroconf(
        interfaces=[address] if not everywhere else ["0.0.0.0"],
        ip_version=IPVersion.V4Only,
    )
    name = f"Hummingbridge on {socket.gethostname().split('.')[0]}"
    kinds = {"_osc._udp.local.": osc_port, "_oscjson._tcp.local.": http_port}
    services = [
        ServiceInfo(
            kind,
            f"{name}.{kind}",
            port=port,
            addresses=[socket.inet_aton(_own_address() if everywhere else address)],
            server=f"hummingbridge-{http_port}.local.",
        )
        for kind, port in kinds.items()
    ]
    try:
        for service in services:
            await (await told.async_register_service(service, allow_name_change=True))
        yield
    finally:
        await told.async_unregister_all_services()
        await told.async_close()


def _own_address() -> str:
    """The address by which others reach this machine; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("224.0.0.251", 5353))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
