"""Hums come in: recorded, or as a file; what comes of one is the motif, and then ten variations."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from assistant.steps import import_sound, notes_of
from assistant.take import NewTake, Recipe, Take
from bridge.acts.motif import chosen
from bridge.acts.vary import begin
from bridge.app import App, Recorded, beside
from bridge.commands import HumImport, HumRecord, Nothing, VaryMake
from bridge.jobs import Job


async def record(app: App, asked: HumRecord) -> dict[str, Any]:
    began = app.need_recorder().start(count_in_bars=asked.count_in_bars, bars=asked.bars, device=asked.input)
    app.store.change(recording=True)
    return dict(began)


async def stop(app: App, _: Nothing) -> dict[str, Any]:
    recorded = await app.need_recorder().stop()
    app.store.change(recording=False)
    take = kept(app, recorded)
    asked = {
        "tempo": recorded.tempo.bpm if recorded.tempo else None,
        "meter": str(recorded.meter) if recorded.meter else None,
    }
    return {"take": take.id, "began_bar": recorded.began_bar, "job": hear(app, take, asked).number}


async def toggle(app: App, _: Nothing) -> dict[str, Any]:
    if app.store.session.recording:
        return {"did": "stopped", **await stop(app, Nothing())}
    return {"did": "recording", **await record(app, HumRecord())}


async def import_file(app: App, asked: HumImport) -> dict[str, Any]:
    path = app.allowed(Path(asked.path))
    take, _ = await beside(app, lambda library: import_sound(library, path))
    wanted = {"tempo": asked.tempo, "key": asked.key, "grid": asked.grid, "poly": asked.poly}
    return {"take": take.id, "job": hear(app, take, wanted).number}


def kept(app: App, recorded: Recorded) -> Take:
    """The recording as a take, before anything else happens to it."""
    from assistant.render.wav import WavFacts, wav_bytes

    audio = recorded.audio
    data = wav_bytes(audio, WavFacts(project="hum", tempo=recorded.tempo, meter=recorded.meter))
    facts = {
        "seconds": round(audio.duration_seconds, 3),
        "sample_rate_hz": audio.sample_rate_hz,
        "began_bar": recorded.began_bar,
        "dropped_samples": recorded.dropped_samples,
    }
    name = f"hum {app.library.count() + 1}"
    (take,) = app.library.add(
        NewTake("recording", name, Recipe("record"), {"audio": data}, facts), words=f"recorded {name}"
    )
    return take


def hear(app: App, recording: Take, asked: dict[str, Any]) -> Job:
    """Queues the hearing; its outcome is the motif, and its variations follow at once."""
    job, outcome = app.jobs.add("hear", f"the notes of {recording.name}", {"take": recording.id, **asked})

    def heard(done: asyncio.Future[dict[str, Any]]) -> None:
        if done.cancelled() or done.exception():
            return
        material = notes_of(app.library, done.result()["take"])
        chosen(app, material)
        begin(app, VaryMake(), app.store.session.seed)

    outcome.add_done_callback(heard)
    return job
