"""The one table of commands. OSC addresses, the HTTP API, the terminal, control surfaces and their reference pages
are all made from it: a command that is not here does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.arguments import Asked, asked, described

MOST_SEED = 2**31 - 1
"""OSC's whole numbers end here."""


@dataclass(frozen=True, slots=True)
class Command:
    """A thing that can be asked of the running program.

    `name` is `object/verb`, and `/object/verb` over OSC; `arguments` a dataclass of `asked` fields; `handler`
    `"module:function"`, an `async def (app, arguments) -> dict` of plain JSON; `answers` says what that holds.
    """

    name: str
    summary: str
    arguments: type[Any]
    handler: str
    answers: str

    @property
    def asked(self) -> tuple[Asked, ...]:
        return described(self.arguments)


@dataclass(frozen=True, slots=True)
class Nothing:
    """No arguments."""


@dataclass(frozen=True, slots=True)
class HumRecord:
    bars: int = asked("Stop by itself after so many bars; 0 records until hum/stop.", default=0, low=0, high=64)
    count_in_bars: int = asked("Bars of clicks before the recording starts.", default=0, low=0, high=8)
    input: str | None = asked(
        "The audio input: jack, portaudio, jack:PORT or a name; that of serve --input if not given.", default=None
    )


@dataclass(frozen=True, slots=True)
class HumImport:
    path: str = asked("A sound file: wav, flac, mp3, ogg or aiff.")
    tempo: float | None = asked("Beats a minute, where known.", default=None, low=10, high=960)
    key: str | None = asked('The key, such as "D minor", where known.', default=None)
    grid: str = asked("The shortest note to round to: 1/8, 1/16, 1/8t.", default="1/16")
    poly: bool = asked("Several notes at once: a piano or a guitar.", default=False)


@dataclass(frozen=True, slots=True)
class MotifSet:
    source: str = asked("A MIDI file, or a take's name or id.")


@dataclass(frozen=True, slots=True)
class FromDaw:
    daw: str = asked("Which DAW; the connected one if not given.", default="")


@dataclass(frozen=True, slots=True)
class VaryMake:
    count: int = asked("How many variations.", default=10, low=1, high=100)
    seed: int | None = asked(
        "Another number, other variations; counts up by itself if not given.", default=None, low=0, high=MOST_SEED
    )
    technique: str | None = asked("Only this technique.", default=None)
    key: str | None = asked('Stay in this key, such as "D minor".', default=None)
    range: str | None = asked("Stay within these pitches, such as C3-C5.", default=None)
    source: str = asked(
        "Who makes them: the rules, the learned model, or both.", default="both", choices=("both", "rules", "model")
    )
    texture: str = asked(
        "What to vary: the melody, each voice by itself, the drums; auto: as what the motif looks like.",
        default="auto",
        choices=("auto", "melody", "voices", "drums"),
    )
    chords: str | None = asked(
        "The chords under the melody: as they are, or others.", default=None, choices=("keep", "reharmonise")
    )
    notes: tuple[int, ...] = asked("Notes of the melody that stay, the first is 1.", default=(), low=1, high=9999)
    chromatic: bool = asked("Leave the motif's key now and then, as people do.", default=False)
    model: str = asked("The learned model: one of your own by name; the shipped one if not given.", default="")


@dataclass(frozen=True, slots=True)
class VaryAnew:
    what: str = asked(
        "Bars of it filled, bars to go on with, or an answer as long as itself.",
        default="go-on",
        choices=("fill", "go-on", "answer"),
    )
    length: int = asked("How many bars to go on for.", default=4, low=1, high=32)
    count: int = asked("How many ways.", default=10, low=1, high=100)
    seed: int | None = asked(
        "Another number, other ways; counts up by itself if not given.", default=None, low=0, high=MOST_SEED
    )
    bars: tuple[int, ...] = asked("The bars to fill, the first is 1.", default=(), low=1, high=999)


@dataclass(frozen=True, slots=True)
class Closeness:
    closeness: float | None = asked("1 hardly changed, 0 hardly related; nothing: from near to far.", low=0, high=1)


@dataclass(frozen=True, slots=True)
class Density:
    density: float | None = asked("Notes for each note of the motif; nothing: free.", low=0.1, high=8)


@dataclass(frozen=True, slots=True)
class Lowest:
    lowest: int | None = asked("The lowest pitch, as a MIDI note; nothing: as low as they like.", low=0, high=127)


