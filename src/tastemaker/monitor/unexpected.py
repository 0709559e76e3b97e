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
APART = 256.0  # more than two keys can differ
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
    row, at = np.unique(found.user, return_inverse=True)
    unit = _unit(vectors, _counts(found.item, len(vectors)))
    known = np.asarray(unit.any(axis=1), bool)
    likely, share = np.log(np.maximum(odds, 1e-9)), Share.of(at, flagged)
    usual, same, near = np.zeros(len(row)), np.zeros(ROUNDS), np.zeros(ROUNDS)
    family = np.zeros((ROUNDS, families.shape[1]))
    for k in range(ROUNDS):  # one at a time: all of them would be some GB
        key = likely + rng.gumbel(size=len(at))
        of_users = _counts(at[np.argpartition(-key, n - 1)[:n]], len(row))
        usual, same[k] = usual + of_users, _simpson(of_users)
        alike = _counts(found.item[share.drawn(key)], len(families))
        family[k], near[k] = alike @ families, _cosine(alike, unit, known)
    of_users, alike = _counts(at[flagged], len(row)), _counts(found.item[flagged], len(families))
    named = [users.get(int(one), str(one)) for one in row]
    most = {named[k]: (float(of_users[k]), float(usual[k] / ROUNDS)) for k in _top(of_users)}
    result = [_cluster("user", n, _simpson(of_users), same, most)]
    if families.shape[1] >= 2:
        result.append(_by_family(alike @ families, family, names, n))
    if vectors.shape[1] >= 2:
        result.append(_cluster("neighbors", n, _cosine(alike, unit, known), near, {}))
    return result


def odds_of_like(found: Outcomes) -> Float64:
    """chance / (1 - chance); 1 where nothing was foretold."""
    chance = np.clip(np.nan_to_num(found.chance, nan=0.5), 1e-6, 1.0 - 1e-6)
    return np.asarray(chance / (1.0 - chance))


@dataclass(frozen=True)
class Share:
    """Draws of each user as many as were unexpected: rows, those of such users; user, theirs, spread out so that keys
    of different users do not mix; taken: which places of these in order, bool each."""

    rows: Int64
    user: Float64
    taken: Bool

    @classmethod
    def of(cls, user: Int64, flagged: Bool) -> "Share":
        n = np.bincount(user, flagged)
        rows = np.flatnonzero(n[user] > 0)
        ordered = np.sort(user[rows])
        place = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
        return cls(rows, np.asarray(user[rows] * APART, np.float64), place < n[ordered])

    def drawn(self, key: Float64) -> Int64:
        """The rows with the largest keys, (n,), of each."""
        return self.rows[np.argsort(self.user - key[self.rows])[self.taken]]


def _counts(rows: Int64, n: int) -> Float64:
    return np.bincount(rows, minlength=n).astype(np.float64)


def _by_family(counts: Float64, drawn: Float64, names: Sequence[str], n: int) -> Cluster:
    """counts (f,), drawn (rounds, f). Concentration: the mean over families of how unlike the expected share theirs is,
    chi-square."""
    mean = drawn.mean(axis=0)

    def unlike(x: Float64) -> Float64:
        return np.asarray(((x - mean) ** 2 / np.maximum(mean, 1e-9)).sum(axis=1))

    most = {names[k]: (float(counts[k]), float(mean[k])) for k in _top(counts - mean)}
    return _cluster("family", n, unlike(counts[None])[0], unlike(drawn), most)


def _cluster(by: str, n: int, found: float, drawn: Float64, most: Mapping[str, tuple[float, float]]) -> Cluster:
    p = (1 + int((drawn >= found).sum())) / (1 + len(drawn))  # the found one is one of the draws
    return Cluster(by, n, float(found), float(drawn.mean()), p, most)


def _simpson(counts: Float64) -> float:
    """The chance that two of them are of one user (Simpson 1949)."""
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def _cosine(counts: Float64, unit: Float64, known: Bool) -> float:
    """The mean cosine of two of them; counts (n_items,): how often each item is among them."""
    n, total = counts.sum(), counts @ unit
    return float((total @ total - counts[known].sum()) / (n * (n - 1)))


def _unit(vectors: Float32, counts: Float64) -> Float64:
    """Around the mean of all outcomes, since what all items share tells none apart; zeros stay zeros."""
    some = np.asarray(vectors.any(axis=1), bool)
    apart = np.where(some[:, None], vectors - counts @ vectors / max(counts[some].sum(), 1.0), 0.0)
    return np.asarray(apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9))


def _top(counts: np.ndarray, most: int = 5) -> list[int]:
    return [int(k) for k in np.argsort(-counts, kind="stable")[:most] if counts[k] > 0]
