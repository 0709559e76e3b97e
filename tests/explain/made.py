"""A small catalog, and slates of one item."""

from collections.abc import Mapping

import numpy as np

from tastemaker.data.catalog import Catalog
from tastemaker.data.query import Query, Reason, Slate
from tastemaker.data.vocab import Vocab
from tastemaker.explain import Evidence, evidence

N = 44
TITLES = (
    "Night Oud",
    "Smoke",
    "Rose",
    "The Way You Are",
    "Harbor, Lights",
    "You",
    *(f"Other {i}" for i in range(6, N)),
)
NOTES = (
    ("Oud", "Leather", "Tar", "Amber", "Musk"),
    ("amber", "tar", "LEATHER", "oud"),
    ("rose",),
    ("musk", "evening"),
    ("amber",),
    *((("amber", "musk") if i % 2 else ("amber",)) for i in range(5, N)),
)
ENERGY = np.linspace(0.0, 1.0, N, dtype=np.float32)
CATALOG = Catalog(
    Vocab(("a: one", *(f"item {i}" for i in range(1, N)))),
    TITLES,
    tags={"notes": NOTES},
    categories={"brand": ("Orrin", "Halden", "Orrin", *("" for _ in range(3, N)))},
    numbers={"energy": ENERGY, "mode": (np.arange(N) % 2).astype(np.float32), "gaps": np.full(N, np.nan, np.float32)},
)


def slate(item: str, parts: Mapping[str, float], score: float | None = None, level: str = "active") -> Slate:
    reasons = tuple(Reason(part, weight) for part, weight in parts.items())
    total = sum(parts.values()) if score is None else score
    return Slate((item,), (total,), (level,), (reasons,), "1", level)


def told(item: str, parts: Mapping[str, float], query: Query | None = None, **more: object) -> Evidence:
    (found,) = evidence(slate(item, parts, **more), CATALOG, query)
    return found
