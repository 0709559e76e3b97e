"""Hybrid: content carries the items that nobody has met, collaboration the others, and where that turns is learned.

    score(u, i) = v_i content(u, i) + w_i collaborative(u, i);    log v, log w linear in log(1 + events of i)

Some users are dealt apart, and some items are withheld from the others, so that both kinds of item are there to choose
on. Two models learn from the rest, and what the users held out look for decides, by NDCG@k:

1. w / v, its level and its slope, **among items of which as much is known** (no event, 1, 2-3, 4-7, …), meaned over
   users and strata. It begins where the scores of both spread about alike, which was best or nearly so in each stratum
   of every log that we tried, and moves only to what is better by two standard errors of users: the best of many
   settings on a few hundred lists is mostly luck. Each model alone is among what is tried.
2. The slope of v, among all items, where not fewer items with events are shown than content alone would show. Without
   that bound a past that is sampled teaches nonsense: where lists are dealt to train and test, what no training list
   has must be in one of the others, and a model that hides whatever anybody has met scores best.

The same users say when learning is to stop. Then both learn again from everything. Cost: each model twice, and
O(users pool strata) for each of some 100 settings.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Float64, Int32, Int64
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.pairs import dealt_apart
from ..data.query import Batch
from ..errors import TrainingError
from ..metrics import ndcg_at
from ..scorers import Gated, Scorer
from ..scorers.gated import item_weights
from ..watch import Progress, Watch
from .base import Algorithm
from .graph_filter import GraphFilter
from .held_out import check_share, hits_of
from .strangers import strangers
from .together import Together

LEVELS = tuple(float(level) for level in np.linspace(-5.0, 5.0, 21))
STEPS = ((1, (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0)), (0, (-0.5, 0.5)))  # of the slope, of the level
ROUNDS = 6
STEPS_EACH = 100  # of progress, a member
BALANCE = -0.25  # log w / v to begin with, of scores in units of their spread
SURELY = 2.0  # standard errors
FEW = 20  # users, of whom fewer change nothing
RISES = tuple(float(rise) for rise in np.linspace(-3.0, 1.0, 33))  # slopes of v
NEVER = -np.inf
CONTENT_ALONE = np.array([[0.0, 0.0], [NEVER, 0.0]])
COLLABORATIVE_ALONE = np.array([[NEVER, 0.0], [0.0, 0.0]])


@dataclass(frozen=True)
class Hybrid(Algorithm):
    """
    members:  the content model, then the collaborative one
    held_out: share of the users that the weights are learned on, unless validation events are given
    fresh:    share of the items that the members do not learn from meanwhile
    users:    at most so many are asked; pool: best items of each member that are weighed; k: depth of the NDCG
    """

    members: tuple[Algorithm, ...] = field(default_factory=lambda: (Together(), GraphFilter(near=())))
    held_out: float = 0.2
    fresh: float = 0.1
    users: int = 2000
    pool: int = 200
    k: int = 10

    def __post_init__(self) -> None:
        check_share(self.held_out)
        if len(self.members) != 2:
            raise TrainingError(f"A hybrid has two members, content and collaborative; there are {len(self.members)}.")

    def require(self) -> None:
        for member in self.members:
            member.require()

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Gated:
        """`start` is not taken up: the weights belong to both models as they learned together. Where nobody can be
        asked, content answers alone."""
        begun = deepcopy(rng)  # each member draws as it would alone
        part, asking = train, valid
        liking = train.where(train.liked())
        if asking is None and round(self.held_out * len(np.unique(liking.events.user))):
            dealt = dealt_apart(liking, self.held_out, self.fresh, rng)
            part, asking = dealt.split.train, dealt.split.valid
        found = None if asking is None else strangers(asking, self.users, rng, len(features.tastes))
        if found is None:
            content, collaborative = self._fitted(train, features, begun, watch, 0, 1)
            return Gated(content, collaborative, event_counts(train), CONTENT_ALONE.copy())
        parts = [part] if valid is not None else [part, train]
        fits = [
            self._fitted(one, features, begun, watch, i, len(parts), asking if one is part else None)
            for i, one in enumerate(parts)
        ]
        weights = Strata.of(fits[0], *found, event_counts(part), self.pool, self.k).best()
        content, collaborative = fits[-1]
        return Gated(content, collaborative, event_counts(parts[-1]), weights)

    def _fitted(
        self, data: Dataset, features: Features, rng: np.random.Generator, watch: Watch, round_: int, rounds: int,
        valid: Dataset | None = None,
    ) -> tuple[Scorer, Scorer]:  # fmt: skip
        """Both members. What the same job learned from the same events, with the same settings, is taken as it is."""
        models = []
        for place, member in enumerate(self.members):
            own = (
                None if watch.checkpoint is None else watch.checkpoint.with_suffix("") / f"{round_}-{place}.safetensors"
            )
            done = 2 * round_ + place
            on = replace(watch, report=_within(watch, done, 2 * rounds), checkpoint=own)
            found = watch.learned(member, data)
            models.append(member.fit(data, features, deepcopy(rng), on, valid) if found is None else found)
            watch.progress(STEPS_EACH * (done + 1), STEPS_EACH * 2 * rounds)
        return models[0], models[1]


def _within(watch: Watch, done: int, total: int) -> Callable[[Progress], None]:
    """A member's progress as part of the whole; what is measured while it learns from a part is the curve."""

    def report(progress: Progress) -> None:
        steps = STEPS_EACH * done + STEPS_EACH * progress.done // max(progress.total, 1)
        metrics = {"epoch": progress.done, **progress.metrics} if progress.metrics and done < 2 else {}
        watch.report(Progress(progress.stage, steps, STEPS_EACH * total, metrics))

    return report


