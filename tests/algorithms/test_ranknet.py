from math import exp, log

import numpy as np
import pytest

from tastemaker.algorithms import RankNet
from tastemaker.algorithms.ranknet import pairwise_logistic
from tastemaker.testing import AlgorithmContract

torch = pytest.importorskip("torch")


class TestRankNet(AlgorithmContract):
    algorithm = RankNet(hidden=(16, 8), epochs=6, learning_rate=3e-3)


class TestRankNetWithEverythingOn(AlgorithmContract):
    algorithm = RankNet(
        hidden=(8,), epochs=6, learning_rate=5e-3, schedule="constant", l2=1e-4, dropout=0.2, accumulate=2, patience=2
    )


def lists():
    """Three lists with ties, padding, and one that holds no pair at all."""
    scores = np.array([[0.3, -1.2, 2.0, 0.1], [0.0, 5.0, -5.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
    signed = np.array([[1.0, 0.0, 0.0, -1.0], [-1.0, 1.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0]])
    target = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]], bool)
    return scores, signed, target


def burges(scores, signed, target):
    """Eq. 3 of the paper, C = -o + log(1 + e^o) with o = s_i - s_j and target probability 1, one pair at a time."""
    costs = []
    for s, r, t in zip(scores, signed, target, strict=True):
        for i in range(len(s)):
            for j in range(len(s)):
                if t[i] and t[j] and r[i] > r[j]:
                    o = float(s[i] - s[j])
                    costs.append(-o + log(1 + exp(o)))
    return sum(costs) / len(costs)


def test_the_loss_is_equation_3():
    arrays = lists()
    found = pairwise_logistic(*(torch.from_numpy(a) for a in arrays))
    assert float(found) == pytest.approx(burges(*arrays))


def test_its_gradient_is_that_of_equation_3_by_finite_differences():
    scores, signed, target = lists()
    leaf = torch.from_numpy(scores).requires_grad_()
    pairwise_logistic(leaf, torch.from_numpy(signed), torch.from_numpy(target)).backward()
    for at in np.ndindex(scores.shape):
        up, down = scores.copy(), scores.copy()
        up[at] += 1e-5
        down[at] -= 1e-5
        slope = (burges(up, signed, target) - burges(down, signed, target)) / 2e-5
        assert float(leaf.grad[at]) == pytest.approx(slope, abs=1e-7)


def test_lists_without_a_pair_cost_nothing():
    scores, signed, target = (torch.from_numpy(a[2:]) for a in lists())
    assert float(pairwise_logistic(scores, signed, target)) == 0.0
