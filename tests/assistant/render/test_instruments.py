"""Instruments by name: every General MIDI sound, its synonyms, and the composer's own."""

import pytest
from pretty_midi import program_to_instrument_name

from assistant.errors import InvalidPreset, UnknownName
from assistant.presets import own_folder
from assistant.render.general_midi import DRUM_KITS, PROGRAMS
from assistant.render.instruments import INSTRUMENTS, find_instrument, load_instrument_file, program_of
from midi.pitch import parse_pitch


@pytest.mark.parametrize("program", range(128))
def test_every_program_answers_to_the_standards_name(program):
    assert program_of(program_to_instrument_name(program)) == program


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("cello", 42),
        ("strings", 48),
        ("upright bass", 32),
        ("nylon guitar", 24),
        ("rhodes", 4),
        ("Nylon-Guitar", 24),
        ("  UPRIGHT_BASS ", 32),
        ("sax", 65),
        ("vibes", 11),
        ("choir", 52),
        ("moog bass", 38),
        ("pad", 89),
        ("horn", 60),
        ("cor anglais", 69),
    ],
)
def test_musicians_names_find_their_program(name, program):
    assert program_of(name) == program


def test_no_name_means_two_instruments():
    names = [name for row in PROGRAMS for name in (row[0], *row[3])] + [
        name for kit in DRUM_KITS for name in (kit[0], *kit[2])
    ]
    assert len(names) == len(set(names))


def test_all_128_sounds_and_the_kits_are_there():
    assert len(INSTRUMENTS) == 128 + len(DRUM_KITS)
    assert sorted(each.program for each in INSTRUMENTS.values() if not each.drums) == list(range(128))


def test_drums_are_drums():
    assert find_instrument("drum kit").drums
    assert not find_instrument("cello").drums


def test_an_instrument_knows_its_compass():
    assert str(find_instrument("cello").compass) == "C2-E5"
    assert find_instrument("violin").compass.low == parse_pitch("G3")


@pytest.mark.parametrize(
    ("name", "near"), [("celo", "cello"), ("guitr", "guitar"), ("electric gitar", "electric guitar"), ("flut", "flute")]
)
def test_an_unknown_name_lists_near_ones(name, near):
    with pytest.raises(UnknownName, match=name) as error:
        program_of(name)
    assert repr(near) in error.value.hint


def test_a_name_like_none_lists_the_families():
    with pytest.raises(UnknownName) as error:
        program_of("qqqq")
    assert "strings" in error.value.hint


def test_a_shipped_instrument_bends_a_sound():
    felt = find_instrument("felt piano")
    assert (felt.program, felt.velocity_scale) == (0, 0.5)


def write(text: str, name: str = "mine"):
    path = own_folder() / "instruments" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_composers_instrument_is_found_first():
    write('sound = "flute"\ntranspose_semitones = 12\nsoundfont = "x.sf2"\nbank = 3\nprogram = 9', "cello")
    mine = find_instrument("cello")
    assert (mine.program, mine.bank, mine.transpose_semitones) == (9, 3, 12)
    assert mine.soundfont == own_folder() / "instruments" / "x.sf2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "key 'sound' is missing"),
        ('sound = "celo"', "sound 'celo' is not a General MIDI sound"),
        ('sound = "cello"\ngan_db = 1', "unknown key 'gan_db'"),
        ('sound = "cello"\ngain_db = 99', "key 'gain_db': 99 is outside -36..24"),
        ('sound = "cello"\ngain_db = "loud"', "key 'gain_db': 'loud' is not a number"),
        ('sound = "cello"\ngain_db = nan', "key 'gain_db': nan is not a number"),
        ('sound = "cello"\ngain_db = true', "key 'gain_db': True is not a number"),
        ('sound = "cello"\ntranspose_semitones = 0.5', "key 'transpose_semitones': 0.5 is not a whole number"),
        ('sound = "cello"\nsoundfont = 3', "key 'soundfont' is not text"),
        ('sound = "cello"\nengine = 3', "key 'engine' is not text"),
    ],
)
def test_a_faulty_instrument_names_file_and_key(text, said):
    with pytest.raises(InvalidPreset) as error:
        load_instrument_file(write(text))
    assert error.value.message == f"presets/instruments/mine.toml: {said}"
    assert error.value.hint
