"""Scorer × histories × what users chose later -> RankingReport: the whole catalog is ranked, never a sample of it.

Sampled negatives order models differently from the whole catalog (Krichene & Rendle 2020, "On Sampled Metrics for Item
Recommendation"). Lists come from `Scorer.top` alone, asked as a stranger would ask: by history, not by user id.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from ..data.arrays import UNKNOWN, Bool, Csr, Float32, Float64, Int32, Int64, empty_csr
from ..data.query import Batch
from ..errors import DataError, LeakError
from ..metrics import (
    Interval,
    coverage,
    diversity,
    gini,
    intervals,
    novelty,
    popularity_bias,
    popularity_of,
    random_order,
)
from ..scorers import Popularity, Scorer

PROTOCOL = "full ranking of what a user has not had; users with something relevant"


@dataclass(frozen=True)
class Ranked:
    """model: mean and interval; floor: a random order of the same candidates, exact; popular: NaN = not measured."""

    model: Interval
    floor: float
    popular: float


@dataclass(frozen=True)
class RankingReport:
    """
    n_users:  how many were judged, which is those with a relevant item
    metrics:  recall, precision, ndcg, map, mrr and hit at k, as `kernels.ranking` defines them
    beyond:   coverage, gini, novelty, popularity, popularity ratio, diversity (with vectors), as `metrics.beyond` does
    per_user: name -> float64 (q,), a number for each row of the histories; NaN = not judged
    seconds:  that `top` took for all lists
    """

    protocol: str
    k: int
    n_users: int
    metrics: Mapping[str, Ranked]
    beyond: Mapping[str, float]
    per_user: Mapping[str, Float64] = field(repr=False)
    seconds: float

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        del found["per_user"]
        return found


def judge_ranking(
    scorer: Scorer,
    history: Csr,
    relevant: Csr,
    rng: np.random.Generator,
    *,
    k: int = 20,
    popular: Mapping[str, Float64] | None = None,
    vectors: Float32 | None = None,
    allowed: Bool | None = None,
    exclude: Csr | None = None,
    protocol: str = PROTOCOL,
) -> RankingReport:
    """How well the k best items of each user hold what is relevant, and what else these lists are like.

    history:  csr (q, n_items), what the model is told of each user
    relevant: csr (q, n_items), what is to be found, stored non-zeros; users without any are neither asked nor judged
    popular:  what `popularity_baseline` says, for comparison
    vectors:  float32 (n_items, d), in whose space lists are diverse
    allowed:  bool (n_items,); what is not allowed can neither be found nor be missed
    exclude:  csr (q, n_items), what may not be answered; None = the history, an empty matrix = repeats are welcome
    LeakError when a user is to find what may not be answered.
    """
    from ..kernels.ranking import ranking_metrics

    asked = _asked(scorer.n_items, history, relevant, k, allowed, exclude)
    start = perf_counter()
    lists = asked.lists(scorer)
    seconds = perf_counter() - start
    found = ranking_metrics(lists, asked.relevant)
    floors = random_order(asked.n_candidates(), np.diff(asked.relevant.indptr), k)
    metrics = {
        name: Ranked(model, float(floors[name].mean()), asked.mean(popular, name))
        for name, model in zip(found, intervals(np.column_stack(list(found.values())), rng), strict=True)
    }
    beyond = _beyond(lists, asked, popularity_of(history), vectors)
    return RankingReport(protocol, k, len(asked.users), metrics, beyond, asked.spread(found), seconds)


def popularity_baseline(
    history: Csr, relevant: Csr, *, k: int = 20, allowed: Bool | None = None, exclude: Csr | None = None
) -> dict[str, Float64]:
    """What the items reach that most histories hold: name -> float64 (q,), for `judge_ranking` asked the same."""
    from ..kernels.ranking import ranking_metrics

    asked = _asked(history.shape[1], history, relevant, k, allowed, exclude)
    counts = np.bincount((history != 0).indices, minlength=history.shape[1])
    return asked.spread(ranking_metrics(asked.lists(Popularity(counts.astype(np.float32))), asked.relevant))


def compared(a: RankingReport, b: RankingReport, rng: np.random.Generator) -> dict[str, Interval]:
    """a - b for every metric, paired user by user: far narrower than the two intervals."""
    if a.k != b.k:
        raise DataError(f"Metrics at {a.k} do not compare with metrics at {b.k}. Judge both models at one k.")
    ours, theirs = (np.column_stack([report.per_user[name] for name in a.metrics]) for report in (a, b))
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        raise DataError(f"{a.n_users} users and {b.n_users} others do not pair. Judge both models on the same users.")
    return dict(zip(a.metrics, intervals(ours - theirs, rng), strict=True))


@dataclass(frozen=True)
class _Asked:
    """Those who can be judged: users int64 (n,), rows of the q given; matrices csr (n, n_items) of just these."""

    users: Int64
    n_given: int
    history: Csr
    masked: Csr
    relevant: Csr
    allowed: Bool | None
    k: int

    def lists(self, scorer: Scorer) -> Int32:
        """Best first, int32 (n, k)."""
        n, n_items = self.history.shape
        strangers, profile = np.full(n, UNKNOWN, np.int32), np.zeros((n, 0), np.float32)
        batch = Batch(self.history, empty_csr(n, n_items), strangers, profile)
        return scorer.top(batch, self.k, self.masked, self.allowed)[0]

    def n_candidates(self) -> Int64:
        """How many items each of them may be shown, int64 (n,)."""
        may = np.ones(self.masked.shape[1]) if self.allowed is None else self.allowed.astype(np.float64)
        return np.asarray(may.sum() - self.masked @ may, np.int64)

    def spread(self, found: Mapping[str, Float64]) -> dict[str, Float64]:
        """(n,) of those judged -> (q,) of all given, NaN for the others."""
        whole = {name: np.full(self.n_given, np.nan) for name in found}
        for name, values in found.items():
            whole[name][self.users] = values
        return whole

    def mean(self, per_user: Mapping[str, Float64] | None, name: str) -> float:
        """Over those judged; NaN when one of them is missing."""
        return float("nan") if per_user is None else float(per_user[name][self.users].mean())


def _asked(n_items: int, history: Csr, relevant: Csr, k: int, allowed: Bool | None, exclude: Csr | None) -> _Asked:
    masked = history if exclude is None else exclude
    _check_shapes(n_items, history, relevant, masked, allowed, k)
    masked, wanted = _pattern(masked), _pattern(relevant)
    _check_apart(masked, wanted, "history" if exclude is None else "exclude")
    if allowed is not None:
        wanted.data *= allowed[wanted.indices]
        wanted.eliminate_zeros()
    users = np.flatnonzero(np.diff(wanted.indptr))
    if len(users) == 0:
        raise DataError(f"None of {len(history.indptr) - 1} users has a relevant item, so nobody can be judged.")
    return _Asked(users, history.shape[0], history[users], masked[users], wanted[users], allowed, k)


def _pattern(matrix: Csr) -> Csr:
    """1 where a stored value is not zero, float32, indices sorted; a copy."""
    return (matrix != 0).astype(np.float32)


def _check_shapes(n_items: int, history: Csr, relevant: Csr, masked: Csr, allowed: Bool | None, k: int) -> None:
    wanted = (history.shape[0], n_items)
    for name, matrix in (("history", history), ("relevant", relevant), ("exclude", masked)):
        if matrix.shape != wanted:
            raise DataError(f"{name} is {matrix.shape}, not {wanted}. Give one row a user, one column an item known.")
    if allowed is not None and allowed.shape != (n_items,):
        raise DataError(f"allowed is {allowed.shape}, not ({n_items},). Give one truth value an item.")
    if k < 1:
        raise DataError(f"k is {k}. Judge lists of at least one item.")


def _check_apart(masked: Csr, wanted: Csr, name: str) -> None:
    user, item = masked.multiply(wanted).nonzero()
    if len(user):
        raise LeakError(
            f"User row {user[0]} is to find item row {item[0]}, which stands in {name} too ({len(user)} such pairs). "
            "Split so that no pair stands in both; where repeats count, give an empty matrix as exclude."
        )


def _beyond(lists: Int32, asked: _Asked, popularity: Float64, vectors: Float32 | None) -> dict[str, float]:
    n_items = len(popularity)
    shown, n_shown = lists, n_items
    if asked.allowed is not None:  # coverage is a share of what could be shown
        place = np.where(asked.allowed, np.cumsum(asked.allowed) - 1, UNKNOWN)
        shown, n_shown = np.where(lists >= 0, place[lists], UNKNOWN), int(asked.allowed.sum())
    bias = popularity_bias(lists, popularity, asked.history)
    found = {
        "coverage": coverage(shown, n_shown),
        "gini": gini(shown, n_shown),
        "novelty": novelty(lists, popularity),
        "popularity": bias.popularity,
        "popularity ratio": bias.ratio,
    }
    return found if vectors is None else found | {"diversity": diversity(lists, vectors)}
