"""The program as a whole: its commands, each loaded when it is called, and how it ends."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from types import TracebackType

import click

from assistant.tables import resolve, unknown
from bridge.cli.options import Misuse
from bridge.reply import as_json, as_text, said
from midi.errors import HummingbridgeError

COMMANDS = {
    "demo": "Hum to finished files in one go: see what the program does.",
    "hum": "Turn a hummed, sung or played recording into notes.",
    "vary": "Make variations of a motif.",
    "between": "Steps from one variation to another.",
    "splice": "Bars of one variation in another.",
    "develop": "Grow a motif into a longer phrase.",
    "render": "Play a clip with an instrument into a WAV file.",
    "fx": "Send a recording through a chain of effects.",
    "timbre": "Turn a voice or an instrument into another: a hum into a cello.",
    "generate": "Have sound made from a description, on your hum's tune (MusicGen).",
    "takes": "Everything you made: list, undo, star, rename, export.",
    "send": "Bring a take to your DAW, at the right bar.",
    "serve": "Run beside your DAW: OSC, HTTP, work in the background.",
    "do": "Ask the running program to do something.",
    "surface": "Control surfaces: which there are, how one looks, learning your own.",
    "daw": "The DAWs there is a way into; install the bridge's side.",
    "presets": "The chains and instruments there are, and your own.",
    "plugins": "Your own plugins, as effects and as instruments.",
    "train": "Teach a model your own style.",
    "evaluate": "Judge the program on material with known answers.",
    "doctor": "Check every part, and say what mends it.",
}
"""In the order in which they are used; command `fx` is `bridge.cli.fx:command`."""

_TOGETHER = ("between", "splice", "develop")
_MODULES = {name: f"bridge.cli.{name}:command" for name in COMMANDS} | {
    name: f"bridge.cli.together:{name}" for name in _TOGETHER
}

STOPPED = ("stopped", "what was finished before is kept: hummingbridge takes")

HELP = """Hum an idea, browse its variations, hear them in any timbre, and have them in your DAW.

\b
A first try:  hummingbridge demo
Your own hum: hummingbridge hum idea.wav -o idea.mid
Variations:   hummingbridge vary idea.mid -o variations
"""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = resolve(_MODULES, cmd_name, kind="command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            error = unknown(args[0], COMMANDS, kind="command")
            raise Misuse(error.message, hint=error.hint, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hummingbridge", prog_name="hummingbridge")
def program() -> None:
    """The group that holds every command."""


def run(arguments: list[str]) -> int:
    """Runs the program; its exit code: 0 done, 1 could not be done, 2 asked for wrongly."""
    sys.excepthook = _unexpected
    try:
        # Click gives back the code of an early exit (`--help`), and what a command returns otherwise.
        code = program.main(args=arguments, prog_name="hummingbridge", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "hummingbridge"
        click.echo(
            said(error.format_message().rstrip("."), error.hint if isinstance(error, Misuse) else f"{command} --help"),
            err=True,
        )
        return 2
    except HummingbridgeError as error:
        return _failed(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        click.echo(said(*STOPPED), err=True)
        return 1
    except ImportError as error:
        # What an extension module makes of a Ctrl-C while it is loaded.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        click.echo(said(*STOPPED), err=True)
        return 1
    except BrokenPipeError:
        # The reader has seen enough (`… | head`); pointing stdout elsewhere keeps Python from complaining at exit.
        sys.stdout = None
        return 0
    except OSError as error:
        from assistant.files import no_such_name

        told = no_such_name(error)
        if told is None:
            raise
        return _failed(told, arguments)
    return code if isinstance(code, int) else 0


def _failed(error: HummingbridgeError, arguments: Sequence[str]) -> int:
    if _wants_json(arguments):
        click.echo(json.dumps(as_json(error)))
    click.echo(as_text(error), err=True)
    return 1


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether the answer was to be JSON in the terminal; that of `hum --json FILE` was to go into a file."""
    if "--json" not in arguments:
        return False
    after = arguments[arguments.index("--json") + 1 :][:1]
    return arguments[0] != "hum" or not after or after[0].startswith("-")


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of ours: said in a sentence, with the details in a file for a report."""
    from platformdirs import user_log_path

    log = user_log_path("hummingbridge") / "error.txt"
    details = "".join(traceback.format_exception(kind, error, trace))
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(details, encoding="utf-8")
    except OSError:
        click.echo(details, err=True)
    click.echo(
        said(f"something unexpected went wrong: {error or kind.__name__}", f"report it, with the file {log}"), err=True
    )
