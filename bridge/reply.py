"""How an error is said: the only place that renders errors, for the terminal and for programs."""

from __future__ import annotations

from midi.errors import HummingbridgeError


def as_text(error: HummingbridgeError) -> str:
    """`error: …` and, on a second line, `try: …`."""
    return said(error.message, error.hint)


def said(message: str, hint: str) -> str:
    text = f"error: {message}"
    return f"{text}\n  try: {hint}" if hint else text


def as_json(error: HummingbridgeError) -> dict[str, object]:
    """The same three fields wherever a program reads them."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
