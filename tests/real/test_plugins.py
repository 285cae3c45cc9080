"""Real plugins: Debian's zam-plugins, all of them, and an effect and an instrument of ours that fail when asked to."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.effects import apply_chain
from assistant.effects.chain import chain_from
from assistant.errors import InvalidPreset, PluginFailed
from assistant.hear import Listener
from assistant.library import Library
from assistant.plugins.catalogue import Plugin, find, known, look_at, scan
from assistant.plugins.host import HostedPlugin, Limits
from assistant.render import RenderJob, render
from assistant.steps import Material, notes_of
from assistant.steps import effects as through
from assistant.steps import render as rendered
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.smf import motif_score, smf_bytes
from midi.tempo import Tempo
from tests.fakes.waiting import eventually

SOURCE = Path(__file__).parents[1] / "plugins"
DPF = Path(os.environ.get("DPF", "/usr/share/dpf"))
ZAM = sorted(Path("/usr/lib/vst3").glob("Za*.vst3"))
RATE = 48_000
QUICK = Limits(load_seconds=60, call_seconds=60)
"""Long enough for a busy machine; only hangs are given less."""


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with FaultyGain.vst3 and FaultySine.vst3, built once."""
    if sys.platform != "linux":
        pytest.skip("the faulty plugins are built on Linux")
    if not (DPF / "distrho").is_dir():
        pytest.skip(f"no DPF in {DPF}: apt-get install dpf-source")
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        pytest.skip("no C++ compiler: apt-get install g++")
    folder = tmp_path_factory.mktemp("faulty")
    built = subprocess.run(
        ["bash", str(SOURCE / "build.sh"), str(folder)], capture_output=True, text=True, timeout=300, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture
def gain(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    monkeypatch.setenv("VST3_PATH", str(faulty))
    return find("vst3:FaultyGain")


@pytest.fixture
def sine(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    monkeypatch.setenv("VST3_PATH", str(faulty))
    return find("vst3:FaultySine")


@pytest.fixture(params=ZAM, ids=lambda path: path.stem)
def zam(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def tone(channels: int = 2, seconds: float = 0.5, hz: float = 440.0) -> Audio:
    at = np.arange(round(seconds * RATE)) / RATE
    return Audio(np.tile(0.25 * np.sin(2 * np.pi * hz * at), (channels, 1)).astype(np.float32), RATE)


def click(channels: int = 2) -> np.ndarray:
    sound = np.zeros((channels, RATE), np.float32)
    sound[:, 1000] = 0.25
    return sound


def chain(*stages: dict[str, object]):
    return chain_from({"stage": list(stages), "loudness": "free"}, name="mine", where="mine", folder=Path())


def test_the_seventeen_of_debian_are_there() -> None:
    if not ZAM:
        pytest.skip("no zam-plugins: apt-get install zam-plugins")
    assert len(ZAM) == 17


def test_each_of_debians_plays_mono_and_stereo_and_keeps_its_state(zam: Path) -> None:
    with HostedPlugin("vst3", zam, limits=QUICK) as hosted:
        assert hosted.facts["name"] == zam.stem
        assert hosted.facts["maker"] == "Damien Zammit"
        for channels in (2, 1):
            sound = tone(channels).samples
            played = hosted.process(sound, RATE)
            assert played.shape == sound.shape
            assert np.isfinite(played).all()
        untouched = hosted.state()
        ranges = {each["key"]: float(each["high"]) for each in hosted.knobs() if each["low"] and not each["choices"]}
        for key, high in ranges.items():
            hosted.set({key: high})
        standing = {each["key"]: each["value"] for each in hosted.knobs() if each["key"] in ranges}
        assert {key: float(value) for key, value in standing.items()} == pytest.approx(ranges, rel=0.001)
        turned = hosted.state()
        assert (turned != untouched) == bool(ranges)
        assert np.isfinite(hosted.process(tone().samples, RATE)).all()
        hosted.restore(untouched)
        assert hosted.state() == untouched
        hosted.restore(turned)
        assert hosted.state() == turned


def test_a_compressor_compresses_each_side_by_itself() -> None:
    if not ZAM:
        pytest.skip("no zam-plugins: apt-get install zam-plugins")
    sound = tone().samples.copy()
    sound[1] *= 0.01
    with find("vst3:ZamComp").opened() as hosted:
        hosted.set({"threshold": "-40 dB", "ratio": 10})
        played = hosted.process(sound, RATE)
    half = RATE // 4
    before, after = (np.abs(each[:, half:]).max(axis=1) for each in (sound, played))
    assert after[0] < 0.3 * before[0]
    assert after[1] == pytest.approx(before[1], rel=0.05)


def test_latency_is_compensated_over_many_blocks(gain: Plugin) -> None:
    assert gain.latency == 777
    rng = np.random.default_rng(1)
    sound = (0.1 * rng.standard_normal((2, RATE * 12 + 321))).astype(np.float32)
    with gain.opened(QUICK) as hosted:
        assert np.array_equal(hosted.process(sound, RATE), sound)
        assert np.array_equal(hosted.process(click(), RATE), click()), "the second sound begins anew"
        one = hosted.process(click(1), RATE)
    assert np.array_equal(one, click(1)), "a stereo plugin hears a mono sound on both sides"


def test_a_knob_is_set_in_its_own_unit_and_a_wrong_one_named(gain: Plugin) -> None:
    with gain.opened(QUICK) as hosted:
        hosted.set({"gain": "-6.02 dB"})
        assert hosted.process(click(), RATE).max() == pytest.approx(0.125, rel=1e-3)
        with pytest.raises(InvalidPreset, match=r"plugin FaultyGain: gain_db 21 is outside -60..20 dB"):
            hosted.set({"gain_db": 21})
        with pytest.raises(InvalidPreset, match="unknown parameter 'gian'"):
            hosted.set({"gian": 0})
        assert hosted.process(click(), RATE).max() == pytest.approx(0.125, rel=1e-3), "it goes on after a refusal"


def test_a_curve_moves_the_knob_as_it_plays(gain: Plugin) -> None:
    steady = Audio(np.full((2, 2 * RATE), 0.25, np.float32), RATE)
    played = apply_chain(steady, chain({"kind": gain.reference, "gain_db": [[0, -20], [2, 0]]}))
    for second in (0.5, 1.0, 1.5):
        db = 20 * np.log10(played.samples[0, round(second * RATE)] / 0.25)
        assert db == pytest.approx(-20 + 10 * second, abs=0.5)


def test_the_state_comes_back_byte_for_byte_in_another_process(gain: Plugin) -> None:
    with gain.opened(QUICK) as first:
        first.set({"gain_db": -12.5})
        state = first.state()
    with gain.opened(QUICK) as second:
        second.restore(state)
        assert second.state() == state
        assert second.process(click(), RATE).max() == pytest.approx(0.25 * 10 ** (-12.5 / 20), rel=1e-3)


@pytest.mark.parametrize(
    ("fault", "words"), [(1, "crashed (SIGSEGV"), (2, "did not answer within 1 s"), (3, "samples that are not numbers")]
)
def test_each_fault_of_an_effect_is_told_by_name_and_only_its_stage_ends(gain: Plugin, fault: int, words: str) -> None:
    with gain.opened(Limits(load_seconds=60, call_seconds=60)) as hosted:
        hosted.set({"fault": fault})
        hosted.limits = Limits(call_seconds=1 if fault == 2 else 60)
        with pytest.raises(PluginFailed) as caught:
            hosted.process(click(), RATE)
    assert caught.value.message.startswith("plugin FaultyGain ")
    assert words in caught.value.message
    assert "--without-failed-plugins" in caught.value.hint


@pytest.mark.parametrize("fault", [1, 3])
def test_each_fault_of_an_instrument_is_told_by_name(sine: Plugin, fault: int) -> None:
    with sine.opened(QUICK) as hosted:
        hosted.set({"fault": fault})
        with pytest.raises(PluginFailed, match="plugin FaultySine"):
            hosted.play([(0, bytes([0x90, 69, 100]))], RATE, RATE)


def test_a_chain_goes_on_without_the_plugin_that_failed(gain: Plugin) -> None:
    stages = chain({"kind": "gain", "gain_db": -6}, {"kind": gain.reference, "fault": 1})
    with pytest.raises(PluginFailed):
        apply_chain(tone(), stages)
    failures: list[PluginFailed] = []
    played = apply_chain(tone(), stages, failed=failures.append)
    without = apply_chain(tone(), chain({"kind": "gain", "gain_db": -6}))
    assert len(failures) == 1
    assert np.array_equal(played.samples[:, : RATE // 2], without.samples[:, : RATE // 2])


def test_an_instrument_plays_each_note_at_its_sample_and_pitch(sine: Plugin) -> None:
    clip = Clip((Note(1, 69, 1, 100), Note(3, 81, 1, 100)), 4)
    audio = render(clip, RenderJob(sine.reference, Tempo(120)))
    assert np.flatnonzero(np.abs(audio.samples[0]) > 1e-3)[0] in range(RATE // 2, RATE // 2 + 16)
    for start, hz in ((0.5, 440), (1.5, 880)):
        part = audio.mono()[round(start * RATE) : round((start + 0.5) * RATE)]
        assert np.argmax(np.abs(np.fft.rfft(part))) * 2 == hz


def test_an_instruments_knobs_and_state_are_its_own(sine: Plugin) -> None:
    note = [(0, bytes([0x90, 69, 127]))]
    with sine.opened(QUICK) as first:
        first.set({"gain_db": -6})
        state = first.state()
        loud = np.abs(first.play(note, RATE, RATE)).max()
    with sine.opened(QUICK) as second:
        second.restore(state)
        assert second.state() == state
        assert np.abs(second.play(note, RATE, RATE)).max() == pytest.approx(loud, rel=1e-5)
    assert loud == pytest.approx(0.5 * 10 ** (-6 / 20), rel=0.01)


def idea(library: Library, folder: Path) -> Material:
    from midi.motif import Motif

    path = folder / "idea.mid"
    path.write_bytes(smf_bytes(motif_score(Motif(Clip((Note(0, 69, 1), Note(1, 72, 1)), 4)), name="idea")))
    return notes_of(library, str(path))


def test_a_take_tells_which_plugins_made_it_and_that_one_failed(sine: Plugin, gain: Plugin, tmp_path: Path) -> None:
    with Library(tmp_path / "library") as library:
        material = idea(library, tmp_path)
        job = RenderJob(sine.reference)
        made = rendered(library, material, job, chain=chain({"kind": gain.reference, "gain_db": -3}))
        settings = made.take.recipe.as_json()["settings"]
        assert settings["plugin"]["name"] == "FaultySine"
        assert settings["plugins"] == [
            {
                "name": "FaultyGain",
                "format": "vst3",
                "version": "1.2.3",
                "maker": "Hummingbridge",
                "licence": "NOASSERTION",
            }
        ]
        assert {"FaultySine 1.2.3 (Hummingbridge)", "FaultyGain 1.2.3 (Hummingbridge)"} <= {
            used.name for used in made.take.recipe.licences
        }
        broken = chain({"kind": gain.reference, "fault": 1})
        takes = library.count()
        with pytest.raises(PluginFailed):
            through(library, made.take.id, broken)
        assert library.count() == takes
        assert library.get(made.take.id) == made.take
        without = through(library, made.take.id, broken, without_failed=True)
        assert "FaultyGain crashed" in without.remarks[0]
        assert tuple(f"left out: {told}" for told in without.take.facts["left_out"]) == without.remarks
        assert "plugins" not in without.take.recipe.settings


def test_a_sound_stands_in_for_an_instrument_that_failed(
    sine: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.presets import own_folder

    preset = own_folder() / "instruments" / "lead.toml"
    preset.parent.mkdir(parents=True)
    preset.write_text(f'plugin = "{sine.reference}"\nsound = "flute"\n[parameters]\nfault = 1\n')
    with Library(tmp_path / "library") as library:
        material = idea(library, tmp_path)
        with pytest.raises(PluginFailed, match="FaultySine crashed"):
            rendered(library, material, RenderJob("lead"))
        made = rendered(library, material, RenderJob("lead"), without_failed=True)
        assert made.audio.peak > 0.01
        assert made.take.recipe.engine in ("fluidsynth", "tinysoundfont")


def test_a_scan_lists_offenders_and_leaves_them_alone(faulty: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("VST3_PATH", str(faulty))
    monkeypatch.setattr("assistant.plugins.catalogue.folders", lambda kind: (faulty,) if kind == "vst3" else ())
    monkeypatch.setenv("FAULTY_LOAD", "crash")
    assert [(each.name, "crashed" in each.failed) for each in scan()] == [("FaultyGain", True), ("FaultySine", True)]
    monkeypatch.delenv("FAULTY_LOAD")
    assert all(each.failed for each in scan()), "an offender is not loaded again of itself"
    with pytest.raises(PluginFailed, match="is not used: it crashed") as caught:
        find("vst3:FaultyGain").opened()
    assert caught.value.hint == 'try it again with: hummingbridge plugins scan --again "FaultyGain"'
    assert [bool(each.failed) for each in scan(again="FaultyGain")] == [False, True]
    assert not any(each.failed for each in scan(again=""))
    assert {each.name for each in known()} == {"FaultyGain", "FaultySine"}


def test_a_load_that_hangs_ends_at_its_limit(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTY_LOAD", "hang")
    (found,) = look_at("vst3", faulty / "FaultyGain.vst3", limits=Limits(load_seconds=2))
    assert found.failed == "plugin FaultyGain did not answer within 2 s while it loaded"


def test_what_a_plugin_prints_is_not_taken_for_its_answers(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTY_LOAD", "shout")
    (found,) = look_at("vst3", faulty / "FaultyGain.vst3", limits=QUICK)
    assert (found.failed, found.name, found.version) == ("", "FaultyGain", "1.2.3")
    sound = np.full((2, 4800), 0.25, np.float32)
    with found.opened(QUICK) as hosted:
        assert np.abs(hosted.process(sound, 48_000) - sound).max() < 1e-6


def test_in_a_folder_of_all_sorts_the_plugins_are_found_and_the_rest_named(
    faulty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "all sorts é"
    shutil.copytree(faulty / "FaultyGain.vst3", folder / "deeper" / "FaultyGain.vst3")
    (folder / "Text.vst3").write_text("no plugin")
    (folder / "Empty.vst3").mkdir()
    (folder / "Nowhere.vst3").symlink_to(tmp_path / "nowhere")
    binary = folder / "Noise.vst3" / "Contents" / "x86_64-linux" / "Noise.so"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(bytes(range(256)))
    (folder / "notes.txt").write_text("about my plugins")
    monkeypatch.setattr("assistant.plugins.catalogue.folders", lambda kind: (folder,) if kind == "vst3" else ())
    assert {each.name: bool(each.failed) for each in scan(("vst3",), limits=QUICK)} == {
        "FaultyGain": False,
        **dict.fromkeys(("Text", "Empty", "Nowhere", "Noise"), True),
    }


def test_a_file_that_is_no_plugin_is_an_offender(tmp_path: Path) -> None:
    (tmp_path / "Not.vst3").write_bytes(b"no plugin")
    (found,) = look_at("vst3", tmp_path / "Not.vst3", limits=QUICK)
    assert found.failed.startswith("plugin Not failed")


def test_the_process_of_a_plugin_ends_with_ours_even_while_it_hangs(gain: Plugin) -> None:
    script = (
        "import sys; from pathlib import Path; from assistant.plugins.host import HostedPlugin; import numpy as np\n"
        f"hosted = HostedPlugin('vst3', Path({gain.path!r})); hosted.set({{'fault': 2}}); "
        "print(hosted.pid, flush=True)\n"
        "hosted.process(np.zeros((2, 512), np.float32), 48000)"
    )
    ours = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert ours.stdout is not None
    with ours, ours.stdout as said:
        child = int(said.readline())
        time.sleep(0.3)
        ours.kill()
    deadline = time.monotonic() + 60
    while running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(child)


def running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_crashes_leak_nothing(gain: Plugin) -> None:
    def handles() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    def crash() -> None:
        with gain.opened(QUICK) as hosted:
            hosted.set({"fault": 1})
            with pytest.raises(PluginFailed, match="crashed"):
                hosted.process(click(), RATE)

    crash()
    before = handles()
    for _ in range(5):
        crash()
    # Fewer is right too: what earlier tests left may close meanwhile.
    eventually(lambda: handles() <= before, seconds=10, what="as many open files as before")


@pytest.mark.parametrize("task", ["render", "effects"])
def test_the_running_program_goes_on_without_a_plugin_that_fails_where_it_is_told_to(
    gain: Plugin, tmp_path: Path, monkeypatch, task: str
) -> None:
    from bridge import tasks

    monkeypatch.setenv("VST3_PATH", str(Path(gain.path).parent))
    chain = tmp_path / "mine.toml"
    chain.write_text('[[stage]]\nkind = "vst3:FaultyGain"\nname = "soft"\nfault = 1\n')
    (tmp_path / "idea.mid").write_bytes(
        smf_bytes(motif_score(Motif(Clip((Note(0, 60, 1),)), Key.parse("C")), name="i"))
    )
    with Library(tmp_path / "library") as library:
        bench = tasks.Bench(library, Listener())
        take = rendered(library, notes_of(library, str(tmp_path / "idea.mid")), RenderJob("piano")).take
        asked = {"take": take.id, "instrument": "piano", "chain": str(chain)}
        with pytest.raises(PluginFailed, match="FaultyGain crashed"):
            tasks.task(task)(bench, asked, lambda _: None)
        done = tasks.task(task)(bench, asked | {"without_failed": True}, lambda _: None)
        assert [remark.partition(" crashed")[0] for remark in done["remarks"]] == ["left out: plugin FaultyGain"]
        assert library.blob(library.get(done["take"]), "audio")


def test_the_command_line_scans_shows_edits_and_plays(faulty: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    from bridge.cli.program import run

    monkeypatch.setenv("VST3_PATH", str(faulty))
    monkeypatch.chdir(tmp_path)

    def answer(*words: str) -> dict:
        assert run([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    shown = answer("plugins", "show", "vst3:FaultyGain")
    assert (shown["maker"], shown["latency"]) == ("Hummingbridge", 777)
    edited = answer("plugins", "edit", "vst3:FaultyGain", "--set", "gain_db=-6", "-o", "soft.state")
    assert edited["knobs"][0]["value"] == "-6"
    assert [each["plugin"] for each in answer("plugins", "list")["plugins"]] == ["vst3:FaultyGain"]
    (tmp_path / "mine.toml").write_text('[[stage]]\nkind = "vst3:FaultyGain"\nname = "soft"\nstate = "soft.state"\n')
    import soundfile

    soundfile.write("voice.wav", tone().samples.T, RATE)
    take = answer("fx", "voice.wav", "--chain", "mine.toml", "-o", "soft.wav")["take"]
    assert take["recipe"]["settings"]["plugins"][0]["version"] == "1.2.3"
    assert run(["fx", "voice.wav", "--chain", "mine.toml", "--set", "soft.fault=1", "-o", "x.wav"]) == 1
    assert "plugin FaultyGain crashed" in capsys.readouterr().err
    words = ["fx", "voice.wav", "--chain", "mine.toml", "--set", "soft.fault=1", "-o", "x.wav"]
    assert run([*words, "--without-failed-plugins"]) == 0
    assert "left out: plugin FaultyGain crashed" in capsys.readouterr().err
    assert (tmp_path / "x.wav").exists()
