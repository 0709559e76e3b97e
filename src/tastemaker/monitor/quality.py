"""How good predictions were in a window: for each version, arm, segment and item, and from day to day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Bool, Float64, Int64
from ..metrics import Interval, calibration_curve, calibration_error, effective, outcome_losses, wilson
from ..store.outcomes import OWN
from ..store.quality import Outcomes, last_outcome, read_outcomes
from ..store.tables import events, items
from .limits import DAY, Limits

SEGMENTS = {"newcomers (under 5 known)": (0, 5), "some (5 to 49)": (5, 50), "many (50 and more)": (50, 1 << 31)}
BINS = 10  # of chance
HEAD = 0.2  # share of the items with most events that are the head


@dataclass(frozen=True)
class Figures:
    """
    n, users:    outcomes and users; said: outcomes that something was predicted of; own: by the version itself
    accuracy:    share of those whose predicted like was the actual one, Wilson's interval for independent outcomes
    independent: how many independent outcomes they are worth, as those of one user resemble each other
    rmse:        in preference, [-1, 1]; log_loss: nats; calibration: expected calibration error
    liked:       share of likes; place: mean share of the catalog that was ranked above what was liked, 0.5 = chance
    ndcg:        of the lists with an outcome, a like being relevant; NaN without lists
    """

    n: int
    users: int
    said: int
    own: int
    accuracy: Interval
    independent: float
    rmse: float
    log_loss: float
    calibration: float
    liked: float
    place: float
    ndcg: float


@dataclass(frozen=True)
class ItemFigures:
    """Of one item's outcomes, each as in Figures."""

    n: int
    said: int
    accuracy: Interval
    rmse: float
    log_loss: float
    calibration: float
    liked: float
    place: float


@dataclass(frozen=True)
class Quality:
    """Outcomes that happened after `since` and not after `until`, UTC seconds.

    versions: by number; arms: (experiment, arm); segments: by how much was known of the user, and by how popular the
    item is; items: row in the database -> the figures of those with `min_samples` outcomes; curve: (bins, 3) mean
    chance, share liked, n; days: UTC seconds at which a day with outcomes begins -> (right, said)
    """

    since: int
    until: int
    whole: Figures
    versions: Mapping[int, Figures]
    arms: Mapping[tuple[int, str], Figures]
    segments: Mapping[str, Figures]
    items: Mapping[int, ItemFigures]
    curve: Float64
    days: Mapping[int, tuple[int, int]]

    def as_json(self) -> dict[str, Any]:
        plain = asdict(self) | {"curve": self.curve.tolist()}
        plain["arms"] = [{"experiment": test, "arm": arm, **asdict(f)} for (test, arm), f in self.arms.items()]
        return plain


def quality(conn: sa.Connection, limits: Limits, now: int | None = None, version: int | None = None) -> Quality:
    """The last `window_days` before `now`, None = before the last outcome; of one version, or of all."""
    since, until = window_of(conn, limits, now)
    return quality_of(conn, limits, read_outcomes(conn, since, until, version), (since, until))


def window_of(conn: sa.Connection, limits: Limits, now: int | None = None) -> tuple[int, int]:
    """What happens after the first and not after the second, UTC seconds, counts."""
    until = last_outcome(conn) if now is None else now
    until = 0 if until is None else until
    return until - limits.window_days * DAY, until


def quality_of(conn: sa.Connection, limits: Limits, found: Outcomes, window: tuple[int, int]) -> Quality:
    """Of outcomes that were read already, all of which are in the window."""
    arms = {
        (int(test), arm): (found.test == test) & (found.treatment == (arm == "treatment"))
        for test in np.unique(found.test[found.test >= 0])
        for arm in ("control", "treatment")
    }
    return Quality(
        *window, figures(found),
        {int(v): figures(found.where(found.version == v)) for v in np.unique(found.version)},
        {key: figures(found.where(mask)) for key, mask in arms.items()},
        {name: figures(found.where(mask)) for name, mask in _segments(conn, found).items() if mask.any()},
        figures_of_items(found, limits.min_samples),
        calibration_curve(found.chance.astype(np.float32), found.liked), _days(found),
    )  # fmt: skip


