"""`hummingbridge presets`: the chains and instruments there are, and the composer's own."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING

import click

from bridge.cli.console import answer_json, say, table
from bridge.cli.options import json_option

if TYPE_CHECKING:
    from assistant.effects.chain import Stage
    from assistant.render.instruments import Instrument

DESCRIBED = {
    "transposition": "The melody moved up or down the scale as a whole",
    "diatonic-sequence": "The opening said again a step higher or lower, and again",
    "inversion": "Upside down: what rose falls, what fell rises",
    "retrograde": "Backwards",
    "augmentation": "The opening twice as slow",
    "diminution": "Twice as fast, and said twice",
    "ornamentation": "Turns, mordents and neighbour notes on the longer notes",
    "passing-notes": "Leaps filled with the notes between",
    "reduction": "The lesser notes left out, the bones of the melody kept",
    "rhythmic-displacement": "The whole melody a little later in the bar",
    "syncopation": "Notes that come early, before the beat",
    "new-rhythm": "The same pitches in another rhythm",
    "mode-change": "In minor instead of major, or the other way round",
    "octave-displacement": "Some of the melody an octave away",
    "call-and-answer": "The first half as the call, and an answer that comes home",
    "reharmonised-skeleton": "Bent to fit other chords",
    "contour-preserving-re-pitching": "New pitches that rise and fall where the old ones did",
    "rhythm-preserving-re-pitching": "A new line in the same rhythm",
    "fragmentation": "A small figure of the opening, said again and again",
    "extension": "The first half led on and brought to rest on a long note",
    "learned": "Written by the learned model, as people vary",
    "fill": "Drums: a run over snare and toms before the phrase ends",
    "ghost-notes": "Drums: soft strokes of the snare between the beats",
    "busier": "Drums: hats or ride twice as often",
    "sparser": "Drums: the lesser strokes left out",
    "moved-kick": "Drums: the kick off the beat, the same in every bar",
    "half-time": "Drums: one backbeat a bar",
    "double-time": "Drums: kick and snare twice as fast",
    "swing": "Drums: what falls between the beats comes late",
    "open-hats": "Drums: some of the hats open",
    "other-timekeeper": "Drums: the ride for the hats, or the hats for the ride",
    "displaced-snare": "Drums: the backbeat early or late",
}
"""Each technique in a line, for a list."""


@click.group("presets", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """The chains and instruments there are, and your own.

    \b
    hummingbridge presets list chains
    hummingbridge presets new my-hall --like warm-hall
    """


@command.command("list")
@click.argument("kind", required=False)
@json_option
def listed(kind: str | None, as_json: bool) -> None:
    """What there is, of KIND (chains, instruments, techniques …) or of all kinds."""
    rows = [row for row in _rows() if kind in (None, row["kind"])]
    if not rows and kind is not None:
        from assistant.tables import unknown

        raise unknown(kind, {row["kind"] for row in _rows()}, kind="kind of preset")
    if as_json:
        answer_json({"presets": rows})
        return
    table(("kind", "name", "", "what it is"), [(r["kind"], r["name"], r["whose"], r["description"]) for r in rows])


def _rows() -> list[dict[str, str]]:
    from assistant.brief import LEARNED
    from assistant.presets import KINDS, list_presets
    from assistant.render.general_midi import PROGRAMS
    from assistant.vary.drums.techniques import DRUM_TECHNIQUES
    from assistant.vary.techniques import TECHNIQUES

    rows = [
        {
            "kind": kind,
            "name": preset.name,
            "whose": "yours" if preset.own else "",
            "description": preset.description,
        }
        for kind in KINDS
        for preset in list_presets(kind)
    ]
    named = {row["name"] for row in rows if row["kind"] == "instruments"}
    rows += [
        {"kind": "instruments", "name": name, "whose": "", "description": f"General MIDI {number}"}
        for number, (name, *_) in enumerate(PROGRAMS, start=1)
        if name not in named
    ]
    techniques = (*TECHNIQUES, LEARNED, *DRUM_TECHNIQUES)
    rows += [{"kind": "techniques", "name": name, "whose": "", "description": DESCRIBED[name]} for name in techniques]
    return rows


@command.command("show")
@click.argument("name")
@click.option("--kind", help="chains or instruments, where one of each has that name.")
@json_option
def show(name: str, kind: str | None, as_json: bool) -> None:
    """One preset: its stages, and each knob with its unit and range; or one of the General MIDI sounds."""
    from assistant.presets import find_preset, preset_path, shown
    from assistant.render.instruments import general_midi

    written = any(preset_path(each, name) for each in ("chains", "instruments"))
    if kind in (None, "instruments") and not written and (sound := general_midi(name)):
        _show_sound(sound, as_json=as_json)
        return
    if kind is None:
        kind = "instruments" if preset_path("instruments", name) and not preset_path("chains", name) else "chains"
    path = find_preset(kind, name)
    text = path.read_text(encoding="utf-8")
    if kind != "chains":
        answer_json({"name": name, "file": shown(path), "text": text}) if as_json else say(text)
        return
    from assistant.effects import load_chain

    chain = load_chain(path)
    if as_json:
        answer_json({"name": chain.name, "file": shown(path), **chain.as_dict()})
        return
    say(f"{chain.name}: {chain.description}")
    say(f"file  {path}")
    table(("stage.knob", "is", "range", "what it does"), _knobs(chain.stages))


def _show_sound(sound: Instrument, *, as_json: bool) -> None:
    from assistant.text import file_name

    if as_json:
        facts = {"program": sound.program + 1, "drums": sound.drums, "family": sound.family}
        answer_json({"name": sound.name, **facts, "also": list(sound.synonyms), "range": str(sound.compass)})
        return
    say(f"{sound.name}: {'drum kit' if sound.drums else 'General MIDI'} {sound.program + 1}, {sound.family}")
    say(f"range {sound.compass}")
    if sound.synonyms:
        say(f"also  {', '.join(sound.synonyms)}")
    own = f"my-{file_name(sound.name, otherwise='sound')}"
    say(f"next  hummingbridge presets new {own} --kind instruments --like {quote(sound.name)}")


def _knobs(stages: Sequence[Stage]) -> list[tuple[str, str, str, str]]:
    """Every knob of the stages, those of branches included, as rows."""
    from assistant.effects.chain import parameters_of

    rows = []
    for stage in stages:
        for knob in parameters_of(stage):
            value = stage.mix if knob.name == "mix" else stage.settings[knob.name]
            shown = f"{value:g}" if isinstance(value, int | float) else str(value)
            rows.append((f"{stage.name}.{knob.name}", shown, knob.allowed, knob.what))
        for branch in stage.branches:
            rows += _knobs(branch.stages)
    return rows


@command.command("new")
@click.argument("name")
@click.option("--kind", default="chains", show_default=True, help="chains, instruments or timbres.")
@click.option("--like", help="Begin with a copy of this one.")
@json_option
def new(name: str, kind: str, like: str | None, as_json: bool) -> None:
    """Start a preset of your own, with every knob explained."""
    from assistant.presets import list_presets, new_preset

    ships = any(preset.name == name for preset in list_presets(kind) if not preset.own)
    path = new_preset(kind, name, like=like)
    if as_json:
        answer_json({"name": name, "kind": kind, "file": str(path)})
        return
    say(f"preset   {path}")
    if ships:
        say(f"note     a preset called {name} ships with the program; from now on yours is used in its place")
    say("next     open it in a text editor, then: hummingbridge presets check")


@command.command("check")
@click.argument("kind", required=False)
@json_option
def check(kind: str | None, as_json: bool) -> int:
    """Read every preset and say what is wrong with each."""
    from assistant.presets import check_presets
    from bridge.reply import as_json as error_json
    from bridge.reply import as_text
    from bridge.surfaces import CHECKS

    findings = check_presets(kind, checks=CHECKS)
    wrong = [finding for finding in findings if finding.error]
    if as_json:
        rows = [
            {
                "kind": finding.preset.kind,
                "name": finding.preset.name,
                "file": str(finding.preset.path),
                **(error_json(finding.error) if finding.error else {}),
            }
            for finding in findings
        ]
        answer_json({"checked": len(findings), "wrong": len(wrong), "presets": rows})
    else:
        for finding in wrong:
            if finding.error:
                say(as_text(finding.error))
        say(f"{len(findings)} presets, {len(wrong)} with errors")
    return 1 if wrong else 0
