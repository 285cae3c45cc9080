"""Music goes into a real Ardour 7, and the judges are what Ardour saves: its session file and its sound and MIDI files.

The session has 96 quarters a minute, 4/4 up to bar 4 and 3/4 from bar 5; so bar 7 is quarter 22, sample 660000.
"""

from __future__ import annotations

import contextlib
import re
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

import mido
import numpy as np
import pytest
import soundfile

from assistant.audio import Audio
from bridge.daw.ardour import Ardour
from bridge.daw.ardour_install import DawRunning, ardour_runs, install, uninstall
from bridge.daw.ardour_link import ArdourLink, as_lines
from bridge.daw.port import DawRefused, DawUnreachable, Parcel
from bridge.osc.client import OscPeer
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.smf import Marker
from midi.tempo import Meter, Tempo

RATE = 48_000
SUPERCLOCKS_A_SECOND = 282_240_000
TICKS = 1920
RIPPLE = '<Option name="edit-mode" value="Ripple"/>'


class Running(Protocol):
    config: Path
    session: Path
    osc_port: int

    def saved(self) -> ElementTree.Element: ...
    def start(self, ready: Callable[[], bool]) -> None: ...
    def stop(self, how: signal.Signals = ...) -> None: ...


def tone(hz: float, seconds: float = 1.0, *, rate: int = RATE, channels: int = 1) -> Audio:
    time_seconds = np.arange(round(seconds * rate)) / rate
    wave = [0.4 * np.sin(2 * np.pi * hz * (1 + channel) * time_seconds) for channel in range(channels)]
    return Audio(np.asarray(wave, dtype=np.float32), rate)


def tune(*pitches: int) -> Motif:
    notes = tuple(Note(float(beat), pitch, 1.0, 80 + beat) for beat, pitch in enumerate(pitches))
    return Motif(Clip(notes), meter=Meter(3, 4), tempo=Tempo(96))


def parcel(name: str, at_bar: int, what: Audio | Motif, *, track: str = "", **more: object) -> Parcel:
    motif, audio = (what, None) if isinstance(what, Motif) else (None, what)
    made = Parcel(name, motif, audio, at_bar, Tempo(96), Meter(3, 4), track=track)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def ardour(running: Running) -> Ardour:
    return Ardour(running.config, osc_port=running.osc_port)


@pytest.fixture
def osc(running: Running) -> Iterator[OscPeer]:
    with OscPeer(running.osc_port) as peer:
        yield peer


def regions(root: ElementTree.Element) -> dict[str, list[ElementTree.Element]]:
    """Track name → the regions on it."""
    playlists = root.findall("Playlists/Playlist")
    return {playlist.get("name", ""): list(playlist.iter("Region")) for playlist in playlists}


def where(region: ElementTree.Element) -> tuple[str, float]:
    """A region's place as the session file has it: ("quarter", n) or ("sample", n)."""
    place = region.get("length", "").split("@")[1]
    if place[0] == "b":
        return "quarter", int(place[1:]) / TICKS
    return "sample", int(place[1:]) * RATE / SUPERCLOCKS_A_SECOND


def source_files(running: Running, root: ElementTree.Element, region: ElementTree.Element) -> list[Path]:
    names = {source.get("id"): source.get("name", "") for source in root.findall("Sources/Source")}
    ids = [region.get(f"source-{number}") for number in range(8) if region.get(f"source-{number}")]
    folder = running.session / "interchange" / running.session.name
    return [next(folder.rglob(names[each].replace("[", "[[]"))) for each in ids]


def test_it_is_ready_and_says_which_session_is_open(ardour: Ardour):
    readiness = ardour.check()
    assert readiness.ready
    assert "'song'" in readiness.reason


def test_it_can_do_everything_but_write_files(ardour: Ardour):
    assert ardour.capabilities == {"transport", "insert_audio", "insert_notes", "read_selection"}


def test_the_transport_tells_tempo_metre_bar_and_session(ardour: Ardour, running: Running, osc: OscPeer):
    locate(ardour, osc, 600_000)
    transport = ardour.transport()
    assert (transport.tempo, transport.meter) == (Tempo(96), Meter(3, 4))
    assert transport.position_beats == 20.0
    assert (transport.bar, transport.at_beat, transport.at_tick) == (6, 2, 0)
    assert not transport.playing
    assert transport.session_folder == running.session
    assert set(transport.tracks) >= {("Voice", "audio"), ("Piano", "midi")}


def test_the_transport_tells_whether_it_rolls(ardour: Ardour, osc: OscPeer):
    osc.send("/transport_play")
    until(lambda: ardour.transport().playing)
    first = ardour.transport().sample
    until(lambda: ardour.transport().sample > first)
    osc.send("/transport_stop")
    until(lambda: not ardour.transport().playing)


