"""DAWs: one port, and an adapter for each way into a timeline."""

from __future__ import annotations

DAWS = {
    "folder": "bridge.daw.folder:FolderDaw",
    "dawproject": "bridge.daw.dawproject:DawprojectDaw",
    "ardour": "bridge.daw.ardour:Ardour",
}
"""Name → class of an adapter that is made without arguments; resolve with `assistant.tables.resolve`."""
