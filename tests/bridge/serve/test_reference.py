"""The reference page says what the table says."""

from pathlib import Path

from bridge.commands import COMMANDS
from bridge.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"


def test_the_page_is_the_one_that_the_table_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m bridge.reference > docs/commands.md"


def test_every_command_and_argument_is_on_the_page() -> None:
    text = page()
    for name, command in COMMANDS.items():
        assert f"### {name}\n" in text
        for argument in command.asked:
            assert f"| `{argument.name}` |" in text
