"""The program as a whole: help, errors, exit codes, and what it costs to start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from bridge.cli.program import COMMANDS

HEAVY = {
    "numpy",
    "onnxruntime",
    "pedalboard",
    "soundfile",
    "soxr",
    "tinysoundfont",
    "mido",
    "pretty_midi",
    "PIL",
    "rich",
}
HEAVY |= {"torch", "librosa", "starlette", "uvicorn", "rtmidi", "sounddevice", "sqlite3"}


def test_help_imports_nothing_heavy() -> None:
    code = "import sys\nfrom bridge.cli.program import run\nrun(['--help'])\nprint('|', *sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    imported = {name.split(".")[0] for name in out.rpartition("|")[2].split()}
    assert "click" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(program: Callable[..., object], command: str) -> None:
    said = program(command, "--help")
    assert said.code == 0
    assert "Usage: hummingbridge" in said.out


def test_without_a_command_the_help_is_shown(program: Callable[..., object]) -> None:
    said = program()
    assert said.code == 0
    assert all(command in said.out for command in COMMANDS)


def test_an_unknown_command_is_a_misuse_that_names_the_nearest(program: Callable[..., object]) -> None:
    said = program("hmm")
    assert said.code == 2
    assert said.err.startswith("error: command 'hmm' is unknown\n  try: did you mean 'hum'?")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hum",), "Missing argument"),
        (("hum", "x.wav", "--key", "H minor"), "--key: key 'H minor' is not one"),
        (("hum", "x.wav", "--tempo", "fast"), "--tempo: 'fast' is not a tempo"),
        (("hum", "x.wav", "--tempo", "2000"), "--tempo: tempo 2000 BPM is outside 10..960"),
        (("hum", "x.wav", "--grid", "1/7"), "--grid: grid '1/7' is not one"),
        (("vary", "x.mid", "--closeness", "1.5"), "--closeness"),
        (("vary", "x.mid", "--lock", "0"), "--lock: '0' is not a list of bars"),
        (("vary", "x.mid", "--range", "C5-C3"), "--range: range 'C5-C3' goes down"),
        (("hum", "x.wav", "-o", "x.wav"), "x.wav cannot be written: a MIDI file is what comes out"),
        (("hum", "x.wav", "--plot", "x.jpg"), "x.jpg cannot be written: a PNG picture is what comes out"),
        (("hum", "x.wav", "--json", "x.wav"), "x.wav cannot be written: JSON is what comes out"),
        (("render", "x.mid", "-o", "x.mp3"), "x.mp3 cannot be written: a WAV file is what comes out"),
        (("takes", "list", "--kind", "song"), "--kind"),
        (("vary", "x.mid", "--keep", "mood"), "--keep"),
        (("fx", "x.wav"), "Missing option '--chain'"),
        (("fx", "x.wav", "--chain", "lofi", "--set", "mix"), "--set: 'mix' is not a setting"),
        (("takes", "sing"), "No such command 'sing'"),
    ],
)
def test_what_is_asked_for_wrongly_ends_with_two_and_a_remedy(
    program: Callable[..., object], arguments: tuple[str, ...], message: str
) -> None:
    said = program(*arguments)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert message in said.err
    assert "\n  try: " in said.err


def test_an_error_is_json_where_json_was_asked_for(program: Callable[..., object]) -> None:
    said = program("takes", "show", "nothing", "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "unknown-name"
    assert said.json["error"]["hint"]


def test_a_fault_of_ours_is_a_sentence_and_a_file_for_a_report() -> None:
    code = "from bridge.cli.program import run\nimport sys\nrun(['--help'])\nraise RuntimeError('a fault')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "error: something unexpected went wrong: a fault" in ended.stderr
    assert "Traceback" not in ended.stderr
