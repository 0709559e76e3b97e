"""What is learned from and what is judged on, chosen by what the events can bear: as published, by the clock, by pairs.

A missing time is 0 where a format has no times, and the moment we heard of the event (time = received_at) where a row
had none. Neither says what came first, so nothing is cut by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ..errors import DataError
from .arrays import Bool
from .dataset import Dataset
from .events import AGAINST, KINDS
from .split import FixedSplit, Split, TimeSplit, split_by_pair, split_by_time

How = Literal["auto", "time", "pairs"]
HOWS: tuple[How, ...] = get_args(How)
QUANTILES = (0.8, 0.9)  # of the times: where valid and test begin
SHARES = (0.7, 0.1, 0.2)  # of each user's pairs, for want of times
VALID = 0.1  # of each user's published training pairs
DATED = 0.9  # share of events with a time from which on the others are left out


@dataclass(frozen=True)
class Holdout:
    """protocol: the split in words."""

    split: Split
    protocol: str


def hold_out(
    events: Dataset, test: Dataset | None, rng: np.random.Generator, how: How = "auto", threshold: float | None = None
) -> Holdout:
    """Train, valid and test, each of `likes`; `test` is the part that was published to be judged on.

    By the clock a grade is a like until the part in which it was revised: what came later is no news to the past.
    LeakError when a pair of the published test part stands in train too; DataError when `how` cannot be.
    """
    if test is not None and how != "auto":
        raise DataError(f"The data comes split as published, so --split {how} cannot be. Leave it out.")
    if test is not None:
        return _as_published(_some(likes(events, threshold)), _some(likes(test, threshold)), rng)
    dated = events.where(has_time(events))
    why = "" if how == "pairs" else _why_not_by_time(events, dated)
    if how == "pairs" or (why and how == "auto"):
        return _by_pair(_some(likes(events, threshold)), rng, why)
    if why:
        raise DataError(f"The events cannot be split by time: {why}. Compare with --split pairs, or import times.")
    return _by_time(events, dated, threshold)


def likes(data: Dataset, threshold: float | None = None) -> Dataset:
    """The events of one part of a split that say that somebody likes something, without grades.

    Of a pair's grades the latest counts; it is a like as its scale says, a rating from `threshold` on.
    Other kinds are likes, but those AGAINST an item.
    """
    events = data.events
    positive = data.liked()
    if threshold is not None:
        positive[_of(data, ["rating"])] = _at_least(data, threshold)
    graded = _of(data, list(data.scales))
    keep = positive & ~_of(data, AGAINST) & (~graded | _latest(data, graded))
    kind = np.where(graded, np.int8(KINDS.index("like")), events.kind)
    value = np.where(graded, np.float32(1.0), events.value)
    return replace(data, events=replace(events, kind=kind, value=value).where(keep), scales={})


def _some(data: Dataset) -> Dataset:
    if not len(data):
        raise DataError("No event to learn from, or none to judge on, is a like. Give more events, or --threshold.")
    return data


def has_time(data: Dataset) -> Bool:
    """bool (n,): does anybody say when the event happened?"""
    e = data.events
    return np.asarray((e.time != 0) & (e.time != e.received_at))


def _of(data: Dataset, kinds: Sequence[str]) -> Bool:
    return np.isin(data.events.kind, [KINDS.index(kind) for kind in kinds])


def _at_least(data: Dataset, threshold: float) -> Bool:
    """Which ratings are as good as the threshold."""
    scale = data.scales.get("rating")
    if scale is None or not _of(data, ["rating"]).any():
        raise DataError(f"There are no ratings, so --threshold {threshold:g} says nothing. Leave it out.")
    if not scale.contains(threshold):
        ends = sorted((scale.worst, scale.best))
        raise DataError(f"--threshold {threshold:g} is outside the ratings' scale, {ends[0]:g}–{ends[1]:g}.")
    value = data.events.value[_of(data, ["rating"])]
    return np.asarray((value - threshold) * (scale.best - scale.worst) >= 0)


def _latest(data: Dataset, graded: Bool) -> Bool:
    """bool (n,): the last grade that its user gave its item; among equal times the one that stands last."""
    rows = np.flatnonzero(graded)
    user, item, time = (column[rows] for column in (data.events.user, data.events.item, data.events.time))
    order = np.lexsort((time, item, user))
    u, i = user[order], item[order]
    last = np.ones(len(order), bool)
    last[:-1] = (u[1:] != u[:-1]) | (i[1:] != i[:-1])
    found = np.zeros(len(data), bool)
    found[rows[order[last]]] = True
    return found


def _as_published(events: Dataset, test: Dataset, rng: np.random.Generator) -> Holdout:
    cut = split_by_pair(events, (1.0 - VALID, VALID, 0.0), rng)
    return Holdout(FixedSplit(cut.train, cut.valid, test), "the published split")


def _by_time(events: Dataset, dated: Dataset, threshold: float | None) -> Holdout:
    cut = _cut(dated)
    train, valid, test = (likes(part, threshold) for part in cut.parts().values())
    liked = replace(cut, train=_some(train), valid=valid, test=_some(test))
    gone = len(events) - len(dated)
    left_out = f"; {gone} events without a time left out" if gone else ""
    first, second = (round(100 * q) for q in QUANTILES)
    return Holdout(liked, f"one global time split {first}-{second - first}-{100 - second}{left_out}")


def _cut(dated: Dataset) -> TimeSplit:
    valid_from, test_from = np.quantile(dated.events.time, QUANTILES, method="higher").tolist()
    return split_by_time(dated, valid_from, test_from)


def _why_not_by_time(events: Dataset, dated: Dataset) -> str:
    """What speaks against cutting by the clock, "" = nothing."""
    if len(dated) < DATED * len(events):
        none = "have no times" if not len(dated) else f"have a time in {len(dated) / len(events):.0%} of the cases only"
        return f"the events {none}"
    if not all(map(len, _cut(dated).parts().values())):
        return "their times are too few and too coarse to cut"
    return ""


def _by_pair(events: Dataset, rng: np.random.Generator, why: str) -> Holdout:
    split = split_by_pair(events, SHARES, rng)
    if not len(split.test):
        raise DataError("No user has likes enough to hold some out: it takes three. Give more events.")
    train, valid, test = (f"{100 * share:g}" for share in SHARES)
    since = f", since {why}" if why else ""
    return Holdout(split, f"each user's items dealt at random {train}-{valid}-{test}{since}")