def figures(found: Outcomes) -> Figures:
    said = found.where(found.said)
    losses = outcome_losses(
        said.predicted.astype(np.float32), said.chance.astype(np.float32), said.actual.astype(np.float32), said.liked
    )
    right = losses["accuracy"]
    return Figures(
        n=len(found), users=len(np.unique(found.user)), said=len(said), own=int(np.isin(said.level, OWN).sum()),
        accuracy=wilson(float(right.sum()), len(said)), independent=effective(right, said.user),
        rmse=float(np.sqrt(_mean(losses["squared error"]))), log_loss=_mean(losses["log loss"]),
        calibration=calibration_error(said.chance.astype(np.float32), said.liked),
        liked=_mean(found.liked), place=_mean(found.place[found.liked & ~np.isnan(found.place)]), ndcg=_ndcg(found),
    )  # fmt: skip


def figures_of_items(found: Outcomes, least: int) -> dict[int, ItemFigures]:
    """Row in the database -> its figures, of every item with at least so many outcomes; one pass over all of them."""
    items, at = np.unique(found.item, return_inverse=True)
    said, chance = found.said, found.chance.astype(np.float32)
    losses = outcome_losses(found.predicted.astype(np.float32), chance, found.actual.astype(np.float32), found.liked)

    def total(values: np.ndarray, among: Bool) -> Float64:
        return np.bincount(at[among], weights=values[among], minlength=len(items)).astype(np.float64)

    n, told = (np.bincount(at[mask], minlength=len(items)) for mask in (np.ones(len(at), bool), said))
    ranked = found.liked & ~np.isnan(found.place)
    cell = at[said] * BINS + np.minimum((chance[said].astype(np.float64) * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(cell, chance[said].astype(np.float64) - found.liked[said], len(items) * BINS)
    hits = total(losses["accuracy"], said)
    with np.errstate(invalid="ignore"):  # 0 / 0: nothing was said
        columns = (
            np.sqrt(total(losses["squared error"], said) / told), total(losses["log loss"], said) / told,
            np.abs(gap).reshape(len(items), BINS).sum(axis=1) / told, total(found.liked, n[at] > 0) / n,
            total(found.place, ranked) / np.bincount(at[ranked], minlength=len(items)),
        )  # fmt: skip
    return {
        int(items[k]): ItemFigures(
            int(n[k]), int(told[k]), wilson(float(hits[k]), int(told[k])), *(float(c[k]) for c in columns)
        )
        for k in np.flatnonzero(n >= least)
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _segments(conn: sa.Connection, found: Outcomes) -> dict[str, Bool]:
    """How much was known of the user; and whether the item is among the HEAD share of all with most events."""
    masks = {f"users: {name}": (found.known >= low) & (found.known < high) for name, (low, high) in SEGMENTS.items()}
    most = max(1, int(HEAD * (conn.scalar(sa.select(sa.func.count()).select_from(items)) or 0)))
    item = events.c.item_row + 0  # + 0: a scan, since the index on it fetches row by row
    ranked = sa.select(item).where(~events.c.synthetic).group_by(item)
    head = list(conn.scalars(ranked.order_by(sa.func.count().desc(), item).limit(most)))
    popular = np.isin(found.item, np.array(head, np.int64))
    return masks | {"items: head": popular, "items: tail": ~popular}


def _ndcg(found: Outcomes) -> float:
    """Mean over lists of Σ 1/log2(rank + 1) of what was liked, over the same with the likes on top.

    Lists of which nothing was liked have no best order and are left out (Järvelin & Kekäläinen 2002).
    """
    liked = found.where((found.slate >= 0) & found.liked)
    if not len(liked):
        return float("nan")
    _, at = np.unique(liked.slate, return_inverse=True)
    pairs = np.unique(np.column_stack([at, liked.rank_shown]), axis=0)  # an item that is liked twice counts once
    gained = np.bincount(pairs[:, 0], 1.0 / np.log2(pairs[:, 1] + 1.0))
    best = np.cumsum(1.0 / np.log2(np.arange(int(np.bincount(pairs[:, 0]).max())) + 2.0))
    return float(np.mean(gained / best[np.bincount(pairs[:, 0]) - 1]))


def _days(found: Outcomes) -> dict[int, tuple[int, int]]:
    day: Int64 = found.at // DAY * DAY
    days, at = np.unique(day, return_inverse=True)
    right, said = (np.bincount(at, mask, minlength=len(days)) for mask in (found.correct, found.said))
    return {int(d): (int(r), int(n)) for d, r, n in zip(days, right, said, strict=True)}
