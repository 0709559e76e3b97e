"""Likes held out of training, to choose settings and weights on: who is asked, what they tell, what they look for."""

import numpy as np

from ..data.arrays import Csr, Int32, empty_csr
from ..data.dataset import Dataset
from ..data.query import Batch
from ..errors import TrainingError
from ..metrics import ndcg_at
from .liked import liked


def check_share(held_out: float) -> None:
    if not 0.0 < held_out < 1.0:
        raise TrainingError(f"held_out is {held_out:g}; give a share between 0 and 1, such as 0.2.")


def anybody(train: Dataset, valid: Dataset) -> bool:
    """Does somebody like something in `valid` beside what they liked in `train`, and something else to tell?"""
    try:
        questions(liked(train), liked(valid), 1, np.random.default_rng(0))
    except TrainingError:
        return False
    return True


def without(train: Dataset, share: float, rng: np.random.Generator) -> Dataset:
    """The events without those of a share of each user's likes: at least one of everybody who has two or more."""
    likes, n_items = liked(train), len(train.catalog)
    counts = np.diff(likes.indptr)
    owner = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((rng.random(likes.nnz), owner))
    place = np.empty(likes.nnz, np.int64)
    place[order] = np.arange(likes.nnz) - likes.indptr[owner]
    held = (place < np.ceil(share * counts[owner])) & (counts[owner] > 1)
    pairs = train.events.user.astype(np.int64) * n_items + train.events.item
    return train.where(~np.isin(pairs, owner[held] * n_items + likes.indices[held]))


def questions(told: Csr, all_: Csr, most: int, rng: np.random.Generator) -> tuple[Batch, Csr]:
    """Some users' histories, and what they liked beside them; who has no history tells half of what they liked."""
    wanted = (all_ - all_.multiply(told != 0)).tocsr()
    wanted.eliminate_zeros()
    strangers = np.diff(told.indptr) == 0
    half = (rng.random(wanted.nnz) < 0.5) & np.repeat(strangers, np.diff(wanted.indptr))
    given = type(wanted)((wanted.data * half, wanted.indices, wanted.indptr), shape=wanted.shape)
    history, wanted = (told + given).tocsr(), (wanted - given).tocsr()
    wanted.eliminate_zeros()
    history.eliminate_zeros()
    users = np.flatnonzero((np.diff(wanted.indptr) > 0) & (np.diff(history.indptr) > 0))
    if len(users) == 0:
        raise TrainingError(
            "No user has a like to be told and another to be found, so settings cannot be chosen. Import more events, "
            "or name one model instead of a blend or a choice."
        )
    users = np.sort(rng.choice(users, min(most, len(users)), replace=False))
    mine = history[users]
    nobody, nothing = np.full(len(users), -1, np.int32), np.zeros((len(users), 0), np.float32)
    return Batch(mine, empty_csr(*mine.shape), nobody, nothing), wanted[users].sorted_indices()


def ndcg(hits: np.ndarray, n_wanted: np.ndarray) -> float:
    """Mean binary NDCG of ranked hits (q, k), best first; n_wanted (q,), above 0."""
    return float(ndcg_at(hits, n_wanted).mean())


def hits_of(lists: Int32, wanted: Csr) -> np.ndarray:
    """Which items of the lists (q, n), -1 = padding, are wanted: bool (q, n)."""
    n = wanted.shape[1]
    keys = np.repeat(np.arange(wanted.shape[0]), np.diff(wanted.indptr)) * n + wanted.indices
    return np.asarray(np.isin(np.arange(len(lists))[:, None] * n + lists, keys) & (lists >= 0))
