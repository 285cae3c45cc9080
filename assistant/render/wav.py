"""Audio as a WAV file that a DAW places, names and stretches by itself.

Chunks: `fmt `; `bext` (EBU Tech 3285: what, who, when, where on the timeline); `iXML` (project, scene, take, tracks,
tempo and key after ASWG-G006); `acid` (tempo, beats, metre, root note); `smpl` (loops); `data`. The metadata comes
before the audio, so that it is found without reading that.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from assistant.audio import Audio, Samples
from assistant.errors import CannotWrite
from assistant.text import ascii_text, xml_text
from midi.scale import Key
from midi.tempo import Meter, Tempo

Encoding = Literal["PCM_24", "PCM_16", "FLOAT"]
RATES_HZ = (48_000, 44_100, 88_200, 96_000)
"""The rates that DAW sessions have, the usual one first."""
_BITS: dict[Encoding, int] = {"PCM_24": 24, "PCM_16": 16, "FLOAT": 32}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SPEAKERS = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}
"""Which loudspeaker each channel is for, up to 7.1 (L R C LFE …)."""
_ACID_ROOT, _ACID_STRETCH, _ACID_BEATMAPPED = 0x02, 0x04, 0x08
_LARGEST_BYTES = 2**32 - 2**20
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Loop:
    """A stretch to repeat, in samples: from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WavFacts:
    """What is written into the file beside the sound. All may be left out.

    `project`, `scene` and `take` are the song, the part and the version; `track_names` one a channel; `note` any words.
    `start_samples` is the place on the timeline, counted from its zero: DAWs call it original or origin position.
    `made_at` is when the music was made (never the clock's now: same inputs, same bytes). `root_pitch` is a MIDI note
    number: of a sample, its pitch; else the tonic of the key is written.
    """

    project: str = ""
    scene: str = ""
    take: str = ""
    track_names: tuple[str, ...] = ()
    note: str = ""
    originator: str = "Hummingbridge"
    made_at: datetime | None = None
    start_samples: int = 0
    tempo: Tempo | None = None
    meter: Meter | None = None
    key: Key | None = None
    length_beats: float | None = None
    root_pitch: int | None = None
    loops: tuple[Loop, ...] = ()


def wav_bytes(audio: Audio, facts: WavFacts | None = None, *, encoding: Encoding = "PCM_24") -> bytes:
    """A WAV file at the audio's own rate.

    24 bits are rounded without dither: float32 has no more than 24 significant bits, so above -144 dBFS there is
    hardly anything to round, and audio that came from 24 bits comes back bit by bit. 16 bits get triangular dither of
    2 LSB, always the same. Raises `CannotWrite` for samples outside ±1 or not finite, for no samples, and over 4 GiB.
    """
    facts = facts or WavFacts()
    _check(audio, facts)
    chunks = [(b"fmt ", _format(audio, encoding))]
    if encoding == "FLOAT":
        chunks.append((b"fact", struct.pack("<I", audio.length)))
    chunks += [(b"bext", _bext(audio, facts, encoding)), (b"iXML", _ixml(audio, facts, encoding))]
    if facts.tempo:
        chunks.append((b"acid", _acid(audio, facts, facts.tempo)))
    if facts.loops or facts.root_pitch is not None:
        chunks.append((b"smpl", _smpl(audio, facts)))
    chunks.append((b"data", _encoded(audio.samples, encoding)))
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _check(audio: Audio, facts: WavFacts) -> None:
    if audio.length == 0 or audio.channels == 0:
        raise CannotWrite("there is no audio to write", hint="render a clip that holds notes")
    if not np.isfinite(audio.samples).all():
        raise CannotWrite("the audio holds samples that are not numbers", hint="render it again with another chain")
    if audio.peak > 1.0:
        raise CannotWrite(
            f"the audio peaks at {20 * np.log10(audio.peak):+.1f} dBFS and would clip", hint="turn it down"
        )
    if audio.channels * audio.length * 4 > _LARGEST_BYTES:
        raise CannotWrite("the audio is over the 4 GiB that a WAV file can hold", hint="write it in parts")
    if facts.start_samples < 0:
        raise CannotWrite(
            f"start {facts.start_samples} samples is before the timeline", hint="place it at bar 1 or later"
        )
    for loop in facts.loops:
        if not 0 <= loop.start < loop.end <= audio.length:
            raise CannotWrite(
                f"loop {loop.start}..{loop.end} is not within 0..{audio.length} samples",
                hint="give its samples in order",
            )


def _encoded(samples: Samples, encoding: Encoding) -> bytes:
    """The samples, channels interleaved, little-endian; in blocks, so that a long take does not fill the memory."""
    random = np.random.default_rng(0)
    blocks = (samples[:, at : at + _BLOCK].T for at in range(0, samples.shape[1], _BLOCK))
    return b"".join(_encoded_block(np.ascontiguousarray(block), encoding, random) for block in blocks)


