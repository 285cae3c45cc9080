"""The bridge goes into Ardour's settings and out again, and what stood there stands there still.

`lua5.3` is the independent judge of the scripts where it is installed: it loads them the way Ardour does.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import MissingPart
from bridge.daw.ardour_install import install, installed, outdated, uninstall
from bridge.daw.ardour_scripts import (
    SLOTS,
    UnreadableSettings,
    hooked,
    osc_active,
    slot_of_bridge,
    with_bridge,
    with_osc,
    without_bridge,
)

FOLDER = Path('/home/Zoë "Z" O\\Neil/ardour7/hummingbridge')

# As Ardour 7.3 writes them; the second action's text looks like a statement, and its code is bytecode with any byte.
ACTIONS = (
    b'scripts = {} scripts[1] = {} scripts[1]["n"] = "Mixer Screenshot" scripts[1]["s"] = "-- a\\\nb \\"q\\" "  '
    b'scripts[1]["f"] = "\\27Lua\\0\\1\xff" scripts[1]["a"] = {} scripts[1]["a"]["x-script-origin"] = "/a b.lua"   '
    b'scripts[3] = {} scripts[3]["n"] = "tricky" scripts[3]["s"] = "scripts[9] = {} scripts[9][\\"n\\"] = \\"no\\"" '
    b'scripts[3]["f"] = "return 1" scripts[3]["c"] = true scripts[3]["a"] = {} '
)
HOOK = b's = {} s["n"] = "mine" s["s"] = "-- x" s["f"] = "return 2" s["a"] = {} '


def ui_scripts(actions: bytes = ACTIONS) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<UIScripts>\n'
        f'  <ActionScript lua="Lua 5.3">{base64.b64encode(actions).decode()}</ActionScript>\n  <ActionHooks>\n'
        f'    <LuaCallback lua="Lua 5.3" id="812" name="mine" signals="{"0" * 48}1">{base64.b64encode(HOOK).decode()}'
        "</LuaCallback>\n  </ActionHooks>\n</UIScripts>\n"
    ).encode()


def actions_in(xml: bytes) -> bytes:
    return base64.b64decode(ElementTree.fromstring(xml).findtext("ActionScript") or "")


def hooks_in(xml: bytes) -> dict[str, bytes]:
    hooks = ElementTree.fromstring(xml).findall("ActionHooks/LuaCallback")
    return {hook.get("name", ""): base64.b64decode(hook.text or "") for hook in hooks}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "ardour7"
    folder.mkdir()
    (folder / "config").write_text(
        '<?xml version="1.0"?>\n<Ardour>\n  <Config/>\n  <ControlProtocols>\n'
        '    <Protocol name="Mackie" active="0"/>\n'
        '    <Protocol name="Open Sound Control (OSC)" active="0" banksize="8"/>\n  </ControlProtocols>\n</Ardour>\n'
    )
    return folder


def test_the_bridge_takes_the_first_free_slot_and_leaves_the_others_as_they_are():
    xml, slot = with_bridge(ui_scripts(), FOLDER)
    assert slot == slot_of_bridge(xml) == 2
    assert actions_in(xml).startswith(ACTIONS)
    assert hooks_in(xml)["mine"] == HOOK
    assert hooked(xml)


def test_the_hook_listens_ten_times_a_second_and_to_nothing_else():
    hooks = ElementTree.fromstring(with_bridge(None, FOLDER)[0]).findall("ActionHooks/LuaCallback")
    (signals,) = [hook.get("signals", "") for hook in hooks]
    assert [bit for bit, sign in enumerate(reversed(signals)) if sign == "1"] == [47]


def test_installing_twice_gives_the_same_file():
    once, _ = with_bridge(ui_scripts(), FOLDER)
    assert with_bridge(once, FOLDER)[0] == once


def test_taking_it_out_leaves_every_other_action_and_hook():
    with_it, _ = with_bridge(ui_scripts(), FOLDER)
    without = without_bridge(with_it)
    assert actions_in(without) == ACTIONS
    assert hooks_in(without) == {"mine": HOOK}
    assert without_bridge(without) == without


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda name: name != "hummingbridge")


@given(st.dictionaries(st.integers(1, SLOTS), st.tuples(names, st.binary()), max_size=SLOTS - 1))
def test_any_actions_survive_an_installation_and_its_removal(scripts: dict[int, tuple[str, bytes]]):
    def quoted(data: bytes) -> bytes:
        for plain, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\\n"), (b"\r", b"\\13"), (b"\0", b"\\0")):
            data = data.replace(plain, escaped)
        return b'"' + data + b'"'

    actions = b"scripts = {} " + b"".join(
        b'scripts[%d] = {} scripts[%d]["n"] = %s scripts[%d]["f"] = %s '
        % (n, n, quoted(name.encode()), n, quoted(code))
        for n, (name, code) in scripts.items()
    )
    with_it, slot = with_bridge(ui_scripts(actions), FOLDER)
    assert slot not in scripts
    assert actions_in(without_bridge(with_it)) == actions


def test_with_all_slots_taken_it_says_so():
    full = b"scripts = {} " + b"".join(
        b'scripts[%d] = {} scripts[%d]["n"] = "x" ' % (n, n) for n in range(1, SLOTS + 1)
    )
    with pytest.raises(UnreadableSettings, match="32 places"):
        with_bridge(ui_scripts(full), FOLDER)


@pytest.mark.parametrize(
    "broken", [b"", b"<UIScripts>", b"not xml", ui_scripts(b"os.execute('x')"), ui_scripts(b'scripts[1]["n')]
)
def test_scripts_that_cannot_be_read_are_refused_and_left(config: Path, broken: bytes):
    (config / "ui_scripts").write_bytes(broken)
    with pytest.raises(UnreadableSettings):
        install(config)
    assert (config / "ui_scripts").read_bytes() == broken
    assert not (config / "hummingbridge").exists()


def test_uninstalling_restores_the_files_byte_for_byte(config: Path):
    (config / "ui_scripts").write_bytes(ui_scripts())
    before = {path.name: path.read_bytes() for path in config.iterdir()}
    there = install(config, osc=True)
    assert (there.slot, there.osc) == (2, True)
    assert uninstall(config)
    assert {path.name: path.read_bytes() for path in config.iterdir()} == before


def test_uninstalling_after_a_second_installation_restores_the_first_state(config: Path):
    (config / "ui_scripts").write_bytes(ui_scripts())
    before = {path.name: path.read_bytes() for path in config.iterdir()}
    install(config, osc=True)
    install(config, osc=True)
    uninstall(config)
    assert {path.name: path.read_bytes() for path in config.iterdir()} == before


def test_where_there_were_no_scripts_none_are_left(config: Path):
    install(config)
    uninstall(config)
    assert [path.name for path in config.iterdir()] == ["config"]


def test_scripts_added_after_the_installation_stay_when_it_is_taken_out(config: Path):
    (config / "ui_scripts").write_bytes(ui_scripts())
    install(config)
    later = ElementTree.fromstring((config / "ui_scripts").read_bytes())
    action = later.find("ActionScript")
    assert action is not None
    state = base64.b64decode(action.text or "") + b'scripts[4] = {} scripts[4]["n"] = "later" '
    action.text = base64.b64encode(state).decode()
    (config / "ui_scripts").write_bytes(ElementTree.tostring(later))
    uninstall(config)
    left = (config / "ui_scripts").read_bytes()
    assert actions_in(left) == ACTIONS + b'scripts[4] = {} scripts[4]["n"] = "later" '
    assert not hooked(left)


def test_osc_is_only_switched_on_when_asked_for(config: Path):
    before = (config / "config").read_bytes()
    install(config)
    assert (config / "config").read_bytes() == before
    install(config, osc=True)
    after = (config / "config").read_bytes()
    assert osc_active(after)
    protocols = {each.get("name"): dict(each.attrib) for each in ElementTree.fromstring(after).iter("Protocol")}
    assert protocols["Open Sound Control (OSC)"]["banksize"] == "8"
    assert protocols["Mackie"]["active"] == "0"


def test_osc_that_the_composer_switched_on_stays_on(config: Path):
    on = with_osc((config / "config").read_bytes())
    (config / "config").write_bytes(on)
    install(config, osc=True)
    uninstall(config)
    assert (config / "config").read_bytes() == on


def test_osc_is_switched_on_where_the_settings_name_no_surface():
    assert osc_active(with_osc(b"<Ardour/>"))


def test_what_is_installed_is_known_again(config: Path):
    assert installed(config) is None
    there = install(config)
    assert installed(config) == there
    assert not outdated(there.folder)
    (there.folder / "insert.lua").write_text("-- old")
    assert outdated(there.folder)
    install(config)
    assert not outdated(there.folder)


def test_without_ardours_settings_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(MissingPart) as caught:
        install()
    assert "start it once" in caught.value.hint


def test_uninstalling_where_nothing_is_changes_nothing(config: Path):
    (config / "ui_scripts").write_bytes(ui_scripts())
    assert not uninstall(config)
    assert (config / "ui_scripts").read_bytes() == ui_scripts()


@pytest.mark.skipif(shutil.which("luac5.3") is None and shutil.which("ardour7-lua") is None, reason="no Lua 5.3 here")
def test_the_scripts_are_sound_lua(config: Path, tmp_path: Path):
    (config / "ui_scripts").write_bytes(ui_scripts(b'scripts = {} scripts[1] = {} scripts[1]["n"] = "x" '))
    there = install(config)
    (tmp_path / "actions.lua").write_bytes(actions_in((config / "ui_scripts").read_bytes()))
    (tmp_path / "hook.lua").write_bytes(hooks_in((config / "ui_scripts").read_bytes())["hummingbridge"])
    judge = tmp_path / "judge.lua"
    judge.write_text(
        "local a = assert(loadfile(arg[1])); a(); assert(scripts[1].n == 'x'); local ours = scripts[2]\n"
        "assert(ours.n == 'hummingbridge'); assert(type(assert(load(ours.f))(ours.a)) == 'function')\n"
        "assert(loadfile(arg[2]))(); assert(type(assert(load(s.f))(s.a)) == 'function')\n"
        "for n = 3, #arg do assert(loadfile(arg[n])) end\nprint('sound')\n"
    )
    lua = shutil.which("lua5.3") or "ardour7-lua"
    parts = sorted(str(path) for path in there.folder.glob("*.lua"))
    answer = subprocess.run(
        [lua, judge, tmp_path / "actions.lua", tmp_path / "hook.lua", *parts],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "sound" in answer.stdout, answer.stderr
