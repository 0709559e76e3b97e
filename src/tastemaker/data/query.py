"""What is asked and what is answered, in external ids; and the encoded form that scorers see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from .arrays import Csr, Float32, Int32, Int64, csr, csr_beside


@dataclass(frozen=True)
class Query:
    """One request. Everything is optional: with nothing known the answer is the best guess for anybody.

    likes:      ids that the user likes
    ratings:    id -> preference in [-1, 1] (the project's door turns ranks and stars into it)
    user:       an id; what the store knows of the user is added before the query comes here
    profile:    stated tastes, name -> [0, 1]
    context:    block -> name -> number (an emotion distribution, an hour …)
    candidates: only these ids may be answered; None = the whole catalog
    exclude:    these ids may not be answered
    filters:    column -> allowed value
    now:        UTC seconds; None = the caller has no clock
    when:       id -> UTC seconds of its rating, where known
    """

    likes: tuple[str, ...] = ()
    ratings: Mapping[str, float] = field(default_factory=dict)
    user: str | None = None
    profile: Mapping[str, float] = field(default_factory=dict)
    context: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    candidates: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    n: int = 10
    now: int | None = None
    when: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """Encoded queries.

    positives: csr (q, n_items), 1 where an item is liked
    ratings:   csr (q, n_items), signed preference in [-1, 1]; an explicit 0 is a neutral rating
    user:      int32 (q,), -1 = a stranger
    profile:   float32 (q, n_tastes), NaN = not stated
    context:   "block:name" -> float32 (q,), NaN = not said
    now:       int64 (q,) UTC seconds, 0 = unknown
    when:      csr int64 (q, n_items) of the pattern of `ratings`, both with sorted columns, UTC seconds; None = unknown
    """

    positives: Csr
    ratings: Csr
    user: Int32
    profile: Float32
    context: Mapping[str, Float32] = field(default_factory=dict)
    now: Int64 = field(default_factory=lambda: np.zeros(0, np.int64))
    when: Csr | None = None

    def __post_init__(self) -> None:
        if len(self.now) == 0:
            object.__setattr__(self, "now", np.zeros(len(self.user), np.int64))

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: Int64 | slice) -> "Batch":
        """The queries at these positions."""
        cut = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in ("context", "when")}
        context = {name: block[rows] for name, block in self.context.items()}
        return Batch(**cut, context=context, when=None if self.when is None else self.when[rows])

    def evidence(self) -> Csr:
        """Likes and ratings in one: csr (q, n_items), a rating wins over a like of the same item."""
        if self.positives.nnz == 0 and self.ratings.has_sorted_indices:
            return self.ratings
        likes = (self.positives - self.positives.multiply(pattern(self.ratings))).tocoo()
        ratings = self.ratings.tocoo()  # joined by hand: a sum of sparse matrices would lose the neutral ratings
        rows, columns, values = (
            np.concatenate([getattr(likes, name), getattr(ratings, name)]) for name in ("row", "col", "data")
        )
        return csr(rows, columns, values, self.ratings.shape)

    def moments(self) -> Int64:
        """When each entry of `evidence` was given, int64 (nnz,): UTC seconds, 0 = unknown, so before all others."""
        evidence = self.evidence()
        if self.when is None:
            return np.zeros(evidence.nnz, np.int64)
        if self.positives.nnz == 0:
            return np.asarray(self.when.data, np.int64)
        columns = np.int64(evidence.shape[1])
        cells, timed = _cells(evidence, columns), _cells(self.when, columns)
        found = np.zeros(evidence.nnz, np.int64)
        found[np.searchsorted(cells, timed)] = self.when.data
        return found


def _cells(matrix: Csr, columns: np.int64) -> Int64:
    """The stored cells as numbers, ascending where columns are sorted."""
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return np.asarray(row * columns + matrix.indices)


def pattern(matrix: Csr) -> Csr:
    """1 for every stored entry, be it a 0."""
    return csr_beside(matrix, np.ones_like(matrix.data))


@dataclass(frozen=True)
class Reason:
    """A named part of a score: `part` ("taste:woody", "liked:ID") moved this item up or down by `weight`."""

    part: str
    weight: float


@dataclass(frozen=True)
class Slate:
    """The answer, best first.

    sources: per item, the level of the fallback chain that chose it
    version: the model version of the level that answered first; level, level_reason: how far down and why
    propensities: per position, the chance that exploration had to show this item there (1 = no draw)
    spoke:   the part of the model that chose, where its parts take turns ("neural", "mapping" …)
    """

    items: tuple[str, ...]
    scores: tuple[float, ...]
    sources: tuple[str, ...]
    reasons: tuple[tuple[Reason, ...], ...]
    version: str
    level: str
    level_reason: str = ""
    arm: str | None = None
    propensities: tuple[float, ...] = ()
    spoke: str = ""
