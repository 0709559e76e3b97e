import numpy as np

from tastemaker.algorithms import Content
from tastemaker.data.features import TASTES
from tastemaker.scorers import Embeddings, Mapping
from tastemaker.testing import AlgorithmContract
from tastemaker.watch import Watch


class TestContent(AlgorithmContract):
    algorithm = Content()
    reports = False


def test_it_is_the_mapping_and_the_nearest_embeddings(world, asked, rng):
    model = Content(likes=0.25).fit(*world, rng, Watch())
    tastes = Mapping(world.features.block(TASTES)).score(asked)
    near = Embeddings(world.features.block("text"), "text").score(asked)
    both = (tastes + 0.25 * near) / 1.25
    expected = np.where(np.isnan(tastes), near, np.where(np.isnan(near), tastes, both))
    np.testing.assert_allclose(model.score(asked), expected, atol=1e-5)


def test_it_looks_at_no_event(world, asked, rng):
    nothing = world.data.where(np.zeros(len(world.data), bool))
    with_events, without = (Content().fit(data, world.features, rng, Watch()) for data in (world.data, nothing))
    np.testing.assert_array_equal(with_events.score(asked), without.score(asked))
