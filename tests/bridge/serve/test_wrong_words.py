"""Whatever is said wrongly is told to the one who said it, with what helps; nothing is left for the background."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.commands import COMMANDS
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import motif_score, smf_bytes

WRONG = [
    ("vary/make", {"key": "Q minor"}, "key 'Q minor' is not one"),
    ("vary/make", {"range": "C5-C3"}, "range 'C5-C3' goes down"),
    ("vary/make", {"technique": "invertion"}, "technique 'invertion' is unknown"),
    ("vary/make", {"model": "mine"}, "model of variations 'mine' is unknown"),
    ("vary/make", {"seed": 1e300}, "outside 0..2.14748e+09"),
    ("vary/anew", {"what": "fill"}, "no bar is named"),
    ("render/make", {"instrument": "organn:x"}, "engine 'organn' is unknown"),
    ("motif/set", {"source": "\ud800"}, "source '\\ud800' is not a text"),
    ("job/cancel", {"job": 0}, "job 0 is below 1"),
]


@pytest.fixture(scope="module")
def minded(program: Any) -> Any:
    """The program with a motif."""
    notes = tuple(Note(float(beat), pitch, 1.0) for beat, pitch in enumerate((60, 64, 67, 72)))
    path = program.folder / "idea.mid"
    path.write_bytes(smf_bytes(motif_score(Motif(Clip(notes)), name="idea")))
    take = program.do("motif/set", source=str(path))["take"]
    program.do("vary/make", count=3)
    program.wait_for(lambda session: len(session["variations"]) == 3)
    return program, take


@pytest.mark.parametrize(("name", "given", "message"), WRONG)
def test_what_is_said_wrongly_is_an_error_now(minded: Any, name: str, given: dict[str, Any], message: str) -> None:
    program, _ = minded
    before = program.do("session/get")
    status, answer = program.request("POST", f"/api/{name}", json.dumps(given).encode())
    assert 400 <= status < 500
    assert message in answer["error"]["message"]
    assert answer["error"]["code"] != "fault"
    assert answer["error"]["hint"]
    after = program.do("session/get")
    assert (after["jobs"], after["seed"]) == (before["jobs"], before["seed"])


def test_a_file_to_import_is_not_taken_in_with_a_key_that_is_none(minded: Any) -> None:
    program, _ = minded
    takes = program.do("take/list")["takes"]
    for given in ({"key": "Q minor"}, {"grid": "1/7"}):
        body = json.dumps({"path": str(program.folder / "idea.mid"), **given}).encode()
        status, answer = program.request("POST", "/api/hum/import", body)
        assert status == 400
        assert "is not one" in answer["error"]["message"]
    assert program.do("take/list")["takes"] == takes


def test_a_job_that_fails_says_what_helps(minded: Any) -> None:
    program, take = minded
    job = program.do("effects/apply", take=take, chain="warm-hall")["job"]
    session = program.wait_for(lambda session: session["jobs"][-1]["state"] == "failed")
    assert session["jobs"][-1]["job"] == job
    assert session["jobs"][-1]["error"]
    assert session["jobs"][-1]["hint"]


def test_variations_that_are_being_made_are_no_reason_to_make_some(fresh: Any) -> None:
    fresh.arguments = ("--midi-out", "none", "--midi-in", "none")
    fresh.start()
    path = fresh.folder / "idea.mid"
    path.write_bytes(smf_bytes(motif_score(Motif(Clip((Note(0.0, 60, 1.0),))), name="idea")))
    hints = []
    for made in (False, True):
        fresh.do("motif/set", source=str(path))
        if made:
            fresh.do("vary/make")
        _, answer = fresh.request("POST", "/api/variation/keep", b'{"number": 3}')
        hints.append(answer["error"]["hint"])
    assert hints == ["make some first: vary/make", "they are being made: try again in a moment"]


ODD = [None, True, -1, 10**30, 1e300, "", "..", "/etc/passwd", [], ["a"], {}, "a" * 5000, "\0", "\ud800", "♪", "'", "*"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("hum/record", "hum/toggle")])
def test_no_word_whatever_is_a_fault_of_ours(minded: Any, name: str) -> None:
    program, _ = minded
    kinds = {"text": "x", "number": 1, "whole number": 1, "yes or no": True, "list of whole numbers": [1]}
    needed = {asked.name: kinds[asked.kind] for asked in COMMANDS[name].asked if asked.required}
    for asked in COMMANDS[name].asked:
        for odd in ODD:
            body = json.dumps({**needed, asked.name: odd}).encode()
            _, answer = program.request("POST", f"/api/{name}", body)
            if "error" in answer:
                assert answer["error"]["code"] != "fault", (body, answer)
                assert answer["error"]["hint"]
