"""One virtual environment for each competitor: what one of them requires cannot keep another from its best version.

A competitor that will not install is not dropped: the reason goes into the results.
"""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TORCH = "torch==2.13.0"  # before what needs it; which build that is, the package index decides


@dataclass(frozen=True)
class Need:
    """package: the distribution whose version is reported; before: what pip must have installed already."""

    package: str
    before: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


NEEDS = {
    "tastemaker": Need("tastemaker"),
    "implicit": Need("implicit"),
    "lightfm": Need("lightfm-next"),
    "cornac": Need("cornac"),
    "lenskit": Need("lenskit", before=(TORCH,)),
    "rectools": Need("rectools"),
    "ranx": Need("ranx", beside=("scipy",)),
    "faiss": Need("faiss-cpu", beside=("scipy",)),
    "surprise": Need("scikit-surprise", beside=("scipy",)),
    "numpy": Need("numpy", beside=("scipy",)),
}


@dataclass(frozen=True)
class Installed:
    """versions: of the package and of what its speed hangs on; error: why it is not there, or empty."""

    python: str
    versions: dict[str, str]
    error: str = ""


REPORTED = ("numpy", "scipy", "numba", "pandas", "torch")


def install(name: str, folder: Path) -> Installed:
    """Build the environment, or find it as it was built by the same lines before."""
    need, python, stamp = NEEDS[name], folder / name / "bin" / "python", folder / name / "installed"
    steps = [need.before, ("--editable", str(ROOT)) if name == "tastemaker" else (need.package, *need.beside)]
    wanted = hashlib.sha256(
        f"{sys.version}{steps}{(ROOT / 'pyproject.toml').read_text() if name == 'tastemaker' else ''}".encode()
    )
    if not (stamp.exists() and stamp.read_text() == wanted.hexdigest()):
        print(f"installing {name} …", flush=True)
        lines = [[sys.executable, "-m", "venv", "--clear", str(folder / name)]]
        lines += [[str(python), "-m", "pip", "install", "--quiet", *step] for step in steps if step]
        for line in lines:
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            if done.returncode:
                return Installed(str(python), {}, _reason(done.stderr))
        stamp.write_text(wanted.hexdigest())
    return Installed(str(python), _versions(python, need.package))


def _reason(stderr: str) -> str:
    """pip's own last error lines."""
    lines = [line.strip() for line in stderr.splitlines() if re.search(r"error", line, re.IGNORECASE)]
    return " ".join(line[:150] for line in lines[-2:]) or stderr[-300:]


def _versions(python: Path, package: str) -> dict[str, str]:
    line = [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
    found = {entry["name"].lower(): entry["version"] for entry in listed}
    cuda = sum(name.startswith("nvidia-") for name in found)
    shown = {package: found.get(package.lower(), "?")} | {name: found[name] for name in REPORTED if name in found}
    return shown | ({"CUDA packages": str(cuda)} if cuda else {})
