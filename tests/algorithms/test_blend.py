"""What Blend and BestOf choose on held-out likes, and what they refuse."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from tastemaker.algorithms import IALS, Algorithm, BestOf, Blend, GraphFilter, Popular
from tastemaker.algorithms.held_out import ndcg, questions, without
from tastemaker.algorithms.liked import liked
from tastemaker.errors import TrainingError
from tastemaker.scorers import LowRank, Popularity, WeightedSum
from tastemaker.testing.interactions import dataset_of_pairs
from tastemaker.watch import Watch


@pytest.fixture
def clubs(rng):
    """60 users of two clubs of 15 items each: who knows the clubs beats who knows popularity."""
    pairs = [(u, 15 * (u % 2) + i) for u in range(60) for i in rng.choice(15, 8, replace=False)]
    user, item = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    return dataset_of_pairs(user, item, 60, 30)


@dataclass(frozen=True)
class Same(Algorithm):
    """Says the same of every item."""

    def fit(self, train, features, rng, watch, valid=None, start=None):
        return Popularity(np.ones(len(features), np.float32))


def test_held_out_likes_are_some_of_everybodys_and_nothing_else_goes(clubs, rng):
    data, _ = clubs
    rest, whole = liked(without(data, 0.25, rng)), liked(data)
    np.testing.assert_array_equal(np.diff(rest.indptr), np.diff(whole.indptr) - 2)  # ceil(.25 x 8)
    assert rest.multiply(whole).nnz == rest.nnz
    asked, wanted = questions(rest, whole, 1000, rng)
    assert asked.positives.multiply(wanted).nnz == 0
    assert asked.positives.nnz + wanted.nnz == whole.nnz


def test_ndcg_is_its_definition():
    hits, n = np.array([[True, False, True], [False, False, False]]), np.array([2, 1])
    assert ndcg(hits, n) == pytest.approx((1 + 1 / 2) / (1 + 1 / np.log2(3)) / 2)


def test_the_member_that_knows_more_weighs_more_and_one_that_says_nothing_is_left_out(clubs, rng):
    model = Blend((Same(), GraphFilter(), Popular())).fit(*clubs, rng, Watch())
    assert isinstance(model, WeightedSum)
    assert not any(isinstance(s, Popularity) and np.ptp(s.values) == 0 for s in model.scorers)
    assert np.isfinite(model.weights).all()
    assert max(model.weights) < 1e6


def test_members_none_of_which_tells_items_apart_weigh_alike(clubs, rng):
    assert Blend((Same(), Same())).fit(*clubs, rng, Watch()).weights == (1.0, 1.0)


def test_the_best_settings_win_and_are_learned_again_from_everything(clubs, rng):
    good = GraphFilter()
    chosen = BestOf((Popular(), Same(), good)).choose(*clubs, rng, Watch())
    assert chosen == good
    found = BestOf((Popular(), good)).fit(*clubs, np.random.default_rng(1), Watch())
    expected = good.fit(*clubs, np.random.default_rng(1), Watch())
    np.testing.assert_array_equal(found.to_weights, expected.to_weights)


def test_a_member_that_is_a_choice_is_settled_once(clubs, rng):
    model = Blend((BestOf((GraphFilter(out=0.1), GraphFilter(out=0.5))), IALS(dim=4, epochs=3))).fit(
        *clubs, rng, Watch()
    )
    assert model.n_items == 30
    assert not any(isinstance(s, LowRank) for s in model.scorers)


def test_validation_where_nobody_can_be_asked_is_replaced_by_a_part_of_train(clubs, rng):
    data, features = clubs
    nobody = data.where(np.arange(len(data)) < 0)
    assert BestOf((Popular(), GraphFilter())).choose(data, features, rng, Watch(), valid=nobody) == GraphFilter()


@pytest.mark.parametrize("share", [0.0, 1.0, 1.5, -0.1])
def test_a_share_outside_0_to_1_is_refused(clubs, rng, share):
    for model in (Blend((GraphFilter(),)), BestOf((GraphFilter(),))):
        with pytest.raises(TrainingError, match="held_out is"):
            replace(model, held_out=share).fit(*clubs, rng, Watch())


def test_nothing_to_choose_from_is_refused(clubs, rng):
    with pytest.raises(TrainingError, match="candidates"):
        BestOf().fit(*clubs, rng, Watch())
    with pytest.raises(TrainingError, match="members"):
        Blend(()).fit(*clubs, rng, Watch())
