"""Sound from a description: a generator's own music, fitted to the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.audio import Audio
from assistant.generate.request import PUBLISHED, PUBLISHED_LICENCE, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.generate.musicgen import MusicGen
    from assistant.readiness import Readiness

__all__ = ["PUBLISHED", "PUBLISHED_LICENCE", "Made", "Request", "check", "generate"]

SAMPLE_RATE_HZ = 48_000
_SPARE = 1.15
"""So much longer than asked is generated, so that stretching leaves enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The sound at 48 kHz; `remarks` say in sentences how it was fitted."""

    audio: Audio
    remarks: tuple[str, ...] = ()


def check() -> Readiness:
    from assistant.generate.musicgen import check

    return check()


def generate(
    request: Request, *, progress: Callable[[float], None] | None = None, model: MusicGen | None = None
) -> Made:
    """Sound as `request` asks for it, in whole bars of the session at its tempo and key.

    `model` may be kept from an earlier call. What follows a melody or goes on from a sound keeps its timing, which is
    that of the session already. `progress` is told 0..1. Raises `MissingPart`, `CannotRead`, `InvalidBrief`.
    """
    from assistant.generate.fitting import fitted
    from assistant.generate.musicgen import MusicGen

    model = model or MusicGen(request.model)
    free = request.melody is None and request.start is None
    tempo = request.tempo if free else None
    seconds = request.whole_seconds * (_SPARE if tempo else 1.0)
    sound = model.sound(request, seconds, progress or (lambda _: None)).resampled(SAMPLE_RATE_HZ)
    fit = fitted(sound, tempo=tempo, key=request.key if free else None, seconds=request.whole_seconds)
    return Made(fit.audio, fit.remarks)
