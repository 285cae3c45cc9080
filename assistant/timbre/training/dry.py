"""The room of a recording, heard in how its notes die away, and the recording without it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from assistant.audio import Samples
from assistant.timbre.features import SAMPLE_RATE_HZ, Frames
from assistant.timbre.room import BANDS_HZ, LONGEST_SECONDS, Room, octaves

_WINDOW, _HOP = 1024, 240
_STEP_SECONDS = _HOP / SAMPLE_RATE_HZ
_SHORTEST_SECONDS = 0.25
"""What decays faster is how the instrument itself ends a note."""
_RELEASE_SECONDS = 0.12
_ENDED_SECONDS = 0.02
"""So long after a note is let go the instrument is taken to be silent; past the release nothing but the room is."""
_LEAST_FALL_DB = 10.0
_LEAST_END_SECONDS, _LEAST_END_DB = 0.25, 20.0
_OVER_FLOOR_DB = 8.0
_FEWEST = 4
_USUAL_SHARE = 0.45
"""Nothing dies away faster than the room lets it, and some slower: the faster half tells the room."""
_QUIETEST_DB = -30.0
_MOST_SHARE = 0.55
_LOUDEST_DB = -4.0
"""Where nothing falls off as a note ends, the instrument itself fades: of held sound a room adds less than there is."""
_TAKEN, _LEFT = 2.5, 1e-4
"""Of what rings more is taken the more of it there is: single tones ring louder than their octave, and what is held is
to stay as loud as it was. And the power that stays.
"""


def room_of(samples: Samples) -> Room | None:
    """The room of mono audio at 48 kHz; None where too few notes end in it freely, or it has next to none."""
    powers = _band_powers(samples)
    everything = _db(powers.sum(axis=0))
    ends = _ends(everything)
    seconds, levels = [], []
    for band in _db(powers):
        found = [one for first, last in ends if (one := _decay(band, first, last))]
        times = np.array([time for time, _ in found])
        if len(found) < _FEWEST:
            seconds.append(np.nan)
            levels.append(np.nan)
            continue
        seconds.append(float(np.quantile(times, _USUAL_SHARE)))
        levels.append(float(np.median([level for _, level in found])))
    known = np.flatnonzero(~np.isnan(seconds))
    if len(known) < 2:
        return None
    every = np.arange(len(BANDS_HZ))
    times = np.interp(every, known, np.array(seconds)[known])
    share = np.minimum(10 ** (np.interp(every, known, np.array(levels)[known]) / 10), _MOST_SHARE)
    level = 10 * np.log10(share / (1 - share))
    usual_seconds, usual_db = float(np.median(times[known])), float(np.median(level[known]))
    if usual_seconds < _SHORTEST_SECONDS or usual_db < _QUIETEST_DB:
        return None
    if np.median(np.array(levels)[known]) > _LOUDEST_DB:
        return None
    # A band in which little sounds is not heard well; rooms differ less between octaves than such guesses.
    times = times.clip(usual_seconds / 2, usual_seconds * 2).clip(0.0, LONGEST_SECONDS)
    level = level.clip(usual_db - 6, usual_db + 6)
    return Room(tuple(round(float(one), 2) for one in times), tuple(round(float(one), 1) for one in level))


def dried(samples: Samples, room: Room) -> Samples:
    """The recording with what `room` rings of earlier sound taken out, as far as powers tell it (after Lebart et al.,
    2001): each frequency is as much softer as what rings there would be.
    """
    size, hop = 2048, 512
    window = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
    shares = octaves(np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ))
    decay = 10 ** (-6 * (hop / SAMPLE_RATE_HZ) / (np.array(room.seconds) @ shares))
    ringing = (1 - decay) * 10 ** ((np.array(room.level_db) @ shares) / 10)
    padded = np.pad(samples, (size, size + hop))
    frames = sliding_window_view(padded, size)[::hop]
    out = np.zeros(len(padded), np.float32)
    late = np.zeros(size // 2 + 1)
    for number, frame in enumerate(frames):
        spectrum = np.fft.rfft(frame * window)
        power = np.square(np.abs(spectrum)) + 1e-20
        late *= decay
        dry = np.maximum(power - late, 0.0) / (1 + ringing)
        gain = np.sqrt(np.maximum(1 - _TAKEN * np.square(late / power), _LEFT))
        late += ringing * dry
        at = number * hop
        out[at : at + size] += np.fft.irfft(spectrum * gain, size).astype(np.float32) * window / 2
    return out[size : size + len(samples)]


def _band_powers(samples: Samples) -> Frames:
    """(bands, frames), a frame every 5 ms."""
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    shares = octaves(np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ))
    frames = sliding_window_view(np.pad(samples, _WINDOW // 2), _WINDOW)[::_HOP]
    found = [
        np.square(np.abs(np.fft.rfft(frames[first : first + 512] * window))) @ shares.T
        for first in range(0, len(frames), 512)
    ]
    powers: Frames = np.concatenate(found).T / np.square(window).sum()
    return powers


def _db(power: Frames) -> Frames:
    level: Frames = 10 * np.log10(power + 1e-14)
    return level


def _ends(level: Frames) -> list[tuple[int, int]]:
    """Where sound dies away freely: from the last moment it is held to the last before something new begins."""
    held, free = int(0.2 / _STEP_SECONDS), int(_LEAST_END_SECONDS / _STEP_SECONDS)
    smooth: Frames = np.convolve(level, np.ones(5) / 5, mode="same")
    loud = smooth > float(np.quantile(smooth, 0.9)) - 15
    found = []
    for first in np.flatnonzero(loud[:-1] & ~loud[1:]).tolist():
        plateau = float(np.median(smooth[max(0, first - 2 * held) : first + 1]))
        start = first
        while start > max(0, first - held) and smooth[start] < plateau - 1.5:
            start -= 1
        lowest, last = float(smooth[first]), first
        for value in map(float, smooth[last + 1 :]):
            if value >= lowest + 6:
                break
            last, lowest = last + 1, min(lowest, value)
        # What dips and goes on is no end.
        if last - start >= free and plateau - lowest >= _LEAST_END_DB:
            found.append((start, last))
    return found


def _decay(band: Frames, first: int, last: int) -> tuple[float, float] | None:
    """Seconds for 60 dB of what dies away there, and its level at the beginning beside what was held, in dB."""
    skipped = int(_RELEASE_SECONDS / _STEP_SECONDS)
    held = float(np.median(band[max(0, first - 40) : first + 1]))
    after = band[first + skipped : last]
    floor = max(float(np.quantile(band, 0.02)), -110.0) + _OVER_FLOOR_DB
    under = np.flatnonzero(after < floor)
    after = after[: under[0]] if len(under) else after
    if len(after) * _STEP_SECONDS < 0.06:
        return None
    slope, begin = np.polyfit(np.arange(len(after)) * _STEP_SECONDS, after, 1)
    if -slope * len(after) * _STEP_SECONDS < _LEAST_FALL_DB:
        return None
    return float(-60 / slope), float(begin - slope * (_RELEASE_SECONDS - _ENDED_SECONDS) - held)
