"""SPDX licence expressions, as far as rights need them: which licences, and whether they forbid commercial use."""

from __future__ import annotations

import re

UNKNOWN = "NOASSERTION"
"""What SPDX writes where nobody has told."""

_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+:-]+)")
_NON_COMMERCIAL = re.compile(r"-NC\b|Non-?Commercial", re.IGNORECASE)


def is_expression(text: str) -> bool:
    """Whether `text` reads as an SPDX expression: ids joined by AND, OR, WITH, with parentheses."""
    try:
        _alternatives(text)
    except ValueError:
        return False
    return True


def is_unknown(text: str) -> bool:
    """Whether nobody has told the licence, in every way that the expression offers, or it cannot be read."""
    try:
        return all(UNKNOWN in alternative or "NONE" in alternative for alternative in _alternatives(text))
    except ValueError:
        return True


def is_non_commercial(text: str) -> bool:
    """Whether each way to accept `text` forbids commercial use: "MIT OR CC-BY-NC-4.0" leaves a choice."""
    try:
        return all(any(map(_NON_COMMERCIAL.search, alternative)) for alternative in _alternatives(text))
    except ValueError:
        return _NON_COMMERCIAL.search(text) is not None


def _alternatives(text: str) -> list[frozenset[str]]:
    """The ways to accept an expression, each as the licences that then hold together. Raises `ValueError`."""
    tokens = _tokens(text)
    ways = _either(tokens)
    if tokens:
        raise ValueError(text)
    return ways


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text)
        tokens.append(found[1])
        at = found.end()
    return tokens


def _either(tokens: list[str]) -> list[frozenset[str]]:
    ways = _together(tokens)
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        ways = ways + _together(tokens)
    return ways


def _together(tokens: list[str]) -> list[frozenset[str]]:
    ways = _one(tokens)
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        others = _one(tokens)
        ways = [way | other for way in ways for other in others]
    return ways


def _one(tokens: list[str]) -> list[frozenset[str]]:
    if not tokens:
        raise ValueError("nothing where a licence should be")
    token = tokens.pop(0)
    if token == "(":
        ways = _either(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a parenthesis is not closed")
        return ways
    if token in {")", "AND", "OR", "WITH"}:
        raise ValueError(f"{token} where a licence should be")
    if tokens and tokens[0] == "WITH":
        tokens.pop(0)
        if not tokens or tokens[0] in {"(", ")", "AND", "OR", "WITH"}:
            raise ValueError("an exception is missing")
        tokens.pop(0)
    return [frozenset({token})]