@dataclass(frozen=True, slots=True)
class Highest:
    highest: int | None = asked("The highest pitch, as a MIDI note; nothing: as high as they like.", low=0, high=127)


@dataclass(frozen=True, slots=True)
class Lock:
    bars: tuple[int, ...] = asked("The bars that stay untouched; none unlocks all.", default=(), low=1, high=999)


@dataclass(frozen=True, slots=True)
class Keep:
    keep: str | None = asked("What has to stay as it is.", default=None, choices=("rhythm", "contour", "pitches"))


@dataclass(frozen=True, slots=True)
class Between:
    first: int | None = asked("The variation to begin with; nothing: the selected one.", low=1, high=100)
    second: int = asked("The variation to arrive at.", low=1, high=100)
    steps: int = asked("How many steps between them.", default=3, low=1, high=9)


@dataclass(frozen=True, slots=True)
class Splice:
    source: int = asked("The variation that gives the bars.", low=1, high=100)
    bars: tuple[int, ...] = asked(
        "The bars, the first is 1; the locked ones if none is given.", default=(), low=1, high=999
    )
    number: int | None = asked("The variation to put them in; the selected one if not given.", default=None, low=1)


@dataclass(frozen=True, slots=True)
class Develop:
    form: str = asked("What it becomes.", default="sentence", choices=("sentence", "period"))
    number: int | None = asked("The variation; the selected one if not given.", default=None, low=1, high=100)


@dataclass(frozen=True, slots=True)
class Select:
    number: int = asked("The variation, 1 the nearest.", low=1, high=100)


@dataclass(frozen=True, slots=True)
class OneOf:
    number: int | None = asked("The variation; the selected one if not given.", default=None, low=1, high=100)


@dataclass(frozen=True, slots=True)
class Audition:
    number: int | None = asked("The variation; the selected one if not given.", default=None, low=0, high=100)
    loop: bool = asked("Go on until stopped.", default=True)


@dataclass(frozen=True, slots=True)
class SoundLevels:
    melody: float | None = asked(
        "The highest voice, or the cymbals, 1 as written, 0 silent; as it is if not given.", default=None, low=0, high=1
    )
    inner: float | None = asked("The voices between, or snare and toms.", default=None, low=0, high=1)
    bass: float | None = asked("The lowest of several voices, or the kick.", default=None, low=0, high=1)


@dataclass(frozen=True, slots=True)
class ClockFollow:
    who: str = asked(
        "auto: the DAW's clock while it runs, else the own one; or always this one.",
        choices=("auto", "own", "midi", "link"),
    )


@dataclass(frozen=True, slots=True)
class ClockTempo:
    tempo: float | None = asked("Beats a minute; nothing: the tempo of what is played.", low=10, high=960)


@dataclass(frozen=True, slots=True)
class RenderMake:
    take: str = asked("The take; the selected variation if not given.", default="")
    instrument: str = asked("The instrument, by a musician's name; that of the session if not given.", default="")
    chain: str = asked('The chain of effects, or "none" for none; that of the session if not given.', default="")
    room: float = asked("How much of the room that a timbre of your own was recorded in.", default=1.0, low=0, high=1)
    without_failed_plugins: bool = asked("Go on without a plugin that fails, instead of ending.", default=False)


@dataclass(frozen=True, slots=True)
class EffectsApply:
    take: str = asked("The take whose sound goes through the chain.")
    chain: str = asked("The chain of effects.")
    without_failed_plugins: bool = asked("Go on without a plugin that fails, instead of ending.", default=False)


@dataclass(frozen=True, slots=True)
class TimbreTransfer:
    to: str = asked('The timbre, or words for one, such as "gritty cyberpunk synth".')
    take: str = asked("The take whose sound is played; the newest recording if not given.", default="")
    loudness: float = asked("How much of its dynamics is kept.", default=1.0, low=0, high=2)
    vibrato: float = asked("How much of its vibrato is kept.", default=1.0, low=0, high=3)
    attack: float = asked("How much of how its notes begin is kept.", default=1.0, low=0, high=1)
    noise: float = asked("How much of its breath and consonants is laid over.", default=0.0, low=0, high=1)
    transpose: float = asked("Semitones higher or lower.", default=0.0, low=-48, high=48)
    wet: float = asked("How much of the new sound; the rest is the source.", default=1.0, low=0, high=1)
    room: float = asked("How much of the room that a timbre of your own was recorded in.", default=1.0, low=0, high=1)
    chords: bool = asked("Several notes at once: a piano or a guitar.", default=False)
    melody: bool = asked("Of several notes at once the highest alone.", default=False)
    chain: str = asked('The chain of effects after it, or "none"; the words may choose one.', default="")
    listen: bool = asked("Hear it while it is made, before the chain.", default=False)
    listen_on: str = asked("The JACK port or client, or the device, to hear it on.", default="")


