"""Subclass, say how the scorer is made, and every promise of Scorer is tested.

For example:

    class TestMine(ScorerContract):
        def scorer(self, world):
            return Mine(world.features.block("text"))
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np

from ..data.arrays import UNKNOWN, Float32, csr
from ..data.query import Batch
from ..scorers import Scorer, load
from .same import assert_same
from .worlds import World, grown, lopsided_world, one_item, questions


def assert_close(found: Float32, expected: Float32) -> None:
    """Equal but for the order in which a sum was taken."""
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


class ScorerContract(ABC):
    """What every scorer promises, asked with the questions of worlds.questions."""

    @abstractmethod
    def scorer(self, world: World) -> Scorer:
        """The scorer of this world's catalog; called once a world."""

    def test_scores_are_float32_and_one_an_item(self) -> None:
        world, model, batch = made(type(self), lopsided_world)
        scores = model.score(batch)
        assert model.n_items == len(world.features)
        assert scores.dtype == np.float32
        assert scores.shape == (len(batch), model.n_items)
        assert not np.isinf(scores).any()

    def test_some_items_score_as_among_all(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        everything, items = model.score(batch), np.array([39, 0, 7, 11, 10, 0, 3], np.int32)
        flat, lists = model.score(batch, items), model.score(batch, np.tile(items, (len(batch), 1)))
        assert flat.dtype == lists.dtype == np.float32
        assert_close(flat, everything[:, items])
        np.testing.assert_array_equal(flat, lists)

    def test_lists_differ_by_query_and_unknown_items_are_nan(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        items = np.arange(len(batch) * 4, dtype=np.int32).reshape(len(batch), 4) % model.n_items
        items[:, 2] = UNKNOWN
        scores = model.score(batch, items)
        expected = np.take_along_axis(model.score(batch), np.maximum(items, 0), axis=1)
        expected[:, 2] = np.nan
        assert_close(scores, expected)

    def test_a_query_scores_alone_as_in_a_batch(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        together = model.score(batch)
        for q in range(len(batch)):
            assert_close(model.score(batch.take(slice(q, q + 1)))[0], together[q])

    def test_strangers_are_answered_as_anybody_with_the_same_query(self) -> None:
        """A scorer may know users by their row; a stranger, and one who says nothing, still get an answer or NaN."""
        _, model, batch = made(type(self), lopsided_world)
        strangers = replace(batch, user=np.full(len(batch), UNKNOWN, np.int32))
        assert model.score(strangers).shape == model.score(batch).shape
        nobody = strangers.take(slice(0, 1))
        assert np.isnan(model.score(nobody)).all() or np.isfinite(model.score(nobody)).any()

    def test_no_queries_no_answers(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        none = batch.take(slice(0, 0))
        rows, scores = model.top(none, 3)
        assert model.score(none).shape == (0, model.n_items)
        assert rows.shape == scores.shape == (0, 3)
        assert model.contributions(none, np.zeros((0, 3), np.int32)) == []

    def test_an_unheard_of_context_is_ignored(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        told = replace(batch, context={"weather of nowhere:rain": np.ones(len(batch), np.float32)})
        np.testing.assert_array_equal(model.score(told), model.score(batch))

    def test_top_is_the_sorted_scores_ties_to_the_lower_row(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        rows, scores = model.top(batch, 12)
        assert rows.dtype == np.int32
        assert scores.dtype == np.float32
        for q, row in enumerate(model.score(batch)):
            best = sorted((i for i in range(model.n_items) if not np.isnan(row[i])), key=lambda i: (-row[i], i))[:12]
            chosen, said = rows[q, : len(best)], scores[q, : len(best)]
            assert len(set(chosen.tolist())) == len(best)
            assert_close(row[chosen], row[best])  # another order of summing may swap what is equal but for rounding
            assert_close(said, row[best])
            np.testing.assert_array_equal(np.lexsort((chosen, -said)), np.arange(len(best)))
            assert (rows[q, len(best) :] == UNKNOWN).all()
            assert np.isnan(scores[q, len(best) :]).all()

    def test_top_never_shows_what_is_excluded_or_not_allowed(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        banned = np.arange(model.n_items) % 3 == 0
        out = model.top(batch, 5)[0]
        query, place = np.nonzero(out >= 0)
        exclude = csr(query, out[query, place], np.ones(len(query), np.float32), (len(batch), model.n_items))
        rows, scores = model.top(batch, model.n_items, exclude, ~banned)
        for q in range(len(batch)):
            shown = rows[q][rows[q] >= 0].tolist()
            assert len(set(shown)) == len(shown)
            assert not set(shown) & (set(out[q].tolist()) | set(np.flatnonzero(banned).tolist()))
            assert (rows[q] >= 0).sum() == (~np.isnan(scores[q])).sum()  # the rest is padding
        assert (rows == UNKNOWN).any(axis=1).all()

    def test_predictions_are_preferences_and_chances_or_nan(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        items = np.array([4, UNKNOWN, 7], np.int32)
        for found, n in ((model.predict(batch), model.n_items), (model.predict(batch, items), 3)):
            for array, lowest in ((found.value, -1.0), (found.like, 0.0)):
                assert array.shape == (len(batch), n)
                assert array.dtype == np.float32
                known = array[~np.isnan(array)]
                assert ((known >= lowest) & (known <= 1.0)).all()

    def test_contributions_sum_to_the_score(self) -> None:
        world, model, batch = made(type(self), lopsided_world)
        items = np.array([0, 7, 39, 10, 3], np.int32)
        lists = np.stack([np.roll(items, q) for q in range(len(batch))])
        scores = model.score(batch, lists)
        found = model.contributions(batch, lists)
        assert len(found) == len(batch)
        for q, each in enumerate(found):
            assert each.values.shape == (5, len(each.parts))
            assert len(set(each.parts)) == len(each.parts)
            np.testing.assert_allclose(each.values.sum(axis=1), scores[q], atol=1e-4)
            said = set(np.flatnonzero(~np.isnan(batch.profile[q])).tolist())
            rated = set(batch.evidence()[[q]].indices.tolist())
            for part in each.parts:
                assert part.kind != "taste" or part.key in said
                assert part.kind != "item" or part.key in rated
        assert len(world.features.tastes) == batch.profile.shape[1]

    def test_new_items_join_and_old_ones_keep_their_scores(self) -> None:
        world, model, batch = made(type(self), lopsided_world)
        wider = model.with_items(grown(world.features, 3))
        scores = wider.score(_wider(batch, 3))
        assert type(wider) is type(model)
        assert (wider.n_items, scores.shape) == (model.n_items + 3, (len(batch), model.n_items + 3))
        assert_close(scores[:, :-3], model.score(batch))
        assert not np.isinf(scores).any()

    def test_saved_is_loaded_bit_for_bit(self) -> None:
        _, model, batch = made(type(self), lopsided_world)
        settings, arrays = model.state()
        assert all(array.dtype != object for array in arrays.values())
        loaded = load(json.loads(json.dumps(settings)), {name: array.copy() for name, array in arrays.items()})
        np.testing.assert_array_equal(loaded.score(batch), model.score(batch))
        np.testing.assert_array_equal(loaded.predict(batch).like, model.predict(batch).like)

    def test_asking_changes_nothing(self) -> None:
        world, model, batch = made(type(self), lopsided_world)
        before = deepcopy((model, batch, world.features))
        model.score(batch)
        model.top(batch, 3)
        model.predict(batch)
        model.contributions(batch, np.zeros((len(batch), 1), np.int32))
        model.with_items(grown(world.features))
        assert_same((model, batch, world.features), before)

    def test_a_catalog_of_one_item_works(self) -> None:
        _, model, batch = made(type(self), _lonely)
        assert model.score(batch).shape == (len(batch), 1)
        rows, _ = model.top(batch, 3)
        assert set(rows[:, 0].tolist()) <= {0, UNKNOWN}
        assert (rows[:, 1:] == UNKNOWN).all()
        each = model.contributions(batch, np.zeros((len(batch), 1), np.int32))
        sums = np.array([c.values.sum(axis=1) for c in each])
        np.testing.assert_allclose(sums, model.score(batch), atol=1e-4)


@cache
def made(contract: type[ScorerContract], world_of: Callable[[], World]) -> tuple[World, Scorer, Batch]:
    """One fit serves all the tests of a class."""
    world = world_of()
    return world, contract().scorer(world), questions(world)


def _lonely() -> World:
    return one_item(lopsided_world())


def _wider(batch: Batch, n: int) -> Batch:
    """The same queries to a catalog of n items more."""
    wide = {}
    for name in ("positives", "ratings"):
        matrix = getattr(batch, name)
        shape = (matrix.shape[0], matrix.shape[1] + n)
        wide[name] = type(matrix)((matrix.data, matrix.indices, matrix.indptr), shape=shape)
    return replace(batch, **wide)
