"""The running program over OSC, HTTP and websocket, and how firm it stands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import fields
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage

from assistant.presets import shipped
from bridge.commands import COMMANDS
from bridge.osc.client import message
from bridge.osc.packets import Unslip, slip
from bridge.session import Session

HUM = shipped("demo/hum.flac")


ANOTHER_NAME = "127.0.0.2"
"""A number at which this machine is reached that is not among the program's names."""


class Peer:
    """An OSC client with a socket of its own."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.connect(("127.0.0.1", port))

    def send(self, *values: Any) -> None:
        self.socket.send(message(*values))

    def answer(self) -> OscMessage:
        return OscMessage(self.socket.recv(65536))

    def ask(self, *values: Any) -> OscMessage:
        self.send(*values)
        return self.answer()

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def peer(program: Any) -> Any:
    made = Peer(program.osc_port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def hummed(program: Any) -> Any:
    """The program with the shipped hum as its motif, and ten variations."""
    shutil.copy(HUM, program.folder / "hum.flac")
    program.do("hum/import", path=str(program.folder / "hum.flac"))
    program.wait_for(lambda session: len(session["variations"]) == 10)
    return program


def test_a_hum_becomes_the_motif_and_ten_variations(hummed: Any) -> None:
    session = hummed.do("session/get")
    assert session["selected"] == 1
    nearness = [one["closeness"] for one in session["variations"]]
    assert nearness == sorted(nearness, reverse=True)
    assert hummed.do("motif/get")["key"] == "D minor"


def test_variations_are_browsed_round_and_round(hummed: Any) -> None:
    assert hummed.do("variation/select", number=10)["number"] == 10
    assert hummed.do("variation/next")["number"] == 1
    assert hummed.do("variation/previous")["number"] == 10


def test_a_variation_is_kept_and_the_step_undone(hummed: Any) -> None:
    assert hummed.do("variation/keep", number=2)["mark"] == "kept"
    assert hummed.do("variation/undo")["undone"].startswith("kept")
    assert hummed.do("variation/list")["variations"][1]["mark"] == ""


def test_a_take_is_rendered_and_sent_at_a_bar(hummed: Any) -> None:
    hummed.do("sound/set", instrument="flute", chain="dry-room")
    sent = hummed.do("take/send", to="folder", at_bar=3)
    assert {(one["kind"], one["at_bar"]) for one in sent["placements"]} == {("audio", 3), ("notes", 3)}


def test_a_chain_from_a_named_folder_is_used_and_none_takes_it_away(hummed: Any) -> None:
    file = hummed.folder / "mine.toml"
    file.write_text('[[stage]]\nkind = "reverb"\n')
    assert hummed.do("sound/set", chain=str(file))["chain"] == str(file.resolve())
    job = hummed.do("render/make", take=hummed.do("motif/get")["take"])["job"]
    hummed.wait_for(lambda session: session["jobs"][job - 1]["state"] == "done")
    newest = hummed.do("take/list", limit=1)["takes"][0]
    assert newest["facts"]["chain"] == "mine"
    outside = hummed.folder.parent / "outside.toml"
    outside.write_bytes(file.read_bytes())
    for name, given in {"effects/apply": {"take": newest["id"]}, "timbre/transfer": {"to": "cello"}}.items():
        status, answer = hummed.request("POST", f"/api/{name}", json.dumps({**given, "chain": str(outside)}).encode())
        assert (status, answer["error"]["code"]) == (403, "path-not-allowed")
    assert hummed.do("sound/set", chain="none")["chain"] == ""


def test_files_are_sent_beside_the_daw_of_the_session(hummed: Any) -> None:
    before = hummed.do("session/get")["daw"]
    hummed.do("take/send", to="dawproject", at_bar=2)
    assert hummed.do("session/get")["daw"] == before


def test_settings_hold_for_what_is_made_next(hummed: Any) -> None:
    hummed.do("vary/lock", bars=[1])
    hummed.do("vary/keep", keep="rhythm")
    before = hummed.do("session/get")["variations"]
    hummed.do("vary/make", count=4)
    session = hummed.wait_for(lambda session: session["variations"] != before)
    assert len(session["variations"]) == 4
    hummed.do("vary/lock", bars=[])
    hummed.do("vary/keep")


def test_variations_are_worked_on_together_and_join_the_list(hummed: Any) -> None:
    bars = hummed.do("motif/get")["bars"]
    before = len(hummed.do("session/get")["variations"])
    hummed.do("vary/splice", number=1, source=2, bars=[1])
    hummed.wait_for(lambda session: len(session["variations"]) == before + 1, seconds=120)
    made = hummed.do("variation/list")["variations"][-1]
    assert made["technique"] == "splice"
    assert made["sentence"].startswith("bar 1 from ")
    hummed.do("vary/develop", number=1, form="period")
    hummed.wait_for(lambda session: len(session["variations"]) == before + 2, seconds=120)
    take = hummed.do("variation/list")["variations"][-1]["take"]
    assert hummed.do("take/show", take=take)["facts"]["bars"] == 4 * bars
    hummed.do("variation/undo")
    assert len(hummed.do("variation/list")["variations"]) == before + 1


def test_every_request_over_osc_is_answered_to_the_one_who_asked(peer: Peer) -> None:
    said = peer.ask("/take/list", "a1")
    assert (said.address, said.params[0]) == ("/reply", "a1")
    assert "takes" in json.loads(said.params[1])


@pytest.mark.parametrize(
    ("request_values", "code"),
    [
        (("/no/such", "b1"), "unknown-name"),
        (("/variation/select", "b2", "three"), "invalid-argument"),
        (("/variation/select", "b3", 1, 2), "invalid-argument"),
        (("/take/show", "b4", "nothing like it"), "unknown-name"),
        (("/hum/import", "b5", "/etc/passwd"), "path-not-allowed"),
        (("/motif/set", "b6", "../../../etc/passwd"), "path-not-allowed"),
        (("/sound/set", "b8", "", "/etc/chain.toml"), "path-not-allowed"),
        (("/sound/set", "b9", "vst3:/etc/plugin.vst3"), "path-not-allowed"),
        (("/generate/make", "b10", "a flute", "", "", 4.0, 1, "/etc"), "path-not-allowed"),
        (("/variation/audition", "b7"), "missing-part"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_id_code_message_and_hint(
    peer: Peer, request_values: tuple[Any, ...], code: str
) -> None:
    said = peer.ask(*request_values)
    assert said.address == "/error"
    assert said.params[:2] == [request_values[1], code]
    assert said.params[2]
    assert said.params[3]


def test_numbers_that_arrive_as_floats_are_numbers(hummed: Any, peer: Peer) -> None:
    said = peer.ask("/variation/select", "c1", 2.0)
    assert json.loads(said.params[1])["number"] == 2


def test_subscribers_are_sent_what_changes(hummed: Any, peer: Peer) -> None:
    assert peer.ask("/session/subscribe", "d1").address.startswith("/reply")
    while peer.socket.getblocking():
        peer.socket.settimeout(0.3)
        try:
            peer.answer()
        except TimeoutError:
            break
    peer.socket.settimeout(5)
    hummed.do("vary/closeness", closeness=0.625)
    said = peer.answer()
    assert (said.address, said.params) == ("/changed/closeness", [0.625])


def test_osc_over_tcp_in_slip_frames_is_the_same(program: Any) -> None:
    with socket.create_connection(("127.0.0.1", program.osc_port), timeout=5) as stream:
        stream.sendall(slip(message("/job/list", "t1")) + slip(message("/nothing", "t2")))
        frames, answers = Unslip(), []
        while len(answers) < 2:
            answers += [OscMessage(packet) for packet in frames.feed(stream.recv(65536))]
    assert {(answer.address, answer.params[0]) for answer in answers} == {("/reply", "t1"), ("/error", "t2")}


def test_oscsend_is_understood(program: Any) -> None:
    if not shutil.which("oscsend"):
        pytest.skip("oscsend (liblo-tools) is not installed")
    program.do("vary/density", density=1)
    subprocess.run(["oscsend", "127.0.0.1", str(program.osc_port), "/vary/density", "sf", "x", "2.5"], check=True)
    program.wait_for(lambda session: session["density"] == 2.5)
    program.do("vary/density", density=None)


def test_http_names_every_command_and_its_schema(program: Any) -> None:
    _, listed = program.request("GET", "/api")
    _, document = program.request("GET", "/openapi.json")
    assert set(listed) == set(COMMANDS)
    assert {path.removeprefix("/api/") for path in document["paths"]} == set(COMMANDS)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[1]", 400), (b'{"count": "many"}', 400), (b'{"colour": 1}', 400), (b"[" * 100_000, 400)],
)
def test_a_bad_body_is_an_error_in_json(program: Any, body: bytes, status: int) -> None:
    got, answer = program.request("POST", "/api/vary/make", body)
    assert got == status
    assert answer["error"]["code"] == "invalid-argument"
    assert answer["error"]["hint"]


def test_a_page_that_is_not_there_is_an_error_in_json(program: Any) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/api/vary/make", 405)):
        got, answer = program.request(method, path)
        assert (got, answer["error"]["code"]) == (status, "unknown-name")


def test_the_document_allows_nothing_where_nothing_is_an_answer(program: Any) -> None:
    _, document = program.request("GET", "/openapi.json")

    def properties(name: str) -> Any:
        body = document["paths"][f"/api/{name}"]["post"]["requestBody"]
        return body["content"]["application/json"]["schema"]["properties"]

    assert {"type": "null"} in properties("vary/closeness")["closeness"]["anyOf"]
    assert properties("vary/lock")["bars"]["items"] == {"type": "integer", "minimum": 1, "maximum": 999}
    program.do("vary/closeness", closeness=None)


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "[::1"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_other_hosts_and_pages_are_refused(program: Any, headers: dict[str, str]) -> None:
    status, answer = program.request("POST", "/api/session/get", **headers)
    assert status == 403
    assert answer["error"]["code"] == "not-authorised"


def test_a_websocket_is_told_of_changes_and_refused_to_other_pages(program: Any) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = f"ws://127.0.0.1:{program.http_port}/changes"
    with connect(address, origin=f"http://127.0.0.1:{program.http_port}") as listener:
        time.sleep(0.2)
        program.do("vary/closeness", closeness=0.375)
        assert json.loads(listener.recv(timeout=5)) == {"changed": "closeness", "value": 0.375}
    with pytest.raises(InvalidStatus), connect(address, origin="https://evil.example"):
        pass


def test_a_second_one_is_told_that_one_is_running(program: Any) -> None:
    command = [sys.executable, "-m", "bridge.cli", "serve", "--library", str(program.library)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "is running already" in ended.stderr
    assert str(program.osc_port) in ended.stderr


def test_do_speaks_to_the_running_program(program: Any) -> None:
    command = [sys.executable, "-m", "bridge.cli", "do", "job/list", "--library", str(program.library), "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "jobs" in json.loads(ended.stdout)


def test_a_burst_of_requests_loses_none(program: Any) -> None:
    burst = Peer(program.osc_port)
    burst.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
    wanted, answered = 4000, set()
    for number in range(wanted):
        burst.send("/job/cancel", f"{number}", 99999)
        if number % 50 == 0:
            time.sleep(0.01)
    burst.socket.settimeout(3)
    while len(answered) < wanted:
        answered.add(burst.answer().params[0])
    burst.close()


def test_rubbish_on_every_way_in_does_no_harm(program: Any) -> None:
    import random

    draw = random.Random(5)
    base = message("/variation/select", "id", 3, 0.5)
    rubbish = Peer(program.osc_port)
    for _ in range(3000):
        packet = bytearray(base)
        for _ in range(draw.randrange(1, 6)):
            packet[draw.randrange(len(packet))] = draw.randrange(256)
        rubbish.socket.send(bytes(packet) if draw.random() < 0.7 else draw.randbytes(draw.randrange(1, 300)))
        if draw.random() < 0.02:
            time.sleep(0.005)
    rubbish.close()
    for _ in range(50):
        for port in (program.http_port, program.osc_port):
            with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
                stream.sendall(draw.randbytes(200))
    assert "jobs" in program.do("job/list")


def test_a_worker_that_is_killed_is_replaced_and_its_job_done(hummed: Any) -> None:
    before = hummed.do("session/get")
    os.kill(before["workers"]["ideas"], signal.SIGKILL)
    hummed.do("vary/make", count=3)
    after = hummed.wait_for(lambda session: len(session["variations"]) == 3)
    assert after["workers"]["ideas"] != before["workers"]["ideas"]


def test_a_job_can_be_cancelled(hummed: Any) -> None:
    job = hummed.do("render/make", instrument="cello", chain="cathedral")["job"]
    assert hummed.do("job/cancel", job=job)["state"] == "cancelled"
    assert hummed.do("render/make", instrument="cello")["job"] > job


def test_killed_at_any_moment_it_comes_back_as_it_was(fresh: Any) -> None:
    fresh.start()
    shutil.copy(HUM, fresh.folder / "hum.flac")
    fresh.do("hum/import", path=str(fresh.folder / "hum.flac"))
    fresh.wait_for(lambda session: len(session["variations"]) == 10)
    fresh.do("variation/select", number=4)
    fresh.do("vary/lock", bars=[2])
    fresh.do("variation/keep")
    before = fresh.do("session/get")
    fresh.kill()
    fresh.start()
    after = fresh.do("session/get")
    kept = {field.name for field in fields(Session)} - {"playing", "recording"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert fresh.stop() == 0


def test_beyond_this_machine_a_token_is_asked_for(fresh: Any) -> None:
    fresh.arguments = ("--listen", "0.0.0.0", "--token", "let me in")
    fresh.start()
    status, _ = fresh.request("POST", "/api/session/get")
    assert status == 401
    status, _ = fresh.request("POST", "/api/session/get", Authorization="Bearer let me in")
    assert status == 200
    # As another machine asks: by the number at which it is reached, and by no other.
    status, _ = fresh.request("POST", "/api/session/get", at=ANOTHER_NAME, Authorization="Bearer let me in")
    assert status == 200
    status, _ = fresh.request("POST", "/api/session/get", Authorization="Bearer let me in", Host=ANOTHER_NAME)
    assert status == 403
    stranger = Peer(fresh.osc_port)
    assert stranger.ask("/session/get", "1").params[1] == "not-authorised"
    assert stranger.ask("/session/authorise", "2", "wrong").params[1] == "not-authorised"
    assert stranger.ask("/session/authorise", "3", "let me in").address == "/reply"
    assert stranger.ask("/job/list", "4").address == "/reply"
    stranger.close()


def test_what_is_kept_has_a_say_in_the_next_ten_until_it_is_forgotten(hummed: Any) -> None:
    hummed.do("variation/keep", number=1)
    before = hummed.do("session/get")["variations"]
    hummed.do("vary/make", seed=3, count=2)
    hummed.wait_for(lambda session: session["variations"] not in ([], before))
    assert hummed.do("variation/list")["choices"] == "chosen with what you kept (1) and discarded (0) in mind"
    assert hummed.do("vary/forget") == {"forgotten": 1}


def test_undo_and_redo_change_what_is_on_the_table(hummed: Any) -> None:
    before = hummed.do("session/get")
    hummed.do("vary/more", number=1)
    after = hummed.wait_for(lambda session: len(session["variations"]) == 10 and session["motif"] != before["motif"])
    hummed.do("variation/undo")
    undone = hummed.do("session/get")
    assert (undone["motif"], undone["variations"]) == (before["motif"], before["variations"])
    hummed.do("variation/redo")
    again = hummed.do("session/get")
    assert (again["motif"], again["variations"]) == (after["motif"], after["variations"])
    hummed.do("variation/undo")


def test_the_motif_is_gone_on_with_in_the_running_program(hummed: Any) -> None:
    bars, before = hummed.do("motif/get")["bars"], hummed.do("session/get")["variations"]
    hummed.do("vary/anew", what="go-on", length=2, count=2, seed=5)
    session = hummed.wait_for(lambda session: session["variations"] not in ([], before))
    assert {hummed.do("take/show", take=one["take"])["facts"]["bars"] for one in session["variations"]} == {bars + 2}
