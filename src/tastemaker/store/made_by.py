"""Who makes something here, and with what: kept with every version."""

import getpass
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from socket import gethostname
from typing import Any

PACKAGES = ("numpy", "scipy", "numba", "torch")


def environment() -> dict[str, Any]:
    """Python, the system and the packages that decide what a seed gives."""
    return dict(_environment())


@cache
def _environment() -> dict[str, Any]:
    found = {name: said for name in PACKAGES if (said := _installed(name))}
    return {"python": platform.python_version(), "system": platform.platform(), **found}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def who() -> str:
    """user@host, as far as the system says."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # no such user, as in many containers
        name = "unknown"
    return f"{name}@{gethostname()}"
