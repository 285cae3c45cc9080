"""Ableton Link with another peer, in a network of their own that reaches nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import asyncio, json, subprocess, sys, time
    import aalink
    from bridge.midi_io.link import LinkClock
    from midi.tempo import Meter, Tempo

    async def peer():
        link = aalink.Link(97.0)
        link.quantum, link.enabled, link.start_stop_sync_enabled = 3.0, True, True
        return link

    async def main():
        other = await peer()
        ours = LinkClock(Tempo(120), Meter(3, 4))
        alone = ours.timeline(0.0).running
        for _ in range(100):
            await asyncio.sleep(0.05)
            line = ours.timeline(0.0)
            if line.running and other.num_peers and abs(line.tempo_bpm - other.tempo) < 1e-6:
                break
        await asyncio.sleep(0.5)
        off = []
        for _ in range(20):
            await asyncio.sleep(0.02)
            now = time.perf_counter()
            line = ours.timeline(now)
            phase = (line.beats_at(now) - line.bar_line_beats) % 3.0
            apart = abs(phase - other.phase)
            off.append(min(apart, 3.0 - apart) * 60000 / line.tempo_bpm)
        joined = ours.timeline(0.0)
        other.tempo = 140.0
        await asyncio.sleep(0.6)
        changed = ours.timeline(0.0).tempo_bpm
        other.playing = True
        await asyncio.sleep(0.6)
        playing = ours.timeline(0.0).running
        other.playing = False
        await asyncio.sleep(0.6)
        stopped = not ours.timeline(0.0).running
        ours.close()
        print(json.dumps(dict(alone=alone, running=joined.running, leader=joined.leader, off=sorted(off)[10],
            changed=changed, playing=playing, stopped=stopped)))

    asyncio.run(main())
"""


def in_a_network_of_its_own(script: str) -> str:
    command = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && ip link set lo multicast on && exec "$@"', "sh"]
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("no unshare and ip here: a network of its own cannot be made")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system allows no network namespaces")
    run = subprocess.run(
        [*command, sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        check=False,
        timeout=40,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_link_leads_with_the_tempo_beat_and_transport_of_its_peers():
    pytest.importorskip("aalink", reason='Ableton Link is an extra: pip install "hummingbridge[link]"')
    told = json.loads(in_a_network_of_its_own(SCRIPT))
    assert not told["alone"]
    assert told["running"]
    assert told["leader"] == "link"
    assert told["off"] < 5.0
    assert told["changed"] == pytest.approx(140.0, abs=0.001)
    assert told["playing"]
    assert told["stopped"]