def test_markers_come_with_their_names_and_places(ardour: Ardour, osc: OscPeer):
    locate(ardour, osc, 480_000)
    osc.send("/add_marker", "verse = 2 & ü")
    until(lambda: Marker(16.0, "verse = 2 & ü") in ardour.transport().markers)


def test_audio_lies_at_its_bar_sample_by_sample(ardour: Ardour, running: Running):
    sound = tone(220, 3.0, channels=2)
    placed = ardour.insert_audio(parcel("sunrise", 7, sound, track="Voice"))
    assert (placed.track, placed.at_bar, placed.start_beats) == ("Voice", 7, 22.0)
    assert (placed.start_samples, placed.length_samples) == (660_000, 3 * RATE)
    ardour.save()
    root = running.saved()
    (region,) = regions(root)["Voice"]
    assert (region.get("name"), where(region)) == ("sunrise", ("sample", 660_000))
    left, right = (soundfile.read(path, dtype="float32") for path in source_files(running, root, region))
    assert left[1] == right[1] == RATE
    np.testing.assert_allclose(np.stack([left[0], right[0]]), sound.samples, atol=2**-23)


def test_notes_lie_at_their_bar_and_follow_the_tempo_map(ardour: Ardour, running: Running):
    placed = ardour.insert_notes(parcel("answer", 6, tune(60, 64, 67), track="Piano"))
    assert (placed.track, placed.at_bar, placed.start_beats) == ("Piano", 6, 19.0)
    ardour.save()
    root = running.saved()
    (region,) = regions(root)["Piano"]
    assert (region.get("name"), where(region)) == ("answer", ("quarter", 19.0))
    assert region.get("length", "").split("@")[0] == f"b{3 * TICKS}"
    (path,) = source_files(running, root, region)
    file = mido.MidiFile(path)
    now, notes = 0, []
    for message in mido.merge_tracks(file.tracks):
        now += message.time
        if message.type == "note_on" and message.velocity:
            notes.append((now / file.ticks_per_beat, message.note, message.velocity))
    assert notes == [(0.0, 60, 80), (1.0, 64, 81), (2.0, 67, 82)]
    assert 'tempo="96' in ElementTree.tostring(root, encoding="unicode").replace("npm=", "tempo=")


def test_the_same_id_is_inserted_once(ardour: Ardour):
    asked = parcel("once", 20, tone(330), track="Once")
    first, second = ardour.insert_audio(asked), ardour.insert_audio(asked)
    assert not first.already_there
    assert second == replace(first, already_there=True)


def test_the_same_id_from_two_at_once_is_inserted_once(ardour: Ardour, running: Running):
    asked = parcel("twins", 20, tune(60), track="Twins")
    with ThreadPoolExecutor(2) as pool:
        placed = list(pool.map(lambda _: ardour.insert_notes(asked), range(2)))
    assert sorted(each.already_there for each in placed) == [False, True]
    ardour.save()
    assert len(regions(running.saved())["Twins"]) == 1


