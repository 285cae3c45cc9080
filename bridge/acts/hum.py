"""Hums come in: recorded, or as a file; what comes of one is the motif, and then ten variations."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import NothingHeard
from assistant.steps import import_sound, notes_of
from assistant.take import NewTake, Recipe, Take
from bridge.acts.motif import chosen
from bridge.acts.vary import begin
from bridge.app import App, beside
from bridge.commands import HumImport, HumRecord, Nothing, VaryMake
from bridge.ears import files_of
from bridge.jobs import Job
from midi.quantize import parse_grid
from midi.scale import Key
from midi.tempo import Meter, Tempo

if TYPE_CHECKING:
    from assistant.library import Library
    from bridge.capture.recording import Recording
    from bridge.midi_io.controls import Control

_NUMBERED = 1000
"""So many of the newest recordings are looked at for the number of the next hum."""

PRE_ROLL_SECONDS = 0.25
"""So long before the voice a recording begins."""


async def record(app: App, asked: HumRecord) -> dict[str, Any]:
    recorder = app.need_recorder()
    began = await recorder.start(count_in_bars=asked.count_in_bars, bars=asked.bars, device=asked.input)
    app.store.change(recording=True)
    return dict(began)


async def stop(app: App, _: Nothing) -> dict[str, Any]:
    try:
        recording = await app.need_recorder().stop()
    finally:
        app.store.change(recording=False)
    return await taken_in(app, recording)


async def taken_in(app: App, recording: Recording) -> dict[str, Any]:
    """A recording becomes a take, and only then are its files removed and its notes heard. Raises `NothingHeard`."""
    take = await beside(app, lambda library: kept(library, recording))
    for path in files_of(recording):
        path.unlink(missing_ok=True)
    if recording.silent:
        raise NothingHeard(f"nothing but silence came in; it is kept as {take.name}", hint="check the input's level")
    place = recording.place
    asked = _bars_of(recording) if place.running else {}
    return {
        "take": take.id,
        "began_bar": take.facts["began_bar"],
        "seconds": take.facts["seconds"],
        "job": hear(app, take, asked).number,
    }


def _bars_of(recording: Recording) -> dict[str, Any]:
    """The tempo and metre that somebody led with, and when the first bar line falls in the recording."""
    place = recording.place
    until_bar = (place.bar_line_beats - recording.began_beats) % Meter.parse(place.meter).bar_beats
    return {
        "tempo": place.tempo_bpm,
        "meter": place.meter,
        "first_bar": round(Tempo(place.tempo_bpm).seconds(until_bar), 4),
    }


async def toggle(app: App, _: Nothing) -> dict[str, Any]:
    if app.store.session.recording:
        return {"did": "stopped", **await stop(app, Nothing())}
    return {"did": "recording", **await record(app, HumRecord())}


async def learn(app: App, _: Nothing) -> dict[str, Any]:
    def learned(control: Control) -> None:
        app.store.change(footswitch=control.text)

    app.need_live().learn(learned)
    return {"waits_for": "a press of the pedal or button", "until_then": app.store.session.footswitch}


async def import_file(app: App, asked: HumImport) -> dict[str, Any]:
    path = app.allowed(Path(asked.path))
    parse_grid(asked.grid)
    if asked.key:
        Key.parse(asked.key)
    take, _ = await beside(app, lambda library: import_sound(library, path))
    wanted = {"tempo": asked.tempo, "key": asked.key, "grid": asked.grid, "poly": asked.poly}
    return {"take": take.id, "job": hear(app, take, wanted).number}


def kept(library: Library, recording: Recording) -> Take:
    """The recording as a take. `began_bar` is the bar in which the voice begins, 0 where nobody led."""
    from assistant.render.wav import WavFacts, wav_bytes

    audio, place = recording.read(), recording.place
    tempo, meter = (Tempo(place.tempo_bpm), Meter.parse(place.meter)) if place.running else (None, None)
    data = wav_bytes(audio, WavFacts(project="hum", tempo=tempo, meter=meter))
    facts = {
        "seconds": round(audio.duration_seconds, 3),
        "sample_rate_hz": audio.sample_rate_hz,
        "began_bar": place.bar_at(recording.began_at_seconds + PRE_ROLL_SECONDS),
        "began_beats": round(recording.began_beats, 3) if meter else 0.0,
        "trimmed_seconds": round(recording.trimmed_seconds, 3),
        "dropped_samples": recording.dropped_frames,
        "clipped": recording.clipped,
        "ended": recording.ending,
    }
    name = next_name(library)
    recipe = Recipe("record", input_digest=hashlib.sha256(data).hexdigest())
    (take,) = library.add(NewTake("recording", name, recipe, {"audio": data}, facts), words=f"recorded {name}")
    return take


def next_name(library: Library) -> str:
    """`hum 1`, `hum 2` and so on: one more than the highest there is."""
    names = (take.name.partition(" ") for take in library.list(kind="recording", limit=_NUMBERED))
    numbers = [int(number) for word, _, number in names if word == "hum" and number.isdecimal()]
    return f"hum {max(numbers, default=0) + 1}"


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
