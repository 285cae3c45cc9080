"""Notes go into a stand-in for Live and out of it, whatever the network loses; nothing in the set is overwritten."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.daw.ableton_osc import LARGEST_BYTES, chunked
from bridge.daw.live import AbletonLive
from bridge.daw.port import DawRefused, DawUnreachable, Parcel
from bridge.osc.client import message
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Meter, Tempo
from tests.fakes.ableton_osc import Clip as LiveClip
from tests.fakes.ableton_osc import FakeLive
from tests.fakes.ableton_osc import Track as LiveTrack


@pytest.fixture
def fake() -> Iterator[FakeLive]:
    made = FakeLive()
    yield made
    made.close()


@pytest.fixture
def live(fake: FakeLive) -> AbletonLive:
    return AbletonLive(fake.port, fake.answer_port, answer_seconds=0.5)


def tune(*pitches: int, length: float = 1.0) -> Motif:
    return Motif(Clip(tuple(Note(n * length, pitch, length, 70 + n % 50) for n, pitch in enumerate(pitches))))


def parcel(motif: Motif, track: str = "Keys", name: str = "idea") -> Parcel:
    return replace(Parcel.of(name, motif, at_bar=3), track=track, id="")


def notes(clip: LiveClip | None) -> list[tuple[int, float, float, float]]:
    assert clip is not None
    return [(pitch, start, length, velocity) for pitch, start, length, velocity, _ in clip.notes]


def test_notes_become_a_clip_in_the_first_free_slot(live: AbletonLive, fake: FakeLive):
    mine = LiveClip(4.0, "mine", notes=[(40, 0.0, 1.0, 100, False)])
    fake.tracks[0].slots[0] = mine
    placed = live.insert_notes(parcel(tune(60, 64, 127)))
    assert (placed.track, placed.at_bar, placed.start_beats) == ("Keys", 3, 8.0)
    assert placed.remark.startswith("a clip of the session view, in slot 2")
    clips = fake.clips("Keys")
    assert clips[0] == LiveClip(4.0, "mine", notes=[(40, 0.0, 1.0, 100, False)])
    assert notes(clips[1]) == [(60, 0.0, 1.0, 70), (64, 1.0, 1.0, 71), (127, 2.0, 1.0, 72)]
    assert clips[1] is not None
    assert (clips[1].length, clips[1].name) == (4.0, placed.region)


def test_where_all_slots_are_taken_a_scene_is_added(live: AbletonLive, fake: FakeLive):
    fake.tracks[0].slots = [LiveClip(4.0, "a"), LiveClip(4.0, "b")]
    assert "slot 3" in live.insert_notes(parcel(tune(60))).remark
    assert (fake.scenes, [len(track.slots) for track in fake.tracks]) == (3, [3, 3])


def test_a_track_of_audio_with_that_name_is_left_alone(live: AbletonLive, fake: FakeLive):
    live.insert_notes(parcel(tune(60), track="Vox"))
    assert [(track.name, track.midi) for track in fake.tracks] == [("Keys", True), ("Vox", False), ("Vox", True)]
    assert fake.tracks[1].slots == [None, None]


def test_a_slot_that_is_filled_in_the_meantime_is_passed_over(live: AbletonLive, fake: FakeLive):
    def recorded_meanwhile(address: str, values: tuple[Any, ...]) -> bool:
        if address == "/live/clip_slot/create_clip" and fake.tracks[0].slots[0] is None:
            fake.tracks[0].slots[0] = LiveClip(8.0, "take 1", notes=[(50, 0.5, 1.0, 90, False)])
        return False

    fake.lost = recorded_meanwhile
    assert "slot 2" in live.insert_notes(parcel(tune(60))).remark
    assert notes(fake.tracks[0].slots[0]) == [(50, 0.5, 1.0, 90)]


def test_a_thousand_notes_go_in_pieces_and_come_back(live: AbletonLive, fake: FakeLive):
    motif = tune(*(30 + n % 90 for n in range(1_000)), length=0.25)
    live.insert_notes(parcel(motif))
    assert 8_000 < fake.longest_bytes <= LARGEST_BYTES
    fake.selected = (0, 0)
    assert live.read_selection().tracks[0].clip.notes == motif.clip.notes


def test_a_dense_clip_whose_answer_is_too_long_is_asked_for_in_halves(live: AbletonLive, fake: FakeLive):
    dense = [(pitch, step / 8, 0.125, 100, False) for step in range(32) for pitch in range(40, 60)]
    fake.tracks[0].slots[0] = LiveClip(4.0, "cluster", notes=dense)
    assert len(live.read_selection().tracks[0].clip) == 640


class Losing:
    """Loses the first datagram of each of the addresses, as often as asked."""

    def __init__(self, *addresses: str, times: int = 1) -> None:
        self.left = dict.fromkeys(addresses, times)

    def __call__(self, address: str, values: tuple[Any, ...]) -> bool:
        if self.left.get(address, 0) == 0:
            return False
        self.left[address] -= 1
        return True


@pytest.mark.parametrize(
    "address",
    [
        "/live/song/get/track_names",
        "answer /live/song/get/track_names",
        "/live/clip_slot/create_clip",
        "answer /live/clip_slot/get/has_clip",
        "/live/clip/set/name",
        "/live/clip/add/notes",
        "answer /live/clip/get/notes",
    ],
)
def test_one_datagram_that_is_lost_is_made_up_for(live: AbletonLive, fake: FakeLive, address: str):
    fake.lost = Losing(address)
    placed = live.insert_notes(parcel(tune(60, 64)))
    (clip,) = [clip for clip in fake.clips("Keys") if clip]
    assert sorted(notes(clip)) == [(60, 0.0, 1.0, 70), (64, 1.0, 1.0, 71)]
    assert clip.name == placed.region


def test_notes_that_do_not_arrive_take_their_clip_with_them(live: AbletonLive, fake: FakeLive):
    fake.lost = Losing("/live/clip/add/notes", times=99)
    with pytest.raises(DawRefused, match="2 of 2 notes did not arrive") as caught:
        live.insert_notes(parcel(tune(60, 64)))
    assert caught.value.hint == "send it again"
    assert fake.clips("Keys") == [None, None]


def test_a_set_where_live_makes_no_clip_is_said(live: AbletonLive, fake: FakeLive):
    fake.lost = Losing("/live/clip_slot/create_clip", times=99)
    with pytest.raises(DawRefused, match="Live made no clip on Keys"):
        live.insert_notes(parcel(tune(60)))


def test_what_live_tells_as_an_error_is_passed_on(live: AbletonLive, fake: FakeLive):
    fake.selected = (9, 9)
    with pytest.raises(DawRefused, match="Live: IndexError") as caught:
        live.read_selection()
    assert caught.value.reason == "live-error"


def test_a_live_that_stands_still_is_unreachable(live: AbletonLive, fake: FakeLive):
    fake.paused.set()
    with pytest.raises(DawUnreachable, match="no answer from Live to /live/song/get/tempo") as caught:
        live.transport()
    assert "AbletonOSC as a control surface" in caught.value.hint


def test_the_transport_is_told_in_round_numbers(live: AbletonLive, fake: FakeLive):
    fake.song |= {"tempo": 92.1, "signature_numerator": 6, "signature_denominator": 8, "current_song_time": 9.0}
    transport = live.transport()
    assert (transport.tempo, transport.meter, transport.bar) == (Tempo(92.1), Meter(6, 8), 4)


def test_another_program_on_the_port_is_named(fake: FakeLive):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", fake.answer_port))
        live = AbletonLive(fake.port, fake.answer_port, port_seconds=0.1)
        with pytest.raises(DawUnreachable, match=f"port {fake.answer_port} is in use") as caught:
            live.transport()
    assert "other program" in caught.value.hint


def test_of_a_looped_clip_the_loop_is_read(live: AbletonLive, fake: FakeLive):
    told = [(60, 3.5, 1.0, 80, False), (62, 4.0, 1.0, 80, False), (64, 5.5, 9.0, 80, False), (65, 6.0, 1.0, 80, True)]
    fake.tracks[0].slots[1] = LiveClip(4.0, "riff", loop_start=4.0, notes=told)
    fake.selected = (0, 1)
    score = live.read_selection()
    assert (score.name, score.tempo) == ("Keys", Tempo(96))
    assert score.tracks[0].clip == Clip((Note(0, 62, 1, 80), Note(1.5, 64, 2.5, 80)), 4.0, "riff")


def test_of_a_clip_of_audio_it_says_what_to_do(live: AbletonLive, fake: FakeLive):
    fake.tracks[1].slots[0] = LiveClip(4.0, "vocals", midi=False)
    fake.selected = (1, 0)
    with pytest.raises(DawRefused, match="'vocals' holds audio") as caught:
        live.read_selection()
    assert caught.value.reason == "audio-selected"


def test_a_clip_that_was_moved_is_known_again(live: AbletonLive, fake: FakeLive):
    asked = parcel(tune(60))
    live.insert_notes(asked)
    clip, fake.tracks[0].slots[0] = fake.tracks[0].slots[0], None
    fake.tracks.append(LiveTrack("Elsewhere", True, [None, clip]))
    again = live.insert_notes(asked)
    assert (again.already_there, again.track) == (True, "Elsewhere")
    assert fake.clips("Keys") == [None, None]


def test_a_tempo_that_live_does_not_take_on_is_said(live: AbletonLive, fake: FakeLive):
    fake.lost = Losing("/live/song/set/tempo", times=9)
    with pytest.raises(DawRefused, match="Live keeps tempo at 96"):
        live.set_tempo(Tempo(120))


def test_reading_orders_nothing(live: AbletonLive, fake: FakeLive):
    fake.tracks[0].slots[0] = LiveClip(4.0, "mine", notes=[(40, 0.0, 1.0, 100, False)])
    live.check()
    live.transport()
    live.read_selection()
    assert fake.orders == []


def test_sound_goes_into_a_folder_that_is_named(live: AbletonLive, tmp_path: Path):
    import numpy as np

    from assistant.audio import Audio

    sound = Audio(np.full((2, 4_800), 0.5, np.float32), 48_000)
    delivery = live.deliver(replace(parcel(tune(60)), motif=None, audio=sound, id=""), tmp_path)
    assert delivery.advice == (
        f"in Live's browser, under Places: Add Folder, {tmp_path} (once; new files appear there by themselves); then "
        f"open {delivery.folder.name} and drag the file onto a track at bar 3 of the arrangement"
    )


@given(
    st.lists(st.tuples(*[st.integers(0, 127), *[st.floats(0, 4096, width=32)] * 2, st.integers(1, 127)]), max_size=900)
)
def test_pieces_hold_everything_in_order_and_fit(groups: list[tuple[int | float, ...]]):
    pieces = list(chunked("/live/clip/add/notes", (12, 345), groups))
    assert all(piece[:2] == (12, 345) for piece in pieces)
    assert [value for piece in pieces for value in piece[2:]] == [value for group in groups for value in group]
    assert all(len(message("/live/clip/add/notes", *piece)) <= LARGEST_BYTES for piece in pieces)