def event_counts(data: Dataset) -> Float32:
    """How many likes each item had, float32 (n_items,)."""
    return np.bincount(data.events.item[data.liked()], minlength=len(data.catalog)).astype(np.float32)


@dataclass(frozen=True)
class Pool:
    """What is weighed of one stratum: scores float32 (2, q, n) of both models, 0 where one cannot say.

    counts: float32 (q, n); hits: bool (q, n); wanted: int32 (q,), how many are looked for; padding: bool (q, n)
    asked:  int64 (q,), which of the users
    """

    scores: Float32
    counts: Float32
    hits: Bool
    wanted: Int32
    padding: Bool
    asked: Int64

    def ndcg(self, weights: Float64, k: int) -> Float64:
        """A number a query, float64 (q,); weights: float64 (2, 2), as Gated has them."""
        return np.asarray(ndcg_at(np.take_along_axis(self.hits, self.best(weights, k), axis=1), self.wanted))

    def shown(self, weights: Float64, k: int) -> float:
        """The share of items with events among the k best."""
        best = self.best(weights, k)
        known = np.take_along_axis((self.counts > 0) & ~self.padding, best, axis=1)
        return float(known.mean())

    def best(self, weights: Float64, k: int) -> Int64:
        """Places of the k best, best first, int64 (q, k)."""
        v, w = item_weights(weights, self.counts.ravel()).reshape(2, *self.counts.shape)
        mixed = np.where(self.padding, -np.inf, v * self.scores[0] + w * self.scores[1])
        k = min(k, mixed.shape[1])
        best = np.argpartition(-mixed, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(mixed, best, axis=1), axis=1, kind="stable")
        return np.take_along_axis(best, order, axis=1)


