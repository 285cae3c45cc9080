"""One way to ask for a package that may be absent."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from assistant.errors import MissingPart
from assistant.readiness import Readiness

_WITHOUT_WHAT_THEY_ASK_FOR = 'pip install --no-deps "basic-pitch==0.4.0" "tinysoundfont==0.3.7"'

INSTALL = {
    "basic_pitch": _WITHOUT_WHAT_THEY_ASK_FOR,
    "tinysoundfont": _WITHOUT_WHAT_THEY_ASK_FOR,
    "mir_eval": 'pip install "hummingbridge[evaluate]"',
    "librosa": 'pip install "hummingbridge[peers]"',
    "sklearn": 'pip install "hummingbridge[peers]"',
    "aalink": 'pip install "hummingbridge[link]"',
    "dawdreamer": 'pip install "hummingbridge[lv2]"',
    "zeroconf": 'pip install "hummingbridge[advertise]"',
    "transformers": 'pip install "hummingbridge[words]"',
    "torch": 'pip install "hummingbridge[train]"',
    "audiocraft": 'pip install "hummingbridge[musicgen]" && pip install --no-deps "audiocraft==1.3.0"',
    "audiocraft.models": 'pip install "hummingbridge[musicgen]" && pip install --no-deps "audiocraft==1.3.0"',
}
"""The command that brings each package; the first two come in one, without what their metadata asks for."""


def install_command(package: str) -> str:
    package = package.partition(".")[0]
    return INSTALL.get(package, f"pip install {package.replace('_', '-')}")


def require(package: str, *, what_for: str) -> ModuleType:
    """Imports `package`. Raises `MissingPart` with the command that installs it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingPart(f"{what_for} needs the package {package}: {error}", hint=install_command(package)) from error


def check_package(package: str) -> Readiness:
    """Whether `package` is installed, without importing it."""
    if find_spec(package) is None:
        return Readiness("missing", f"package {package} is not installed", install_command(package))
    return Readiness("ready", f"package {package} is installed")
