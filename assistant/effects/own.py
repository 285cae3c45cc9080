"""The effects that pedalboard lacks: movement, stereo and the noises of old machines."""

from __future__ import annotations

from assistant.effects.kinds import Own
from assistant.effects.parameter import Parameter

_HERE = "assistant.effects.own_sound"

PITCH = Own(
    f"{_HERE}:pitch",
    "higher or lower at the same speed, in tune",
    (
        Parameter("semitones", 0.0, -24.0, 24.0, "semitones", "by how much"),
        Parameter("formants", False, what="whether a voice keeps its size"),
    ),
    tail=lambda _settings, _decay_db: 0.1,
)
WOW = Own(
    f"{_HERE}:wow",
    "the unsteady pitch of tape and vinyl",
    (
        Parameter("rate_hz", 0.6, 0.05, 12.0, "Hz", "how fast: wow below 4, flutter above"),
        Parameter("cents", 6.0, 0.0, 100.0, "cents", "how far the pitch strays"),
    ),
)
TREMOLO = Own(
    f"{_HERE}:tremolo",
    "loudness that pulses",
    (
        Parameter("rate_hz", 5.0, 0.05, 40.0, "Hz", "how fast"),
        Parameter("depth", 0.5, 0.0, 1.0, "", "how deep"),
        Parameter("spread", 0.0, 0.0, 1.0, "", "how far left and right alternate"),
    ),
)
RING = Own(
    f"{_HERE}:ring",
    "a ring modulator: bells and robots",
    (Parameter("frequency_hz", 90.0, 1.0, 8000.0, "Hz", "of what it is multiplied with"),),
)
WIDTH = Own(
    f"{_HERE}:width",
    "narrower or wider stereo",
    (Parameter("width", 1.0, 0.0, 2.0, "", "0 is mono, 1 as it is, 2 twice as wide"),),
)
PAN = Own(
    f"{_HERE}:pan",
    "to the left or right, equally loud",
    (Parameter("position", 0.0, -1.0, 1.0, "", "-1 is left, 1 is right"),),
)
HISS = Own(
    f"{_HERE}:hiss",
    "tape hiss while there is sound",
    (Parameter("level_db", -46.0, -90.0, 0.0, "dB", "beside the sound"), Parameter("seed", 0.0, 0.0, 1e6)),
)
CRACKLE = Own(
    f"{_HERE}:crackle",
    "dust on a record while there is sound",
    (
        Parameter("level_db", -12.0, -60.0, 12.0, "dB", "of a click beside the sound"),
        Parameter("density_hz", 8.0, 0.1, 200.0, "Hz", "clicks a second"),
        Parameter("seed", 0.0, 0.0, 1e6),
    ),
)
