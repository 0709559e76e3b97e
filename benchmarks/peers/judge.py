"""Full-ranking Recall@20 and NDCG@20 in plain NumPy, the same for every competitor.

NDCG: 1 / log2(rank + 1) over the same sum of a perfect list. Recall is not capped, as published for
Gowalla (He et al. 2020, LightGCN).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 512  # users scored at a time

Lists = NDArray[np.int32]


def top_lists(users: Any, items: Any, seen: Any, n: int) -> Lists:
    """int32 (n_users, n): the best items of users (n_users, d) · items (n_items, d), those of csr `seen` left out."""
    best = np.empty((len(users), n), np.int32)
    for start in range(0, len(users), BLOCK):
        mine = slice(start, min(start + BLOCK, len(users)))
        scores = users[mine] @ items.T  # (block, n_items)
        row = np.repeat(np.arange(len(scores)), np.diff(seen.indptr[mine.start : mine.stop + 1]))
        scores[row, seen.indices[seen.indptr[mine.start] : seen.indptr[mine.stop]]] = -np.inf
        best[mine] = best_columns(scores, n)
    return best


def best_columns(scores: Any, n: int) -> Lists:
    """int32 (q, n): columns of the n largest, best first."""
    part = np.argpartition(scores, -n, axis=1)[:, -n:]
    order = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1).astype(np.int32)


def recall_ndcg(lists: Lists, relevant: Any) -> dict[str, float]:
    """Means over the users with something relevant; lists int32 (n_users, k), relevant csr with sorted indices."""
    n_users, n_items = relevant.shape
    count = np.diff(relevant.indptr)
    user = np.repeat(np.arange(n_users, dtype=np.int64), count)
    keys = user * n_items + relevant.indices  # sorted
    asked = np.arange(n_users, dtype=np.int64)[:, None] * n_items + lists  # (n_users, k)
    at = np.minimum(np.searchsorted(keys, asked.ravel()), len(keys) - 1)
    hits = ((keys[at] == asked.ravel()) & (lists.ravel() >= 0)).reshape(lists.shape)
    discount = 1.0 / np.log2(np.arange(2, lists.shape[1] + 2))
    perfect = np.cumsum(discount)[np.clip(count, 1, lists.shape[1]) - 1]
    some = count > 0
    recall, ndcg = hits.sum(axis=1)[some] / count[some], (hits @ discount)[some] / perfect[some]
    return {"recall": float(recall.mean()), "ndcg": float(ndcg.mean())}


def agreement(lists: Lists, users: Any, items: Any, seen: Any) -> float:
    """Share of listed items that score as well as the exact list's last one, and were not seen: ties may differ."""
    last = top_lists(users, items, seen, lists.shape[1])[:, -1]
    scores = np.einsum("qd,qnd->qn", users, items[lists])
    least = np.einsum("qd,qd->q", users, items[last])[:, None]
    fresh = np.asarray(seen[np.arange(len(lists))[:, None], lists].todense() == 0)
    return float(np.mean((scores >= least - 1e-5 * np.abs(least)) & fresh))
