"""`hummingbridge doctor`: what is ready, what is not, and what mends it."""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import json_option, library_option


@click.command("doctor")
@json_option
@library_option
def command(as_json: bool, library_folder: Path | None) -> int:
    """Check every part, and say what mends it.

    Ends with 1 when something is missing that the program needs.
    """
    from bridge.doctor import examine

    parts = list(examine(library_folder))
    broken = [part for part in parts if part.needed and not part.readiness.ready]
    if as_json:
        rows = [
            {
                "part": part.name,
                "for": part.what_for,
                "needed": part.needed,
                "state": part.readiness.state,
                "reason": part.readiness.reason,
                "remedy": part.readiness.remedy,
            }
            for part in parts
        ]
        answer_json({"ready": not broken, "parts": rows})
        return 1 if broken else 0
    table(
        ("part", "", "why", "what mends it"),
        [(part.name, _state(part), part.readiness.reason, part.readiness.remedy) for part in parts],
    )
    say()
    remedies = list(dict.fromkeys(part.readiness.remedy for part in broken))
    say("everything that is needed is ready" if not broken else "run: " + "\n     ".join(remedies))
    return 1 if broken else 0


def _state(part: object) -> str:
    from bridge.doctor import Part

    assert isinstance(part, Part)
    if part.readiness.ready:
        return "ready"
    if not part.needed:
        return f"{part.readiness.state} (optional)"
    return "MISSING" if part.readiness.state == "missing" else "NOT READY"
