"""How much an invented user prefers an item, evened out over [0, 1].

Affinity of user u (tastes t in [0, 1]^F) for item i (family membership m, shares that sum to 1): a(u, i) = t · m, the
user's mean taste over what the item is made of; plus, where a recipe says so, a pull p(i), the same for everybody.
Preference: s(u, i) = share of the catalog whose affinity for u is lower, ties counted half: the percentile of the item
for that user. So every user's preferences are spread evenly, whatever the catalog, and with judgement noise of .2 the
noise-free preference (the oracle) ranks ten items at a Spearman of about .77: what a perfect model can reach.
"""

from collections.abc import Callable

import numpy as np

from ..data.arrays import Float32, Int32

Affinity = Callable[[Float32, Float32], Float32]  # tastes (q, F), membership (n_items, F) -> (q, n_items)

REFERENCE = 20_000  # items that stand for a catalog too large to sort for every user


def mean_taste(tastes: Float32, membership: Float32) -> Float32:
    """The affinity that users are trained on."""
    return tastes @ membership.T  # (q, n_items)


def strongest(tastes: Float32, membership: Float32) -> Float32:
    """Another, nonlinear taste, for users unlike those trained on: one family decides, and disliked ones repel.

    a(u, i) = max_f t_f m_f - max_f (1 - t_f)^2 m_f / 2
    """
    love = (tastes[:, None, :] * membership[None, :, :]).max(axis=2)  # (q, n_items)
    dislike = (((1.0 - tastes) ** 2)[:, None, :] * membership[None, :, :]).max(axis=2)
    return np.asarray(love - 0.5 * dislike, np.float32)


def preferences(
    tastes: Float32, membership: Float32, items: Int32 | None = None, affinity: Affinity = mean_taste,
    pull: Float32 | None = None,
) -> Float32:  # fmt: skip
    """Preference of each user for `items` (int32 (q, n) a list a user, None = all): float32 (q, n) in [0, 1].

    pull: float32 (n_items,), what draws everybody alike, in units of affinity
    """
    common = np.zeros(len(membership), np.float32) if pull is None else pull
    every = slice(None, None, max(1, len(membership) // REFERENCE))
    found = []
    for u in range(len(tastes)):
        mine = slice(None) if items is None else items[u]
        scale = np.sort((affinity(tastes[u : u + 1], membership[every])[0] + common[every]).round(6))
        drawn = affinity(tastes[u : u + 1], membership[mine])[0] + common[mine]
        found.append(_percentile(drawn.round(6), scale))
    return np.array(found, np.float32).reshape(len(tastes), len(membership) if items is None else items.shape[1])


def _percentile(values: Float32, scale: Float32) -> Float32:
    """Share of the sorted `scale` below each value, ties counted half."""
    below, upto = np.searchsorted(scale, values, "left"), np.searchsorted(scale, values, "right")
    return ((below + upto) / (2.0 * len(scale))).astype(np.float32)
