"""`hummingbridge send`: a take goes to the DAW."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import answer_json, progress, say
from bridge.cli.options import FOLDER_OUT, commercial_option, json_option, library_option


@click.command("send")
@click.argument("take")
@click.option("--to", required=True, metavar="DAW", help="folder (for any DAW), ardour, reaper, live, bitwig, cubase …")
@click.option("--at-bar", type=click.IntRange(1, 9999), help="The bar; else where the DAW's playhead stands, or 1.")
@click.option("-o", "--output", type=FOLDER_OUT, help="Where files go; the current folder if not given.")
@click.option("--instrument", default="piano", show_default=True, help="Who plays a take that has no sound yet.")
@click.option("--chain", metavar="NAME", help="Effects for a take that has no sound yet.")
@click.option("--track", default="", help="The track's name; Melody, or Recording, if not given.")
@click.option("--notes-only", is_flag=True, help="No sound: the MIDI alone.")
@click.option("--from-bar-one", is_flag=True, help="Files that begin at bar 1 with silence, for DAWs that ask for it.")
@commercial_option
@json_option
@library_option
def command(
    take: str,
    to: str,
    at_bar: int | None,
    output: Path | None,
    instrument: str,
    chain: str | None,
    track: str,
    notes_only: bool,
    from_bar_one: bool,
    commercial: bool,
    as_json: bool,
    library_folder: Path | None,
) -> None:
    """Bring TAKE to your DAW, at the right bar: 24-bit WAV, MIDI, and a record of how they were made.

    TAKE is a take's name or id, or a file that this program wrote.

    \b
    hummingbridge send variations/03.mid --to folder --at-bar 3 --instrument cello
    hummingbridge send "idea 03" --to folder --at-bar 3 --instrument cello
    hummingbridge send "idea 03 cello" --to bitwig --at-bar 3
    hummingbridge send "idea 03 cello" --to reaper --at-bar 3
    """
    from dataclasses import replace

    from assistant.effects import load_chain
    from assistant.library import Library
    from assistant.render import RenderJob
    from assistant.rights import check_for_sale, manifest
    from assistant.steps import SOUND_FILES, is_file, notes_of, sound_of
    from assistant.tables import resolve
    from bridge.daw import DAWS
    from bridge.daw.port import DawUnreachable
    from bridge.daw.sending import send as into
    from bridge.parcels import parcel_of

    daw = resolve(DAWS, to, kind="DAW")()
    # Said before anything is rendered for it.
    if not (ready := daw.check()).ready:
        raise DawUnreachable(f"{to}: {ready.reason}", hint=ready.remedy)
    effects = load_chain(chain) if chain else None
    with Library(library_folder) as library:
        if is_file(take):
            sounds = Path(take).suffix.lower() in SOUND_FILES
            take = (sound_of(library, take)[1] if sounds else notes_of(library, take).take).id
        if commercial:
            chosen = library.get(take)
            check_for_sale(manifest(chosen, library.ancestors(chosen.id)))
        with progress(f"Preparing {take}"):
            job = None if notes_only else RenderJob(instrument)
            parcel = parcel_of(library, take, job=job, chain=effects, track=track)
            sound = None if notes_only and parcel.motif else parcel.audio
            parcel = replace(parcel, audio=sound, from_bar_one=from_bar_one, id="")
        sent = into(daw, parcel, output or Path(), at_bar=at_bar)
    if as_json:
        answer_json(sent.as_json())
        return
    for placement in sent.placements:
        say(f"{placement.kind:<8} {placement.region!r} on track {placement.track!r} at bar {placement.at_bar}")
        if placement.already_there:
            say("         this was sent there before; nothing is inserted twice")
        if placement.remark:
            say(f"         {placement.remark}")
    if sent.delivery is not None:
        if sent.delivery.already_there:
            say("this was sent there before; nothing is written twice")
        for path in sent.delivery.paths:
            say(f"file     {path}")
        say(sent.delivery.advice)
