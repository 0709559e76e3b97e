"""Compile every kernel once, so that the first command a user types is as fast as the second."""

import numpy as np
from scipy.sparse import csr_array

from .algorithms import BPRMF, EASE, IALS, Algorithm, BayesMF, GraphFilter, ItemKNN, RatingBlend, RatingKNN
from .data.catalog import Catalog
from .data.dataset import Dataset, Scale
from .data.events import events_of
from .data.features import Features
from .data.vocab import Vocab
from .evaluate import judge_ranking
from .kernels.bpr import bpr_epoch
from .kernels.skipgram import skipgram
from .kernels.topk import TOGETHER, top_of_scores
from .scorers.sought import LARGE, Sought
from .watch import Watch

COLLABORATIVE: tuple[Algorithm, ...] = (
    BPRMF(dim=2, epochs=1), EASE(), IALS(dim=2, epochs=1), IALS(dim=2, epochs=1, solver="exact"), ItemKNN(),
    GraphFilter(smooth=1.0, dim=1),
)  # fmt: skip


def main() -> None:
    tokens = np.arange(8, dtype=np.int32) % 4
    starts, counts = np.array([0, 8], np.int64), np.full(4, 2, np.int64)
    skipgram(tokens, starts, counts, dim=16, window=2, negative=2, epochs=1, seed=0, threads=2)
    f = np.float32
    bpr_epoch(
        np.ones((1, 2), f), np.zeros((1, 2), np.int32), np.zeros((1, 2), f), np.ones((1, 2), bool), np.ones((1, 1), f),
        np.ones((1, 3), f), np.ones(1, f), np.ones((2, 3), f), np.ones(1, f), 1, 0.1, 0.1, 0,
    )  # fmt: skip
    for q in (1, TOGETHER + 1):
        top_of_scores(np.zeros((q, 1), f), 1)
    many = Sought(np.ones((LARGE, 1), f), np.ones(LARGE, bool))
    for _ in range(2):
        many.top(np.ones((1, 1), f), 1, None, None)
    _collaborative()
    _ratings()


def _collaborative() -> None:
    """Fit and ask each algorithm, three users of four items; judging compiles the metrics, too."""
    user, item = np.array([0, 0, 0, 1, 1, 2], np.int32), np.array([0, 1, 2, 1, 2, 0], np.int32)
    items, users = Vocab(tuple("abcd")), Vocab(tuple("xyz"))
    data = Dataset(events_of(user, item, np.ones(6, np.float32), "like"), Catalog(items, items.ids), users)
    rng, history = np.random.default_rng(0), data.matrix("sum")
    rest = csr_array(1.0 - history.toarray())
    for model in COLLABORATIVE:
        scorer = model.fit(data, Features(items, {}), rng, Watch())
        for some in (slice(None), slice(1, 2)):  # a single query has a kernel of its own
            judge_ranking(scorer, history[some], rest[some], rng, k=2)


def _ratings() -> None:
    """Fit and ask a blend of rating models on five grades."""
    user, item = np.array([0, 0, 1, 1, 2], np.int32), np.array([0, 1, 1, 2, 0], np.int32)
    items, users = Vocab(tuple("abc")), Vocab(tuple("xyz"))
    events = events_of(user, item, np.array([1, 5, 4, 2, 3], np.float32), "rating")
    data = Dataset(events, Catalog(items, items.ids), users, scales={"rating": Scale(1, 5)})
    members = (BayesMF(dim=1, epochs=1), RatingKNN())
    RatingBlend(members=members).fit(data, Features(items, {}), np.random.default_rng(0), Watch())


if __name__ == "__main__":
    main()