@dataclass(frozen=True)
class Strata:
    """pools: one for each stratum that somebody looks for something in; whole: of all items; spread: float64 (2,)."""

    pools: tuple[Pool, ...]
    whole: Pool
    spread: Float64
    k: int

    @classmethod
    def of(
        cls, models: tuple[Scorer, Scorer], batch: Batch, wanted: Csr, counts: Float32, pool: int, k: int
    ) -> "Strata":
        stratum = np.ceil(np.log2(counts + 1.0))
        each = (_pool(models, batch, wanted, counts, stratum == s, pool) for s in np.unique(stratum[wanted.indices]))
        pools = tuple(one for one in each if one.hits.any())
        real = [np.concatenate([one.scores[m][~one.padding] for one in pools] or [np.zeros(1)]) for m in range(2)]
        spread = np.array([float(scores.std()) for scores in real])
        whole = _pool(models, batch, wanted, counts, np.ones(len(counts), bool), 2 * pool)
        return cls(pools, whole, np.where(spread > 1e-12, spread, 1.0), k)

    def ndcg(self, weights: Float64) -> Float64:
        """One a user and stratum; weights of scores in units of their spread."""
        found = [pool.ndcg(self._unscaled(weights), self.k) for pool in self.pools]
        return np.concatenate(found) if found else np.zeros(1)

    @property
    def asked(self) -> Int64:
        """Whose each number of `ndcg` is."""
        return np.concatenate([pool.asked for pool in self.pools] or [np.zeros(1, np.int64)])

    def best(self) -> Float64:
        """float64 (2, 2), of the scores as they come."""
        weights, found = np.array([[0.0, 0.0], [BALANCE, 0.0]]), self.ndcg(np.array([[0.0, 0.0], [BALANCE, 0.0]]))
        blends = [np.array([[0.0, 0.0], [level, 0.0]]) for level in LEVELS]
        each = [(one, self.ndcg(one)) for one in (CONTENT_ALONE, COLLABORATIVE_ALONE, *blends)]
        better = [(one, value) for one, value in each if clearly_better(value, found, self.asked, SURELY)]
        if better:
            weights = max(better, key=lambda pair: float(pair[1].mean()))[0]
        if np.isfinite(weights).all():
            weights = self._level_among_all(self._climbed(weights))
        found = self._unscaled(weights)
        found[:, 0] -= found[0, 0] if np.isfinite(found[0, 0]) else found[1, 0]
        return found

    def _level_among_all(self, weights: Float64) -> Float64:
        """The same balance with the slope of v that ranks all items best and hides none that are known, or as few
        as can be."""
        least = self.whole.shown(self._unscaled(CONTENT_ALONE), self.k)
        tried = [(rise, weights + np.array([[0.0, rise], [0.0, rise]])) for rise in RISES]
        fair = [pair for pair in tried if self.whole.shown(self._unscaled(pair[1]), self.k) >= least]
        if not fair:
            fair = [max(tried, key=lambda pair: self.whole.shown(self._unscaled(pair[1]), self.k))]
        chosen = min(fair, key=lambda pair: abs(pair[0]))[1]
        found = self.whole.ndcg(self._unscaled(chosen), self.k)
        for _, each in fair:
            value = self.whole.ndcg(self._unscaled(each), self.k)
            if clearly_better(value, found, self.whole.asked):
                chosen, found = each, value
        return np.asarray(chosen)

    def _climbed(self, weights: Float64) -> Float64:
        """With the slope, where it gains."""
        found = self.ndcg(weights)
        for _ in range(ROUNDS):
            before = found
            for place, steps in STEPS:
                for step in steps:
                    tried = weights.copy()
                    tried[1, place] += step
                    value = self.ndcg(tried)
                    if clearly_better(value, found, self.asked, SURELY):
                        weights, found = tried, value
            if found is before:
                break
        return weights

    def _unscaled(self, weights: Float64) -> Float64:
        return np.column_stack([weights[:, 0] - np.log(self.spread), weights[:, 1]])


def clearly_better(ours: Float64, theirs: Float64, asked: Int64, errors: float = 1.0) -> bool:
    """Is the mean difference above so many of its own standard errors? (n,) each, paired.

    asked: int64 (n,), whose each is: what one user looks for in several strata is one witness, not many. Fewer than FEW
    users tell nothing.
    """
    lift = ours - theirs
    each = np.bincount(asked, lift - lift.mean())
    error = np.sqrt(np.square(each).sum()) / len(lift)
    return bool(len(np.unique(asked)) >= FEW and lift.mean() > errors * error + 1e-9)


def _pool(models: tuple[Scorer, Scorer], batch: Batch, wanted: Csr, counts: Float32, among: Bool, n: int) -> Pool:
    """The items of one stratum that either model would show to those who look for something there."""
    looked = wanted.copy()
    looked.data *= among[looked.indices]
    looked.eliminate_zeros()
    asked = np.flatnonzero(np.diff(looked.indptr))
    batch, looked = batch.take(asked), looked[asked]
    items = _united([model.top(batch, n, batch.positives, among)[0] for model in models])
    scores = np.stack([np.nan_to_num(model.score(batch, items)) for model in models])
    n_wanted = np.diff(looked.indptr).astype(np.int32)
    return Pool(scores, counts[np.maximum(items, 0)], hits_of(items, looked), n_wanted, items < 0, asked)


def _united(lists: list[Int32]) -> Int32:
    """Each query's items once, int32 (q, n), -1 = padding behind."""
    rows = -np.sort(-np.hstack(lists), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
    return np.asarray(-np.sort(-rows, axis=1), np.int32)
