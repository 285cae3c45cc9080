"""Sound becomes another sound: a voice an instrument, a description music."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.rights import SWIFT_F0, licence
from assistant.steps.material import Progress, sound_of
from assistant.steps.sounding import Sounded, chain_licences, keep_sound, plugin_record
from assistant.take import Licence, Recipe, Take

if TYPE_CHECKING:
    from assistant.effects.chain import Chain
    from assistant.generate import Made, Request
    from assistant.library import Library
    from assistant.timbre.mapping import Settings as TransferSettings
    from assistant.timbre.sounding import Curve
    from assistant.timbre.timbre import Timbre
    from assistant.timbre.transfer import Listener


def transfer(
    library: Library,
    source: str,
    timbre: Timbre,
    settings: TransferSettings,
    *,
    morph: tuple[Timbre, Curve] | None = None,
    chain: Chain | None = None,
    progress: Progress | None = None,
    listener: Listener | None = None,
) -> Sounded:
    """A recording's phrase played by a timbre, as long as the recording and aligned with it. `listener` is given the
    sound as it is made, before the chain.

    Raises `NothingHeard`, `InvalidBrief`, `CannotRead`, `UnreadableAudio`, `UnknownName`, `MissingPart`.
    """
    from assistant.effects import apply_chain
    from assistant.timbre.transfer import transfer as transferred

    audio, parent = sound_of(library, source)
    made = transferred(audio, timbre, settings, morph=morph, progress=progress, listener=listener)
    timbres = (timbre, *([morph[0]] if morph else []))
    licences = tuple(Licence("generator", f"timbre {one.name}", one.licence_spdx) for one in timbres)
    licences += (licence("basic-pitch"),) if settings.chords or settings.melody else (SWIFT_F0,)
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
        asked |= {"chain": chain.as_dict()} | plugin_record(chain, ())
        licences += chain_licences(chain, ())
        facts["chain"] = chain.name
    recipe = Recipe("timbre", "ddsp", asked, settings.seed, (parent.id,), licences=licences)
    name = " ".join([parent.name, *(one.name for one in timbres), *([chain.name] if chain else [])])
    kept = keep_sound(library, "timbre", name, recipe, sound, facts)
    return replace(kept, remarks=(audio.remark,) if audio.remark else ())


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
    return keep_sound(library, "generation", name, recipe, made.audio, facts, written), made
