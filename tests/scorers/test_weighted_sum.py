import numpy as np
import pytest

from tastemaker.data.features import TASTES
from tastemaker.scorers import Embeddings, Mapping, Part, Popularity, WeightedSum
from tastemaker.scorers import weighted_sum as summing
from tastemaker.testing import ScorerContract
from tastemaker.testing.same import assert_same

from .learned import asking, event_graph, factors, histories, item_weights, low_rank, weighted_sum


def parts(features):
    """One that answers likes, one that answers stated tastes, one that always answers."""
    values = np.random.default_rng(2).random(len(features)).astype(np.float32)
    return item_weights(features), Mapping(features.block(TASTES)), Popularity(values)


class TestSumOfTwoThatLearned(ScorerContract):
    def scorer(self, world):
        return weighted_sum(world.features).with_items(world.features)


class TestSumOfOne(ScorerContract):
    def scorer(self, world):
        return WeightedSum((factors(world.features).with_items(world.features),), (-2.0,))


class TestSumOfThreeKinds(ScorerContract):
    def scorer(self, world):
        return WeightedSum(parts(world.features), (1.0, 0.5, 0.1)).with_items(world.features)


class TestSumOfSums(ScorerContract):
    def scorer(self, world):
        near = Embeddings(world.features.block("text"), "text")
        inner = WeightedSum((near, low_rank(world.features)), (2.0, -0.5))
        return WeightedSum((inner, event_graph(world.features), near), (0.7, 1.0, 0.0)).with_items(world.features)


@pytest.mark.parametrize("weights", [(1.0, 0.5, 0.1), (1.0, -2.0, 0.0)])
@pytest.mark.parametrize("many", [0, 1 << 20])
def test_where_one_says_nothing_it_adds_nothing(weights, many, world, asked, monkeypatch):
    monkeypatch.setattr(summing, "MANY", many)  # scores from which on a compiled loop adds them
    scorers = parts(world.features)
    each = [scorer.score(asked) for scorer in scorers]
    assert all(np.isnan(scores).any() for scores in each[:2])
    for chosen in ((0, 1), (1, 0), (0, 1, 2), (0,)):
        model = WeightedSum(tuple(scorers[s] for s in chosen), tuple(weights[s] for s in chosen))
        scores = model.score(asked)
        for q, i in np.ndindex(scores.shape):
            said = [weights[s] * float(each[s][q, i]) for s in chosen if not np.isnan(each[s][q, i])]
            expected = sum(said) if said else np.nan
            assert scores[q, i] == pytest.approx(expected, rel=1e-4, abs=1e-6, nan_ok=True)


def test_parts_of_one_name_are_one_part(world, rng):
    """Twice the same scorer is that scorer, three and one times."""
    graph, told = event_graph(world.features), asking(histories(40, rng))
    items = np.tile(np.int32([4, 9]), (len(told), 1))
    for one, two in zip(
        graph.contributions(told, items),
        WeightedSum((graph, graph), (3.0, 1.0)).contributions(told, items),
        strict=True,
    ):
        assert one.parts == two.parts
        assert one.parts[0] == Part("base")
        np.testing.assert_allclose(4.0 * one.values, two.values, rtol=1e-5)


def test_scoring_leaves_the_scorers_own_arrays_alone(world, asked):
    """Sums are taken in place: never in an array that belongs to a scorer."""
    scorers = parts(world.features)
    before = [scorer.state() for scorer in parts(world.features)]
    model = WeightedSum(scorers, (5.0, 5.0, 5.0))
    model.score(asked)
    model.score(asked, np.arange(7, dtype=np.int32))
    model.top(asked, 3)
    assert_same([scorer.state() for scorer in scorers], before)
