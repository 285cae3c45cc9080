"""Counting in: clicks up to the bar line on which the recording begins."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Timeline
from bridge.midi_io.schedule import Event, note_off

SOURCE = 2
DRUMS = 9
HIGH_CLICK, LOW_CLICK = 76, 77
"""The wood blocks of General MIDI."""

_CLICK_SECONDS = 0.05
_SOONEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class CountIn:
    """`events` for the player, and where and when the recording begins."""

    events: tuple[Event, ...]
    begins_beats: float
    begins_at_seconds: float


def count_in(
    line: Timeline, now: float, *, bars: int = 1, audible: bool = True, channel: int = DRUMS, port: int = 0
) -> CountIn:
    """Counts `bars` bars from the next bar line on; the first beat of each is higher. `line` must run.

    With `bars` 0 the recording begins on the next bar line, without a click.
    """
    if not line.running:
        raise ValueError("a count-in needs a clock that runs: start one")
    begin = line.bar_line_from(line.beats_at(now + _SOONEST_SECONDS))
    bar, pulse = line.meter.bar_beats, line.meter.pulse_beats
    end = begin + bars * bar
    events: list[Event] = []
    place = begin
    while audible and place < end - 1e-6:
        seconds = line.seconds_at(place)
        first = abs((place - begin) / bar - round((place - begin) / bar)) < 1e-6
        pitch, velocity = (HIGH_CLICK, 110) if first else (LOW_CLICK, 80)
        events.append(Event(seconds, (0x90 | channel, pitch, velocity), port, SOURCE))
        events.append(Event(seconds + _CLICK_SECONDS, note_off(channel, pitch), port, SOURCE))
        place += pulse
    return CountIn(tuple(events), end, line.seconds_at(end))
