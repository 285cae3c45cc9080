"""The running program: answers, bursts, from the end of a hum to ten variations, and what it costs when idle."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from assistant.presets import shipped
from benchmarks.report import at_most
from bridge.osc.client import message

BURST, RATE = 20_000, 5_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, name: str, **arguments: object) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", f"/api/{name}", json.dumps(arguments))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def replies(port: int) -> float:
    """The 99th percentile of request to reply over OSC, in milliseconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect(("127.0.0.1", port))
        peer.settimeout(5)
        taken = []
        for number in range(1000):
            start = time.perf_counter()
            peer.send(message("/job/list", str(number)))
            peer.recv(65536)
            taken.append((time.perf_counter() - start) * 1000)
            time.sleep(0.002)
    return sorted(taken)[989]


def lost_in_burst(port: int) -> int:
    """Of 20,000 requests at 5,000 a second, how many got neither a reply nor an error."""
    answered: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        peer.connect(("127.0.0.1", port))
        peer.settimeout(3)

        def collect() -> None:
            while len(answered) < BURST:
                try:
                    data = peer.recv(65536)
                except TimeoutError:
                    return
                # The address, the type tags, then the id: all padded to four bytes.
                tags = data.index(b",")
                ident = tags + (data.index(b"\0", tags) - tags) // 4 * 4 + 4
                answered.add(data[ident : data.index(b"\0", ident)].decode())

        collecting = threading.Thread(target=collect)
        collecting.start()
        start = time.perf_counter()
        for number in range(BURST):
            peer.send(message("/job/cancel", str(number), 99999))
            ahead = start + number / RATE - time.perf_counter()
            if ahead > 0:
                time.sleep(ahead)
        collecting.join()
    return BURST - len(answered)


def hum_to_variations(port: int, hum: Path) -> float:
    """Seconds from the end of a hum (it lies there as a recording) to ten variations on the table."""
    before = ask(port, "session/get")["variations"]
    start = time.perf_counter()
    ask(port, "hum/import", path=str(hum))
    while (now := ask(port, "session/get")["variations"]) == before or len(now) < 10:
        time.sleep(0.01)
    return time.perf_counter() - start


def usage(process: int) -> tuple[float, float]:
    """Megabytes held and processor seconds used by a process (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    held = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))
    times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return held, (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def eight_seconds(folder: Path, seed: int) -> Path:
    """Eight seconds of the shipped hum; another start each time, so that none was heard before."""
    import soundfile

    samples, rate = soundfile.read(shipped("demo/hum.flac"))
    path = folder / f"hum-{seed}.wav"
    soundfile.write(path, samples[seed * 500 : seed * 500 + 8 * rate], rate)
    return path


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        osc, http = free_port(), free_port()
        command = [sys.executable, "-m", "bridge.cli", "serve", "--library", str(folder / "library")]
        command += ["--osc-port", str(osc), "--http-port", str(http), "--folder", name]
        start = time.perf_counter()
        program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert program.stdout is not None
        program.stdout.readline()
        at_most("serve is ready", 1.5, time.perf_counter() - start, "s")
        try:
            time.sleep(3)
            at_most("OSC request to reply, 99 of 100", 5, replies(osc), "ms")
            at_most(f"requests lost of {BURST} at {RATE} a second", 0, lost_in_burst(osc))
            hum_to_variations(http, eight_seconds(folder, 0))
            taken = sorted(hum_to_variations(http, eight_seconds(folder, seed)) for seed in range(1, 6))
            at_most("end of an 8 s hum to ten variations", 1.0, taken[2], "s")
            time.sleep(1)
            held, used = usage(program.pid)
            time.sleep(5)
            at_most("memory of the main process, idle", 150, held, "MB")
            at_most("processor used by it, idle", 1, (usage(program.pid)[1] - used) / 5 * 100, "%")
        finally:
            program.terminate()
            program.wait()
        shutil.rmtree(folder / "library", ignore_errors=True)


if __name__ == "__main__":
    main()
