"""Candidates by the learned model: as near or far as is wanted, and otherwise as people vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from random import Random

from assistant.brief import LEARNED
from assistant.errors import CannotRead
from assistant.presets import shipped
from assistant.vary.candidates import Candidate, measured
from assistant.vary.learned.controls import Controls
from assistant.vary.learned.echoes import read_echoing
from assistant.vary.learned.listener import Listener, read_listener
from assistant.vary.learned.models import model_path
from assistant.vary.learned.network import Network, read_network
from assistant.vary.learned.page import Page, pages_of
from assistant.vary.learned.sampling import Manner, written
from assistant.vary.learned.wishes import Wishes, read_wishes
from assistant.vary.phrase import Tone
from assistant.vary.terms import Terms, in_any_key

WISHES = "melody/wishes.npz"
LISTENER = "melody/listener.npz"
ECHOES = "melody/echoes.npz"
AT_ONCE = 50
"""How many are written at once, to bound the memory."""


def by_model(terms: Terms, aims: Sequence[float], random: Random) -> list[Candidate]:
    """About one candidate for each closeness aimed at, none the source itself. None at all where only the rules'
    techniques are asked for by name, or where the model has no symbols for the melody."""
    named = terms.brief.techniques
    if terms.brief.chromatic:
        # As with the leading note of a minor key. Rules know what to do with a scale only.
        terms = in_any_key(terms)
    pages = [] if named and LEARNED not in named else pages_of(terms)
    if not pages:
        return []
    network, wishes = load_network(model_path(terms.brief.model)), load_wishes()
    if terms.brief.overlap is None:
        asked = wishes.near(aims, random.getrandbits(32), **wanted(terms))
    else:
        far, near = terms.brief.overlap
        asked = wishes.drawn(len(aims), near, far, random.getrandbits(32), **wanted(terms))
    lines: list[list[Tone]] = [[] for _ in aims]
    for page in pages:
        for line, tones in zip(lines, written_page(network, page, asked, terms, random.getrandbits(32)), strict=True):
            line += tones
    return measured(terms, lines, LEARNED, "model")


def wanted(terms: Terms) -> dict[str, float]:
    """What the brief asks beyond closeness, in the terms of the model's controls."""
    brief = terms.brief
    fixed: dict[str, float] = {}
    if brief.keep is not None:
        fixed = {brief.keep: 1.0, "density": 1.0}
    elif brief.density is not None:
        fixed["density"] = brief.density
    return fixed


def written_page(network: Network, page: Page, asked: Sequence[Controls], terms: Terms, seed: int) -> list[list[Tone]]:
    """One page for each request; as it was where nothing on it is free."""
    passage = page.passage
    if len(page.constraints.locked) == len(passage.bars) or not any(
        step.begins for bar in passage.bars for step in bar
    ):
        return [page.tones(passage.bars, terms.base.tones)] * len(asked)
    found = []
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        made = written(network, passage, some, page.constraints, manner=Manner(), seed=seed + start)
        found += [page.tones(one.bars, terms.base.tones) for one in made]
    return found


def load_network(path: Path | None = None) -> Network:
    """The shipped network, or the one in a file, as it is now. Raises `CannotRead`."""
    path = path or model_path()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError) as error:
        raise CannotRead(
            f"{path} is not a model of variations: {error}", hint="hummingbridge train variations makes one"
        ) from error


@lru_cache(maxsize=2)
def _read(path: Path, _: int) -> Network:
    return replace(read_network(path), echoing=read_echoing(shipped(ECHOES)))


@lru_cache(maxsize=1)
def load_listener() -> Listener:
    """What people's variations sound like, as shipped."""
    return read_listener(shipped(LISTENER))


@lru_cache(maxsize=1)
def load_wishes() -> Wishes:
    """How people vary, as shipped."""
    return read_wishes(shipped(WISHES))