@dataclass(frozen=True, slots=True)
class TakeNamed:
    take: str = asked("The take's name or id; its first letters are enough.")


@dataclass(frozen=True, slots=True)
class TakeList:
    search: str = asked("Only takes with these words.", default="")
    limit: int = asked("How many at most, the newest first.", default=50, low=1, high=1000)


@dataclass(frozen=True, slots=True)
class TakeSend:
    take: str = asked("The take; the selected variation if not given.", default="")
    to: str = asked("Where to: folder, ardour, reaper, live, dawproject, bitwig, studio-one, cubase.", default="")
    at_bar: int | None = asked("The bar; the bar where the DAW stands if not given.", default=None, low=1, high=9999)
    track: str = asked("The track, an existing or a new one.", default="Hummingbridge")


@dataclass(frozen=True, slots=True)
class PresetKind:
    kind: str = asked("Which presets.", default="chains", choices=("chains", "instruments", "surfaces"))


@dataclass(frozen=True, slots=True)
class JobNumber:
    job: int = asked("The job's number.", low=1)


@dataclass(frozen=True, slots=True)
class SoundSet:
    instrument: str = asked("The instrument for renderings, by a musician's name.", default="")
    chain: str | None = asked('The chain of effects for renderings, or "none" for none.', default=None)


@dataclass(frozen=True, slots=True)
class Generate:
    text: str = asked('What it should be, such as "melancholic cello over a lo-fi beat".')
    melody: str = asked("A take whose tune it follows, such as the hum.", default="")
    start: str = asked("A take that it goes on from.", default="")
    seconds: float = asked("How long, rounded to whole bars.", default=12.0, low=1, high=120)
    seed: int | None = asked(
        "Another number, other music; counts up by itself if not given.", default=None, low=0, high=MOST_SEED
    )
    model: str = asked("The weights, by the hub's name or a folder.", default="")
    licence: str = asked("The licence of your own weights, as an SPDX name.", default="")


@dataclass(frozen=True, slots=True)
class SurfaceNamed:
    name: str = asked("The surface, by its preset's name.")


@dataclass(frozen=True, slots=True)
class SurfacePage:
    name: str = asked("The surface, by its preset's name.")
    page: str = asked("The page to open.")


_ACTS = "bridge.acts"

