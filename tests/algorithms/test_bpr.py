from math import exp, log

import numpy as np
import pytest

from tastemaker.algorithms import BPR
from tastemaker.errors import TrainingError
from tastemaker.kernels.bpr import bpr_epoch
from tastemaker.testing import AlgorithmContract
from tastemaker.watch import Watch


class TestBPR(AlgorithmContract):
    algorithm = BPR(dim=8, epochs=15)


def problem(n_users=6, width=5, n_items=9, dim=3, p=2, seed=0):
    """tastes, items, signed, target, looks, vectors, bias, user, alpha: the arrays of one epoch."""
    rng = np.random.default_rng(seed)
    tastes = np.hstack([rng.normal(size=(n_users, p)), np.ones((n_users, 1))]).astype(np.float32)
    items = np.array([rng.choice(n_items, width, replace=False) for _ in range(n_users)], np.int32)
    signed = rng.integers(-2, 3, (n_users, width)).astype(np.float32) / 2  # ties are likely
    target = rng.random((n_users, width)) < 0.8
    items[0, -1], target[0, -1] = -1, False  # padding
    items[-1, -3:], target[-1, -3:] = -1, False
    small = [
        rng.normal(0.0, 0.3, shape).astype(np.float32)
        for shape in ((n_items, p), (n_items, dim), n_items, (p + 1, dim))
    ]
    return [tastes, items, signed, target, *small, np.float32([0.7])]


def slow_epoch(tastes, items, signed, target, looks, vectors, bias, user, alpha, draws, rate, l2, seed):
    """Rendle et al. 2009, fig. 4, over pairs drawn by the same xorshift, in plain Python."""
    state = (seed * 2654435761 + 88172645463325252) % 2**64
    losses = []
    for u in range(len(items)):
        width = sum(1 for item in items[u] if item >= 0)
        mine = tastes[u] @ user  # as it was when the user's turn came
        for _ in range(draws):
            state ^= (state << 13) % 2**64
            state ^= state >> 7
            state ^= (state << 17) % 2**64
            a, b = (state >> 33) % width, (state >> 3) % width
            if not (target[u, a] and target[u, b]) or signed[u, a] == signed[u, b]:
                continue
            i, j = (items[u, a], items[u, b]) if signed[u, a] > signed[u, b] else (items[u, b], items[u, a])
            apart, match = vectors[i] - vectors[j], float(tastes[u, :-1] @ (looks[i] - looks[j]))
            x = bias[i] - bias[j] + alpha[0] * match + float(mine @ apart)
            g = 1 / (1 + exp(x))
            losses.append(log(1 + exp(-x)))
            bias[i] += rate * (g - l2 * bias[i])
            bias[j] += rate * (-g - l2 * bias[j])
            alpha[0] += rate * (g * match - l2 * alpha[0])
            user += rate * (g * np.outer(tastes[u], apart) - l2 * user)
            vectors[i] += rate * (g * mine - l2 * vectors[i])
            vectors[j] += rate * (-g * mine - l2 * vectors[j])
    return sum(losses) / len(losses)


def test_the_kernel_is_its_slow_twin():
    arrays = problem()
    slow = [a.astype(float) if a.dtype == np.float32 else a.copy() for a in arrays]
    found = bpr_epoch(*arrays, 12, 0.1, 0.02, 5)
    assert found == pytest.approx(slow_epoch(*slow, 12, 0.1, 0.02, 5), rel=1e-4)
    for fast, twin in zip(arrays, slow, strict=True):
        np.testing.assert_allclose(fast, twin, atol=1e-5)


def test_one_step_goes_down_the_gradient_of_the_papers_criterion():
    """BPR-Opt (eq. 5) of one pair: -log sigmoid(x) + l2/2 |parameters|², by central differences."""
    rate, l2 = 0.01, 0.05
    before = problem(n_users=1, width=2)
    before[1:4] = np.int32([[4, 7]]), np.float32([[1.0, -1.0]]), np.ones((1, 2), bool)
    seed = next(s for s in range(1, 50) if bpr_epoch(*[a.copy() for a in before], 1, rate, l2, s) > 0.0)
    after = [a.copy() for a in before]
    bpr_epoch(*after, 1, rate, l2, seed)
    i, j = before[1][0]
    for k in range(5, 9):  # vectors, bias, user, alpha
        for at in np.ndindex(before[k].shape):
            if k in {5, 6} and at[0] not in {i, j}:
                assert after[k][at] == before[k][at]  # an item that is not in the pair stays
                continue
            step = (float(after[k][at]) - float(before[k][at])) / rate
            assert step == pytest.approx(-_slope(before, i, j, k, at, l2), abs=1e-3)


def _slope(arrays, i, j, k, at, l2, h=1e-4):
    def criterion(value):
        tastes, _, _, _, looks, vectors, bias, user, alpha = moved = [a.astype(float) for a in arrays]
        moved[k][at] = value
        x = bias[i] - bias[j] + (tastes[0] @ user) @ (vectors[i] - vectors[j])
        x += alpha[0] * (tastes[0, :-1] @ (looks[i] - looks[j]))
        return log(1 + exp(-x)) + l2 / 2 * value**2

    value = float(arrays[k][at])
    return (criterion(value + h) - criterion(value - h)) / (2 * h)


def test_the_loss_falls(world, rng):
    losses = []
    watch = Watch(report=lambda progress: losses.append(progress.metrics["loss"]))
    BPR(dim=8, epochs=20).fit(*world, rng, watch)
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_a_loss_that_degenerates_is_refused_with_the_next_step(world, rng):
    with pytest.raises(TrainingError, match=r"degenerated .*Lower learning_rate"), np.errstate(all="ignore"):
        BPR(dim=8, epochs=5, learning_rate=1e6).fit(*world, rng, Watch())


def test_starting_from_another_width_is_refused(world, rng):
    start = BPR(dim=4, epochs=1).fit(*world, rng, Watch())
    with pytest.raises(TrainingError, match="dim 8"):
        BPR(dim=8, epochs=1).fit(*world, rng, Watch(), start=start)
