"""Scorer × moments × what was chosen then -> RankingReport: how high did the kind of item stand that somebody chose?

A kind stands where its best item stands, which any scorer can be asked. Each choice is foretold from what its user had
done strictly before it, with what surrounded it. Intervals over days of users: choices of one day hang together.
"""

from time import perf_counter

import numpy as np

from ..data.arrays import Bool, Float32, Float64, Int64
from ..data.dataset import Dataset
from ..data.known import known_before
from ..metrics import intervals
from ..scorers import Scorer
from .full_ranking import Ranked, RankingReport

PROTOCOL = "the kind of each later choice, from what its user had done before it; intervals over days of users"
DEEP = 3  # kinds that count as shown
MOST = 256  # choices of a history, as a model of choices looks at them
CELLS = 8_000_000  # scores that are held at once
DAY = 86_400


def judge_choices(
    scorer: Scorer, data: Dataset, asked: Int64, kinds: Int64, rng: np.random.Generator, begins: int
) -> RankingReport:
    """asked: positions of the choices; kinds: int64 (n_items,), the kind of each item; begins: when judging begins

    ndcg: 1 / log2(1 + place) of the kind chosen; recall: is it among the first DEEP? hit: is it the first?
    """
    start, n_kinds = perf_counter(), int(kinds.max()) + 1
    there, parts = np.bincount(kinds, minlength=n_kinds) > 0, []
    step = max(1, CELLS // len(kinds))
    for rows, batch in known_before(data, asked, most=MOST, repeats=True):
        for at in range(0, len(rows), step):
            some = slice(at, at + step)
            scores = best_of_kinds(scorer.score(batch.take(some)), kinds, n_kinds)
            parts.append(worth(scores, kinds[data.events.item[rows[some]]], there))
    told = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    seconds = perf_counter() - start
    units, n_users = _units(data, asked)
    found = {name: _by_unit(values, units) for name, values in told.items()}
    chosen = kinds[data.events.item[asked]]
    popular = worth(_popular(data, kinds, n_kinds, begins, len(asked)), chosen, there)
    random = worth(np.zeros((1, n_kinds)), chosen[:1], there)
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


def worth(scores: Float64, chosen: Int64, there: Bool) -> dict[str, Float64]:
    """What an order of kinds is worth for the kind chosen, float64 (q,) each; equals stand in every order alike.

    scores: float64 (q, n_kinds), -inf = nothing is said; there: bool (n_kinds,), kinds that have an item
    """
    mine = scores[np.arange(len(scores)), chosen][:, None]
    above, equal = ((scores > mine) & there).sum(axis=1), np.maximum(((scores == mine) & there).sum(axis=1), 1)
    gains = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(2.0 + np.arange(scores.shape[1] + 1)))])
    found = {"ndcg": (gains[above + equal] - gains[above]) / equal}
    for name, deep in (("recall", DEEP), ("hit", 1)):
        found[name] = np.clip(deep - above, 0, equal) / equal
    return found


def _units(data: Dataset, asked: Int64) -> tuple[Int64, int]:
    """Which day of which user each choice is of, and how many users there are."""
    user, day = data.events.user[asked].astype(np.int64), data.events.time[asked] // DAY
    _, units = np.unique(user * (1 << 32) + day, return_inverse=True)
    return units, len(np.unique(user))


def _by_unit(values: Float64, units: Int64) -> Float64:
    return np.asarray(np.bincount(units, values) / np.bincount(units), np.float64)


def _popular(data: Dataset, kinds: Int64, n_kinds: int, begins: int, n: int) -> Float64:
    before = kinds[data.events.item[data.events.time < begins]]
    counts = np.bincount(before, minlength=n_kinds).astype(np.float64)
    return np.broadcast_to(counts, (n, n_kinds))
