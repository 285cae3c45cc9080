"""Which plugins there are: looked for once, remembered until their files change, with those that failed and how.

The memory is a file of JSON in the cache folder; without it everything is looked for again.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.errors import MissingPart, PluginFailed, UnknownName
from assistant.files import write_whole
from assistant.optional import check_package, install_command
from assistant.plugins import FORMATS, HOSTS
from assistant.plugins.host import HostedPlugin, Limits, SeveralPlugins
from assistant.tables import unknown
from midi.errors import HummingbridgeError

_MEMORY = 1
"""Raised where what is remembered changes its shape: an older file is then forgotten."""

LICENCES = {"Damien Zammit": "GPL-2.0-or-later"}
"""maker → the licence that all its plugins are under, where that is known; a plugin itself does not say."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin. `stamp` tells whether its file changed; `failed` says how it failed when it was looked at."""

    kind: str
    name: str
    path: str
    stamp: str = ""
    version: str = ""
    maker: str = ""
    category: str = ""
    instrument: bool = False
    latency: int = 0
    knobs: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    failed: str = ""
    part: str = ""
    """Which of several in the file, empty for the only one."""

    @property
    def reference(self) -> str:
        """What chains and instruments call it."""
        return f"{self.kind}:{self.name}"

    @property
    def titled(self) -> str:
        """Name, version and maker, as recipes and manifests say it."""
        return " ".join(filter(None, [self.name, self.version, f"({self.maker})" if self.maker else ""]))

    @property
    def licence_spdx(self) -> str:
        return LICENCES.get(self.maker, "NOASSERTION")

    def record(self) -> dict[str, str]:
        """What a recipe says of it."""
        facts = {"name": self.name, "format": self.kind, "version": self.version, "maker": self.maker}
        return facts | {"licence": self.licence_spdx}

    def opened(self, limits: Limits | None = None) -> HostedPlugin:
        """The plugin in a process of its own. Raises `PluginFailed`, at once for one that failed before."""
        if self.failed:
            raise PluginFailed(
                f"plugin {self.name} is not used: it {self.failed.removeprefix(f'plugin {self.name} ')}",
                hint=f'try it again with: hummingbridge plugins scan --again "{self.name}"',
            )
        return HostedPlugin(self.kind, Path(self.path), self.part, limits=limits)


def folders(kind: str) -> tuple[Path, ...]:
    """Where plugins of a format lie, the composer's own first; `VST3_PATH` adds to them."""
    home = Path.home()
    mac, windows = sys.platform == "darwin", sys.platform == "win32"
    own = [Path(each) for each in os.environ.get(f"{kind.upper()}_PATH", "").split(os.pathsep) if each]
    usual: list[Path] = []
    if kind == "au" and mac:
        usual = [home / "Library/Audio/Plug-Ins/Components", Path("/Library/Audio/Plug-Ins/Components")]
    elif kind == "lv2" and mac:
        usual = [home / "Library/Audio/Plug-Ins/LV2", Path("/Library/Audio/Plug-Ins/LV2")]
    elif kind == "lv2" and windows:
        usual = [Path(os.environ.get("COMMONPROGRAMFILES", "C:/Program Files/Common Files")) / "LV2"]
    elif kind == "vst3" and mac:
        usual = [home / "Library/Audio/Plug-Ins/VST3", Path("/Library/Audio/Plug-Ins/VST3")]
    elif kind == "vst3" and windows:
        usual = [Path(os.environ.get("COMMONPROGRAMFILES", "C:/Program Files/Common Files")) / "VST3"]
    elif kind in ("vst3", "lv2"):
        usual = [home / f".{kind}", Path(f"/usr/local/lib/{kind}"), Path(f"/usr/lib/{kind}")]
    return tuple(dict.fromkeys([*own, *usual]))


def files(kind: str) -> tuple[Path, ...]:
    """Every plugin file of a format, by name."""
    found: dict[str, Path] = {}
    for folder in folders(kind):
        for path in sorted(folder.rglob(f"*{FORMATS[kind]}")):
            # A bundle may hold a file that ends as it does.
            if not any(parent.suffix == FORMATS[kind] for parent in path.parents):
                found.setdefault(path.name, path)
    return tuple(found[name] for name in sorted(found, key=str.lower))


def hosted_kinds() -> tuple[str, ...]:
    """The formats whose host is installed."""
    return tuple(kind for kind in FORMATS if kind not in HOSTS or check_package(HOSTS[kind]).state == "ready")


def known() -> tuple[Plugin, ...]:
    """What is remembered and whose file is as it was."""
    return tuple(plugin for plugin in _remembered() if plugin.stamp == stamp(Path(plugin.path)))


