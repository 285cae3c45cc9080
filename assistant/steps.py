"""The steps that a composer takes, each a plain function: what goes in is found, the work is done, a take is kept.

The command line and the running program call these and nothing deeper.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import CannotRead, InvalidBrief, NothingHeard, PluginFailed, UnknownName
from assistant.facts import canonical
from assistant.rights import EARS, MELODY_MODEL, SWIFT_F0, VARIATION_MODEL, licence
from assistant.take import Licence, NewTake, Recipe, Take

if TYPE_CHECKING:
    from assistant.audio import Audio
    from assistant.brief import Brief
    from assistant.effects.chain import Chain
    from assistant.generate import Made, Request
    from assistant.hear import Heard, HearSettings, Listener
    from assistant.library import Library
    from assistant.plugins.catalogue import Plugin
    from assistant.render import RenderJob
    from assistant.render.wav import Loop, WavFacts
    from assistant.timbre.mapping import Settings as TransferSettings
    from assistant.timbre.sounding import Curve
    from assistant.timbre.timbre import Timbre
    from assistant.vary import Variation
    from midi.motif import Motif
    from midi.scale import Key
    from midi.tempo import Meter, Tempo

Progress = Callable[[float], None]

MOST_NOTES = 5000
"""Half an hour of melody, or more: from there on variations take minutes, and nobody chooses among them by ear."""

NOTE_FILES = (".mid", ".midi", ".smf", ".kar")
SOUND_FILES = (".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif", ".aifc", ".opus", ".w64", ".caf")


@dataclass(frozen=True, slots=True)
class Material:
    """Notes to work on, and the take that holds them. `remarks` are sentences on what was mended in reading a file."""

    motif: Motif
    take: Take
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hummed:
    """A recording that became notes: both takes, and what was heard."""

    recording: Take
    take: Take
    heard: Heard
    audio: Audio


@dataclass(frozen=True, slots=True)
class Varied:
    """The variations of a motif, from near to far, each with its take."""

    material: Material
    variations: tuple[Variation, ...]
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class Sounded:
    """Sound that was made, as a WAV file's bytes and as a value. `remarks` say which plugins failed."""

    take: Take
    audio: Audio
    wav: bytes
    remarks: tuple[str, ...] = ()


def is_file(source: str) -> bool:
    """Whether `source` means a file and not a take: it is there, or is written like one."""
    path = Path(source)
    return path.exists() or path.suffix.lower() in NOTE_FILES + SOUND_FILES or len(path.parts) > 1


def hum(
    library: Library,
    path: Path,
    settings: HearSettings,
    *,
    progress: Progress | None = None,
    listener: Listener | None = None,
) -> Hummed:
    """The notes in a recording. The recording is kept first, so that it is there whatever comes after.

    Raises `CannotRead`, `UnreadableAudio`, `NothingHeard`, `MissingPart`.
    """
    recording, audio = import_sound(library, path)
    try:
        return hear_take(library, recording, audio, settings, progress=progress, listener=listener)
    except NothingHeard as error:
        raise NothingHeard(f"{error.message}; it is kept as {recording.name!r}", hint=error.hint) from error


def hear_take(
    library: Library,
    recording: Take,
    audio: Audio,
    settings: HearSettings,
    *,
    progress: Progress | None = None,
    listener: Listener | None = None,
) -> Hummed:
    """The notes in a recording that is kept already."""
    from assistant.hear import Listener
    from assistant.hear.expression import bends_of
    from midi.smf import motif_score, smf_bytes

    heard = (listener or Listener()).listen(audio, settings, progress=progress)
    asked = {
        "tempo_bpm": settings.tempo.bpm if settings.tempo else None,
        "key": str(settings.key) if settings.key else None,
        "meter": str(settings.meter) if settings.meter else None,
        "grid": str(settings.grid) if settings.grid else None,
        "strength": settings.strength,
        "first_bar_seconds": settings.first_bar_seconds,
        "polyphonic": settings.polyphonic,
        "bends": settings.bends,
    }
    recipe = Recipe(
        "hum",
        heard.tracker,
        asked,
        parents=(recording.id,),
        licences=EARS.get(heard.tracker, ()),
    )
    name = recording.name
    mpe = settings.bends == "mpe"
    bends = bends_of(heard, mpe=mpe) if settings.bends else ()
    blobs = {
        "midi": smf_bytes(motif_score(heard.motif, name=name, bends=bends, mpe=mpe)),
        "notes": json.dumps(heard.as_json(), indent=2).encode(),
    }
    facts = {**music_facts(heard.motif), "tuning_cents": round(heard.tuning_cents, 1)}
    (take,) = library.add(NewTake("motif", name, recipe, blobs, facts), words=f"heard the notes of {name}")
    return Hummed(recording, take, heard, audio)


