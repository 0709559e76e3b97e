import numpy as np

from tastemaker.data.query import Batch
from tastemaker.scorers import Popularity
from tastemaker.testing import ScorerContract, grown, lopsided_world


class TestPopularity(ScorerContract):
    def scorer(self, world):
        return Popularity(np.random.default_rng(1).random(len(world.features)).astype(np.float32))


class TestPopularityWithTies(ScorerContract):
    def scorer(self, world):
        return Popularity((np.arange(len(world.features)) % 3).astype(np.float32))


def test_an_item_that_joins_is_as_popular_as_the_least_popular():
    _, features = lopsided_world()
    model = Popularity(np.linspace(0.3, 0.9, len(features), dtype=np.float32)).with_items(grown(features, 2))
    np.testing.assert_array_equal(model.values[-2:], np.float32([0.3, 0.3]))


def test_everybody_gets_the_same_scores(asked: Batch):
    values = np.linspace(1, 0, 40, dtype=np.float32)
    np.testing.assert_array_equal(Popularity(values).score(asked), np.tile(values, (len(asked), 1)))
