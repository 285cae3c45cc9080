"""What the terminal shows: answers as JSON or words, tables, and progress on anything that takes over a second."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from assistant.files import write_whole

Progress = Callable[[float], None]

_LEAST_CUT = 12
"""A column that is shortened keeps so many characters."""


def answer_json(data: object, target: str = "-") -> None:
    """`data` as JSON: to a file, whole, or to standard output when `target` is `-`."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    if target == "-":
        click.echo(text)
    else:
        write_whole(Path(target), f"{text}\n".encode())


def say(line: str = "") -> None:
    """A line of the answer."""
    click.echo(line)


def note(line: str) -> None:
    """A remark, on standard error: it is no part of the answer."""
    click.echo(f"note: {line}", err=True)


def counted(count: int, what: str) -> str:
    """`1 note`, `3 notes`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    whole: Sequence[str] = (),
    cut: str = "",
) -> None:
    """A table as wide as the terminal.

    Where there is no room, the column `cut` is shortened first, those in `whole` never, and the others go on in a
    further line.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    # A pipe has no width: lines are not broken there, so that other programs see them whole.
    console = Console() if sys.stdout.isatty() else Console(width=1000)
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    others = sum(width + 2 for column, width in zip(columns, widths, strict=True) if column != cut)
    for column in columns:
        if column == cut:
            room = max(_LEAST_CUT, console.width - others)
            shown.add_column(column, no_wrap=True, overflow="ellipsis", max_width=room)
        else:
            shown.add_column(column, no_wrap=column in whole, overflow="fold")
    for row in cells:
        # Text, not str: a name such as "[bold]" is a name.
        shown.add_row(*map(Text, row))
    console.print(shown)


@contextmanager
def named_progress(what: str) -> Iterator[Callable[[str, float], None]]:
    """The same for work in parts: a bar for each part, by its name."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def told(name: str, share: float) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(f"{what}: {name}", total=1.0)
            bars.update(tasks[name], completed=share)

        yield told


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A bar on standard error while something takes its time; nothing where nobody looks at a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda share: bars.update(task, completed=share, total=1.0)
