"""Every effect of pedalboard under a musician's name, with units, ranges and defaults.

Ranges are those in which pedalboard 0.9.26 stays finite and a musician finds a use: some of its knobs accept more and
then give NaN (phaser feedback over 1) or never end (a resonance of 1).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from assistant.effects.kinds import Pedal, Settings, echoes, number
from assistant.effects.parameter import Parameter
from assistant.errors import InvalidPreset

_LONGEST_COMB_SECONDS = 1617 / 44100
"""The longest comb of Freeverb, the algorithm inside: with its feedback 0.7 + 0.28·room this gives the decay."""

_UNITY_WET = 0.7
"""The wet level at which a middling room is as loud as its noise input; measured."""


def _frequency(default: float, what: str = "where it works") -> Parameter:
    return Parameter("frequency_hz", default, 10.0, 20_000.0, "Hz", what, (), "cutoff_frequency_hz", 1.0, True)


def _gain(what: str) -> Parameter:
    return Parameter("gain_db", 0.0, -36.0, 36.0, "dB", what)


_Q = Parameter("q", 0.707, 0.1, 20.0, "", "how narrow it is")
_ATTACK = Parameter("attack_ms", 5.0, 0.05, 500.0, "ms", "how fast it acts")
_RELEASE = Parameter("release_ms", 100.0, 1.0, 5000.0, "ms", "how fast it lets go")


def _raised(settings: Settings) -> float:
    return max(0.0, number(settings, "gain_db"))


HIGH_PASS = Pedal("HighpassFilter", "takes the low end away, 6 dB an octave", (_frequency(80.0),))
LOW_PASS = Pedal("LowpassFilter", "takes the top away, 6 dB an octave", (_frequency(8000.0),))
LOW_SHELF = Pedal(
    "LowShelfFilter", "more or less low end", (_frequency(200.0), _gain("of the low end"), _Q), lift=_raised
)
HIGH_SHELF = Pedal("HighShelfFilter", "more or less top", (_frequency(5000.0), _gain("of the top"), _Q), lift=_raised)
BELL = Pedal("PeakFilter", "more or less around one frequency", (_frequency(1000.0), _gain("there"), _Q), lift=_raised)
GAIN = Pedal("Gain", "louder or softer", (Parameter("gain_db", 0.0, -60.0, 36.0, "dB", "by how much"),), lift=_raised)
INVERT = Pedal("Invert", "turns the polarity over")

_LADDER_MODES = {
    "low-pass-12": "LPF12",
    "low-pass-24": "LPF24",
    "high-pass-12": "HPF12",
    "high-pass-24": "HPF24",
    "band-pass-12": "BPF12",
    "band-pass-24": "BPF24",
}


def _ladder(keywords: dict[str, Any], _mix: float, _folder: Path) -> dict[str, Any]:
    import pedalboard

    return keywords | {"mode": getattr(pedalboard.LadderFilter.Mode, _LADDER_MODES[keywords["mode"]])}


SYNTH_FILTER = Pedal(
    "LadderFilter",
    "the ladder filter of analogue synthesisers",
    (
        Parameter("mode", "low-pass-24", what="what passes, and how steeply", choices=tuple(_LADDER_MODES)),
        Parameter("cutoff_hz", 1000.0, 20.0, 20_000.0, "Hz", "where it cuts", below_nyquist=True),
        Parameter("resonance", 0.2, 0.0, 0.9, "", "how much it sings at the cutoff"),
        Parameter("drive", 1.0, 1.0, 20.0, "", "how hard its input is driven"),
    ),
    arrange=_ladder,
    tail=lambda settings, _: 0.3 * number(settings, "resonance"),
    lift=lambda settings: 20 * math.log10(number(settings, "drive")),
)

COMPRESSOR = Pedal(
    "Compressor",
    "evens out loud and soft",
    (
        Parameter("threshold_db", -18.0, -60.0, 0.0, "dB", "above which it acts"),
        Parameter("ratio", 3.0, 1.0, 50.0, "", "how strongly it acts"),
        _ATTACK,
        _RELEASE,
    ),
)
GATE = Pedal(
    "NoiseGate",
    "silences what is soft",
    (
        Parameter("threshold_db", -50.0, -100.0, 0.0, "dB", "below which it closes"),
        Parameter("ratio", 10.0, 1.0, 50.0, "", "how far it closes"),
        _ATTACK,
        _RELEASE,
    ),
)
LIMITER = Pedal(
    "BrickwallLimiter",
    "lets nothing above a ceiling, looking ahead",
    (
        Parameter("ceiling_db", -1.0, -60.0, 0.0, "dB", "what nothing exceeds"),
        _RELEASE,
        Parameter("lookahead_ms", 5.0, 0.1, 100.0, "ms", "how far ahead it sees"),
        Parameter("true_peak", False, what="whether it minds peaks between samples"),
    ),
    linked=True,
)
MAXIMIZER = Pedal(
    "Limiter",
    "louder: two limiters in a row with make-up gain",
    (Parameter("threshold_db", -10.0, -40.0, 0.0, "dB", "the lower, the louder and denser"), _RELEASE),
    lift=lambda settings: 4.0 - number(settings, "threshold_db"),
    linked=True,
)
CLIP = Pedal(
    "Clipping", "cuts the peaks off flat", (Parameter("threshold_db", -6.0, -60.0, 0.0, "dB", "where it cuts"),)
)
DISTORTION = Pedal(
    "Distortion",
    "saturates, from warm to fuzz",
    (Parameter("drive_db", 12.0, 0.0, 60.0, "dB", "how hard it is driven"),),
    lift=lambda settings: number(settings, "drive_db"),
)
BITCRUSH = Pedal(
    "Bitcrush",
    "coarse digital steps",
    (Parameter("bits", 8.0, 1.0, 32.0, "bits", "how fine the steps are", native="bit_depth"),),
)

_RESAMPLERS = {
    "hold": "ZeroOrderHold",
    "linear": "Linear",
    "smooth": "CatmullRom",
    "lagrange": "Lagrange",
    "clean-8": "WindowedSinc8",
    "clean-16": "WindowedSinc16",
    "clean": "WindowedSinc32",
    "clean-64": "WindowedSinc64",
    "clean-128": "WindowedSinc128",
    "cleanest": "WindowedSinc256",
}


def _quality(keywords: dict[str, Any], _mix: float, _folder: Path) -> dict[str, Any]:
    import pedalboard

    return keywords | {"quality": getattr(pedalboard.Resample.Quality, _RESAMPLERS[keywords["quality"]])}


DOWNSAMPLE = Pedal(
    "Resample",
    "the sound of a lower sample rate",
    (
        Parameter("rate_hz", 12_000.0, 500.0, 48_000.0, "Hz", "the lower rate", native="target_sample_rate"),
        Parameter("quality", "hold", what="hold and linear alias, the others dull", choices=tuple(_RESAMPLERS)),
    ),
    arrange=_quality,
)
PHONE_CODEC = Pedal(
    "GSMFullRateCompressor",
    "the codec of early mobile telephones",
    (Parameter("quality", "clean-8", what="how it comes to 8 kHz", choices=tuple(_RESAMPLERS)),),
    arrange=_quality,
    linked=True,
)
MP3 = Pedal(
    "MP3Compressor",
    "the smear of an MP3",
    (Parameter("quality", 5.0, 0.0, 9.9, "", "0 is the best, 9.9 the worst", native="vbr_quality"),),
    rates_hz=(32_000, 44_100, 48_000),
    linked=True,
)
CHORUS = Pedal(
    "Chorus",
    "several players instead of one",
    (
        Parameter("rate_hz", 1.0, 0.0, 20.0, "Hz", "how fast it sways"),
        Parameter("depth", 0.25, 0.0, 1.0, "", "how far it sways"),
        Parameter("delay_ms", 7.0, 1.0, 50.0, "ms", "how late the second player is", native="centre_delay_ms"),
        Parameter("feedback", 0.0, -0.95, 0.95, "", "towards a flanger"),
    ),
    mixes=True,
    tail=lambda settings, decay_db: (
        (number(settings, "delay_ms") + 10) / 1000 * (1 + echoes(number(settings, "feedback"), decay_db))
    ),
)
PHASER = Pedal(
    "Phaser",
    "notches that sweep",
    (
        Parameter("rate_hz", 0.5, 0.0, 20.0, "Hz", "how fast they sweep"),
        Parameter("depth", 0.5, 0.0, 1.0, "", "how far they sweep"),
        Parameter("frequency_hz", 1300.0, 20.0, 20_000.0, "Hz", "around where", (), "centre_frequency_hz", 1.0, True),
        Parameter("feedback", 0.0, -0.95, 0.95, "", "how sharp they are"),
    ),
    mixes=True,
    tail=lambda settings, decay_db: 0.002 * echoes(number(settings, "feedback"), decay_db),
)
QUICK_PITCH = Pedal(
    "PitchShift",
    "higher or lower at the same speed, as live machines do it: pure tones stray by up to two semitones",
    (Parameter("semitones", 0.0, -24.0, 24.0, "semitones", "by how much"),),
    tail=lambda _settings, _decay_db: 0.05,
    linked=True,
)
DELAY = Pedal(
    "Delay",
    "echoes",
    (
        Parameter("time_ms", 375.0, 1.0, 5000.0, "ms", "from echo to echo", (), "delay_seconds", 0.001),
        Parameter("feedback", 0.3, 0.0, 0.95, "", "how much of each comes round again"),
    ),
    mixes=True,
    tail=lambda settings, decay_db: (
        number(settings, "time_ms") / 1000 * (1 + math.floor(echoes(number(settings, "feedback"), decay_db)))
    ),
)


def _reverb(keywords: dict[str, Any], mix: float, _folder: Path) -> dict[str, Any]:
    """pedalboard multiplies the dry level by two; `freeze_mode` is left out: offline it is only ever silent."""
    return keywords | {"wet_level": mix * _UNITY_WET, "dry_level": (1 - mix) * 0.5}


REVERB = Pedal(
    "Reverb",
    "a room around the sound",
    (
        Parameter(
            "room",
            0.5,
            0.0,
            1.0,
            "",
            "how large: 0 rings for 0.7 s, 0.5 for 1.4, 0.85 for 4, 1 for 12",
            (),
            "room_size",
        ),
        Parameter("damping", 0.5, 0.0, 1.0, "", "how soft the walls are"),
        Parameter("width", 1.0, 0.0, 1.0, "", "how wide it is in stereo"),
    ),
    mixes=True,
    linked=True,
    arrange=_reverb,
    tail=lambda settings, decay_db: (
        _LONGEST_COMB_SECONDS * (1 + echoes(0.7 + 0.28 * number(settings, "room"), decay_db))
    ),
)


def impulse_path(name: str, folder: Path) -> Path:
    """The impulse response that a chain names: beside the chain's file, or anywhere by a full path."""
    path = folder / Path(name).expanduser()
    if not name or not path.is_file():
        raise InvalidPreset(
            f"impulse response {name!r} is missing" if name else "a convolution names no impulse response",
            hint=f'give impulse = "room.wav", a sound file in {folder}',
        )
    return path


def _convolution(keywords: dict[str, Any], mix: float, folder: Path) -> dict[str, Any]:
    """The file is read by us: pedalboard takes one that is no sound for silence. One channel serves both sides."""
    import numpy as np

    from assistant.audio import read_audio

    impulse = read_audio(impulse_path(str(keywords["impulse"]), folder))
    length = min(impulse.length, max(1, round(keywords["length_ms"] / 1000 * impulse.sample_rate_hz)))
    sides = impulse.samples[[0, min(1, impulse.channels - 1)], :length]
    return {
        "impulse_response_filename": np.ascontiguousarray(sides),
        "sample_rate": float(impulse.sample_rate_hz),
        "mix": mix,
    }


CONVOLUTION = Pedal(
    "Convolution",
    "the sound of a recorded room or loudspeaker",
    (
        Parameter("impulse", "", what="the file of its impulse response"),
        Parameter("length_ms", 2000.0, 1.0, 20_000.0, "ms", "how much of it is used"),
    ),
    mixes=True,
    linked=True,
    arrange=_convolution,
    tail=lambda settings, _: number(settings, "length_ms") / 1000,
)
