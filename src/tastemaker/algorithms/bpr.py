"""BPR with content: item vectors learned from pairs, pulled towards what the item is made of.

Rendle et al. 2009, 'BPR: Bayesian Personalized Ranking from Implicit Feedback', eq. 4-5 and LearnBPR (fig. 4), with two
departures. A user's vector is a linear map of inferred tastes, p_u = [t_u - mean, 1] A, so strangers have one too. And
item vectors are shrunk every few epochs towards their ridge projection on the features, v_i <- P_i + n_i/(n_i + shrink)
(v_i - P_i): with 4 rankings an item, free vectors are mostly noise; and the same projection serves items nobody rated.
Cost an epoch: O(pairs · d · p), and O(n_items · f · d) for a projection.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32
from ..data.dataset import Dataset
from ..data.features import TASTES, Features
from ..errors import TrainingError
from ..kernels.bpr import bpr_epoch
from ..scorers import Scorer, TasteFactors, TastePrior, core
from ..watch import Watch
from .base import Algorithm, adopted
from .scaling import match_length, scaling_of
from .taste import fit_prior
from .views import Lists, View, draw_view, lists_of


@dataclass(frozen=True)
class BPR(Algorithm):
    """Published for this recipe: dim 50, SGD, l2 .01, 100 iterations."""

    learns = "tastes"

    dim: int = 50
    epochs: int = 100
    learning_rate: float = 0.02
    l2: float = 0.01
    draws: int = 45  # pairs a user and epoch; a list of ten has 45
    shrink: float = 50.0  # rated so often, an item's own vector counts as much as its projection
    every: int = 5  # epochs between two projections
    ridge: float = 1.0
    blocks: tuple[str, ...] = (TASTES, "text", "numbers")

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> TasteFactors:
        lists = lists_of(train)
        if len(lists) == 0:
            raise TrainingError("BPR needs a user with two rated items; there is none.")
        model = self._begin(train, features, rng, start)
        scaling = scaling_of(features, self.blocks)
        project = _Projector(scaling.apply(features.matrix(self.blocks)), lists, self.ridge)
        kept = _kept(lists, self.shrink)
        vectors, bias, user = model.items.copy(), model.bias.copy(), model.user.copy()
        unit = match_length(model.prior)
        looks, alpha = model.prior.looks() / np.float32(unit), np.array([model.alpha * unit], np.float32)
        for epoch in range(self.epochs):
            view = draw_view(lists, rng)
            tastes = _centred(model.prior, view)
            rate = self.learning_rate * (1.0 - epoch / self.epochs)
            loss = bpr_epoch(
                tastes, lists.items, lists.signed, view.target, looks, vectors, bias, user, alpha,
                self.draws, rate, self.l2, int(rng.integers(1 << 30)),
            )  # fmt: skip
            if not np.isfinite(loss) or not np.isfinite(alpha[0]):
                raise TrainingError(
                    f"BPR: the loss degenerated in epoch {epoch + 1}. Nothing was saved. "
                    f"Lower learning_rate (now {self.learning_rate:g})."
                )
            if (epoch + 1) % self.every == 0 or epoch + 1 == self.epochs:
                content, projected = project(vectors, bias)
                vectors = projected[:, :-1] + kept * (vectors - projected[:, :-1])
                bias = projected[:, -1] + kept[:, 0] * (bias - projected[:, -1])
            watch.progress(epoch + 1, self.epochs, loss=loss)
        weights, constant = scaling.fold(content[:-1])
        folded = np.vstack([weights, content[-1] + constant])
        return TasteFactors(model.prior, vectors, bias, user, float(alpha[0]) / unit, folded, self.blocks)

    def _begin(
        self, train: Dataset, features: Features, rng: np.random.Generator, start: Scorer | None
    ) -> TasteFactors:
        """The model before the first epoch: the one to fine-tune, or small random vectors."""
        inner = None if start is None else core(start)
        if inner is None:
            prior, n = fit_prior(train, features), len(features)
            items = rng.normal(0.0, 0.1, (n, self.dim)).astype(np.float32)
            user = rng.normal(0.0, 0.1, (prior.p + 1, self.dim)).astype(np.float32)
            bias, nothing, alpha = np.zeros(n, np.float32), np.zeros((0, 0), np.float32), 1.0 / match_length(prior)
            return TasteFactors(prior, items, bias, user, alpha, nothing, self.blocks)
        if not isinstance(inner, TasteFactors) or inner.items.shape[1] != self.dim:
            raise TrainingError(
                f"BPR of dim {self.dim} cannot start from this {type(inner).__name__}. Train without --from."
            )
        return adopted(inner, features)


def _centred(prior: TastePrior, view: View) -> Float32:
    tastes, _ = prior.infer(view.profile, view.history)
    return np.hstack([tastes - prior.mean, np.ones((len(tastes), 1))]).astype(np.float32)


def _kept(lists: Lists, shrink: float) -> Float32:
    """How much of its own vector an item keeps, n / (n + shrink), float32 (n_items, 1)."""
    n = np.bincount(lists.items[lists.items >= 0], minlength=lists.n_items).astype(np.float32)
    return (n / (n + np.float32(shrink)))[:, None]


class _Projector:
    """Ridge regression of item vectors and biases on the features, weighted by how often an item was rated."""

    def __init__(self, features: Float32, lists: Lists, ridge: float) -> None:
        n = np.bincount(lists.items[lists.items >= 0], minlength=lists.n_items).astype(np.float32)
        self.inputs = np.hstack([features, np.ones((len(features), 1), np.float32)])  # (n_items, f + 1)
        weighted = (self.inputs * n[:, None]).T
        gram = weighted @ self.inputs + ridge * np.eye(self.inputs.shape[1], dtype=np.float32)
        self.solve = np.linalg.solve(gram.astype(np.float64), weighted.astype(np.float64)).astype(np.float32)

    def __call__(self, vectors: Float32, bias: Float32) -> tuple[Float32, Float32]:
        """content (f + 1, d + 1), and the projection of every item (n_items, d + 1)."""
        content = self.solve @ np.hstack([vectors, bias[:, None]])
        return content, self.inputs @ content
