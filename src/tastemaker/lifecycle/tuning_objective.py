"""What settings are worth to a project: learned on the earlier part of its past, judged on the later; no test data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np

from ..algorithms import Algorithm
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.known import known_before
from ..errors import DataError, QueryError
from ..evaluate import BETTER, Metric
from ..kernels.threads import one_blas_thread
from ..metrics import Interval
from ..recipe import Recipe
from ..scorers import Scorer
from ..store.made_by import PACKAGES, environment
from ..tune.search import RUNGS
from ..watch import Watch
from .candidates import stream
from .later import FEW, FIRST, Judged, K, Later, later_part

LARGE = 300_000  # events from which on a quarter of the users takes far less than all: of 65,000, 0.7 of the time
FORETOLD = get_args(Metric)
RANKED = f"ndcg@{K}"
ROOMS = ("algorithms", "data", "evaluate", "features", "kernels", "metrics", "scorers")  # whose code decides a value


@dataclass(frozen=True)
class LaterObjective:
    """Better at what came later, by the metric that the recipe's models are judged by."""

    part: Later
    features: Features

    @property
    def metric(self) -> str:
        return self.part.named

    @property
    def higher(self) -> bool:
        return BETTER.get(self.metric, 1) > 0

    @property
    def rungs(self) -> tuple[float, ...]:
        return RUNGS if int(self.part.learn.sum()) >= LARGE else RUNGS[-1:]

    def fitting(self, algorithm: Algorithm, watch: Watch) -> "LaterObjective":
        """By the order of its lists, where this algorithm's models rank but cannot say what to expect."""
        if self.part.metric is None:
            return self
        scorer = self._learned(algorithm, stream(0, "probe"), watch, RUNGS[0])
        _, batch = next(iter(known_before(self.part.data, self.part.asked[-1:])))
        says = not np.isnan(scorer.predict(batch).like).all()
        return self if says else self.named(RANKED)

    def named(self, metric: str) -> "LaterObjective":
        """The same by another metric; QueryError when these events cannot be judged by it."""
        if metric == self.metric:
            return self
        foretold: list[Metric] = [name for name in FORETOLD if self.part.metric is not None]
        if metric != RANKED and metric not in foretold:
            raise QueryError(
                f"Settings cannot be judged by {metric!r} here. There are: {', '.join([*foretold, RANKED])}."
            )
        chosen = next((name for name in foretold if name == metric), None)
        return replace(self, part=replace(self.part, metric=chosen))

    def __call__(self, algorithm: Algorithm, rng: np.random.Generator, watch: Watch, share: float = 1.0) -> float:
        return self.part.value(self._judged(algorithm, rng, watch, share))

    def gain(self, tried: Algorithm, present: Algorithm, seed: int, watch: Watch) -> tuple[float, float, Interval]:
        a, b = (self._judged(one, stream(seed, "confirm"), watch) for one in (tried, present))
        return self.part.value(a), self.part.value(b), self.part.lift(a, b, seed)

    @one_blas_thread()
    def _judged(self, algorithm: Algorithm, rng: np.random.Generator, watch: Watch, share: float = 1.0) -> Judged:
        return self.part.judge(self._learned(algorithm, rng, watch, share), 0)

    def _learned(self, algorithm: Algorithm, rng: np.random.Generator, watch: Watch, share: float) -> Scorer:
        data, learn = self.part.data, self.part.learn
        if share < 1.0:
            drawn = stream(0, "share").random(len(data.users)) < share
            learn = learn & drawn[data.events.user]
        return algorithm.fit(data.where(learn), self.features, rng, watch)

    def digest(self, fixed: Mapping[str, object]) -> str:
        """Equal where values compare: data, split, features, code, packages, and what is not searched."""
        made = {name: said for name, said in environment().items() if name in PACKAGES}
        kept = [self.metric, self.rungs, self.features.digest, code_digest(), made, sorted(fixed.items())]
        found = hashlib.sha256(repr(kept).encode())
        events = self.part.data.events
        columns = (events.user, events.item, events.value, events.time, events.kind, self.part.learn, self.part.asked)
        for array in (*columns, self.part.data.profiles):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:32]


@cache
def code_digest() -> str:
    """Of the files that decide what a setting is worth."""
    found, root = hashlib.sha256(), Path(__file__).parents[1]
    for file in sorted(file for room in ROOMS for file in (root / room).rglob("*.py")):
        found.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:32]


def validation_of(data: Dataset, recipe: Recipe, again: int | None = None) -> Later:
    """Without the part that models are judged on; of what a model learns from before it, the last fifth judges.

    again: as in `later_part`
    """
    last = int(data.events.time.max()) if len(data) else 0
    return inside(later_part(data, recipe, None, last, again))


def inside(test: Later) -> Later:
    """The same cut once more, inside what a candidate learns from; nothing of the judged part is left in it."""
    before = test.data.events.time < test.begins
    past, window = test.data.where(before), test.learn[before]
    if test.dated:
        begins = int(np.quantile(past.events.time[window], 1.0 - FIRST, method="higher"))
        protocol = "judged on the last fifth, in time, of what came before the test part"
    else:
        past, begins = _dealt_again(past), 2
        protocol = "judged on a fifth of the pairs that are not in the test part, dealt by chance for want of times"
    time = past.events.time
    learn, asked = window & (time < begins), np.flatnonzero(window & (time >= begins))
    if len(asked) < FEW or learn.sum() < 2 or not past.liked()[learn].any():
        raise DataError(
            f"{int(learn.sum())} events to learn settings from and {len(asked)} to judge them on are too few (needed: "
            f"{FEW}). Import more, or raise train_window_days in [retrain] of recipe.toml (0 = all events)."
        )
    return Later(past, learn, window, asked, begins, test.metric, protocol, test.dated)


def _dealt_again(past: Dataset) -> Dataset:
    """Times 1 for four fifths of the pairs and 2 for the others; the same ones however often it is asked."""
    pairs = past.events.user.astype(np.int64) * len(past.catalog) + past.events.item
    _, which = np.unique(pairs, return_inverse=True)
    share = stream(0, "validation").random(int(which.max(initial=0)) + 1)[which]
    return replace(past, events=replace(past.events, time=np.where(share < FIRST, 2, 1).astype(np.int64)))
