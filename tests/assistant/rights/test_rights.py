"""Rights: the table of what is used, and the manifest of a take."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UnknownName
from assistant.render.soundfonts import LICENCES as SOUNDFONT_LICENCES
from assistant.rights import (
    BASIC_PITCH,
    MELODY_MODEL,
    PARTS,
    ROLES,
    SOURCES,
    NotForSale,
    check_for_sale,
    combined,
    find_part,
    licence,
    manifest,
    role_of,
    source_of,
)
from assistant.rights.spdx import is_expression, is_non_commercial, is_unknown
from assistant.take import Licence, Recipe, Take, take_id

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
OSI = {"MIT License": "MIT", "BSD License": "BSD-3-Clause"}


def take(
    kind: str,
    name: str = "",
    *,
    step: str = "step",
    parents: tuple[Take, ...] = (),
    licences: tuple[Licence, ...] = (),
    **facts: object,
) -> Take:
    recipe = Recipe(step, parents=tuple(parent.id for parent in parents), licences=licences)
    blobs = {"audio": "0" * 64}
    return Take(take_id(kind, recipe, blobs), kind, name, "2026-01-02T03:04:05+00:00", recipe, blobs, facts)


HUM = take("recording", "hum", step="record")
MOTIF = take("motif", "motif", step="hum", parents=(HUM,), licences=(BASIC_PITCH,))
VARIED = take("variation", "sigh", step="vary", parents=(MOTIF,), licences=(MELODY_MODEL,))
PLAYED = take("render", "sigh cello", parents=(VARIED,), licences=(Licence("SoundFont", "TimGM6mb", "GPL-2.0-only"),))
GENERATED = take("render", "band", step="generate", parents=(MOTIF,), licences=(licence("musicgen"),))


def source(*line: Take) -> str:
    term: str = manifest(line[-1], line[:-1])["digital_source_type"]
    return term.removeprefix(IPTC)


def test_every_part_has_a_known_role_a_licence_that_spdx_can_read_and_an_origin() -> None:
    for part in PARTS.values():
        assert part.role in ROLES
        assert is_expression(part.spdx)
        assert not is_unknown(part.spdx)
        assert part.where_from


@pytest.mark.parametrize(
    "package", ["swift-f0", "tinysoundfont", "onnxruntime", "mido", "pretty_midi", "soxr", "soundfile"]
)
def test_the_table_says_what_the_packages_themselves_say(package: str) -> None:
    try:
        about = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    classes = [line.split(" :: ")[-1] for line in about.get_all("Classifier") or [] if line.startswith("License")]
    assert PARTS[package].spdx == (about.get("License-Expression") or OSI[classes[0]])


def test_the_table_and_the_soundfonts_that_are_found_agree() -> None:
    for name, spdx in SOUNDFONT_LICENCES.items():
        assert PARTS[name].spdx == spdx


def test_a_part_is_found_by_the_beginning_of_its_name() -> None:
    assert find_part("FluidR3_GM") is PARTS["FluidR3"]
    assert find_part("chain warm-hall") is PARTS["chain"]
    assert find_part("chainsaw") is None
    assert licence("FluidR3_GM") == Licence("samples", "FluidR3_GM", "MIT")
    with pytest.raises(UnknownName, match="part 'fluidr' is unknown"):
        licence("fluidr")


def test_what_is_not_in_the_table_has_the_role_of_its_kind() -> None:
    assert role_of(Licence("SoundFont", "my own", "NOASSERTION")) == "samples"
    assert role_of(Licence("chain", "warm-hall", "GPL-3.0-or-later")) == "preset"
    assert role_of(Licence("generator", "a band", "MIT")) == "generator"


@pytest.mark.parametrize(
    ("expression", "forbids"),
    [
        ("MIT", False),
        ("CC-BY-NC-4.0", True),
        ("CC-BY-NC-SA-4.0", True),
        ("MIT OR CC-BY-NC-4.0", False),
        ("MIT AND CC-BY-NC-4.0", True),
        ("(MIT OR CC-BY-NC-4.0) AND Apache-2.0", False),
        ("(MIT AND CC-BY-NC-4.0) OR CC-BY-NC-ND-4.0", True),
        ("GPL-2.0-or-later WITH Classpath-exception-2.0", False),
        ("CC BY-NC 4.0, see (", True),
    ],
)
def test_a_licence_forbids_commercial_use_when_every_choice_does(expression: str, forbids: bool) -> None:
    assert is_non_commercial(expression) is forbids


@pytest.mark.parametrize(
    "text", ["", "MIT MIT", "MIT AND", "(MIT", "MIT)", "AND", "MIT WITH", "MIT, BSD", "MIT WITH OR"]
)
def test_what_is_no_expression_is_unknown(text: str) -> None:
    assert not is_expression(text)
    assert is_unknown(text)


def test_a_licence_that_nobody_told_is_unknown() -> None:
    assert is_unknown("NOASSERTION")
    assert not is_unknown("MIT OR NOASSERTION")


def test_each_step_has_its_source_type() -> None:
    assert source_of(HUM) == "digitalCapture"
    assert source_of(take("motif", "from a file")) == "digitalCreation"
    assert source_of(MOTIF) == "algorithmicallyEnhanced"
    assert source_of(VARIED) == "algorithmicMedia"
    assert source_of(GENERATED) == "trainedAlgorithmicMedia"


def test_the_composer_may_state_the_source_type() -> None:
    assert source_of(take("motif", digital_source_type="trainedAlgorithmicMedia")) == "trainedAlgorithmicMedia"
    with pytest.raises(UnknownName, match="digital source type 'compositedMedia' is unknown"):
        source_of(take("motif", digital_source_type="compositedMedia"))


def test_the_whole_line_decides_about_the_source_type() -> None:
    assert source(HUM) == "digitalCapture"
    assert source(HUM, MOTIF) == "algorithmicallyEnhanced"
    assert source(HUM, MOTIF, VARIED, PLAYED) == "algorithmicMedia"
    assert source(HUM, MOTIF, GENERATED) == "compositeWithTrainedAlgorithmicMedia"
    assert source(take("render", licences=(licence("musicgen"),))) == "trainedAlgorithmicMedia"


@given(st.lists(st.sampled_from(sorted(SOURCES)), min_size=1))
def test_a_trained_model_anywhere_in_the_line_is_always_told(terms: list[str]) -> None:
    whole = combined(terms)
    assert whole in SOURCES
    assert any("rained" in term for term in terms) == ("rained" in whole)
    assert combined([*terms, *reversed(terms)]) == whole


def test_the_manifest_says_what_it_is_whose_and_by_which_licences() -> None:
    told = manifest(PLAYED, (HUM, MOTIF, VARIED))
    assert told["what"] == "render from the composer's recording “hum”, made by rules; played with TimGM6mb"
    assert [own["id"] for own in told["composers_own"]] == [HUM.id]
    assert [step["id"] for step in told["steps"]] == [HUM.id, MOTIF.id, VARIED.id, PLAYED.id]
    assert [(row["name"], row["spdx"], row["takes"]) for row in told["licences"]] == [
        ("basic-pitch", "Apache-2.0", [MOTIF.id]),
        ("hummingbridge-ngram", "GPL-3.0-or-later", [VARIED.id]),
        ("TimGM6mb", "GPL-2.0-only", [PLAYED.id]),
    ]
    assert told["non_commercial"] is False
    assert told["unknown_licences"] == []
    check_for_sale(told)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_one_recording_alone_is_the_composers_own() -> None:
    assert manifest(HUM, ())["what"] == "recording by the composer"


def test_non_commercial_material_anywhere_in_the_line_is_refused_for_sale() -> None:
    child = take("effects", "band lofi", parents=(GENERATED,))
    told = manifest(child, (HUM, MOTIF, GENERATED))
    assert told["non_commercial"] is True
    with pytest.raises(
        NotForSale, match=r"band lofi is not for commercial use: .* musicgen \(CC-BY-NC-4\.0\)"
    ) as raised:
        check_for_sale(told)
    assert raised.value.hint


def test_a_soundfont_of_unknown_licence_is_named() -> None:
    played = take("render", licences=(Licence("SoundFont", "my own", "NOASSERTION"),))
    assert manifest(played, ())["unknown_licences"] == ["my own"]


def test_a_preset_of_the_composers_own_is_not_said_to_ship() -> None:
    shipped = Licence("chain", "chain warm-hall", "GPL-3.0-or-later")
    own = Licence("chain", "chain mine", "CC0-1.0")
    rows = manifest(take("effects", licences=(shipped, own)), ())["licences"]
    assert [bool(row["where_from"]) for row in rows] == [True, False]
