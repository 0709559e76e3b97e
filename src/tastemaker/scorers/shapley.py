"""Shapley values of what a query says, for models whose score is no plain sum.

The players are groups of what is known: each stated taste, each rated item (pooled when there are many). A coalition is
the query with only its groups known, which every scorer can answer, since any part of a query may be missing.
Shapley 1953; exact over all 2^g coalitions, so g is at most MAX_GROUPS: 2^g queries of n items are scored.
"""

from collections.abc import Callable
from dataclasses import replace
from math import factorial

import numpy as np

from ..data.arrays import Bool, Csr, Float32
from ..data.query import Batch
from .base import Contributions, Part

MAX_GROUPS = 8
Group = tuple[Part, list[int], list[int]]  # what it is called, its taste columns, its item rows


def shapley(score: Callable[[Batch], Float32], one: Batch) -> Contributions:
    """score: batch of coalitions (2^g) -> float32 (2^g, n), for the items at hand; one: a batch of one query."""
    groups = _groups(one)
    members = _coalitions(len(groups))  # (2^g, g)
    values = score(_restricted(one, groups, members))  # (2^g, n)
    g = len(groups)
    weights = np.array([factorial(s) * factorial(g - s - 1) / factorial(g) for s in range(g)])
    parts, columns = [Part("base")], [values[0]]
    for k, (part, _, _) in enumerate(groups):
        without = np.flatnonzero(~members[:, k])
        gain = values[without + (1 << k)] - values[without]  # (2^(g-1), n)
        parts.append(part)
        columns.append(weights[members[without].sum(axis=1)] @ gain)
    return Contributions(tuple(parts), np.stack(columns, axis=1).astype(np.float32))


def _groups(one: Batch) -> list[Group]:
    tastes: list[Group] = [(Part("taste", int(f)), [int(f)], []) for f in np.flatnonzero(~np.isnan(one.profile[0]))]
    rows = sorted({*one.positives.indices.tolist(), *one.ratings.indices.tolist()})
    items: list[Group] = [(Part("item", row), [], [row]) for row in rows]
    if len(tastes) + len(items) > MAX_GROUPS and len(items) > 1:
        items = [(Part("history"), [], rows)]
    if len(tastes) + len(items) > MAX_GROUPS:
        kept = MAX_GROUPS - len(items) - 1
        tastes = [*tastes[:kept], (Part("tastes"), [f for _, fs, _ in tastes[kept:] for f in fs], [])]
    return tastes + items


def _coalitions(g: int) -> Bool:
    """Every subset of g groups; bit k of the row number says whether group k is in it, bool (2^g, g)."""
    return (np.arange(1 << g)[:, None] >> np.arange(g)[None, :] & 1).astype(bool)


def _restricted(one: Batch, groups: list[Group], members: Bool) -> Batch:
    """The query once a coalition, with only the coalition's groups known."""
    n = len(members)
    many = one.take(np.zeros(n, np.int64))
    profile = np.full((n, one.profile.shape[1]), np.nan, np.float32)
    hidden = [[i for (_, _, its), m in zip(groups, row, strict=True) if not m for i in its] for row in members]
    for k, (_, tastes, _) in enumerate(groups):
        mine = np.flatnonzero(members[:, k])
        for f in tastes:
            profile[mine, f] = one.profile[0, f]
    return replace(
        many, profile=profile, positives=_without(many.positives, hidden), ratings=_without(many.ratings, hidden)
    )


def _without(matrix: Csr, hidden: list[list[int]]) -> Csr:
    """The matrix without the columns that each row hides."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    keep = np.array([c not in set(hidden[r]) for r, c in zip(row, matrix.indices, strict=True)], bool)
    counts = np.bincount(row[keep], minlength=matrix.shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return type(matrix)((matrix.data[keep], matrix.indices[keep], indptr), shape=matrix.shape)
