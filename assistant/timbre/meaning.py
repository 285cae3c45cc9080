"""What words mean to a text encoder of the composer's own, where the words that timbres are known by do not reach.

Any encoder that the package transformers loads will do, by its hub's name or its folder; none ships.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant import hub
from assistant.errors import CannotRead
from assistant.optional import require
from assistant.timbre.features import Frames

_WHERE_FROM = "it comes from the hub over the network, once; or give a folder that holds it: --text-model FOLDER"
_MOST_TOKENS = 64


class Encoder:
    """A loaded text encoder. Raises `MissingPart` without transformers, `CannotRead` where the model cannot be had."""

    def __init__(self, name: str) -> None:
        transformers = require("transformers", what_for="knowing words by a text encoder")
        torch = require("torch", what_for="knowing words by a text encoder")
        self.name = Path(name).name
        folder = Path(name).expanduser()
        if not folder.is_dir() and len(folder.parts) != 2:
            raise CannotRead(
                f"{name} is neither a folder nor a hub's name", hint="such as sentence-transformers/all-MiniLM-L6-v2"
            )
        where, here = (str(folder), True) if folder.is_dir() else (name, not hub.reachable())
        self._torch = torch
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transformers.utils.logging.set_verbosity_error()
            transformers.utils.logging.disable_progress_bar()
            try:
                self._words: Any = transformers.AutoTokenizer.from_pretrained(where, local_files_only=here)
                self._model: Any = transformers.AutoModel.from_pretrained(where, local_files_only=here).eval()
            # OSError: the hub does not answer or has no such model; the others: the files hold something else.
            except (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError) as error:
                away = "it is not on this machine, and the hub cannot be reached"
                why = away if here and not folder.is_dir() else " ".join(str(error).split())[:160]
                raise CannotRead(f"the text encoder {name} could not be had: {why}", hint=_WHERE_FROM) from error

    def directions(self, texts: Sequence[str]) -> Frames:
        """The mean over each text's tokens, of length 1: shape (texts, size)."""
        asked = self._words(list(texts), padding=True, truncation=True, max_length=_MOST_TOKENS, return_tensors="pt")
        with self._torch.no_grad():
            states = self._model(**asked).last_hidden_state.float().numpy()
        heard = asked["attention_mask"].numpy()[..., None]
        means = (states * heard).sum(axis=1) / np.maximum(heard.sum(axis=1), 1)
        directions: Frames = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        return directions

    def nearest(self, text: str, others: Sequence[Sequence[str]]) -> tuple[int, str, float]:
        """Which of `others`, each told in several ways, is nearest in meaning; by which of its ways, and the cosine."""
        ways = [(number, way) for number, ways in enumerate(others) for way in ways]
        found = self.directions([text, *(way for _, way in ways)])
        cosines = found[1:] @ found[0]
        best = int(np.argmax(cosines))
        return ways[best][0], ways[best][1], float(cosines[best])
