"""A small lopsided world: one item with everything, one with nothing, one busy user and many quiet ones."""

from typing import Any

import numpy as np

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import Events, events_of
from tastemaker.data.vocab import Vocab
from tastemaker.store import NewVersion, TrainingRun

TASTES = ("woody", "floral")
SCALES = {"ranking": Scale(10, 1)}


def catalog(*ids: str, **changes: Any) -> Catalog:
    """oud has everything; the others ever less."""
    ids = ids or ("oud", "rose", "ōsaka 'zen'", "plain")
    n = len(ids)
    columns: dict[str, Any] = {
        "text": {"description": ("Smoke — and Oud", *[""] * (n - 1))},
        "tags": {"notes": (("oud", "rose petal"), *[()] * (n - 1))},
        "categories": {"brand": ("Byredo", *["Unknown"] * (n - 1))},
        "numbers": {"price": np.array([120.1, *[np.nan] * (n - 1)], np.float32)},
    }
    return Catalog(Vocab(ids), tuple(id_.title() for id_ in ids), **(columns | changes))


def dataset(synthetic: bool = False, users: tuple[str, ...] = ("busy", "quiet", "silent", "nobody")) -> Dataset:
    """busy: 4 events, one edited later; quiet: 1; silent: stated tastes only; nobody: nothing."""
    user, item = np.array([0, 0, 0, 0, 1]), np.array([0, 1, 0, 2, 0])
    value, time = np.array([3, 10, 1, 2, 5.5]), np.array([50, 20, 90, 20, 2**40])
    events = events_of(user, item, value, "ranking", time=time, group=np.array([7, 7, 7, 8, -1]), synthetic=synthetic)
    events = Events(**{**vars(events), "context": {"hour": np.array([1, np.nan, 3, 4, 5], np.float32)}})
    nan = np.nan
    profiles = np.array([[0.9, nan], [nan, nan], [0.25, 0], [nan, nan]], np.float32)
    return Dataset(events, catalog(), Vocab(users), TASTES, profiles, SCALES)


def keys(name: str = "real", n: int = 5) -> list[str]:
    return [f"{name}-{i}" for i in range(n)]


def candidate(**changes: Any) -> NewVersion:
    fixed: dict[str, Any] = {
        "recipe": "scent",
        "algorithm": "bpr",
        "artifact": "ab" * 32,
        "code_version": "1",
        "seed": 3,
    }
    return NewVersion(**(fixed | changes))


def run(version: int, real: int = 0, synthetic: int = 0, **changes: Any) -> TrainingRun:
    fixed: dict[str, Any] = {"started_at": 5, "seconds": 1.5, "peak_memory_bytes": 2**33, "curve": [{"loss": 0.5}]}
    return TrainingRun(version=version, events_real=real, events_synthetic=synthetic, **(fixed | changes))
