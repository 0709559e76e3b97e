"""A learner's state after each epoch, so that a killed job ends as if nobody had killed it: the last few and the best.

Each is one file, written under another name, synced and renamed, so that it is there wholly or not at all. `index.json`
lists them. One that is damaged all the same is passed over for the one before.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from time import time
from typing import Any

import numpy as np

from ..watch import Arrays, Watch, is_alive

STALE = 3600  # seconds after which a file that another machine was writing is nobody's


@dataclass(frozen=True)
class Checkpoints:
    """folder: where they are kept, None = nowhere; keep: how many of the last ones"""

    folder: Path | None
    keep: int = 3

    @classmethod
    def of(cls, watch: Watch, keep: int, name: str) -> "Checkpoints":
        """Those of the watch's stage, in a folder beside its own checkpoint."""
        folder = None if watch.checkpoint is None else watch.checkpoint.with_suffix("") / name
        return cls(folder, keep)

    def save(self, epoch: int, arrays: Arrays, metrics: Mapping[str, float], best: int) -> None:
        """Keep the state after this many epochs; of the others remain the `keep` latest and that of epoch `best`."""
        if self.folder is None:
            return
        from safetensors.numpy import save

        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self._file(epoch), save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))
        entries = [entry for entry in self.index() if entry["epoch"] < epoch]
        entries.append({"epoch": epoch, "file": self._file(epoch).name, "metrics": dict(metrics)})
        kept = [e for e in entries if e["epoch"] > epoch - max(self.keep, 1) or e["epoch"] == best]
        _write(self.folder / "index.json", json.dumps({"best": best, "checkpoints": kept}, indent=1).encode())
        self._sweep({"index.json", *(entry["file"] for entry in kept)})

    def last(self) -> dict[str, Any] | None:
        """The latest state that can be read, None where there is none."""
        if self.folder is None or not self.folder.is_dir():
            return None
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        self._sweep({file.name for file in self.folder.iterdir() if file.suffix != ".tmp"})
        for file in sorted(self.folder.glob("epoch-*.safetensors"), reverse=True):
            try:
                return dict(load_file(file))
            except (SafetensorError, OSError):
                continue
        return None

    def index(self) -> list[dict[str, Any]]:
        """What is kept: epoch, file and metrics of each, oldest first."""
        try:
            found: list[dict[str, Any]] = json.loads((self.folder / "index.json").read_text())["checkpoints"]  # type: ignore[operator]
        except (OSError, TypeError, ValueError):
            return []
        return found

    def _file(self, epoch: int) -> Path:
        assert self.folder is not None
        return self.folder / f"epoch-{epoch:05d}.safetensors"

    def _sweep(self, kept: set[str]) -> None:
        assert self.folder is not None
        for file in self.folder.iterdir():
            if file.name not in kept and not _in_use(file):
                file.unlink(missing_ok=True)


def _in_use(file: Path) -> bool:
    """May another process be writing it? One of this machine that is there no more is not; of others only age tells."""
    if file.suffix != ".tmp":
        return False
    host, _, pid = file.stem.partition(".")[2].rpartition("-")
    if host == gethostname() and pid.isdigit() and sys.platform != "win32":  # where signal 0 is Ctrl-C
        return is_alive(int(pid))
    try:
        return time() - file.stat().st_mtime < STALE
    except FileNotFoundError:
        return True


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(f".{gethostname()}-{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
