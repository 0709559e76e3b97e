"""Judging a version on slates that others showed, before anyone sees it: what the log says, with its propensities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Float64
from ..data.query import Query
from ..errors import DataError
from ..metrics.off_policy import Logged, OffPolicy, doubly_robust, ips, snips
from ..metrics.ratio import mean_of
from ..recommender import Recommender
from ..store import ModelVersion, Store
from ..store import version as find_version
from ..store.answers import Answers
from ..store.tables import recommendation_quality, slates

q = recommendation_quality.c
JUDGED = "Judged is the model as it was judged before: the deployed one has learned what became of these slates."


@dataclass(frozen=True)
class Estimated:
    """Likes a shown position: of what was shown, and what the version would have had, by three estimators.

    fair: what limits the judgement, "" = nothing
    """

    version: int
    shown: float
    ips: OffPolicy
    snips: OffPolicy
    doubly_robust: OffPolicy
    fair: str = ""


def estimate(store: Store, version: int) -> Estimated:
    """From the slates drawn with exploration that the version cannot know; DataError where these cannot judge it.

    Where too few were shown since it learned, the model as it was judged before is asked about those since that one.
    """
    with store.read() as conn:
        chosen = find_version(conn, version)
        drawn = [row for row in conn.execute(sa.select(slates).order_by(slates.c.id)) if _explored(row.propensities)]
        liked = sa.select(q.slate, q.rank_shown).where(q.slate.is_not(None), q.rank_shown.is_not(None), q.liked)
        likes = {(row.slate, row.rank_shown) for row in conn.execute(liked)}
    if not drawn:
        raise DataError(
            "No slate was shown with exploration, so no other version can be judged by the log. Set explore."
        )
    trouble = DataError(
        f"All {len(drawn)} slates with exploration were shown before version {version} had learned, so it may know "
        "what became of them. Wait until others were shown, or run an experiment."
    )
    for since, judged, fair in _unknown_to(chosen):
        later = [row for row in drawn if row.at > since]
        if later:
            try:
                log = logged(Answers.open(store, version, judged=judged).recommender, later, likes)
                return _estimated(version, log, fair)
            except DataError as error:
                trouble = error
    raise trouble


def _unknown_to(version: ModelVersion) -> Iterator[tuple[int, bool, str]]:
    """Since when, UTC seconds, the version cannot know what became of slates; then, as it was judged before."""
    if not version.events_real:
        yield -1, False, ""
        return
    yield version.created_at if version.data_to is None else version.data_to, False, ""
    if version.judged_artifact is not None and version.data_to is not None and "begins" in version.metrics:
        yield int(version.metrics["begins"]) - 1, True, JUDGED


def _estimated(version: int, log: Logged, fair: str) -> Estimated:
    model = _by_position(log)
    found = float(mean_of(np.nansum(log.rewards, axis=1), log.shown.sum(axis=1).astype(np.float64)).value)
    return Estimated(version, found, ips(log), snips(log), doubly_robust(log, model, model), fair)


def logged(recommender: Recommender, drawn: Sequence[Any], likes: set[tuple[int, int]]) -> Logged:
    """drawn: rows of the table of slates; likes: (slate, rank from 1) of what was liked. The unit is the user."""
    width = max(len(row.items) for row in drawn)
    rewards, propensities = np.full((2, len(drawn), width), np.nan)
    target = np.zeros((len(drawn), width))
    ranked = recommender.recommend([_query(row.query, width) for row in drawn], explain=False)
    for i, (row, best) in enumerate(zip(drawn, ranked, strict=True)):
        n = len(row.items)
        rewards[i, :n] = [(row.id, rank) in likes for rank in range(1, n + 1)]
        propensities[i, :n] = row.propensities
        for k, item in enumerate(row.items):  # what this version would show below the items above
            above = set(row.items[:k])
            target[i, k] = item == next((other for other in best.items if other not in above), None)
    who = [row.user if row.user is not None else f"slate\0{row.id}" for row in drawn]
    return Logged(rewards, propensities, target, np.unique(who, return_inverse=True)[1].astype(np.int64))


def _by_position(log: Logged) -> Float64:
    """The reward model: the mean reward of each position among the other users, (slates, positions)."""
    rewards, shown = np.nan_to_num(log.rewards), log.shown.astype(np.float64)
    mine, seen = (np.zeros((log.group.max() + 1, rewards.shape[1])) for _ in range(2))
    np.add.at(mine, log.group, rewards)
    np.add.at(seen, log.group, shown)
    above, below = rewards.sum(axis=0) - mine[log.group], shown.sum(axis=0) - seen[log.group]
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def _explored(propensities: Sequence[float]) -> bool:
    return any(p < 1.0 for p in propensities)


def _query(asked: Mapping[str, Any], width: int) -> Query:
    """What was asked then, with a list long enough that what was drawn is skipped."""
    lists = {name: None if asked[name] is None else tuple(asked[name]) for name in ("likes", "exclude", "candidates")}
    return Query(**{**asked, **lists, "n": 2 * width})
