import numpy as np
import pytest

from tastemaker.data.features import TASTES
from tastemaker.scorers import Blend, Embeddings, Mapping, Part, Popularity
from tastemaker.testing import ScorerContract


def parts(features):
    """One that answers stated tastes, one that answers likes, one that always answers."""
    values = np.random.default_rng(2).random(len(features)).astype(np.float32)
    return Mapping(features.block(TASTES)), Embeddings(features.block("text"), "text"), Popularity(values)


class TestBlendOfTwo(ScorerContract):
    def scorer(self, world):
        return Blend(parts(world.features)[:2], (1.0, 0.5))


class TestBlendOfThree(ScorerContract):
    def scorer(self, world):
        return Blend(parts(world.features), (1.0, 0.5, 0.1))


class TestBlendOfBlends(ScorerContract):
    def scorer(self, world):
        mapping, near, popular = parts(world.features)
        inner = Blend((near, popular), (2.0, 1.0))
        return Blend((mapping, inner, near), (1.0, 0.7, 0.3))


def test_it_is_the_weighted_mean_of_those_that_can_say(world, asked):
    scorers, weights = parts(world.features), (1.0, 0.5, 0.1)
    scores = Blend(scorers, weights).score(asked)
    each = [s.score(asked) for s in scorers]
    for q, i in np.ndindex(scores.shape):
        said = [(w, float(s[q, i])) for w, s in zip(weights, each, strict=True) if not np.isnan(s[q, i])]
        expected = sum(w * s for w, s in said) / sum(w for w, _ in said)
        assert scores[q, i] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_parts_of_one_name_are_one_part(world, asked):
    mapping, _, _ = parts(world.features)
    twice = Blend((mapping, mapping), (3.0, 1.0))
    one, two = (m.contributions(asked, np.tile(np.int32([4, 9]), (6, 1)))[1] for m in (mapping, twice))
    assert one.parts == two.parts == (Part("base"), *(Part("taste", f) for f in range(5)))
    np.testing.assert_allclose(one.values, two.values, rtol=1e-5)
