"""Real LV2 plugins, each in a process of its own: Debian's zam-plugins, hosted by DawDreamer."""

from __future__ import annotations

import base64
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from assistant.audio import Audio
from assistant.effects import apply_chain
from assistant.effects.chain import chain_from
from assistant.errors import InvalidPreset, MissingPart, PluginFailed, UnknownName
from assistant.optional import check_package
from assistant.plugins import catalogue, host
from assistant.plugins.catalogue import find, scan
from assistant.plugins.host import HostedPlugin, Limits
from assistant.plugins.stage import remarks

RATE = 48_000
LIMITS = Limits(load_seconds=60, call_seconds=60)
ZAM = sorted(Path("/usr/lib/lv2").glob("Za*.lv2"))
hosted_here = pytest.mark.skipif(
    check_package("dawdreamer").state != "ready" or not ZAM,
    reason='no LV2 here: pip install "hummingbridge[lv2]" and apt-get install zam-plugins',
)


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def tone(channels: int = 2, seconds: float = 0.5) -> Audio:
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)
    return Audio(np.repeat(wave[np.newaxis], channels, axis=0).astype(np.float32), RATE)


def opened(name: str) -> HostedPlugin:
    return find(f"lv2:{name}").opened(LIMITS)


@hosted_here
@pytest.mark.parametrize("path", ZAM, ids=lambda path: path.stem)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_plugin_plays_mono_and_stereo(path: Path, channels: int) -> None:
    with HostedPlugin("lv2", path, limits=LIMITS) as plugin:
        given = plugin.process(tone(channels).samples, RATE)
    assert given.shape == (channels, RATE // 2)
    assert np.isfinite(given).all()


@hosted_here
def test_a_scan_finds_names_makers_versions_and_licences() -> None:
    plugins = {plugin.name: plugin for plugin in scan(("lv2",), limits=LIMITS) if plugin.maker == "Damien Zammit"}
    assert set(plugins) == {path.stem for path in ZAM}
    assert plugins["ZamComp"].licence_spdx == "GPL-2.0-or-later"
    assert [knob["key"] for knob in plugins["ZamComp"].knobs][:3] == ["attack_ms", "release_ms", "knee_db"]


@hosted_here
@pytest.mark.parametrize("name", ["ZamComp", "ZamCompX2"])
def test_a_stage_of_a_chain_turns_knobs_in_their_units(name: str) -> None:
    stage = {"kind": f"lv2:{name}", "threshold_db": -40, "ratio": 20, "attack_ms": 0.1}
    chain = chain_from({"description": "squashed", "stage": [stage]}, name="squashed", where="squashed", folder=Path())
    given = apply_chain(tone(), chain)
    assert np.abs(given.samples[:, RATE // 4 : RATE // 2]).max() < 0.25


@hosted_here
def test_a_sound_longer_than_a_block_is_rendered_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = tone(2, 1.0).samples * np.array([[1.0], [0.5]], np.float32)
    with opened("ZamDelay") as plugin:
        plugin.set({"time": 100, "feedback": 0.5})
        at_once = plugin.process(sound, RATE)
        monkeypatch.setattr(host, "BLOCK_FRAMES", 10_000)
        in_blocks = plugin.process(sound, RATE)
        assert plugin.process(sound[:, :0], RATE).shape == (2, 0)
    assert np.array_equal(in_blocks, at_once)
    assert np.abs(at_once - sound).max() > 0.1


@hosted_here
def test_latency_is_made_up_for() -> None:
    click = np.zeros((2, RATE), np.float32)
    click[:, 10_000] = 0.1
    with opened("ZaMaximX2") as plugin:
        assert plugin.facts["latency"] > 0
        assert abs(int(np.abs(plugin.process(click, RATE)[0]).argmax()) - 10_000) <= 1


@hosted_here
def test_a_state_comes_back_in_another_process() -> None:
    with opened("ZamComp") as plugin:
        plugin.set({"threshold_db": -33, "ratio": 7})
        state, knobs, sound = plugin.state(), plugin.knobs(), plugin.process(tone().samples, RATE)
    with opened("ZamComp") as other:
        other.restore(state)
        assert other.knobs() == knobs
        assert other.state() == state
        assert np.abs(other.process(tone().samples, RATE) - sound).max() < 1e-6


@hosted_here
@pytest.mark.parametrize("path", ZAM, ids=lambda path: path.stem)
def test_what_the_host_wrote_of_a_plugin_is_kept_and_given_back_byte_for_byte(path: Path) -> None:
    with HostedPlugin("lv2", path, limits=LIMITS) as plugin:
        ends = {knob["key"]: knob for knob in plugin.knobs()}
        plugin.set({key: 0.3 * knob["low"] + 0.7 * knob["high"] for key, knob in ends.items() if not knob["choices"]})
        state = plugin.state()
    with HostedPlugin("lv2", path, limits=LIMITS) as other:
        assert other.restore(state) == ""
        assert other.state() == state
    assert b"pset:Preset" in state


@hosted_here
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a window can always be opened")
def test_what_a_plugin_keeps_besides_its_knobs_may_crash_it_and_the_knobs_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The host opens the plugin's window for it.
    monkeypatch.delenv("DISPLAY", raising=False)
    with opened("ZamComp") as plugin:
        plugin.set({"threshold_db": -33})
        state, knobs, before = plugin.state(), plugin.knobs(), plugin.pid
        own = state.rstrip().rstrip(b".") + b';\n\tstate:state [ <urn:zamaudio:ZamComp#own> "kept" ] .\n'
        word = plugin.restore(own)
        assert plugin.knobs() == knobs
        assert np.isfinite(plugin.process(tone().samples, RATE)).all()
        # Where there is no screen the host crashes, gives up, or waits for one.
        assert re.match(r"plugin ZamComp (crashed|ended by itself|did not answer)", word)
        assert " while its state was given back" in word
        assert word.endswith("only its knobs are as they were saved")
        assert plugin.pid != before
    stage = {"kind": "lv2:ZamComp", "state": "base64:" + base64.b64encode(own).decode()}
    chain = chain_from({"description": "squashed", "stage": [stage]}, name="squashed", where="squashed", folder=Path())
    with remarks() as said:
        apply_chain(tone(), chain)
    assert [remark.endswith("only its knobs are as they were saved") for remark in said] == [True]


@hosted_here
def test_a_curve_moves_a_knob() -> None:
    with opened("ZamComp") as plugin:
        plugin.set({"makeup_db": "0:0 1:20"})
        given = np.abs(plugin.process(0.02 * tone(1, 1.0).samples, RATE)[0])
    assert given[-4800:].max() > 5 * given[:4800].max()


@hosted_here
def test_one_that_crashes_or_hangs_is_named_and_takes_nothing_with_it() -> None:
    with opened("ZamComp") as plugin:
        os.kill(plugin.pid, signal.SIGSEGV)
        with pytest.raises(PluginFailed, match=r"plugin ZamComp crashed \(SIGSEGV"):
            plugin.process(tone().samples, RATE)
    with find("lv2:ZamComp").opened(Limits(load_seconds=60, call_seconds=1.0)) as plugin:
        threading.Timer(0.0, lambda: os.kill(plugin.pid, signal.SIGSTOP)).start()
        time.sleep(0.2)
        with pytest.raises(PluginFailed, match="plugin ZamComp did not answer within 1 s"):
            plugin.process(tone().samples, RATE)


@hosted_here
def test_a_wrong_knob_and_an_unknown_plugin_are_refused_with_the_nearest() -> None:
    with opened("ZamComp") as plugin, pytest.raises(InvalidPreset, match="unknown parameter 'threshhold'"):
        plugin.set({"threshhold": -3})
    with pytest.raises(UnknownName, match="ZamCmp") as failed:
        find("lv2:ZamCmp")
    assert "ZamComp" in failed.value.hint


@hosted_here
@pytest.mark.parametrize(
    ("manifest", "failed"),
    [
        (None, "plugin Odd is no LV2 plugin: its manifest.ttl cannot be read"),
        (b"\xff\xfe", "plugin Odd is no LV2 plugin: its manifest.ttl cannot be read"),
        (b"garbage { [", "plugin Odd failed: Odd.lv2 holds 0 plugins"),
    ],
)
def test_a_bundle_that_is_none_is_named(tmp_path: Path, manifest: bytes | None, failed: str) -> None:
    (tmp_path / "Odd.lv2").mkdir()
    if manifest is not None:
        (tmp_path / "Odd.lv2" / "manifest.ttl").write_bytes(manifest)
    (found,) = catalogue.look_at("lv2", tmp_path / "Odd.lv2", limits=LIMITS)
    assert found.failed == failed


@hosted_here
@pytest.mark.skipif(
    not Path("/usr/lib/lv2/reasonablesynth.lv2").exists(),
    reason="no /usr/lib/lv2/reasonablesynth.lv2: apt-get install ardour-lv2-plugins",
)
def test_an_instrument_plays_notes_where_they_are() -> None:
    notes = [(12_000, bytes([0x90, 69, 100])), (24_000, bytes([0x80, 69, 0]))]
    with opened("reasonablesynth") as plugin:
        assert plugin.facts["instrument"]
        sound = plugin.play(notes, RATE, RATE)
    assert sound.shape == (2, RATE)
    assert np.abs(sound[:, :11_900]).max() < 1e-4
    heard = sound[0, 14_000:22_000]
    assert abs(np.fft.rfftfreq(heard.size, 1 / RATE)[np.abs(np.fft.rfft(heard)).argmax()] - 440) < 12


def test_without_the_package_it_is_said_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.HOSTS, "lv2", "no_such_host")
    with pytest.raises(MissingPart, match="LV2 plugins need the package no_such_host"):
        find("lv2:ZamComp")
    assert "lv2" not in catalogue.hosted_kinds()
