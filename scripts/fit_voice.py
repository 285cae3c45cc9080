"""Fits the weights of `assistant/hear/voice.json`: which cues tell that a sung note starts, and that one sounds.

    python scripts/fit_voice.py FOLDER      one folder a clip: audio.flac, notes.csv (onset_s,offset_s,pitch_midi)

Each clip is heard as it is and through six changes (noise, rooms, a telephone, other speeds and pitches), so that the
weights do not lean on one microphone. First it prints how the weights do on clips that they were not fitted on (two
halves, each judged with the weights of the other), then it fits all and writes the file. About five minutes.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import mir_eval
import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.audio import Samples, read_audio
from assistant.hear.cues import CUES, cues
from assistant.hear.listening import prepared
from assistant.hear.network import RATE_HZ, Network, Posteriorgrams
from assistant.hear.voice import LAGS, MODEL, neighbourhood, track
from midi.pitch import hz_from_midi

Notes = NDArray[np.float64]
CARD = {
    "what": "two logistic regressions on nine cues in five frames: where a sung note starts, and where one sounds",
    "fitted_on": "43 solfege clips of HUST_Solfege (2019, ITEC, HUST; MIT) and six changed copies of each",
    "licence": "GPL-3.0-or-later",
    "made_by": "scripts/fit_voice.py",
}
ONSET_SECONDS = 0.015
FLATTENING = 1e-3


def noisy(samples: Samples, random: np.random.Generator, below_db: float) -> Samples:
    """Pinkish noise, `below_db` under the loud passages."""
    white = np.fft.rfft(random.standard_normal(len(samples)))
    noise = np.fft.irfft(white / np.maximum(1, np.arange(len(white))) ** 0.25, len(samples))
    loud = float(np.sqrt(np.percentile(np.convolve(samples**2, np.ones(1024) / 1024, "same"), 80)))
    return (samples + noise / noise.std() * loud * 10 ** (-below_db / 20)).astype(np.float32)


def roomy(samples: Samples, random: np.random.Generator, seconds: float) -> Samples:
    """A room that rings for `seconds`."""
    length = int(seconds * RATE_HZ)
    room = random.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    room *= 0.35 / np.sqrt((room**2).sum())
    room[0] = 1
    size = len(samples) + length
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(room, size), size)[: len(samples)].astype(np.float32)


def narrow(samples: Samples) -> Samples:
    """As over the telephone: 8 kHz."""
    return soxr.resample(soxr.resample(samples, RATE_HZ, 8000), 8000, RATE_HZ).astype(np.float32)


def thin(samples: Samples) -> Samples:
    """A small microphone: less below 200 Hz and above 3.5 kHz."""
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    gain = 0.5 + 0.5 / np.sqrt(1 + (200 / np.maximum(hz, 1)) ** 4) / np.sqrt(1 + (hz / 3500) ** 4)
    return np.fft.irfft(spectrum * gain, len(samples)).astype(np.float32)


def faster(samples: Samples, factor: float) -> Samples:
    """Faster and higher."""
    return soxr.resample(samples, RATE_HZ, round(RATE_HZ / factor)).astype(np.float32)


Change = Callable[[Samples, np.random.Generator], tuple[Samples, float]]
CHANGES: dict[str, Change] = {
    "as it is": lambda samples, _: (samples, 1.0),
    "noise": lambda samples, random: (noisy(samples, random, 22), 1.0),
    "room": lambda samples, random: (roomy(samples, random, 0.5), 1.0),
    "higher": lambda samples, _: (faster(samples, 1.22), 1.22),
    "lower": lambda samples, _: (faster(samples, 0.82), 0.82),
    "telephone": lambda samples, random: (noisy(narrow(samples), random, 32), 1.0),
    "thin": lambda samples, random: (noisy(thin(roomy(samples, random, 0.25)), random, 30), 1.0),
}


def read_notes(path: Path) -> Notes:
    """Rows of onset, offset and pitch."""
    with path.open(newline="") as file:
        rows = [[float(value) for value in row[:3]] for row in list(csv.reader(file))[1:]]
    notes = np.array(rows)
    return notes[notes[:, 1] > notes[:, 0]]


def targets(notes: Notes, times: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much each frame is an onset, and whether a note sounds in it."""
    near = np.abs(times[:, np.newaxis] - notes[:, 0]).min(axis=1)
    sounding = ((times[:, np.newaxis] >= notes[:, 0]) & (times[:, np.newaxis] < notes[:, 1])).any(axis=1)
    return np.exp(-0.5 * (near / ONSET_SECONDS) ** 2), sounding.astype(np.float64)


