"""What timbres are judged on: phrases of the true instruments that none was learnt from, real voices, a piano."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.audio import Samples, read_audio
from assistant.errors import MissingPart, UnknownName
from assistant.hear.evaluation import find_clips
from assistant.timbre.features import SAMPLE_RATE_HZ, Frames
from assistant.timbre.training.phrases import phrase
from assistant.timbre.training.players import soundfont
from assistant.timbre.training.recipes import FLUID, HELD_OUT, LEARNT, SOURCES, level_gain, played, rendered

JUDGES_FONT = Path("/usr/share/sounds/sf3/MuseScore_General.sf3")
"""Another SoundFont than the timbres learnt from: the judge of instruments learns from it."""
SOURCE_SECONDS = 10.0
_PIANO, _PIANO_SEED = 0, 4
_FONTS = {FLUID: "fluid-soundfont-gm", JUDGES_FONT: "musescore-general-soundfont"}


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """A phrase of the true instrument that its timbre did not learn from, on the common scale of loudness, and the
    pitch that it has, in Hz a frame.
    """

    samples: Samples
    hz: Frames


def check_material() -> None:
    """Raises `MissingPart` where the instruments themselves cannot be played."""
    if shutil.which("fluidsynth") is None:
        raise MissingPart("the true instruments are played by fluidsynth, which is missing", hint="install fluidsynth")
    for font, package in _FONTS.items():
        if not font.is_file():
            raise MissingPart(
                f"{font.name} is missing: the true instruments are played from it",
                hint=f"install {package}, so that it lies at {font}",
            )


def true_instruments(names: tuple[str, ...]) -> tuple[str, ...]:
    """`names`, all of which have an instrument to be measured against. Raises `UnknownName`."""
    for name in names:
        if name not in SOURCES:
            raise UnknownName(
                f"{name} has no instrument here to be measured against",
                hint=f"known: {', '.join(SOURCES)}; for your own recording: --own RECORDING",
            )
    return names or tuple(SOURCES)


def held_out(name: str) -> tuple[HeldOut, ...]:
    """The two half minutes that the training leaves out, as loud as it heard the others."""
    gain = np.float32(level_gain([rendered(name, seed)[0] for seed in LEARNT]))
    return tuple(HeldOut(samples * gain, hz) for samples, hz in (played(name, seed) for seed in HELD_OUT))


def sources(folder: Path, clips: int) -> dict[str, Samples]:
    """What is made into the timbres: ten seconds each of the folder's first recordings, and of a piano."""
    length = int(SOURCE_SECONDS * SAMPLE_RATE_HZ)
    voices = {
        clip.name: read_audio(clip.sound).resampled(SAMPLE_RATE_HZ).mono()[:length]
        for clip in find_clips(folder)[:clips]
    }
    return voices | {"piano": piano()}


def piano() -> Samples:
    """Ten seconds of a piano, one note at a time."""
    written = phrase(_PIANO_SEED, 55, 79, SOURCE_SECONDS, plucked=True)
    return soundfont(written, _PIANO, FLUID, _PIANO_SEED) * np.float32(2)
