"""Damped biases: what an item is worth more, or less, than the mean, and how generous a user is.

    b_i = sum_u (s_ui - mean - a_u) / (n_i + damping_item),    a_u = sum_i (s_ui - mean - b_i) / (n_u + damping_user)

Koren 2010, "Factor in the Neighbors", section 2.1, alternated until they agree. A stranger's a comes from the query,
and follows their whim where its grades have times. Cost: O(sweeps n_grades).
"""

from dataclasses import dataclass

import numpy as np

from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..scorers.bayes_factors import BayesFactors
from ..watch import Watch
from .foretelling import RatingModel
from .graded import graded

SWEEPS = 10


@dataclass(frozen=True)
class Biases(RatingModel):
    """damping: grades of the mean that every user and item starts with; drift, keep: see scorers.bayes_factors"""

    damping_user: float = 5.0
    damping_item: float = 5.0
    drift: float = 0.1
    keep: float = 0.95

    def learned(self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch) -> BayesFactors:
        if min(self.damping_user, self.damping_item) <= 0:
            raise TrainingError("Biases needs dampings above 0, or nobody who graded once has a finite one.")
        grades = graded(train, "Biases")
        n_users, n_items = grades.shape
        user, item = np.repeat(np.arange(n_users), np.diff(grades.indptr)), grades.indices
        mean = float(grades.data.mean())
        y, a, b = grades.data - mean, np.zeros(n_users), np.zeros(n_items)
        n_of_user, n_of_item = np.diff(grades.indptr), np.bincount(item, minlength=n_items)
        for sweep in range(SWEEPS):
            b = np.bincount(item, y - a[user], n_items) / (n_of_item + self.damping_item)
            a = np.bincount(user, y - b[item], n_users) / (n_of_user + self.damping_user)
            watch.progress(sweep + 1, SWEEPS)
        one, nothing = np.ones((n_items, 1), np.float32), np.zeros((1, 1), np.float32)
        return BayesFactors(
            one, 0 * one, b.astype(np.float32), mean, np.full((1, 1), self.damping_user), 1.0, self.drift, self.keep,
            (), nothing, nothing[0],
        )  # fmt: skip
