import math
from dataclasses import replace

import numpy as np
import pytest

from tastemaker.scorers import Blend, Calibrated, Mlp
from tastemaker.testing import ScorerContract
from tastemaker.testing.worlds import asks

from .made import mlp, taste_factors


class TestMlp(ScorerContract):
    def scorer(self, world):
        return mlp(world.features, squash=False)


class TestMlpInZeroToOne(ScorerContract):
    def scorer(self, world):
        return mlp(world.features, squash=True)


class TestCalibratedBlendWithMlp(ScorerContract):
    def scorer(self, world):
        inner = Blend((mlp(world.features, squash=True), taste_factors(world.features)), (1.0, 0.2))
        return Calibrated(inner, 1.0, -0.5, 4.0, -2.0)


@pytest.mark.parametrize("squash", [False, True])
def test_it_is_the_network_item_by_item_and_layer_by_layer(world, asked, squash):
    model = mlp(world.features, squash)
    scores = model.score(asked)
    inputs = world.features.matrix(model.blocks)
    tastes, spread = model.prior.infer_batch(asked)
    for q in range(len(asked)):
        evidence = asked.evidence()[[q]]
        history = sum(
            (w * model.embedding[j] for j, w in zip(evidence.indices, evidence.data, strict=True)), np.zeros(8)
        ) / (evidence.nnz + 2)
        for i in range(0, model.n_items, 7):
            assert scores[q, i] == pytest.approx(_score(model, inputs[i], tastes[q], spread[q], history, i), abs=2e-4)


def _score(model: Mlp, x, tastes, spread, history, i: int) -> float:
    fit = sum((x_ - c) * (t - m) for x_, c, t, m in zip(
        model.prior.membership[i], model.prior.center, tastes, model.prior.mean, strict=True
    ))  # fmt: skip
    near = sum(a * b for a, b in zip(model.embedding[i], history, strict=True))
    layer = []
    for k in range(len(model.bias)):
        value = model.bias[k] + sum(a * b for a, b in zip(x, model.item[:, k], strict=True))
        value += sum(a * b for a, b in zip([*tastes, *spread], model.user[:, k], strict=True))
        layer.append(value + fit * model.match[0, k] + near * model.match[1, k])
    for weight, bias in zip(model.weights, model.biases, strict=True):
        layer = [
            bias[k] + sum(max(0.0, v) * w for v, w in zip(layer, weight[:, k], strict=True)) for k in range(len(bias))
        ]
    return 1.0 / (1.0 + math.exp(-layer[0])) if model.squash else float(layer[0])


def test_a_saturated_network_stays_silent_and_in_its_range(world, asked):
    """exp overflows float32 beyond 88: no warning may reach the log of a service."""
    model = mlp(world.features, squash=True)
    loud = replace(model, biases=(model.biases[0], np.float32([-500.0])))
    scores = loud.score(asked)
    assert ((scores >= 0.0) & (scores < 1e-6)).all()


def test_many_items_in_chunks_score_as_few(world):
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(world.features), 5000)
    small = mlp(world.features, squash=False)
    big = replace(
        small,
        hidden=small.hidden[rows],
        embedding=small.embedding[rows],
        prior=replace(small.prior, membership=small.prior.membership[rows]),
    )
    profile = rng.random((2, 5))
    few = small.score(asks(profile, len(world.features)))
    np.testing.assert_allclose(big.score(asks(profile, 5000)), few[:, rows], rtol=1e-4, atol=1e-5)
