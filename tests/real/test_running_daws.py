"""What every way into a running DAW keeps: a real Ardour, a REAPER that is a real Lua over a stand-in, a stand-in Live.

Where a DAW has not got a capability, the test of it is that it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.errors import UnreadableAudio
from bridge.daw.ardour import Ardour
from bridge.daw.live import AbletonLive
from bridge.daw.port import CannotDo, Capability, Daw, DawRefused, DawUnreachable, Parcel
from bridge.daw.reaper import Reaper
from bridge.daw.reaper_install import install
from bridge.daw.sending import send
from bridge.osc.client import OscPeer
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import Score
from midi.tempo import Meter, Tempo
from tests.fakes.ableton_osc import FakeLive
from tests.fakes.reaper_process import FakeReaper
from tests.fakes.waiting import eventually

RUNNING = ("ardour", "reaper", "live")
BAR = 120
"""Behind all that other tests put into the same session."""


@dataclass
class Peer:
    """A running DAW: the way in, what the composer's hand does there, and another way in as after a restart."""

    daw: Daw
    again: Callable[[], Daw]
    select: Callable[[str], None]
    select_nothing: Callable[[], None]


@pytest.fixture
def ardour(request: pytest.FixtureRequest) -> Iterator[Peer]:
    running = request.getfixturevalue("running")

    def made() -> Daw:
        return Ardour(running.config, osc_port=running.osc_port)

    with OscPeer(running.osc_port) as osc:

        def select(name: str) -> None:
            osc.send("/access_action", "Editor/select-all-objects")

        yield Peer(made(), made, select, lambda: osc.send("/access_action", "Main/Escape"))


@pytest.fixture
def reaper(tmp_path: Path) -> Iterator[Peer]:
    resource = tmp_path / "REAPER"
    resource.mkdir()
    install(resource)
    fake = FakeReaper(resource, tmp_path / "media")
    fake.do("project.tempo = 96")

    def select(name: str) -> None:
        fake.do(f"select ({name!r})")

    yield Peer(Reaper(resource), lambda: Reaper(resource), select, lambda: fake.do("select ('')"))
    fake.close()


@pytest.fixture
def live() -> Iterator[Peer]:
    fake = FakeLive()

    def select(name: str) -> None:
        fake.selected = next(
            (at, slot)
            for at, track in enumerate(fake.tracks)
            for slot, clip in enumerate(track.slots)
            if clip is not None and clip.name.startswith(name)
        )

    def select_nothing() -> None:
        fake.selected = (1, 1)

    def made() -> Daw:
        return AbletonLive(fake.port, fake.answer_port, answer_seconds=2.0)

    yield Peer(made(), made, select, select_nothing)
    fake.close()


@pytest.fixture(params=RUNNING)
def peer(request: pytest.FixtureRequest) -> Peer:
    found: Peer = request.getfixturevalue(request.param)
    return found


def tune(*pitches: int) -> Motif:
    notes = tuple(Note(float(beat), pitch, 1.0, 80 + beat) for beat, pitch in enumerate(pitches))
    return Motif(Clip(notes), meter=Meter(3, 4), tempo=Tempo(96))


def parcel(peer: Peer, what: str, *, at_bar: int = BAR, **more: Any) -> Parcel:
    """Notes for a track of the DAW's own that no other test uses."""
    made = Parcel.of(f"{what} {peer.daw.name}", tune(72, 71, 69), at_bar=at_bar)
    return replace(made, track=f"Contract {what}", id="", **more)


def sound(seconds: float = 0.5) -> Audio:
    return Audio(np.full((1, round(48_000 * seconds)), 0.25, np.float32), 48_000)


def eventually_read(peer: Peer, name: str) -> Score:
    """A DAW hears of its composer's click a little later than the click, and Ardour needs two."""

    def selected() -> bool:
        peer.select(name)
        return not isinstance(read(peer.daw), DawRefused)

    eventually(selected, seconds=20, what="something is selected")
    return peer.daw.read_selection()


