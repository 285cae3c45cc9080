"""Melodies to learn from and to measure on: `melodies.jsonl.gz` and files like it.

One JSON object a line: `id, corpus, composer, work, part, meter, fifths, bar_ticks, bars`; a bar is a list of
`[onset, duration, pitch or null, tied_from_previous]` in ticks of 24 to the quarter, or null where it is incomplete.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import CannotRead
from assistant.vary.learned.sections import Part, read_sections, split_scores
from assistant.vary.phrase import GRID_TICKS, Phrase, Tone, note_of
from midi.clip import Clip
from midi.motif import Motif
from midi.scale import Key
from midi.tempo import Meter


@dataclass(frozen=True, slots=True)
class Melody:
    """One part of a score: runs of whole bars without a gap, as phrases, and to what use its score is put.

    `train` teaches what makes variations and chooses among them, `judge` is for judging them from outside, `test` is
    seen by neither.
    """

    name: str
    part: Part
    phrases: tuple[Phrase, ...]


def read_melodies(path: Path) -> Iterator[Melody]:
    """The melodies of a file, plain or gzipped. The key is the major key of the signature. Raises `CannotRead`."""
    try:
        parts = {section.score: part for part, some in split_scores(read_sections(path)).items() for section in some}
        data = path.read_bytes()
        for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
            record = json.loads(line)
            yield _melody(record, parts.get(record["id"].partition("#")[0], "train"))
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise CannotRead(f"{path} is not a file of melodies: {error}", hint="one JSON object a line") from error


def motifs_in(melody: Melody, bars: int, *, notes: range = range(4, 200)) -> Iterator[Motif]:
    """Motifs of so many bars cut from a melody one after another, those with a number of notes within `notes`."""
    for phrase in melody.phrases:
        for first in range(0, phrase.bars - bars + 1, bars):
            part = phrase.bars_between(first, first + bars - 1)
            if len(part.tones) in notes:
                clip = Clip(tuple(map(note_of, part.tones)), length_beats=part.length / 480)
                yield Motif(clip, part.key, part.meter)


def _melody(record: Mapping[str, Any], part: Part) -> Melody:
    meter = Meter(*record["meter"])
    key = Key(record["fifths"] * 7 % 12, "major")
    bar_ticks = record["bar_ticks"] * GRID_TICKS
    phrases: list[Phrase] = []
    tones: list[Tone] = []
    bars = 0

    def close() -> None:
        nonlocal tones, bars
        if bars and tones:
            phrases.append(Phrase(tuple(tones), bars, meter, key))
        tones, bars = [], 0

    for bar in [*record["bars"], None]:
        if bar is None or bar_ticks != round(meter.bar_beats * 480):
            close()
            continue
        for onset, duration, pitch, tied in bar:
            start, length = bars * bar_ticks + onset * GRID_TICKS, duration * GRID_TICKS
            if pitch is None:
                continue
            if tied and tones and tones[-1].end == start and tones[-1].pitch == pitch:
                tones[-1] = tones[-1]._replace(length=tones[-1].length + length)
            else:
                tones.append(Tone(start, pitch, length))
        bars += 1
    return Melody(record["id"], part, tuple(phrases))
