"""`hummingbridge serve`: the program that runs beside the DAW."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.console import say
from bridge.cli.options import library_option
from bridge.daw import DAWS

if TYPE_CHECKING:
    from bridge.clock import Follow


@click.command("serve")
@click.option("--osc-port", type=click.IntRange(1, 65535), default=9310, show_default=True, help="Where OSC comes in.")
@click.option(
    "--http-port", type=click.IntRange(1, 65535), default=9311, show_default=True, help="Where HTTP comes in."
)
@click.option("--folder", "folders", type=click.Path(path_type=Path), multiple=True, help="A folder that may be used.")
@click.option(
    "--listen", default="127.0.0.1", show_default=True, help="Another address than this machine's: needs a token."
)
@click.option("--token", default="", help="The token asked of whoever speaks from elsewhere; made up if not given.")
@click.option(
    "--midi-out",
    default="virtual",
    show_default=True,
    help="The MIDI port to play into: a port of its own (virtual), one by NAME, or none.",
)
@click.option(
    "--midi-in",
    default="virtual",
    show_default=True,
    help="The MIDI port that the DAW's clock and the footswitch come from: likewise.",
)
@click.option(
    "--channel", type=click.IntRange(1, 16), default=1, show_default=True, help="The MIDI channel to play on."
)
@click.option(
    "--clock",
    type=click.Choice(["auto", "own", "midi", "link"]),
    help="Who leads: the DAW's MIDI clock, Ableton Link, the own clock; auto: whoever runs. It is remembered.",
)
@click.option(
    "--input",
    "audio_input",
    default="",
    help="The audio input to record from, open from the start: jack, portaudio, jack:PORT, or a name.",
)
@click.option(
    "--footswitch",
    metavar="CONTROL",
    help="The MIDI control that starts and stops recording: cc:64, or note:36:10 for one channel. It is remembered.",
)
@click.option("--daw", type=click.Choice(sorted(DAWS)), help="Where takes are sent. It is remembered.")
@click.option(
    "--surface",
    "surfaces",
    multiple=True,
    metavar="NAME[=PORT]",
    help="A control surface; may be given several times. It is remembered; none: no surface from now on.",
)
@click.option("--advertise", is_flag=True, help="Tell other programs where OSC is (OSCQuery, multicast DNS).")
@library_option
def command(
    osc_port: int,
    http_port: int,
    folders: tuple[Path, ...],
    listen: str,
    token: str,
    midi_out: str,
    midi_in: str,
    channel: int,
    clock: Follow | None,
    audio_input: str,
    footswitch: str | None,
    daw: str | None,
    surfaces: tuple[str, ...],
    advertise: bool,
    library_folder: Path | None,
) -> None:
    """Run beside your DAW: OSC, HTTP, and the work in the background. Ctrl-C ends it.

    \b
    hummingbridge serve --folder ~/hums
    hummingbridge do hum/import path=~/hums/idea.wav
    """
    import asyncio
    import logging
    from dataclasses import replace

    from bridge.app import App
    from bridge.live import NONE, LiveSettings
    from bridge.midi_io.controls import Control
    from bridge.serve import ServeSettings, folders_of, serve
    from bridge.surfaces.hub import Wanted

    settings = ServeSettings(library_folder, osc_port, http_port, listen, token, folders_of(folders), advertise)
    live = LiveSettings(midi_out, midi_in, channel)
    settings = replace(settings, live=live, follow=clock, daw=daw or "", input=audio_input, surfaces=surfaces)
    if footswitch is not None:
        settings = replace(settings, footswitch=Control.parse(footswitch).text)
    for surface in surfaces if surfaces != (NONE,) else ():
        # What is wrong with a name or a preset is said before anything starts.
        Wanted.parse(surface)

    terminal = _Terminal()

    def ready(app: App) -> None:
        lines = [f"ready    OSC on {listen}:{osc_port}, HTTP on http://{listen}:{http_port}"]
        lines.append(f"library  {app.library.folder}")
        if not settings.local:
            lines.append("token    see running.json in the library; it is asked of every request")
        terminal.begin(lines)

    # The OSC library logs every argument of a kind that it does not know.
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(serve(settings, ready, terminal.told))


class _Terminal:
    """Says what happens, a line each; what came before the program was ready comes after that."""

    def __init__(self) -> None:
        self._held: list[str] | None = []
        self._last = ""

    def begin(self, lines: list[str]) -> None:
        held, self._held = self._held or [], None
        for line in [*lines, *held]:
            say(line)

    def told(self, name: str, value: Any) -> None:
        line = _SAID[name](value) if name in _SAID else ""
        # Both MIDI ports may wait for the same reason.
        if not line or line == self._last:
            return
        self._last = line
        if self._held is None:
            say(line)
        else:
            self._held.append(line)


def _port(state: Any) -> str:
    if state["state"] == "open":
        return f"midi     {state['way']} open: {state['name']}"
    return f"midi     {state['reason']} (try: {state['hint']})"


def _surface(state: Any) -> str:
    if state["state"] != "open":
        return f"surface  {state['surface']}: {state['reason']} (try: {state['hint']})"
    return f"surface  {state['surface']} is there: {state['name']}" if state["way"] == "out" else ""


def _input(state: Any) -> str:
    if state["state"] == "armed":
        return f"input    {state['input']} ({state['reason']}, {state['rate_hz']} Hz)"
    return f"input    {state['reason']} (try: {state['hint']})"


def _daw(state: Any) -> str:
    return f"daw      {state['reason']}" + (f" (try: {state['hint']})" if state["state"] != "ready" else "")


def _trouble(error: Any) -> str:
    return f"trouble  {error['message']} (try: {error['hint']})"


def _recording(now: Any) -> str:
    return "hum      is being recorded" if now else "hum      is over"


def _footswitch(control: Any) -> str:
    return f"pedal    {control} starts and stops recording from now on"


def _job(job: Any) -> str:
    """A line as it starts and as it ends, and one at each quarter between."""
    how = f"{25 * int(4 * job['share'])} %" if job["state"] == "running" else job["state"]
    return f"work     {job['what']}: {how}" + (f" ({job['error']}; try: {job['hint']})" if job["error"] else "")


_SAID = {
    "job": _job,
    "midi": _port,
    "surface": _surface,
    "input": _input,
    "daw_state": _daw,
    "trouble": _trouble,
    "recording": _recording,
    "footswitch": _footswitch,
}
"""What is said in the terminal of what happens: the change's name → its line."""
