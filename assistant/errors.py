"""The errors of the assistant: files, audio, presets, optional parts."""

from __future__ import annotations

from typing import ClassVar

from midi.errors import HummingbridgeError


class CannotRead(HummingbridgeError):
    code: ClassVar[str] = "cannot-read"


class CannotWrite(HummingbridgeError):
    code: ClassVar[str] = "cannot-write"


class UnreadableAudio(HummingbridgeError):
    code: ClassVar[str] = "unreadable-audio"


class NothingHeard(HummingbridgeError):
    """The recording holds no note: silence, noise, or far too short."""

    code: ClassVar[str] = "nothing-heard"


class InvalidPreset(HummingbridgeError):
    """A preset breaks a rule; the message names the file and the key."""

    code: ClassVar[str] = "invalid-preset"


class UnknownName(HummingbridgeError):
    code: ClassVar[str] = "unknown-name"


class MissingPart(HummingbridgeError):
    """An optional package or program is not installed; the hint is the command that brings it."""

    code: ClassVar[str] = "missing-part"


class InvalidBrief(HummingbridgeError):
    """What is asked for contradicts itself or the motif."""

    code: ClassVar[str] = "invalid-brief"


class DamagedLibrary(HummingbridgeError):
    code: ClassVar[str] = "damaged-library"


class NewerLibrary(HummingbridgeError):
    code: ClassVar[str] = "newer-library"


class AmbiguousName(HummingbridgeError):
    code: ClassVar[str] = "ambiguous-name"


class NothingToUndo(HummingbridgeError):
    code: ClassVar[str] = "nothing-to-undo"


class InvalidTake(HummingbridgeError):
    """What is to be kept cannot be said in the library's terms."""

    code: ClassVar[str] = "invalid-take"


class PluginFailed(HummingbridgeError):
    """A plugin crashed, hung, gave samples that are not numbers, or could not be loaded; nothing else was hurt."""

    code: ClassVar[str] = "plugin-failed"
