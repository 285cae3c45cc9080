"""A timbre of the composer's own, from a few minutes of recording: is it fit, what is it near, and learning it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import CannotWrite, InvalidBrief
from assistant.files import write_whole
from assistant.optional import require
from assistant.presets import check_name, own_folder
from assistant.rights.spdx import is_expression
from assistant.timbre.controls import Controls, heard, spans
from assistant.timbre.features import FRAMES_A_SECOND, HOP, SAMPLE_RATE_HZ, Frames, hertz, loudness
from assistant.timbre.measures import timbre_distance
from assistant.timbre.room import Room
from assistant.timbre.shape import Shape, band_centres_hz
from assistant.timbre.synthesis import sound
from assistant.timbre.timbre import Timbre, list_timbres, load_timbre
from assistant.timbre.training.analysis import analysed, refined
from assistant.timbre.training.dry import dried, room_of
from assistant.timbre.weights import read_weights, write_weights
from midi.errors import HummingbridgeError

if TYPE_CHECKING:
    from assistant.timbre.training.fit import Told
    from assistant.timbre.training.passages import Passage

SHORTEST_SECONDS = 40.0
"""So much has to sound; a minute or more is better, four are plenty."""
STEPS = 400
"""Steps on frames. With these and their share on sound a flute's four minutes come within 1.5 % of the shipped one's
spectral loss, in two processor minutes.
"""
_SOUND_SHARE = 0.45
_QUIETEST_DB = -50.0
_NOISIEST_DB = 20.0
_LEAST_HARMONIC = 0.93
_LOOKED_AT = 4
_SLACK_FRAMES = 100
_CHUNK_FRAMES = 2500
_LEVEL_DB = -20.0
_COMPARED_SECONDS = 6
_HARMONICS_TO_HZ = 16_000.0
_MOST_HARMONICS = 160


class UnfitRecording(HummingbridgeError):
    """A recording from which no timbre can be learnt; the message says why."""

    code: ClassVar[str] = "unfit-recording"


def place_for(name: str) -> Path:
    """The folder that a new timbre of the composer's goes to. Raises `UnknownName` where the name is no plain one,
    `CannotWrite` where a timbre of theirs has it already.
    """
    check_name("timbres", name)
    folder = own_folder() / "timbres"
    if (folder / f"{name}.toml").exists():
        raise CannotWrite(f"a timbre of yours is called {name} already", hint="choose another name, or move that one")
    return folder


def check_whose(owner: str, licence_spdx: str) -> None:
    """Raises `InvalidBrief` where it is not said whose recording it is, or under which licence."""
    if not owner.strip() or not licence_spdx.strip():
        raise InvalidBrief("whose recording it is was not said", hint='say it: --whose "my own" --licence CC0-1.0')
    if not is_expression(licence_spdx):
        raise InvalidBrief(
            f"{licence_spdx!r} is no SPDX name of a licence",
            hint="such as CC0-1.0, or LicenseRef-mine to keep it yours",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A recording that will do: mono at 48 kHz without its `room`, what is heard in it, and figures on it."""

    samples: Samples
    controls: Controls
    sounding_seconds: float
    harmonic_share: float
    over_noise_db: float
    room: Room | None = None


def examined(recordings: Sequence[Audio]) -> Fit:
    """Whether recordings will do together. Raises `UnfitRecording`: too quiet, too short, too noisy, several notes."""
    samples = np.concatenate([one.resampled(SAMPLE_RATE_HZ).mono() for one in recordings])
    level = loudness(samples)
    if not len(level) or float(np.quantile(level, 0.95)) < _QUIETEST_DB:
        loudest = float(np.quantile(level, 0.95)) if len(level) else -90.0
        raise UnfitRecording(
            f"too quiet: its loud parts read {loudest:.0f} dB(A), under {_QUIETEST_DB:.0f}",
            hint="record closer, or turn the input up until it nears the top without touching it",
        )
    controls = heard(samples)
    sounding = float(controls.sounding.sum() / FRAMES_A_SECOND)
    if sounding < SHORTEST_SECONDS:
        raise UnfitRecording(
            f"too short: {sounding:.0f} s of it are notes of one pitch, under {SHORTEST_SECONDS:.0f}",
            hint="play one note at a time, low and high, soft and loud, for one to ten minutes",
        )
    share = _harmonic_share(samples, controls)
    if share < _LEAST_HARMONIC:
        raise UnfitRecording(
            f"several notes at once, or much else beside them: in a quarter of it no more than {share:.0%} of the "
            f"sound are harmonics of one pitch, under {_LEAST_HARMONIC:.0%}",
            hint="record the instrument alone, one note at a time, in a dry room",
        )
    rests = level[~controls.sounding]
    over = float(np.median(level[controls.sounding]) - (np.quantile(rests, 0.1) if len(rests) else -90))
    if over < _NOISIEST_DB:
        raise UnfitRecording(
            f"too noisy: notes stand {over:.0f} dB over the rests, under {_NOISIEST_DB:.0f}",
            hint="find a quieter place, and turn off what hums",
        )
    room = room_of(samples)
    if room:
        samples = dried(samples, room)
        controls = heard(samples)
    return Fit(samples, controls, sounding, share, over, room)


