"""Users that a model has never met are asked as strangers: a few of their likes are told, the others are looked for."""

import numpy as np

from ..data.arrays import Csr, csr, empty_csr
from ..data.dataset import Dataset
from ..data.query import Batch
from ..errors import TrainingError
from ..metrics import ndcg_at
from ..scorers import Scorer
from .held_out import hits_of
from .liked import liked

TOLD = 10  # likes that a stranger tells, at most


def strangers(data: Dataset, most: int, rng: np.random.Generator, n_tastes: int = 0) -> tuple[Batch, Csr] | None:
    """At most `most` users who like two things or more: half of their likes, TOLD at most, and csr (q, n_items) of the
    others. None where there is nobody. They state none of the n_tastes."""
    try:
        every = liked(data)
    except TrainingError:
        return None
    users = np.flatnonzero(np.diff(every.indptr) > 1)
    if len(users) == 0:
        return None
    every = every[np.sort(rng.choice(users, min(most, len(users)), replace=False))]
    size = np.diff(every.indptr)
    owner = np.repeat(np.arange(len(size)), size)
    order = np.lexsort((rng.random(every.nnz), owner))
    place = np.empty(every.nnz, np.int64)
    place[order] = np.arange(every.nnz) - every.indptr[owner]
    told = place < np.minimum(size // 2, TOLD)[owner]
    one = np.ones(every.nnz, np.float32)
    given, wanted = (csr(owner[m], every.indices[m], one[m], every.shape) for m in (told, ~told))
    nobody, nothing = np.full(len(size), -1, np.int32), np.full((len(size), n_tastes), np.nan, np.float32)
    return Batch(given, empty_csr(*given.shape), nobody, nothing), wanted


def mean_ndcg(scorer: Scorer, batch: Batch, wanted: Csr, k: int) -> float:
    """NDCG@k among all items but those told, mean over the queries."""
    lists, _ = scorer.top(batch, k, batch.positives)
    return float(ndcg_at(hits_of(lists, wanted), np.diff(wanted.indptr)).mean())
