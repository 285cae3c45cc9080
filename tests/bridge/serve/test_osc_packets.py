"""OSC on the wire, against python-osc's own reading and random bytes."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage

from bridge.osc.client import message
from bridge.osc.packets import LARGEST_BYTES, Request, Unslip, change, failure, reply, requests, slip
from midi.errors import InvalidNote


def test_the_first_argument_is_the_id_of_the_request() -> None:
    assert requests(message("/variation/select", "a7", 3)) == [Request("/variation/select", "a7", (3,))]


def test_a_button_sends_a_value_and_no_id() -> None:
    assert requests(message("/vary/closeness", 0.5)) == [Request("/vary/closeness", "", (0.5,))]


def test_an_address_is_a_command() -> None:
    assert requests(message("/variation/next"))[0].command == "variation/next"


@given(st.binary(max_size=400))
def test_random_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        requests(data)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255))
def test_a_mutated_message_is_read_or_refused_and_nothing_else(tail: bytes, place: int, byte: int) -> None:
    packet = bytearray(message("/variation/select", "an id", 3, 0.5) + tail)
    packet[place % len(packet)] = byte
    with contextlib.suppress(ValueError):
        requests(bytes(packet))


@given(st.lists(st.text(max_size=300), max_size=200))
def test_a_long_answer_comes_in_parts_that_fit_and_add_up(names: list[str]) -> None:
    answer = {"takes": names}
    packets = list(reply("id", answer))
    assert all(len(packet) <= LARGEST_BYTES for packet in packets)
    parts = [OscMessage(packet) for packet in packets]
    if len(parts) == 1:
        assert json.loads(parts[0].params[1]) == answer
    else:
        assert [part.params[1] for part in parts[:-1]] == list(range(1, len(parts)))
        assert json.loads("".join(part.params[3] for part in parts[:-1])) == answer
    assert parts[-1].address == "/reply"
    assert parts[-1].params[0] == "id"


def test_an_error_carries_id_code_message_and_hint() -> None:
    said = OscMessage(failure("7", InvalidNote("pitch 130 is outside 0..127", hint="transpose the clip down")))
    assert (said.address, said.params) == (
        "/error",
        ["7", "invalid-note", "pitch 130 is outside 0..127", "transpose the clip down"],
    )


def test_a_change_is_a_plain_value_under_its_name() -> None:
    (packet,) = change("selected", 3)
    assert (OscMessage(packet).address, OscMessage(packet).params) == ("/changed/selected", [3])


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.integers(1, 7))
def test_slip_gives_back_what_went_in_however_the_stream_is_cut(packets: list[bytes], cut: int) -> None:
    stream = b"".join(slip(packet) for packet in packets)
    frames = Unslip()
    out = [packet for start in range(0, len(stream), cut) for packet in frames.feed(stream[start : start + cut])]
    assert out == packets


def test_a_frame_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        list(Unslip().feed(b"x" * 300_000))
