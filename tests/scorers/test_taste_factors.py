import numpy as np
import pytest

from tastemaker.scorers import Calibrated, TasteFactors
from tastemaker.testing import ScorerContract, grown

from .made import taste_factors


class TestFactors(ScorerContract):
    def scorer(self, world):
        return taste_factors(world.features)


class TestCalibratedFactors(ScorerContract):
    def scorer(self, world):
        return Calibrated(taste_factors(world.features), 0.3, 0.0, 1.0, 0.0)


def test_it_is_the_explicit_sum(world, asked):
    model = taste_factors(world.features)
    scores = model.score(asked)
    tastes, _ = model.prior.infer_batch(asked)
    for q in range(len(asked)):
        away = [float(t) - float(m) for t, m in zip(tastes[q], model.prior.mean, strict=True)]
        for i in range(0, model.n_items, 3):
            assert scores[q, i] == pytest.approx(_score(model, away, i), abs=1e-4)


def _score(model: TasteFactors, away: list[float], i: int) -> float:
    total = float(model.bias[i])
    for f in range(model.items.shape[1]):
        user = float(model.user[-1, f])
        for k, t in enumerate(away):
            user += t * float(model.user[k, f])
        total += user * float(model.items[i, f])
    for k, t in enumerate(away):
        total += model.alpha * t * (float(model.prior.membership[i, k]) - float(model.prior.center[k]))
    return total


def test_a_new_item_gets_its_vector_and_bias_from_its_content(world):
    model, features = taste_factors(world.features), grown(world.features, 2)
    wider = model.with_items(features)
    new = features.matrix(model.blocks)[-1]
    expected = sum(x * row for x, row in zip([*new, 1.0], model.content, strict=True))
    np.testing.assert_allclose([*wider.items[-1], wider.bias[-1]], expected, atol=1e-4)
    np.testing.assert_array_equal(wider.items[:-2], model.items)
