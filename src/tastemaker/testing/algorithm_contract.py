"""Subclass, set `algorithm`, and every promise of Algorithm is tested, and those of the Scorer that it learns.

For example:

    class TestMine(AlgorithmContract):
        algorithm = Mine(epochs=5)
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from ..algorithms import Algorithm
from ..algorithms.views import as_csr, lists_of
from ..data.arrays import UNKNOWN, Bool, Float32, csr, empty_csr
from ..data.features import TASTES
from ..data.query import Batch
from ..errors import Cancelled, TrainingError
from ..metrics import interval, spearman
from ..scorers import Popularity, Scorer
from ..watch import Watch
from .contract import ScorerContract, made
from .same import assert_same
from .worlds import World, asks, grown, lopsided_world, one_user, questions, without_tastes, without_text


class AlgorithmContract(ScorerContract):
    """What every algorithm promises, beside what its scorer does.

    learns:  it ranks its training users better than chance
    reports: it reports progress, so it can be cancelled
    """

    algorithm: ClassVar[Algorithm]
    learns: ClassVar[bool] = True
    reports: ClassVar[bool] = True

    def scorer(self, world: World) -> Scorer:
        """A catalog of one item leaves nothing to rank: there the algorithm may refuse, and the test is skipped."""
        try:
            return self.fit(world)
        except TrainingError as refused:
            if len(world.features) > 1:
                raise
            pytest.skip(str(refused))

    def fit(self, world: World, seed: int = 0, **more: Any) -> Scorer:
        watch = more.pop("watch", Watch())
        return self.algorithm.fit(world.data, world.features, np.random.default_rng(seed), watch, **more)

    def test_same_seed_same_arrays(self) -> None:
        world, model, _ = made(type(self), lopsided_world)
        assert_same(self.fit(world).state(), model.state())

    def test_fitting_changes_no_input(self) -> None:
        world = lopsided_world()
        self.fit(world)
        assert_same(world, lopsided_world())
        assert_same(self.algorithm, deepcopy(self.algorithm))

    def test_validation_rankings_are_welcome(self) -> None:
        world = lopsided_world()
        late = world.data.events.user % 5 == 2
        model = self.fit(World(world.data.where(~late), world.features), valid=world.data.where(late))
        assert model.n_items == len(world.features)

    def test_fine_tuning_starts_from_its_own_output_or_refuses(self) -> None:
        world, model, batch = made(type(self), lopsided_world)
        before = deepcopy(model)
        try:
            tuned = self.fit(world, seed=1, start=model)
        except TrainingError:
            return
        assert type(tuned) is type(model)
        np.testing.assert_array_equal(np.isnan(tuned.score(batch)), np.isnan(model.score(batch)))
        assert_same(model, before)

    def test_fine_tuning_knows_items_that_came_since(self) -> None:
        world, model, _ = made(type(self), lopsided_world)
        wider = _with_items(world, 3)
        try:
            tuned = self.fit(wider, start=model)
        except TrainingError:
            return
        assert tuned.n_items == len(wider.features)

    def test_fine_tuning_from_a_stranger_works_or_is_refused(self) -> None:
        world = lopsided_world()
        try:
            model = self.fit(world, start=Popularity(np.zeros(len(world.features), np.float32)))
        except TrainingError:
            return
        assert model.n_items == len(world.features)

    @pytest.mark.parametrize("cut", [without_tastes, without_text])
    def test_fine_tuning_on_other_features_works_or_is_refused(self, cut: Callable[[World], World]) -> None:
        _, model, _ = made(type(self), lopsided_world)
        poorer = cut(lopsided_world())
        try:
            tuned = self.fit(poorer, start=model)
        except TrainingError:
            return
        assert np.isfinite(tuned.score(questions(poorer))).any()

    def test_users_and_features_that_know_other_tastes_are_fitted_or_refused(self) -> None:
        world = lopsided_world()
        try:
            model = self.fit(World(without_tastes(world).data, world.features))
        except TrainingError:
            return
        assert model.n_items == len(world.features)

    def test_it_ranks_its_training_users_better_than_chance(self) -> None:
        world, model, _ = made(type(self), lopsided_world)
        if not self.learns:
            return
        lists = lists_of(world.data)
        told = (lists.items >= 0) & (np.arange(lists.items.shape[1]) % 2 == 0)  # every other item is the history
        batch = replace(asks(lists.profile, lists.n_items), ratings=as_csr(lists, told))
        asked = np.where((lists.items >= 0) & ~told, lists.signed, np.float32(np.nan))
        found = spearman(model.score(batch, lists.items), asked)
        assert interval(found, np.random.default_rng(0)).low > 0.0

    def test_a_taste_that_is_stated_higher_never_lowers_its_own_items(self) -> None:
        world, model, _ = made(type(self), lopsided_world)
        membership = world.features.block(TASTES)
        for f in range(membership.shape[1]):
            profiles = np.full((2, membership.shape[1]), 0.4, np.float32)
            profiles[:, f] = 0.05, 0.95
            low, high = model.score(asks(profiles, len(membership)))
            own = membership[:, f] > 0.9
            assert _lead(high, own) >= _lead(low, own) - 1e-5

    def test_liking_items_of_a_taste_never_lowers_the_others_of_it(self) -> None:
        world, model, _ = made(type(self), lopsided_world)
        membership = world.features.block(TASTES)
        own = np.flatnonzero(membership[:, 0] > 0.6)
        told, others = own[:3], np.isin(np.arange(len(membership)), own[3:])
        for_and_against = np.repeat([[1.0], [-1.0]], 3, axis=1).astype(np.float32)
        ratings = csr(np.repeat([0, 1], 3), np.tile(told, 2), for_and_against.ravel(), (2, len(membership)))
        nothing = np.full((2, membership.shape[1]), np.nan, np.float32)
        batch = Batch(empty_csr(2, len(membership)), ratings, np.full(2, UNKNOWN, np.int32), nothing)
        liked, disliked = model.score(batch)
        assert _lead(liked, others) >= _lead(disliked, others) - 1e-5

    def test_a_cancelled_job_stops(self) -> None:
        if not self.reports:
            return
        with pytest.raises(Cancelled):
            self.fit(lopsided_world(), watch=Watch(cancelled=lambda: True))

    def test_progress_runs_up_to_its_total(self) -> None:
        seen: list[tuple[int, int]] = []
        self.fit(lopsided_world(), watch=Watch(report=lambda progress: seen.append((progress.done, progress.total))))
        assert seen == sorted(seen)
        assert all(0 < done <= total for done, total in seen)
        assert bool(seen) or not self.reports

    @pytest.mark.parametrize("cut", [without_tastes, without_text, one_user])
    def test_poorer_worlds_work(self, cut: Callable[[World], World]) -> None:
        world = cut(lopsided_world())
        model, batch = self.fit(world), questions(world)
        scores = model.score(batch)
        assert scores.shape == (len(batch), len(world.features))
        assert not np.isinf(scores).any()
        items = np.tile(np.array([0, 7, 12], np.int32), (len(batch), 1))
        sums = np.array([each.values.sum(axis=1) for each in model.contributions(batch, items)])
        np.testing.assert_allclose(sums, np.take_along_axis(scores, items, axis=1), atol=1e-4)

    def test_a_world_without_events_is_fitted_or_refused(self) -> None:
        world = lopsided_world()
        nothing = world.data.where(np.zeros(len(world.data), bool))
        try:
            model = self.fit(World(nothing, world.features))
        except TrainingError:
            return
        assert model.n_items == len(world.features)


def _lead(scores: Float32, own: Bool) -> float:
    """How far these items are above the others; 0 where the scorer cannot say."""
    if np.isnan(scores).all() or np.isnan(scores[own]).all():
        return 0.0
    return float(np.nanmean(scores[own]) - np.nanmean(scores[~own]))


def _with_items(world: World, n: int) -> World:
    """The same events in a catalog that has grown."""
    features = grown(world.features, n)
    rows = np.concatenate([np.arange(len(world.features)), np.arange(n)])
    old = world.data.catalog
    catalog = replace(
        old,
        items=features.items,
        titles=tuple(old.titles[i] for i in rows),
        text={name: tuple(column[i] for i in rows) for name, column in old.text.items()},
        tags={name: tuple(column[i] for i in rows) for name, column in old.tags.items()},
        categories={name: tuple(column[i] for i in rows) for name, column in old.categories.items()},
        available=np.ones(len(rows), bool),
    )
    return World(replace(world.data, catalog=catalog), features)
