import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import Calibrated, Embeddings, Mapping
from tastemaker.testing import ScorerContract


class TestCalibratedMapping(ScorerContract):
    def scorer(self, world):
        return Calibrated(Mapping(world.features.block(TASTES)), 3.0, -1.0, 6.0, -2.0)


class TestCalibratedCalibrated(ScorerContract):
    def scorer(self, world):
        inner = Calibrated(Embeddings(world.features.block("text"), "text"), 0.4, 0.1, 2.0, 0.0)
        return Calibrated(inner, -2.0, 0.0, 60.0, 0.0)


def test_predictions_follow_their_formula(world, asked):
    model = Calibrated(Mapping(world.features.block(TASTES)), 3.0, -1.0, 6.0, -2.0)
    scores, found = model.score(asked).astype(float), model.predict(asked)
    np.testing.assert_allclose(found.value, np.maximum(np.minimum(3.0 * scores - 1.0, 1.0), -1.0), atol=1e-5)
    np.testing.assert_allclose(found.like, np.exp(6 * scores - 2) / (1 + np.exp(6 * scores - 2)), atol=1e-5)


def test_it_ranks_as_its_inner_scorer_and_an_uncalibrated_one_cannot_predict(world, asked):
    inner = Mapping(world.features.block(TASTES))
    model = Calibrated(inner, 3.0, -1.0, 6.0, -2.0)
    np.testing.assert_array_equal(model.score(asked), inner.score(asked))
    assert np.isnan(inner.predict(asked).value).all()
    assert np.isnan(inner.predict(asked).like).all()
