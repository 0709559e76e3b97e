"""Events drawn by hand or at random as what algorithms take: a dataset and features that say nothing."""

import numpy as np

from tastemaker.data.arrays import csr, empty_csr
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.features import Features
from tastemaker.data.query import Batch
from tastemaker.data.vocab import Vocab
from tastemaker.testing.worlds import World
from tastemaker.watch import Watch

STARS = Scale(worst=1, best=5)


def lopsided(rng, n_users, n_items, most=6):
    """Likes, float (n_users, n_items): item i as 1 / (i + 1); user 0 and item n_items - 2 are empty."""
    share = 1.0 / np.arange(1, n_items + 1)
    share[-2] = 0.0
    likes = np.zeros((n_users, n_items))
    for row in likes[1:]:
        row[rng.choice(n_items, rng.integers(1, min(most, n_items - 1) + 1), replace=False, p=share / share.sum())] = (
            1.0
        )
    return likes


def world_of(values, kind="like", scale=None):
    """One event a cell that is not NaN: (n_users, n_items) -> World."""
    values = np.asarray(values, float)
    user, item = np.nonzero(~np.isnan(values))
    events = events_of(user, item, values[user, item], kind)
    n_users, n_items = values.shape
    items = Vocab(tuple(f"item {i}" for i in range(n_items)))
    users = Vocab(tuple(f"user {u}" for u in range(n_users)))
    scales = {} if scale is None else {kind: scale}
    return World(Dataset(events, Catalog(items, items.ids), users, scales=scales), Features(items, {}))


def likes_of(likes, kind="like"):
    """One event a cell that is not 0."""
    return world_of(np.where(likes, likes, np.nan), kind)


def asking(histories):
    """Queries with these signed preferences, (q, n_items); 0 = nothing said."""
    q, n = np.shape(histories)
    user, item = np.nonzero(histories)
    said = csr(user, item, np.asarray(histories, np.float32)[user, item], (q, n))
    return Batch(empty_csr(q, n), said, np.full(q, -1, np.int32), np.zeros((q, 0), np.float32))


def fit(algorithm, world, seed=0):
    return algorithm.fit(world.data, world.features, np.random.default_rng(seed), Watch())


def ridge(rows, targets, weights, penalty):
    """argmin_x sum_k weights_k (targets_k - x . rows_k)² + x' diag(penalty) x, by the QR of one long least squares."""
    root = np.sqrt(weights)
    a = np.vstack([rows * root[:, None], np.diag(np.sqrt(penalty))])
    return np.linalg.lstsq(a, np.concatenate([targets * root, np.zeros(len(penalty))]), rcond=None)[0]
