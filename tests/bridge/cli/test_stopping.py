"""Ctrl-C ends the program at once and with a sentence, also where Python or a library would swallow it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.generate import check
from assistant.library import Library

# A shell that runs the tests in the background has them ignore Ctrl-C.
INTERRUPT = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)
"""


def test_while_the_program_is_being_loaded() -> None:
    said = run(
        """
import sys
class Loading:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            interrupt()
sys.meta_path.insert(0, Loading())
from bridge.cli import main
main(["takes"])
"""
    )
    assert (said.returncode, said.stderr) == (1, "error: stopped\n  try: the same again, when you like\n")


def test_while_a_c_library_calls_back_into_python(voice: Path) -> None:
    said = run(
        f"""
import io, time, soundfile
from bridge.cli import main, program
class Interrupted(io.BytesIO):
    def readinto(self, into):
        interrupt()
        return super().readinto(into)
@program.program.command("listen")
def listen():
    try:
        soundfile.SoundFile(Interrupted(open({str(voice)!r}, "rb").read()))
    except soundfile.SoundFileError:
        while True:
            time.sleep(0.01)
program.COMMANDS["listen"] = ""
program._MODULES["listen"] = "__main__:listen"
main(["listen"])
"""
    )
    assert (said.returncode, said.stderr.lstrip()) == (1, STOPPED)


def test_while_an_extension_module_is_being_loaded() -> None:
    said = run(
        """
from bridge.cli import main, program
@program.program.command("load")
def load():
    raise ImportError("initialization failed") from KeyboardInterrupt()
program.COMMANDS["load"] = ""
program._MODULES["load"] = "__main__:load"
main(["load"])
"""
    )
    assert (said.returncode, said.stderr.lstrip()) == (1, STOPPED)


STOPPED = "error: stopped\n  try: what was finished before is kept: hummingbridge takes\n"


@pytest.mark.skipif(not check().ready, reason=check().reason)
def test_while_music_is_generated_leaving_no_half_take(tmp_path: Path) -> None:
    library, out = tmp_path / "library", tmp_path / "drone.wav"
    said = run(
        f"""
from assistant.generate.musicgen import MusicGen
whole = MusicGen.sound
MusicGen.sound = lambda self, request, seconds, _: whole(self, request, seconds, lambda share: interrupt())
from bridge.cli import main
main(["generate", "drone", "--model", "debug", "--seconds", "120", "-o", {str(out)!r}, "--library", {str(library)!r}])
"""
    )
    assert (said.returncode, said.stderr.lstrip()) == (1, STOPPED)
    assert not out.exists()
    with Library(library) as kept:
        assert kept.list() == ()


def test_while_a_timbre_is_played_leaving_no_half_file(voice: Path, tmp_path: Path) -> None:
    out = tmp_path / "cello.wav"
    said = run(
        f"""
from assistant.timbre.synthesis import Stream
whole = Stream.finish
Stream.finish = lambda self: (interrupt(), whole(self))[1]
from bridge.cli import main
main(["timbre", "transfer", {str(voice)!r}, "--to", "cello", "-o", {str(out)!r}, "--library", {str(tmp_path / "l")!r}])
"""
    )
    assert (said.returncode, said.stderr.lstrip()) == (1, STOPPED)
    assert not out.exists()
    with Library(tmp_path / "l") as kept:
        assert [take.kind for take in kept.list()] == ["recording"]


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", INTERRUPT + code], capture_output=True, text=True, check=False)
