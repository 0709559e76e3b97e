import numpy as np
import pytest

from tastemaker.scorers import EventGraph
from tastemaker.testing import ScorerContract

from .learned import asking, event_graph, histories, known, sparse


class TestEventGraph(ScorerContract):
    def scorer(self, world):
        return event_graph(world.features).with_items(world.features)


class TestEventGraphOfOneUser(ScorerContract):
    def scorer(self, world):
        n = len(world.features)
        events = np.linspace(0.1, 1.0, n)[None]
        return EventGraph.of(sparse(2.0 * events.T), sparse(events), ())


def test_it_is_the_sum_over_all_ways_through_a_user(world, rng):
    model = event_graph(world.features)
    there, back = model.there.toarray().astype(float), model.back.toarray().astype(float)
    told = histories(model.n_items, rng)
    scores = model.score(asking(told))
    for q, i in np.ndindex(scores.shape):
        ways = [
            told[q, j] * there[j, u] * back[u, i]
            for j in range(model.n_items)
            for u in range(len(back))
            if not np.isnan(told[q, j]) and there[j, u] and back[u, i]
        ]
        expected = sum(ways) if any(ways) else np.nan
        assert scores[q, i] == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_there_and_back_are_not_the_same_way():
    """Item 0 leads to user 1 alone, and user 1 leads to item 2 alone."""
    there, back = np.zeros((3, 2)), np.zeros((2, 3))
    there[0, 1], back[1, 2] = 0.5, 4.0
    model = EventGraph.of(sparse(there), sparse(back), ())
    scores = model.score(asking(np.where(np.eye(3), 1.0, np.nan)))
    np.testing.assert_array_equal(scores, [[np.nan, np.nan, 2.0], [np.nan] * 3, [np.nan] * 3])


def test_known_is_who_leads_to_a_user(world):
    model = event_graph(world.features)
    np.testing.assert_array_equal(model.known(), model.there.toarray().any(axis=1))
    assert model.known().sum() > 20
    assert not model.known()[~known(40)].any()


def test_matrices_may_lie_in_any_order(world, rng):
    """What an algorithm hands over need not be sorted; what is kept is."""
    model = event_graph(world.features)
    turned = EventGraph.of(model.there.T.tocsr().T.tocsr(), model.back[:, ::-1][:, ::-1], model.near)
    batch = asking(histories(model.n_items, rng))
    np.testing.assert_array_equal(turned.score(batch), model.score(batch))
    for name, array in model.state()[1].items():
        np.testing.assert_array_equal(turned.state()[1][name], array)
