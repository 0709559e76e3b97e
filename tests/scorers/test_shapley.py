from dataclasses import replace
from functools import partial
from itertools import permutations

import numpy as np
import pytest

from tastemaker.data.arrays import csr
from tastemaker.data.query import Batch
from tastemaker.scorers import Part
from tastemaker.scorers.shapley import MAX_GROUPS, shapley

from .made import mlp


def one(world, tastes, rated):
    """A batch of one query: the first `tastes` are stated, these items are rated, and item 30 is liked."""
    n, p = len(world.features), 5
    profile = np.full((1, p), np.nan, np.float32)
    profile[0, :tastes] = np.linspace(0.9, 0.2, tastes)
    values = np.linspace(-1.0, 1.0, len(rated)).astype(np.float32)
    nothing = csr(np.zeros(1, np.int64), np.array([30]), np.ones(1, np.float32), (1, n))
    ratings = csr(np.zeros(len(rated), np.int64), np.array(rated, np.int64), values, (1, n))
    return Batch(nothing, ratings, np.array([-1], np.int32), profile)


@pytest.mark.parametrize(("tastes", "rated"), [(2, [3]), (0, [3, 8]), (1, [5, 6]), (3, [])])
def test_it_is_the_mean_gain_over_all_orders_of_arrival(world, tastes, rated):
    """Shapley's own definition, one permutation after the other."""
    batch, model, items = one(world, tastes, rated), mlp(world.features, squash=True), np.int32([0, 7, 20])
    found = shapley(partial(model.score, items=items), batch)
    groups = [("taste", f) for f in range(tastes)] + [("item", i) for i in sorted([*rated, 30])]
    assert found.parts == (Part("base"), *(Part(*group) for group in groups))
    gains = {group: [] for group in groups}
    for order in permutations(groups):
        known, before = [], model.score(knowing(batch, []), items)[0]
        for group in order:
            known.append(group)
            after = model.score(knowing(batch, known), items)[0]
            gains[group].append(after - before)
            before = after
    expected = np.stack([np.mean(gains[group], axis=0) for group in groups], axis=1)
    np.testing.assert_allclose(found.values[:, 1:], expected, atol=1e-5)
    np.testing.assert_allclose(found.values[:, 0], model.score(knowing(batch, []), items)[0], atol=1e-6)


def knowing(batch, groups):
    """The query with everything hidden but these groups, built from dense arrays."""
    profile = np.full_like(batch.profile, np.nan)
    kept = [key for kind, key in groups if kind == "item"]
    for kind, key in groups:
        if kind == "taste":
            profile[0, key] = batch.profile[0, key]
    matrices = {}
    for name in ("positives", "ratings"):
        dense = getattr(batch, name).toarray()[0]
        stored = [int(i) for i in getattr(batch, name).indices if i in kept]
        matrices[name] = csr(np.zeros(len(stored), np.int64), np.int64(stored), dense[stored], (1, len(dense)))
    return replace(batch, profile=profile, **matrices)


@pytest.mark.parametrize(("tastes", "rated"), [(5, [1, 2, 3, 4]), (5, list(range(12))), (2, list(range(9)))])
def test_too_many_groups_are_pooled_and_still_sum_to_the_score(world, tastes, rated):
    batch, model, items = one(world, tastes, rated), mlp(world.features, squash=False), np.int32([0, 7, 20])
    found = shapley(partial(model.score, items=items), batch)
    assert len(found.parts) <= MAX_GROUPS + 1
    assert Part("history") in found.parts
    np.testing.assert_allclose(found.values.sum(axis=1), model.score(batch, items)[0], atol=1e-4)
