"""What drummers do to a groove, each a plain function from hits to hits."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from assistant.vary.drums.pattern import ROLES, Pattern, role_of
from assistant.vary.phrase import Tone

Technique = Callable[[Pattern, Random, float], tuple[Tone, ...]]
"""A part, a random generator, a strength 0..1 → hits; they need not be in order."""

DRUM_TECHNIQUES: dict[str, str] = {
    "fill": "assistant.vary.drums.techniques:fill",
    "ghost-notes": "assistant.vary.drums.techniques:ghost_notes",
    "busier": "assistant.vary.drums.techniques:busier",
    "sparser": "assistant.vary.drums.techniques:sparser",
    "moved-kick": "assistant.vary.drums.techniques:moved_kick",
    "half-time": "assistant.vary.drums.techniques:half_time",
    "double-time": "assistant.vary.drums.techniques:double_time",
    "swing": "assistant.vary.drums.techniques:swing",
    "open-hats": "assistant.vary.drums.techniques:open_hats",
    "other-timekeeper": "assistant.vary.drums.techniques:other_timekeeper",
    "displaced-snare": "assistant.vary.drums.techniques:displaced_snare",
}
KEEPING_ONSETS = ("open-hats", "other-timekeeper")
"""Techniques by which nothing is struck at another moment."""
RIDE, CRASH, CLOSED, OPEN = 51, 49, 42, 46


def fill(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """A run over snare and toms before every fourth bar line and at the end, getting louder; of weak ones a beat, of
    strong ones a bar long. The kick goes on under it."""
    toms = sorted({hit.pitch for hit in part.of("toms")}, reverse=True) or list(ROLES["toms"][:4])
    sounds = [part.sound("snare"), *toms]
    pulses = part.bar_ticks // part.pulse_ticks
    size = part.pulse_ticks * max(1, min(pulses, round(strength * pulses)))
    step = part.fine_ticks * (2 if strength < 0.3 else 1)
    ends = [bar * part.bar_ticks for bar in range(1, part.bars + 1) if bar % 4 == 0 or bar == part.bars]
    hits = [
        hit
        for hit in part.hits
        if role_of(hit.pitch) in ("kick", "percussion") or not any(end - size <= hit.start < end for end in ends)
    ]
    for end in ends:
        moments = [
            tick for tick in range(end - size, end, step) if tick % part.pulse_ticks == 0 or random.random() < 0.8
        ]
        for index, tick in enumerate(moments):
            sound = sounds[min(len(sounds) - 1, index * len(sounds) // len(moments))]
            hits.append(Tone(tick, sound, step, 70 + 45 * index // len(moments)))
        if end < part.length:
            hits.append(Tone(end, CRASH, part.pulse_ticks, 105))
    return tuple(hits)


def ghost_notes(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """Soft snare strokes on 16ths between the beats on which nothing else of kick and snare falls."""
    snare, fine = part.sound("snare"), part.fine_ticks
    taken = {hit.start for hit in part.hits if role_of(hit.pitch) in ("kick", "snare")}
    free = [t for t in range(0, part.length, fine) if part.stress(t) < 2 and t not in taken]
    # The same places in every bar, as a hand plays them.
    places = sorted({tick % part.bar_ticks for tick in free})
    some = set(random.sample(places, min(len(places), 1 + round(strength * len(places) * 0.6))))
    return (*part.hits, *(Tone(t, snare, fine, random.randint(28, 44)) for t in free if t % part.bar_ticks in some))


def busier(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """The timekeeper twice as often, on all beats or on some; a part that has none gets one."""
    keeper = part.timekeeper
    if keeper is None:
        step = part.pulse_ticks // (3 if part.meter.compound else 2)
        ticks = range(0, part.length, step if strength > 0.4 else part.pulse_ticks)
        return (*part.hits, *(Tone(t, CLOSED, part.fine_ticks, 84 if part.stress(t) >= 2 else 66) for t in ticks))
    own = [hit for hit in part.hits if hit.pitch == keeper]
    pulses = range(part.bar_ticks // part.pulse_ticks)
    some = set(random.sample(pulses, max(1, round(strength * len(pulses)))))
    added = []
    for hit, following in zip(own, [*own[1:], None], strict=True):
        gap = (following.start if following else part.length) - hit.start
        if hit.start % part.bar_ticks // part.pulse_ticks in some and 60 < gap <= 2 * part.pulse_ticks:
            added.append(Tone(hit.start + gap // 2, keeper, hit.length, max(20, hit.velocity * 3 // 4)))
    return (*part.hits, *added)


def sparser(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """The least of the hits left out: first what falls between the beats and is soft, the bar's first kick and the
    backbeat last."""
    anchors = {"kick": 2, "snare": 2}

    def weight(hit: Tone) -> tuple[int, float]:
        return part.stress(hit.start) + anchors.get(role_of(hit.pitch), 0), hit.velocity + 20 * random.random()

    ordered = sorted(part.hits, key=weight)
    return tuple(ordered[min(len(ordered) - 1, round(len(ordered) * (0.1 + 0.55 * strength))) :])


def moved_kick(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """Kicks off the bar line struck a 16th or an 8th earlier or later, and new ones before a beat; each bar alike."""
    kick, fine = part.sound("kick"), part.fine_ticks
    places = sorted({hit.start % part.bar_ticks for hit in part.of("kick")} - {0})
    away = {place: random.choice((-2, -1, 1, 2)) * fine for place in places if random.random() < 0.3 + 0.7 * strength}
    hits = []
    for hit in part.hits:
        place = hit.start % part.bar_ticks
        if role_of(hit.pitch) == "kick" and place in away:
            moved = min(part.bar_ticks - fine, max(fine, place + away[place]))
            hits.append(hit._replace(start=hit.start - place + moved))
        else:
            hits.append(hit)
    if strength > 0.4 or not away:
        upbeats = [t for t in range(fine, part.bar_ticks, fine) if part.stress(t) < 2 and t not in places]
        for place in random.sample(upbeats, min(len(upbeats), 1 + round(2 * strength))):
            hits += [Tone(bar * part.bar_ticks + place, kick, fine, 92) for bar in range(part.bars)]
    return tuple(hits)


def half_time(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """The backbeat once a bar, in its middle, and fewer kicks: the bars feel twice as long."""
    pulses = part.bar_ticks // part.pulse_ticks
    middle = (pulses // 2 or 1) % pulses * part.pulse_ticks
    snare = part.sound("snare")
    hits = [hit for hit in part.hits if role_of(hit.pitch) not in ("snare", "kick")]
    hits += [hit for hit in part.of("kick") if hit.start % part.bar_ticks == 0 or part.stress(hit.start) < 2]
    hits += [Tone(bar * part.bar_ticks + middle, snare, part.fine_ticks, 106) for bar in range(part.bars)]
    return tuple(hit for hit in hits if role_of(hit.pitch) != "kick" or hit.start % part.bar_ticks != middle)


def double_time(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """Kick and snare twice as fast, each bar said twice; what keeps time stays."""
    half = part.bar_ticks // 2
    hits = [hit for hit in part.hits if role_of(hit.pitch) not in ("snare", "kick")]
    for hit in part.hits:
        if role_of(hit.pitch) in ("snare", "kick"):
            bar, place = divmod(hit.start, part.bar_ticks)
            start = bar * part.bar_ticks + place // 2 // 10 * 10
            hits += [hit._replace(start=start), hit._replace(start=start + half)]
    return tuple(hits)


def swing(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """What falls between two beats comes late: 8ths as of a triplet, or of strong ones the 16ths."""
    unit = part.pulse_ticks if strength < 0.6 else part.pulse_ticks // 2
    if part.meter.compound:
        unit = part.pulse_ticks // 3
    late = unit // 6 // 10 * 10
    return tuple(hit._replace(start=hit.start + late) if hit.start % unit == unit // 2 else hit for hit in part.hits)


def open_hats(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """Some hats between the beats open, the same in every bar."""
    places = sorted({hit.start % part.bar_ticks for hit in part.hits if hit.pitch == CLOSED})
    between = [place for place in places if part.stress(place) < 2] or places
    some = set(random.sample(between, min(len(between), 1 + round(strength * (len(between) - 1)))))
    opened = (
        hit._replace(pitch=OPEN) if hit.pitch == CLOSED and hit.start % part.bar_ticks in some else hit
        for hit in part.hits
    )
    return tuple(opened)


def other_timekeeper(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """The ride for the hats, the hats for the ride; in half of the bars or in all."""
    keeper = part.timekeeper
    other = RIDE if keeper is None or role_of(keeper) == "hats" else CLOSED
    if keeper is None:
        return part.hits
    first = 0 if strength > 0.5 else part.bars // 2
    return tuple(
        hit._replace(pitch=other) if hit.pitch == keeper and hit.start // part.bar_ticks >= first else hit
        for hit in part.hits
    )


def displaced_snare(part: Pattern, random: Random, strength: float) -> tuple[Tone, ...]:
    """The backbeat of every second bar, or of all, an 8th early or late."""
    away = random.choice((-2, 2, 1, -1)) * part.fine_ticks
    every = 1 if strength > 0.6 else 2
    moved = []
    for hit in part.hits:
        bar, place = divmod(hit.start, part.bar_ticks)
        turned = role_of(hit.pitch) == "snare" and part.stress(hit.start) >= 2 and (bar + 1) % every == 0
        start = min(part.bar_ticks - part.fine_ticks, max(0, place + away))
        moved.append(hit._replace(start=bar * part.bar_ticks + start) if turned else hit)
    return tuple(moved)
