"""evaluate, where a version has learned from real events: how it foretells and ranks what it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import time
from typing import Any

import numpy as np

from .. import store as database
from ..data.arrays import Float64
from ..errors import DataError, TrainingError
from ..evaluate import OutcomeReport, RankingReport, popularity_baseline
from ..kernels.threads import one_blas_thread
from ..metrics import Interval, calibration_curve, mean_loss
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.loading import load_scorer
from .candidates import stream
from .caveats import both, of_tags
from .guards import ENOUGH, SEGMENTS, Health, health
from .later import K, Later, later_part
from .plots import plot_calibration
from .versions import unseen


@dataclass(frozen=True)
class EventEvaluation:
    """
    outcomes: None where nothing is disliked, so that there is nothing to foretell; segments: accuracy and how many
    ranking:  of later likes in the whole catalog beside popularity; None where nobody can be judged
    curve:    calibration, rows of (mean chance, share liked, how many); plot: where it is drawn
    """

    version: ModelVersion
    protocol: str
    fair: str
    outcomes: OutcomeReport | None
    segments: Mapping[str, tuple[Interval, int]]
    ranking: RankingReport | None
    health: Health
    curve: Float64
    plot: Path | None

    def as_json(self) -> dict[str, Any]:
        segments = {name: {**vars(found), "n": n} for name, (found, n) in self.segments.items()}
        return {
            "version": self.version.id, "protocol": self.protocol, "fair": self.fair,
            "outcomes": self.outcomes and self.outcomes.as_json(), "segments": segments,
            "ranking": self.ranking and self.ranking.as_json(), "health": self.health.as_json(),
            "calibration_curve": self.curve.tolist(), "plot": self.plot and str(self.plot),
        }  # fmt: skip


@one_blas_thread()
def evaluate_on_events(store: Store, recipe: Recipe, version: ModelVersion, seed: int) -> EventEvaluation:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False)
        features, tags = database.get_meta(conn, "features"), of_tags(conn)
    later = later_part(data, recipe, None, int(time()), version.metrics.get("begins"))
    later, (asked,), fair = unseen(later, [version])
    fair = both(fair, tags)
    scorer = load_scorer(store.artifacts, asked, catalog, features, recipe.tastes.names)
    ranks = replace(later, metric=None)
    ranking = _ranking(ranks, scorer, seed)
    if later.metric is None:
        judged = ranks.judge(scorer, seed)
        return EventEvaluation(version, later.protocol, fair, None, {}, ranking, health(scorer, later, judged),
                               np.zeros((0, 3)), None)  # fmt: skip
    report = later.judge(scorer, seed)
    assert isinstance(report, OutcomeReport)
    curve = calibration_curve(report.foretold.chance, report.foretold.liked)
    plot = plot_calibration(store.root / "plots" / f"version-{version.id}-calibration.png", curve)
    return EventEvaluation(version, later.protocol, fair, report, _segments(report, seed), ranking,
                           health(scorer, later, report), curve, plot)  # fmt: skip


def _ranking(later: Later, scorer: Any, seed: int) -> RankingReport | None:
    try:
        history, relevant = later.lists
        popular = popularity_baseline(history, relevant, k=K, allowed=later.data.catalog.available)
        found = later.judge(scorer, seed, popular)
    except (DataError, TrainingError):
        return None  # nobody liked anything new, or all of them are new themselves
    assert isinstance(found, RankingReport)
    return found


def _segments(report: OutcomeReport, seed: int) -> dict[str, tuple[Interval, int]]:
    told, right = report.foretold, report.foretold.losses()["accuracy"]
    masks = {name: (told.known >= low) & (told.known < high) for name, (low, high) in SEGMENTS.items()}
    rng = stream(seed, "segments")
    return {
        name: (mean_loss(right[mask], told.user[mask], rng), int(mask.sum()))
        for name, mask in masks.items()
        if mask.sum() >= ENOUGH
    }
