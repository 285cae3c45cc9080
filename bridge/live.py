"""The program's hands on MIDI: audition into the DAW's instrument, the DAW's clock, the footswitch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from assistant.errors import MissingPart
from bridge.capture.count_in import SOURCE as COUNT_IN
from bridge.capture.count_in import count_in
from bridge.clock import Follow, Lead, OwnClock, SystemClock, Timeline
from bridge.midi_io.audition import Audition, Conductor, Part, State
from bridge.midi_io.controls import Control, Controls
from bridge.midi_io.follow import MidiClock
from bridge.midi_io.layers import Levels
from bridge.midi_io.link import LinkClock
from bridge.midi_io.player import Cables, Player, PortState
from bridge.midi_io.ports import PortChoice
from bridge.midi_io.schedule import Event
from midi.errors import HummingbridgeError
from midi.tempo import Tempo

if TYPE_CHECKING:
    from bridge.daw.port import Transport
    from midi.motif import Motif

VIRTUAL, NONE = "virtual", "none"
_ENDS_EARLY_SECONDS = 0.01
_LOOK_SECONDS = 0.02
_COUNT_IN_AFTER_SECONDS = 0.15


class ClockStands(HummingbridgeError):
    """Whoever leads does not run."""

    code: ClassVar[str] = "clock-stands"


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """`midi_out` and `midi_in`: "virtual", "none" or the name of a port. `channel` counts from 1."""

    midi_out: str = VIRTUAL
    midi_in: str = VIRTUAL
    channel: int = 1


class Live:
    """Plays motifs (`bridge.app.Player`), and listens to the DAW's clock and the footswitch.

    `cables` are those of the last time. `tell(name, value)` is told of what changes, cables included, `pressed()` is
    called for the footswitch; both in the event loop.
    """

    def __init__(
        self, settings: LiveSettings, tell: Callable[[str, object], None], cables: Cables | None = None
    ) -> None:
        self._settings, self._tell = settings, tell
        self.pressed: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self.clock = SystemClock()
        self.own = OwnClock()
        self.midi_clock = MidiClock()
        self.lead = Lead(self.own, {"midi": self.midi_clock})
        self._tempo: Tempo | None = None
        self._daw_leads, self._own_counts = False, False
        self._daw_tempo: Tempo | None = None
        self._once: asyncio.Task[None] | None = None
        self._controls = Controls()
        self._player = Player(
            on_message=self._heard,
            on_port=self._port_changed,
            on_cables=self._cables_changed,
            on_period=self.midi_clock.set_period,
            on_stood_still=self.midi_clock.stood_still,
            cables=cables,
        )
        self.audition = Audition(self._player, on_state=self._state_changed)
        self._conductor = Conductor(self.audition, self.lead, self.clock)
        if settings.midi_out != NONE:
            self._player.open_output(_choice(settings.midi_out, PortChoice()))
        if settings.midi_in != NONE:
            self._player.open_input(_choice(settings.midi_in, PortChoice("Hummingbridge in")))

    def close(self) -> None:
        """Ends every note."""
        self.follow("own")
        self._conductor.close()
        self._player.close()

    def play(self, motif: Motif, *, loop: bool) -> Mapping[str, Any]:
        """Starts on the next bar line of whoever leads, or changes to `motif` there. Raises `MissingPart`."""
        self._need_output()
        now = self.clock.now()
        if not self._daw_leads:
            self.lead.set_meter(motif.meter)
        if not self.own.timeline(now).running:
            self.own.set_tempo(self._tempo or self._daw_tempo or motif.tempo, now)
        part = Part(motif, channel=self._settings.channel - 1)
        self._cancel_once()
        self._conductor.play(part)
        if not loop:
            self._once = self._loop.create_task(self._end_after(part))
        return self._when()

    def stop(self) -> None:
        self._cancel_once()
        self._conductor.stop()

    def set_tempo(self, tempo: Tempo | None) -> None:
        """The own clock's tempo; None plays each motif at its own."""
        self._tempo = tempo
        if tempo is not None:
            self.own.set_tempo(tempo, self.clock.now())

    def set_levels(self, levels: Levels) -> None:
        """How loud each layer of what is auditioned is, a tenth of a second from now."""
        self.audition.levels = levels

    def follow(self, who: Follow) -> None:
        """Who leads. Link is spoken to only while it is asked for. Raises `MissingPart`."""
        others = dict(self.lead.others)
        if who == "link" and "link" not in others:
            others["link"] = LinkClock(self._tempo or self._daw_tempo, self.own.timeline(self.clock.now()).meter)
        link = others.pop("link", None) if who != "link" else None
        self.lead.others, self.lead.follow = others, who
        if isinstance(link, LinkClock):
            link.close()

    def set_footswitch(self, control: Control) -> None:
        self._controls.bind("footswitch", control, self._switched)

    def learn(self, learned: Callable[[Control], None]) -> None:
        """`learned(control)`, in the event loop, for the next pedal or button that is pressed."""

        def pressed(control: Control) -> None:
            self._loop.call_soon_threadsafe(learned, control)

        self._controls.learn(pressed)

    def timeline(self) -> Timeline:
        """Where the music is now."""
        now = self.clock.now()
        return self.lead.timeline(now).moved_to(now)

    def counted_in(self, bars: int) -> tuple[Timeline, float, tuple[Event, ...]]:
        """Where the music is, when a recording begins that is counted in by so many bars, and the clicks for `click`.

        Where nobody leads the own clock starts, until `end_count_in`. Raises `ClockStands`, `MissingPart`.
        """
        if bars:
            self._need_output()
        now = self.clock.now()
        if not self.lead.timeline(now).running:
            if self.lead.follow not in ("auto", "own"):
                raise ClockStands("the DAW stands, and nobody counts", hint="start the DAW, or: clock/follow own")
            self.own.set_tempo(self._tempo or self._daw_tempo or Tempo(), now)
            self.own.start(now + _COUNT_IN_AFTER_SECONDS)
            self._own_counts = True
        line = self.lead.timeline(now)
        counted = count_in(line, now, bars=bars)
        return line, counted.begins_at_seconds, counted.events

    def click(self, events: tuple[Event, ...]) -> None:
        self._player.add(events)

    def end_count_in(self) -> None:
        """Ends the clicks, and the own clock where the count-in started it and nobody else plays by it."""
        self._player.silence(COUNT_IN)
        if self._own_counts and self.audition.state == "idle":
            self.own.stop(self.clock.now())
        self._own_counts = False

    def heard_from_daw(self, transport: Transport | None) -> None:
        """The DAW's metre and bar line, which MIDI clock does not tell; None when the DAW is gone."""
        self._daw_leads = transport is not None
        self._daw_tempo = transport.tempo if transport else None
        if transport is not None:
            # The same bar lines are told by the same number, wherever in the song it is asked.
            bar = transport.meter.bar_beats
            first = transport.bar_line_beats % bar
            self.lead.set_meter(transport.meter, first, transport.bar - round((transport.bar_line_beats - first) / bar))

    def begins_in_seconds(self) -> float | None:
        """Until what was asked for last is heard; None while the transport stands."""
        line, beats = self.timeline(), self.audition.starts_at_beats
        return None if beats is None else max(0.0, line.seconds_at(beats) - line.at_seconds)

    def facts(self) -> dict[str, Any]:
        """What `session/get` tells of it."""
        line = self.timeline()
        bar, beat = line.bar_at(line.at_seconds)
        priority = self._player.priority
        return {
            "midi": [_port_json(state) for state in self._player.port_states()],
            "clock": {
                "follow": self.lead.follow,
                "leader": line.leader,
                "running": line.running,
                "tempo_bpm": round(line.tempo_bpm, 2),
                "meter": str(line.meter),
                "bar": bar,
                "beat": round(beat + 1, 2),
            },
            "priority": {"state": priority.state, "reason": priority.reason},
        }

    def _need_output(self) -> None:
        if self._settings.midi_out == NONE:
            raise MissingPart("there is no MIDI output to play into", hint="hummingbridge serve --midi-out NAME")
        for state in self._player.port_states():
            if state.way == "out":
                if state.state == "open":
                    return
                raise MissingPart(state.reason, hint=state.hint)
        raise MissingPart("the MIDI output is being opened", hint="try again in a second")

    def _when(self) -> dict[str, Any]:
        line, beats = self.timeline(), self.audition.starts_at_beats
        if beats is None:
            return {"leader": line.leader, "waits_for": "the transport to start"}
        at_seconds = line.seconds_at(beats)
        return {
            "leader": line.leader,
            "at_bar": line.bar_at(at_seconds)[0],
            "in_seconds": round(max(0.0, at_seconds - line.at_seconds), 3),
        }

    async def _end_after(self, part: Part) -> None:
        """Stops when the part has been played once."""
        while self.audition.part is part:
            line, begins = self.timeline(), self.audition.starts_at_beats
            if begins is not None:
                ends = line.seconds_at(begins + part.motif.clip.length_beats) - _ENDS_EARLY_SECONDS
                if line.at_seconds >= ends:
                    self._conductor.stop()
                    return
            await asyncio.sleep(_LOOK_SECONDS if begins is not None else 5 * _LOOK_SECONDS)

    def _cancel_once(self) -> None:
        if self._once is not None:
            self._once.cancel()
            self._once = None

    def _heard(self, seconds: float, number: int, message: tuple[int, ...]) -> None:
        """From the player's thread."""
        self.midi_clock.feed(seconds, message)
        self._controls.feed(seconds, message)

    def _switched(self, seconds: float, down: bool) -> None:
        if down:
            self._loop.call_soon_threadsafe(lambda: self.pressed())

    def _port_changed(self, state: PortState) -> None:
        self._loop.call_soon_threadsafe(self._tell, "midi", _port_json(state))

    def _cables_changed(self, cables: Cables) -> None:
        self._loop.call_soon_threadsafe(self._tell, "cables", cables)

    def _state_changed(self, state: State) -> None:
        self._loop.call_soon_threadsafe(self._tell, "audition", state)


def _choice(name: str, own: PortChoice) -> PortChoice:
    return own if name == VIRTUAL else PortChoice(name, virtual=False)


def _port_json(state: PortState) -> dict[str, Any]:
    return {
        "way": state.way,
        "name": state.name,
        "state": state.state,
        "reason": state.reason,
        "hint": state.hint,
    }
