"""What a composer writes on the command line, as values: keys, metres, ranges, grids; and the options that recur."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from midi.errors import HummingbridgeError
from midi.pitch import PitchRange
from midi.scale import Key
from midi.tempo import Meter, Tempo

F = TypeVar("F", bound=Callable[..., Any])

LAST = 9999
"""The last bar that can be named."""


class Misuse(click.UsageError):
    """The command was asked for wrongly; `hint` is the remedy."""

    def __init__(self, message: str, *, hint: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.hint = hint


class FileOut(click.Path):
    """A file to be written, of one of some kinds: notes never land in `idea.wav`, nor sound in a file called .mp3."""

    def __init__(self, what: str, *suffixes: str) -> None:
        super().__init__(path_type=Path)
        self.what = what
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(value)
        if path.suffix.lower() not in self.suffixes:
            better = path.with_name(f"{path.stem or path.name}{self.suffixes[0]}")
            raise Misuse(f"{path} cannot be written: {self.what} is what comes out", hint=f"name it {better}", ctx=ctx)
        return super().convert(value, param, ctx)


class Written(click.ParamType[Any]):
    """A value that is read from a text by `parse`, whose errors name the option."""

    def __init__(self, name: str, parse: Callable[[str], object]) -> None:
        self.name = name
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        option = f"{param.opts[0]}: " if param and param.opts[0].startswith("-") else ""
        try:
            return self.parse(value)
        except HummingbridgeError as error:
            raise Misuse(f"{option}{error.message}", hint=error.hint, ctx=ctx) from error
        except ValueError as error:
            raise Misuse(
                f"{option}{value!r} is not a {self.name}", hint=f"see {_command(ctx)} --help", ctx=ctx
            ) from error


def _command(ctx: click.Context | None) -> str:
    return ctx.command_path if ctx else "hummingbridge"


class Amount(click.FloatRange):
    """A number in a range; what is no number (nan) is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def only_one(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Of an option that says one thing: two that differ contradict each other, and the last must not win unsaid."""
    if len(set(given)) > 1:
        raise click.UsageError(f"--{parameter.name} is one of them, not {' and '.join(given)}", context)
    return given[0] if given else None


def parse_numbers(text: str) -> frozenset[int]:
    """`"1,3-4"` → {1, 3, 4}."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begins, ends = int(first), int(last or first)
        if not 1 <= begins <= ends <= LAST:
            raise ValueError(text)
        numbers.update(range(begins, ends + 1))
    return frozenset(numbers)


def parse_written_grid(text: str) -> object:
    """`"1/16"`, `"1/8t"` as a fraction of a whole note."""
    # midi.quantize needs numpy, which help does not.
    from midi.quantize import parse_grid

    return parse_grid(text)


def parse_setting(text: str) -> tuple[str, str]:
    """`"hall.mix=40%"` → ("hall.mix", "40%")."""
    knob, equals, value = text.partition("=")
    if not (equals and knob.strip() and value.strip() and "." in knob):
        raise ValueError(text)
    return knob.strip(), value.strip()


def parse_knob(text: str) -> tuple[str, str]:
    """`"threshold_db=-24"` → ("threshold_db", "-24")."""
    knob, equals, value = text.partition("=")
    if not (equals and knob.strip() and value.strip()):
        raise ValueError(text)
    return knob.strip(), value.strip()


KEY = Written("key", Key.parse)
METER = Written("metre", Meter.parse)
RANGE = Written("range", PitchRange.parse)
BARS = Written("list of bars", parse_numbers)
NOTES = Written("list of notes", parse_numbers)
GRID = Written("grid", parse_written_grid)
TEMPO = Written("tempo", lambda text: Tempo(float(text)))
SETTINGS = Written("setting such as hall.mix=40%", parse_setting)
KNOB = Written("setting such as threshold_db=-24", parse_knob)
RATE = click.Choice(["44100", "48000", "88200", "96000"])
FILE_IN = click.Path(path_type=Path, readable=False)
"""Whether it is there and can be read is said by what reads it."""
MIDI_OUT = FileOut("a MIDI file", ".mid", ".midi", ".smf")
WAV_OUT = FileOut("a WAV file", ".wav", ".wave")
JSON_OUT = FileOut("JSON", ".json")
PNG_OUT = FileOut("a PNG picture", ".png")
FOLDER_OUT = click.Path(path_type=Path, file_okay=False)


def library_option(command: F) -> F:
    """`--library DIR`: where the takes are kept."""
    return click.option(
        "--library",
        "library_folder",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="HUMMINGBRIDGE_LIBRARY",
        help="Folder of the take library, instead of the usual one.",
    )(command)


def commercial_option(command: F) -> F:
    """`--commercial`: nothing leaves whose licences forbid commercial use."""
    text = "For commercial use: refused where the licence of anything in it forbids that."
    return click.option("--commercial", is_flag=True, help=text)(command)


def json_option(command: F) -> F:
    """`--json`: the answer for a program instead of for eyes."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(command)
