"""The cables of our JACK ports: noticed while they hold, put back when the other side, or JACK itself, comes back."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from typing import Any


class Cables:
    """Which ports ours are connected to. A peer that goes away is awaited; one that is unplugged is forgotten."""

    def __init__(self) -> None:
        self.wanted: dict[str, dict[str, bool]] = {}
        """Our port → its peers → whether the peer was there when last seen."""

    def saw(self, ours: str, connected: set[str], there: set[str]) -> list[str]:
        """Takes in what is seen, and gives the peers of `ours` to connect now."""
        peers = self.wanted.setdefault(ours, {})
        back = [peer for peer, present in peers.items() if not present and peer in there and peer not in connected]
        for peer in list(peers):
            if peer not in there:
                peers[peer] = False
            elif peer not in connected and peers[peer]:
                del peers[peer]
        peers.update(dict.fromkeys(connected, True))
        return back

    def gone(self) -> None:
        """JACK went away: every peer is awaited."""
        for peers in self.wanted.values():
            for peer in peers:
                peers[peer] = False


class JackPatch:
    """A JACK client that plays nothing: it notices that the server goes away, and sees to the cables.

    Raises `OSError` where there is no server, or the package jack-client is not installed.
    """

    def __init__(self, cables: Cables) -> None:
        if find_spec("jack") is None:
            raise OSError("the package JACK-Client is not installed")
        import jack

        self._errors: type[Exception] = jack.JackError
        self.cables = cables
        self.alive = True
        try:
            self._client: Any = jack.Client("Hummingbridge cables", no_start_server=True)
        except jack.JackError as error:
            raise OSError(str(error)) from error
        self._client.set_shutdown_callback(self._shut_down)
        # Asked for once: `seconds` is read on the thread that keeps JACK's time.
        self._rate_hz = int(self._client.samplerate)
        self._client.activate()

    @property
    def period_seconds(self) -> float:
        """So long is a period of JACK's, in which MIDI is handed on."""
        return float(self._client.blocksize / self._rate_hz)

    @property
    def seconds(self) -> float:
        """When this period began, in the time that JACK has played: it stands still where JACK leaves periods out."""
        return float(self._client.last_frame_time / self._rate_hz)

    def names(self, *, sinks: bool | None = None) -> set[str]:
        """Every MIDI port; or those alone that can be played into (`sinks`), or listened to."""
        ways = {} if sinks is None else {"is_input": sinks, "is_output": not sinks}
        return {port.name for port in self._client.get_ports(is_midi=True, **ways)}

    def tend(self, ours: str, *, is_output: bool) -> None:
        """Puts back the cables of one of our ports that wait for it."""
        if not self.alive:
            return
        there = self.names()
        if ours not in there:
            return
        with contextlib.suppress(self._errors):
            connected = {port.name for port in self._client.get_all_connections(ours)}
            for peer in self.cables.saw(ours, connected, there):
                pair = (ours, peer) if is_output else (peer, ours)
                self._client.connect(*pair)
                self.cables.wanted[ours][peer] = True

    def close(self) -> None:
        self._client.close(ignore_errors=True)

    def _shut_down(self, *_: object) -> None:
        self.alive = False
