"""Scorers that learned from events, with arrays drawn by hand: no training. Nobody has met the items of UNMET."""

import numpy as np

from tastemaker.data.arrays import csr, empty_csr
from tastemaker.data.features import TASTES
from tastemaker.data.query import Batch
from tastemaker.kernels.als import eigen
from tastemaker.scorers import EventGraph, Factors, ItemWeights, LowRank, WeightedSum

NEAR = ("text", TASTES)
UNMET = (39, 12)


def known(n):
    """bool (n,)"""
    return ~np.isin(np.arange(n), UNMET)


def sparse(dense):
    row, column = np.nonzero(dense)
    return csr(row, column, np.asarray(dense, np.float32)[row, column], dense.shape)


def asking(histories):
    """Queries with these signed preferences, (q, n_items); NaN = nothing said, 0 = a neutral rating."""
    q, n = np.shape(histories)
    row, column = np.nonzero(~np.isnan(histories))
    said = csr(row, column, np.asarray(histories, np.float32)[row, column], (q, n))
    return Batch(empty_csr(q, n), said, np.full(q, -1, np.int32), np.full((q, 5), np.nan, np.float32))


def histories(n, rng, q=3):
    """Nothing, one item, then signed preferences of all items, one of them neutral: (2 + q, n)."""
    found = np.full((2 + q, n), np.nan)
    found[1, 3 % n] = 1.0
    found[2:] = rng.uniform(-1.0, 1.0, (q, n))
    found[2, 0] = 0.0
    return found


def item_weights(features, seed=0):
    """Lopsided: a third of the pairs, larger towards the first items."""
    rng, n = np.random.default_rng(seed), len(features)
    dense = rng.lognormal(0.0, 1.0, (n, n)) / np.arange(1, n + 1) * (rng.random((n, n)) < 0.35)
    dense[~known(n)], dense[:, ~known(n)] = 0.0, 0.0
    np.fill_diagonal(dense, 0.0)
    return ItemWeights.of(sparse(dense), NEAR)


def event_graph(features, seed=0):
    """17 users; user 0 has no event."""
    rng, n = np.random.default_rng(seed), len(features)
    events = (rng.random((17, n)) < 1.5 / np.sqrt(np.arange(1, n + 1))) & known(n)
    events[0], events[1, 0] = False, True
    there = events.T * rng.uniform(0.1, 1.0, (n, 17))
    return EventGraph.of(sparse(there), sparse(events * rng.uniform(0.1, 1.0, n)), NEAR)


def low_rank(features, seed=0, dim=4):
    rng, n = np.random.default_rng(seed), len(features)
    inputs, outputs = (rng.normal(0.3, 0.5, (n, dim)).astype(np.float32) * known(n)[:, None] for _ in "io")
    return LowRank(NEAR, inputs, outputs)


def factors(features, seed=0, dim=4, graded=False):
    rng, n = np.random.default_rng(seed), len(features)
    items = (rng.normal(0.3, 0.5, (n, dim)) * known(n)[:, None]).astype(np.float32)
    if graded:
        bias = (rng.normal(0.0, 0.2, n) * known(n)).astype(np.float32)
        return Factors(NEAR, items, np.zeros(dim, np.float32), bias, 0.15, 0.1, 5.0, 0.5, 1, True)
    turned = eigen(items, 0.1)
    nothing = np.zeros(n, np.float32)
    return Factors(NEAR, turned.factors, turned.spectrum, nothing, 0.0, 0.05, 0.1, 0.8, n, False)


def grades(features, seed=0):
    return factors(features, seed, graded=True)


def weighted_sum(features, seed=0):
    return WeightedSum((event_graph(features, seed), low_rank(features, seed)), (1.0, 0.3))


LINEAR = [item_weights, event_graph, low_rank, weighted_sum]
ALL = [*LINEAR, factors, grades]
