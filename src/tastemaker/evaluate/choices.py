"""Scorer × moments × what was chosen then -> RankingReport: how high did the kind of item stand that somebody chose?

A kind stands where its best item stands, which any scorer can be asked. Each choice is foretold from what its user had
done strictly before it, with what surrounded it. Intervals over days of users: choices of one day hang together.
"""

from time import perf_counter

import numpy as np

from ..data.arrays import Float32, Float64, Int64
from ..data.dataset import Dataset
from ..data.known import known_before
from ..metrics import intervals
from ..scorers import Scorer
from .full_ranking import Ranked, RankingReport

PROTOCOL = "the kind of each later choice, from what its user had done before it; intervals over days of users"
DEEP = 3  # kinds that count as shown
MOST = 256  # choices of a history, as a model of choices looks at them
DAY = 86_400


def judge_choices(
    scorer: Scorer, data: Dataset, asked: Int64, kinds: Int64, rng: np.random.Generator, begins: int
) -> RankingReport:
    """asked: positions of the choices; kinds: int64 (n_items,), the kind of each item; begins: when judging begins

    ndcg: 1 / log2(1 + place) of the kind chosen; recall: whether it is among the first DEEP; hit: whether it is the first
    """
    start, n_kinds = perf_counter(), int(kinds.max()) + 1
    place = np.full(len(asked), np.nan)
    done = 0
    for rows, batch in known_before(data, asked, most=MOST):
        scores = best_of_kinds(scorer.score(batch), kinds, n_kinds)
        place[done : done + len(rows)] = places(scores, kinds[data.events.item[rows]])
        done += len(rows)
    seconds = perf_counter() - start
    units, n_users = _units(data, asked)
    found = {name: _by_unit(values, units) for name, values in _worth(place).items()}
    there = np.bincount(kinds, minlength=n_kinds) > 0
    popular = _worth(places(_popular(data, kinds, n_kinds, there, begins, len(asked)), kinds[data.events.item[asked]]))
    random = _worth(np.arange(1.0, there.sum() + 1))
    metrics = {
        name: Ranked(model, float(random[name].mean()), float(popular[name].mean()))
        for name, model in zip(found, intervals(np.column_stack(list(found.values())), rng), strict=True)
    }
    return RankingReport(PROTOCOL, DEEP, n_users, metrics, {}, found, seconds)


def best_of_kinds(scores: Float32, kinds: Int64, n_kinds: int) -> Float64:
    """The best score of each kind, float64 (q, n_kinds); -inf where no item of it has any."""
    found = np.full((len(scores), n_kinds), -np.inf)
    known = np.where(np.isnan(scores), -np.inf, scores)
    for kind in np.unique(kinds):
        found[:, kind] = known[:, kinds == kind].max(axis=1)
    return found


def places(scores: Float64, chosen: Int64) -> Float64:
    """Where the chosen kind stands, from 1; among equals in the middle; float64 (q,)."""
    mine = scores[np.arange(len(scores)), chosen][:, None]
    return np.asarray(1.0 + (scores > mine).sum(axis=1) + ((scores == mine).sum(axis=1) - 1) / 2.0, np.float64)


def _worth(place: Float64) -> dict[str, Float64]:
    return {"ndcg": 1.0 / np.log2(1.0 + place), "recall": 1.0 * (place <= DEEP), "hit": 1.0 * (place < 1.5)}


def _units(data: Dataset, asked: Int64) -> tuple[Int64, int]:
    """Which day of which user each choice is of, and how many users there are."""
    user, day = data.events.user[asked].astype(np.int64), data.events.time[asked] // DAY
    _, units = np.unique(user * (1 << 32) + day, return_inverse=True)
    return units, len(np.unique(user))


def _by_unit(values: Float64, units: Int64) -> Float64:
    return np.asarray(np.bincount(units, values) / np.bincount(units), np.float64)


def _popular(data: Dataset, kinds: Int64, n_kinds: int, there: np.ndarray, begins: int, n: int) -> Float64:
    before = kinds[data.events.item[data.events.time < begins]]
    counts = np.where(there, np.bincount(before, minlength=n_kinds), -np.inf)
    return np.broadcast_to(counts, (n, n_kinds))
