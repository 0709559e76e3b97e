"""Ranked: one model decides what is shown, another foretells what will be thought of it; each learned on its own.

Cost: that of the two members.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..scorers import Popularity, Ranked, Scorer
from ..watch import Progress, Watch
from .base import Algorithm
from .bayes_mf import BayesMF
from .ials import IALS
from .liked import liked


@dataclass(frozen=True)
class RankedBy(Algorithm):
    """members: who ranks, and who foretells"""

    members: tuple[Algorithm, ...] = field(default_factory=lambda: (IALS(), BayesMF()))

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
    ) -> Ranked:
        if len(self.members) != 2:
            raise TrainingError(f"It takes two members, who ranks and who foretells; there are {len(self.members)}.")
        found = [
            member.fit(train, features, rng, _half(watch, done), valid) for done, member in enumerate(self.members)
        ]
        likes = liked(train)
        users = max(int(np.count_nonzero(np.diff(likes.indptr))), 1)
        shares = np.bincount(likes.indices, minlength=len(features)) / users  # of those who like anything
        return Ranked(found[0], found[1], Popularity(shares.astype(np.float32)))


def _half(watch: Watch, done: int) -> Watch:
    """One progress over both lessons."""

    def report(progress: Progress) -> None:
        total = max(progress.total, 1)
        watch.report(replace(progress, done=done * total + progress.done, total=2 * total))

    return replace(watch, report=report, checkpoint=None)
