"""A project whose versions say what the test wants: each knows a preference an item, and what it means."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import Events, events_of
from tastemaker.data.vocab import Vocab
from tastemaker.monitor import Limits
from tastemaker.scorers import Calibrated, Popularity, Scorer
from tastemaker.store import NewVersion, Store, activate, add_versions, put_catalog, put_events

ITEMS = tuple(f"i{n}" for n in range(12))
FAMILIES = ("woody", "floral")
STARS = Scale(1, 5, 4)
RECIPE = {
    "title": "a shop", "name": "shop",
    "events": {"scales": {"rating": {"worst": 1, "best": 5, "like": 4}}},
    "tastes": {"families": {"woody": ["oak"], "floral": ["rose"]}},
    "rules": {"repeat": False},
}  # fmt: skip
LIMITS = Limits()
BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
Row = tuple[str, str, float, int]  # user, item, stars, time


def catalog(n: int = len(ITEMS)) -> Catalog:
    """The first half is woody, the second floral."""
    ids = tuple(f"i{k}" for k in range(n))
    return Catalog(Vocab(ids), ids, tags={"notes": tuple(("oak",) if k < n / 2 else ("rose",) for k in range(n))})


def liking(values: Sequence[float]) -> Calibrated:
    """Value = the score; chance of a like = sigmoid(4 · score)."""
    return Calibrated(Popularity(np.array(values, np.float32)), 1.0, 0.0, 4.0, 0.0)


def falling(n: int = len(ITEMS)) -> list[float]:
    """The first item is the best, the last the worst."""
    return np.linspace(0.9, -0.9, n).tolist()


def save(store: Store, scorer: Scorer, items: Catalog | None = None) -> str:
    settings, arrays = scorer.state()
    known = catalog() if items is None else items
    manifest = {"kind": "model", "recipe": "shop", "scorer": settings, "items": known.items.digest,
                "tastes": list(FAMILIES), "features": None}  # fmt: skip
    return store.artifacts.put(manifest, arrays)


def add(store: Store, scorer: Scorer, at: int | None = None, **more: Any) -> int:
    """A version; active since `at`, None = a candidate."""
    new: dict[str, Any] = {"recipe": "shop", "algorithm": "made", "code_version": "1", "seed": 0, "created_at": at or 0}
    new |= {"artifact": save(store, scorer), "events_real": 1} | more
    with store.begin() as conn:
        (id_,) = add_versions(conn, [NewVersion(**new)])
        if at is not None:
            activate(conn, id_, "a test", at)
    return id_


def shop(store: Store, at: int | None = 1000) -> int:
    """A catalog, and a version that likes the first items best."""
    with store.begin() as conn:
        put_catalog(conn, catalog())
    return add(store, liking(falling()), at)


def happen(
    store: Store, rows: Sequence[Row], kind: str = "rating", received: Mapping[int, int] | None = None, tag: str = ""
) -> None:
    """Events; received: position -> when we heard of it, else when it happened."""
    names, items = Vocab(tuple(dict.fromkeys(row[0] for row in rows))), catalog()
    user, item = names.rows(row[0] for row in rows), items.items.rows(row[1] for row in rows)
    time = np.array([row[3] for row in rows], np.int64)
    made = events_of(user, item, np.array([row[2] for row in rows], np.float32), kind, time=time)
    heard = np.array([(received or {}).get(k, int(t)) for k, t in enumerate(time)], np.int64)
    made = Events(**{**vars(made), "received_at": heard})
    keys = [f"{tag}{k} {row}" for k, row in enumerate(rows)]
    with store.begin() as conn:
        put_events(conn, Dataset(made, items, names, scales={"rating": STARS}), keys)
