"""Takes become sound."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from assistant.effects import load_chain
from assistant.errors import InvalidBrief, MissingPart, UnknownName
from assistant.plugins import is_plugin
from assistant.render.instruments import find_instrument
from assistant.render.job import ENGINES, OWN_SOUNDS
from assistant.tables import unknown
from assistant.take import Take
from bridge.acts.motif import current
from bridge.acts.variation import picked
from bridge.app import App
from bridge.commands import EffectsApply, Generate, Nothing, RenderMake, SoundLevels, SoundSet, TimbreTransfer

NO_CHAIN = "none"


async def set_sound(app: App, asked: SoundSet) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if asked.instrument:
        changes["instrument"] = _instrument(app, asked.instrument)
    if asked.chain is not None:
        changes["chain"] = _chain(app, asked.chain)
    return app.store.change(**changes).as_json()


async def set_levels(app: App, asked: SoundLevels) -> dict[str, Any]:
    given = {f"{layer}_level": level for layer, level in asdict(asked).items() if level is not None}
    return app.store.change(**given).as_json()


async def render(app: App, asked: RenderMake) -> dict[str, Any]:
    session = app.store.session
    take = meant(app, asked.take)
    instrument = _instrument(app, asked.instrument or session.instrument)
    chain = _chain(app, asked.chain or session.chain)
    wanted = {
        "take": take.id,
        "instrument": instrument,
        "chain": chain,
        "without_failed": asked.without_failed_plugins,
        "room": asked.room,
    }
    job, _ = app.jobs.add("render", f"{take.name} with {instrument}", wanted)
    return {"job": job.number}


async def effects(app: App, asked: EffectsApply) -> dict[str, Any]:
    take = app.library.get(asked.take)
    chain = _chain(app, asked.chain)
    wanted = {"take": take.id, "chain": chain, "without_failed": asked.without_failed_plugins}
    job, _ = app.jobs.add("effects", f"{take.name} through {asked.chain}", wanted)
    return {"job": job.number}


async def transfer(app: App, asked: TimbreTransfer) -> dict[str, Any]:
    from assistant.timbre.mapping import Settings
    from assistant.timbre.words import chosen

    take = app.library.get(asked.take) if asked.take else _newest_recording(app)
    choice = chosen(asked.to)
    chain = _chain(app, asked.chain or choice.chain)
    settings = Settings(
        asked.loudness,
        asked.vibrato,
        asked.attack,
        asked.noise,
        asked.transpose,
        wet=asked.wet,
        chords=asked.chords,
        melody=asked.melody,
        room=asked.room,
    )
    # What is asked for counts more than a word.
    told = {
        name: value for name, value in choice.settings.items() if getattr(settings, name) == getattr(Settings(), name)
    }
    settings = replace(settings, **told)
    wanted = {
        "take": take.id,
        "timbre": choice.timbre,
        "chain": chain,
        "settings": asdict(settings),
        "listen_on": asked.listen_on if asked.listen or asked.listen_on else None,
    }
    job, _ = app.jobs.add("timbre", f"{take.name} as {choice.timbre}", wanted)
    return {"job": job.number, "timbre": choice.timbre, "chain": chain, "because": choice.because}


async def timbres(app: App, _: Nothing) -> dict[str, Any]:
    from assistant.timbre.timbre import cards

    return {"timbres": cards()}


def _newest_recording(app: App) -> Take:
    """Raises `UnknownName`."""
    found = next(iter(app.library.list(kind="recording", limit=1)), None)
    if found is None:
        raise UnknownName("no recording was made yet", hint="hum/record or hum/import makes one; or name a take")
    return found


async def generate(app: App, asked: Generate) -> dict[str, Any]:
    """In the tempo, key and metre of the session's motif, in a worker of its own."""
    from assistant.generate import PUBLISHED, PUBLISHED_LICENCE, check

    model = _weights(app, asked.model or PUBLISHED)
    readiness = check()
    if not readiness.ready:
        raise MissingPart(readiness.reason, hint=readiness.remedy)
    if asked.melody and asked.start:
        raise InvalidBrief("a melody to follow and a take to go on from are two requests", hint="give one of them")
    session = app.store.session
    seed = session.seed if asked.seed is None else asked.seed
    wanted = {
        "text": asked.text,
        "seconds": asked.seconds,
        "melody": app.library.get(asked.melody).id if asked.melody else "",
        "start": app.library.get(asked.start).id if asked.start else "",
        "model": model,
        "licence_spdx": asked.licence or PUBLISHED_LICENCE,
        "seed": seed,
    }
    if session.motif:
        motif = current(app).motif
        wanted |= {"tempo": motif.tempo.bpm, "key": str(motif.key), "meter": str(motif.meter)}
    if asked.seed is None:
        app.store.change(seed=seed + 1)
    job, _ = app.jobs.add("generate", asked.text, wanted)
    return {"job": job.number}


def _instrument(app: App, name: str) -> str:
    """As a worker reads it: a name that nobody knows is an error now, not in the background.

    Raises `UnknownName`, and `PathNotAllowed` for a plugin given by a file that lies outside.
    """
    kind, colon, rest = name.partition(":")
    if not colon:
        return find_instrument(name).name
    if not is_plugin(name) and kind not in ENGINES | OWN_SOUNDS:
        raise unknown(kind, ENGINES | OWN_SOUNDS, kind="engine")
    return f"{kind}:{app.allowed(Path(rest))}" if Path(rest).expanduser().is_absolute() else name


def _chain(app: App, name: str) -> str:
    """As a worker reads it, empty for none. Raises `UnknownName`, `PathNotAllowed`, `InvalidPreset`."""
    if name in ("", NO_CHAIN):
        return ""
    if name.endswith(".toml"):
        name = str(app.allowed(Path(name)))
    load_chain(name)
    return name


def _weights(app: App, name: str) -> str:
    """A hub's name, or a folder. Raises `PathNotAllowed`."""
    folder = Path(name).expanduser()
    return str(app.allowed(folder)) if folder.is_absolute() or folder.exists() else name


def meant(app: App, reference: str) -> Take:
    """The take that is named, or the selected variation."""
    return app.library.get(reference) if reference else picked(app, None)
