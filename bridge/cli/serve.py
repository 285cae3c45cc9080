"""`hummingbridge serve`: the program that runs beside the DAW."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import say
from bridge.cli.options import library_option


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
@click.option("--advertise", is_flag=True, help="Tell other programs where OSC is (OSCQuery, multicast DNS).")
@library_option
def command(
    osc_port: int,
    http_port: int,
    folders: tuple[Path, ...],
    listen: str,
    token: str,
    advertise: bool,
    library_folder: Path | None,
) -> None:
    """Run beside your DAW: OSC, HTTP, and the work in the background. Ctrl-C ends it.

    \b
    hummingbridge serve
    hummingbridge do hum/import path=idea.wav
    """
    import asyncio

    from bridge.app import App
    from bridge.serve import ServeSettings, folders_of, serve

    settings = ServeSettings(library_folder, osc_port, http_port, listen, token, folders_of(folders), advertise)

    def ready(app: App) -> None:
        say(f"ready    OSC on {listen}:{osc_port}, HTTP on http://{listen}:{http_port}")
        say(f"library  {app.library.folder}")
        if not settings.local:
            say("token    see running.json in the library; it is asked of every request")

    asyncio.run(serve(settings, ready))
