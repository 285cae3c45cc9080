"""Makes `ear.npz`, `expectation.json` and `rhythms.json` of `assistant/hear`, from marked recordings and melodies.

    python -m scripts.hearing VOICES MELODIES WORK
    python -m scripts.hearing VOICES MELODIES WORK --fold A --fold B --fold C --fold D

`VOICES` holds a folder for each recording (audio.flac and notes.csv), `MELODIES` is the .jsonl.gz of scores. Examples
are kept in `WORK`, so a second run only trains. Without `--fold` the nets that ship are trained, on everything, and
written into `WORK`; `--install` puts them beside the program. With it, nets are trained without the recordings of that
fold, and judged on them with all of the program around: these are the figures of the model card. About half an hour
of one core without folds, another quarter of an hour for each fold; with `--judge` the nets that a fold left in `WORK`
are judged again, as when only `decode.py` has changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from assistant.audio import Samples, read_audio
from assistant.hear import HearSettings, Listener
from assistant.hear.evaluation import Clip, Figures, find_clips, judged, mean, ours, spoiled
from assistant.hear.learned import MODEL, Learned
from assistant.hear.listening import prepared
from assistant.hear.spoil import SPOILS
from assistant.hear.swift import PitchTracker
from scripts.hearing.examples import Example, load_example, make_example, save_example
from scripts.hearing.expectation import count, count_rhythms
from scripts.hearing.export import write_nets
from scripts.hearing.melodies import draw_melody, read_melodies
from scripts.hearing.singer import sing, whistle
from scripts.hearing.spoiled import degraded, varied
from scripts.hearing.training import train

FOLDS = {
    "A": (313, 364, 1072, 1075, 1079, 1194, 1196, 1197, 1198, 1307, 1311, 1315, 1355),
    "B": (406, 407, 408, 410, 424, 480, 1011, 1155, 1156, 1174),
    "C": (1201, 1202, 1203, 1206, 1207, 1208),
    "D": (1210, 1212, 1213, 1216, 1217, 1218, 1219, 1220, 1221, 1222, 1223, 1227, 1228, 1230),
}
"""Recordings of one melody, and recordings that are numbered side by side and so may be of one singer, are together."""

VERSIONS = 3
MADE = 120
_MIXED, _MOSTLY_REAL = (0.6, 0.25, 0.15), (0.85, 0.15, 0.0)
NETS = ((_MIXED, 0), (_MIXED, 1), (_MOSTLY_REAL, 2), (_MIXED, 3), (_MIXED, 4))
"""Of each net that ships: how much of what it hears is recordings, varied recordings, synthetic; and its seed."""
MARKED_SECONDS = (-0.007, 0.010)
"""How much earlier people mark a note's start than the synthetic singer does, and later its end: what a net that was
trained on people's marks alone finds in the synthetic singing."""

_RANGES = ((42, 58), (48, 64), (55, 70), (58, 74), (62, 78))


def number(clip: str) -> int:
    return int(clip.partition("@")[0].rpartition("_")[2])


def recordings(clips: Sequence[Clip], folder: Path) -> Iterator[Example]:
    """Every recording as it is (version 0), and changed."""
    tracker = PitchTracker()
    for clip in clips:
        for version in range(VERSIONS + 1):
            path = folder / f"{clip.name}@{version}.npz"
            if not path.exists():
                rng = np.random.default_rng([version, number(clip.name)])
                samples, notes = prepared(read_audio(clip.sound)), clip.sung
                if version:
                    samples, notes = varied(samples, notes, rng)
                    samples = degraded(samples, rng)
                save_example(make_example(path.stem, samples, notes, tracker), folder)
                print(f"  {path.stem}", flush=True)
            yield load_example(path)


def synthetic(melodies: Path, folder: Path) -> Iterator[Example]:
    """Melodies, sung and whistled by nobody."""
    tracker, sections = PitchTracker(), read_melodies(melodies)
    for index in range(MADE):
        path = folder / f"made_{index:03d}.npz"
        if not path.exists():
            rng = np.random.default_rng([1, index])
            if rng.random() < 0.06:
                tones = draw_melody(sections, rng, lowest=72, highest=90, seconds=14)
                samples, notes = whistle(tones, rng)
            else:
                low, high = _RANGES[int(rng.integers(len(_RANGES)))]
                tones = draw_melody(sections, rng, lowest=low, highest=high, seconds=14)
                samples, notes = sing(tones, rng, high=low >= 55)
            heard: Samples = degraded(samples, rng)
            notes = notes + np.array([*MARKED_SECONDS, 0.0])
            save_example(make_example(path.stem, heard, notes, tracker), folder)
            print(f"  {path.stem}", flush=True)
        yield load_example(path)


def judge(clips: Sequence[Clip], weights: Path) -> dict[str, list[Figures]]:
    """The program with these weights, on recordings as they are and spoiled."""
    ear = ours(Listener(loaded={"learned": Learned(weights=weights)}), HearSettings(tracker="learned"))
    figures = {"clean": [judged(clip, ear) for clip in clips]}
    for what, spoil in SPOILS.items():
        figures[what] = [judged(clip, ear, spoil=change) for clip, change in spoiled(clips, spoil)]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voices", type=Path)
    parser.add_argument("melodies", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--fold", action="append", choices=FOLDS, default=[])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--judge", action="store_true", help="judge the nets of a fold that WORK holds already")
    parser.add_argument("--install", action="store_true")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    clips = find_clips(asked.voices)
    real = list(recordings(clips, asked.work))
    made = list(synthetic(asked.melodies, asked.work))
    found: list[dict[str, list[Figures]]] = []
    for fold in asked.fold or ["all"]:
        left_out = FOLDS.get(fold, ())
        heard = [example for example in real if number(example.name) not in left_out]
        plain = [example for example in heard if example.name.endswith("@0")]
        changed = [example for example in heard if not example.name.endswith("@0")]
        weights = asked.work / f"ear_{fold}.npz"
        if not (asked.judge and weights.exists()):
            nets = []
            for parts, seed in NETS:
                print(f"fold {fold}, seed {seed}: {len(plain)} recordings, {len(changed)} changed, {len(made)} made")
                nets.append(train(list(zip(parts, (plain, changed, made), strict=True)), steps=asked.steps, seed=seed))
            write_nets(nets, weights)
        if asked.fold:
            held = [clip for clip in clips if number(clip.name) in left_out]
            found.append(judge(held, weights))
            show(f"fold {fold}, {len(held)} recordings", mean(found[-1]["clean"]))
        elif asked.install:
            MODEL.write_bytes(weights.read_bytes())
            count(asked.melodies, MODEL.with_name("expectation.json"))
            count_rhythms(asked.melodies, MODEL.with_name("rhythms.json"))
    if found:
        for what in found[0]:
            show(what, mean([figures for one in found for figures in one[what]]))


def show(what: str, figures: Figures) -> None:
    print(
        f"{what}: onset {figures.onset:.3f}, with pitch {figures.pitch:.3f}, with end {figures.offset:.3f}, "
        f"meant {figures.meant or 0:.3f} ({figures.meant_anywhere or 0:.3f} transposed), ratio {figures.ratio:.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
