"""compare A B: two versions side by side on the events that neither has learned from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from time import time
from typing import Any

import numpy as np

from .. import store as database
from ..data.arrays import Int64
from ..errors import DataError, QueryError
from ..metrics import Interval
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.loading import load_scorer
from .caveats import both, of_tags
from .guards import Health, health
from .later import FEW, Judged, Later, later_part

Json = dict[str, Any]


@dataclass(frozen=True)
class SideBySide:
    """versions, reports, healths: of the first and the second; lift: the second over the first, paired user by user

    settings: field -> what either has, where they differ; fair: what limits the comparison, "" = nothing
    """

    versions: tuple[ModelVersion, ModelVersion]
    reports: tuple[Judged, Judged]
    healths: tuple[Health, Health]
    lift: Interval
    metric: str
    protocol: str
    settings: Json
    fair: str

    def as_json(self) -> Json:
        pair = zip(self.versions, self.reports, self.healths, strict=True)
        said = [{"version": v.id, **r.as_json(), "health": h.as_json()} for v, r, h in pair]
        rest = {"metric": self.metric, "protocol": self.protocol, "settings": self.settings, "fair": self.fair}
        return {"versions": said, "lift": asdict(self.lift), **rest}


def compare_versions(store: Store, recipe: Recipe, first: int, second: int, seed: int = 0) -> SideBySide:
    """On what came after both learned; where that is too little, as they were judged, on the later judging part."""
    if first == second:
        raise QueryError(f"Version {first} cannot be compared with itself. See: tastemaker versions")
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False)
        pair = (database.version(conn, first), database.version(conn, second))
        features, tags = database.get_meta(conn, "features"), of_tags(conn)
    begun = min((v.metrics["begins"] for v in pair if "begins" in v.metrics), default=None)
    later, pair_as, fair = unseen(later_part(data, recipe, None, int(time()), begun), pair)
    scorers = [load_scorer(store.artifacts, v, catalog, features, recipe.tastes.names) for v in pair_as]
    a, b = (later.judge(scorer, seed) for scorer in scorers)
    ha, hb = (health(s, later, r) for s, r in zip(scorers, (a, b), strict=True))
    lift = later.lift(b, a, seed)
    return SideBySide(pair, (a, b), (ha, hb), lift, later.named, later.protocol, _differing(pair),
                      both(fair, tags))  # fmt: skip


def unseen(later: Later, versions: Sequence[ModelVersion]) -> tuple[Later, Sequence[ModelVersion], str]:
    """The part that none of the versions has learned from, the versions as they are asked there, and what that limits.

    Where too little came since they learned, the models that were judged are asked what came after those had learned.
    """
    ends = [v.data_to for v in versions if v.data_to is not None]
    time_ = later.data.events.time
    asked = np.flatnonzero(time_ > max(ends)) if ends and later.dated else later.asked
    if len(asked) >= FEW and (later.dated or not any(v.events_real for v in versions)):
        said = f"{len(asked)} events after all of it was learned" if ends else later.protocol
        unknown = any(v.events_real and v.data_to is None for v in versions)
        fair = "Nobody kept which events a version learned from; it may know some of these." if unknown else ""
        return _moved(later, asked, said), versions, fair
    begins = [v.metrics["begins"] for v in versions if "begins" in v.metrics]
    asked = np.flatnonzero(time_ >= max(begins)) if begins and later.dated else later.asked
    if len(asked) < FEW:
        raise DataError(f"Only {len(asked)} events are new to what was learned (needed: {FEW}). Import more events.")
    judged = [replace(v, artifact=v.judged_artifact or v.artifact) for v in versions]
    fair = "What is judged is the model as it was judged before; the deployed one has learned from these events since."
    return _moved(later, asked, f"{len(asked)} events, {later.protocol}"), judged, fair


def _moved(later: Later, asked: Int64, protocol: str) -> Later:
    begins = int(later.data.events.time[asked].min()) if later.dated else later.begins
    return replace(later, asked=asked, begins=begins, protocol=protocol)


def _differing(pair: tuple[ModelVersion, ModelVersion]) -> Json:
    a, b = ({"algorithm": v.algorithm, "seed": v.seed, **v.params} for v in pair)
    return {name: [a.get(name), b.get(name)] for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name)}