def _harmonic_share(samples: Samples, controls: Controls) -> float:
    """The share of power on the harmonics of the pitch that was heard, over forty seconds at most, from all of it: what
    three quarters of the frames exceed.

    A second voice lies between them, where a lone one leaves only its noise. Oboes, violins and cellos alone have .99,
    two of a kind .73 to .89, for there the louder one is often by itself: half of the frames say little.
    """
    shares = []
    stretches = _stretches(controls)
    for first, last in stretches[:: max(1, -(-len(stretches) // _LOOKED_AT))]:
        part = samples[first * HOP : last * HOP]
        found = analysed(part, refined(part, hertz(controls.pitch[first:last])), 60)
        tonal = np.square(10 ** (found.tones_db / 20)).sum(axis=1) / 2
        between = np.trapezoid(10 ** (found.noise_db / 10), band_centres_hz(), axis=1) / (SAMPLE_RATE_HZ / 2)
        shares.append((tonal / (tonal + between + 1e-12))[controls.sounding[first:last]])
    return float(np.quantile(np.concatenate(shares), 0.25)) if shares else 0.0


def _stretches(controls: Controls) -> list[tuple[int, int]]:
    """What is worth learning: notes and the rests around them, ten seconds at a time."""
    near = np.convolve(controls.sounding, np.ones(2 * _SLACK_FRAMES + 1), mode="same") > 0
    found = []
    for first, last in spans(near):
        for start in range(first, last, _CHUNK_FRAMES):
            stop = min(start + _CHUNK_FRAMES, last)
            if stop - start >= 500:
                found.append((start, stop))
    return found


def nearest(fit: Fit, *, without: Collection[str] = ()) -> str:
    """The timbre whose sound of the same phrase is nearest to the recording, `without` some of them."""
    first, last = max(_stretches(fit.controls), key=lambda one: fit.controls.sounding[slice(*one)].sum())
    last = min(last, first + int(_COMPARED_SECONDS * FRAMES_A_SECOND))
    true = fit.samples[first * HOP : last * HOP]
    gain = _LEVEL_DB - float(np.quantile(loudness(true), 0.95))
    hz = hertz(fit.controls.pitch[first:last])
    distances = {}
    for name in list_timbres():
        if name in without:
            continue
        timbre = load_timbre(name)
        pitch = fit.controls.pitch[fit.controls.sounding]
        reaches = ((pitch >= timbre.low - 1) & (pitch <= timbre.high + 1)).mean() > 0.9
        if timbre.network is not None and reaches:
            made = sound(timbre.network, hz, fit.controls.loudness_db[first:last] + np.float32(gain))
            distances[name] = timbre_distance(made, true)
    return min(distances, key=lambda name: distances[name], default="violin")


def learn(
    fit: Fit,
    name: str,
    folder: Path,
    *,
    owner: str,
    licence_spdx: str,
    base: str,
    checkpoint: Path,
    steps: int = STEPS,
    told: Callable[[Told], None] | None = None,
    early: Callable[[int, Samples], None] | None = None,
) -> Timbre:
    """Learns the timbre and writes `folder/NAME.toml` and its weights. Goes on from a `checkpoint` that is there.

    `early` is given a few seconds of the recording as the timbre plays them so far. Raises `MissingPart`,
    `InvalidBrief` where it is not said whose recording it is.
    """
    require("torch", what_for="learning a timbre")
    import torch

    from assistant.timbre.training.fit import Plan
    from assistant.timbre.training.fit import fit as fitted

    check_whose(owner, licence_spdx)
    torch.set_num_threads(1)
    passages = passages_of(fit)
    heard_pitch = fit.controls.pitch[fit.controls.sounding]
    low, high = (round(float(edge)) for edge in np.quantile(heard_pitch, (0.01, 0.99)))
    low, high = max(0, low - 2), min(127, max(high + 2, low + 6))
    shape = Shape(passages[0].tones_db.shape[1])
    start_network = _weights_of(base)
    start = {key: torch.from_numpy(value) for key, value in start_network.items()}
    sample = max(passages, key=lambda one: float((one.loudness_db > -45).mean()))

    def listen(step: int, weights: dict[str, Frames]) -> None:
        from assistant.timbre.network import Network

        if early:
            part = slice(0, int(4 * FRAMES_A_SECOND))
            early(step, sound(Network(weights, shape), sample.hz[part], sample.loudness_db[part]))

    plan = Plan(steps, round(steps * _SOUND_SHARE))
    parameters = fitted(passages, shape, plan, start=start, checkpoint=checkpoint, told=told, early=listen)
    write_weights(folder / f"{name}.safetensors", {key: value.numpy() for key, value in parameters.items()})
    levels = np.concatenate([one.loudness_db for one in passages])
    quantiles = np.quantile(levels[levels > -50], np.linspace(0, 1, 21))
    frames = np.concatenate([one.samples[: len(one.samples) // 2048 * 2048].reshape(-1, 2048) for one in passages])
    rms = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    gain_db = _LEVEL_DB - float(np.quantile(rms[rms > rms.max() - 50], 0.95))
    playing = load_timbre(base).playing
    lines = [
        f"description = {json.dumps(f'{name}, learnt from a recording')}",
        f"family = {json.dumps(load_timbre(base).family)}",
        f"low = {low}",
        f"high = {high}",
        f"licence = {json.dumps(licence_spdx)}",
        f"material = {json.dumps(f'{fit.sounding_seconds:.0f} s of recording: {owner}; learnt on from {base}')}",
        f"levels_db = {json.dumps([round(float(level), 1) for level in quantiles])}",
        f"gain_db = {gain_db:.1f}",
        "",
        "[playing]",
        *(f"{key} = {getattr(playing, key)}" for key in type(playing).__dataclass_fields__),
    ]
    if fit.room:
        seconds, level_db = list(fit.room.seconds), list(fit.room.level_db)
        lines += ["", "[room]", f"seconds = {seconds}", f"level_db = {level_db}"]
    write_whole(folder / f"{name}.toml", ("\n".join(lines) + "\n").encode())
    checkpoint.unlink(missing_ok=True)
    from assistant.timbre.timbre import load_timbre_file

    return load_timbre_file(folder / f"{name}.toml")


def _weights_of(name: str) -> dict[str, Frames]:
    from assistant.timbre.timbre import card_path

    return dict(read_weights(card_path(name).with_suffix(".safetensors")))


def passages_of(fit: Fit) -> list[Passage]:
    """The recording cut into passages, on the common scale of loudness."""
    from assistant.timbre.training.fit import LONGEST_PIECE
    from assistant.timbre.training.passages import passage

    level = fit.controls.loudness_db
    gain = 10 ** ((_LEVEL_DB - float(np.quantile(level[fit.controls.sounding], 0.95))) / 20)
    lowest = float(np.quantile(hertz(fit.controls.pitch[fit.controls.sounding]), 0.02))
    harmonics = int(min(_MOST_HARMONICS, max(32, _HARMONICS_TO_HZ / lowest)))
    passages = []
    for first, last in _stretches(fit.controls):
        if last - first < LONGEST_PIECE + 2:
            continue
        part = fit.samples[first * HOP : last * HOP] * np.float32(gain)
        hz = refined(part, hertz(fit.controls.pitch[first:last]))
        passages.append(passage(part, hz, harmonics))
    if not passages:
        raise UnfitRecording(
            "too broken up: no two seconds of it go on without a long rest", hint="play longer phrases"
        )
    return passages
