"""Events that look like real ones, for runs without data: a long tail of items, and users with tastes of their own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PER_USER, PER_ITEM = 27, 20  # events, as in Gowalla
GROUPS = 50  # of items that are liked together
LOYALTY = 0.7  # share of a user's events inside the own group
SPARE = 1.7  # drawn for each that is kept: repeated pairs fall out
TAIL = 0.8  # popularity of the item at rank r falls as r ** -TAIL

Rows = NDArray[Any]


def interactions(n_events: int, rng: np.random.Generator) -> tuple[Rows, Rows, int, int]:
    """About n_events distinct pairs: user, item int32 (n,), sorted by user; how many users and items there are."""
    n_users, n_items = max(n_events // PER_USER, 2), max(n_events // PER_ITEM, 2)
    n_groups = min(GROUPS, n_items)
    weight = (rng.permutation(n_items) + 1.0) ** -TAIL
    ends = np.concatenate([[0.0], np.cumsum(weight)])
    first = np.linspace(0, n_items, n_groups + 1).astype(np.int64)  # items of group g: first[g] : first[g + 1]
    activity = rng.lognormal(0.0, 1.0, n_users)
    user = np.repeat(np.arange(n_users), rng.poisson(activity / activity.mean() * SPARE * n_events / n_users))
    group = rng.integers(0, n_groups, n_users)[user]
    loyal = rng.random(len(user)) < LOYALTY
    low = np.where(loyal, ends[first[group]], 0.0)
    high = np.where(loyal, ends[first[group + 1]], ends[-1])
    drawn = np.searchsorted(ends, low + (high - low) * rng.random(len(user)), side="right") - 1
    pair = np.unique(user * n_items + np.minimum(drawn, n_items - 1))
    if len(pair) > n_events:
        pair = pair[np.sort(rng.choice(len(pair), n_events, replace=False))]
    return (pair // n_items).astype(np.int32), (pair % n_items).astype(np.int32), n_users, n_items
