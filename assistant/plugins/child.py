"""The plugin's own process: `python -m assistant.plugins.child`. Asked and answering in lines of JSON, sound in memory
that both sides see.

It ends when its input ends, even while the plugin hangs; whatever the plugin does, it does to this process alone.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from assistant.errors import InvalidPreset, MissingPart, PluginFailed
from assistant.plugins.shared import Block, open_block
from assistant.tables import resolve
from midi.errors import HummingbridgeError

if TYPE_CHECKING:
    from assistant.audio import Samples

BACKENDS: dict[str, str] = {
    "vst3": "assistant.plugins.native:Native",
    "au": "assistant.plugins.native:Native",
    "lv2": "assistant.plugins.lv2:Lv2",
}
"""format → what loads a plugin of it."""

Asked = dict[str, Any]


class Session:
    """What is asked of one plugin; each answer is a plain mapping."""

    def __init__(self) -> None:
        self._plugin: Any = None
        self._block: Block | None = None
        self._fed: list[Samples] = []
        self._made: Any = None

    def answer(self, asked: Asked) -> dict[str, Any]:
        does: Callable[[Asked], dict[str, Any]] = getattr(self, f"do_{asked['do']}")
        return does(asked)

    def do_open(self, asked: Asked) -> dict[str, Any]:
        self._block = open_block(asked["memory"], asked["frames"])
        self._block.touch()
        backend = resolve(BACKENDS, asked["format"], kind="plugin format")
        try:
            self._plugin = backend(asked["format"], asked["path"], asked["name"])
        except ValueError:
            names = [] if asked["name"] else backend.names(asked["path"])
            if len(names) < 2:
                raise
            return {"error": "several plugins", "kind": "several", "names": names}
        return {"plugin": self._plugin.described(), "hears_whole": self._plugin.hears_whole}

    def do_set(self, asked: Asked) -> dict[str, Any]:
        self._plugin.set(asked["values"])
        return {}

    def do_knobs(self, asked: Asked) -> dict[str, Any]:
        return {"knobs": self._plugin.knobs()}

    def do_state(self, asked: Asked) -> dict[str, Any]:
        return {"state": base64.b64encode(self._plugin.state()).decode()}

    def do_restore(self, asked: Asked) -> dict[str, Any]:
        """`more` where there is something for `do_restore_own`, which may crash."""
        return {"more": bool(self._plugin.restore(base64.b64decode(asked["state"])))}

    def do_restore_own(self, asked: Asked) -> dict[str, Any]:
        self._plugin.restore_own()
        return {}

    def do_process(self, asked: Asked) -> dict[str, Any]:
        """Sound through the effect: as many samples as it gives back at once, which latency makes fewer."""
        assert self._block is not None
        sound = self._block.samples(asked["channels"], asked["frames"])
        return self._given(self._plugin.process(sound, asked["rate_hz"], asked["fresh"], asked["at"]), asked)

    def do_play(self, asked: Asked) -> dict[str, Any]:
        """Notes through the instrument: `events` are (seconds, [MIDI bytes])."""
        sound = self._plugin.play(asked["events"], asked["frames"], asked["rate_hz"], asked["fresh"], asked["at"])
        return self._given(sound, asked)

    def do_feed(self, asked: Asked) -> dict[str, Any]:
        """A part of a sound for a plugin that hears it whole."""
        assert self._block is not None
        self._fed.append(self._block.samples(asked["channels"], asked["frames"]).copy())
        return {}

    def do_whole(self, asked: Asked) -> dict[str, Any]:
        """The notes through the instrument, or through the effect what was fed and what lies in the memory that both
        sides see after that; to be taken.
        """
        import numpy as np

        assert self._block is not None
        if "events" in asked:
            self._made = self._plugin.whole_notes(asked["events"], asked["frames"], asked["rate_hz"])
        else:
            last = self._block.samples(asked["channels"], asked["frames"])
            fed, self._fed = [*self._fed, last], []
            self._made = self._plugin.whole(last if len(fed) == 1 else np.concatenate(fed, axis=1), asked["rate_hz"])
        return {"channels": int(self._made.shape[0]), "frames": int(self._made.shape[1])}

    def do_take(self, asked: Asked) -> dict[str, Any]:
        """A part of what was made."""
        return self._given(self._made[:, asked["at"] : asked["at"] + asked["frames"]], asked)

    def do_window(self, asked: Asked) -> dict[str, Any]:
        """The plugin's own window, until it is closed."""
        self._plugin.window()
        return {}

    def _given(self, sound: Any, asked: Asked) -> dict[str, Any]:
        # Both extremes, not a mask: a maximum is not a number wherever one of the samples is none.
        extremes = (float(sound.max()), float(sound.min())) if sound.size else (0.0, 0.0)
        if not all(abs(each) < float("inf") for each in extremes):
            raise PluginFailed("gives samples that are not numbers", hint="")
        assert self._block is not None
        self._block.samples(sound.shape[0], sound.shape[1])[:] = sound
        return {"channels": int(sound.shape[0]), "frames": int(sound.shape[1])}


def main() -> None:
    _make_safe()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # What plugins and libraries print must not be taken for answers.
    os.dup2(2, 1)
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(waiting,), daemon=True).start()
    session = Session()
    while True:
        asked = json.loads(waiting.get())
        try:
            answer = session.answer(asked)
        except HummingbridgeError as error:
            answer = {"error": error.message, "hint": error.hint, "kind": _kind(error)}
        except (RuntimeError, ValueError, ImportError, OSError, MemoryError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            answer = {"error": f"failed: {said}", "hint": "", "kind": "failed"}
        answers.write(json.dumps(answer).encode() + b"\n")


def _kind(error: HummingbridgeError) -> str:
    if isinstance(error, InvalidPreset):
        return "preset"
    return "missing" if isinstance(error, MissingPart) else "failed"


def _listen(waiting: SimpleQueue[bytes]) -> None:
    """A thread of its own, so that the end of the program that started us is noticed while a plugin hangs."""
    with os.fdopen(0, "rb", closefd=False) as lines:
        deque(map(waiting.put, lines), maxlen=0)
    os._exit(0)


def _make_safe() -> None:
    """No memory dump on a crash: writing one takes longer than all the rest."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
