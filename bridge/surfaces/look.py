"""How a control looks: what it stands for, not yet the bytes of any maker."""

from __future__ import annotations

from dataclasses import dataclass

STATES = (
    "off",
    "idle",
    "selected",
    "waiting",
    "playing",
    "kept",
    "discarded",
    "selected-kept",
    "playing-kept",
    "on",
    "recording",
    "working",
    "locked",
    "starred",
    "page",
)
"""Every state that a preset may give a colour. `waiting` plays from the next bar on; `page` is the open page."""

FALLBACK = {
    "waiting": "playing",
    "playing-kept": "playing",
    "selected-kept": "kept",
    "starred": "kept",
    "locked": "on",
    "recording": "on",
    "working": "waiting",
    "page": "on",
    "discarded": "off",
    "kept": "on",
    "playing": "on",
    "selected": "on",
    "on": "idle",
}
"""What stands in for a state that a preset gives no colour."""


@dataclass(frozen=True, slots=True)
class Look:
    """`value` is where a ring or a motor fader stands, 0..1; `text` has room on any display (7 signs), `words` is the
    same at more length.
    """

    state: str = "off"
    value: float | None = None
    text: str = ""
    words: str = ""


OFF = Look()