def _encoded_block(frames: Samples, encoding: Encoding, random: np.random.Generator) -> bytes:
    if encoding == "FLOAT":
        return frames.astype("<f4").tobytes()
    full = 1 << (_BITS[encoding] - 1)
    # A power of two: exact in float32.
    scaled = frames * np.float32(full)
    if encoding == "PCM_16":
        scaled += random.random(scaled.shape, np.float32) - random.random(scaled.shape, np.float32)
    # +1.0 lies one step above the largest number there is.
    whole = np.clip(np.rint(scaled), -full, full - 1).astype("<i4")
    # Little-endian: the low bytes come first, and the highest is left out.
    low = whole.view(np.uint8).reshape(-1, 4)[:, : _BITS[encoding] // 8]
    packed: bytes = low.tobytes()
    return packed


def _format(audio: Audio, encoding: Encoding) -> bytes:
    tag = _FLOAT if encoding == "FLOAT" else _PCM
    bits = _BITS[encoding]
    block = audio.channels * bits // 8
    extensible = audio.channels > 2
    head = struct.pack(
        "<HHIIHH",
        _EXTENSIBLE if extensible else tag,
        audio.channels,
        audio.sample_rate_hz,
        audio.sample_rate_hz * block,
        block,
        bits,
    )
    if extensible:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        return head + struct.pack("<HHI", 22, bits, _SPEAKERS.get(audio.channels, 0)) + guid
    return head + struct.pack("<H", 0) if encoding == "FLOAT" else head


def _bext(audio: Audio, facts: WavFacts, encoding: Encoding) -> bytes:
    description = ", ".join(part for part in (facts.project, facts.scene, facts.take, facts.note) if part)
    mode = {1: "mono", 2: "stereo"}.get(audio.channels, "multi")
    algorithm = "FLOAT" if encoding == "FLOAT" else "PCM"
    history = f"A={algorithm},F={audio.sample_rate_hz},W={_BITS[encoding]},M={mode},T={facts.originator}\r\n"
    return struct.pack(
        "<256s32s32s10s8sQH64s10x180x",
        ascii_text(description, 256),
        ascii_text(facts.originator, 32),
        b"",
        facts.made_at.strftime("%Y-%m-%d").encode() if facts.made_at else b"",
        facts.made_at.strftime("%H:%M:%S").encode() if facts.made_at else b"",
        facts.start_samples,
        1,
        b"",
    ) + ascii_text(history, 512)


def _ixml(audio: Audio, facts: WavFacts, encoding: Encoding) -> bytes:
    root = ElementTree.Element("BWFXML")

    def add(parent: ElementTree.Element, tag: str, text: object = "") -> ElementTree.Element:
        element = ElementTree.SubElement(parent, tag)
        element.text = xml_text(str(text))
        return element

    add(root, "IXML_VERSION", "2.10")
    for tag, text in (("PROJECT", facts.project), ("SCENE", facts.scene), ("TAKE", facts.take), ("NOTE", facts.note)):
        if text:
            add(root, tag, text)
    speed = add(root, "SPEED")
    add(speed, "FILE_SAMPLE_RATE", audio.sample_rate_hz)
    add(speed, "AUDIO_BIT_DEPTH", _BITS[encoding])
    add(speed, "TIMESTAMP_SAMPLE_RATE", audio.sample_rate_hz)
    add(speed, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", facts.start_samples >> 32)
    add(speed, "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", facts.start_samples & 0xFFFFFFFF)
    tracks = add(root, "TRACK_LIST")
    add(tracks, "TRACK_COUNT", audio.channels)
    for index in range(audio.channels):
        track = add(tracks, "TRACK")
        add(track, "CHANNEL_INDEX", index + 1)
        add(track, "INTERLEAVE_INDEX", index + 1)
        names = facts.track_names
        add(track, "NAME", names[index] if index < len(names) else names[-1] if names else facts.scene)
    aswg = add(root, "ASWG")
    add(aswg, "contentType", "music")
    if facts.project:
        add(aswg, "songTitle", facts.project)
    if facts.tempo:
        add(aswg, "tempo", f"{facts.tempo.bpm:.10g}")
    if facts.meter:
        add(aswg, "timeSig", facts.meter)
    if facts.key:
        add(aswg, "inKey", facts.key)
    if facts.loops:
        add(aswg, "isLoop", "true")
    written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _acid(audio: Audio, facts: WavFacts, tempo: Tempo) -> bytes:
    beats = facts.length_beats if facts.length_beats is not None else tempo.beats(audio.duration_seconds)
    root = facts.root_pitch if facts.root_pitch is not None else 60 + facts.key.tonic if facts.key else None
    # A file that is exactly its beats long is a loop; one with a tail is mapped by its tempo, which then counts.
    fits = abs(tempo.seconds(round(beats)) - audio.duration_seconds) * audio.sample_rate_hz < 1.0
    flags = _ACID_STRETCH if fits else _ACID_STRETCH | _ACID_BEATMAPPED
    meter = facts.meter or Meter()
    return struct.pack(
        "<IHHfIHHf",
        flags | (_ACID_ROOT if root is not None else 0),
        root if root is not None else 60,
        0x8000,
        0.0,
        max(1, round(beats)),
        meter.denominator,
        meter.numerator,
        tempo.bpm,
    )


def _smpl(audio: Audio, facts: WavFacts) -> bytes:
    period_ns = round(1e9 / audio.sample_rate_hz)
    root = facts.root_pitch if facts.root_pitch is not None else 60
    head = struct.pack("<9I", 0, 0, period_ns, root, 0, 0, 0, len(facts.loops), 0)
    # The last sample that is played is named, and 0 repetitions mean for ever.
    return head + b"".join(
        struct.pack("<6I", number, 0, loop.start, loop.end - 1, 0, 0) for number, loop in enumerate(facts.loops)
    )