def import_sound(library: Library, path: Path) -> tuple[Take, Audio]:
    """A sound file as a take, bytes as they are."""
    from assistant.audio import read_audio

    if path.suffix.lower() in NOTE_FILES and path.is_file():
        raise CannotRead(f"{path.name} holds notes, not sound", hint=f"hummingbridge render {path} gives them a sound")
    audio = read_audio(path)
    data = path.read_bytes()
    # A file that came from a take is that take, so that the line of how it was made goes on.
    known = library.holding(data, "audio")
    if known:
        return known, audio
    facts = {
        "seconds": round(audio.duration_seconds, 3),
        "sample_rate_hz": audio.sample_rate_hz,
        "channels": audio.channels,
        "file": path.name,
    }
    recipe = Recipe("import audio", settings={"file": path.name}, input_digest=hashlib.sha256(data).hexdigest())
    (take,) = library.add(NewTake("recording", path.stem, recipe, {"audio": data}, facts), words=f"added {path.name}")
    return take, audio


def notes_of(
    library: Library,
    source: str,
    *,
    key: Key | None = None,
    meter: Meter | None = None,
    tempo: Tempo | None = None,
) -> Material:
    """The notes in a MIDI file, which becomes a take, or of a take: its own, or those that it was made from.

    `key`, `meter` and `tempo` stand in for the file's. Raises `CannotRead`, `UnreadableMidi`, `UnknownName`.
    """
    from midi.smf import motif_of, motif_score, read_smf, smf_bytes

    if not is_file(source):
        take = _with_blob(library, library.get(source), "midi")
        return Material(motif_of(read_smf(library.blob(take, "midi")), key=key, meter=meter, tempo=tempo), take)
    path = Path(source)
    if path.suffix.lower() in SOUND_FILES and path.is_file():
        raise CannotRead(f"{path.name} is a recording, not notes", hint=f"hummingbridge hum {path} -o {path.stem}.mid")
    score = read_smf(path)
    motif = motif_of(score, key=key, meter=meter, tempo=tempo)
    data = path.read_bytes()
    known = library.holding(data, "midi")
    if known:
        return Material(motif, known, score.remarks)
    recipe = Recipe("import notes", settings={"file": path.name}, input_digest=hashlib.sha256(data).hexdigest())
    blobs = {"midi": smf_bytes(motif_score(motif, name=path.stem)), "source": data}
    facts = {**music_facts(motif), "file": path.name}
    (take,) = library.add(NewTake("motif", path.stem, recipe, blobs, facts), words=f"added {path.name}")
    return Material(motif, take, score.remarks)


def sound_of(library: Library, source: str) -> tuple[Audio, Take]:
    """The sound in a file (it becomes a take) or of a take. Raises `CannotRead`, `UnreadableAudio`, `UnknownName`."""
    if is_file(source):
        take, audio = import_sound(library, Path(source))
        return audio, take
    take = _with_blob(library, library.get(source), "audio")
    return sound_in(library, take), take


def sound_in(library: Library, take: Take) -> Audio:
    """The sound that a take holds."""
    from assistant.audio import decoded

    return decoded(library.blob(take, "audio"), take.name)


