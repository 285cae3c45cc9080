"""What a process of its own costs a plugin, and how soon a fault is told.

The peer is the same plugin in this process, hosted by the same pedalboard or DawDreamer, interleaved: a compressor and
a maximizer, which have work to do; beside a gain, the copying of the sound alone would be measured. The faulty ones are
built from tests/plugins with Debian's dpf-source; without it, and without zam-plugins, their rows are left out.
"""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pedalboard_native

from assistant.errors import PluginFailed
from assistant.plugins.catalogue import hosted_kinds
from assistant.plugins.host import HostedPlugin, Limits
from assistant.plugins.lv2 import cards
from benchmarks.report import at_most, median_seconds, ratio

RATE_HZ = 48_000
CRASHES = 500
HANG_LIMIT_SECONDS = 0.5
HERE = Path(__file__).parents[1]
ZAM = Path("/usr/lib/vst3")
LV2 = Path("/usr/lib/lv2")

setattr(pedalboard_native.ExternalPlugin, "__set_initial_parameter_values__", lambda *_: None)  # noqa: B010


def sound(frames: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(1).standard_normal((2, frames))).astype(np.float32)


def beside_in_process(path: Path) -> None:
    direct = pedalboard_native.VST3Plugin(str(path))
    ten_seconds, block = sound(10 * RATE_HZ), sound(512)
    with HostedPlugin("vst3", path) as hosted:
        hosted.process(ten_seconds, RATE_HZ)
        direct.process(ten_seconds, RATE_HZ)
        measured = ratio(
            lambda: hosted.process(ten_seconds, RATE_HZ), lambda: direct.process(ten_seconds, RATE_HZ), times=21
        )
        at_most(f"{path.stem}, ten seconds beside the same plugin in-process", 1.5, measured)
        hosted.call(block, RATE_HZ, fresh=True)
        taken = median_seconds(lambda: hosted.call(block, RATE_HZ), times=2000)
        own = median_seconds(lambda: direct.process(block, RATE_HZ, reset=False), times=2000)
        at_most(f"{path.stem}, a call for 512 frames, median", 1.0, taken * 1000, "ms")
        print(f"     of that the plugin itself, called in-process: {own * 1000:.3g} ms")


def lv2_beside_in_process(path: Path) -> None:
    """A new plugin each time, on both sides: it remembers what it heard, and DawDreamer has no way to reset it. Making
    one is not in these times but in those of starting.
    """
    import dawdreamer

    os.environ["LV2_PATH"] = str(path.parent)
    (card,) = cards(path)

    def direct(given: np.ndarray) -> float:
        engine = dawdreamer.RenderEngine(RATE_HZ, 512)
        plugin = engine.make_plugin_processor("plugin", card.uri)
        silence = np.zeros((plugin.get_num_input_channels() - given.shape[0], given.shape[1]), np.float32)
        given = np.concatenate([given, silence])
        source = engine.make_playback_processor("sound", given[:, :512])
        engine.load_graph([(source, []), (plugin, ["sound"])])
        start = time.perf_counter()
        source.set_data(given)
        engine.render(given.shape[1] / RATE_HZ)
        engine.get_audio()
        return time.perf_counter() - start

    def ours(given: np.ndarray) -> float:
        with HostedPlugin("lv2", path) as hosted:
            start = time.perf_counter()
            hosted.process(given, RATE_HZ)
            return time.perf_counter() - start

    for seconds, times in ((10, 11), (60, 5)):
        given = sound(seconds * RATE_HZ)
        ratios = [ours(given) / direct(given) for _ in range(times)]
        what = f"{path.stem} as LV2, {seconds} seconds beside DawDreamer in-process"
        at_most(what, 1.5, statistics.median(ratios))


def starting(path: Path, kind: str = "vst3") -> None:
    def start() -> None:
        with HostedPlugin(kind, path):
            pass

    start()
    at_most(
        f"{path.stem} ({kind}), its process started and the plugin loaded", 0.4, median_seconds(start, times=15), "s"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    at_most(f"{path.stem} ({kind}), of that the processor's time", 0.4, worked, "s")


def faults(path: Path) -> None:
    def told(fault: int, limits: Limits) -> float:
        with HostedPlugin("vst3", path) as hosted:
            hosted.process(sound(512), RATE_HZ)
            hosted.set({"fault": fault})
            hosted.limits = limits
            start = time.perf_counter()
            try:
                hosted.call(sound(512), RATE_HZ)
            except PluginFailed:
                return time.perf_counter() - start
            raise RuntimeError(f"fault {fault} was not noticed")

    crashes = sorted(told(1, Limits()) for _ in range(21))
    at_most("a segmentation fault, until it is told, median", 50, crashes[10] * 1000, "ms")
    at_most("samples that are not numbers, until they are told", 50, told(3, Limits()) * 1000, "ms")
    hung = told(2, Limits(call_seconds=HANG_LIMIT_SECONDS))
    at_most("a hang, until it is told, past its limit", 50, (hung - HANG_LIMIT_SECONDS) * 1000, "ms")


def leaks(path: Path) -> None:
    def held() -> tuple[int, int, int, int]:
        """Open files, threads, processes that we started, files in shared memory."""
        gc.collect()
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        handles = len(list(Path("/proc/self/fd").iterdir()))
        # JACK's come and go with whatever sound server is running.
        shared = [path for path in Path("/dev/shm").iterdir() if not path.name.startswith("jack")]
        return handles, threading.active_count(), len(children), len(shared)

    def memory_kib() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def crash() -> None:
        with HostedPlugin("vst3", path) as hosted:
            hosted.set({"fault": 1})
            try:
                hosted.call(sound(512), RATE_HZ, fresh=True)
            except PluginFailed:
                return
            raise RuntimeError("the crash was not noticed")

    for _ in range(10):
        crash()
    before, memory = held(), memory_kib()
    start = time.perf_counter()
    for _ in range(CRASHES):
        crash()
    names = ("open files", "threads", "processes", "files in shared memory")
    for what, first, last in zip(names, before, held(), strict=True):
        at_most(f"{CRASHES} crashes in a row: {what} left over", 0, last - first)
    at_most(f"{CRASHES} crashes in a row: memory left over", 5, (memory_kib() - memory) / 1024, "MiB")
    print(f"     {CRASHES} crashes took {time.perf_counter() - start:.0f} s")


def main() -> None:
    for name in ("ZamCompX2", "ZaMaximX2"):
        path = ZAM / f"{name}.vst3"
        if path.exists():
            beside_in_process(path)
            starting(path)
        else:
            print(f"left out {name}: apt-get install zam-plugins")
    for name in ("ZamCompX2", "ZaMaximX2"):
        path = LV2 / f"{name}.lv2"
        if path.exists() and "lv2" in hosted_kinds():
            lv2_beside_in_process(path)
            starting(path, "lv2")
        else:
            print(f'left out {name} as LV2: pip install "hummingbridge[lv2]" and apt-get install zam-plugins')
    with tempfile.TemporaryDirectory() as folder:
        built = subprocess.run(
            ["bash", str(HERE / "tests/plugins/build.sh"), folder], capture_output=True, text=True, check=False
        )
        if built.returncode != 0:
            print("left out the faults: apt-get install dpf-source g++")
            return
        effect, instrument = Path(folder) / "FaultyGain.vst3", Path(folder) / "FaultySine.vst3"
        starting(instrument)
        faults(effect)
        leaks(effect)


if __name__ == "__main__":
    main()
