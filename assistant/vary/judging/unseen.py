"""Music that the makers of variations have not seen: for motifs, and for the judges of what is made of them."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import CannotRead
from assistant.vary.judging.judge import whole_stretches
from assistant.vary.judging.originality import Windows, share_known, windows
from assistant.vary.learned.sections import Section, read_sections, split_scores

LEARNED_FROM = 0.5
"""A score with this share of its windows in the training set was learned from."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Sections of a file by use, split by score: `motifs` to vary, `judges` to learn judging from. `learned` are the
    sections of the scores that the makers know, of which neither is taken."""

    motifs: list[Section]
    judges: list[Section]
    learned: list[Section]


def unseen_in(path: Path, known: Windows) -> Unseen:
    """Raises `CannotRead` where nothing is left."""
    try:
        parts = split_scores(read_sections(path))
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise CannotRead(f"{path} is not a file of melodies: {error}", hint="one JSON object a line") from error
    found = Unseen(list(parts.get("test", [])), list(parts.get("judge", [])), [])
    scores: dict[str, list[Section]] = defaultdict(list)
    for section in parts.get("train", []):
        scores[section.score].append(section)
    learned: list[Section] = []
    for score, sections in scores.items():
        some = {w for section in sections for bars in whole_stretches(section) for w in windows(bars)}
        if share_known(some, known) >= LEARNED_FROM:
            learned += sections
        elif zlib.crc32(score.encode()) % 2:
            found.motifs.extend(sections)
        else:
            found.judges.extend(sections)
    if not found.motifs or not found.judges:
        raise CannotRead(
            f"{path} has no two scores that the model has not learned from", hint="give a file with other music"
        )
    return Unseen(found.motifs, found.judges, learned)
