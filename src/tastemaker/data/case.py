"""One way of judging: queries, the items that each of them has to order, and the truth."""

from dataclasses import dataclass, field

from .arrays import Bool, Float32, Int32
from .query import Query


@dataclass(frozen=True)
class Case:
    """
    name, protocol: what is asked, in a word and in a sentence
    queries:   what the recommender is told of each user
    items:     int32 (q, n), the list that each query has to order; -1 = padding
    relevance: float32 (q, n), how good each item turned out; NaN = padding
    ceiling:   float32 (q, n), what an oracle with the same knowledge would score; None = nobody can know
    relevant:  bool (q, n_items), for full-catalog ranking; None = not judged
    """

    name: str
    protocol: str
    queries: tuple[Query, ...]
    items: Int32
    relevance: Float32
    ceiling: Float32 | None = None
    relevant: Bool | None = field(default=None, repr=False)