def scan(
    kinds: tuple[str, ...] | None = None,
    *,
    again: str | None = None,
    limits: Limits | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Plugin, ...]:
    """Every plugin on this machine of the formats that can be hosted; only files that are new or changed are loaded,
    each in a process of its own.

    `again` has one looked at anew, `""` all. One that fails is listed with how, and is not loaded again of itself.
    """
    kinds = hosted_kinds() if kinds is None else kinds
    remembered: dict[str, list[Plugin]] = {}
    for plugin in known():
        if again is None or not (again == "" or _alike(again, plugin.name)):
            remembered.setdefault(plugin.path, []).append(plugin)
    wanted = [(kind, path) for kind in kinds for path in files(kind)]
    fresh = [(kind, path) for kind, path in wanted if str(path) not in remembered]
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:
        for done, found in enumerate(pool.map(lambda each: look_at(*each, limits=limits), fresh), start=1):
            remembered[str(fresh[done - 1][1])] = list(found)
            if progress:
                progress(done / len(fresh))
    paths = {str(path) for _, path in wanted}
    elsewhere = [plugin for plugin in known() if plugin.kind not in kinds]
    plugins = [plugin for path, several in remembered.items() if path in paths for plugin in several]
    return _remember([*plugins, *elsewhere])


def look_at(kind: str, path: Path, *, limits: Limits | None = None) -> tuple[Plugin, ...]:
    """The plugins in a file, loaded once to see what they are."""
    plugin = Plugin(kind, path.stem, str(path), stamp(path))
    try:
        return (_looked_at(plugin, limits),)
    except SeveralPlugins as error:
        return tuple(_looked_at(replace(plugin, name=name, part=name), limits) for name in error.names)


def find(reference: str) -> Plugin:
    """The plugin that `vst3:NAME` or `vst3:PATH` means; its file is looked at if it was not before.

    Raises `UnknownName` with the nearest, `MissingPart` for a format whose host is not installed.
    """
    kind, _, sought = reference.partition(":")
    if kind not in FORMATS:
        raise unknown(kind, FORMATS, kind="plugin format")
    if kind not in hosted_kinds():
        raise MissingPart(f"{kind.upper()} plugins need the package {HOSTS[kind]}", hint=install_command(HOSTS[kind]))
    remembered = [plugin for plugin in known() if plugin.kind == kind]
    path = Path(sought).expanduser()
    if path.is_absolute():
        if not path.exists():
            raise UnknownName(f"plugin {sought} does not exist", hint="check the path")
        return _first_of(kind, path, remembered)
    for plugin in remembered:
        if _alike(sought, plugin.name):
            return plugin
    for path in files(kind):
        if _alike(sought, path.stem):
            return _first_of(kind, path, remembered)
    near = unknown(
        sought, {*(plugin.name for plugin in remembered), *(path.stem for path in files(kind))}, kind="plugin"
    )
    raise UnknownName(near.message, hint=f"{near.hint}; hummingbridge plugins scan looks for new ones")


def stamp(path: Path) -> str:
    """Changes when the plugin's file does, or any file in its bundle; empty where there is none."""
    try:
        inside = [path, *path.rglob("*")] if path.is_dir() else [path]
        newest = max(each.stat().st_mtime_ns for each in inside)
        return f"{newest}-{sum(each.stat().st_size for each in inside if each.is_file())}"
    except OSError:
        return ""


def _first_of(kind: str, path: Path, remembered: list[Plugin]) -> Plugin:
    for plugin in remembered:
        if plugin.path == str(path):
            return plugin
    found = look_at(kind, path)
    _remember([*(plugin for plugin in known() if plugin.path != str(path)), *found])
    return found[0]


def _looked_at(plugin: Plugin, limits: Limits | None) -> Plugin:
    try:
        with plugin.opened(limits) as hosted:
            return Plugin(**{**asdict(plugin), **hosted.facts, "knobs": tuple(hosted.facts["knobs"])})
    except SeveralPlugins:
        raise
    except HummingbridgeError as error:
        return replace(plugin, failed=error.message)


def _alike(sought: str, name: str) -> bool:
    return _plain(sought) == _plain(name)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _file() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("hummingbridge")) / "plugins.json"


def _remembered() -> Iterator[Plugin]:
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(data, dict) and data.get("memory") == _MEMORY:
        for row in data["plugins"]:
            yield Plugin(**{**row, "knobs": tuple(row["knobs"])})


def _remember(plugins: list[Plugin]) -> tuple[Plugin, ...]:
    ordered = tuple(sorted(plugins, key=lambda plugin: (plugin.kind, plugin.name.lower(), plugin.path)))
    data = {"memory": _MEMORY, "plugins": [asdict(plugin) for plugin in ordered]}
    write_whole(_file(), json.dumps(data, indent=1).encode())
    return ordered