def test_many_at_once_all_arrive(ardour: Ardour):
    asked = [parcel(f"crowd {n}", 30 + n, tune(60 + n), track="Crowd") for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        placed = list(pool.map(ardour.insert_notes, asked))
    assert [(each.track, each.at_bar) for each in placed] == [("Crowd", 30 + n) for n in range(6)]


def test_where_something_lies_already_the_new_region_gets_a_track_beside(ardour: Ardour, running: Running):
    ardour.insert_audio(parcel("lower", 20, tone(220, 2.0), track="Busy"))
    ardour.save()
    before = [region.attrib for region in regions(running.saved())["Busy"]]
    placed = [ardour.insert_audio(parcel(name, 20, tone(440), track="Busy")) for name in ("upper", "third")]
    assert [each.track for each in placed] == ["Busy 1", "Busy 2"]
    ardour.save()
    assert [region.attrib for region in regions(running.saved())["Busy"]] == before


def test_notes_for_a_track_of_audio_get_a_track_of_their_own(ardour: Ardour):
    ardour.insert_audio(parcel("sound", 20, tone(220), track="Both"))
    placed = ardour.insert_notes(parcel("notes", 20, tune(60), track="Both"))
    assert (placed.kind, placed.track) == ("notes", "Both 1")
    assert ("Both 1", "midi") in ardour.transport().tracks


def test_audio_of_another_rate_keeps_its_length_and_pitch(ardour: Ardour, running: Running):
    placed = ardour.insert_audio(parcel("from CD", 60, tone(441, 2.0, rate=44_100), track="Rates"))
    assert placed.length_samples == 2 * RATE
    assert placed.path is not None
    samples, rate = soundfile.read(placed.path)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(441, abs=0.5)


def test_sound_made_at_another_tempo_is_remarked(ardour: Ardour):
    placed = ardour.insert_audio(parcel("fast", 61, tone(220), track="Rates", tempo=Tempo(120)))
    assert placed.remark == "the sound was made at 120 BPM and Ardour plays at 96 there"


@pytest.mark.parametrize(
    "name", ["=%41&\"<x>'", "naïve 夜の歌 🎵", "end", "../../etc/passwd", "a\nid=b\nend", " % ", "x" * 300]
)
def test_any_name_arrives_as_it_is_shown(ardour: Ardour, running: Running, name: str):
    placed = ardour.insert_notes(parcel(name, 70, tune(60), track="Names"))
    shown = " ".join(re.sub(r"[/:\n]", " ", name).split())[:80] or "idea"
    assert placed.region == shown
    ardour.save()
    found = [each.get("name") for track in regions(running.saved()).values() for each in track]
    assert shown in found


def test_with_nothing_selected_it_says_so(ardour: Ardour):
    with pytest.raises(DawRefused) as caught:
        ardour.read_selection()
    assert caught.value.reason == "nothing-selected"
    assert "click a region" in caught.value.hint


def test_the_notes_of_the_selected_region_are_read(ardour: Ardour, osc: OscPeer):
    ardour.insert_notes(parcel("first of all", 1, tune(72, 71, 69), track="Reading"))
    until(lambda: select_all(ardour, osc) == "first of all")
    score = ardour.read_selection()
    assert (score.name, score.tempo, score.meter) == ("Reading", Tempo(96), Meter(4, 4))
    assert score.tracks[0].clip == Clip(tune(72, 71, 69).notes, 3.0, "first of all")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "missing-file"), (b"RIFF no sound", "broken-file"), (b"", "broken-file")],
)
def test_a_missing_or_broken_file_is_reported_and_nothing_arrives(
    ardour: Ardour, running: Running, tmp_path: Path, content: bytes | None, reason: str
):
    path = tmp_path / "hb0123456789.wav"
    if content is not None:
        path.write_bytes(content)
    before = ardour.transport().tracks
    link = ArdourLink(running.config, running.osc_port)
    job = {"path": str(path), "kind": "audio", "tag": "hb0123456789", "name": "x", "track": "Broken", "bar": 80}
    with pytest.raises(DawRefused) as caught:
        link.ask("insert", {**job, "channels": 1})
    assert caught.value.reason == reason
    assert ardour.transport().tracks == before


@pytest.mark.parametrize(
    "job",
    [
        b"",
        b"\0\xff" * 500,
        b"protocol=1\nid=x\nop=state\nexpires=9999999999\n",
        as_lines({"protocol": "1", "id": "../../escaped", "op": "state", "expires": 9_999_999_999}),
        as_lines({"protocol": "1", "id": "late", "op": "save", "expires": 1}),
        as_lines({"protocol": "0", "id": "old", "op": "state", "expires": 9_999_999_999}),
        as_lines({"protocol": "1", "id": "what", "op": "__index", "expires": 9_999_999_999}),
        as_lines({"protocol": "1", "id": "bare", "op": "insert", "expires": 9_999_999_999}),
        as_lines(
            {"protocol": "1", "id": "far", "op": "insert", "tag": "hb000000000", "bar": "nan", "path": "/dev/null"}
        ),
    ],
)
def test_a_job_that_is_no_sound_job_harms_nothing(ardour: Ardour, running: Running, job: bytes):
    inbox = running.config / "hummingbridge" / "inbox.job"
    draft = inbox.with_name("draft-test")
    draft.write_bytes(job)
    draft.rename(inbox)
    until(lambda: not inbox.exists())
    assert ardour.check().ready
    assert not list(running.config.rglob("escaped"))
    for answer in (running.config / "hummingbridge" / "answers").iterdir():
        assert b"ok=1" not in answer.read_bytes()
        answer.unlink()


def test_with_osc_an_answer_takes_milliseconds(ardour: Ardour):
    def measured(act: Callable[[], object]) -> float:
        started = time.perf_counter()
        act()
        return 1000 * (time.perf_counter() - started)

    asked_ms = statistics.median(measured(ardour.transport) for _ in range(20))
    insert_ms = statistics.median(
        measured(lambda n=n: ardour.insert_audio(parcel(f"quick {n}", 100 + n, tone(220), track="Quick")))
        for n in range(5)
    )
    assert asked_ms < 50
    assert insert_ms < 1000


