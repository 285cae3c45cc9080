"""Speech, drums and chords are called what they are; singing never is."""

from __future__ import annotations

import io
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tinysoundfont

from assistant.audio import Audio, read_audio
from assistant.errors import NothingHeard
from assistant.hear import HearSettings, Listener
from assistant.hear.listening import prepared
from assistant.hear.spoil import SPOILS
from assistant.hear.trackers import check

pytestmark = pytest.mark.skipif(not check("learned").ready, reason=check("learned").reason)

Played = list[tuple[float, float, int]]
"""Start and end in seconds, pitch."""


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


def played(notes: Played, program: int = 0, *, drums: bool = False) -> Audio:
    """The notes through the SoundFont that pretty_midi carries."""
    spec = find_spec("pretty_midi")
    assert spec is not None
    assert spec.origin is not None
    synth, channel = tinysoundfont.Synth(samplerate=22050), 9 if drums else 0
    soundfont = synth.sfload(str(Path(spec.origin).parent / "TimGM6mb.sf2"))
    synth.program_select(channel, soundfont, 128 if drums else 0, program, drums)
    events = sorted([(start, True, p) for start, _, p in notes] + [(end, False, p) for _, end, p in notes])
    parts, now = [], 0
    for seconds, starts, pitch in [*events, (events[-1][0] + 0.5, False, 0)]:
        at = round(seconds * 22050)
        if at > now:
            parts.append(np.frombuffer(bytes(synth.generate(at - now)), np.float32).reshape(-1, 2).mean(axis=1))
            now = at
        if starts:
            synth.noteon(channel, pitch, 90)
        else:
            synth.noteoff(channel, pitch)
    samples = np.concatenate(parts)
    return Audio((samples / np.abs(samples).max() * 0.5).astype(np.float32)[np.newaxis], 22050)


HELLO = (
    "Hello, this is only somebody who talks about the weather, and what there will be for dinner tonight. After that "
    "we might go for a walk along the river, if it does not rain too much. Please call me back."
)
NI_HAO = (
    "你好, 我只是想谈谈今天的天气, 还有晚饭吃什么. 吃完饭以后, 如果不下雨, 我们可以去河边散步. 请给我回个电话, 谢谢你."
)


def spoken(voice: str, *, words_a_minute: int = 175) -> Audio:
    words = NI_HAO if voice.startswith("cmn") else HELLO
    command = ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", words]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(said), dtype="float32")
    return Audio(samples[np.newaxis], rate)


def heard_as(audio: Audio, listener: Listener) -> str:
    return listener.tracker("learned").hear(prepared(audio)).kind


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("voice", ["en", "en+f3", "de", "fr", "it"])
def test_speech_is_called_speech(voice: str, listener: Listener):
    with pytest.raises(NothingHeard, match="speech") as caught:
        listener.listen(spoken(voice))
    assert "--anyway" in caught.value.hint
    assert listener.listen(spoken(voice), HearSettings(anyway=True)).notes


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("words_a_minute", [80, 110, 140, 230])
def test_mandarin_is_called_speech_however_slow(words_a_minute: int, listener: Listener):
    with pytest.raises(NothingHeard, match="speech"):
        listener.listen(spoken("cmn", words_a_minute=words_a_minute))


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
@pytest.mark.parametrize("voice", ["en", "en+f3", "de", "it", "cmn+f3"])
def test_of_slow_speech_it_says_that_it_may_be_speech(voice: str, listener: Listener):
    assert any("speaking" in remark for remark in listener.listen(spoken(voice, words_a_minute=80)).remarks)


KICK, SNARE, HAT, LOW_TOM, HIGH_TOM = 36, 38, 42, 41, 47
BEATS: dict[str, Played] = {
    "a rock beat": [
        (0.1 + 0.25 * step, 0.2 + 0.25 * step, drum)
        for step in range(32)
        for drum in [HAT, *([KICK] if step % 4 == 0 else [SNARE] if step % 4 == 2 else [])]
    ],
    "a bass drum": [(0.1 + 0.5 * step, 0.2 + 0.5 * step, KICK) for step in range(12)],
    "toms": [(0.1 + 0.3 * step, 0.2 + 0.3 * step, LOW_TOM + 2 * (step % 4)) for step in range(16)],
}


