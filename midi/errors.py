"""The one family of errors that a composer may meet: what is wrong, and what to do about it."""

from __future__ import annotations

from typing import ClassVar


class HummingbridgeError(Exception):
    """The base of every expected error.

    `message` gives the value and the rule it broke, `hint` the remedy, `code` a stable name for programs.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidNote(HummingbridgeError):
    code: ClassVar[str] = "invalid-note"


class InvalidClip(HummingbridgeError):
    code: ClassVar[str] = "invalid-clip"


class InvalidMusic(HummingbridgeError):
    """A key, metre, tempo or range that cannot be read or does not make sense."""

    code: ClassVar[str] = "invalid-music"


class UnreadableMidi(HummingbridgeError):
    code: ClassVar[str] = "unreadable-midi"
