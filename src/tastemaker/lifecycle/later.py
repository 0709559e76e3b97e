"""What came later: the part of the real events that nobody who is judged has learned from, and how to judge on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np

from ..algorithms.liked import liked
from ..data.arrays import Bool, Float64, Int64
from ..data.dataset import Dataset
from ..data.holdout import has_time
from ..data.known import first_contacts
from ..errors import DataError
from ..evaluate import (
    Metric,
    OutcomeReport,
    RankingReport,
    better_by,
    compared,
    judge_choices,
    judge_outcomes,
    judge_ranking,
    unit_of,
)
from ..metrics import Interval
from ..monitor import DAY
from ..recipe import Recipe
from ..scorers import Scorer
from ..store import ModelVersion
from .candidates import stream

FIRST = 0.2  # share of the events that a first model is judged on
NEW = 0.5  # share of the events that are new to the active version that its successor is judged on
FEW = 10  # outcomes, below which nothing can be told
FEW_USERS = 5  # fewer judged users than this say nothing of others
MANY = 100  # users, from which on whole ones are dealt where there is no clock
BY_PAIRS, BY_LISTS = 2, 3  # the "times" from which events are judged, where pairs are dealt, or whole lists
TOLD = 10  # items that one of these tells, at most
K = 20  # depth of rankings
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd: spreads what it multiplies (Knuth, TAOCP 6.4)

Judged = OutcomeReport | RankingReport


@dataclass(frozen=True)
class Later:
    """
    data:   every real event, those of the judged part among them
    learn:  bool (n,), what a candidate may learn from before it is judged: within the recipe's window, before `begins`
    deploy: bool (n,), what is learned from when the winner is fitted again: the same window, up to the latest event
    asked:  int64, positions of what is judged; begins: UTC seconds, its first moment
    dated:  is it cut by the clock? If not, times say nothing but the part: 1 = learned from, 2 = judged; of whole lists
            1 = learned from, 2 = told by who is judged, 3 = judged
    kinds:  int64 (n_items,), where what is judged is the kind of item that somebody chose in a moment; else None
    metric: of outcomes that foretelling is judged by; None = nothing is disliked, so rankings are judged, by NDCG
    """

    data: Dataset
    learn: Bool
    deploy: Bool
    asked: Int64
    begins: int
    metric: Metric | None
    protocol: str
    dated: bool = True
    kinds: Int64 | None = None

    def judge(self, scorer: Scorer, seed: int, popular: Mapping[str, Float64] | None = None) -> Judged:
        """popular: what popularity reaches, where rankings are judged"""
        rng = stream(seed, "judge later")
        if self.kinds is not None:
            return judge_choices(scorer, self.data, self.asked, self.kinds, rng, self.begins)
        if self.metric is not None:
            return judge_outcomes(scorer, self.data, self.asked, rng)
        history, relevant = self.lists
        allowed = self.data.catalog.available
        return judge_ranking(scorer, history, relevant, rng, k=K, popular=popular, allowed=allowed)

    def lift(self, tried: Judged, base: Judged, seed: int) -> Interval:
        """By how much `tried` is better, user by user; above 0 = better, whichever way the metric runs."""
        rng = stream(seed, "lift")
        if isinstance(tried, OutcomeReport) and isinstance(base, OutcomeReport) and self.metric is not None:
            return better_by(self.metric, tried.foretold, base.foretold, rng, unit_of(self.data))
        assert isinstance(tried, RankingReport)
        assert isinstance(base, RankingReport)
        return compared(tried, base, rng)["ndcg"]

    def value(self, judged: Judged) -> float:
        """The metric that `lift` compares."""
        if isinstance(judged, OutcomeReport):
            assert self.metric is not None
            return judged.metrics[self.metric].mean
        return judged.metrics["ndcg"].model.mean

    @property
    def named(self) -> str:
        return self.metric or ("ndcg of kinds" if self.kinds is not None else f"ndcg@{K}")

    @cached_property
    def lists(self) -> tuple[Any, Any]:
        """What was liked before, and what was newly liked in the judged part, csr (n_users, n_items)."""
        asked = np.zeros(len(self.data), bool)
        asked[self.asked] = True
        before = ~asked & (self.data.events.time < self.begins)
        history, later = liked(self.data.where(before)), liked(self.data.where(asked))
        relevant = (later - later.multiply(history != 0)).tocsr()
        relevant.eliminate_zeros()
        relevant.sort_indices()
        return history, relevant


def later_part(data: Dataset, recipe: Recipe, since: int | None, now: int, again: int | None = None) -> Later:
    """Cut the real events where judging begins.

    By the clock: of what is new since `since` (the last event that the active version learned from) the later half, for
    a first model the last fifth, and never more than the quality window, while that holds enough. Without times, a
    fifth of the pairs, always the same ones. DataError where there is too little.

    again: where judging began for the active version; where hardly anything is new since, it begins there again, and
    who was judged on pairs is judged on pairs again, since it has learned from every list
    """
    if len(data) < 2:
        raise DataError("There are no real events to learn from or to judge by. Run: tastemaker import FILE")
    metric = _metric(data, recipe)
    kinds = recipe.tastes.encode(data.catalog).argmax(axis=1) if recipe.context and metric is None else None
    data, begins, protocol, dated = _cut(data, recipe, since, again)
    time = data.events.time
    if dated:
        learn, deploy = (_window(time, end, recipe) for end in (begins, min(now, int(time.max()))))
        learn &= time < begins
    else:
        learn, deploy = time == 1, np.ones(len(data), bool)
    if (time >= begins).sum() < FEW:
        raise DataError(
            f"Only {int((time >= begins).sum())} events can be judged on (needed: {FEW}). Import more, with times."
        )
    if learn.sum() < 2 or not data.liked()[learn].any():
        raise DataError(
            f"Only {int(learn.sum())} events lie in the {recipe.retrain.train_window_days} days that a model learns "
            "from. Raise train_window_days in [retrain] of recipe.toml (0 = all events), or import more."
        )
    asked = time >= begins if kinds is None else (time >= begins) & first_contacts(data)
    return Later(data, learn, deploy, np.flatnonzero(asked), begins, metric, protocol, dated, kinds)


def next_part(data: Dataset, recipe: Recipe, active: ModelVersion, now: int) -> Later:
    """What a successor of this version is judged on; what was invented is nothing that real events go on from."""
    if not active.events_real:
        return later_part(data, recipe, None, now)
    return later_part(data, recipe, active.data_to, now, active.metrics.get("begins"))


def judgeable(data: Dataset, recipe: Recipe) -> bool:
    """Are there events enough to judge a first model on?"""
    if len(data) < FEW:
        return False
    cut, begins, _, _ = _cut(data, recipe, None, None)
    who = cut.events.user[cut.events.time >= begins]
    return len(who) >= FEW and len(np.unique(who)) >= FEW_USERS


def _cut(data: Dataset, recipe: Recipe, since: int | None, again: int | None) -> tuple[Dataset, int, str, bool]:
    """The events, where judging begins, how in words, and whether the clock says so."""
    if not _clocked(data):
        whole = _metric(data, recipe) is None and not recipe.context and again != BY_PAIRS
        return *_without_clock(data, whole), False
    data = _heard(data)
    return data, *_begins(data.events.time, recipe.quality.window_days, since, again), True


def _metric(data: Dataset, recipe: Recipe) -> Metric | None:
    return recipe.quality.metric if _tells(data) and recipe.judge.later == "auto" else None


def _clocked(data: Dataset) -> bool:
    """Do times tell what came first? A file without times was heard of at once; live events one after the other."""
    if has_time(data).mean() >= 0.9:
        return True
    _, at_once = np.unique(data.events.time, return_counts=True)
    return bool(at_once.max() <= 0.1 * len(data))


def _heard(data: Dataset) -> Dataset:
    """The same, nothing later than we heard of it: else nothing would be new after a sender's clock that ran ahead."""
    e = data.events
    return replace(data, events=replace(e, time=np.minimum(e.time, e.received_at)))


