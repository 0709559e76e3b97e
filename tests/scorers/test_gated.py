"""Two scorers balanced by how much is known of an item."""

import numpy as np

from tastemaker.scorers import Embeddings, Gated
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.testing import ScorerContract
from tastemaker.testing.worlds import lopsided_world, questions

from .learned import low_rank


def made(features, weights=((0.0, -0.2), (0.5, 0.8))):
    content = Embeddings(unit_rows(features.block("text")), "text")
    counts = (np.arange(len(features)) % 7).astype(np.float32)
    return Gated(content, low_rank(features).with_items(features), counts, np.array(weights))


class TestGated(ScorerContract):
    def scorer(self, world):
        return made(world.features)


class TestContentAlone(ScorerContract):
    def scorer(self, world):
        return made(world.features, ((0.0, 0.0), (-np.inf, 0.0)))


def test_the_share_is_logistic_in_the_log_of_the_count():
    model = made(lopsided_world().features)
    n = np.arange(40) % 7
    expected = 1.0 / (1.0 + np.exp(-(0.5 + 1.0 * np.log1p(n))))
    np.testing.assert_allclose(model.share, expected, rtol=1e-5)


def test_the_score_is_its_definition(world, asked):
    model = made(world.features)
    content, other = model.content.score(asked), model.collaborative.score(asked)
    n = np.arange(40) % 7
    v, w = np.exp(-0.2 * np.log1p(n)), np.exp(0.5 + 0.8 * np.log1p(n))
    expected = v * np.nan_to_num(content) + w * np.nan_to_num(other)
    expected[np.isnan(content) & np.isnan(other)] = np.nan
    np.testing.assert_allclose(model.score(asked), expected, rtol=1e-4, atol=1e-5)


def test_new_items_are_content_s(world):
    from tastemaker.testing.worlds import grown

    wider = made(world.features).with_items(grown(world.features, 3))
    assert wider.counts[-3:].tolist() == [0.0, 0.0, 0.0]


def test_content_alone_is_content(world):
    model, batch = made(world.features, ((0.0, 0.0), (-np.inf, 0.0))), questions(world)
    said = ~np.isnan(model.content.score(batch))
    np.testing.assert_allclose(model.score(batch)[said], model.content.score(batch)[said], rtol=1e-6)
