"""Blend: several algorithms as one, their scores added with weights learned on events that none of them saw.

Each member is fitted on one part of the likes and asked about the other. The weights maximise NDCG@k over lists made
of the members' own best `pool` items, by coordinate ascent (Metzler & Croft 2007, "Linear Feature-based Models for
Information Retrieval", section 4.2), from each member alone and from all alike. Then, unless the held-out part was
given, the members learn again from everything. Cost: each member twice, and O(users pool members) a step.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Float64, Int32, Int64
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.query import Batch
from ..errors import TrainingError
from ..scorers import Scorer, WeightedSum
from ..watch import Watch
from .base import Algorithm
from .best_of import BestOf
from .graph_filter import GraphFilter
from .held_out import check_share, hits_of, ndcg, questions, without
from .ials import IALS
from .liked import liked

STEPS = (0.0, 0.25, 0.5, 0.8, 1.25, 2.0, 4.0)  # what a weight is multiplied by in turn
ROUNDS = 6


@dataclass(frozen=True)
class Blend(Algorithm):
    """held_out: share of each user's likes that the weights are learned on, unless validation events are given

    users: at most so many are asked; pool: best items of each member that are weighed; k: depth of the NDCG
    """

    members: tuple[Algorithm, ...] = field(default_factory=lambda: (GraphFilter(), IALS()))
    held_out: float = 0.2
    users: int = 5000
    pool: int = 100
    k: int = 20

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
    ) -> WeightedSum:
        if not self.members:
            raise TrainingError("A blend needs a member. Name models in `members`.")
        check_share(self.held_out)
        rest = without(train, self.held_out, rng) if valid is None else train
        asked, wanted = questions(liked(rest), liked(train if valid is None else valid), self.users, rng)
        quiet = replace(watch, report=lambda progress: None)
        chosen = [m.choose(rest, features, rng, quiet) if isinstance(m, BestOf) else m for m in self.members]
        settled, parts = replace(self, members=tuple(chosen)), (rest, train) if valid is None else (rest,)
        fits = [settled._fitted(part, features, rng, watch, i, len(parts)) for i, part in enumerate(parts)]
        models, weights = fits[-1], self._weights(fits[0], asked, wanted)
        kept = [i for i, weight in enumerate(weights) if weight > 0]
        return WeightedSum(tuple(models[i] for i in kept), tuple(float(weights[i]) for i in kept))

    def _fitted(
        self, data: Dataset, features: Features, rng: np.random.Generator, watch: Watch, round_: int, rounds: int
    ) -> list[Scorer]:
        models, n = [], len(self.members)
        quiet = replace(watch, report=lambda progress: None)
        for done, member in enumerate(self.members):
            models.append(member.fit(data, features, rng, quiet))
            watch.progress(round_ * n + done + 1, rounds * n)
        return models

    def _weights(self, models: list[Scorer], asked: Batch, wanted: Csr) -> Float64:
        """One a member, float64 (m,), in units of its scores; all 1 where no member tells one item from another."""
        items, hits, n_wanted = self._pooled(models, asked, wanted)
        scores = np.stack([np.nan_to_num(model.score(asked, items)) for model in models])  # (m, q, pool)
        real = scores[:, items >= 0]  # (m, items of all lists)
        spread = real.std(axis=1)
        live = spread > 1e-6 * np.abs(real).max(axis=1)  # who says the same of all items has no say
        if not live.any():
            return np.ones(len(models))
        scale = np.where(live, spread, 1.0)
        scores = np.where(live[:, None, None], scores / scale[:, None, None], 0.0).astype(np.float32)
        scores[:, items < 0] = -np.inf if len(models) == 1 else -1e9  # padding comes last
        best = max((self._climbed(scores, hits, n_wanted, begun) for begun in _starts(len(models))), key=lambda f: f[0])
        return np.asarray(np.where(live, best[1] / scale, 0.0))

    def _pooled(self, models: list[Scorer], asked: Batch, wanted: Csr) -> tuple[Int32, Bool, Int64]:
        """Items that some member would show, int32 (q, n), -1 = padding; which are wanted; how many are in all."""
        lists = np.hstack([model.top(asked, self.pool, asked.positives)[0] for model in models])
        lists = -np.sort(-lists, axis=1)
        lists[:, 1:][lists[:, 1:] == lists[:, :-1]] = -1
        lists = -np.sort(-lists, axis=1)
        return lists.astype(np.int32), hits_of(lists, wanted), np.diff(wanted.indptr)

    def _climbed(self, scores: Float32, hits: Bool, n_wanted: Int64, begun: Float64) -> tuple[float, Float64]:
        """NDCG and weights after coordinate ascent from `begun`."""
        weights, found = begun, self._ndcg(scores, hits, n_wanted, begun)
        for _ in range(ROUNDS):
            before = found
            for m in range(len(weights)):
                for step in STEPS:
                    tried = weights.copy()
                    tried[m] = step * weights[m] if weights[m] > 0 else step * 0.25
                    value = self._ndcg(scores, hits, n_wanted, tried) if tried.any() else 0.0
                    if value > found:
                        weights, found = tried, value
            if found == before:
                break
        return found, weights

    def _ndcg(self, scores: Float32, hits: Bool, n_wanted: Int64, weights: Float64) -> float:
        mixed = np.tensordot(weights.astype(np.float32), scores, axes=1)  # (q, n)
        k = min(self.k, mixed.shape[1])
        best = np.argpartition(-mixed, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(mixed, best, axis=1), axis=1, kind="stable")
        return ndcg(np.take_along_axis(hits, np.take_along_axis(best, order, axis=1), axis=1), n_wanted)


def _starts(m: int) -> list[Float64]:
    return [np.ones(m), *np.eye(m)] if m > 1 else [np.ones(1)]