def logistic_regression(
    rows: NDArray[np.float32], wanted: NDArray[np.float64], counts: NDArray[np.float64]
) -> dict[str, object]:
    """Weights and bias, by Newton's method."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    table = np.column_stack([(rows - mean) / spread, np.ones(len(rows), np.float32)])
    weights = np.zeros(table.shape[1])
    flattening = np.append(np.full(rows.shape[1], FLATTENING * len(rows)), 0)
    for _ in range(12):
        likely = 1 / (1 + np.exp(-(table @ weights)))
        slope = table.T @ (counts * (likely - wanted)) + flattening * weights
        bend = (table * (counts * likely * (1 - likely))[:, np.newaxis]).T @ table + np.diag(flattening)
        weights -= np.linalg.solve(bend, slope)
    scaled = weights[:-1] / spread
    return {
        "weights": [round(float(weight), 4) for weight in scaled],
        "bias": round(float(weights[-1] - scaled @ mean), 4),
    }


def main() -> None:
    folders = sorted(path.parent for path in Path(sys.argv[1]).glob("*/notes.csv"))
    random = np.random.default_rng(0)
    network = Network()
    plain: list[tuple[Samples, Posteriorgrams, Notes]] = []
    tables: list[tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]] = []
    for folder in folders:
        notes = read_notes(folder / "notes.csv")
        samples = prepared(read_audio(folder / "audio.flac"))
        parts = []
        for name, change in CHANGES.items():
            changed, speed = change(samples, random)
            heard = network.posteriorgrams(changed)
            if name == "as it is":
                plain.append((changed, heard, notes))
            onset, active = targets(notes / [speed, speed, 1], heard.times_seconds)
            parts.append((neighbourhood(cues(changed, heard)), onset, active))
        tables.append(tuple(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        print(folder.name, flush=True)

    def fit(chosen: list[int]) -> dict[str, object]:
        rows, onset, active = (np.concatenate([tables[clip][part] for clip in chosen]) for part in range(3))
        return {
            "card": CARD,
            "cues": list(CUES),
            "lags": list(LAGS),
            # Onsets are rare: they count more.
            "onset": logistic_regression(rows, onset, 1 + 4 * onset),
            "active": logistic_regression(rows, active, np.ones(len(active))),
        }

    halves = [[clip for clip in range(len(folders)) if clip % 2 == half] for half in (0, 1)]
    found = []
    for half, other in (halves, halves[::-1]):
        model = fit(other)
        for clip in half:
            samples, heard, notes = plain[clip]
            sung = track(samples, heard, model=model)
            spans = np.array([(note.onset_seconds, note.offset_seconds) for note in sung])
            hz = np.array([hz_from_midi(note.pitch) for note in sung])
            against = (notes[:, :2], np.array([hz_from_midi(pitch) for pitch in notes[:, 2]]), spans, hz)
            judge = mir_eval.transcription
            found.append(
                (
                    judge.onset_precision_recall_f1(notes[:, :2], spans)[2],
                    judge.precision_recall_f1_overlap(*against, offset_ratio=None)[2],
                    judge.precision_recall_f1_overlap(*against)[2],
                )
            )
    onset, pitch, offset = np.mean(found, axis=0)
    print(f"on clips not fitted on: onset {onset:.3f}, and pitch {pitch:.3f}, and offset {offset:.3f}")
    MODEL.write_text(json.dumps(fit(list(range(len(folders)))), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
