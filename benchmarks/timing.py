"""How exactly MIDI goes out while the machine works, and how well a trembling clock is followed.

`python -m benchmarks.timing [SECONDS]`: 30 seconds by default; 300 shows that nothing drifts.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event as Flag

from benchmarks.report import at_most
from bridge.midi_io.audition import Audition, Part
from bridge.midi_io.follow import MidiClock
from bridge.midi_io.player import Player
from bridge.midi_io.ports import NoMidi, working_api
from bridge.midi_io.schedule import Event, Schedule, is_note_on
from midi.clip import Clip
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Tempo

EVERY_SECONDS = 0.01
AHEAD_SECONDS = 0.1
PERIOD_SECONDS = 512 / 48_000


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    follow()
    first_note()
    send(seconds)


def send(seconds: float) -> None:
    """Messages every 10 ms while one process transcribes and another renders, as the workers do: niced."""
    done = multiprocessing.get_context("spawn").Event()
    works = [
        multiprocessing.get_context("spawn").Process(target=work, args=(kind, done), daemon=True)
        for kind in ("hear", "render")
    ]
    for each in works:
        each.start()
    time.sleep(3.0)
    naive = multiprocessing.get_context("spawn").Queue()
    peer = multiprocessing.get_context("spawn").Process(target=sleeping, args=(seconds, naive), daemon=True)
    peer.start()
    late, start_ms, end_ms = ours(seconds)
    theirs = naive.get(timeout=seconds + 60)
    done.set()
    for each in works:
        each.join(20)
    late.sort()
    print(f"     {len(late)} messages in {seconds:.0f} s, a transcription and a render beside them")
    at_most("MIDI out after its time: median", 2.0, statistics.median(late), "ms")
    at_most("MIDI out after its time: p99", 2.0, late[int(0.99 * len(late))], "ms")
    at_most("MIDI out after its time: maximum", 10.0, late[-1], "ms")
    at_most("drift: median of the last tenth less that of the first", 0.5, abs(end_ms - start_ms), "ms")
    theirs.sort()
    print(
        f"     a naive sleeping thread in the same minute: median {statistics.median(theirs):.1f} ms, "
        f"p99 {theirs[int(0.99 * len(theirs))]:.1f} ms, maximum {theirs[-1]:.1f} ms"
    )


def ours(seconds: float) -> tuple[list[float], float, float]:
    """How late each message was, and the medians of the first and the last tenth, in milliseconds."""
    with midi_system() as api:
        return played(Player(api=api), seconds)


@contextlib.contextmanager
def midi_system() -> Iterator[str]:
    """The system's MIDI, or a JACK server without hardware."""
    try:
        yield working_api()
        return
    except NoMidi:
        if shutil.which("jackd") is None:
            raise
    name = f"bench-{os.getpid()}"
    os.environ["JACK_DEFAULT_SERVER"] = name
    command = ["jackd", "-r", "-n", name, "-d", "dummy", "-r", "48000", "-p", "512"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield answering("UNIX_JACK")
    finally:
        server.terminate()
        server.wait()


def answering(api: str, seconds: float = 10.0) -> str:
    """Waits until a MIDI system answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return working_api(api)
        except NoMidi:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def played(player: Player, seconds: float) -> tuple[list[float], float, float]:
    try:
        player.open_output()
        deadline = time.monotonic() + 10
        while not any(state.state == "open" for state in player.port_states()):
            if time.monotonic() > deadline:
                sys.exit("no MIDI port opens")
            time.sleep(0.05)
        print(f"     priority: {player.priority.reason}")
        player.stats()
        start = time.perf_counter() + 0.3
        count = round(seconds / EVERY_SECONDS)
        late: list[float] = []
        for number in range(count):
            due = start + number * EVERY_SECONDS
            while (wait := due - AHEAD_SECONDS - time.perf_counter()) > 0:
                time.sleep(wait)
            player.add([Event(due, (0x90 if number % 2 == 0 else 0x80, 60, 100))])
            if number % 10_000 == 9_999:
                late += player.stats()
        time.sleep(0.5)
        late += player.stats()
        tenth = max(1, len(late) // 10)
        return late, statistics.median(late[:tenth]), statistics.median(late[-tenth:])
    finally:
        player.close()


def sleeping(seconds: float, answer: multiprocessing.Queue[list[float]]) -> None:
    """What one writes first: a thread that sleeps from one message to the next."""
    import threading

    late: list[float] = []

    def run() -> None:
        start = time.perf_counter()
        for number in range(round(seconds / EVERY_SECONDS)):
            late.append(1000 * (time.perf_counter() - start - number * EVERY_SECONDS))
            time.sleep(EVERY_SECONDS)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    answer.put(late)


def work(kind: str, done: Flag) -> None:
    """Transcribes a hum, or renders a minute, again and again."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if hasattr(os, "nice"):
        os.nice(10)
    from assistant.audio import read_audio
    from assistant.presets import shipped

    audio = read_audio(shipped("demo/hum.flac"))
    while not done.is_set():
        if kind == "hear":
            from assistant.hear import HearSettings, listen

            listen(audio, HearSettings(tempo=Tempo(120)))
        else:
            from assistant.render import RenderJob, render

            notes = tuple(Note(float(beat), 48 + beat % 24, 1.0) for beat in range(120))
            render(Motif(Clip(notes)), RenderJob("piano"))


def follow() -> None:
    """MIDI clock in JACK's periods at 200 tempi: the tempo after two bars, and where the bar line is believed to be."""
    off_bpm, off_ms = [], []
    draw = random.Random(1)
    for _ in range(200):
        bpm = draw.uniform(60, 200)
        clock, start = MidiClock(), 1000 + draw.random()
        clock.feed(start, (0xFA,))
        for tick in range(198):
            seconds = start + tick * 60 / bpm / 24
            clock.feed(math.ceil(seconds / PERIOD_SECONDS) * PERIOD_SECONDS, (0xF8,))
        line = clock.timeline(seconds)
        off_bpm.append(abs(line.tempo_bpm - bpm))
        bar_line = start + 12 * 60 / bpm + PERIOD_SECONDS / 2
        off_ms.append(1000 * abs(line.seconds_at(12.0) - bar_line))
    off_bpm.sort()
    off_ms.sort()
    print("     200 clocks of 60 to 200 BPM, each tick at the next period of 512 frames")
    at_most("tempo after two bars: p95", 0.1, off_bpm[190], "BPM")
    at_most("the third bar's end as it is foretold: p95", 5.0, off_ms[190], "ms")


def first_note() -> None:
    """The audition's first note against the bar line as the clock tells it, in simulated time, at 100 tempi."""
    off = []
    draw = random.Random(2)
    part = Part(Motif(Clip((Note(0.0, 60, 1.0),))))
    for _ in range(100):
        bpm = draw.uniform(60, 200)
        clock, sink = MidiClock(), Sink()
        audition, now, tick, start = Audition(sink), 1000.0, 0, 1000.0 + draw.random()
        clock.feed(start, (0xFA,))
        while not sink.notes:
            while (seconds := math.ceil((start + tick * 2.5 / bpm) / PERIOD_SECONDS) * PERIOD_SECONDS) <= now:
                clock.feed(seconds, (0xF8,))
                tick += 1
            if tick > 192 and audition.state == "idle":
                audition.play(part)
            audition.turn(clock.timeline(now), now)
            now += 0.02
            sink.send(now)
        begun = audition.starts_at_beats or 0.0
        off.append(1000 * abs(sink.notes[0] - (start + begun * 60 / bpm + PERIOD_SECONDS / 2)))
    off.sort()
    at_most("audition's first note off the bar line: p95", 5.0, off[94], "ms")


class Sink(Schedule):
    """Takes events as the player does, in simulated time."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[float] = []

    def send(self, now: float) -> None:
        self.notes += [due.due_seconds for due in self.take_due(now) if is_note_on(due.message)]
        self.confirm_sent()


if __name__ == "__main__":
    main()
