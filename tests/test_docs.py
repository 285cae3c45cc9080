"""The README and the pages in docs: every command line is one that the program takes, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bridge.cli.program import program

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
FIGURE_COMMAND = re.compile(r"python -m benchmarks ([\w-]+)")


def snippets(page: Path) -> Iterator[str]:
    """Each line of a block of code, and each piece of code within a sentence."""
    for block, words in CODE.findall(page.read_text(encoding="utf-8")):
        yield from block.splitlines() if block else [words]


def command_lines() -> list[tuple[str, str]]:
    """(page, command line) of all that begin with the program's name and go on with a command."""
    found = []
    for page in PAGES:
        for snippet in snippets(page):
            line = snippet.strip()
            if re.match(r"hummingbridge [a-z-]", line):
                found.append((page.name, line))
    return found


def walked(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that a line means, and the words after its name."""
    command: click.Command = program
    while isinstance(command, click.Group) and words and words[0] != "--help":
        below = command.get_command(click.Context(command), words[0])
        assert below is not None, f"{words[0]} is no command"
        command, words = below, words[1:]
    return command, words


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_every_command_line_is_one_that_the_program_takes(page: str, line: str) -> None:
    command, words = walked([word for word in shlex.split(line, comments=True)[1:] if word != "…"])
    # Without words a command is only named, as in `hummingbridge takes show`. Making a context reads and runs nothing.
    if words and words != ["--help"]:
        command.make_context(command.name, words)


def test_there_is_something_to_check() -> None:
    assert len(command_lines()) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_is_there(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {anchored(heading) for heading in headings}, f"{page.name} links to {target}"


def anchored(heading: str) -> str:
    """The anchor that a heading gets: small letters, hyphens for spaces, nothing else."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {line.split()[1] for page in PAGES for line in snippets(page) if re.match(r"make [a-z]", line)}
    assert {"demo", "test"} <= named <= targets


def test_every_benchmark_named_exists() -> None:
    named = {name for page in PAGES for name in FIGURE_COMMAND.findall(page.read_text(encoding="utf-8"))}
    assert all((ROOT / "benchmarks" / f"{name}.py").is_file() for name in named)


def test_the_command_that_the_readme_gives_for_two_packages_is_the_one_that_doctor_names() -> None:
    from assistant.optional import install_command

    readme = PAGES[0].read_text(encoding="utf-8")
    assert install_command("basic_pitch") == install_command("tinysoundfont")
    assert install_command("basic_pitch") in readme


def test_every_chain_and_technique_that_ships_is_explained() -> None:
    from assistant.vary.techniques import TECHNIQUES

    effects = (ROOT / "docs" / "effects-and-instruments.md").read_text(encoding="utf-8")
    chains = {path.stem for path in (ROOT / "presets" / "chains").glob("*.toml")}
    assert chains == set(re.findall(r"^\| ([a-z-]+) \| [^|]+ \|$", effects, re.MULTILINE)) - {"chain", "---"}
    browsing = (ROOT / "docs" / "browsing-variations.md").read_text(encoding="utf-8")
    assert all(f"| {technique} |" in browsing for technique in TECHNIQUES)


def test_every_part_that_is_used_is_named_with_its_licence() -> None:
    from assistant.rights import PARTS

    page = (ROOT / "docs" / "licences-and-honesty.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([\w-]+) \|.*\| ([\w.-]+) \|$", page, re.MULTILINE))
    assert rows
    assert all(PARTS[name].spdx == spdx for name, spdx in rows.items() if name != "part" and spdx != "---")
