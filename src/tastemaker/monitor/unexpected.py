"""Outcomes that nobody expected: which they are, and whether they belong together or are noise.

An outcome is unexpected when the version gave it a chance below RARE; or where it foretold the other and ranked what
was liked in its lower half, or what was disliked among its top ten.

Whether they belong together is told by permutation (Good 2005, "Permutation, Parametric and Bootstrap Tests"): among
all outcomes of which a like (a dislike) would have been unexpected, as many as happened are drawn again and again, by
the odds that the version itself gave, and how often are they as concentrated? So what it merely thinks unlikely, and
what then happens as often as it thinks, is noise. For families and neighbors as many are drawn of each user, so that
one odd user is no new taste. Draws are the largest of log odds + Gumbel noise (Efraimidis & Spirakis 2006).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Bool, Float32, Float64, Int64
from ..store.quality import Outcomes

RARE = 0.2  # a chance below which an outcome is unexpected
TOP = 10  # ranks
ROUNDS = 500  # of drawing
SURE = 0.01  # share of the draws that may be as concentrated, before we speak of more than noise
FEW = 10  # outcomes, below which nothing is said


@dataclass(frozen=True)
class Unexpected:
    """liked: likes of what ranked low or had little chance; disliked: the other way round; bool (n,) each.

    like_would, dislike_would: bool (n,), of which outcomes a like, or a dislike, would have been unexpected
    """

    liked: Bool
    disliked: Bool
    like_would: Bool
    dislike_would: Bool

    @property
    def any(self) -> Bool:
        return np.asarray(self.liked | self.disliked)


@dataclass(frozen=True)
class Cluster:
    """How concentrated n unexpected outcomes are, by user, family or neighbors.

    found, chance: the concentration, and its mean over draws; p: share of the draws that were no less concentrated
    most: who or what has most of them -> (how many of the unexpected ones, how many of those drawn, on average)
    """

    by: str
    n: int
    found: float
    chance: float
    p: float
    most: Mapping[str, tuple[float, float]]

    @property
    def sure(self) -> bool:
        return self.p <= SURE


def unexpected(found: Outcomes, n_items: int) -> Unexpected:
    """n_items: that could be ranked. What was not foretold is judged by its place alone, and without one not at all."""
    chance, place, silent = np.nan_to_num(found.chance, nan=0.5), found.place, ~found.said
    low, top = np.nan_to_num(place, nan=0.0) > 0.5, np.nan_to_num(place, nan=1.0) * (n_items - 1) < TOP
    liked = (chance < RARE) | (low & (silent | (chance < 0.5)))
    disliked = (chance > 1.0 - RARE) | (top & (silent | (chance >= 0.5)))
    return Unexpected(np.asarray(found.liked & liked), np.asarray(~found.liked & disliked), liked, disliked)


def clusters(
    found: Outcomes, flagged: Bool, odds: Float64, families: Float32, names: Sequence[str], vectors: Float32,
    users: Mapping[int, str], rng: np.random.Generator,
) -> list[Cluster]:  # fmt: skip
    """Of the outcomes that turned out unexpected, among all that would have been, by user, family and neighbors.

    flagged: bool (n,); odds: float64 (n,), that the version gave to it; families: float32 (n_items, f), what items
    belong to; vectors: float32 (n_items, d), by which they are alike, zeros where nothing is known; users: row -> id
    """
    n = int(flagged.sum())
    if n < FEW or n == len(found):
        return []
    _, at = np.unique(found.user, return_inverse=True)
    likely = np.log(np.maximum(odds, 1e-9))
    noisy = [likely + rng.gumbel(size=len(at)) for _ in range(ROUNDS)]
    anyone = [np.argpartition(-key, n - 1)[:n] for key in noisy]
    alike = [_within(at, flagged, key) for key in noisy]
    chosen = np.flatnonzero(flagged)
    result = [_by_user(at, found.user, chosen, anyone, users)]
    if families.shape[1] >= 2:
        result.append(_by_family(families[found.item], names, chosen, alike))
    if vectors.shape[1] >= 2:
        result.append(_by_neighbors(_unit(vectors[found.item]), chosen, alike))
    return result


def odds_of_like(found: Outcomes) -> Float64:
    """chance / (1 - chance); 1 where nothing was foretold."""
    chance = np.clip(np.nan_to_num(found.chance, nan=0.5), 1e-6, 1.0 - 1e-6)
    return np.asarray(chance / (1.0 - chance))


def _within(user: Int64, flagged: Bool, key: Float64) -> Int64:
    """Of each user as many as were unexpected: those with the largest keys."""
    n, order = np.bincount(user, flagged), np.lexsort((-key, user))
    first = np.searchsorted(user[order], np.arange(len(n)))
    return order[np.arange(len(user)) - first[user[order]] < n[user[order]]]


def _by_user(at: Int64, rows: Int64, chosen: Int64, draws: Sequence[Int64], users: Mapping[int, str]) -> Cluster:
    """Concentration: the chance that two of them are of one user (Simpson 1949)."""
    many = int(at.max()) + 1
    counts, *rest = (np.bincount(at[mine], minlength=many).astype(np.float64) for mine in (chosen, *draws))
    drawn = np.array(rest)
    row = np.zeros(many, np.int64)
    row[at] = rows
    most = {users.get(int(row[k]), str(row[k])): (float(counts[k]), float(drawn[:, k].mean())) for k in _top(counts)}
    return _cluster("user", len(chosen), _simpson(counts[None])[0], _simpson(drawn), most)


def _by_family(member: Float32, names: Sequence[str], chosen: Int64, draws: Sequence[Int64]) -> Cluster:
    """member: (n, f). Concentration: the mean over families of how unlike the expected share theirs is, chi-square."""
    counts = member[chosen].sum(axis=0).astype(np.float64)
    drawn = np.array([member[d].sum(axis=0) for d in draws], np.float64)
    mean = drawn.mean(axis=0)

    def unlike(x: Float64) -> Float64:
        return np.asarray(((x - mean) ** 2 / np.maximum(mean, 1e-9)).sum(axis=1))

    more = _top(counts - mean)
    most = {names[k]: (float(counts[k]), float(mean[k])) for k in more}
    return _cluster("family", len(chosen), unlike(counts[None])[0], unlike(drawn), most)


def _by_neighbors(vectors: Float32, chosen: Int64, draws: Sequence[Int64]) -> Cluster:
    """vectors: (n, d), unit rows. Concentration: the mean cosine of two of them."""
    drawn = np.array([_cosine(vectors[d]) for d in draws])
    return _cluster("neighbors", len(chosen), _cosine(vectors[chosen]), drawn, {})


def _cluster(by: str, n: int, found: float, drawn: Float64, most: Mapping[str, tuple[float, float]]) -> Cluster:
    p = (1 + int((drawn >= found).sum())) / (1 + len(drawn))  # the found one is one of the draws
    return Cluster(by, n, float(found), float(drawn.mean()), p, most)


def _simpson(counts: Float64) -> Float64:
    n = counts.sum(axis=1)
    return np.asarray((counts * (counts - 1)).sum(axis=1) / (n * (n - 1)))


def _cosine(vectors: Float32) -> float:
    n = len(vectors)
    total = vectors.sum(axis=0).astype(np.float64)
    return float((total @ total - (vectors.astype(np.float64) ** 2).sum()) / (n * (n - 1)))


def _unit(vectors: Float32) -> Float32:
    """Around their common mean, since what all items share tells none apart; zeros stay zeros."""
    some = vectors.any(axis=1, keepdims=True)
    apart = np.where(some, vectors - vectors.sum(axis=0) / max(int(some.sum()), 1), 0.0)
    return np.asarray(apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9), np.float32)


def _top(counts: np.ndarray, most: int = 5) -> list[int]:
    return [int(k) for k in np.argsort(-counts, kind="stable")[:most] if counts[k] > 0]