_ROWS: tuple[tuple[str, str, type[Any], str, str], ...] = (
    ("hum/record", "Record a hum, at once or after a count-in.", HumRecord, "hum:record", "when it starts"),
    ("hum/stop", "Stop recording; the hum becomes the motif, its variations follow.", Nothing, "hum:stop", "take, job"),
    ("hum/toggle", "Record, or stop recording: one press of a footswitch.", Nothing, "hum:toggle", "what it did"),
    (
        "hum/learn",
        "Learn the footswitch: the next pedal or button pressed starts and stops recording, from now on.",
        Nothing,
        "hum:learn",
        "what it waits for; the session's footswitch changes with the press",
    ),
    (
        "hum/import",
        "Turn a sound file into the motif; its variations follow.",
        HumImport,
        "hum:import_file",
        "take, job",
    ),
    ("motif/set", "Take a MIDI file or a take as the motif.", MotifSet, "motif:set_motif", "the motif"),
    ("motif/get", "The motif: its notes, key, metre and tempo.", Nothing, "motif:get", "the motif"),
    ("motif/from-daw", "Take the notes selected in the DAW as the motif.", FromDaw, "motif:from_daw", "the motif"),
    ("vary/make", "Make variations of the motif.", VaryMake, "vary:make", "the job; the list follows as a change"),
    (
        "vary/anew",
        "Write bars of the motif anew, go on from it, or answer it; all else stays.",
        VaryAnew,
        "vary:anew",
        "the job; the list follows as a change",
    ),
    ("vary/closeness", "How far variations stray, from now on.", Closeness, "vary:closeness", "the session"),
    ("vary/density", "How many notes variations have, from now on.", Density, "vary:density", "the session"),
    ("vary/lowest", "How low variations may go, from now on.", Lowest, "vary:lowest", "the session"),
    ("vary/highest", "How high variations may go, from now on.", Highest, "vary:highest", "the session"),
    ("vary/lock", "Which bars stay untouched, from now on.", Lock, "vary:lock", "the session"),
    ("vary/keep", "What variations keep, from now on.", Keep, "vary:keep", "the session"),
    ("vary/more", "More like this: a variation becomes the motif of the next ten.", OneOf, "vary:more", "the job"),
    (
        "vary/forget",
        "Forget what was kept and discarded so far: it has no say in what comes next.",
        Nothing,
        "vary:forget",
        "how many choices that were",
    ),
    ("vary/between", "Steps from one variation to another.", Between, "together:steps_between", "the job"),
    ("vary/splice", "Bars of one variation in another.", Splice, "together:splice", "the job"),
    ("vary/develop", "Grow a variation into a phrase four times as long.", Develop, "together:develop", "the job"),
    ("variation/list", "The variations, from near to far.", Nothing, "variation:listed", "the list"),
    ("variation/select", "Select a variation; it plays on if one is playing.", Select, "variation:select", "it"),
    ("variation/next", "Select the next one.", Nothing, "variation:next_one", "it"),
    ("variation/previous", "Select the one before.", Nothing, "variation:previous_one", "it"),
    ("variation/audition", "Play a variation from the next bar.", Audition, "variation:audition", "when it starts"),
    ("variation/stop", "Stop playing; no note hangs.", Nothing, "variation:stop", "nothing"),
    ("variation/keep", "Keep a variation, or keep it no longer.", OneOf, "variation:keep", "it"),
    ("variation/discard", "Discard a variation, or take it back.", OneOf, "variation:discard", "it"),
    ("variation/undo", "Take back the last step.", Nothing, "variation:undo", "what was undone"),
    ("variation/redo", "Do again what was undone.", Nothing, "variation:redo", "what was done again"),
    ("clock/get", "Who leads, and where the music is.", Nothing, "clock:get", "leader, tempo, metre, bar, beat"),
    ("clock/follow", "Who leads, from now on.", ClockFollow, "clock:follow", "the clock"),
    ("clock/tempo", "The tempo of the own clock, from now on.", ClockTempo, "clock:tempo", "the clock"),
    ("sound/set", "The instrument and the chain for renderings.", SoundSet, "sound:set_sound", "the session"),
    ("sound/levels", "How loud each layer of what is auditioned is.", SoundLevels, "sound:set_levels", "the session"),
    ("render/make", "Play a take with an instrument into a sound file.", RenderMake, "sound:render", "the job"),
    ("effects/apply", "Send a take's sound through a chain.", EffectsApply, "sound:effects", "the job"),
    (
        "timbre/transfer",
        "Turn a take's voice into another instrument.",
        TimbreTransfer,
        "sound:transfer",
        "the job, and what was chosen",
    ),
    ("timbre/list", "The timbres there are.", Nothing, "sound:timbres", "their names, ranges and descriptions"),
    ("generate/make", "Have sound made from a description (MusicGen).", Generate, "sound:generate", "the job"),
    ("take/list", "The takes, the newest first.", TakeList, "take:listed", "the list"),
    ("take/show", "One take with its recipe and licences.", TakeNamed, "take:show", "it"),
    ("take/star", "Star a take, or take the star away.", TakeNamed, "take:star", "it"),
    ("take/send", "Bring a take into the DAW's timeline.", TakeSend, "take:send", "what came to lie where"),
    ("job/list", "What is being worked on.", Nothing, "session:jobs", "the jobs"),
    ("job/cancel", "Stop a job.", JobNumber, "session:cancel", "it"),
    ("presets/list", "The presets there are.", PresetKind, "session:presets", "their names"),
    ("surface/list", "The control surfaces in use.", Nothing, "surface:listed", "their ports and open pages"),
    ("surface/show", "How every control of a surface looks.", SurfaceNamed, "surface:shown", "the open page"),
    ("surface/page", "Open a page of a surface.", SurfacePage, "surface:page", "that page"),
    ("session/get", "Everything at once: motif, variations, settings, jobs.", Nothing, "session:get", "the session"),
)

COMMANDS: dict[str, Command] = {
    name: Command(name, summary, arguments, f"{_ACTS}.{act}", answers)
    for name, summary, arguments, act, answers in _ROWS
}
"""Name → command. Subscribing to changes belongs to each way in, since a change goes back the way the request came."""
