"""Whether Ardour's OSC surface listens: told from its port, since each session has a switch of its own."""

from __future__ import annotations

import socket
from pathlib import Path

from bridge.daw.ardour_link import ArdourLink


def test_osc_is_on_where_somebody_listens_and_off_where_nobody_does(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        link = ArdourLink(tmp_path, surface.getsockname()[1])
        assert link.osc_is_on()
    assert not link.osc_is_on()
