"""The best of several settings, chosen on likes that none of them saw, then learned again from everything."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..scorers import Scorer
from ..watch import Watch
from .base import Algorithm
from .held_out import anybody, check_share, hits_of, ndcg, questions, without
from .liked import liked


@dataclass(frozen=True)
class BestOf(Algorithm):
    """held_out: share of each user's likes that decides, unless validation events are given; by NDCG@k of `users`."""

    candidates: tuple[Algorithm, ...] = ()
    held_out: float = 0.2
    users: int = 5000
    k: int = 20

    def require(self) -> None:
        for candidate in self.candidates:
            candidate.require()

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        chosen = self.choose(train, features, rng, watch, valid)
        found = chosen.fit(train, features, rng, replace(watch, report=lambda progress: None), valid, start)
        watch.progress(len(self.candidates) + 1, len(self.candidates) + 1)
        return found

    def choose(
        self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch, valid: Dataset | None = None
    ) -> Algorithm:
        """The candidate with the best NDCG; of equals the first."""
        if not self.candidates:
            raise TrainingError("Nothing to choose from. Name settings in `candidates`.")
        check_share(self.held_out)
        if valid is not None and not anybody(train, valid):
            valid = None  # nobody can be asked there: a part of train decides
        rest = without(train, self.held_out, rng) if valid is None else train
        asked, wanted = questions(liked(rest), liked(train if valid is None else valid), self.users, rng)
        n_wanted, found = np.diff(wanted.indptr), []
        quiet, n = replace(watch, report=lambda progress: None), len(self.candidates)
        for done, candidate in enumerate(self.candidates):
            lists, _ = candidate.fit(rest, features, rng, quiet).top(asked, self.k, asked.positives)
            found.append(ndcg(hits_of(lists, wanted), n_wanted))
            watch.progress(done + 1, n + 1, ndcg=max(found))
        return self.candidates[int(np.argmax(found))]
