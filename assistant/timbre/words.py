"""What a composer calls a sound, as a timbre and a chain: `"gritty cyberpunk synth"`, `"distant choir"`."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

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

_PHRASE, _NAME, _SYNONYM_WORD, _WORD = 6.0, 4.0, 1.5, 2.5


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a description means; `because` says so in a sentence."""

    timbre: str
    chain: str
    because: str


def chosen(description: str) -> Chosen:
    """The timbre and the chain for a description. A timbre's own name is that timbre, with no chain.

    Raises `UnknownName` where nothing in it is known.
    """
    names = list_timbres()
    plain = _plain(description)
    if plain.replace(" ", "-") in names:
        return Chosen(plain.replace(" ", "-"), "", "")
    words = plain.split()
    scores = {name: _score(name, plain, words) for name in names}
    best = max(scores, key=lambda name: scores[name], default="")
    if not best or scores[best] == 0:
        near = difflib.get_close_matches(plain.replace(" ", "-"), names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UnknownName(f"timbre {description!r} is unknown", hint=f"{hint}known: {', '.join(names)}")
    chain = _chain(words)
    through = f" through {chain}" if chain else ""
    return Chosen(best, chain, f"{description!r} is played by {best}{through}")


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
