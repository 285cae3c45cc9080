"""Notes become sound, and sound goes through a chain."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from assistant.errors import PluginFailed
from assistant.rights import licence
from assistant.steps.material import Material, sound_of
from assistant.take import Licence, NewTake, Recipe, Take

if TYPE_CHECKING:
    from assistant.audio import Audio
    from assistant.effects.chain import Chain
    from assistant.library import Library
    from assistant.plugins.catalogue import Plugin
    from assistant.render import RenderJob
    from assistant.render.wav import Loop, WavFacts
    from midi.motif import Motif


DRUM_KIT = "drums"
"""What plays drums where the instrument that is asked for has none."""


@dataclass(frozen=True, slots=True)
class Sounded:
    """Sound that was made, as a WAV file's bytes and as a value. `remarks` are sentences for the composer."""

    take: Take
    audio: Audio
    wav: bytes
    remarks: tuple[str, ...] = ()


def render(
    library: Library,
    material: Material,
    job: RenderJob,
    *,
    chain: Chain | None = None,
    overrides: Mapping[str, str] | None = None,
    without_failed: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> Sounded:
    """Notes played by an instrument, through a chain where one is given, as 24-bit audio; drums by a drum kit.

    With `without_failed`, a plugin that fails is left out of the chain, and a General MIDI sound stands in for one that
    was to play. Raises `UnknownName`, `MissingPart`, `InvalidPreset`, `InvalidBrief`, `PluginFailed`.
    """
    from assistant.effects import apply_chain
    from assistant.plugins.stage import remarks
    from assistant.render import render as rendered
    from assistant.render.play import settled, used, without_plugin

    job = settled(replace(job, instrument=DRUM_KIT) if material.motif.drums and not plays_drums(job) else job)
    failed: list[PluginFailed] = []
    with remarks() as said:
        try:
            audio = rendered(material.motif, job)
        except PluginFailed as error:
            if not without_failed:
                raise
            failed.append(error)
            job = without_plugin(job)
            audio = rendered(material.motif, job)
    progress(0.5)
    licences = tuple(Licence(one.kind, one.name, one.licence_spdx) for one in used(job))
    settings = job_json(job) | _instrument_record(job)
    facts: dict[str, Any] = {"instrument": job.instrument}
    if chain is not None:
        with remarks() as more:
            audio = apply_chain(audio, chain, overrides=overrides, failed=failed.append if without_failed else None)
        said += more
        left_out = [error.message for error in failed]
        settings |= {"chain": chain.as_dict(), "set": dict(overrides or {})} | plugin_record(chain, left_out)
        licences += chain_licences(chain, left_out)
        facts["chain"] = chain.name
    progress(0.75)
    left_out = [error.message for error in failed]
    if left_out:
        settings["left_out"] = facts["left_out"] = left_out
    recipe = Recipe("render", str(job.engine), settings, job.seed, (material.take.id,), licences=licences)
    motif = replace(material.motif, tempo=job.tempo or material.motif.tempo)
    name = " ".join([material.take.name, job.instrument, *([chain.name] if chain else [])])
    sounded = keep_sound(library, "render", name, recipe, audio, facts, _of_motif(motif, audio))
    return replace(sounded, remarks=(*_said(left_out), *said))


def plays_drums(job: RenderJob) -> bool:
    """Whether the instrument is a drum kit, or one of the composer's own that may be."""
    from assistant.render.instruments import find_instrument

    if ":" in job.instrument:
        return True
    instrument = find_instrument(job.instrument)
    return instrument.drums or instrument.plugin is not None


def effects(
    library: Library,
    source: str,
    chain: Chain,
    *,
    overrides: Mapping[str, str] | None = None,
    sample_rate_hz: int = 0,
    without_failed: bool = False,
) -> Sounded:
    """A recording or a take through a chain; with `without_failed`, without the plugins that fail.

    Raises `InvalidPreset`, `CannotRead`, `UnreadableAudio`, `UnknownName`, `PluginFailed`.
    """
    from assistant.effects import apply_chain
    from assistant.plugins.stage import remarks

    heard, parent = sound_of(library, source)
    failed: list[PluginFailed] = []
    with remarks() as said:
        audio = apply_chain(
            heard.resampled(sample_rate_hz or heard.sample_rate_hz),
            chain,
            overrides=overrides,
            failed=failed.append if without_failed else None,
        )
    settings = {"chain": chain.as_dict(), "set": dict(overrides or {}), "sample_rate_hz": audio.sample_rate_hz}
    left_out = [error.message for error in failed]
    settings |= plugin_record(chain, left_out)
    facts: dict[str, Any] = {"chain": chain.name}
    if left_out:
        settings["left_out"] = facts["left_out"] = left_out
    recipe = Recipe("effects", "pedalboard", settings, 0, (parent.id,), licences=chain_licences(chain, left_out))
    name = f"{parent.name} {chain.name}"
    return replace(
        keep_sound(library, "effects", name, recipe, audio, facts), remarks=(*_said(left_out, heard.remark), *said)
    )


def _said(left_out: Sequence[str], remark: str = "") -> tuple[str, ...]:
    """What the composer is told of a file's `remark` and of plugins that were left out."""
    return (*([remark] if remark else []), *(f"left out: {message}" for message in left_out))


def chain_licences(chain: Chain, left_out: Sequence[str]) -> tuple[Licence, ...]:
    """What a chain brings into a sound."""
    own = Licence("preset", f"chain {chain.name}", chain.licence_spdx or "NOASSERTION"), licence("pedalboard")
    return own + tuple(Licence("plugin", plugin.titled, plugin.licence_spdx) for plugin in _plugins_in(chain, left_out))


def _plugins_in(chain: Chain, left_out: Sequence[str]) -> tuple[Plugin, ...]:
    """The chain's plugins, but for those that failed, as `left_out` says."""
    from assistant.effects.chain import plugins_in
    from assistant.plugins.stage import found

    plugins = []
    for reference in plugins_in(chain.stages):
        with contextlib.suppress(PluginFailed):
            plugins.append(found(reference))
    return tuple(one for one in plugins if not any(words.startswith(f"plugin {one.name} ") for words in left_out))


def plugin_record(chain: Chain, left_out: Sequence[str]) -> dict[str, Any]:
    """Name, version, maker and licence of each plugin in a chain; nothing where there is none."""
    records = [plugin.record() for plugin in _plugins_in(chain, left_out)]
    return {"plugins": records} if records else {}


def _instrument_record(job: RenderJob) -> dict[str, Any]:
    """The plugin that plays, with its knobs and its state, so that it can be played again."""
    from assistant.render.instruments import find_instrument
    from assistant.render.play import plugin_of

    plugin = plugin_of(job)
    if plugin is None:
        return {}
    named = {} if ":" in job.instrument else dict(find_instrument(job.instrument).settings)
    return {"plugin": {**plugin.record(), "settings": named}}


def keep_sound(
    library: Library,
    kind: str,
    name: str,
    recipe: Recipe,
    audio: Audio,
    facts: Mapping[str, Any],
    written: WavFacts | None = None,
) -> Sounded:
    from assistant.render.wav import WavFacts, wav_bytes

    wav = wav_bytes(audio, replace(written or WavFacts(), project=name, take=kind, note=recipe.step))
    known = {**facts, "seconds": round(audio.duration_seconds, 3), "sample_rate_hz": audio.sample_rate_hz}
    (take,) = library.add(NewTake(kind, name, recipe, {"audio": wav}, known), words=f"made {name}")
    return Sounded(take, audio, wav)


def _of_motif(motif: Motif, audio: Audio) -> WavFacts:
    """What the sound of a motif says in its file: where its bars lie."""
    from assistant.render.wav import WavFacts

    return WavFacts(
        tempo=motif.tempo,
        meter=motif.meter,
        key=motif.key,
        length_beats=motif.clip.length_beats,
        loops=bars_loop(motif, audio),
    )


def bars_loop(motif: Motif, audio: Audio) -> tuple[Loop, ...]:
    """The motif's whole bars as a loop, its tail left out."""
    from assistant.render.wav import Loop

    end = round(motif.length_seconds * audio.sample_rate_hz)
    return (Loop(0, end),) if 0 < end <= audio.length else ()


def job_json(job: RenderJob) -> dict[str, Any]:
    """A render job as plain values; of a SoundFont only its name, which is the same on every machine."""
    plain = asdict(job)
    plain["tempo"] = job.tempo.bpm if job.tempo else None
    plain["soundfont"] = job.soundfont.name if job.soundfont else None
    return plain