def eventually_refused(peer: Peer) -> DawRefused:
    def refused() -> bool:
        peer.select_nothing()
        return isinstance(read(peer.daw), DawRefused)

    eventually(refused, seconds=20, what="nothing is selected")
    with pytest.raises(DawRefused) as caught:
        peer.daw.read_selection()
    return caught.value


def read(daw: Daw) -> Score | DawRefused:
    try:
        return daw.read_selection()
    except DawRefused as refused:
        return refused


def either(daw: Daw, capability: Capability, act: Callable[[], Any]) -> Any:
    """What comes of it; None where the DAW cannot do it, and says what to do instead."""
    if capability in daw.capabilities:
        return act()
    with pytest.raises(CannotDo, match=f"{daw.name} cannot") as refused:
        act()
    assert refused.value.hint
    return None


def test_it_is_ready_and_says_who_answers(peer: Peer):
    readiness = peer.daw.check()
    assert (readiness.ready, bool(readiness.reason)) == (True, True)
    assert peer.daw.seems_running()


def test_it_tells_tempo_and_metre_and_where_it_stands(peer: Peer):
    transport = peer.daw.transport()
    assert transport.tempo == Tempo(96)
    assert transport.meter in (Meter(4, 4), Meter(3, 4))
    assert transport.bar >= 1
    assert 0 <= transport.position_beats - transport.bar_line_beats < transport.meter.bar_beats
    assert not transport.playing


def test_notes_come_to_lie_at_their_bar(peer: Peer):
    placed = peer.daw.insert_notes(parcel(peer, "notes"))
    assert (placed.kind, placed.track, placed.at_bar) == ("notes", "Contract notes", BAR)
    assert placed.region.startswith(f"notes {peer.daw.name}")
    assert not placed.already_there


def test_sound_comes_to_lie_at_its_bar(peer: Peer):
    asked = parcel(peer, "sound", audio=sound())
    if placed := either(peer.daw, "insert_audio", lambda: peer.daw.insert_audio(asked)):
        assert (placed.kind, placed.track, placed.at_bar) == ("audio", "Contract sound", BAR)
        assert placed.path is not None
        assert placed.path.stat().st_size > 48_000


def test_the_same_id_is_inserted_once_even_after_a_restart(peer: Peer):
    asked = parcel(peer, "once")
    first = peer.daw.insert_notes(asked)
    assert peer.again().insert_notes(asked) == replace(first, already_there=True)
    assert peer.again().insert_notes(replace(asked, at_bar=BAR + 8)).already_there


def test_the_same_sound_is_inserted_once(peer: Peer):
    asked = parcel(peer, "once heard", audio=sound())
    if first := either(peer.daw, "insert_audio", lambda: peer.daw.insert_audio(asked)):
        assert peer.again().insert_audio(asked) == replace(first, already_there=True)


def test_the_same_id_from_two_at_once_is_inserted_once(peer: Peer):
    asked = parcel(peer, "twins")
    with ThreadPoolExecutor(2) as pool:
        placed = list(pool.map(lambda daw: daw.insert_notes(asked), (peer.again(), peer.again())))
    assert sorted(each.already_there for each in placed) == [False, True]


def test_the_sound_and_the_notes_of_one_parcel_are_two(peer: Peer):
    asked = parcel(peer, "both", audio=sound())
    peer.daw.insert_notes(replace(asked, track="Contract both notes"))
    if placed := either(peer.daw, "insert_audio", lambda: peer.daw.insert_audio(asked)):
        assert not placed.already_there


def test_nothing_that_is_there_is_touched(peer: Peer):
    places = {
        (placed.track, placed.at_bar, placed.remark)
        for placed in (peer.daw.insert_notes(parcel(peer, "beside", name=f"beside {n} {peer.daw.name}")) for n in "abc")
    }
    # Three of them at one bar, on one track's name: beside each other on tracks, or one below the other in slots.
    assert len(places) == 3


