"""The steps that a composer takes, each a plain function: what goes in is found, the work is done, a take is kept.

The command line and the running program call these and nothing deeper.
"""

from __future__ import annotations

from assistant.steps.hearing import Hummed, hear_take, hum
from assistant.steps.material import (
    NOTE_FILES,
    SOUND_FILES,
    Material,
    Progress,
    import_sound,
    is_file,
    music_facts,
    notes_of,
    sound_in,
    sound_of,
)
from assistant.steps.sounding import Sounded, bars_loop, effects, job_json, render
from assistant.steps.timbres import generate, transfer
from assistant.steps.together import develop, splice, steps_between
from assistant.steps.varying import MOST_NOTES, Varied, brief_json, vary

__all__ = [
    "MOST_NOTES",
    "NOTE_FILES",
    "SOUND_FILES",
    "Hummed",
    "Material",
    "Progress",
    "Sounded",
    "Varied",
    "bars_loop",
    "brief_json",
    "develop",
    "effects",
    "generate",
    "hear_take",
    "hum",
    "import_sound",
    "is_file",
    "job_json",
    "music_facts",
    "notes_of",
    "render",
    "sound_in",
    "sound_of",
    "splice",
    "steps_between",
    "transfer",
    "vary",
]
