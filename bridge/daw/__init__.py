"""DAWs: one port, and an adapter for each way into a timeline."""

from __future__ import annotations

DAWS = {
    "folder": "bridge.daw.folder:FolderDaw",
    "ardour": "bridge.daw.ardour:Ardour",
    "reaper": "bridge.daw.reaper:Reaper",
    "live": "bridge.daw.live:AbletonLive",
    "bitwig": "bridge.daw.dawproject:Bitwig",
    "studio-one": "bridge.daw.dawproject:StudioOne",
    "cubase": "bridge.daw.dawproject:Cubase",
    "dawproject": "bridge.daw.dawproject:DawprojectDaw",
}
"""Name → class of an adapter that is made without arguments; resolve with `assistant.tables.resolve`."""
