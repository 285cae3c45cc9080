"""Transfers on one thread: each timbre against real time, pitch tracking included; three voices; the start.

The source is the demo's hum, three voices are a chord of buzzing tones. Times are processor time of a process that has
loaded everything, so that a busy machine changes little; the start is wall time of a process of its own, from
nothing to two seconds of sound.
"""

from __future__ import annotations

from assistant.timbre.judging.speed import speeds
from assistant.timbre.timbre import list_timbres, load_timbre
from benchmarks.report import at_least, at_most


def main() -> None:
    found = speeds([name for name in list_timbres() if not load_timbre(name).players])
    for name, speed in found.timbres.items():
        at_least(f"{name}, whole transfer, times real time", 25, speed)
    at_least("3 voices, chords with their transcription, times real time", 12, found.three_voices)
    at_most("from nothing to two seconds of hum as a cello", 1.0, found.start_seconds, "s")


if __name__ == "__main__":
    main()
