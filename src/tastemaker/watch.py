"""What a long job tells its surroundings, and what it asks of them: progress, cancellation, checkpoints."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

from .errors import Cancelled

Arrays = Mapping[str, Any]  # name -> np.ndarray; Any keeps NumPy out of this floor's imports


@dataclass(frozen=True)
class Progress:
    """One report: `done` of `total` steps of `stage`, and the metrics that are improving."""

    stage: str
    done: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)


def _silent(progress: Progress) -> None:
    pass


def _never() -> bool:
    return False


def _agreed(transaction: Any) -> bool:
    return True


def _nothing(algorithm: Any, train: Any) -> Any:
    return None


def _contiguous(array: Any) -> Any:
    """safetensors writes arrays as they lie in memory, so a transposed one would come back scrambled."""
    import numpy as np

    return np.ascontiguousarray(array)


@dataclass(frozen=True)
class Watch:
    """Passed to everything that takes long. The default one is silent, never cancels and keeps no checkpoint."""

    report: Callable[[Progress], None] = _silent
    cancelled: Callable[[], bool] = _never
    settles: Callable[[Any], bool] = _agreed  # False: somebody cancelled; else nobody can any more
    learned: Callable[[Any, Any], Any] = _nothing  # what this job's algorithm made of these very events, None = nothing
    stage: str = ""
    folder: Path | None = None  # where checkpoints are kept; None = nowhere
    checkpoint: Path | None = None  # this stage's, a .safetensors file
    every: float = 5.0  # seconds between two checkpoints
    _last: list[float] = field(default_factory=lambda: [monotonic()])

    def on(self, stage: str, key: str | None = None) -> "Watch":
        """The same watch, reporting under another stage name; with a key, that stage keeps checkpoints."""
        kept = None if self.folder is None or key is None else self.folder / f"{key}.safetensors"
        return replace(self, stage=stage, checkpoint=kept, _last=[monotonic()])

    def progress(self, done: int, total: int, **metrics: float) -> None:
        """Report; raises Cancelled when somebody asked the job to stop."""
        self.report(Progress(self.stage, done, total, metrics))
        if self.cancelled():
            raise Cancelled(f"{self.stage}: stopped on request at {done} of {total}.")

    @contextmanager
    def step(self, stage: str) -> Iterator[None]:
        """A stage of one step, reported when it begins and when it is done."""
        on = self.on(stage)
        on.progress(0, 1)
        yield
        on.progress(1, 1)

    def settle(self, transaction: Any) -> None:
        """Called in the transaction that makes what was learned visible; raises Cancelled where nobody wants it.

        From then on it is too late to cancel, so that whoever cancels a job either stops it or is told that it is done.
        """
        if self.cancelled() or not self.settles(transaction):
            raise Cancelled("Stopped on request, before anything became visible.")

    def save(self, state: Callable[[], Arrays]) -> None:
        """Keep `state()` so that a killed job resumes; called as often as you like, written every few seconds."""
        if self.checkpoint is None or monotonic() - self._last[0] < self.every:
            return
        from safetensors.numpy import save_file

        self._last[0] = monotonic()
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.checkpoint.with_suffix(f".{os.getpid()}.tmp")
        save_file({name: _contiguous(array) for name, array in state().items()}, temporary)
        temporary.replace(self.checkpoint)

    def restore(self) -> Arrays | None:
        """What `save` kept last, or None; a damaged checkpoint counts as none."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return None
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return dict(load_file(self.checkpoint))
        except (SafetensorError, OSError):
            return None

    def finished(self) -> None:
        """The job is done: its checkpoint is no longer needed."""
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Is a process of this number there? Not to be asked on Windows, where signal 0 is Ctrl-C."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is somebody else's
    return True