def vary(library: Library, material: Material, brief: Brief) -> Varied:
    """Variations of a motif, all kept as one step. Raises `InvalidBrief`, `UnknownName`."""
    from assistant.vary import vary as varied
    from midi.smf import motif_score, smf_bytes

    if len(material.motif.clip) > MOST_NOTES:
        raise InvalidBrief(
            f"{material.take.name} has {len(material.motif.clip)} notes, over the limit of {MOST_NOTES}",
            hint="cut out the phrase that you want varied",
        )
    variations = varied(material.motif, brief)
    asked = brief_json(brief)
    name = material.take.name
    round_number = _round_of(library, material.take, asked, brief.seed)
    new = []
    for variation in variations:
        recipe = Recipe(
            "vary",
            variation.source,
            {**asked, "rank": variation.rank},
            seed=brief.seed,
            parents=(material.take.id,),
            licences=(MELODY_MODEL, VARIATION_MODEL) if variation.source == "model" else (MELODY_MODEL,),
        )
        facts = {
            **music_facts(variation.motif),
            "rank": variation.rank,
            "technique": variation.technique,
            "closeness": round(variation.closeness, 4),
            "sentence": variation.sentence,
        }
        # The file does not name the round: the same brief gives the same bytes, whatever was asked before it.
        midi = smf_bytes(motif_score(variation.motif, name=f"{name} {variation.rank:02d}"))
        called = f"{name} {variation.rank:02d}" if round_number == 1 else f"{name} {round_number}-{variation.rank:02d}"
        new.append(NewTake("variation", called, recipe, {"midi": midi}, facts))
    takes = library.add(*new, words=f"made {len(new)} variations of {name}")
    return Varied(material, variations, takes)


def rework(
    library: Library, what: str, parents: Sequence[Material], motifs: Sequence[Motif], settings: Mapping[str, Any]
) -> tuple[Take, ...]:
    """What was made of several variations, or grown from one, kept as one step: `what` is "between", "splice" or
    "develop"."""
    from midi.compare import closeness
    from midi.smf import motif_score, smf_bytes

    origin = parents[0]
    new = []
    for rank, motif in enumerate(motifs, 1):
        name = f"{origin.take.name} {what} {rank}" if len(motifs) > 1 else f"{origin.take.name} {what}"
        recipe = Recipe(
            what,
            "model",
            {**settings, "rank": rank},
            parents=tuple(parent.take.id for parent in parents),
            licences=(MELODY_MODEL, VARIATION_MODEL),
        )
        facts = {
            **music_facts(motif),
            "rank": rank,
            "technique": what,
            "closeness": round(closeness(origin.motif.clip, motif.clip), 4),
            "sentence": settings["sentence"],
        }
        new.append(NewTake("variation", name, recipe, {"midi": smf_bytes(motif_score(motif, name=name))}, facts))
    return library.add(*new, words=f"made {len(new)} of {origin.take.name}: {what}")


def _round_of(library: Library, motif: Take, asked: Mapping[str, Any], seed: int) -> int:
    """Which round of variations of this motif it is, 1 the first; a brief that was asked before keeps its round."""
    briefs = [canonical({**asked, "seed": seed})]
    earlier = [take.recipe for take in library.children(motif.id) if take.recipe.step == "vary"]
    for recipe in earlier:
        settings = {name: value for name, value in recipe.as_json()["settings"].items() if name != "rank"}
        briefs.append(canonical({**settings, "seed": recipe.seed}))
    rounds = list(dict.fromkeys(briefs[1:]))
    return rounds.index(briefs[0]) + 1 if briefs[0] in rounds else len(rounds) + 1


