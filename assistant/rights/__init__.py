"""Whose music it is: the licence of everything used, what may be done with it, and what is the composer's own."""

from __future__ import annotations

from assistant.rights.manifest import NotForSale, check_for_sale, manifest
from assistant.rights.parts import (
    BASIC_PITCH,
    EARS,
    MELODY_MODEL,
    OWN_DATA,
    PARTS,
    ROLES,
    SWIFT_F0,
    VARIATION_MODEL,
    Part,
    find_part,
    licence,
    role_of,
)
from assistant.rights.sources import SOURCES, combined, source_of

__all__ = [
    "BASIC_PITCH",
    "EARS",
    "MELODY_MODEL",
    "OWN_DATA",
    "PARTS",
    "ROLES",
    "SOURCES",
    "SWIFT_F0",
    "VARIATION_MODEL",
    "NotForSale",
    "Part",
    "check_for_sale",
    "combined",
    "find_part",
    "licence",
    "manifest",
    "role_of",
    "source_of",
]