def _window(time: Int64, ends: int, recipe: Recipe) -> Bool:
    """Events of the recipe's window before this moment, and whatever came after it; of all times without a window."""
    days = recipe.retrain.train_window_days
    return np.asarray(time >= ends - days * DAY) if days else np.ones(len(time), bool)


def _begins(time: Int64, window_days: int, since: int | None, again: int | None) -> tuple[int, str]:
    new = time if since is None else time[time > since]
    if len(new) < FEW and again is not None and (time >= again).sum() >= FEW:
        return again, "judged on what the active version was judged on, since hardly anything is new"
    if len(new) < FEW:
        raise DataError(f"Only {len(new)} events are new since the active version learned (needed: {FEW}).")
    begins = int(np.quantile(new, 1.0 - (FIRST if since is None else NEW), method="higher"))
    window = int(time.max()) - window_days * DAY
    if since is not None and window > begins and (time >= window).sum() >= max(FEW, len(new) // 10):
        begins = window
    what = "the last fifth of all events" if since is None else "the later part of what is new to the active version"
    return begins, f"judged on {what}, in time"


def _tells(data: Dataset) -> bool:
    """Do the events say what is disliked, too?"""
    said = data.liked()
    return bool(len(said)) and 0.0 < float(said.mean()) < 1.0


def _without_clock(data: Dataset, whole: bool) -> tuple[Dataset, int, str]:
    """The events with times that say their part, the time from which they are judged, and how they were dealt."""
    if whole and len(np.unique(data.events.user[data.liked()])) >= MANY:
        return _dealt_whole(data), BY_LISTS, "a fifth of the users, who tell half of what they like, for want of times"
    return _dealt(data), BY_PAIRS, "a fifth of the pairs, dealt by chance for want of times"


def _dealt(data: Dataset) -> Dataset:
    """Times 1 for four fifths of the pairs of user and item, and 2 for the others: a pair's part never changes."""
    return replace(data, events=replace(data.events, time=np.where(_shares(data) < FIRST, 2, 1)))


def _dealt_whole(data: Dataset) -> Dataset:
    """Times 1 for the events of four fifths of the users; of the others 2 for half of their items, TOLD at most, and 3
    for the rest. A user's part never changes."""
    held = _spread(_codes(data.users.ids)) < FIRST
    pairs, first, which = np.unique(
        data.events.user.astype(np.int64) * len(data.catalog) + data.events.item, return_index=True, return_inverse=True
    )
    owner = pairs // len(data.catalog)
    order = np.lexsort((_shares(data)[first], owner))
    size = np.bincount(owner, minlength=len(data.users))
    place = np.empty(len(pairs), np.int64)
    place[order] = np.arange(len(pairs)) - (np.cumsum(size) - size)[owner[order]]
    part = np.where(place < np.minimum(size // 2, TOLD)[owner], 2, 3)
    return replace(data, events=replace(data.events, time=np.where(held[owner] & (size > 1)[owner], part, 1)[which]))


def _shares(data: Dataset) -> Float64:
    """A number in [0, 1) that each event's pair of user and item keeps for ever, float64 (n,)."""
    user, item = _codes(data.users.ids), _codes(data.catalog.items.ids)
    return _spread(user[data.events.user] * MIX ^ item[data.events.item])


def _codes(ids: Sequence[str]) -> np.ndarray:
    return np.array([crc32(id_.encode()) for id_ in ids], np.uint64)


def _spread(codes: np.ndarray) -> Float64:
    return np.asarray((codes * MIX >> np.uint64(40)) / 2**24, np.float64)
