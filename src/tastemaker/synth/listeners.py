"""A world with a known structure: items in groups that their numbers hide, and listeners who keep to a few groups.

An item's hidden place is its group's center plus N(0, spread); its numbers are a random rotation of that place and of
as many numbers that nobody cares for, so that items alike in all their numbers are not those that go together. Who
listens has a few groups, drawn by popularity, and plays what is in them, the well-known more often.
"""

from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32, Float64, Int32

THEMES = 3  # groups that a listener has, at most
STRAY = 0.1  # share of plays that are of anything
FAME = 0.8  # exponent of popularity: the n-th best known item is played n^-FAME times as often


@dataclass(frozen=True)
class Planted:
    """
    hidden: float32 (n_items, d), where an item really is;  group: int32 (n_items,)
    numbers: float32 (n_items, 2 d), what is known of it
    user, item: int32 (n_plays,), in the order in which a user played
    """

    hidden: Float32
    group: Int32
    numbers: Float32
    user: Int32
    item: Int32


def planted(
    n_items: int, n_groups: int, n_users: int, each: int, rng: np.random.Generator, dim: int = 6, spread: float = 0.3,
    loud: float = 2.0,
) -> Planted:  # fmt: skip
    """each: plays of a user; loud: deviation of the numbers that nobody cares for, where those that matter have 1."""
    centers = rng.normal(size=(n_groups, dim))
    group = rng.permutation(np.arange(n_items) % n_groups).astype(np.int32)
    hidden = centers[group] + rng.normal(0.0, spread, (n_items, dim))
    rotation, _ = np.linalg.qr(rng.normal(size=(2 * dim, 2 * dim)))
    numbers = np.hstack([hidden, rng.normal(0.0, loud, (n_items, dim))]) @ rotation
    user, item = _plays(group, n_groups, n_users, each, rng)
    return Planted(hidden.astype(np.float32), group, numbers.astype(np.float32), user, item)


def _plays(group: Int32, n_groups: int, n_users: int, each: int, rng: np.random.Generator) -> tuple[Int32, Int32]:
    n_items = len(group)
    fame = (1.0 + rng.permutation(n_items)) ** -FAME
    order = np.lexsort((-fame, group))  # items by group
    starts = np.searchsorted(group[order], np.arange(n_groups + 1))
    reach = np.cumsum(fame[order])
    before = np.concatenate([[0.0], reach])
    themes = rng.integers(0, n_groups, (n_users, THEMES))
    user = np.repeat(np.arange(n_users, dtype=np.int32), each)
    chosen = themes[user, rng.integers(0, THEMES, len(user))]
    low, high = before[starts[chosen]], before[starts[chosen + 1]]
    stray = rng.random(len(user)) < STRAY
    low, high = np.where(stray, 0.0, low), np.where(stray, reach[-1], high)
    place = np.searchsorted(reach, low + rng.random(len(user)) * (high - low), side="right")
    return user, order[np.minimum(place, n_items - 1)].astype(np.int32)


def listeners_of(
    vectors: Float32, n_users: int, each: int, rng: np.random.Generator, pool: int = 100, heat: float = 0.1
) -> tuple[Int32, Int32]:
    """Who likes what lies together: user, item int32 (n_users · each,).

    Each has a few favorites, and plays of the `pool` items nearest to them, the nearer the more often:
    softmax(cosine / heat). vectors: float32 (n_items, d), unit rows; what has none is played by nobody.
    """
    known = np.flatnonzero(vectors.any(axis=1))
    pool = min(pool, len(known))
    content, items = vectors[known], np.zeros((n_users, each), np.int64)
    for u in range(n_users):
        near = content @ content[rng.integers(0, len(known), THEMES)].T  # (n_known, THEMES)
        best = np.argpartition(-near, pool - 1, axis=0)[:pool]
        chance = np.exp((np.take_along_axis(near, best, axis=0) - 1.0) / heat).astype(np.float64)
        theme = rng.integers(0, THEMES, each)
        for t in range(THEMES):
            mine = np.flatnonzero(theme == t)
            items[u, mine] = known[rng.choice(best[:, t], len(mine), p=chance[:, t] / chance[:, t].sum())]
    return np.repeat(np.arange(n_users, dtype=np.int32), each), items.ravel().astype(np.int32)


def same_group(vectors: Float32, group: Int32, asked: Int32, k: int = 10) -> float:
    """The share of the k nearest of these items, by distance, that is of their own group."""
    near: Float64 = 2.0 * vectors[asked] @ vectors.T - np.square(vectors).sum(axis=1)
    near[np.arange(len(asked)), asked] = -np.inf
    best = np.argpartition(-near, k, axis=1)[:, :k]
    return float((group[best] == group[asked][:, None]).mean())
