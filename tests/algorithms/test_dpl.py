import numpy as np
import pytest

from tastemaker.algorithms import DPL
from tastemaker.algorithms.dpl import squared_error
from tastemaker.testing import AlgorithmContract
from tastemaker.watch import Watch

torch = pytest.importorskip("torch")


class TestDPL(AlgorithmContract):
    algorithm = DPL(hidden=(16, 8), epochs=8, learning_rate=3e-3)


def test_the_loss_is_the_mean_squared_error_of_what_counts():
    rng = np.random.default_rng(0)
    scores, signed, target = rng.random((3, 4)), rng.uniform(-1, 1, (3, 4)), rng.random((3, 4)) < 0.6
    errors = [(s - (1 + r) / 2) ** 2 for s, r, t in zip(scores.flat, signed.flat, target.flat, strict=True) if t]
    found = squared_error(*(torch.from_numpy(a) for a in (scores, signed, target)))
    assert float(found) == pytest.approx(sum(errors) / len(errors))
    assert float(squared_error(*(torch.from_numpy(a[:0]) for a in (scores, signed, target)))) == 0.0


def test_scores_are_preferences_in_0_to_1(world, asked, rng):
    scores = DPL(hidden=(8,), epochs=2).fit(*world, rng, Watch()).score(asked)
    assert ((scores > 0.0) & (scores < 1.0)).all()
