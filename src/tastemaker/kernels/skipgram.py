"""Skip-gram with negative sampling (Word2Vec), arrays in and arrays out: the same seed gives the same bytes.

Paper: Mikolov et al., Distributed Representations of Words and Phrases and their Compositionality, 2013, eq. 4.
For a center word w, a context word c and negatives n_1..n_k drawn from counts^0.75, minimise
    L = -log s(v_c . u_w) - sum_i log s(-v_c . u_{n_i}),    s(x) = 1 / (1 + exp(-x)),
by stochastic gradient descent on the input rows v and the output rows u. As in word2vec.c, frequent words are thinned
(`sample`), windows shrink at random, and the learning rate falls linearly.

Where we leave the paper: the negatives are drawn once per center word, without repeats, and shared by its contexts (Ji
et al. 2016, Parallelizing Word2Vec in Shared and Distributed Memory), so their rows stay in the nearest cache.

Threads never race (Gemulla et al. 2011, Large-Scale Matrix Factorization with Distributed SGD). Each epoch deals the
words into hands at random. In phase p, part h trains the pairs whose output word is in hand h and whose input word is
in hand h + p: no two parts touch one row, and after one phase per hand every pair was trained once. Negatives come from
the center's own hand. One and two threads both use two hands and give the same bytes; t > 2 threads use t hands.

Cost per epoch: n_tokens x window x (1 + negative) x 6 dim flops. Memory: two float32 (n_words, dim) matrices.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .jit import get_num_threads, njit, prange, set_num_threads
from .lanes import LANES, aligned_zeros, dots, learn

_jit, _jit_threads = njit(cache=True), njit(cache=True, parallel=True)
_inline = njit(inline="always")  # passing a named tuple of arrays to a real call cost a fifth of the time

EDGE = np.float32(6.0)  # scores are clipped here, as in word2vec.c
N_STEPS = 1024  # the table's error is at most 6 / 1024 / 4 = 0.0015
STEPS_PER_UNIT = np.float32(N_STEPS / 12)
SIGMOID = (1.0 / (1.0 + np.exp(6.0 - (np.arange(N_STEPS + 1) + 0.5) * (12 / N_STEPS)))).astype(np.float32)
LEAST_HAND = 64  # words; fewer would be too few negatives
N_MANY, EVERY = 4096, 16  # of this many positions or more, the loss is measured on one in EVERY


class Text(NamedTuple):
    """The thinned tokens of one epoch: the word at each position, and its contexts' range [low, high)."""

    word: NDArray[np.int32]
    low: NDArray[np.int32]
    high: NDArray[np.int32]


class Deal(NamedTuple):
    """Which hand holds each word, and what it takes to draw a word of a hand by counts^0.75.

    Words of neighbouring rank form groups of one word per hand. A draw picks a group by its heaviest word (Walker's
    alias method: `chance`, `alias`), then accepts the hand's word of that group by its share of that weight.
    """

    hand: NDArray[np.int16]  # (n_words,)
    member: NDArray[np.int32]  # (n_hands, n_groups); -1 where the last group is short
    alias: NDArray[np.int32]  # (n_groups,)
    chance: NDArray[np.float32]  # (n_groups,)
    accept: NDArray[np.float32]  # (n_words,)


class Phase(NamedTuple):
    p: int
    inputs: NDArray[np.float32]  # (n_words, width)
    outputs: NDArray[np.float32]  # (n_words, width)
    sigmoid: NDArray[np.float32]  # (N_STEPS + 1,)
    first_rate: float
    last_rate: float
    keys: NDArray[np.uint64]  # (n_hands,), a random stream for each part
    sums: NDArray[np.float64]  # (n_hands, 2), out: a sum of pair losses, and how many pairs are in it


