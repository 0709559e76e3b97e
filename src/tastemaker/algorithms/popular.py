"""Popularity: the damped mean preference of an item, the baseline that every model must beat."""

from dataclasses import dataclass

import numpy as np

from ..data.dataset import Dataset
from ..data.features import Features
from ..scorers import Popularity, Scorer
from ..watch import Watch
from .base import Algorithm


@dataclass(frozen=True)
class Popular(Algorithm):
    """value_i = Σ_u r_ui / (n_i + damping), with r the signed preferences."""

    damping: float = 5.0

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Popularity:
        matrix = train.matrix("last", train.signed())
        counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
        sums = np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1])
        return Popularity((sums / (counts + self.damping)).astype(np.float32))
