"""How the program starts, and says why it does not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.serve import _Terminal
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import motif_score, smf_bytes


def refused(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "bridge.cli", "serve", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("address", ["nowhere.invalid", "192.0.2.1"])
def test_an_address_of_no_machine_or_another_one_is_named(address: str, tmp_path: Path) -> None:
    code, said = refused("--library", str(tmp_path), "--listen", address, "--midi-out", "none", "--midi-in", "none")
    assert code == 1
    assert f"{address} is no address of this machine" in said
    assert not (tmp_path / "running.json").exists()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        rest = ("--library", str(tmp_path), "--midi-out", "none", "--midi-in", "none")
        for option, other in (("--osc-port", "--http-port"), ("--http-port", "--osc-port")):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                unused = free.getsockname()[1]
            code, said = refused(*rest, option, str(port), other, str(unused))
            assert code == 1
            assert f"port {port} is taken by another program" in said
            assert option in said


def test_a_token_that_is_wrong_says_where_the_right_one_stands(fresh: Any) -> None:
    fresh.arguments = ("--listen", "127.0.0.2", "--midi-out", "none", "--midi-in", "none")
    fresh.start()
    said = json.loads((fresh.library / "running.json").read_text())
    from pythonosc.osc_message import OscMessage

    from bridge.osc.client import message

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(10)
        peer.connect(("127.0.0.2", fresh.osc_port))
        peer.send(message("/session/authorise", "a", "wrong"))
        refusal = OscMessage(peer.recv(65536))
        assert refusal.address == "/error"
        assert "running.json" in refusal.params[3]
        peer.send(message("/session/authorise", "b", said["token"]))
        assert OscMessage(peer.recv(65536)).params == ["b", "{}"]


def test_the_terminal_says_what_a_foot_did(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = _Terminal()
    terminal.told("footswitch", "cc:67:1")
    terminal.begin(["ready"])
    for recording in (True, False):
        terminal.told("recording", recording)
    assert capsys.readouterr().out.splitlines() == [
        "ready",
        "pedal    cc:67:1 starts and stops recording from now on",
        "hum      is being recorded",
        "hum      is over",
    ]


def test_files_are_meant_from_where_the_composer_is(fresh: Any) -> None:
    fresh.arguments = ("--midi-out", "none", "--midi-in", "none")
    fresh.start()
    (fresh.folder / "idea.mid").write_bytes(
        smf_bytes(motif_score(Motif(Clip((Note(0.0, 60, 1.0),))), name="idea")),
    )
    command = [sys.executable, "-m", "bridge.cli", "do", "motif/set", "source=idea.mid"]
    ended = subprocess.run(
        [*command, "--library", str(fresh.library), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=fresh.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["notes"] == [[0.0, 1.0, 60, 80]]
