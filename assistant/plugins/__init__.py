"""Plugins of the composer's own, each in a process of its own: one that fails takes nothing with it.

A plugin is called `FORMAT:NAME`, as `vst3:ZamComp`, or `FORMAT:PATH`. `host` is our side of its process and `child` the
plugin's, `catalogue` knows which plugins there are, `stage` makes one a stage of a chain, `instrument` plays notes.
"""

from __future__ import annotations

FORMATS = {"vst3": ".vst3", "au": ".component", "lv2": ".lv2"}
"""format → how its files end."""

HOSTS = {"lv2": "dawdreamer"}
"""format → the package that it takes, where that is an extra."""


def is_plugin(reference: str) -> bool:
    """Whether a text is written like a plugin: `vst3:ZamComp`."""
    kind, colon, rest = reference.partition(":")
    return bool(colon and rest) and kind in FORMATS
