"""Has the world changed since a version learned: items, grades and newcomers then and now, by the stability index."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..metrics import stability, stability_by_chance
from ..store.mix import Mix, anything_before, count_between, read_labels, read_mixes
from ..store.versions import ModelVersion
from .limits import DAY, Limits

BINS = 20  # kinds of items and grades that are told apart; the rarer ones are one
FEW = 5  # users, below which nothing can be told
SURE = 0.99


@dataclass(frozen=True)
class Drift:
    """what: items, grades or newcomers; value: the index; by_chance: what it seldom exceeds where nothing changed."""

    what: str
    value: float
    by_chance: float
    n: int
    users: int
    most: str  # what changed most, in words


def drifts(conn: sa.Connection, version: ModelVersion, limits: Limits, now: int) -> list[Drift]:
    """What happened in the window after all that the version learned from, beside that; [] where it cannot be told.

    Users, not events, are the sample: each has tastes of their own. Newcomers are compared with the last part of what
    was learned, as long as the window, for among all of it everybody was new once.
    """
    if not version.events_real or version.data_from is None or version.data_to is None:
        return []
    since, length = max(now - limits.window_days * DAY, version.data_to) + 1, limits.window_days * DAY
    if count_between(conn, since, now) < limits.min_outcomes:
        return []
    begins = max(version.data_from, version.data_to - length)
    spans = [(since, now), (version.data_from, version.data_to), (begins, version.data_to)]
    window, learned, recent = read_mixes(conn, spans)
    if window.users < FEW:
        return []
    labels = read_labels(conn, {*learned.items, *window.items})
    pairs = {
        "items": (_labelled(learned, labels), _labelled(window, labels), learned),
        "grades": (_graded(learned), _graded(window), learned),
    }
    if anything_before(conn, begins):  # else everybody was new then
        pairs["newcomers"] = (_newcomers(recent), _newcomers(window), recent)
    found = (_drift(what, *pair, window) for what, pair in pairs.items() if pair[2].users >= FEW)
    return [drift for drift in found if drift is not None]


def _drift(what: str, before: Mapping[Any, float], now: Mapping[Any, float], base: Mix, window: Mix) -> Drift | None:
    names, counts = _bins(before, now)
    if len(names) < 2:
        return None
    p, q = (x / x.sum() for x in counts)
    most = int(np.argmax(np.abs(q - p)))
    said = f"{names[most]} from {p[most]:.0%} to {q[most]:.0%}"
    chance = stability_by_chance(len(names), base.users, window.users, SURE)
    return Drift(what, stability(*counts), chance, window.n, window.users, said)


def _bins(before: Mapping[Any, float], now: Mapping[Any, float]) -> tuple[list[str], tuple[np.ndarray, np.ndarray]]:
    """Names of at most BINS bins, and both counts (bins,)."""
    both = Counter(before) + Counter(now)
    kept = [name for name, _ in both.most_common(BINS if len(both) <= BINS else BINS - 1)]
    counts = [np.array([side.get(name, 0.0) for name in kept]) for side in (before, now)]
    if len(both) > len(kept):
        counts = [
            np.append(count, sum(side.values()) - count.sum())
            for count, side in zip(counts, (before, now), strict=True)
        ]
        kept = [*kept, "all others"]
    return [str(name) for name in kept], (counts[0], counts[1])


def _labelled(mix: Mix, labels: Mapping[int, tuple[str, ...]]) -> dict[str, float]:
    """Events by label, each spread over those of its item."""
    found: Counter[str] = Counter()
    for row, n in mix.items.items():
        mine = labels.get(row) or ("no label",)
        found.update(dict.fromkeys(mine, n / len(mine)))
    return dict(found)


def _graded(mix: Mix) -> dict[str, float]:
    from ..data.events import KINDS

    return {f"{KINDS[kind]} {value:g}": float(n) for (kind, value), n in mix.grades.items()}


def _newcomers(mix: Mix) -> dict[str, float]:
    return {"newcomers among users": float(mix.new), "known users": float(mix.users - mix.new)}
