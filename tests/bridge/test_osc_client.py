"""A peer sends and hears on one port; python-osc's own server and builder are the other side."""

from __future__ import annotations

import queue
import socket

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.osc.client import OscPeer


@pytest.fixture
def other():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def test_an_answer_to_the_sender_is_heard(other: socket.socket):
    heard: queue.Queue[tuple[str, tuple[object, ...]]] = queue.Queue()
    with OscPeer(other.getsockname()[1], lambda *message: heard.put(message)) as peer:
        peer.send("/strip/gain", 2, 0.5, "é", True)
        data, sender = other.recvfrom(1000)
        asked = OscMessage(data)
        assert (asked.address, asked.params) == ("/strip/gain", [2, 0.5, "é", True])
        builder = OscMessageBuilder("/reply")
        builder.add_arg(7)
        other.sendto(builder.build().dgram, sender)
        assert heard.get(timeout=5) == ("/reply", (7,))


def test_what_is_no_osc_is_passed_over(other: socket.socket):
    heard: queue.Queue[str] = queue.Queue()
    with OscPeer(other.getsockname()[1], lambda address, _: heard.put(address)) as peer:
        peer.send("/hello")
        _, sender = other.recvfrom(1000)
        for data in (
            b"",
            b"\0",
            b"/x",
            b"#bundle\0",
            b"\xff" * 64,
            b"/a\0\0,ii\0\0\0\0\1",
            b"/a\0\0,s\0\0\xff\xfe\0\0",
        ):
            other.sendto(data, sender)
        other.sendto(OscMessageBuilder("/after").build().dgram, sender)
        while heard.get(timeout=5) != "/after":
            pass


def test_nobody_there_is_no_error():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with OscPeer(port) as peer:
        for _ in range(3):
            peer.send("/hello")


def test_closing_ends_the_listening_thread(other: socket.socket):
    peer = OscPeer(other.getsockname()[1], lambda *_: None)
    peer.close()
    assert peer._thread is not None
    assert not peer._thread.is_alive()
