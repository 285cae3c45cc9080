"""What a composer calls a sound, as a timbre and a chain: `"gritty cyberpunk synth"`, `"distant choir"`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from assistant.errors import UnknownName
from assistant.presets import list_presets
from assistant.timbre.timbre import list_timbres

CHAIN_WORDS: dict[str, str] = {
    "distant": "cathedral",
    "far": "cathedral",
    "church": "cathedral",
    "huge": "cathedral",
    "gritty": "gritty",
    "dirty": "gritty",
    "distorted": "gritty",
    "cyberpunk": "cyberpunk",
    "neon": "cyberpunk",
    "dystopian": "cyberpunk",
    "dreamy": "dream",
    "ethereal": "shimmer",
    "heavenly": "shimmer",
    "angelic": "shimmer",
    "warm": "warm-hall",
    "hall": "warm-hall",
    "concert": "warm-hall",
    "dusty": "vinyl",
    "vintage": "tape",
    "old": "vinyl",
    "retro": "tape",
    "lo-fi": "lofi",
    "lofi": "lofi",
    "phone": "telephone",
    "drowned": "underwater",
    "sunken": "underwater",
    "wide": "wide-pad",
    "intimate": "dry-room",
    "close": "dry-room",
    "robotic": "robot",
}
"""An adjective → the chain that it calls for. The chains' own names count too."""

TIMBRE_WORDS: dict[str, str] = {
    "choir": "voice-ah",
    "vocal": "voice-ah",
    "human": "voice-ah",
    "voice": "voice-ah",
    "synth": "gritty-lead",
    "synthesiser": "gritty-lead",
    "synthesizer": "gritty-lead",
    "lead": "gritty-lead",
    "growling": "gritty-lead",
    "acid": "gritty-lead",
    "pad": "warm-pad",
    "analogue": "warm-pad",
    "analog": "warm-pad",
    "crystal": "glass",
    "icy": "glass",
    "bell": "glass",
    "sub": "sub-bass",
    "808": "sub-bass",
    "bass": "sub-bass",
    "orchestra": "string-section",
    "strings": "string-section",
    "section": "string-section",
    "sax": "tenor-sax",
    "saxophone": "tenor-sax",
    "reed": "clarinet",
    "brass": "trumpet",
    "woodwind": "flute",
    "fiddle": "violin",
    "violoncello": "cello",
    "contrabass": "double-bass",
    "hunting": "horn",
}
"""A word → the timbre that it most likely means."""

SETTING_WORDS: dict[str, tuple[str, float]] = {
    "steady": ("vibrato", 0.0),
    "straight": ("vibrato", 0.0),
    "expressive": ("vibrato", 1.5),
    "trembling": ("vibrato", 2.0),
    "even": ("loudness", 0.4),
    "calm": ("loudness", 0.6),
    "dynamic": ("loudness", 1.4),
    "dramatic": ("loudness", 1.4),
    "soft": ("attack", 0.3),
    "gentle": ("attack", 0.3),
    "bowed": ("attack", 0.0),
    "breathy": ("noise", 0.6),
    "airy": ("noise", 0.6),
    "whispering": ("noise", 1.0),
    "subtle": ("wet", 0.5),
    "blended": ("wet", 0.6),
    "dry": ("room", 0.0),
}
"""A word → a setting of the transfer, and its value."""

_PHRASE, _NAME, _SYNONYM_WORD, _WORD = 6.0, 4.0, 1.5, 2.5


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a description means; `settings` are the transfer's, by their names. `because` says so in a sentence."""

    timbre: str
    chain: str
    because: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def chosen(description: str, *, text_model: str = "") -> Chosen:
    """The timbre, the chain and the settings for a description. A timbre's own name is that timbre, and nothing else.

    Where no word in it is known, `text_model`, a text encoder's folder or its name on a hub, chooses by what timbres
    are described as. Raises `UnknownName` where nothing in it is known, and what `Encoder` raises.
    """
    names = list_timbres()
    plain = _plain(description)
    if plain.replace(" ", "-") in names:
        return Chosen(plain.replace(" ", "-"), "", "")
    words = plain.split()
    scores = {name: _score(name, plain, words) for name in names}
    best = max(scores, key=lambda name: scores[name], default="")
    why = ""
    if best and scores[best] == 0 and text_model and plain:
        best, why = _by_meaning(description, names, text_model)
    elif not best or scores[best] == 0:
        near = difflib.get_close_matches(plain.replace(" ", "-"), names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}? " if near else ""
        if not text_model:
            hint = f"{hint}a text encoder may know it (--text-model); " if not near else hint
        raise UnknownName(f"timbre {description!r} is unknown", hint=f"{hint}known: {', '.join(names)}")
    chain = _chain(words)
    through = f" through {chain}" if chain else ""
    settings = dict(SETTING_WORDS[word] for word in words if word in SETTING_WORDS)
    with_these = "".join(f", {name} {value:g}" for name, value in settings.items())
    because = f"{description!r} is played by {best}{through}{with_these}{why}"
    return Chosen(best, chain, because, MappingProxyType(settings))


def _by_meaning(description: str, names: Sequence[str], text_model: str) -> tuple[str, str]:
    """The timbre whose description or one of whose names is nearest, and why."""
    from assistant.presets import find_preset, read_toml
    from assistant.timbre.meaning import Encoder

    encoder = Encoder(text_model)
    told = [
        (name.replace("-", " "), str(read_toml(find_preset("timbres", name))["description"]), *_synonyms(name))
        for name in names
    ]
    number, way, cosine = encoder.nearest(description, told)
    return names[number], f": to {encoder.name} it is nearest to {way!r} (cosine {cosine:.2f})"


def _score(name: str, plain: str, words: list[str]) -> float:
    own = name.replace("-", " ")
    score = _NAME * (own in plain or all(word in words for word in own.split()))
    score += sum(_WORD for word in words if TIMBRE_WORDS.get(word) == name)
    for synonym in _synonyms(name):
        phrase = _plain(synonym)
        score += _PHRASE * (f" {phrase} " in f" {plain} ")
        score += max((_SYNONYM_WORD for word in words if word in phrase.split()), default=0.0) * 0.4
    return score


def _chain(words: list[str]) -> str:
    known = {preset.name for preset in list_presets("chains")}
    for word in words:
        if word in CHAIN_WORDS and CHAIN_WORDS[word] in known:
            return CHAIN_WORDS[word]
        if word in known:
            return word
    return ""


def _synonyms(name: str) -> tuple[str, ...]:
    from assistant.presets import find_preset, read_toml

    return tuple(str(word) for word in read_toml(find_preset("timbres", name)).get("synonyms", ()))


def _plain(text: str) -> str:
    return re.sub(
        r"[\s_]+", " ", text.lower().replace("-", " ") if "lo-fi" not in text.lower() else text.lower()
    ).strip()
