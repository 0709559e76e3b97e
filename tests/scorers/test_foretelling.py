"""Foretelling and AsLikes: weights by how much is known, exact parts, and chances by the logistic curve."""

from dataclasses import replace

import numpy as np
import pytest

from tastemaker.scorers import AsLikes, Foretelling, load
from tastemaker.scorers.foretelling import KNOTS, hat_weights
from tastemaker.testing import ScorerContract
from tastemaker.testing.worlds import questions

from .test_bayes_factors import drawn
from .test_rating_neighbors import drawn as neighbors


def made(world, seed=4):
    rng, g = np.random.default_rng(seed), len(KNOTS)
    members = (drawn(world.features), neighbors(world.features))
    draw = lambda *shape: rng.normal(0.3, 0.3, shape).astype(np.float32)  # noqa: E731
    graded = rng.integers(0, 50, len(world.features)).astype(np.float32)
    likes = (AsLikes(drawn(world.features, seed=9), 0.1),)
    return Foretelling(members, likes, graded, draw(g), draw(2, g), draw(2, g), draw(3), abs(draw(3)))


class TestForetelling(ScorerContract):
    def scorer(self, world):
        return made(world).with_items(world.features)


class TestAsLikes(ScorerContract):
    def scorer(self, world):
        return AsLikes(drawn(world.features), 0.1).with_items(world.features)


def test_hats_sum_to_1_and_reach_1_at_their_knots():
    n = np.arange(400)
    hats = hat_weights(n)
    np.testing.assert_allclose(hats.sum(axis=1), 1.0)
    np.testing.assert_allclose(hats[list(KNOTS)], np.eye(len(KNOTS)), atol=1e-12)
    assert (hats[KNOTS[-1] :, -1] == 1.0).all()


def test_scores_and_chances_are_those_of_the_formula(world):
    model, batch = made(world), questions(world)
    user, item = hat_weights(np.diff(batch.evidence().indptr)), hat_weights(model.graded)
    scores = [member.score(batch) for member in model.members]
    expected = (user @ model.base)[:, None] + sum(
        s * ((user @ model.by_user[m])[:, None] + item @ model.by_item[m]) for m, s in enumerate(scores)
    )
    np.testing.assert_allclose(model.score(batch), expected, atol=1e-5)
    z = model.chance[0] + model.chance[1] * expected + model.chance[2] * model.likes[0].score(batch)
    z = model.curve[0] + model.curve[1] * z + model.curve[2] * np.clip(z, -4, 4) ** 3 / 16
    np.testing.assert_allclose(model.predict(batch).like, 1 / (1 + np.exp(-z)), atol=1e-5)


def test_a_model_of_before_there_was_a_curve_has_a_straight_one(world):
    model, batch = replace(made(world), curve=np.array([0, 1, 0], np.float32)), questions(world)
    settings, arrays = model.state()
    del settings["curve"]
    np.testing.assert_array_equal(load(settings, arrays).predict(batch).like, model.predict(batch).like)


@pytest.mark.parametrize("size", [0.11, 0.9])
def test_how_much_something_is_liked_is_no_matter_to_likes(world, size):
    model, batch = AsLikes(drawn(world.features), 0.1), questions(world)
    batch.ratings.data[:] = np.where(batch.ratings.data > 0.1, size, -size)
    whole = replace(batch, ratings=batch.ratings.copy())
    whole.ratings.data[:] = np.sign(batch.ratings.data)
    np.testing.assert_array_equal(model.score(batch), model.inner.score(whole))
