"""The picture of a hum: what was sung, the notes, and four variations."""

from __future__ import annotations

from assistant.steps import Hummed


def hum_picture(hummed: Hummed) -> bytes:
    """A PNG of the recording, its notes and the first variations of them."""
    from assistant.brief import Brief
    from assistant.errors import InvalidBrief
    from assistant.plot import plot_hum
    from assistant.vary import vary

    try:
        variations = vary(hummed.heard.motif, Brief(count=4))
    except InvalidBrief:
        # A hum of one note has no variations; the picture shows the note.
        variations = ()
    return plot_hum(hummed.heard, hummed.audio, variations)
