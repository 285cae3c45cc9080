"""Text that other programs can take: names and notes without what XML, file names or old formats refuse."""

from __future__ import annotations

import re
import unicodedata

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST_NAME_BYTES = 80
"""Of one part of a file name: three of them and a version stay under the 255 bytes that file systems allow."""


def xml_text(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub("", text)


def ascii_text(text: str, longest: int) -> bytes:
    """`text` in at most `longest` bytes of ASCII, accents dropped: "Flöte" → "Flote", "→" → "?"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    printable = "".join(c if c.isprintable() or c in "\r\n" else " " for c in bare)
    return printable.encode("ascii", "replace")[:longest]


def file_name(text: str, *, otherwise: str) -> str:
    """`text` as one field of a file name on any system: no separators, no underscores (they part the fields).

    `otherwise` where nothing is left of it.
    """
    name = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    name = _NOT_IN_NAMES.sub(" ", name)
    name = "".join(c for c in name if c.isprintable())
    name = re.sub(r"[\s_]+", "-", name.strip())
    name = re.sub(r"-{2,}", "-", name)
    name = name.encode()[:LONGEST_NAME_BYTES].decode("utf-8", "ignore").strip("-. ")
    if not name:
        return otherwise
    return f"{name}-" if _WINDOWS_DEVICES.fullmatch(name) else name
