"""BPR by stochastic gradient descent over (user, item, item not chosen) triples of an event matrix, threads never
racing.

Rendle et al. 2009, "BPR: Bayesian Personalized Ranking from Implicit Feedback", fig. 4, with two departures. Users come
in order, each event once an epoch, so that a user's row stays in the nearest cache; and as in Gemulla et al. 2011
("Large-Scale Matrix Factorization with Distributed SGD"), each epoch deals the items into hands at random: in phase p,
worker w trains the users of block w on the events whose item is in hand w + p, against an item of the same hand. No two
workers touch one row, so that one thread and two give the same bytes, and no cache line is fought over.

Cost an epoch: n_events x 10 dim flops, and two random rows of items a triple, fetched ahead.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..data.arrays import Float32, Float64, Int8, Int32, Int64
from .jit import get_num_threads, njit, prange
from .lanes import dots, learn_shrinking, prefetch

_jit, _jit_threads = njit(cache=True, fastmath=True), njit(cache=True, parallel=True)
AHEAD = 32  # triples drawn, and their rows asked for, before the first of them is trained
TRIES = 8  # items drawn at most until one is found that the user has not chosen


class Matrix(NamedTuple):
    """Events by user: items of user u are items[starts[u] : starts[u + 1]]."""

    starts: Int64  # (n_users + 1,)
    items: Int32  # (n_events,)


class Hands(NamedTuple):
    """Which hand holds each item, and from which items of each hand an item not chosen is drawn."""

    hand: Int8  # (n_items,)
    pool: Int32  # items, hand after hand
    ends: Int64  # (n_hands + 1,), where each hand starts in the pool


class Step(NamedTuple):
    rate: float
    l2_user: float
    l2_item: float


def workers(threads: int | None = None) -> int:
    """Hands dealt: two at least, so that one thread and two do the same; no more than 8 bits can number."""
    return min(max(2, threads or get_num_threads()), int(np.iinfo(np.int8).max))


def blocks_of(starts: Int64, n: int) -> Int64:
    """Ends of n blocks of users with about equally many events each, int64 (n + 1,)."""
    ends = np.searchsorted(starts, np.linspace(0, starts[-1], n + 1))
    ends[0], ends[-1] = 0, len(starts) - 1
    return ends.astype(np.int64)


def deal(by_count: Int32, drawn: Int32, n_hands: int, rng: np.random.Generator) -> Hands:
    """Deal items so that each hand has its share of the frequent ones.

    by_count: items, most frequent first; drawn: what an item not chosen is drawn from: every item once, or every
    event's
    """
    n, first = len(by_count), int(rng.integers(n_hands))  # groups start elsewhere each time: any two items can meet
    groups = -(-(n + first) // n_hands)
    dealt = rng.random((groups, n_hands)).argsort(axis=1).astype(np.int8).ravel()[first : first + n]
    hand = np.empty(n, np.int8)
    hand[by_count] = dealt
    pool, ends = _pooled(drawn, hand, n_hands)
    return Hands(hand, pool, ends)


@_jit
def _pooled(drawn: Int32, hand: Int8, n_hands: int) -> tuple[Int32, Int64]:
    ends = np.zeros(n_hands + 1, np.int64)
    for item in drawn:
        ends[hand[item] + 1] += 1
    ends = np.cumsum(ends)
    at, pool = ends.copy(), np.empty(drawn.size, np.int32)
    for item in drawn:
        pool[at[hand[item]]] = item
        at[hand[item]] += 1
    return pool, ends


@_jit_threads
def bpr_phase(
    p: int, matrix: Matrix, hands: Hands, blocks: Int64, users: Float32, items: Float32, step: Step, keys: Any,
    sums: Float64, slots: tuple[int, int],
) -> None:  # fmt: skip
    """Phase p of an epoch: users (n_users, width) and items (n_items, width) change in place; width % LANES == 0.

    keys: uint64 (n_hands,), a random stream a worker; sums: float64 (n_hands, 4), out, added up: a sum of losses, of
    how many triples, how many triples were the wrong way round, of how many
    """
    for w in prange(keys.size):
        _train(w, (w + p) % keys.size, matrix, hands, blocks, users, items, step, keys[w], sums, slots)


@_jit
def _train(w, mine, matrix, hands, blocks, users, items, step, key, sums, slots):  # type: ignore[no-untyped-def]
    starts, chosen = matrix.starts, matrix.items
    width = users.shape[1]
    first_user, first_item = users.ctypes.data, items.ctypes.data
    seen = np.zeros(items.shape[0] // 64 + 1, np.uint64)  # a bit for each item of this user
    plus, minus = np.empty(AHEAD, np.int64), np.empty(AHEAD, np.int64)
    targets, scores = np.empty(2, np.int64), np.empty(2, np.float32)
    at_targets, at_scores = targets.ctypes.data, scores.ctypes.data
    rate = np.float32(step.rate)
    keep_user, keep_item = np.float32(1.0 - step.rate * step.l2_user), np.float32(1.0 - step.rate * step.l2_item)
    low, size = hands.ends[mine], np.uint64(hands.ends[mine + 1] - hands.ends[mine])
    state = key | np.uint64(1)
    loss, n_measured, n_wrong, n_triples = 0.0, 0, 0, 0
    if size == 0:
        return
    for u in range(blocks[w], blocks[w + 1]):
        begin, end = starts[u], starts[u + 1]
        for e in range(begin, end):
            seen[chosen[e] >> 6] |= np.uint64(1) << np.uint64(chosen[e] & 63)
        row, e = first_user + 4 * width * u, begin
        while e < end:
            n = 0
            while e < end and n < AHEAD:  # draw ahead
                i = np.int64(chosen[e])
                e += 1
                if hands.hand[i] != mine:
                    continue
                for _ in range(TRIES):
                    state ^= state << np.uint64(13)  # xorshift64 (Marsaglia 2003)
                    state ^= state >> np.uint64(7)
                    state ^= state << np.uint64(17)
                    j = np.int64(hands.pool[low + np.int64(((state >> np.uint64(32)) * size) >> np.uint64(32))])
                    if not (seen[j >> 6] >> np.uint64(j & 63)) & np.uint64(1):
                        plus[n], minus[n] = first_item + 4 * width * i, first_item + 4 * width * j
                        prefetch(plus[n], width)
                        prefetch(minus[n], width)
                        n += 1
                        break
            for t in range(n):
                targets[0], targets[1] = plus[t], minus[t]
                dots(row, at_targets, at_scores, width, slots)
                x = scores[0] - scores[1]
                g = np.float32(1.0) / (np.float32(1.0) + np.exp(x))
                n_wrong += x <= 0.0
                if t == 0:  # one in AHEAD at least is measured: the logarithm costs as much as the rest
                    loss += math.log1p(math.exp(-abs(x))) + max(-x, 0.0)
                    n_measured += 1
                scores[0], scores[1] = rate * g, -rate * g
                learn_shrinking(row, at_targets, at_scores, width, keep_user, keep_item, slots)
            n_triples += n
        for e in range(begin, end):
            seen[chosen[e] >> 6] = np.uint64(0)
    sums[w, 0] += loss
    sums[w, 1] += n_measured
    sums[w, 2] += n_wrong
    sums[w, 3] += n_triples
