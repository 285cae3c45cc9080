"""A sentence on what became of a drum part: found by comparing, not by what was meant."""

from __future__ import annotations

from assistant.vary.drums.pattern import Pattern, role_of
from assistant.vary.phrase import Tone
from assistant.vary.terms import bar_numbers

SOFT = 50
MUCH = 1.4
RUN = 3
"""So many new strokes on snare and toms in a bar are a fill."""
LATEST = 5
"""What swings comes fewer than so many 24ths of a beat late; what comes later was moved."""


def described(old: Pattern, new: Pattern) -> str:
    """Such as "a fill in bar 4; hats busier; kick and snare kept"."""
    filled = [bar for bar in range(old.bars) if _filled(old, new, bar)]
    clauses = [f"a fill in {_bars(filled)}"] if filled else []
    keeps = _keeps_time(old, new)
    if keeps:
        clauses.append(keeps)
    roles = list(dict.fromkeys(role_of(hit.pitch) for hit in (*old.hits, *new.hits)))
    kept = []
    changes: dict[str, list[str]] = {}
    for role in roles:
        before, after = (_outside(part, role, filled) for part in (old, new))
        if (role == "toms" and filled and not before and not after) or (keeps and role in ("hats", "cymbals")):
            continue
        what = _change(old, role, before, after)
        if what:
            changes.setdefault(what, []).append(role)
        elif before:
            kept.append(role)
    clauses += [f"{_and(which)} {what}" for what, which in changes.items()]
    if kept:
        clauses.append(f"{_and(kept)} kept")
    return "; ".join(clauses) or "unchanged"


def _change(part: Pattern, role: str, before: list[Tone], after: list[Tone]) -> str:
    """What became of the hits of one role; nothing where they are the same."""
    old, new = ({(hit.start, hit.pitch) for hit in hits} for hits in (before, after))
    if old == new:
        return ""
    bars = sorted({start // part.bar_ticks for start, _ in old ^ new})
    where = "" if len(bars) == part.bars else f" in {_bars(bars)}"
    if not before:
        return f"added{where}"
    if not after:
        return f"left out{where}"
    if {start for start, _ in old} == {start for start, _ in new}:
        return f"on other sounds{where}"
    if old < new and all(hit.velocity < SOFT for hit in after if (hit.start, hit.pitch) not in old):
        return f"with ghost notes{where}"
    late = {start - 20 * step for start, _ in new - old for step in range(1, LATEST)}
    if len(new) == len(old) and all(start in late for start, _ in old - new):
        return f"swung{where}"
    if len(after) >= MUCH * len(before) or old < new:
        return f"busier{where}"
    if len(after) * MUCH <= len(before) or new < old:
        return f"sparser{where}"
    return f"moved{where}"


def _keeps_time(old: Pattern, new: Pattern) -> str:
    """Whether hats and cymbals have changed places: in which bars the one keeps time instead of the other."""
    gone, come = (
        {(h.start, h.pitch) for h in a.hits} - {(h.start, h.pitch) for h in b.hits} for a, b in ((old, new), (new, old))
    )
    before, after = (
        [(start, role_of(pitch)) for start, pitch in some if role_of(pitch) in ("hats", "cymbals")]
        for some in (gone, come)
    )
    roles = {role for _, role in before}, {role for _, role in after}
    if roles not in (({"hats"}, {"cymbals"}), ({"cymbals"}, {"hats"})) or {s for s, _ in before} != {
        s for s, _ in after
    }:
        return ""
    bars = sorted({start // old.bar_ticks for start, _ in before})
    where = "" if len(bars) == old.bars else f" in {_bars(bars)}"
    return f"{'ride for hats' if roles[0] == {'hats'} else 'hats for ride'}{where}"


def _filled(old: Pattern, new: Pattern, bar: int) -> bool:
    """Whether a bar newly has a run on snare and toms."""
    first, end = bar * new.bar_ticks, (bar + 1) * new.bar_ticks
    drums = [
        {hit[:2] for hit in part.hits if first <= hit.start < end and role_of(hit.pitch) in ("snare", "toms")}
        for part in (old, new)
    ]
    added = drums[1] - drums[0]
    return len(added) >= RUN and any(role_of(pitch) == "toms" for _, pitch in added)


def _outside(part: Pattern, role: str, bars: list[int]) -> list[Tone]:
    return [hit for hit in part.of(role) if hit.start // part.bar_ticks not in bars]


def _bars(bars: list[int]) -> str:
    return f"bar{'s' * (len(bars) > 1)} {bar_numbers(bar + 1 for bar in bars)}"


def _and(names: list[str]) -> str:
    shown = list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