def test_nothing_is_left_lying_in_the_bridge(ardour: Ardour, running: Running):
    ardour.insert_audio(parcel("tidy", 90, tone(220), track="Tidy"))
    bridge = running.config / "hummingbridge"
    assert not list((bridge / "staging").iterdir())
    assert not list((bridge / "answers").iterdir())
    assert not [path for path in bridge.iterdir() if "job" in path.name or "draft" in path.name]


def test_settings_are_safe_beside_a_running_ardour(running: Running):
    assert ardour_runs(running.config)
    with pytest.raises(DawRunning, match="running"):
        uninstall(running.config)


@pytest.fixture(scope="module")
def rippling(new_ardour: Callable[[], Running]) -> Iterator[Running]:
    """A second Ardour, in ripple mode: there, what is brought in by Ardour's own import pushes aside what is behind."""
    second = new_ardour()
    settings = (second.config / "config").read_text()
    (second.config / "config").write_text(settings.replace("<Config>", f"<Config>{RIPPLE}"))
    install(second.config, osc=True)
    second.start(lambda: Ardour(second.config).check().ready)
    yield second
    second.stop()


def test_ripple_mode_pushes_nothing_aside(rippling: Running):
    ardour = Ardour(rippling.config, osc_port=rippling.osc_port)
    ardour.insert_audio(parcel("behind", 50, tone(220), track="Voice"))
    ardour.insert_audio(parcel("before", 40, tone(220), track="Voice"))
    ardour.save()
    places = {region.get("name"): where(region) for region in regions(rippling.saved())["Voice"]}
    # Bar 40 is quarter 16 + 35 × 3, bar 50 quarter 16 + 45 × 3.
    assert places == {"before": ("sample", 121 * 30_000), "behind": ("sample", 151 * 30_000)}


def test_what_was_inserted_is_known_after_restarts_of_both(rippling: Running):
    running = rippling
    scripts = (running.config / "ui_scripts").read_bytes()
    asked = parcel("kept", 3, tone(220), track="Voice")

    with OscPeer(running.osc_port) as osc:
        ardour = Ardour(running.config, osc_port=running.osc_port, pickup_seconds=0.5)
        assert not ardour.insert_audio(asked).already_there
        until(lambda: select_all(ardour, osc) == "kept")
        with pytest.raises(DawRefused, match="holds audio") as caught:
            ardour.read_selection()
        assert "hummingbridge hum" in caught.value.hint

    running.stop()
    started = time.monotonic()
    with pytest.raises(DawUnreachable) as unreachable:
        ardour.insert_audio(asked)
    assert time.monotonic() - started < 2
    assert "start Ardour" in unreachable.value.hint
    assert ardour.check().state == "unreachable"
    assert not (running.config / "hummingbridge" / "inbox.job").exists()

    # Ardour was killed before it saved, so the region is not in the session, and is inserted anew.
    running.start(lambda: Ardour(running.config).check().ready)
    ardour = Ardour(running.config, osc_port=running.osc_port)
    assert not ardour.insert_audio(asked).already_there
    quit_saved(ardour, running)
    assert (running.config / "ui_scripts").read_bytes() == scripts
    # It was in ripple mode all the time: Ardour writes its settings when it ends.
    assert RIPPLE in (running.config / "config").read_text()

    running.start(lambda: Ardour(running.config).check().ready)
    assert Ardour(running.config, osc_port=running.osc_port).insert_audio(asked).already_there
    running.stop()
    assert sum(region.get("name") == "kept" for region in regions(running.saved())["Voice"]) == 1
    assert uninstall(running.config)
    assert not (running.config / "ui_scripts").exists()


def quit_saved(ardour: Ardour, running: Running) -> None:
    """Saves and quits, as the composer would."""
    ardour.save()
    with OscPeer(running.osc_port) as osc:
        osc.send("/access_action", "Common/Quit")
    until(lambda: not ardour_runs(running.config), seconds=10)


def select_all(ardour: Ardour, osc: OscPeer) -> str | None:
    """Selects every region, and tells the first; Ardour's action selects tracks where none were, then regions."""
    osc.send("/access_action", "Editor/select-all-objects")
    time.sleep(0.1)
    return selected(ardour)


def selected(ardour: Ardour) -> str | None:
    """The name of the first selected region, whatever is in it."""
    with contextlib.suppress(DawRefused):
        return ardour._link().ask("selection")["region"]
    return None


def locate(ardour: Ardour, osc: OscPeer, sample: int) -> None:
    """Moves the playhead; Ardour drops the request while it is still fading out after a stop."""

    def there() -> bool:
        osc.send("/locate", sample, 0)
        time.sleep(0.1)
        return ardour.transport().sample == sample

    until(there)


def until(holds: Callable[[], object], *, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come to hold"
        time.sleep(0.02)
