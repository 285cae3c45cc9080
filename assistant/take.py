"""A take: something that was made, and how. It is never edited; a change makes a child.

The record, as programs read it (`Take.as_json`; stable, fields may only be added):

    {"id": "7k3m9x2qabcd", "kind": "variation", "name": "sigh", "created": "2026-01-02T03:04:05+00:00",
     "starred": false, "mark": "" (or "kept", "discarded"),
     "recipe": {"step": "vary", "engine": "rules", "settings": {…}, "seed": 7, "parents": [id], "input_digest": "",
                "licences": [{"kind": "model", "name": "basic-pitch", "spdx": "Apache-2.0"}]},
     "blobs": {role: SHA-256 in hex}, "facts": {"tempo_bpm": 96, "key": "D minor", "sentence": "…"}}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.facts import Facts, canonical
from assistant.tables import unknown

KINDS: dict[str, str] = {
    "recording": "what the composer hummed, sang or played, as it was",
    "heard": "the notes that were heard in a recording",
    "motif": "notes on the grid, to make variations of",
    "variation": "a motif changed",
    "render": "notes played by an instrument",
    "effects": "sound sent through a chain",
    "timbre": "a recording's phrase played by another instrument",
    "generation": "sound made from a description",
    "export": "files for a DAW",
}
"""Every kind of take, and what it is."""

MARKS = ("", "kept", "discarded")
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Licence:
    """Something that went into a take and whose licence counts: what it is, its name, and its SPDX id."""

    kind: str
    name: str
    spdx: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a take was made: the same recipe and inputs give the same bytes.

    `settings` holds plain JSON values; `parents` are take ids; `input_digest` is the SHA-256 of what came in from
    outside (a file), empty where everything came from the parents.
    """

    step: str
    engine: str = ""
    settings: Mapping[str, Any] = field(default_factory=Facts)
    seed: int = 0
    parents: tuple[str, ...] = ()
    input_digest: str = ""
    licences: tuple[Licence, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", Facts(self.settings))

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "engine": self.engine,
            "settings": Facts(self.settings).as_json(),
            "seed": self.seed,
            "parents": list(self.parents),
            "input_digest": self.input_digest,
            "licences": [{"kind": used.kind, "name": used.name, "spdx": used.spdx} for used in self.licences],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        return cls(
            step=data["step"],
            engine=data["engine"],
            settings=data["settings"],
            seed=data["seed"],
            parents=tuple(data["parents"]),
            input_digest=data["input_digest"],
            licences=tuple(Licence(**used) for used in data["licences"]),
        )


@dataclass(frozen=True, slots=True)
class Take:
    """One row of the library.

    `blobs` maps a role ("audio", "midi", "notes") to the SHA-256 of its bytes; `facts` are small JSON values to show
    and search (tempo_bpm, key, sentence, closeness …). `name`, `starred` and `mark` ("kept", "discarded" or "") are as
    they stand now; the library remembers how they came to be.
    """

    id: str
    kind: str
    name: str
    created: str
    recipe: Recipe
    blobs: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=Facts)
    starred: bool = False
    mark: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "blobs", Facts(self.blobs))
        object.__setattr__(self, "facts", Facts(self.facts))

    @property
    def parents(self) -> tuple[str, ...]:
        return self.recipe.parents

    def as_json(self) -> dict[str, Any]:
        """The take as programs read it: stable names, plain values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "created": self.created,
            "starred": self.starred,
            "mark": self.mark,
            "recipe": self.recipe.as_json(),
            "blobs": dict(self.blobs),
            "facts": Facts(self.facts).as_json(),
        }


@dataclass(frozen=True, slots=True)
class NewTake:
    """What is to be added: `blobs` maps roles to bytes. Raises `InvalidTake`, `UnknownName` for the kind."""

    kind: str
    name: str
    recipe: Recipe
    blobs: Mapping[str, bytes]
    facts: Mapping[str, Any] = field(default_factory=Facts)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown(self.kind, KINDS, kind="kind of take")
        object.__setattr__(self, "name", one_line(self.name))
        object.__setattr__(self, "facts", Facts(self.facts))


def one_line(name: str) -> str:
    """A name as it is kept: one line of printable text, 120 characters at most."""
    whole = name.encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in whole).split())[:LONGEST_NAME].rstrip()


def take_id(kind: str, recipe: Recipe, blobs: Mapping[str, str]) -> str:
    """Twelve letters and digits that follow from what the take is: made again in the same way, it is the same take."""
    text = canonical({"kind": kind, "recipe": recipe.as_json(), "blobs": dict(blobs)})
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    letters = "0123456789abcdefghjkmnpqrstvwxyz"  # without i, l, o, u: none is mistaken for another
    return "".join(letters[number >> shift & 31] for shift in range(55, -5, -5))


def take_from_row(row: Mapping[str, Any]) -> Take:
    """A take from its row in the library."""
    return Take(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        created=row["created"],
        recipe=Recipe.from_json(json.loads(row["recipe"])),
        blobs=json.loads(row["blobs"]),
        facts=json.loads(row["facts"]),
        starred=bool(row["starred"]),
        mark=row["mark"],
    )
