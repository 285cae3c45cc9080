"""Finishing a recording: the silence around what was hummed is cut off, what is left is a file of its own."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.capture.recording import (
    GROWING,
    HEADER_BYTES,
    SAMPLE_BYTES,
    WHOLE,
    Ending,
    Facts,
    Place,
    Recording,
    header,
)

STEP_SECONDS = 0.01
PRE_ROLL_SECONDS, TAIL_SECONDS = 0.25, 0.4
SILENT_DBFS = -55.0
CLIPPED = 0.999
_STEADY_STEPS = 3
"""Shorter than this is a click: a footswitch, a plug."""

_ABOVE_FLOOR_DB, _BELOW_PEAK_DB, _LOWEST_DBFS = 12.0, 20.0, -60.0
_READ_FRAMES = 1 << 18
_NO_DBFS = -120.0


def dbfs(value: float) -> float:
    return 20 * math.log10(value) if value > 1e-6 else _NO_DBFS


def span(levels_dbfs: Sequence[float]) -> tuple[int, int] | None:
    """The first and the last step (of 10 ms) that belong to the hum; None where all is silent.

    A step belongs to it that is 12 dB above the noise floor (the quietest tenth), or less than 20 dB below the loudest
    where the hum leaves no pause to know the floor from.
    """
    levels = np.asarray(levels_dbfs)
    if not levels.size or levels.max() < SILENT_DBFS:
        return None
    floor = float(np.percentile(levels, 10))
    threshold = max(_LOWEST_DBFS, min(floor + _ABOVE_FLOOR_DB, float(np.percentile(levels, 99)) - _BELOW_PEAK_DB))
    loud = (levels >= threshold).astype(np.int8)
    if loud.size >= _STEADY_STEPS:
        steady = np.convolve(loud, np.ones(_STEADY_STEPS, dtype=np.int8), "valid") == _STEADY_STEPS
        starts = np.flatnonzero(steady)
        if starts.size:
            return int(starts[0]), int(starts[-1]) + _STEADY_STEPS - 1
    places = np.flatnonzero(loud)
    return int(places[0]), int(places[-1])


def finished(growing: Path, *, ending: Ending, dropped_frames: int = 0) -> Recording | None:
    """The recording that grew in `growing` (`NAME.recording.wav`), its silence cut off; None where it holds nothing."""
    stem = growing.name.removesuffix(GROWING)
    facts_path = growing.with_name(f"{stem}.json")
    facts = _facts(facts_path, growing)
    frame = SAMPLE_BYTES * facts.channels
    frames = max(0, growing.stat().st_size - HEADER_BYTES) // frame
    if not frames:
        growing.unlink()
        facts_path.unlink(missing_ok=True)
        return None
    rate = facts.sample_rate_hz
    step = max(1, round(STEP_SECONDS * rate))
    levels: list[float] = []
    peak = 0.0
    for block in _blocks(growing, facts.channels, 0, frames, step):
        mean = block.mean(axis=1)
        whole = mean[: mean.size // step * step].reshape(-1, step)
        levels += [dbfs(value) for value in np.sqrt(np.mean(np.square(whole, dtype=np.float64), axis=1))]
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
    found = span(levels)
    first, last = 0, frames
    if found is not None:
        first = max(0, found[0] * step - round(PRE_ROLL_SECONDS * rate))
        last = min(frames, (found[1] + 1) * step + round(TAIL_SECONDS * rate))
    path, whole_path = growing.with_name(f"{stem}.wav"), growing.with_name(f"{stem}{WHOLE}")
    _write(path, facts, last - first, _blocks(growing, facts.channels, first, last, step))
    with growing.open("r+b") as file:
        file.write(header(rate, facts.channels, frames * frame))
        file.truncate(HEADER_BYTES + frames * frame)
    growing.replace(whole_path)
    began = facts.began_at_seconds + first / rate
    return Recording(
        path=path,
        whole_path=whole_path,
        sample_rate_hz=rate,
        channels=facts.channels,
        frames=last - first,
        began_at_seconds=began,
        began_beats=facts.place.beats_at(began),
        place=facts.place,
        trimmed_seconds=first / rate,
        dropped_frames=dropped_frames,
        peak_dbfs=dbfs(peak),
        clipped=peak >= CLIPPED,
        silent=found is None,
        ending=ending,
    )


def _facts(path: Path, growing: Path) -> Facts:
    """The facts beside a recording; where they are lost, its own header still tells rate and channels."""
    try:
        return Facts.read(path)
    except (OSError, ValueError, LookupError, TypeError):
        begin = growing.read_bytes()[:HEADER_BYTES] if growing.stat().st_size >= HEADER_BYTES else b""
        channels = int.from_bytes(begin[22:24], "little") or 1
        rate = int.from_bytes(begin[24:28], "little") or 48_000
        return Facts(rate, channels, 0.0, Place())


def _blocks(path: Path, channels: int, first: int, last: int, step: int) -> Iterable[NDArray[np.float32]]:
    """Frames [first, last) of a growing file, shape (frames, channels), each block a whole number of steps long."""
    size = _READ_FRAMES // step * step
    frame = SAMPLE_BYTES * channels
    with path.open("rb") as file:
        file.seek(HEADER_BYTES + first * frame)
        while first < last:
            count = min(size, last - first)
            yield np.frombuffer(file.read(count * frame), dtype="<f4").reshape(-1, channels)
            first += count


def _write(path: Path, facts: Facts, frames: int, blocks: Iterable[NDArray[np.float32]]) -> None:
    """A long recording is not held in memory: it goes to a file beside, which then takes its name."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(header(facts.sample_rate_hz, facts.channels, frames * SAMPLE_BYTES * facts.channels))
        for block in blocks:
            file.write(block.tobytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
