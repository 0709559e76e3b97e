"""Skip-gram against a slow twin with the same draws, finite differences, and a corpus whose topics are known."""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from tastemaker.kernels import skipgram as kernel
from tastemaker.kernels.skipgram import Deal, alias_table, keep_chances, new_deal, shuffle, skipgram

Array = NDArray[np.float64]
MASK = 2**64 - 1


def corpus(rng: np.random.Generator, n_words: int, lengths: list[int]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Zipf-like tokens: word 0 is in half of all places. Some documents are empty or hold one word."""
    tokens = np.minimum(rng.geometric(0.5 / np.sqrt(n_words), sum(lengths)) - 1, n_words - 1)
    tokens[rng.random(len(tokens)) < 0.4] = 0
    return tokens.astype(np.int32), np.cumsum([0, *lengths])


def pair_loss(v: Array, targets: Array) -> float:
    """Equation 4 for one pair: targets (1 + k, dim), the center's output row first."""
    signs = np.array([1.0] + [-1.0] * (len(targets) - 1))
    return float(np.log1p(np.exp(-signs * (targets @ v))).sum())


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def stepped_sigmoid(x: Array) -> Array:
    """The sigmoid in the middle of x's step: 1024 steps from -6 to 6."""
    return sigmoid((np.floor((np.clip(x, -6, 6) + 6) * 1024 / 12) + 0.5) * 12 / 1024 - 6)


def pair_steps(v: Array, targets: Array, sigmoid: Callable[[Array], Array]) -> tuple[Array, Array]:
    """Minus the gradient of `pair_loss` for v and for the targets."""
    error = np.eye(len(targets))[0] - sigmoid(targets @ v)
    return error @ targets, np.outer(error, v)


def bits(key: int, i: int) -> int:
    z = (key + (i + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def negatives(deal: Deal, h: int, key: int, i: int, center: int, k: int) -> list[int]:
    found: list[int] = []
    for t in range(4 * k):
        z = bits(key, i * 4 * k + t)
        group = (z >> 32) * len(deal.alias) >> 32
        if (z & 0xFFFF) / 65536 >= deal.chance[group]:
            group = deal.alias[group]
        word = int(deal.member[h, group])
        accepted = word >= 0 and ((z >> 16) & 0xFFFF) / 65536 < deal.accept[word]
        if accepted and word != center and word not in found and len(found) < k:
            found.append(word)
    return found


def twin(
    tokens: NDArray[np.int32], starts: NDArray[np.int64], counts: NDArray[np.int64], *, dim: int, window: int,
    negative: int, epochs: int, sample: float, seed: int, n_hands: int, on_epoch: Callable[[int, float], None],
) -> Array:  # fmt: skip
    """The whole algorithm in float64, a pair at a time."""
    rng = np.random.default_rng(seed)
    v = ((rng.random((len(counts), dim), np.float32) * 2 - 1) / dim).astype(float)
    u = np.zeros_like(v)
    order = np.argsort(-counts, kind="stable")
    deal, keep = new_deal(counts, order, n_hands), keep_chances(counts, sample)
    for epoch in range(epochs):
        shuffle(order, rng.random(deal.member.shape), deal)
        stays = rng.random(len(tokens)) <= keep[tokens]
        reach = rng.integers(1, window + 1, len(tokens))
        keys = rng.integers(0, 2**64, (n_hands, n_hands), np.uint64)
        places = [
            (d, int(tokens[i])) for d in range(len(starts) - 1) for i in range(starts[d], starts[d + 1]) if stays[i]
        ]
        losses = []
        for p in range(n_hands):
            for i, (d, center) in enumerate(places):
                h = deal.hand[center]
                done = (epoch + (p + i / len(places)) / n_hands) / epochs
                rate = 0.025 + (1e-4 - 0.025) * done
                rows = [center, *negatives(deal, h, int(keys[p, h]), i, center, negative)]
                for j in range(max(0, i - reach[i]), min(len(places), i + reach[i] + 1)):
                    other, c = places[j]
                    if j != i and other == d and deal.hand[c] == (h + p) % n_hands:
                        losses.append(pair_loss(v[c], u[rows]))
                        step_v, step_u = pair_steps(v[c], u[rows], stepped_sigmoid)
                        v[c] += rate * step_v
                        u[rows] += rate * step_u
        on_epoch(epoch, float(np.mean(losses)))
    return v


@pytest.mark.parametrize(("n_words", "n_hands"), [(150, 2), (40, 1), (2, 1)])
def test_it_is_its_slow_twin(n_words: int, n_hands: int) -> None:
    rng = np.random.default_rng(5)
    tokens, starts = corpus(rng, n_words, [40, 0, 1, 300, 7, 2])
    counts = np.bincount(tokens, minlength=n_words)
    ours: list[float] = []
    theirs: list[float] = []
    settings: dict[str, Any] = {"dim": 20, "window": 3, "negative": 5, "epochs": 4, "sample": 0.05, "seed": 9}
    fast = skipgram(tokens, starts, counts, **settings, threads=1, on_epoch=lambda _, loss: ours.append(loss))
    slow = twin(tokens, starts, counts, **settings, n_hands=n_hands, on_epoch=lambda _, loss: theirs.append(loss))
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    start = ((np.random.default_rng(9).random(slow.shape, np.float32) * 2 - 1) / 20).astype(float)
    assert np.abs(slow - start).max() > 0.01, "the twin must have learned something"


def test_the_step_is_minus_the_gradient() -> None:
    rng = np.random.default_rng(0)
    v, targets = rng.normal(size=7), rng.normal(size=(4, 7)) * 0.5
    step_v, step_u = pair_steps(v, targets, sigmoid)
    for k in range(7):
        nudge = np.eye(7)[k] * 1e-6
        assert -step_v[k] == pytest.approx(
            (pair_loss(v + nudge, targets) - pair_loss(v - nudge, targets)) / 2e-6, abs=1e-7
        )
    for t, k in np.ndindex(4, 7):
        bump = np.zeros((4, 7))
        bump[t, k] = 1e-6
        assert -step_u[t, k] == pytest.approx(
            (pair_loss(v, targets + bump) - pair_loss(v, targets - bump)) / 2e-6, abs=1e-7
        )


def test_the_sigmoid_table_is_close() -> None:
    x = np.linspace(-6, 6, 12_345)
    cell = ((x + 6) * kernel.N_STEPS / 12).astype(int)
    np.testing.assert_allclose(kernel.SIGMOID[cell], sigmoid(x), rtol=0, atol=1.6e-3)


def test_same_seed_same_bytes_on_one_thread_and_on_two() -> None:
    tokens, starts = corpus(np.random.default_rng(1), 300, [2000, 500, 0, 3000])
    counts = np.bincount(tokens, minlength=300)
    settings: dict[str, Any] = {"dim": 33, "window": 4, "negative": 5, "epochs": 3}
    before = numba.get_num_threads()
    runs = [skipgram(tokens, starts, counts, **settings, seed=4, threads=t).tobytes() for t in (1, 2, 2, 1, 3, 3)]
    assert len(set(runs[:4])) == 1
    assert runs[4] == runs[5] != runs[0], "three threads deal three hands"
    assert skipgram(tokens, starts, counts, **settings, seed=5, threads=2).tobytes() != runs[0]
    assert numba.get_num_threads() == before


@pytest.mark.parametrize("threads", [1, 2])
def test_words_of_one_topic_end_up_together(threads: int) -> None:
    """Two topics of unequal size share a few frequent words: 90 words, then 60, then 10."""
    rng = np.random.default_rng(2)
    documents = []
    for d in range(400):
        own = rng.integers(0, 90, 15) if d % 4 else rng.integers(90, 150, 15)
        documents.append(np.concatenate([own, rng.integers(150, 160, 8)])[rng.permutation(23)])
    tokens, starts = np.concatenate(documents).astype(np.int32), np.arange(0, 23 * 400 + 1, 23)
    counts = np.bincount(tokens, minlength=160)
    found = skipgram(
        tokens, starts, counts, dim=24, window=5, negative=5, epochs=30, sample=0.05, seed=3, threads=threads
    )
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    cosine = unit @ unit.T
    within = np.concatenate([cosine[:90, :90].ravel(), cosine[90:150, 90:150].ravel()]).mean()
    assert within > cosine[:90, 90:150].mean() + 0.3


def test_the_loss_falls() -> None:
    tokens, starts = corpus(np.random.default_rng(1), 200, [3000, 3000])
    losses: list[float] = []
    skipgram(
        tokens, starts, np.bincount(tokens, minlength=200), dim=16, window=3, negative=5, epochs=8, sample=0, seed=1,
        threads=2, on_epoch=lambda _, loss: losses.append(loss),
    )  # fmt: skip
    assert losses[-1] < losses[1] < losses[0]
    assert losses[0] < 6 * math.log(2) + 0.01, "untrained rows cost log 2 a target"


def test_every_word_of_a_hand_is_drawn_by_its_share() -> None:
    counts = np.array([50, 3, 700, 1, 20, 8, 9])
    order = np.argsort(-counts, kind="stable")
    deal = new_deal(counts, order, 2)
    shuffle(order, np.random.default_rng(0).random(deal.member.shape), deal)
    assert sorted(deal.member[deal.member >= 0]) == list(range(7))
    assert all(deal.hand[word] == h for h, row in enumerate(deal.member) for word in row if word >= 0)
    for h in (0, 1):
        drawn = np.bincount([w for i in range(20_000) for w in negatives(deal, h, 7, i, -1, 1)], minlength=7)
        share = np.where(deal.hand == h, counts**0.75, 0)
        np.testing.assert_allclose(drawn / drawn.sum(), share / share.sum(), atol=0.015)


def test_the_alias_table_keeps_the_weights() -> None:
    weights = np.array([5.0, 0.0, 1.0, 94.0])
    alias, chance = alias_table(weights)
    kept = np.bincount(alias, 1 - chance, 4) + chance
    np.testing.assert_allclose(kept / 4, weights / 100, atol=1e-6)


@pytest.mark.parametrize("lengths", [[], [0, 0], [1], [1, 0, 1]])
def test_without_a_pair_nothing_is_learned(lengths: list[int]) -> None:
    tokens, starts = np.zeros(sum(lengths), np.int32), np.cumsum([0, *lengths])
    losses: list[float] = []
    found = skipgram(
        tokens, starts, np.array([max(1, len(tokens))]), dim=5, window=2, negative=5, epochs=1, seed=1, threads=2,
        on_epoch=lambda _, loss: losses.append(loss),
    )  # fmt: skip
    assert found.shape == (1, 5)
    assert np.abs(found).max() <= 1 / 5
    assert math.isnan(losses[0])


def test_one_word_again_and_again() -> None:
    tokens = np.zeros(50, np.int32)
    found = skipgram(
        tokens, np.array([0, 50]), np.array([50]), dim=16, window=2, negative=5, epochs=2, sample=0, seed=1, threads=2
    )
    assert np.isfinite(found).all()
