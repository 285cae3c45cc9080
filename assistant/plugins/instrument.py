"""A plugin that plays notes: what `assistant.render` asks of an engine, with the plugin in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import InvalidPreset
from assistant.plugins.stage import found, prepare
from assistant.readiness import Readiness
from assistant.render.job import RenderJob, TimedNote, Used

if TYPE_CHECKING:
    from assistant.audio import Samples
    from assistant.render.instruments import Instrument


@dataclass(frozen=True, slots=True)
class PluginEngine:
    """Plays with the plugin `reference`, knobs and state as the composer's `instrument` has them."""

    reference: str
    instrument: Instrument | None = None

    def check(self) -> Readiness:
        return Readiness("ready", f"the plugin {self.reference}")

    def used(self, job: RenderJob) -> tuple[Used, ...]:
        plugin = found(self.reference)
        return (Used("plugin", plugin.titled, plugin.licence_spdx),)

    def play(self, notes: Sequence[TimedNote], length: int, job: RenderJob) -> Samples:
        """Raises `PluginFailed`, and `InvalidPreset` for a plugin that is no instrument."""
        plugin = found(self.reference)
        with plugin.opened() as hosted:
            if not hosted.facts["instrument"]:
                raise InvalidPreset(
                    f"plugin {plugin.name} is an effect, not an instrument",
                    hint=f'use it in a chain: kind = "{plugin.reference}"',
                )
            prepare(hosted, self.instrument.settings if self.instrument else {})
            end = max([length, *(note.end for note in notes)]) + int(job.longest_tail_seconds * job.sample_rate_hz)
            return hosted.play(_events(notes), end, job.sample_rate_hz)


def _events(notes: Sequence[TimedNote]) -> list[tuple[int, bytes]]:
    """Note-offs before note-ons where they meet."""
    events = [(note.end, 0, bytes([0x80, note.pitch, 0])) for note in notes]
    events += [(note.start, 1, bytes([0x90, note.pitch, note.velocity])) for note in notes]
    return [(at, data) for at, _, data in sorted(events)]
