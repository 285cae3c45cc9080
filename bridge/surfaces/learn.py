"""Learning a controller: each purpose gets the control that is pressed or turned for it, and a preset is written."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from assistant.files import write_whole
from assistant.presets import check_name, own_folder
from bridge.midi_io.controls import pressed
from bridge.midi_io.player import Player, PortState
from bridge.midi_io.ports import NoSuchPort, PortChoice
from bridge.surfaces.family import Message
from bridge.surfaces.knobs import encoding_of
from bridge.surfaces.preset import Surface, load_surface_file
from midi.errors import HummingbridgeError

REST_SECONDS = 0.6
"""A knob that has said nothing for so long has been turned as far as it will be."""

_OPEN_SECONDS = 10.0
_LEAST = 3
_VARIATIONS = 8


class NothingLearned(HummingbridgeError):
    code: ClassVar[str] = "nothing-learned"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a control is asked for; `knob` if it is to be turned. `lines` are what the preset says of it."""

    words: str
    lines: str
    knob: bool = False


_PLAYS = 'does = "variation/audition"\ncounts = "number"\nagain = "variation/keep"'
_MIXES = 'label = "mix"\npage = "mix"'
_STEPS = 'label = "to"\ndoes = "vary/between"\ncounts = "second"\nwith = { first = "" }\nshows = "variation"'
_TAKES_BARS = 'label = "bars"\ndoes = "vary/splice"\ncounts = "source"\nshows = "variation"'

PURPOSES = (
    *(Purpose(f"the pad for variation {number}", _PLAYS) for number in range(1, _VARIATIONS + 1)),
    Purpose("the button to keep", 'label = "keep"\ndoes = "variation/keep"'),
    Purpose("the button to stop", 'label = "stop"\ndoes = "variation/stop"'),
    Purpose("the button for the next variation", 'label = ">"\ndoes = "variation/next"'),
    Purpose("the button to hum", 'label = "hum"\ndoes = "hum/toggle"'),
    Purpose("the button to make new variations", 'label = "new"\ndoes = "vary/make"'),
    Purpose("the button for the variations before those on the pads", 'label = "<<"\nbank = -1'),
    Purpose("the button for the variations after those on the pads", 'label = ">>"\nbank = 1'),
    Purpose("the button for mixing two variations, and back", _MIXES),
    Purpose("the knob for closeness", 'label = "Cls"\ndoes = "vary/closeness"\nsets = "closeness"', knob=True),
    Purpose(
        "the knob for density",
        'label = "Den"\ndoes = "vary/density"\nsets = "density"\nfrom = 0.25\nto = 4.0',
        knob=True,
    ),
    Purpose("the knob to browse", 'label = "No "\ndoes = "variation/select"\nsets = "number"', knob=True),
    Purpose(
        "the knob for the tempo",
        'label = "Tmp"\ndoes = "clock/tempo"\nsets = "tempo"\nfrom = 40\nto = 240\nstart = 120',
        knob=True,
    ),
    *(
        Purpose(
            f"the knob for how loud {what}",
            f'label = "{label} "\ndoes = "sound/levels"\nsets = "{layer}"',
            knob=True,
        )
        for layer, label, what in (
            ("melody", "Mel", "the melody is"),
            ("inner", "Inn", "the inner voices are"),
            ("bass", "Bas", "the bass is"),
        )
    ),
)

_HEAD = """description = "Learned from {port}"
family = "generic"

[[unit]]
ports = ["{port}"]

[colours]
off = {{ value = 0, shown = "#22252b" }}
idle = {{ value = 0, shown = "#4c515c" }}
selected = {{ value = 127, shown = "#f2f2ee" }}
waiting = {{ value = 64, shown = "#2f9e57" }}
playing = {{ value = 127, shown = "#3ddc6f" }}
kept = {{ value = 127, shown = "#e8d23a" }}
on = {{ value = 127, shown = "#46c8f0" }}
page = {{ value = 127, shown = "#b06cf0" }}
recording = {{ value = 127, shown = "#f04a3c" }}
"""


def learned(name: str, port: str | None, say: Callable[[str], None]) -> tuple[Path, Surface]:
    """Asks for each purpose at the terminal, and writes the composer's own preset `name`.

    Raises `NothingLearned`, `NoSuchPort`, `CannotWrite`, and what is wrong with the name.
    """
    check_name("surfaces", name)
    heard: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    opened: queue.SimpleQueue[PortState] = queue.SimpleQueue()
    player = Player(on_message=lambda _, __, message: heard.put(message), on_port=opened.put)
    try:
        chosen = port or _only_port(player.ports())
        player.open_input(PortChoice(chosen, virtual=False))
        try:
            state = opened.get(timeout=_OPEN_SECONDS)
        except queue.Empty:
            raise NoSuchPort(f"MIDI port {chosen!r} does not answer", hint="plug it in again") from None
        if state.state != "open":
            raise NoSuchPort(state.reason, hint=state.hint)
        threading.Thread(target=_read_lines, args=(heard,), daemon=True).start()
        found = _asked(heard, say)
    finally:
        player.close()
    if not found:
        raise NothingLearned("no control was learned", hint="press one when it is asked for")
    path = own_folder() / "surfaces" / f"{name}.toml"
    write_whole(path, preset_text(chosen, found).encode())
    return path, load_surface_file(path)