def test_a_name_of_any_kind_arrives(peer: Peer):
    for name in ('"quoted" \\ ü 夜 🎵', "a\nb\tc", "x" * 300):
        placed = peer.daw.insert_notes(parcel(peer, "names", name=name))
        letters = [letter for letter in name[:80] if letter.isalnum()]
        assert [letter for letter in placed.region if letter.isalnum()][: len(letters)] == letters


def test_what_went_in_comes_out_when_it_is_selected(peer: Peer):
    peer.daw.insert_notes(parcel(peer, "round trip", at_bar=1))
    score = eventually_read(peer, f"round trip {peer.daw.name}")
    assert score.tempo == Tempo(96)
    assert score.tracks[0].clip.notes == tune(72, 71, 69).notes


def test_with_nothing_selected_it_says_what_to_do(peer: Peer):
    refused = eventually_refused(peer)
    assert refused.reason == "nothing-selected"
    assert "click" in refused.hint


def test_a_take_is_sent_the_way_that_the_daw_takes_it(peer: Peer, tmp_path: Path):
    asked = parcel(peer, "sent", audio=sound())
    sent = send(peer.daw, asked, tmp_path / "files", at_bar=BAR + 4)
    assert {(placed.kind, placed.at_bar) for placed in sent.placements} >= {("notes", BAR + 4)}
    if sent.delivery is None:
        assert {placed.kind for placed in sent.placements} == {"audio", "notes"}
    else:
        assert [placed.kind for placed in sent.delivery.placements] == ["audio"]
        assert f"bar {BAR + 4}" in sent.delivery.advice
        assert str(tmp_path / "files") in sent.delivery.advice
    again = send(peer.again(), asked, tmp_path / "files", at_bar=BAR + 4)
    assert all(placed.already_there for placed in again.placements)
    assert again.delivery is None or again.delivery.already_there


def test_sound_that_goes_as_a_file_says_the_tempo_it_was_made_at(live: Peer, tmp_path: Path):
    made = Parcel.of("slow", replace(tune(60), tempo=Tempo(92)), sound())
    sent = send(live.daw, made, tmp_path)
    assert sent.delivery is not None
    assert sent.delivery.folder.name == "slow_92bpm_C_v01"


def test_a_parcel_without_notes_or_without_sound_is_refused_as_such(peer: Peer):
    with pytest.raises(DawRefused, match="has no notes"):
        peer.daw.insert_notes(parcel(peer, "silent", motif=None, audio=sound()))
    if "insert_audio" in peer.daw.capabilities:
        with pytest.raises(UnreadableAudio, match="has no audio"):
            peer.daw.insert_audio(parcel(peer, "mute"))


def test_it_goes_to_a_bar(peer: Peer):
    if "locate" in peer.daw.capabilities:
        peer.daw.locate(9)
        assert (peer.daw.transport().bar, peer.daw.transport().position_beats) == (9, 32.0)
    else:
        either(peer.daw, "locate", lambda: peer.daw.locate(9))


def test_it_takes_a_tempo(peer: Peer):
    if "set_tempo" in peer.daw.capabilities:
        peer.daw.set_tempo(Tempo(92.5))
        assert peer.daw.transport().tempo == Tempo(92.5)
    else:
        either(peer.daw, "set_tempo", lambda: peer.daw.set_tempo(Tempo(92.5)))


@pytest.mark.parametrize("name", RUNNING)
def test_one_that_is_not_there_is_unreachable_and_says_what_to_do(name: str, tmp_path: Path):
    (tmp_path / "REAPER").mkdir()
    install(tmp_path / "REAPER")
    absent: dict[str, Daw] = {
        "ardour": Ardour(tmp_path / "ardour7", pickup_seconds=0.1),
        "reaper": Reaper(tmp_path / "REAPER", pickup_seconds=0.1),
        "live": AbletonLive(1, 0, answer_seconds=0.05),
    }
    daw = absent[name]
    assert not daw.check().ready
    assert daw.check().remedy
    with pytest.raises(DawUnreachable) as unreachable:
        daw.transport()
    assert unreachable.value.hint
