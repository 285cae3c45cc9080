"""Notes while they are still being hummed.

Every block of sound is heard together with the seconds before it; a note is told once it is certain to be over. At the
end the whole recording is heard anew, as a file is: what was told on the way is a glimpse, and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assistant.audio import Audio, Samples
from assistant.hear.features import band_levels, loudness_db
from assistant.hear.frames import RATE_HZ
from assistant.hear.heard import Heard
from assistant.hear.learned import Learned
from assistant.hear.listening import Listener
from assistant.hear.settings import HearSettings
from midi.heard import HeardNote

BLOCK_SECONDS = 0.1
"""How much new sound is worth listening to again."""
SETTLE_SECONDS = 0.13
"""So long after its end a note is certain to be over: with 93 ms of what follows, no decision in 150 came out otherwise
than with all of it."""
_LOOK_BACK_SECONDS, _LONGEST_SECONDS = 3.0, 10.0
_EDGE_SECONDS = 0.3
_QUIET_PEAK = 0.003
_OVER_ROOM_DB = 12.0
_APART_SECONDS = 0.06


class LiveEar:
    """Hears one recording as it grows. `listener` must have the learned tracker; `rate_hz` is the recording's."""

    def __init__(self, listener: Listener, rate_hz: int) -> None:
        import soxr

        tracker = listener.tracker("learned")
        if not isinstance(tracker, Learned):
            raise TypeError("live hearing needs the learned tracker")
        self._listener, self._tracker, self._rate_hz = listener, tracker, rate_hz
        self._stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32")
        self._whole: list[Samples] = []
        self._recent = np.zeros(0, np.float32)
        self._recent_from = 0
        self._waiting = 0
        self._peak = 0.0
        self._loudness: list[float] = []
        self._told = HeardNote(0.0, 1e-3, 0.0)
        self._open_from = 0.0

    @property
    def seconds(self) -> float:
        """How much was heard so far."""
        return (self._recent_from + len(self._recent)) / RATE_HZ

    def feed(self, samples: Samples) -> tuple[HeardNote, ...]:
        """The notes that are over by now and were not told yet. `samples`: mono, at the recording's rate."""
        self._whole.append(samples)
        new: Samples = self._stream.resample_chunk(np.ascontiguousarray(samples, np.float32))
        self._recent = np.concatenate([self._recent, new])
        self._waiting += len(new)
        if self._waiting < BLOCK_SECONDS * RATE_HZ:
            return ()
        fresh = self._recent[-self._waiting :]
        self._waiting = 0
        self._peak = max(self._peak, float(np.abs(fresh).max(initial=0.0)))
        self._loudness += loudness_db(band_levels(fresh)[1:-1])[:, 0].tolist()
        self._forget()
        if self._peak < _QUIET_PEAK or not self._loudness:
            return ()
        loud_db, quiet_db = np.percentile(self._loudness, (95, 5))
        if loud_db - quiet_db < _OVER_ROOM_DB and self.seconds < _LOOK_BACK_SECONDS:
            return ()
        return self._settled(self._tracker.hear_part(self._recent, peak=self._peak, loud_db=float(loud_db)))

    def finish(self, settings: HearSettings | None = None) -> Heard:
        """What was heard in the whole recording: the same as `listen` hears in a file of it. Raises `NothingHeard`."""
        whole = np.concatenate(self._whole) if self._whole else np.zeros(0, np.float32)
        return self._listener.listen(Audio(whole[np.newaxis], self._rate_hz), settings)

    def _settled(self, notes: tuple[HeardNote, ...]) -> tuple[HeardNote, ...]:
        offset = self._recent_from / RATE_HZ
        over: list[HeardNote] = []
        self._open_from = self.seconds
        for note in notes:
            moved = replace(
                note, onset_seconds=note.onset_seconds + offset, offset_seconds=note.offset_seconds + offset
            )
            cut_off = offset > 0 and note.onset_seconds < _EDGE_SECONDS
            known = moved.onset_seconds < self._told.onset_seconds + _APART_SECONDS or (
                moved.onset_seconds < self._told.offset_seconds - _APART_SECONDS
            )
            if known or cut_off:
                continue
            if moved.offset_seconds > self.seconds - SETTLE_SECONDS:
                self._open_from = min(self._open_from, moved.onset_seconds)
                continue
            over.append(moved)
            self._told = moved
        return tuple(over)

    def _forget(self) -> None:
        """Keeps the last seconds, and all of a note that still sounds, up to a limit."""
        kept_from = min(self.seconds - _LOOK_BACK_SECONDS, self._open_from - 2 * _EDGE_SECONDS)
        kept_from = max(kept_from, self.seconds - _LONGEST_SECONDS, 0.0)
        gone = max(0, round(kept_from * RATE_HZ) - self._recent_from)
        self._recent = self._recent[gone:]
        self._recent_from += gone
