"""Judging lists of 30,000 generated users: each part beside a plain NumPy twin in the same run, on the same arrays.

Run: python benchmarks/judging.py [--users N] [--items N] [--k K] [--rounds R]
Ours and the twin take turns, R times each; medians count. Compiling is not timed: each runs once before. Twins are what
one writes without a compiler: a sorted search for the hits, all pairs of a list for diversity, drawn rows and a mean
for the bootstrap (1000 rounds, six metrics). Both must agree, the bootstraps within what chance allows.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from tastemaker.data.arrays import Bool, Csr, Float32, Float64, Int32, csr
from tastemaker.data.query import Batch
from tastemaker.evaluate import RankingReport, compared, judge_ranking
from tastemaker.kernels.ranking import METRICS, ranking_metrics
from tastemaker.metrics import coverage, diversity, gini, intervals, novelty, popularity_bias, popularity_of
from tastemaker.scorers import Popularity

BOOTSTRAPS, HELD = 1000, 1 << 22  # rounds; numbers that the twin holds at once, 32 MB
KNOWN, WANTED, DIM = 27, 7, 64  # a user's mean history and what is relevant, as in Gowalla; the width of item vectors


@dataclass(frozen=True)
class World:
    """history, relevant: csr (q, n_items), apart; lists: int32 (q, k); vectors: float32 (n_items, DIM)."""

    history: Csr
    relevant: Csr
    lists: Int32
    vectors: Float32


@dataclass(frozen=True)
class Told(Popularity):
    """Answers with lists made before, so that judging alone is timed."""

    lists: Int32

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        return self.lists, np.zeros(self.lists.shape, np.float32)


def build_world(q: int, n_items: int, k: int, rng: np.random.Generator) -> World:
    """Item popularity falls as a power of its rank; lists hold a few hits, and some are shorter than k."""
    chances = (np.arange(n_items) + 10.0) ** -0.8
    lengths = 1 + rng.geometric(1 / (KNOWN + WANTED), q)
    users = np.repeat(np.arange(q), lengths + 2)
    drawn = rng.choice(n_items, len(users), p=chances / chances.sum())
    users, items = np.divmod(np.unique(users * n_items + drawn), n_items)
    first = np.append(True, users[1:] != users[:-1])  # everybody has something relevant
    wanted = first | (rng.random(len(users)) < WANTED / (KNOWN + WANTED))
    matrix = [csr(users[m], items[m], np.ones(int(m.sum()), np.float32), (q, n_items)) for m in (~wanted, wanted)]
    found = rng.choice(n_items, (q, 2 * k), p=chances / chances.sum())
    found[:, 0] = items[first]
    found.sort(axis=1)
    keys = np.where(np.diff(found, axis=1, prepend=-1) > 0, rng.random(found.shape), 2.0)  # repeats go last
    order = np.argsort(keys, axis=1)[:, :k]
    lists = np.where(np.take_along_axis(keys, order, 1) < 2.0, np.take_along_axis(found, order, 1), -1)
    vectors = rng.normal(size=(n_items, DIM)).astype(np.float32)
    return World(matrix[0], matrix[1], lists.astype(np.int32), vectors)


# --- the twins


def plain_metrics(lists: Int32, relevant: Csr) -> dict[str, Float64]:
    q, k = lists.shape
    n, n_items, rank = np.diff(relevant.indptr), relevant.shape[1], np.arange(1, k + 1)
    pairs = np.repeat(np.arange(q), n) * n_items + relevant.indices
    asked = np.where(lists >= 0, np.arange(q)[:, None] * n_items + lists, -1)  # (q, k)
    hits = pairs[np.minimum(np.searchsorted(pairs, asked), len(pairs) - 1)] == asked
    count, discount = hits.sum(axis=1), 1.0 / np.log2(rank + 1)
    best, fitting = np.append(0.0, np.cumsum(discount)), np.minimum(n, k)
    precisions = np.where(hits, np.cumsum(hits, axis=1) / rank, 0.0).sum(axis=1)
    reciprocal = np.where(count > 0, 1.0 / (hits.argmax(axis=1) + 1), 0.0)
    found = (count / n, count / k, hits @ discount / best[fitting], precisions / fitting, reciprocal, count > 0)
    return {name: np.asarray(values, np.float64) for name, values in zip(METRICS, found, strict=True)}


def plain_beyond(world: World, block: int = 1000) -> Float64:
    """coverage, gini, novelty, popularity, its ratio, diversity."""
    lists, n_items = world.lists, world.history.shape[1]
    shown = np.sort(np.bincount(lists[lists >= 0], minlength=n_items))
    spread = (2 * np.arange(1, n_items + 1) - n_items - 1) @ shown / (n_items * shown.sum())
    share = np.bincount(world.history.indices, minlength=n_items) / len(lists)
    bits = -np.log2(np.where(share > 0, share, share[share > 0].min()))
    there = lists >= 0
    new, popular = (np.where(there, values[lists], 0.0).sum(axis=1) / there.sum(axis=1) for values in (bits, share))
    known = np.diff(world.history.indptr)
    users = np.repeat(np.arange(len(lists)), known)
    own = np.bincount(users, share[world.history.indices], len(lists))
    ratio = popular[known > 0].sum() / (own[known > 0] / known[known > 0]).sum()
    unit = world.vectors / np.linalg.norm(world.vectors, axis=1, keepdims=True)
    one, other = np.triu_indices(lists.shape[1], 1)
    apart = []
    for start in range(0, len(lists), block):
        mine, here = unit[lists[start : start + block]], there[start : start + block]  # (b, k, d), (b, k)
        cosines = (mine @ mine.transpose(0, 2, 1))[:, one, other]  # (b, pairs)
        both = here[:, one] & here[:, other]
        apart.append(np.where(both, 1.0 - cosines, 0.0).sum(axis=1) / both.sum(axis=1))
    return np.array(
        [(shown > 0).mean(), spread, new.mean(), popular.mean(), ratio, np.concatenate(apart).mean()], np.float64
    )


def plain_intervals(values: Float64, rng: np.random.Generator) -> Float64:
    """(m, 2): both ends of the interval of each column of values (n, m)."""
    n, m = values.shape
    step = max(1, HELD // (n * m))
    sizes = [min(step, BOOTSTRAPS - done) for done in range(0, BOOTSTRAPS, step)]
    means = np.concatenate([values[rng.integers(0, n, (size, n))].mean(axis=1) for size in sizes])
    return np.asarray(np.quantile(means, [0.025, 0.975], axis=0).T, np.float64)


# --- ours against them


def our_beyond(world: World) -> Float64:
    lists, n_items = world.lists, world.history.shape[1]
    share = popularity_of(world.history)
    bias = popularity_bias(lists, share, world.history)
    numbers = (coverage(lists, n_items), gini(lists, n_items), novelty(lists, share), *bias)
    return np.array([*numbers, diversity(lists, world.vectors)], np.float64)


def our_intervals(values: Float64, rng: np.random.Generator) -> Float64:
    return np.array([(found.low, found.high) for found in intervals(values, rng, BOOTSTRAPS)], np.float64)


def milliseconds(rounds: int, *calls: Callable[[], Any]) -> list[float]:
    """The median of each; they take turns."""
    taken = np.zeros((rounds, len(calls)))
    for r in range(rounds):
        for c, call in enumerate(calls):
            start = perf_counter()
            call()
            taken[r, c] = 1000 * (perf_counter() - start)
    return [float(x) for x in np.median(taken, axis=0)]


def report_of(world: World, lists: Int32, seed: int) -> RankingReport:
    scorer = Told(np.zeros(world.history.shape[1], np.float32), lists)
    rng = np.random.default_rng(seed)
    return judge_ranking(scorer, world.history, world.relevant, rng, k=lists.shape[1], vectors=world.vectors)


def check_agreement(world: World, values: Float64) -> None:
    twin = plain_metrics(world.lists, world.relevant)
    for name, ours in ranking_metrics(world.lists, world.relevant).items():
        np.testing.assert_allclose(ours, twin[name], atol=1e-12, err_msg=name)
    np.testing.assert_allclose(our_beyond(world), plain_beyond(world), rtol=1e-5)
    here, there = our_intervals(values, np.random.default_rng(0)), plain_intervals(values, np.random.default_rng(0))
    widths = np.diff(there, axis=1)
    np.testing.assert_array_less(np.abs(here - there) / widths, 0.1)


def print_parts(world: World, rounds: int) -> None:
    values = np.column_stack(list(ranking_metrics(world.lists, world.relevant).values()))
    turned = np.ascontiguousarray(world.lists[:, ::-1])  # another model: the same lists upside down
    gaps = values - np.column_stack(list(ranking_metrics(turned, world.relevant).values()))
    one, other = report_of(world, world.lists, 0), report_of(world, turned, 1)
    check_agreement(world, values)
    rng = np.random.default_rng
    parts: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "six metrics a user": (
            lambda: ranking_metrics(world.lists, world.relevant),
            lambda: plain_metrics(world.lists, world.relevant),
        ),
        "beyond accuracy": (lambda: our_beyond(world), lambda: plain_beyond(world)),
        "intervals of six metrics": (lambda: our_intervals(values, rng(0)), lambda: plain_intervals(values, rng(0))),
        "two models, paired": (lambda: compared(one, other, rng(0)), lambda: plain_intervals(gaps, rng(0))),
    }
    print(f"{'':28}{'NumPy ms':>10}{'ours ms':>10}{'times as fast':>15}")
    total = np.zeros(2)
    for name, (ours, theirs) in parts.items():
        mine, twin = milliseconds(rounds, ours, theirs)
        total += mine, twin
        print(f"{name:28}{twin:10.1f}{mine:10.1f}{twin / mine:15.1f}")
    print(f"{'total':28}{total[1]:10.1f}{total[0]:10.1f}{total[1] / total[0]:15.1f}")
    whole = milliseconds(rounds, lambda: report_of(world, world.lists, 0))[0]
    print(f"{'judge_ranking, lists given':28}{'':10}{whole:10.1f}   (with checks and the random floor)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--items", type=int, default=41_000)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5, help="how often each part is timed; the median counts")
    chosen = parser.parse_args()
    world = build_world(chosen.users, chosen.items, chosen.k, np.random.default_rng(0))
    print(
        f"{chosen.users} users x {chosen.k} of {chosen.items} items, {world.history.nnz} known, "
        f"{world.relevant.nnz} relevant; vectors of {DIM}; {BOOTSTRAPS} bootstrap rounds; median of {chosen.rounds}\n"
    )
    print_parts(world, chosen.rounds)


if __name__ == "__main__":
    main()
