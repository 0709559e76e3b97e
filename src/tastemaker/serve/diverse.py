"""Lists that repeat themselves less: maximal marginal relevance (Carbonell & Goldstein 1998, eq. 1).

Chosen one by one: (1 - d) · relevance - d · the largest likeness to what is chosen already. Relevance falls evenly with
the rank, since scores of different models share no scale; likeness is the share of words that two items have in common.
"""

from dataclasses import replace
from typing import Any

from ..data.catalog import Catalog
from ..data.query import Query, Slate
from .live import Live

POOL = 5  # times as many are looked at as are shown


def widened(query: Query, diversity: float) -> Query:
    """The same query for more items."""
    return replace(query, n=min(query.n * POOL, query.n + 200)) if diversity else query


def diversified(slate: Slate, n: int, diversity: float, live: Live) -> Slate:
    """The n that say most together; diversity: from 0, the best, to 1, the least alike."""
    words = [_words(live.catalog, int(row)) for row in live.catalog.items.rows(slate.items)]
    left, chosen = list(range(len(slate.items))), list[int]()
    near = [0.0] * len(left)
    while left and len(chosen) < n:
        best = max(left, key=lambda k: (1 - diversity) * (1 - k / len(slate.items)) - diversity * near[k])
        left.remove(best)
        chosen.append(best)
        for k in left:
            near[k] = max(near[k], _alike(words[k], words[best]))

    def cut(column: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(column[k] for k in chosen)

    return replace(
        slate, items=cut(slate.items), scores=cut(slate.scores), sources=cut(slate.sources), reasons=cut(slate.reasons),
        propensities=cut(slate.propensities),
    )  # fmt: skip


def _words(catalog: Catalog, row: int) -> frozenset[str]:
    said = [value for column in catalog.categories.values() if (value := column[row])]
    said += [tag for column in catalog.tags.values() for tag in column[row]]
    return frozenset(text.lower() for text in said)


def _alike(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0
