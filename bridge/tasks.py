"""What worker processes do: each task a function from plain values to plain values, with takes named by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.library import Library
from assistant.tables import resolve

if TYPE_CHECKING:
    from assistant.brief import Brief
    from assistant.hear import Listener
    from assistant.steps.sounding import Sounded

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker has at hand: the library, and what hears, loaded once."""

    library: Library
    listener: Listener


Task = Callable[[Bench, Mapping[str, Any], Progress], dict[str, Any]]

TASKS = {
    "hear": "bridge.tasks:hear",
    "vary": "bridge.tasks:vary",
    "together": "bridge.tasks:together",
    "render": "bridge.tasks:render",
    "effects": "bridge.tasks:effects",
    "timbre": "bridge.tasks:timbre",
    "generate": "bridge.tasks:generate",
}
"""Name → task."""


def task(name: str) -> Task:
    """Raises `UnknownName`."""
    found: Task = resolve(TASKS, name, kind="task")
    return found


def bench(library: Library) -> Bench:
    """Loads what every task needs, so that the first one is as fast as the next."""
    import assistant.vary.learned.source
    import assistant.vary.plausible
    from assistant.hear import Listener, check_ears
    from assistant.hear.trackers import choose

    assistant.vary.plausible.load_model()
    assistant.vary.learned.source.load_network()
    listener = Listener(threads=2)
    if check_ears().ready:
        listener.tracker(choose(polyphonic=False).name)
    return Bench(library, listener)


def hear(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The notes of the recording `take`."""
    from assistant.hear import HearSettings
    from assistant.steps import hear_take, sound_in
    from midi.quantize import parse_grid
    from midi.scale import Key
    from midi.tempo import Meter, Tempo

    recording = bench.library.get(asked["take"])
    settings = HearSettings(
        tempo=Tempo(asked["tempo"]) if asked.get("tempo") else None,
        key=Key.parse(asked["key"]) if asked.get("key") else None,
        meter=Meter.parse(asked["meter"]) if asked.get("meter") else None,
        grid=parse_grid(asked["grid"]) if asked.get("grid") else None,
        first_bar_seconds=asked.get("first_bar"),
        polyphonic=bool(asked.get("poly")),
    )
    audio = sound_in(bench.library, recording)
    hummed = hear_take(bench.library, recording, audio, settings, progress=progress, listener=bench.listener)
    return {"take": hummed.take.id, "recording": recording.id, "heard": hummed.heard.as_json()}


def brief_of(asked: Mapping[str, Any]) -> Brief:
    """What is asked of variations. Raises `InvalidMusic`, `InvalidBrief`."""
    from assistant.brief import Brief
    from midi.pitch import PitchRange
    from midi.scale import Key

    return Brief(
        count=asked["count"],
        closeness=asked.get("closeness"),
        techniques=tuple(asked.get("techniques", ())),
        keep=asked.get("keep"),
        locked_bars=frozenset(asked.get("locked_bars", ())),
        locked_notes=frozenset(asked.get("locked_notes", ())),
        key=Key.parse(asked["key"]) if asked.get("key") else None,
        pitch_range=PitchRange.parse(asked["range"]) if asked.get("range") else None,
        density=asked.get("density"),
        seed=asked["seed"],
        source=asked.get("source", "both"),
        texture=asked.get("texture", "auto"),
        chords=asked.get("chords"),
        chromatic=asked.get("chromatic", False),
        model=asked.get("model", ""),
        fill=frozenset(asked.get("fill", ())),
        goes_on=asked.get("goes_on", 0),
        answer=asked.get("answer", False),
    )


def vary(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Variations of the motif `take`."""
    from assistant.steps import notes_of
    from assistant.steps import vary as varied

    brief = brief_of(asked)
    made = varied(bench.library, notes_of(bench.library, asked["take"]), brief)
    progress(1.0)
    takes = [take.id for take in made.takes]
    return {"motif": made.material.take.id, "takes": takes, "choices": made.choices}


def together(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """What is `made` of `takes`: steps between two, bars of one in another, a phrase grown from one."""
    from assistant.steps import develop, notes_of, splice, steps_between

    first, *others = (notes_of(bench.library, take) for take in asked["takes"])
    made = asked["made"]
    if made == "between":
        takes = steps_between(bench.library, first, others[0], steps=asked["steps"])
    elif made == "splice":
        takes = splice(bench.library, first, others[0], asked["bars"])
    else:
        takes = develop(bench.library, first, asked["form"])
    progress(1.0)
    return {"motif": asked["motif"], "takes": [take.id for take in takes]}


def render(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The notes of `take` played by `instrument` through `chain`."""
    from assistant.effects import load_chain
    from assistant.render import RenderJob
    from assistant.steps import notes_of
    from assistant.steps import render as rendered

    chain = load_chain(asked["chain"]) if asked.get("chain") else None
    sounded = rendered(
        bench.library,
        notes_of(bench.library, asked["take"]),
        RenderJob(asked["instrument"], room=asked.get("room", 1.0)),
        chain=chain,
        without_failed=asked.get("without_failed", False),
        progress=progress,
    )
    progress(1.0)
    return _outcome(sounded)


def effects(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The sound of `take` through `chain`."""
    from assistant.effects import load_chain
    from assistant.steps import effects as through

    sounded = through(
        bench.library,
        bench.library.get(asked["take"]).id,
        load_chain(asked["chain"]),
        without_failed=asked.get("without_failed", False),
    )
    progress(1.0)
    return _outcome(sounded)


def timbre(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The voice of `take` as `timbre`, through `chain`; heard while it is made where `listen_on` says so."""
    from assistant.effects import load_chain
    from assistant.steps import transfer
    from assistant.timbre.mapping import Settings
    from assistant.timbre.timbre import load_timbre
    from bridge.loudspeaker import Loudspeaker

    chain = load_chain(asked["chain"]) if asked.get("chain") else None
    settings = Settings(**asked["settings"])
    timbre = load_timbre(asked["timbre"])
    where = asked.get("listen_on")
    with Loudspeaker(48_000, where) if where is not None else nullcontext() as speaker:
        made = transfer(
            bench.library,
            asked["take"],
            timbre,
            settings,
            chain=chain,
            progress=progress,
            listener=speaker.play if speaker else None,
        )
        if speaker:
            speaker.finish()
    return _outcome(made)


def _outcome(sounded: Sounded) -> dict[str, Any]:
    return {"take": sounded.take.id, "seconds": sounded.audio.duration_seconds, "remarks": list(sounded.remarks)}


def generate(bench: Bench, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Sound from a description; `melody` and `start` are takes."""
    from assistant.generate import Request
    from assistant.steps import generate as generated
    from assistant.steps import sound_of
    from midi.scale import Key
    from midi.tempo import Meter, Tempo

    heard, parent = None, None
    if source := asked["melody"] or asked["start"]:
        heard, parent = sound_of(bench.library, bench.library.get(source).id)
    request = Request(
        asked["text"],
        asked["seconds"],
        melody=heard if asked["melody"] else None,
        start=None if asked["melody"] else heard,
        tempo=Tempo(asked["tempo"]) if asked.get("tempo") else None,
        key=Key.parse(asked["key"]) if asked.get("key") else None,
        meter=Meter.parse(asked["meter"]) if asked.get("meter") else None,
        model=asked["model"],
        licence_spdx=asked["licence_spdx"],
        seed=asked["seed"],
    )
    sounded, made = generated(bench.library, request, parent=parent, progress=progress)
    return {"take": sounded.take.id, "seconds": sounded.audio.duration_seconds, "remarks": list(made.remarks)}
