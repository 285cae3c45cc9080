"""Trains the melody model that ships, `presets/melody/ngram.npz`, on a file of CC0 melodies.

`python scripts/train_ngram.py MELODIES.jsonl.gz [-o FILE]`. The scores are split by name: the model learns from the
`train` part alone and is measured on the `test` part. The same melodies give the same bytes.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np

from assistant.files import write_whole
from assistant.vary.corpus import read_melodies
from assistant.vary.phrase import Phrase
from assistant.vary.plausible import NAME, load_model, trained


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("melodies", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parents[1] / "presets" / NAME)
    arguments = parser.parse_args()
    parts: dict[str, list[Phrase]] = {"train": [], "judge": [], "test": []}
    for melody in read_melodies(arguments.melodies):
        parts[melody.part] += melody.phrases
    model = trained(parts["train"])
    file = io.BytesIO()
    np.savez_compressed(file, **model.arrays())
    write_whole(arguments.output, file.getvalue())
    loaded = load_model(arguments.output)
    for name, phrases in parts.items():
        notes = np.array([len(phrase.tones) for phrase in phrases])
        bits = float((loaded.bits(phrases) * notes).sum() / notes.sum())
        print(f"{name}: {notes.sum()} notes, {bits:.3f} bits a note")
    print(f"{arguments.output}: {len(file.getvalue()) / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
