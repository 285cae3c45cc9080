"""The record that every export carries: what it is, what lies where, and how it was made, as its maker tells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.export.song import Export, Laid, Song

MANIFEST = "manifest.json"
_FORMAT = "hummingbridge-export-1"


def manifest_bytes(
    song: Song,
    laid: Sequence[Laid],
    *,
    identity: str,
    made: Mapping[str, object],
    sha256: Mapping[str, str],
) -> bytes:
    """The record as JSON. `made` is kept as it is; `sha256` tells the digest of each file."""
    described = {
        "format": _FORMAT,
        "id": identity,
        "title": song.title,
        "tempo_bpm": None if song.untimed else song.tempo.bpm,
        "meter": None if song.untimed else str(song.meter),
        "key": str(song.key) if song.key else None,
        "files": [asdict(one) | {"sha256": sha256[one.file]} for one in laid],
        "made": dict(made),
    }
    return json.dumps(described, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def parse_manifest(data: bytes, path: Path) -> Export | None:
    """The export at `path` that a record describes; None where it is none of ours."""
    try:
        described: Any = json.loads(data)
        if described["format"] != _FORMAT:
            return None
        fields = ("kind", "track", "at_bar", "begins_at_bar", "file")
        laid = tuple(Laid(**{field: one[field] for field in fields}) for one in described["files"])
        return Export(path, str(described["id"]), laid)
    except (ValueError, KeyError, TypeError):
        return None
