"""Pieces of work that several competitors have in common."""

from collections.abc import Callable
from typing import Any

import numpy as np

from peers.judge import agreement, recall_ndcg, top_lists
from peers.measure import Trained, Work, pace
from peers.world import TOP, World

CHECKED = 500  # users whose lists are compared with plain NumPy's


def training_speed(world: World, run: Callable[[], list[float]]) -> Work:
    """run: trains a few epochs, returns when each ended. Figure: million triples a second, one an event and epoch."""
    return Work(run, lambda ends, _: world.train.nnz / pace(ends) / 1e6)


def iteration_time(world: World, run: Callable[[], tuple[list[float], Callable[[], Any]]]) -> Work:
    """run: when each iteration ended, and the lists. Figure: seconds an iteration. Quality: after these few."""
    return Work(run, lambda found, _: pace(found[0]), lambda found: recall_ndcg(found[1](), world.test))


def trained_quality(world: World, run: Callable[[], Trained]) -> Work:
    """Figure: Recall@20 on the test part."""
    found: dict[str, float] = {}

    def figure(trained: Trained, _: float) -> float:
        found.update(recall_ndcg(trained.lists(), world.test), epochs=trained.epochs, fit_seconds=trained.seconds)
        return found["recall"]

    return Work(run, figure, lambda _: dict(found))


def all_users(world: World, run: Callable[[], Any], seen: bool, n_users: int | None = None) -> Work:
    """Figure: users a second. Quality: share of the exact top 20 that is found. run returns int (n_users, 20)."""
    n = world.train.shape[0] if n_users is None else n_users
    return Work(run, lambda _, seconds: n / seconds, lambda lists: {"agreement": _agreement(world, lists, seen)})


def _agreement(world: World, lists: Any, seen: bool) -> float:
    users, items = world.factors
    few = np.arange(min(CHECKED, len(lists)))
    skipped = world.train[few] if seen else world.train[few] * 0.0
    skipped.eliminate_zeros()
    return agreement(np.asarray(lists)[few], users[few], items, skipped)


def factor_lists(world: World, users: Any, items: Any) -> Callable[[], Any]:
    return lambda: top_lists(users, items, world.train, TOP)


def with_bias(users: Any, items: Any, bias: Any) -> tuple[Any, Any]:
    """Factors whose product includes the items' bias."""
    return np.hstack([users, np.ones((len(users), 1), users.dtype)]), np.hstack([items, np.asarray(bias)[:, None]])


def asked_users(world: World, n: int) -> Any:
    """The users that are asked for one at a time, the same for all competitors."""
    return np.random.default_rng(1).integers(0, world.train.shape[0], n)
