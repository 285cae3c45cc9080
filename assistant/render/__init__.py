"""Notes to sound: instruments, SoundFonts and the engines that play them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.render.job import ENGINES, Engine, RenderJob, TimedNote, Used

if TYPE_CHECKING:
    from assistant.audio import Audio
    from midi.clip import Clip
    from midi.motif import Motif

__all__ = ["ENGINES", "Engine", "RenderJob", "TimedNote", "Used", "render"]


def render(music: Motif | Clip, job: RenderJob) -> Audio:
    """The sound of `music`; see `assistant.render.play`."""
    from assistant.render.play import render as rendered

    return rendered(music, job)
