"""Popularity: the damped mean preference of an item, recent events first; the baseline that every model must beat."""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32, Int64
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..scorers import Popularity, Scorer
from ..watch import Watch
from .base import Algorithm


@dataclass(frozen=True)
class Popular(Algorithm):
    """value_i = Σ_u w_ui r_ui / (Σ_u w_ui + damping), r the signed preferences, w = 2^-(age / half_life).

    half_life: days, ages counted from the latest event; 0 = events do not age. Of likes alone, most liked comes first.
    """

    learns = "nothing"

    damping: float = 5.0
    half_life: float = 0.0

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Popularity:
        if self.half_life < 0:
            raise TrainingError(f"half_life is {self.half_life:g} days; give 0 for none, or a number above.")
        matrix = train.matrix("last", train.signed())
        weight = matrix.copy()
        if self.half_life > 0 and len(train):
            weight = train.matrix("last", self._fading(train.events.time))
        else:
            weight.data = np.ones_like(weight.data)
        n_items = matrix.shape[1]
        total = np.bincount(weight.indices, weights=weight.data, minlength=n_items)
        sums = np.bincount(matrix.indices, weights=matrix.data * weight.data, minlength=n_items)
        return Popularity((sums / (total + self.damping)).astype(np.float32))

    def _fading(self, time: Int64) -> Float32:
        days = (int(time.max()) - time) / 86_400.0
        return np.asarray(np.maximum(0.5 ** (days / self.half_life), 1e-30), np.float32)
