"""What the running program is working on: one frozen value, and the only writer of it.

Every change is on the disk before it is told to anybody, so that a process that dies comes back as it was.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.files import write_whole


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """`motif` and `variations` are take ids; `selected` counts from 1, 0 for none. The rest are the settings that hold
    for what is made next. `follow` says who leads (`bridge.clock.Follow`); `tempo_bpm` is the own clock's tempo, None
    that of what it plays. `footswitch` is the control that starts and stops a recording, as `Control.parse` reads it.
    `surfaces` are those in use, as `serve --surface` names them; `cables` the MIDI ports that ours are connected to, in
    pairs. The levels are how loud each layer of what is auditioned is, 1 as written (`bridge.midi_io.layers`).
    `playing` is the variation that sounds (0 the motif, None silence): it is not kept on disk.
    """

    motif: str = ""
    variations: tuple[str, ...] = ()
    selected: int = 0
    closeness: float | None = None
    density: float | None = None
    lowest: int | None = None
    highest: int | None = None
    locked_bars: tuple[int, ...] = ()
    keep: str | None = None
    seed: int = 0
    instrument: str = "piano"
    chain: str = ""
    daw: str = "folder"
    surfaces: tuple[str, ...] = ()
    cables: tuple[tuple[str, str], ...] = ()
    follow: str = "auto"
    footswitch: str = "cc:64"
    tempo_bpm: float | None = None
    melody_level: float = 1.0
    inner_level: float = 1.0
    bass_level: float = 1.0
    playing: int | None = None
    recording: bool = False

    def as_json(self) -> dict[str, Any]:
        plain = dataclasses.asdict(self)
        return plain | {name: list(plain[name]) for name in _LISTS}


_LISTS = ("variations", "locked_bars", "surfaces", "cables")
_PASSING = ("playing", "recording")
Listener = Callable[[Session, dict[str, Any]], None]


class SessionStore:
    """The session, kept in a file of the library's folder. Raises `CannotWrite` where that cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "session.json"
        self.session = self._read()
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with the session and what changed; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def change(self, **changes: Any) -> Session:
        """The one way to change the session."""
        changed = {name: value for name, value in changes.items() if getattr(self.session, name) != value}
        if not changed:
            return self.session
        after = dataclasses.replace(self.session, **changed)
        if not set(changed) <= set(_PASSING):
            kept = {name: value for name, value in after.as_json().items() if name not in _PASSING}
            write_whole(self._file, json.dumps(kept).encode())
        self.session = after
        plain = after.as_json()
        for listener in tuple(self._listeners):
            listener(after, {name: plain[name] for name in changed})
        return after

    def tell(self, *names: str) -> None:
        """Tells the listeners of something that lies behind these names, though the session itself is the same."""
        plain = self.session.as_json()
        for listener in tuple(self._listeners):
            listener(self.session, {name: plain.get(name) for name in names})

    def _read(self) -> Session:
        """What was kept; a file that is missing, damaged or of another version counts as far as it can be read."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Session()
        known = {field.name for field in dataclasses.fields(Session)} - set(_PASSING)
        kept = {name: value for name, value in kept.items() if name in known} if isinstance(kept, dict) else {}
        for name in _LISTS:
            kept[name] = tuple(tuple(one) if isinstance(one, list) else one for one in kept.get(name, ()))
        return Session(**kept)
