"""Rubbish on every way in, 100,000 packets over OSC, HTTP and MIDI: the program goes on, and does not grow."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from benchmarks.report import at_most
from bridge.commands import COMMANDS
from bridge.osc.client import message

PACKETS = 100_000
OSC_SHARE, HTTP_SHARE = 0.8, 0.1
_EVERY = 200


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Some bytes changed, dropped, doubled; or nothing but random bytes."""
    if draw.random() < 0.2:
        return draw.randbytes(draw.randrange(1, 400))
    packet = bytearray(data)
    for _ in range(draw.randrange(1, 8)):
        place = draw.randrange(len(packet))
        kind = draw.randrange(3)
        if kind == 0:
            packet[place] = draw.randrange(256)
        elif kind == 1 and len(packet) > 1:
            del packet[place]
        else:
            packet[place:place] = draw.randbytes(draw.randrange(1, 5))
    return bytes(packet)


def osc_packets(count: int, draw: random.Random) -> Iterator[bytes]:
    """Mutated messages of every command, with arguments of every kind."""
    values: list[Any] = [0, 1, -1, 3.5, 1e30, "", "x" * 300, "../../etc/passwd", "naïve", True, 2**31 - 1]
    for _ in range(count):
        name = draw.choice(list(COMMANDS))
        given = [draw.choice(values) for _ in range(draw.randrange(4))]
        yield mutated(message(f"/{name}", "id", *given), draw)


def send_osc(port: int, count: int, draw: random.Random) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect(("127.0.0.1", port))
        for number, packet in enumerate(osc_packets(count, draw)):
            with contextlib.suppress(ConnectionError):
                peer.send(packet)
            if number % _EVERY == 0:
                # As fast as it is taken in: this is no test of the system's buffers.
                time.sleep(_EVERY / 8000)


def send_http(port: int, count: int, draw: random.Random) -> None:
    """Mutated bodies and paths through whole requests, and every tenth a request that is rubbish itself."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(count):
        name = draw.choice(list(COMMANDS))
        body = mutated(json.dumps({"number": 3, "take": "x", "count": 2}).encode(), draw)
        if number % 10 == 9:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as stream:
                stream.sendall(mutated(f"POST /api/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() + body, draw))
            continue
        path = f"/api/{name}" if draw.random() < 0.7 else "/" + draw.randbytes(12).hex()
        try:
            connection.request("POST", path, body)
            connection.getresponse().read()
        except (HTTPException, OSError):
            connection.close()
    connection.close()


def send_midi(port: str, count: int, draw: random.Random) -> None:
    """Messages of every kind into a JACK MIDI port, clock and song position among them."""
    import rtmidi

    sender = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="rubbish")
    sender.open_port(sender.get_ports().index(port))
    firsts = [
        0x80,
        0x90,
        0xA0,
        0xB0,
        0xC0,
        0xD0,
        0xE0,
        0xF0,
        0xF1,
        0xF2,
        0xF3,
        0xF6,
        0xF8,
        0xFA,
        0xFB,
        0xFC,
        0xFE,
        0xFF,
    ]
    lengths = {0xC0: 2, 0xD0: 2, 0xF1: 2, 0xF3: 2, 0xF6: 1, 0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1}
    for number in range(count):
        first = draw.choice(firsts)
        if first == 0xF0:
            sent = [0xF0, *(draw.randrange(128) for _ in range(draw.randrange(40))), 0xF7]
        else:
            rest = [draw.randrange(128) for _ in range(lengths.get(first, 3) - 1)]
            sent = [first | (draw.randrange(16) if first < 0xF0 else 0), *rest]
        sender.send_message(sent)
        if number % 20 == 0:
            time.sleep(0.01)
    sender.close_port()
    sender.delete()


def held_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


@contextlib.contextmanager
def jack() -> Iterator[bool]:
    """A JACK server without hardware; false where there is none."""
    if shutil.which("jackd") is None:
        yield False
        return
    os.environ["JACK_DEFAULT_SERVER"] = name = f"hb-bench-{os.getpid()}"
    os.environ["JACK_NO_START_SERVER"] = "1"
    command = ["jackd", "-r", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        yield True
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(http: int) -> bool:
    connection = HTTPConnection("127.0.0.1", http, timeout=60)
    connection.request("POST", "/api/session/get")
    status = connection.getresponse().status
    connection.close()
    return status == 200


def main() -> None:
    draw = random.Random(11)
    with jack() as with_midi, tempfile.TemporaryDirectory() as folder:
        osc, http = free_port(), free_port()
        command = [sys.executable, "-m", "bridge.cli", "serve", "--library", f"{folder}/library"]
        program = subprocess.Popen(
            [*command, "--osc-port", str(osc), "--http-port", str(http)], stdout=subprocess.PIPE, text=True
        )
        assert program.stdout is not None
        program.stdout.readline()
        try:
            time.sleep(3)

            def round_of(packets: int) -> None:
                send_osc(osc, round(packets * OSC_SHARE), draw)
                send_http(http, round(packets * HTTP_SHARE), draw)
                if with_midi:
                    send_midi("Hummingbridge in:in", round(packets * (1 - OSC_SHARE - HTTP_SHARE)), draw)
                # It answers after what came before.
                assert answers(http), "it does not answer"

            round_of(PACKETS // 5)
            before = held_mb(program.pid)
            round_of(PACKETS - PACKETS // 5)
            time.sleep(1)
            what = "OSC, HTTP and MIDI" if with_midi else "OSC and HTTP (no JACK here)"
            at_most(f"growth over {PACKETS:,} packets of rubbish to {what}", 5, held_mb(program.pid) - before, "MB")
            at_most("the program ended meanwhile", 0, 0 if program.poll() is None else 1)
        finally:
            program.terminate()
            program.wait()


if __name__ == "__main__":
    main()
