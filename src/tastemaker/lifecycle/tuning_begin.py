"""A study begun or taken up again: what is searched, from where, on which data; the digest that keeps it honest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import store as database
from ..data.nearest import did_you_mean
from ..errors import DataError, QueryError, TrainingError
from ..recipe import Recipe
from ..store import Store
from ..store import tuning as kept
from ..store.arrivals import settled_mark
from ..store.tuning import NewStudy, Study, TrialRow
from ..tune import Plan, Trial, from_json, plan, quiet, to_json, with_values
from ..tune.space import fixed_of, named
from ..watch import Watch
from .learn_events import event_models
from .pretrain import features_of_version, project_features
from .tuning_objective import LaterObjective, validation_of

PROPER = "log loss"  # says how sure a model may be; accuracy counts only who crosses 1/2, so the best of many is chance


@dataclass(frozen=True)
class Wanted:
    """What to search, and how. trials: None = as many as the search usually makes; minutes: None = until it is over.
    metric: what a setting is judged by, of accuracy, rmse, log loss, ndcg@20; None = the recipe's, but PROPER
            where that is accuracy

    resume: go on with a study, "" = the latest, together with whoever works on it; None = a new study
    """

    model: str | None = None
    search: str | None = None
    trials: int | None = None
    seed: int | None = None
    resume: str | None = None
    jobs: int = 1
    minutes: float | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Work:
    """One study as one process works on it."""

    store: Store
    study: Study
    plan: Plan
    objective: LaterObjective
    until: float | None


def begin(store: Store, recipe: Recipe, wanted: Wanted, watch: Watch) -> Study:
    name = _model(store, recipe, wanted.model)
    algorithm = recipe.models[name]
    search, seed = wanted.search or "bayesian", wanted.seed or 0
    made = plan(algorithm, search, wanted.trials, seed, jobs=wanted.jobs)  # refuses before anything takes long
    objective, read = _objective(store, recipe, watch)
    metric = wanted.metric or (PROPER if objective.metric == "accuracy" else objective.metric)
    objective = objective.named(metric).fitting(algorithm, quiet(watch))
    settings = {
        "space": to_json(made.space),
        "names": named(algorithm, made.space),
        "present": made.present,
        "trials": made.trials,
        "batch": made.batch,
        "rungs": objective.rungs,
        "protocol": objective.part.protocol,
        "higher": objective.higher,
        "read": read,
    }
    new = NewStudy(
        recipe=recipe.name,
        model=name,
        search=search,
        metric=objective.metric,
        seed=seed,
        digest=objective.digest(fixed_of(algorithm, made.space)),
        settings=settings,
    )
    with store.begin() as conn:
        known = [row.id for row in kept.trials_known(conn, new)] if search == "bayesian" else []
        return kept.add_study(conn, replace(new, settings={**settings, "known": known}))


def resume(store: Store, wanted: Wanted) -> Study:
    """With more trials, when more are wanted; what else was settled at its beginning stays."""
    with store.begin() as conn:
        found = kept.study(conn, wanted.resume or None)
        for name, asked in (
            ("search", wanted.search),
            ("model", wanted.model),
            ("seed", wanted.seed),
            ("metric", wanted.metric),
        ):
            if asked is not None and asked != getattr(found, name):
                raise QueryError(
                    f"Study {found.id} has the {name} {getattr(found, name)}, not {asked}. Leave --{name} out to go "
                    "on with it, or --resume to begin a new one."
                )
        trials = max(wanted.trials or 0, found.settings["trials"])
        if trials > found.settings["trials"]:
            found = replace(found, state="stopped", settings={**found.settings, "trials": trials})
        if found.state != "done":
            kept.set_study(conn, found.id, state="running", ended_at=None, settings=found.settings)
        return found


def work_on(store: Store, recipe: Recipe, study: Study, until: float | None, watch: Watch) -> Work:
    """The study's plan on the data that it was begun on: what came since is not read, what changed ends it."""
    name = _model(store, recipe, study.model)
    settings = study.settings
    objective = _objective(store, recipe, watch, settings.get("read"))[0].named(study.metric)
    algorithm = with_values(recipe.models[name], settings["present"])
    with store.read() as conn:
        known = [as_trial(row) for row in kept.find_trials(conn, settings.get("known", []))]
    made = plan(
        algorithm, study.search, settings["trials"], study.seed, higher=settings["higher"],
        known=known, space=from_json(settings["space"]), rungs=tuple(settings["rungs"]),
    )  # fmt: skip
    made = replace(made, batch=settings["batch"])
    if objective.digest(fixed_of(algorithm, made.space)) != study.digest:
        raise DataError(
            f"Events, items, the recipe or the code were changed since study {study.id} began, or a user was "
            "forgotten, so its trials do not compare with new ones. Begin a new one: tastemaker tune"
        )
    return Work(store, study, made, objective, until)


def _model(store: Store, recipe: Recipe, name: str | None) -> str:
    """The model that was named; else the active version's; else the first one that learns from events."""
    models = event_models(recipe)
    if name is not None and name not in recipe.models:
        hint = did_you_mean(name, recipe.models) or "."
        raise QueryError(f"The recipe has no model {name!r}{hint} It has: {', '.join(recipe.models)}.")
    if name is not None:
        recipe.models[name].require()
    if name is None:
        with store.read() as conn:
            active = database.active_version(conn)
        name = active.algorithm if active is not None and active.algorithm in models else next(iter(models), None)
    if name not in models:
        said = f"{name} does not learn from events" if name else "No model of the recipe learns from events"
        raise TrainingError(f"{said}, and settings are judged on real events. There are: {', '.join(models) or '-'}.")
    return name


def _objective(
    store: Store, recipe: Recipe, watch: Watch, read: Mapping[str, Any] | None = None
) -> tuple[LaterObjective, Mapping[str, Any]]:
    """And what was read for it, which it reads again however many events and versions come meanwhile."""
    until = settled_mark(store, watch) if read is None else None
    with store.read() as conn:
        if read is None:
            now = database.active_version(conn)
            read = {"until": until, "active": None if now is None else now.id}
        active = None if read["active"] is None else database.version(conn, read["active"])
        catalog, until = database.read_catalog(conn), database.Mark(*read["until"])
        data = database.read_dataset(conn, catalog, recipe.tastes.names, recipe.scales, synthetic=False, until=until)
    part = validation_of(data, recipe, active)
    if active is None:
        return LaterObjective(part, project_features(store, recipe, catalog, 0, watch)), read
    return LaterObjective(part, features_of_version(store, recipe, catalog, active, watch)), read


def as_trial(row: TrialRow) -> Trial:
    assert row.state != "running"
    detail = row.detail or {}
    steps = tuple(detail.get("steps", ()))
    return Trial(row.number, row.params, row.state, row.value, steps, detail.get("why", ""), row.seconds or 0.0)