def skipgram(
    tokens: NDArray[np.int32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    *,
    dim: int,
    window: int,
    negative: int,
    epochs: int,
    learning_rate: float = 0.025,
    min_learning_rate: float = 1e-4,
    sample: float = 1e-3,
    seed: int,
    threads: int,
    on_epoch: Callable[[int, float], None] | None = None,
) -> NDArray[np.float32]:
    """Input vectors, float32 (n_words, dim).

    tokens: word of each position; starts (n_docs + 1,): where each document starts; counts (n_words,): how often each
    word occurs. `on_epoch(epoch, mean loss per pair)` may raise to cancel; the loss is NaN when there is no pair.
    """
    rng = np.random.default_rng(seed)
    n_words, width = len(counts), -(-dim // LANES) * LANES
    n_hands = max(1, min(max(2, threads), n_words // LEAST_HAND))
    inputs, outputs = aligned_zeros(n_words, width), aligned_zeros(n_words + n_hands * (1 + negative), width)
    inputs[:, :dim] = (rng.random((n_words, dim), np.float32) * 2 - 1) / dim
    order = np.argsort(-counts, kind="stable")
    deal, keep = new_deal(counts, order, n_hands), keep_chances(counts, sample)
    room = Text(*(np.empty(len(tokens), np.int32) for _ in Text._fields))
    rates = np.linspace(learning_rate, min_learning_rate, epochs * n_hands + 1)
    with _thread_count(min(threads, n_hands)):
        for epoch in range(epochs):
            shuffle(order, rng.random(deal.member.shape), deal)
            stays = rng.random(len(tokens)) <= keep[tokens]
            n = thin(tokens, starts, stays, rng.integers(1, window + 1, len(tokens)), room)
            text = Text(*(part[:n] for part in room))
            keys, sums = rng.integers(0, 2**64, (n_hands, n_hands), np.uint64), np.zeros((n_hands, n_hands, 2))
            for p in range(n_hands):
                first, last = rates[epoch * n_hands + p :][:2]
                phase = Phase(p, inputs, outputs, SIGMOID, first, last, keys[p], sums[p])
                _train(text, deal, phase, tuple(range(1 + negative)))
            loss, n_pairs = sums.sum(axis=(0, 1))
            if on_epoch is not None:
                on_epoch(epoch, float(loss / n_pairs) if n_pairs > 0 else math.nan)
    return inputs[:, :dim].copy()


def keep_chances(counts: NDArray[np.int64], sample: float) -> NDArray[np.float64]:
    """The chance that a token of each word survives thinning: word2vec.c's formula, not the paper's."""
    if sample <= 0:
        return np.ones(len(counts))
    share = sample * counts.sum() / np.maximum(counts, 1)
    return np.asarray(np.minimum(1.0, np.sqrt(share) + share))


def new_deal(counts: NDArray[np.int64], order: NDArray[np.int64], n_hands: int) -> Deal:
    n_words, n_groups = len(counts), -(-len(counts) // n_hands)
    weights = np.zeros(n_groups * n_hands)
    weights[:n_words] = counts[order] ** 0.75
    groups = weights.reshape(n_groups, n_hands)  # (n_groups, n_hands), heaviest group first
    heaviest = groups.max(axis=1)
    accept = np.zeros(n_words, np.float32)
    accept[order] = (groups / np.maximum(heaviest, 1e-9)[:, None]).ravel()[:n_words]
    hand, member = np.zeros(n_words, np.int16), np.full((n_hands, n_groups), -1, np.int32)
    return Deal(hand, member, *alias_table(heaviest), accept)


def alias_table(weights: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Walker's alias method: index i stands for itself with chance[i], else for alias[i]."""
    n = len(weights)
    share, alias = weights * (n / weights.sum()), np.arange(n, dtype=np.int32)
    small, large = list(np.flatnonzero(share < 1)), list(np.flatnonzero(share >= 1))
    while small and large:
        i, j = small.pop(), large[-1]
        alias[i] = j
        share[j] -= 1 - share[i]
        if share[j] < 1:
            small.append(large.pop())
    return alias, share.astype(np.float32)


def shuffle(order: NDArray[np.int64], draws: NDArray[np.float64], deal: Deal) -> None:
    """Deal every group's words to the hands afresh, by the order of its draws: float64 (n_hands, n_groups)."""
    n_hands, n_groups = draws.shape
    rank = np.arange(n_groups) * n_hands + draws.argsort(axis=0)  # (n_hands, n_groups)
    hand, group = np.nonzero(rank < len(order))
    words = order[rank[hand, group]]
    deal.member[:] = -1
    deal.member[hand, group] = words
    deal.hand[words] = hand


@_jit
def thin(
    tokens: NDArray[np.int32], starts: NDArray[np.int64], stays: NDArray[np.bool_], reach: NDArray[np.int64], out: Text
) -> int:
    """Write the tokens that stay, and the contexts within reach of each, to `out`; returns how many stay."""
    n = 0
    for d in range(starts.size - 1):
        begin = n
        for i in range(starts[d], starts[d + 1]):
            if stays[i]:
                out.word[n] = tokens[i]
                n += 1
        for i in range(begin, n):
            out.low[i], out.high[i] = max(begin, i - reach[i]), min(n, i + reach[i] + 1)
    return n


@_jit_threads
def _train(text: Text, deal: Deal, phase: Phase, slots: tuple[int, ...]) -> None:
    for h in prange(phase.keys.size):
        _sweep(text, deal, phase, slots, h)


@_jit
def _sweep(text: Text, deal: Deal, phase: Phase, slots: tuple[int, ...], h: int) -> None:
    """Train part h of a phase: pairs whose output word is in hand h and whose input word is in hand h + p."""
    word, low, high, hand = text.word, text.low, text.high, deal.hand
    n, width, mine = word.size, phase.inputs.shape[1], (h + phase.p) % phase.keys.size
    (chosen, targets), scores = np.empty((2, len(slots)), np.int64), np.empty(len(slots), np.float32)
    first_input, first_output = phase.inputs.ctypes.data, phase.outputs.ctypes.data
    at_targets, at_scores = targets.ctypes.data, scores.ctypes.data
    for i in range(n):
        if hand[word[i]] != h or not _has_context(text, hand, i, mine):
            continue
        chosen[0] = word[i]
        n_chosen = _draw(deal, h, phase.keys[h], i, chosen)
        for t in range(len(slots)):
            targets[t] = first_output + 4 * width * chosen[t]
        rate = np.float32(phase.first_rate + (phase.last_rate - phase.first_rate) * i / n)
        for j in range(low[i], high[i]):
            if j == i or hand[word[j]] != mine:
                continue
            row = first_input + 4 * width * word[j]
            dots(row, at_targets, at_scores, width, slots)
            if n < N_MANY or i % EVERY == 0:
                phase.sums[h, 0] += _loss(scores, n_chosen)
                phase.sums[h, 1] += 1
            _to_steps(scores, n_chosen, rate, phase.sigmoid)
            learn(row, at_targets, at_scores, width, slots)


@_inline
def _has_context(text: Text, hand: NDArray[np.int16], i: int, mine: int) -> bool:
    for j in range(text.low[i], text.high[i]):  # noqa: SIM110 - numba compiles no generator
        if j != i and hand[text.word[j]] == mine:
            return True
    return False


@_inline
def _draw(deal: Deal, h: int, key: Any, i: int, chosen: NDArray[np.int64]) -> int:
    """Fill chosen[1:] with distinct words of hand h other than chosen[0]; returns how many of `chosen` are filled."""
    n, tries = 1, 4 * (chosen.size - 1)
    for t in range(tries):
        if n == chosen.size:
            break
        word = _pick(deal, h, _bits(key, i * tries + t))
        if word >= 0 and not _among(chosen, n, word):
            chosen[n] = word
            n += 1
    for t in range(n, chosen.size):
        chosen[t] = deal.hand.size + h * chosen.size + t
    return n


@_inline
def _pick(deal: Deal, h: int, z: Any) -> Any:
    """A word of hand h by counts^0.75, or -1 when the draw is refused: 32 random bits for the group, 16 + 16 after."""
    low = np.uint64(0xFFFF)
    group = np.int64(((z >> np.uint64(32)) * np.uint64(deal.alias.size)) >> np.uint64(32))
    if np.int64(z & low) >= deal.chance[group] * np.float32(65536):
        group = np.int64(deal.alias[group])
    word = np.int64(deal.member[h, group])
    if word >= 0 and np.int64((z >> np.uint64(16)) & low) >= deal.accept[word] * np.float32(65536):
        return -1
    return word


@_inline
def _among(chosen: NDArray[np.int64], n: int, word: int) -> bool:
    for t in range(n):  # noqa: SIM110 - numba compiles no generator
        if chosen[t] == word:
            return True
    return False


@_inline
def _bits(key: Any, i: int) -> Any:
    """The i-th 64 random bits of a stream: splitmix64 (Steele et al. 2014), read at any place."""
    z = key + np.uint64(i + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@_jit
def _loss(scores: NDArray[np.float32], n: int) -> float:
    """-log s(score 0) - sum log s(-score t), without overflow."""
    total = 0.0
    for t in range(n):
        x = -scores[t] if t == 0 else scores[t]
        total += max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    return total


@_inline
def _to_steps(scores: NDArray[np.float32], n: int, rate: Any, sigmoid: NDArray[np.float32]) -> None:
    """Replace each score by rate x (label - s(score)): label 1 for the center, else 0; no step for an empty slot."""
    for t in range(scores.size):
        label, place = np.float32(t == 0), (scores[t] + EDGE) * STEPS_PER_UNIT
        if not place < N_STEPS:  # NaN, too
            place = np.float32(N_STEPS)
        scores[t] = np.float32(t < n) * rate * (label - sigmoid[np.int64(max(place, np.float32(0.0)))])


@contextmanager
def _thread_count(n: int) -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(max(1, min(n, before)))
    try:
        yield
    finally:
        set_num_threads(before)
