"""The manifest: how a piece of music was made, whose it is, and what its licences ask.

Plain JSON, stable:

    {"format": "hummingbridge-manifest-1",
     "take": {"id", "kind", "name", "created", "files": {role: SHA-256}},
     "what": "a variation of the composer's recording “hum”, made by rules; played by TimGM6mb",
     "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
     "composers_own": [{"id", "kind", "name", "created", "files"}],
     "steps": [{"id", "kind", "name", "created", "step", "engine", "settings", "seed", "parents", "input_digest",
                "digital_source_type", "licences": [name]}],                                      the oldest first
     "licences": [{"name", "kind", "role", "spdx", "where_from", "note", "non_commercial", "unknown", "takes": [id]}],
     "non_commercial": false, "unknown_licences": [name],
     "note": "…"}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from assistant.rights.parts import ROLES, find_part, role_of
from assistant.rights.sources import BASE, OWN, combined, source_of
from assistant.rights.spdx import is_non_commercial, is_unknown
from assistant.take import Take
from midi.errors import HummingbridgeError

FORMAT = "hummingbridge-manifest-1"
EVIDENCE = (
    "This tells how the music was made and under which licences. It is evidence, not a promise: whether a platform's "
    "matching finds a likeness to other music cannot be known from it."
)


class NotForSale(HummingbridgeError):
    """Something in the music may not be used commercially."""

    code: ClassVar[str] = "not-for-commercial-use"


def manifest(take: Take, ancestors: Sequence[Take]) -> dict[str, Any]:
    """The manifest of `take`; `ancestors` are all the takes that it was made from, the oldest first."""
    line = (*ancestors, take)
    sources = {one.id: source_of(one) for one in line}
    own = [one for one in line if sources[one.id] in OWN]
    licences = _licences(line)
    return {
        "format": FORMAT,
        "take": _named(take),
        "what": _what(take, own, licences, combined(sources.values())),
        "digital_source_type": BASE + combined(sources.values()),
        "composers_own": [_named(one) for one in own],
        "steps": [_step(one, sources[one.id]) for one in line],
        "licences": licences,
        "non_commercial": any(row["non_commercial"] for row in licences),
        "unknown_licences": [row["name"] for row in licences if row["unknown"]],
        "note": EVIDENCE,
    }


def check_for_sale(manifest: dict[str, Any]) -> None:
    """Raises `NotForSale` where something in the music forbids commercial use."""
    barred = [f"{row['name']} ({row['spdx']})" for row in manifest["licences"] if row["non_commercial"]]
    if barred:
        name = manifest["take"]["name"] or manifest["take"]["id"]
        raise NotForSale(
            f"{name} is not for commercial use: it was made with {', '.join(barred)}",
            hint="make it again without that, or export it for non-commercial use",
        )


def _named(take: Take) -> dict[str, Any]:
    record = take.as_json()
    return {key: record[key] for key in ("id", "kind", "name", "created")} | {"files": record["blobs"]}


def _step(take: Take, source: str) -> dict[str, Any]:
    record = take.as_json()
    recipe = record["recipe"]
    return {key: record[key] for key in ("id", "kind", "name", "created")} | {
        **{key: recipe[key] for key in ("step", "engine", "settings", "seed", "parents", "input_digest")},
        "digital_source_type": BASE + source,
        "licences": [used.name for used in take.recipe.licences],
    }


def _licences(line: Sequence[Take]) -> list[dict[str, Any]]:
    """Each part once under each licence, with the takes that used it, what sounds in the music first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for take in line:
        for used in take.recipe.licences:
            part = find_part(used.name)
            row = rows.setdefault(
                (used.name, used.spdx),
                {
                    "name": used.name,
                    "kind": used.kind,
                    "role": role_of(used),
                    "spdx": used.spdx,
                    # A preset of the composer's own is called like a shipped one and has another licence.
                    "where_from": part.where_from if part and part.spdx == used.spdx else "",
                    "note": part.note if part and part.spdx == used.spdx else "",
                    "non_commercial": is_non_commercial(used.spdx),
                    "unknown": is_unknown(used.spdx),
                    "takes": [],
                },
            )
            if take.id not in row["takes"]:
                row["takes"].append(take.id)
    order = list(ROLES)
    return sorted(rows.values(), key=lambda row: order.index(row["role"]) if row["role"] in order else len(order))


def _what(take: Take, own: Sequence[Take], licences: Sequence[dict[str, Any]], source: str) -> str:
    """One sentence: what it is, from whose material, made how, heard through what."""
    made = {
        "algorithmicMedia": ", made by rules",
        "trainedAlgorithmicMedia": ", made by a trained model",
        "compositeWithTrainedAlgorithmicMedia": ", made in part by a trained model",
    }
    origin = next((one for one in own if one.id != take.id), None)
    of = f" from the composer's {origin.kind}{f' “{origin.name}”' if origin.name else ''}" if origin else ""
    mine = " by the composer" if not of and own else ""
    sounding = [row["name"] for row in licences if row["role"] == "samples"]
    played = f"; played with {', '.join(sounding)}" if sounding else ""
    return f"{take.kind}{of}{mine}{made.get(source, '')}{played}"
