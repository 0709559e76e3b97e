"""Fine-tuning on what real users did, judged on real users whom the candidate did not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .. import store as database
from ..algorithms import Algorithm
from ..data.arrays import Bool
from ..data.case import Case
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.features import Features
from ..data.nearest import did_you_mean
from ..data.query import Query
from ..errors import DataError, QueryError, TrainingError
from ..evaluate import Report, judge
from ..kernels.threads import one_blas_thread
from ..metrics import Interval, paired
from ..recipe import Recipe
from ..recommender import single
from ..scorers import Scorer
from ..store import EventCount, ModelVersion, Store
from ..store.answers import load_scorer, save_features
from ..watch import Watch
from .candidates import Candidate, as_artifact, as_run, as_version, stream
from .plots import plot_training
from .pretrain import features_of_version, fit_one

TEST = 0.2  # share of the real users who are held out
FEW = 10  # fewer held-out users than this cannot tell two models apart
REPLAY = 200  # invented users learned from again, at least, so that what they taught is not forgotten
GENTLE = 0.3  # fine-tuning's learning rate, as a share of the first one's
AGREE = 0.5  # Spearman between judged and deployed model, below which nothing is deployed


@dataclass(frozen=True)
class Trained:
    """before, after: judged on held-out real users, None where there are too few; lift: after - before, paired

    activated: did the new version replace the active one, and why (not)
    """

    version: ModelVersion
    parent: ModelVersion
    used: EventCount
    before: Report | None
    after: Report | None
    lift: Interval | None
    activated: bool
    why: str


@one_blas_thread()
def train(
    store: Store, recipe: Recipe, start: str | int, seed: int, watch: Watch, options: Mapping[str, Any]
) -> Trained:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        parent = _parent(conn, start)
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales)
    features = features_of_version(store, recipe, catalog, parent, watch)
    saved = save_features(store.artifacts, features)
    base = load_scorer(store.artifacts, parent, catalog, saved, recipe.tastes.names)
    model = _gentle(parent, recipe, options)
    held = _held_out(data, seed)
    replayed = _replay(data, seed)
    rest = data.where((~held[data.events.user] & ~data.events.synthetic) | replayed[data.events.user])
    near = recipe.rules.near
    tried = fit_one(
        parent.algorithm, model, rest, features, seed, watch, rest, base, near=near
    )  # the held out only judge
    before, after, lift = _compared(base, tried.scorer, data, held, catalog, features, seed, recipe.judge.metric)
    everything = data.where(~data.events.synthetic | replayed[data.events.user])
    final = fit_one(parent.algorithm, model, everything, features, seed, watch, everything, base, near=near)
    _check_agreement(tried.scorer, final.scorer, everything, features)
    used = EventCount(int((~everything.events.synthetic).sum()), int(everything.events.synthetic.sum()))
    better, why = _verdict(parent, lift, int(held.sum()), recipe)
    judged_as = as_artifact(store, tried.scorer, catalog, recipe, saved)
    version, activated = _publish(store, recipe, seed, catalog, features, saved, parent, final, judged_as, after, used,
                                  better, why)  # fmt: skip
    plot_training(store.root / "plots" / f"version-{version.id}-training.png", final.name, final.curve)
    return Trained(version, parent, used, before, after, lift, activated, why)


def _parent(conn: Any, start: str | int) -> ModelVersion:
    if start != "active" and not str(start).isdigit():
        raise QueryError(f"--from is {start!r}; give `active` or a version's number. See: tastemaker versions")
    found = database.active_version(conn) if start == "active" else database.version(conn, int(start))
    if found is None:
        raise TrainingError("No version is active yet. Run: tastemaker pretrain")
    return found


def _gentle(parent: ModelVersion, recipe: Recipe, options: Mapping[str, Any]) -> Algorithm:
    """The algorithm of the parent, slower, with what the caller changed."""
    model = recipe.models.get(parent.algorithm)
    names = {f.name for f in fields(model)} if model is not None else set()
    if model is None or "learning_rate" not in names:
        raise TrainingError(
            f"Version {parent.id} is {parent.algorithm!r}, which learns nothing from events. Run tastemaker pretrain, "
            "or name another version with --from."
        )
    for name in options:
        if name not in names:
            hint = did_you_mean(name, names) or "."
            raise QueryError(f"{parent.algorithm} has no setting {name!r}{hint} It has: {', '.join(sorted(names))}.")
    slow = replace(model, learning_rate=model.learning_rate * GENTLE)  # type: ignore[attr-defined, call-arg]
    return replace(slow, **options)


def _held_out(data: Dataset, seed: int) -> Bool:
    """bool (n_users,): real users with enough rated items to be judged on, a fifth of them."""
    real = data.events.user[~data.events.synthetic]
    if not len(real):
        raise DataError("There are no real events to learn from. Run: tastemaker import FILE")
    enough = np.flatnonzero(np.bincount(real, minlength=len(data.users)) >= 4)
    if not (np.bincount(real) >= 2).any():
        raise DataError("No real user has rated two items, so nothing says what is preferred to what. Import more.")
    n = round(TEST * len(enough))
    held = np.zeros(len(data.users), bool)
    held[stream(seed, "held-out users").permutation(enough)[:n]] = True
    return held


def _replay(data: Dataset, seed: int) -> Bool:
    """bool (n_users,): the invented users that are learned from again, as many as there are real ones or REPLAY."""
    invented = np.unique(data.events.user[data.events.synthetic])
    real = len(np.unique(data.events.user[~data.events.synthetic]))
    chosen = np.zeros(len(data.users), bool)
    chosen[stream(seed, "replay").permutation(invented)[: max(real, REPLAY)]] = True
    return chosen


def _compared(
    base: Scorer, tried: Scorer, data: Dataset, held: Bool, catalog: Catalog, features: Features, seed: int, metric: str
) -> tuple[Report | None, Report | None, Interval | None]:
    case = real_case(data.where(held[data.events.user]), features)
    if case is None:
        return None, None, None
    reports = [judge(single(catalog, features.tastes, s), case, stream(seed, "judge real")) for s in (base, tried)]
    before, after = reports
    return before, after, paired(after.per_user[metric], before.per_user[metric], stream(seed, "lift"))


def real_case(data: Dataset, features: Features) -> Case | None:
    """Each user's earlier half of rated items is known, the later half is to be ordered; tastes as they were stated."""
    matrix = data.matrix("last", data.signed())
    latest = data.matrix("last", np.arange(1, len(data) + 1, dtype=np.float32))
    queries, lists, signed = [], [], []
    for user in np.flatnonzero(np.diff(matrix.indptr) >= 4):
        mine = slice(int(matrix.indptr[user]), int(matrix.indptr[user + 1]))
        rows, values = matrix.indices[mine], matrix.data[mine]
        order = np.argsort(latest.data[mine], kind="stable")
        known, asked = order[: len(order) // 2], order[len(order) // 2 :]
        ratings = {data.catalog.items.ids[rows[j]]: float(values[j]) for j in known}
        stated = zip(features.tastes, data.profiles[user], strict=False)
        queries.append(Query(ratings=ratings, profile={t: float(v) for t, v in stated if not np.isnan(v)}))
        lists.append(rows[asked])
        signed.append(values[asked] + 1.0)
    if len(queries) < 2:
        return None
    return Case("real", "real users held out: the earlier half known, the later half ordered", tuple(queries),
                _padded(lists, -1).astype(np.int32), _padded(signed, np.nan).astype(np.float32))  # fmt: skip


def _padded(rows: Sequence[Any], empty: float) -> np.ndarray[Any, Any]:
    found = np.full((len(rows), max(map(len, rows))), empty)
    for i, row in enumerate(rows):
        found[i, : len(row)] = row
    return found


def _check_agreement(judged: Scorer, deployed: Scorer, data: Dataset, features: Features) -> None:
    """The model that was judged and the one that will answer must order items much alike."""
    case = real_case(data, features)
    if case is None:
        return
    recommenders = [single(data.catalog, features.tastes, scorer) for scorer in (judged, deployed)]
    a, b = (r.score(case.queries[:200], case.items[:200]).ravel() for r in recommenders)
    known = ~np.isnan(a) & ~np.isnan(b)
    agreement = float(np.corrcoef(a[known], b[known])[0, 1]) if known.sum() > 2 else 1.0
    if agreement < AGREE:
        raise TrainingError(
            f"The model refitted on all events agrees with the judged one at only {agreement:.2f} (needed: {AGREE}), "
            "so its judgement does not hold for it. Nothing was saved. Lower --learning-rate or import more events."
        )


def _verdict(parent: ModelVersion, lift: Interval | None, n_held: int, recipe: Recipe) -> tuple[bool, str]:
    if lift is None or n_held < FEW:
        return (
            False,
            f"{n_held} held-out real users are too few to tell (needed: {FEW}); activate it by hand if you like",
        )
    points = 100.0 * lift.mean
    said = (
        f"{recipe.judge.metric} {points:+.1f} points [{100 * lift.low:+.1f}, {100 * lift.high:+.1f}] on held-out users"
    )
    if lift.low <= 0 or points < recipe.judge.min_lift:
        return False, f"{said}; needed: {recipe.judge.min_lift:g} and an interval above 0"
    if parent.state != "active":
        return False, f"{said}, compared with version {parent.id}, which is not the active one"
    return True, said


def _publish(
    store: Store, recipe: Recipe, seed: int, catalog: Catalog, features: Features, saved: str, parent: ModelVersion,
    final: Candidate, judged_as: str, after: Report | None, used: EventCount, better: bool, why: str,
) -> tuple[ModelVersion, bool]:  # fmt: skip
    artifact = as_artifact(store, final.scorer, catalog, recipe, saved)
    metrics = {} if after is None else {after.case: after.as_json()}
    new = as_version(
        final, artifact, recipe=recipe.name, seed=seed, parent=parent.id, features=features.digest,
        data=f"real:{used.real} synthetic:{used.synthetic}", metrics=metrics,
    )  # fmt: skip
    with store.begin() as conn:
        database.put_meta(conn, features=saved)
        (id_,) = database.add_versions(conn, [replace(new, judged_artifact=judged_as)])
        database.record_run(conn, as_run(final, id_, used.real, used.synthetic))
        if better:
            database.activate(conn, id_, f"train: {why}")
        return database.version(conn, id_), better
