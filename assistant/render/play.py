"""Notes to sound: a clip or motif and a job in, audio out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assistant.audio import LONGEST_SECONDS, Audio
from assistant.errors import MissingPart
from assistant.peak import amplified, block_peaks, trimmed
from assistant.plugins import FORMATS, is_plugin
from assistant.plugins.instrument import PluginEngine
from assistant.plugins.stage import found
from assistant.readiness import Readiness
from assistant.render.instruments import Instrument, find_instrument
from assistant.render.job import ENGINES, OWN_SOUNDS, Engine, RenderJob, TimedNote, Used
from assistant.render.soundfonts import read_config
from assistant.tables import resolve
from midi.clip import Clip
from midi.errors import InvalidMusic
from midi.motif import Motif
from midi.note import Note
from midi.tempo import Tempo

if TYPE_CHECKING:
    from assistant.plugins.catalogue import Plugin

LOUDER_DB = 6.0
"""On every engine's level: a melody at velocity 80 then lies near -20 dBFS RMS, and a full chord still fits."""

_SILENT = 1e-4
_FADE_SECONDS = 0.01


def render(music: Motif | Clip, job: RenderJob) -> Audio:
    """The sound of `music`, float32 of shape (`job.channels`, samples), true peak at or below -1 dBTP.

    Sample 0 is the start of the clip; the sound is at least as long as the clip, and longer where notes ring on. The
    same job gives the same samples. Raises `UnknownName`, `MissingPart`, `CannotRead`, and `InvalidMusic` for a
    clip that would make a longer file than `read_audio` reads.
    """
    engine, job, instrument = _settled(job)
    clip, tempo = (music.clip, job.tempo or music.tempo) if isinstance(music, Motif) else (music, job.tempo or Tempo())
    seconds = tempo.seconds(clip.length_beats)
    if seconds > LONGEST_SECONDS:
        minutes, limit = seconds / 60, LONGEST_SECONDS / 60
        raise InvalidMusic(
            f"the clip lasts {minutes:.0f} minutes at {tempo.bpm:g} BPM, over the limit of {limit:.0f}",
            hint="cut out the part that matters, or give a faster tempo",
        )
    notes = timed_notes(clip, tempo, job.sample_rate_hz, instrument)
    length = round(seconds * job.sample_rate_hz)
    if not notes:
        return Audio(np.zeros((job.channels, length), np.float32), job.sample_rate_hz)
    samples = engine.play(notes, length, job)
    if job.channels == 1:
        samples = samples.mean(axis=0, dtype=np.float32, keepdims=True)
    peaks = block_peaks(samples)
    samples = trimmed(
        samples, peaks, length, _SILENT * float(peaks.max(initial=0.0)), round(_FADE_SECONDS * job.sample_rate_hz)
    )
    gain_db = LOUDER_DB + job.gain_db + (instrument.gain_db if instrument else 0.0)
    louder = amplified(samples, 10 ** (gain_db / 20), peaks=peaks)
    return Audio(np.ascontiguousarray(louder), job.sample_rate_hz)


def used(job: RenderJob) -> tuple[Used, ...]:
    """What the sound of `job` would be made with, and its licences: for the record of a take."""
    engine, job, _ = _settled(job)
    return engine.used(job)


def settled(job: RenderJob) -> RenderJob:
    """`job` with the engine that would play it named, for the record of a take."""
    return replace(job, engine=_engine_name(job))


def without_plugin(job: RenderJob) -> RenderJob:
    """`job` for the sound that stands in where its plugin fails: the one that the preset names, or a piano.

    The notes go on being bent as the preset says.
    """
    plain = replace(job, engine=None, instrument="piano") if is_plugin(job.instrument) else job
    instrument = find_instrument(plain.instrument)
    engine = instrument.engine or read_config().engine or next((each for each in ENGINES if check(each).ready), None)
    return replace(plain, engine=engine)


def plugin_of(job: RenderJob) -> Plugin | None:
    """The plugin that would play `job`, None where none would. Raises `PluginFailed` where it is not there."""
    engine, *_ = _settled(job)
    return found(engine.reference) if isinstance(engine, PluginEngine) else None


def check(engine: str) -> Readiness:
    """Whether an engine can play here. Raises `UnknownName`."""
    made: Engine = resolve(ENGINES | OWN_SOUNDS, engine, kind="engine")()
    return made.check()


def timed_notes(clip: Clip, tempo: Tempo, sample_rate_hz: int, instrument: Instrument | None) -> tuple[TimedNote, ...]:
    """The notes in samples, in order. A note ends where the same pitch starts again, as on a keyboard."""
    kept: dict[tuple[int, int], TimedNote] = {}
    for note in clip:
        played = _played(note, instrument)
        start = round(tempo.seconds(played.start_beats) * sample_rate_hz)
        end = max(start + 1, round(tempo.seconds(played.end_beats) * sample_rate_hz))
        twin = kept.get((played.pitch, start))
        if twin is None or twin.end < end:
            kept[played.pitch, start] = TimedNote(start, end, played.pitch, played.velocity)
    last: dict[int, tuple[int, int]] = {}
    for key in sorted(kept):
        pitch, start = key
        before = last.get(pitch)
        if before is not None and kept[before].end > start:
            kept[before] = replace(kept[before], end=start)
        last[pitch] = key
    return tuple(sorted(kept.values()))


def _played(note: Note, instrument: Instrument | None) -> Note:
    """The note as the instrument's preset bends it; transposition past the ends of the keyboard folds by octaves."""
    if instrument is None or (instrument.transpose_semitones == 0 and instrument.velocity_scale == 1.0):
        return note
    pitch = note.pitch + instrument.transpose_semitones
    while pitch > 127:
        pitch -= 12
    while pitch < 0:
        pitch += 12
    velocity = min(127, max(1, round(note.velocity * instrument.velocity_scale)))
    return replace(note, pitch=pitch, velocity=velocity)


def _settled(job: RenderJob) -> tuple[Engine, RenderJob, Instrument | None]:
    """The engine, the job as that engine reads it, and the instrument where it is one of ours."""
    prefix, colon, rest = job.instrument.partition(":")
    if is_plugin(job.instrument):
        return PluginEngine(job.instrument), replace(job, engine=prefix), None
    if colon:
        engine: Engine = resolve(ENGINES | OWN_SOUNDS, prefix, kind="engine")()
        _must_be_ready(prefix, engine)
        return engine, replace(job, instrument=rest, engine=prefix), None
    instrument = find_instrument(job.instrument)
    name = _engine_name(job, instrument)
    if instrument.plugin and name in FORMATS:
        return PluginEngine(instrument.plugin, instrument), replace(job, engine=name), instrument
    engine = resolve(ENGINES, name, kind="engine")()
    _must_be_ready(name, engine)
    return engine, replace(job, engine=name), instrument


def _engine_name(job: RenderJob, instrument: Instrument | None = None) -> str:
    """What is named, by the job, the instrument or the composer's settings; else the first that is ready."""
    prefix, colon, _ = job.instrument.partition(":")
    if colon:
        return prefix
    instrument = instrument or find_instrument(job.instrument)
    plugin_format = instrument.plugin.partition(":")[0] if instrument.plugin else None
    named = job.engine or plugin_format or instrument.engine or read_config().engine
    return named or next((name for name in ENGINES if check(name).ready), "tinysoundfont")


def _must_be_ready(name: str, engine: Engine) -> None:
    readiness = engine.check()
    if not readiness.ready:
        raise MissingPart(f"the engine {name} cannot play: {readiness.reason}", hint=readiness.remedy)
