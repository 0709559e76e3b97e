import numpy as np
import pytest

from tastemaker.scorers import ItemWeights
from tastemaker.testing import ScorerContract

from .learned import asking, histories, item_weights, known, sparse


class TestItemWeights(ScorerContract):
    def scorer(self, world):
        return item_weights(world.features).with_items(world.features)


class TestItemWeightsOfOneRow(ScorerContract):
    """From item 2 to all others, and nothing else."""

    def scorer(self, world):
        dense = np.zeros((len(world.features),) * 2)
        dense[2 % len(dense)] = np.linspace(1.0, -0.5, len(dense))
        return ItemWeights.of(sparse(dense), ())


def test_it_is_the_sum_over_what_the_query_names(world, rng):
    model = item_weights(world.features)
    weights, told = model.matrix.toarray().astype(float), histories(model.n_items, rng)
    scores = model.score(asking(told))
    for q, i in np.ndindex(scores.shape):
        each = [told[q, j] * weights[j, i] for j in range(model.n_items) if not np.isnan(told[q, j])]
        expected = sum(each) if any(each) else np.nan
        assert scores[q, i] == pytest.approx(expected, abs=1e-5, nan_ok=True)
    assert np.abs(weights - weights.T).max() > 1.0, "a transpose must be seen"


def test_a_row_holds_what_its_item_adds_to_others():
    dense = np.zeros((3, 3))
    dense[0, 1], dense[1, 2] = 2.0, 3.0
    scores = ItemWeights.of(sparse(dense), ()).score(asking(np.where(np.eye(3), 1.0, np.nan)))
    np.testing.assert_array_equal(scores, [[np.nan, 2, np.nan], [np.nan, np.nan, 3], [np.nan] * 3])


def test_known_is_who_leads_somewhere_or_is_led_to(world):
    model = item_weights(world.features)
    np.testing.assert_array_equal(model.known(), known(40))
    only = np.zeros((4, 4))
    only[1, 2] = -1.0
    assert ItemWeights.of(sparse(only), ()).known().tolist() == [False, True, True, False]


@pytest.mark.parametrize("n", [1, 3])
def test_without_any_weight_nothing_is_said(n):
    model = ItemWeights.of(sparse(np.zeros((n, n))), ())
    batch = asking(np.ones((2, n)))
    assert np.isnan(model.score(batch)).all()
    assert (model.top(batch, 2)[0] == -1).all()
    assert all(
        np.isnan(each.values.sum(axis=1)).all() for each in model.contributions(batch, np.zeros((2, 1), np.int32))
    )
