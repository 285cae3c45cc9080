"""What is kept and discarded re-ranks what comes next; nothing chosen, nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.brief import Brief
from assistant.library import Library
from assistant.steps import Varied, notes_of, vary
from assistant.vary import Variation
from assistant.vary import vary as varied
from assistant.vary.taste import Choice, taste_of
from midi.clip import Clip
from midi.compare import likeness
from midi.motif import Motif
from midi.note import Note
from midi.scale import Key
from midi.smf import motif_score, smf_bytes

BEATS = (1, 0.5, 0.5, 1, 1)
SONGS = (
    (64, 65, 67, 69, 67, 67, 64, 62, 60, 62, 64, 62, 60, 59, 60, 62, 64, 65, 67, 60),
    (67, 65, 64, 62, 64, 60, 62, 64, 65, 67, 69, 67, 65, 64, 62, 64, 62, 60, 59, 60),
    (60, 64, 67, 65, 64, 62, 65, 69, 67, 65, 64, 67, 72, 71, 69, 67, 65, 62, 64, 60),
    (72, 71, 69, 67, 65, 67, 69, 71, 72, 67, 64, 65, 67, 64, 60, 62, 64, 62, 59, 60),
)


def song(number: int) -> Motif:
    notes, now = [], 0.0
    for index, pitch in enumerate(SONGS[number]):
        notes.append(Note(now, pitch, BEATS[index % 5]))
        now += BEATS[index % 5]
    return Motif(Clip(tuple(notes)), Key(0))


def groove() -> Motif:
    notes = [Note(beat / 2, 42, 0.25) for beat in range(16)]
    notes += [Note(beat, 36 if beat % 2 == 0 else 38, 0.25) for beat in range(8)]
    return Motif(Clip(tuple(notes)), drums=True)


Likes = Callable[[Motif, Variation], bool]
LIKES: dict[str, Likes] = {
    "fewer notes": lambda motif, made: len(made.motif.notes) < 0.85 * len(motif.notes),
    "the same rhythm": lambda motif, made: likeness(motif.clip, made.motif.clip).rhythm > 0.9,
    "what rules make": lambda motif, made: made.source == "rules",
}


def choices(likes: Likes, motif: Motif, seed: int = 1) -> list[Choice]:
    """Two of ten kept and two discarded, of each kind the nearest and the furthest."""
    offered = varied(motif, Brief(seed=seed))
    liked = [made for made in offered if likes(motif, made)]
    others = [made for made in offered if not likes(motif, made)]
    liked, others = ({id(made): made for made in (*some[:1], *some[-1:])}.values() for some in (liked, others))
    return [Choice(motif, made.motif, tuple(made.technique.split(" + ")), made in liked) for made in (*liked, *others)]


def share(likes: Likes, offered: tuple[Variation, ...], motif: Motif) -> float:
    return sum(likes(motif, made) for made in offered) / len(offered)


@pytest.mark.parametrize("name", LIKES)
def test_a_composer_is_offered_more_of_what_was_kept_on_music_not_yet_chosen_from(name: str):
    likes = LIKES[name]
    taste = taste_of([c for number in (0, 1) for seed in (1, 2, 3) for c in choices(likes, song(number), seed)])
    rounds = [(song(number), Brief(seed=seed)) for number in (2, 3) for seed in (5, 6, 7, 8)]
    before = sum(share(likes, varied(motif, brief), motif) for motif, brief in rounds) / len(rounds)
    after = sum(share(likes, varied(motif, brief, taste), motif) for motif, brief in rounds) / len(rounds)
    assert after > before + 0.1


def test_with_taste_too_there_are_ten_from_near_to_far_and_constraints_hold():
    taste = taste_of(choices(LIKES["fewer notes"], song(0)))
    offered = varied(song(3), Brief(keep="rhythm", locked_bars=frozenset({1})), taste)
    near = [made.closeness for made in offered]
    assert len({made.motif.notes for made in offered}) == 10
    assert near == sorted(near, reverse=True)
    for made in offered:
        assert made.motif.bar(1) == song(3).bar(1)
        assert [note.start_beats for note in made.motif.notes] == [note.start_beats for note in song(3).notes]


def test_drums_have_their_own_taste():
    kept = [Choice(groove(), made.motif, (made.technique,), liked=True) for made in varied(groove(), SWUNG)]
    bad = [Choice(groove(), made.motif, (made.technique,), liked=False) for made in varied(groove(), SPARSE)]
    taste = taste_of(kept + bad)

    def count(name: str, offered: tuple[Variation, ...]) -> int:
        return sum(name in made.technique for made in offered)

    before, after = varied(groove(), Brief(seed=3)), varied(groove(), Brief(seed=3), taste)
    assert count("swing", after) > count("swing", before)
    assert count("sparser", after) <= count("sparser", before)


SWUNG = Brief(count=2, techniques=("swing",))
SPARSE = Brief(count=2, techniques=("sparser",))


def test_nobody_who_chose_nothing_has_a_taste():
    passed = [replace(choice, weight=0.25) for choice in choices(LIKES["fewer notes"], song(0))]
    assert taste_of([]) is taste_of(passed) is None


@pytest.fixture
def library(tmp_path: Path):
    with Library(tmp_path / "library") as opened:
        yield opened


def offered(library: Library, tmp_path: Path, number: int, seed: int = 0) -> Varied:
    path = tmp_path / f"song{number}.mid"
    path.write_bytes(smf_bytes(motif_score(song(number), name=path.stem)))
    return vary(library, notes_of(library, str(path)), Brief(seed=seed))


def music(some: Varied) -> list[Motif]:
    return [made.motif for made in some.variations]


def test_choices_are_kept_by_library_said_and_undone_and_can_be_forgotten(library: Library, tmp_path: Path):
    first = offered(library, tmp_path, 0)
    usual = music(offered(library, tmp_path, 1))
    for rank, mark in ((2, "kept"), (4, "kept"), (7, "discarded")):
        library.mark(first.takes[rank].id, mark)
    chosen = offered(library, tmp_path, 1)
    assert music(chosen) != usual
    assert chosen.choices == "chosen with what you kept (2) and discarded (1) in mind"
    assert chosen.takes[0].facts["choices"] == chosen.choices
    assert chosen.takes[0].recipe.settings["choices"]["kept"] == 2
    assert music(offered(library, tmp_path, 1)) == music(chosen)
    assert library.forget_choices() == 3
    assert library.get(first.takes[2].id).mark == "kept"
    again = offered(library, tmp_path, 1)
    assert music(again) == usual
    assert again.choices == ""


def test_a_choice_made_after_forgetting_counts_and_one_that_is_undone_does_not(library: Library, tmp_path: Path):
    first = offered(library, tmp_path, 0)
    library.mark(first.takes[0].id, "kept")
    library.forget_choices()
    library.mark(first.takes[1].id, "kept")
    assert [take.id for take in library.choices()] == [first.takes[1].id]
    library.undo()
    assert library.choices() == ()


def test_forgetting_is_undone_and_done_again_like_any_step(library: Library, tmp_path: Path):
    first = offered(library, tmp_path, 0)
    library.mark(first.takes[0].id, "kept")
    assert library.forget_choices() == 1
    assert library.undo() == "forgot what was kept and discarded"
    assert [take.id for take in library.choices()] == [first.takes[0].id]
    library.redo()
    assert library.choices() == ()
    library.purge()
    assert library.choices() == ()
    assert library.forget_choices() == 0


def test_without_choices_a_recipe_says_nothing_of_them(library: Library, tmp_path: Path):
    recipe = offered(library, tmp_path, 0).takes[0].recipe
    assert "choices" not in recipe.settings
