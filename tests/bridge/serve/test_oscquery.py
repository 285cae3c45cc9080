"""OSCQuery and multicast DNS, asked by programs that know nothing of this one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from http.client import HTTPConnection
from typing import Any

import pytest

from bridge.commands import COMMANDS

PROBE = """
    import asyncio, json, subprocess, sys, tempfile, time, urllib.request
    from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, Zeroconf

    command = [sys.executable, "-m", "bridge.cli", "serve", "--library", tempfile.mkdtemp(), "--advertise"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert program.stdout.readline().startswith("ready")

    class Seen:
        def __init__(self):
            self.there = {}
        def add_service(self, zeroconf, kind, name):
            self.there[kind] = zeroconf.get_service_info(kind, name)
        def remove_service(self, zeroconf, kind, name):
            self.there.pop(kind)
        def update_service(self, *_):
            pass

    def until(holds):
        end = time.monotonic() + 10
        while not holds() and time.monotonic() < end:
            time.sleep(0.05)

    seen = Seen()
    zeroconf = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    ServiceBrowser(zeroconf, ["_osc._udp.local.", "_oscjson._tcp.local."], seen)
    until(lambda: len(seen.there) == 2)
    found = {kind: [info.parsed_addresses(), info.port, info.name] for kind, info in seen.there.items()}
    host = urllib.request.urlopen(f"http://127.0.0.1:{found['_oscjson._tcp.local.'][1]}/?HOST_INFO").read()
    program.terminate()
    program.wait(10)
    until(lambda: not seen.there)
    print(json.dumps({"found": found, "host": json.loads(host), "left": list(seen.there)}))
    zeroconf.close()
"""


def test_it_is_found_and_taken_back_on_a_machine_that_knows_only_itself() -> None:
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    up = "ip link set lo up && ip route add 224.0.0.0/4 dev lo"
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare (util-linux) or ip (iproute2) is not installed")
    if subprocess.run([*alone, "sh", "-c", up], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace of its own may be made here")
    pytest.importorskip("zeroconf", reason="the package zeroconf is not installed")
    script = [sys.executable, "-c", textwrap.dedent(PROBE)]
    ended = subprocess.run(
        [*alone, "sh", "-c", f'{up} && exec "$@"', "sh", *script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    addresses, port, name = told["found"]["_osc._udp.local."]
    assert (addresses, port) == (["127.0.0.1"], 9310)
    assert name.startswith("Hummingbridge on ")
    assert told["found"]["_oscjson._tcp.local."][1] == 9311
    assert (told["host"]["NAME"], told["host"]["OSC_PORT"]) == ("Hummingbridge", 9310)
    assert told["left"] == []


def test_the_tree_holds_every_command_with_its_types_and_ranges(fresh: Any) -> None:
    pytest.importorskip("zeroconf", reason="the package zeroconf is not installed")
    fresh.arguments = ("--advertise",)
    fresh.start()
    _, root = fresh.request("GET", "/")
    paths = {node["FULL_PATH"].strip("/") for thing in root["CONTENTS"].values() for node in thing["CONTENTS"].values()}
    assert paths == set(COMMANDS)
    _, select = fresh.request("GET", "/variation/select")
    assert (select["TYPE"], select["ACCESS"]) == ("si", 2)
    assert select["RANGE"] == [None, {"MIN": 1, "MAX": 100}]
    assert fresh.request("GET", "/variation/select?TYPE") == (200, {"TYPE": "si"})
    assert fresh.request("GET", "/variation/select?VALUE")[0] == 204
    assert fresh.request("GET", "/variation/select?COLOUR")[0] == 400
    assert fresh.request("GET", "/variation/sing")[0] == 404
    assert fresh.request("GET", "/", Host="evil.example")[0] == 403


def test_without_being_asked_it_answers_no_oscquery(program: Any) -> None:
    connection = HTTPConnection("127.0.0.1", program.http_port, timeout=5)
    connection.request("GET", "/?HOST_INFO")
    assert connection.getresponse().status == 404
    connection.close()
