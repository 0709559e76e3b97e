"""Recommender × case -> Report: every number with its interval, random floor, popularity, and oracle ceiling."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from ..data.arrays import Float32, Float64
from ..data.case import Case
from ..metrics import Interval, interval, ndcg_at, ndcg_ranked, recall_at, share, spearman
from ..recommender import Recommender

LIST, WHOLE = 10, 20  # depth of the metrics on given lists, and on the whole catalog
DRAWS = 20  # random orders whose mean is the floor


@dataclass(frozen=True)
class Measured:
    """model: mean and interval; floor: random orders; popular: popularity; ceiling: the oracle of the same knowledge;
    share: of the way from floor to ceiling. NaN where nobody can know."""

    model: Interval
    floor: float
    popular: float
    ceiling: float
    share: Interval


@dataclass(frozen=True)
class Report:
    """metrics: name -> Measured; per_user: name -> float64 (n_users,), for paired comparisons."""

    case: str
    protocol: str
    n_users: int
    metrics: Mapping[str, Measured]
    per_user: Mapping[str, Float64] = field(repr=False, default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        del found["per_user"]
        return found


def judge(
    model: Recommender, case: Case, rng: np.random.Generator, popular: Mapping[str, Float64] | None = None
) -> Report:
    """How well `model` orders each query's list, and finds its relevant items in the whole catalog.

    popular: what `measure` said of popularity, for comparison
    """
    if case.relevant is not None:  # a delisted item can neither be found nor be missed
        case = replace(case, relevant=case.relevant & model.catalog.available)
    per_user = measure(model, case)
    baseline = popular or {}
    floors = _floors(case, int(model.catalog.available.sum()), rng)
    ceilings = _ceilings(case)
    metrics = {
        name: Measured(
            interval(values, rng),
            _mean(floors[name]),
            _mean(baseline.get(name, _unknown(values))),
            _mean(ceilings.get(name, _unknown(values))),
            share(values, floors[name], ceilings.get(name, _unknown(values)), rng),
        )
        for name, values in per_user.items()
    }
    return Report(case.name, case.protocol, len(case.queries), metrics, per_user)


def measure(model: Recommender, case: Case) -> dict[str, Float64]:
    """metric -> one number a user, float64 (n_users,)."""
    found = _of_lists(model.score(case.queries, case.items), case.relevance)
    return found | _of_catalog(model, case)


def _of_lists(scores: Float32, relevance: Float32) -> dict[str, Float64]:
    return {f"ndcg@{LIST}": ndcg_ranked(scores, relevance, LIST), "spearman": spearman(scores, relevance)}


def _of_catalog(model: Recommender, case: Case) -> dict[str, Float64]:
    if case.relevant is None:
        return {}
    batch = model.encode(case.queries)
    rows, _ = model.levels[0].scorer.top(batch, WHOLE, None, model.catalog.available)
    hits = np.take_along_axis(case.relevant, np.maximum(rows, 0), axis=1) & (rows >= 0)  # (q, WHOLE)
    return _whole(hits, case.relevant)


def _whole(hits: np.ndarray, relevant: np.ndarray) -> dict[str, Float64]:
    n = relevant.sum(axis=1).astype(np.int32)
    return {f"catalog recall@{WHOLE}": recall_at(hits, n), f"catalog ndcg@{WHOLE}": ndcg_at(hits, n)}


def _whole_floors(relevant: np.ndarray, n_available: int) -> dict[str, Float64]:
    """Exact: at every rank of a random order an item is relevant with the chance n / n_available."""
    n, k = relevant.sum(axis=1), min(WHOLE, n_available)
    always = _whole(np.ones((len(n), k), bool), relevant)
    return {name: values * n / max(n_available, 1) for name, values in always.items()}


def _floors(case: Case, n_available: int, rng: np.random.Generator) -> dict[str, Float64]:
    """The mean over random orders, per user."""
    shape = case.items.shape
    rounds = [_of_lists(rng.random(shape, np.float32), case.relevance) for _ in range(DRAWS)]
    found = {name: np.mean([each[name] for each in rounds], axis=0) for name in rounds[0]}
    return found if case.relevant is None else found | _whole_floors(case.relevant, n_available)


def _ceilings(case: Case) -> dict[str, Float64]:
    """What the oracle reaches, per user; on the whole catalog it is perfect, since it says what is relevant."""
    if case.ceiling is None:
        return {}
    found = _of_lists(case.ceiling, case.relevance)
    if case.relevant is not None:
        ones = np.ones((len(case.queries), WHOLE), bool)
        n = case.relevant.sum(axis=1)
        found |= _whole(ones & (np.arange(WHOLE) < n[:, None]), case.relevant)
    return found


def _unknown(values: Float64) -> Float64:
    return np.full(len(values), np.nan)


def _mean(values: Float64) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def quality(reports: Sequence[Report], metric: str = "spearman") -> float:
    """One number to choose by: the mean share of the way to the ceiling; without one, the mean metric."""
    shares = [r.metrics[metric].share.mean for r in reports]
    known = [s for s in shares if not np.isnan(s)]
    return float(np.mean(known)) if known else float(np.mean([r.metrics[metric].model.mean for r in reports]))