@pytest.mark.parametrize("beat", BEATS)
def test_drums_are_called_drums(beat: str, listener: Listener):
    with pytest.raises(NothingHeard, match="drums"):
        listener.listen(played(BEATS[beat], drums=True))


TRIADS = ((48, 60, 64, 67), (45, 57, 60, 64), (53, 57, 60, 65), (43, 59, 62, 67), (40, 55, 59, 64), (50, 57, 62, 65))
SCALE = (60, 62, 64, 65, 67, 65, 64, 62)
TOGETHER: dict[str, Played] = {
    "chords": [(0.2 + 0.7 * at, 0.83 + 0.7 * at, p) for at, chord in enumerate(TRIADS) for p in chord],
    "thirds": [(0.2 + 0.5 * at, 0.65 + 0.5 * at, p) for at, low in enumerate(SCALE) for p in (low, low + 4)],
    "fifths": [(0.2 + 0.5 * at, 0.65 + 0.5 * at, p) for at, low in enumerate(SCALE) for p in (low, low + 7)],
}
PIANO, ORGAN, GUITAR, VIOLIN, STRINGS, CHOIR, FLUTE, WHISTLE = 0, 16, 24, 40, 48, 52, 73, 78


@pytest.mark.parametrize("program", [PIANO, ORGAN, GUITAR, STRINGS, CHOIR])
def test_chords_are_called_several_notes(program: int, listener: Listener):
    with pytest.raises(NothingHeard, match="several notes") as caught:
        listener.listen(played(TOGETHER["chords"], program))
    assert "--poly" in caught.value.hint


@pytest.mark.parametrize("program", [PIANO, GUITAR, CHOIR])
@pytest.mark.parametrize("interval", ["thirds", "fifths"])
def test_two_voices_are_called_several_notes(interval: str, program: int, listener: Listener):
    assert heard_as(played(TOGETHER[interval], program), listener) == "several notes"


@pytest.mark.parametrize("program", [PIANO, GUITAR, VIOLIN, CHOIR, FLUTE, WHISTLE])
def test_a_melody_on_an_instrument_is_one_voice(program: int, listener: Listener):
    melody = [(0.2 + 0.5 * at, 0.65 + 0.5 * at, pitch) for at, pitch in enumerate(SCALE)]
    assert heard_as(played(melody, program), listener) == "voice"


def test_two_singers_at_once_are_called_several_notes(data: Path, listener: Listener):
    def sung(name: str) -> np.ndarray:
        samples = prepared(read_audio(data / "voice" / name / "audio.flac"))[: 22050 * 20]
        return samples / samples.std()

    both = sung("solfege_1206") + sung("solfege_1213")
    audio = Audio((both / np.abs(both).max()).astype(np.float32)[np.newaxis], 22050)
    assert heard_as(audio, listener) == "several notes"


def test_no_recording_of_a_singer_is_called_anything_else(data: Path, listener: Listener):
    recordings = [*(data / "voice").glob("*/audio.*"), *(data / "voice" / "hums").glob("*.wav")]
    assert len(recordings) > 45
    kinds = {}
    for path in recordings:
        audio = read_audio(path)
        kinds[path] = heard_as(Audio(audio.samples[:, : audio.sample_rate_hz * 10], audio.sample_rate_hz), listener)
    assert {path.parent.name: kind for path, kind in kinds.items() if kind != "voice"} == {}


@pytest.mark.parametrize("name", ["solfege_364", "solfege_408", "solfege_1213"])
def test_of_a_singer_without_words_nothing_is_remarked(name: str, data: Path, listener: Listener):
    audio = read_audio(data / "voice" / name / "audio.flac")
    assert listener.listen(Audio(audio.samples[:, : audio.sample_rate_hz * 15], audio.sample_rate_hz)).remarks == ()


@pytest.mark.parametrize("name", ["solfege_364", "solfege_408", "solfege_1213"])
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoiled_recording_is_still_a_voice(spoil: str, name: str, data: Path, listener: Listener):
    samples = prepared(read_audio(data / "voice" / name / "audio.flac"))[: 22050 * 10]
    spoiled = SPOILS[spoil](samples, np.random.default_rng(0))
    assert heard_as(Audio(spoiled[np.newaxis], 22050), listener) == "voice"
