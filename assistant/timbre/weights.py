"""Arrays in a safetensors file: a length, a JSON table of names, types, shapes and places, then the numbers.

Nothing in such a file can run. After huggingface.co/docs/safetensors, format section.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import CannotRead, InvalidPreset
from assistant.files import write_whole

Array = NDArray[Any]

_TYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_LARGEST_BYTES = 64 * 1024 * 1024


def write_weights(path: Path, arrays: Mapping[str, Array]) -> Path:
    """Half precision: weights lose nothing that is heard, and a timbre takes 1.3 megabytes."""
    table: dict[str, Any] = {}
    parts: list[bytes] = []
    end = 0
    for name in sorted(arrays):
        data = np.asarray(arrays[name], "<f2").tobytes()
        table[name] = {"dtype": "F16", "shape": list(np.shape(arrays[name])), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    header = json.dumps(table, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return write_whole(path, len(header).to_bytes(8, "little") + header + b"".join(parts))


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Name → array in single precision. Raises `CannotRead`, `InvalidPreset`."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InvalidPreset(f"{path.name} is too large for a timbre", hint="train it again")
        data = path.read_bytes()
    except OSError as error:
        raise CannotRead(f"{path} cannot be read: {error.strerror}", hint="check the name and permissions") from error
    try:
        begin = 8 + int.from_bytes(data[:8], "little")
        table = json.loads(data[8:begin])
        arrays = {}
        for name, entry in table.items():
            if name == "__metadata__":
                continue
            first, last = entry["data_offsets"]
            numbers = np.frombuffer(data[begin + first : begin + last], dtype=_TYPES[str(entry["dtype"])])
            arrays[name] = numbers.reshape(entry["shape"]).astype(np.float32)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidPreset(f"{path.name} holds no weights of a timbre: {error}", hint="train it again") from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InvalidPreset(f"{path.name} holds weights that are not numbers", hint="train it again")
    return arrays