def render(
    library: Library,
    material: Material,
    job: RenderJob,
    *,
    chain: Chain | None = None,
    overrides: Mapping[str, str] | None = None,
    without_failed: bool = False,
) -> Sounded:
    """Notes played by an instrument, through a chain where one is given, as 24-bit audio.

    With `without_failed`, a plugin that fails is left out of the chain, and a General MIDI sound stands in for one that
    was to play. Raises `UnknownName`, `MissingPart`, `InvalidPreset`, `InvalidBrief`, `PluginFailed`.
    """
    from assistant.effects import apply_chain
    from assistant.render import render as rendered
    from assistant.render.play import settled, used, without_plugin

    job = settled(job)
    failed: list[PluginFailed] = []
    try:
        audio = rendered(material.motif, job)
    except PluginFailed as error:
        if not without_failed:
            raise
        failed.append(error)
        job = without_plugin(job)
        audio = rendered(material.motif, job)
    licences = tuple(Licence(one.kind, one.name, one.licence_spdx) for one in used(job))
    settings = job_json(job) | _instrument_record(job)
    facts: dict[str, Any] = {"instrument": job.instrument}
    if chain is not None:
        audio = apply_chain(audio, chain, overrides=overrides, failed=failed.append if without_failed else None)
        left_out = [error.message for error in failed]
        settings |= {"chain": chain.as_dict(), "set": dict(overrides or {})} | _plugin_record(chain, left_out)
        licences += _licences(chain, left_out)
        facts["chain"] = chain.name
    left_out = [error.message for error in failed]
    if left_out:
        settings["left_out"] = facts["left_out"] = left_out
    recipe = Recipe("render", str(job.engine), settings, job.seed, (material.take.id,), licences=licences)
    motif = replace(material.motif, tempo=job.tempo or material.motif.tempo)
    name = " ".join([material.take.name, job.instrument, *([chain.name] if chain else [])])
    sounded = _keep_sound(library, "render", name, recipe, audio, facts, _of_motif(motif, audio))
    return replace(sounded, remarks=tuple(left_out))


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

    audio, parent = sound_of(library, source)
    failed: list[PluginFailed] = []
    audio = apply_chain(
        audio.resampled(sample_rate_hz or audio.sample_rate_hz),
        chain,
        overrides=overrides,
        failed=failed.append if without_failed else None,
    )
    settings = {"chain": chain.as_dict(), "set": dict(overrides or {}), "sample_rate_hz": audio.sample_rate_hz}
    left_out = [error.message for error in failed]
    settings |= _plugin_record(chain, left_out)
    facts: dict[str, Any] = {"chain": chain.name}
    if left_out:
        settings["left_out"] = facts["left_out"] = left_out
    recipe = Recipe("effects", "pedalboard", settings, 0, (parent.id,), licences=_licences(chain, left_out))
    name = f"{parent.name} {chain.name}"
    return replace(_keep_sound(library, "effects", name, recipe, audio, facts), remarks=tuple(left_out))


def transfer(
    library: Library,
    source: str,
    timbre: Timbre,
    settings: TransferSettings,
    *,
    morph: tuple[Timbre, Curve] | None = None,
    chain: Chain | None = None,
    progress: Progress | None = None,
) -> Sounded:
    """A recording's phrase played by a timbre, as long as the recording and aligned with it.

    Raises `NothingHeard`, `InvalidBrief`, `CannotRead`, `UnreadableAudio`, `UnknownName`, `MissingPart`.
    """
    from assistant.effects import apply_chain
    from assistant.timbre.transfer import transfer as transferred

    audio, parent = sound_of(library, source)
    made = transferred(audio, timbre, settings, morph=morph, progress=progress)
    timbres = (timbre, *([morph[0]] if morph else []))
    licences = tuple(Licence("generator", f"timbre {one.name}", one.licence_spdx) for one in timbres)
    licences += (licence("basic-pitch"),) if settings.chords else (SWIFT_F0,)
    asked: dict[str, Any] = {"timbre": timbre.name, **asdict(settings)}
    facts: dict[str, Any] = {
        "timbre": timbre.name,
        "octaves": made.octaves,
        "struck": made.struck,
        "voices": made.voices,
    }
    sound = made.audio
    if morph:
        asked |= {"morph_to": morph[0].name, "curve": [list(point) for point in morph[1].points]}
    if chain is not None:
        sound = apply_chain(sound, chain)
        asked |= {"chain": chain.as_dict()} | _plugin_record(chain, ())
        licences += _licences(chain, ())
        facts["chain"] = chain.name
    recipe = Recipe("timbre", "ddsp", asked, settings.seed, (parent.id,), licences=licences)
    name = " ".join([parent.name, *(one.name for one in timbres), *([chain.name] if chain else [])])
    return _keep_sound(library, "timbre", name, recipe, sound, facts)