def preset_text(port: str, found: Sequence[tuple[Purpose, str, str]]) -> str:
    """The preset for (purpose, control, encoding) each. Controls of one meaning stand in one row.

    On the page for mixing half of the pads make steps to a variation, the other half take its bars over.
    """
    parts = [_HEAD.format(port=port)]
    pads = [control for purpose, control, _ in found if purpose.lines == _PLAYS]
    mixes = next((control for purpose, control, _ in found if purpose.lines == _MIXES), None)
    if len(pads) < 2:
        mixes = None
    for meaning, row in groupby(found, key=lambda one: (one[0].lines, one[0].knob, one[2])):
        lines, knob, encoding = meaning
        if lines == _PLAYS or (lines == _MIXES and mixes is None):
            continue
        spoken = f'\nencoding = "{encoding}"' if knob else ""
        parts.append(_table("control", " ".join(control for _, control, _ in row), lines + spoken))
    if pads:
        parts.append(f'[[page]]\nname = "variations"\nbank = {len(pads)}\n')
        parts.append(_table("page.control", " ".join(pads), _PLAYS))
    if mixes is not None:
        half = len(pads) // 2
        parts.append(f'[[page]]\nname = "mix"\nbank = {half}\n')
        parts.append(_table("page.control", mixes, 'label = "ideas"\npage = "variations"'))
        parts.append(_table("page.control", " ".join(pads[:half]), _STEPS))
        parts.append(_table("page.control", " ".join(pads[half : 2 * half]), _TAKES_BARS))
    return "\n".join(parts)


def _table(kind: str, at: str, lines: str) -> str:
    return f'[[{kind}]]\nat = "{at}"\n{lines}\n'


def button_in(message: Message) -> str | None:
    """The control that a message is the press of."""
    found = pressed(message)
    if found is None or not found[1]:
        return None
    return f"{found[0].kind}-{found[0].number}"


def knob_in(clockwise: Sequence[Message], back: Sequence[Message]) -> tuple[str, str] | None:
    """(control, encoding) of the knob that was turned, from what came while it was turned one way and then back."""
    numbers = [message[1] for message in (*clockwise, *back) if len(message) == 3 and message[0] & 0xF0 == 0xB0]
    if not numbers:
        return None
    number = max(set(numbers), key=numbers.count)
    other = min(number, number - 32 if number - 32 in numbers else number)
    if other != number or number + 32 in numbers:
        return f"cc-{other}", "absolute-14"

    def values(messages: Sequence[Message]) -> list[int]:
        return [message[2] for message in messages if message[0] & 0xF0 == 0xB0 and message[1] == number]

    return f"cc-{number}", encoding_of(values(clockwise), values(back))


def _asked(heard: queue.SimpleQueue[Message | None], say: Callable[[str], None]) -> list[tuple[Purpose, str, str]]:
    found: list[tuple[Purpose, str, str]] = []
    for purpose in PURPOSES:
        taken = {control for _, control, _ in found}
        control = (_knob if purpose.knob else _button)(heard, purpose, say, taken)
        if control is not None:
            found.append((purpose, *control))
            say(f"  {control[0]}" + (f", {control[1]}" if purpose.knob else ""))
    return found


def _button(
    heard: queue.SimpleQueue[Message | None], purpose: Purpose, say: Callable[[str], None], taken: set[str]
) -> tuple[str, str] | None:
    say(f"press {purpose.words} (Enter: leave it out)")
    while (message := heard.get()) is not None:
        name = button_in(message)
        if name is not None and name not in taken:
            return name, ""
    return None


def _knob(
    heard: queue.SimpleQueue[Message | None], purpose: Purpose, say: Callable[[str], None], taken: set[str]
) -> tuple[str, str] | None:
    turns: list[list[Message]] = []
    for way in ("slowly to the right", "slowly back to the left"):
        say(f"turn {purpose.words} {way} (Enter: leave it out)")
        turned = _turned(heard, taken)
        if turned is None:
            return None
        turns.append(turned)
    return knob_in(*turns)


def _turned(heard: queue.SimpleQueue[Message | None], taken: set[str]) -> list[Message] | None:
    """What a knob said until it came to rest; None for Enter."""
    said: list[Message] = []
    while True:
        try:
            message = heard.get(timeout=REST_SECONDS)
        except queue.Empty:
            if len(said) >= _LEAST:
                return said
            continue
        if message is None:
            return None
        if len(message) == 3 and message[0] & 0xF0 == 0xB0 and f"cc-{message[1]}" not in taken:
            said.append(message)


def _read_lines(heard: queue.SimpleQueue[Message | None]) -> None:
    for _ in sys.stdin:
        heard.put(None)
    # Nobody can press Enter any more: what is not learned by then is left out.
    for _ in PURPOSES:
        heard.put(None)


def _only_port(ports: dict[str, object]) -> str:
    """The one controller there is. Raises `NoSuchPort`."""
    if "reason" in ports:
        raise NoSuchPort(str(ports["reason"]), hint=str(ports["hint"]))
    names = [str(name) for name in ports["inputs"]]  # type: ignore[attr-defined]
    outside = [name for name in names if not name.lower().startswith(("midi through", "hummingbridge", "system"))]
    if len(outside) != 1:
        there = ", ".join(outside) or "none"
        raise NoSuchPort(f"there are {len(outside)} MIDI ports to learn from", hint=f"choose with --port: {there}")
    return outside[0]
