"""What a training that is under way was asked for, and what it keeps meanwhile: so that --resume can ask the same."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from ..errors import DataError, QueryError, TrainingError
from ..store import Store
from ..store.folders import replace_file

CHECKPOINTS = Path("cache") / "checkpoints"
FILE = "under-way.json"


@dataclass(frozen=True)
class Asked:
    """A call of `train`: the version it starts from, models by name (() = all), settings instead of the recipe's."""

    start: str | int = "active"
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[str, ...] = ()


@contextmanager
def under_way(store: Store, asked: Asked) -> Iterator[None]:
    """Remembered until it is done, or until it says why it cannot be; who is killed or stopped may resume."""
    path = _file(store)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(asdict(asked), indent=1).encode())
    try:
        yield
    except (DataError, QueryError, TrainingError):
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def interrupted(store: Store) -> Asked:
    """What was begun last and never ended; TrainingError when there is no such training."""
    try:
        found = json.loads(_file(store).read_text("utf-8"))
        return Asked(found["start"], found["seed"], found["options"], tuple(found["models"]))
    except FileNotFoundError:
        raise TrainingError("No training was interrupted here. Run: tastemaker train") from None
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"{_file(store)} cannot be read: {error}. Run: tastemaker train") from error


def kept(checkpoint: Path | None) -> dict[str, Any]:
    """The index of a model's checkpoints: their folder, and epoch, file and metrics of each by the part it is of."""
    if checkpoint is None or not checkpoint.with_suffix("").is_dir():
        return {}
    folder = checkpoint.with_suffix("")
    indexes = sorted(folder.rglob("index.json"))
    parts = {str(index.parent.relative_to(folder)): json.loads(index.read_text("utf-8")) for index in indexes}
    return {"folder": str(CHECKPOINTS / folder.name), "parts": parts}


def drop(store: Store, index: Mapping[str, Any]) -> None:
    """Remove the checkpoints that such an index speaks of."""
    if index.get("folder"):
        rmtree(store.root / index["folder"], ignore_errors=True)


def _file(store: Store) -> Path:
    return store.root / CHECKPOINTS / FILE