def generate(
    library: Library, request: Request, *, parent: Take | None = None, progress: Progress | None = None
) -> tuple[Sounded, Made]:
    """Sound from a description; `parent` is the take whose sound `request` follows or goes on from.

    Raises `MissingPart`, `CannotRead`, `InvalidBrief`.
    """
    from assistant.generate import generate as generated
    from assistant.render.wav import WavFacts

    made = generated(request, progress=progress)
    model = Path(request.model).name
    settings = {
        "text": request.prompt,
        "model": model,
        "follows": "melody" if request.melody else "start" if request.start else None,
        "seconds": request.whole_seconds,
        "freedom": request.freedom,
        "obedience": request.obedience,
        "fitted": list(made.remarks),
    }
    # Whose weights are not the published ones has said under which licence they are.
    weights = Licence("generator", f"musicgen {model}", request.licence_spdx)
    parents = (parent.id,) if parent else ()
    recipe = Recipe("generate", "musicgen", settings, request.seed, parents, licences=(weights,))
    facts: dict[str, Any] = {"model": model}
    written = WavFacts(tempo=request.tempo, meter=request.meter, key=request.key)
    if request.tempo:
        facts["tempo_bpm"] = round(request.tempo.bpm, 2)
        written = replace(written, length_beats=request.tempo.beats(request.whole_seconds))
    name = request.text.strip() or f"{parent.name if parent else ''} goes on".strip()
    return _keep_sound(library, "generation", name, recipe, made.audio, facts, written), made


def _licences(chain: Chain, left_out: Sequence[str]) -> tuple[Licence, ...]:
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


def _plugin_record(chain: Chain, left_out: Sequence[str]) -> dict[str, Any]:
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


def _keep_sound(
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


def _with_blob(library: Library, take: Take, role: str) -> Take:
    """`take`, or the nearest of those that it was made from, that holds `role`. Raises `UnknownName`."""
    line = [take, *reversed(library.ancestors(take.id))]
    for one in line:
        if role in one.blobs:
            return one
    what = {"midi": "notes", "audio": "sound"}[role]
    hint = {"midi": "hummingbridge hum turns a recording into notes", "audio": "hummingbridge render gives it a sound"}
    raise UnknownName(f"take {take.name!r} has no {what}", hint=hint[role])


def music_facts(motif: Motif) -> dict[str, Any]:
    """What a list of takes shows of music."""
    return {
        "tempo_bpm": round(motif.tempo.bpm, 2),
        "key": str(motif.key),
        "meter": str(motif.meter),
        "bars": motif.bars,
        "notes": len(motif.notes),
    }


def brief_json(brief: Brief) -> dict[str, Any]:
    """A brief as plain values."""
    return {
        "count": brief.count,
        "closeness": brief.closeness,
        "techniques": list(brief.techniques),
        "keep": brief.keep,
        "locked_bars": sorted(brief.locked_bars),
        "key": str(brief.key) if brief.key else None,
        "range": str(brief.pitch_range) if brief.pitch_range else None,
        "density": brief.density,
        "source": brief.source,
        "overlap": list(brief.overlap) if brief.overlap else None,
    }


def job_json(job: RenderJob) -> dict[str, Any]:
    """A render job as plain values; of a SoundFont only its name, which is the same on every machine."""
    plain = asdict(job)
    plain["tempo"] = job.tempo.bpm if job.tempo else None
    plain["soundfont"] = job.soundfont.name if job.soundfont else None
    return plain
