"""Experiments in the loop: one that a retraining begins is ended by its verdict; a broken guard ends anybody's."""

import hashlib
from typing import NamedTuple

from sqlalchemy import Connection

from .. import store as database
from ..errors import QueryError
from ..evaluate import Metric
from ..experiment import Report, look, start
from ..monitor import DAY
from ..recipe import Recipe
from ..store import ModelVersion, Store
from ..store.experiments import Experiment, overtaken, running, stop_experiment

OURS = "retrain: "  # how the reason of such an experiment begins; those of a person are left to the person
MEASURE = {"accuracy": "like_accuracy", "log loss": "log_loss", "rmse": "squared_error", None: "place"}


class Concluded(NamedTuple):
    """over: the verdict of an experiment that ended, "" = none did; waits: what one that goes on waits for."""

    over: str = ""
    waits: str = ""


def try_out(
    store: Store, recipe: Recipe, parent: ModelVersion, version: ModelVersion, metric: Metric | None, why: str,
    seed: int, now: int | None,
) -> None:  # fmt: skip
    """Half of the users meet the candidate, measured by what it was judged by. metric: None = rankings were judged.

    Where nobody can plan that measure yet, for want of outcomes, by the share of likes rightly foretold.
    """
    salt = hashlib.sha256(f"{seed}\0{parent.id}\0{version.id}".encode()).hexdigest()[:32]

    def begun(measure: str) -> None:
        start(
            store, parent.id, version.id, metric=measure, guards=recipe.retrain.experiment_guards,
            reason=f"{OURS}{why}", salt=salt, at=now,
        )  # fmt: skip

    try:
        begun(MEASURE[metric])
    except QueryError:
        begun("like_accuracy")


def conclude(store: Store, days: int, now: int) -> Concluded:
    """Look at the running experiment, and act where it is over.

    A candidate that a retraining tries out was surely better on what came later, so it answers everybody where it wins
    or is not worse; it is rejected where it loses or where users get lost, and proposed to a person where `days` bring
    no verdict. An experiment of a person ends here only by a guard.
    """
    with store.read() as conn:
        found = running(conn)
    if found is None:
        return Concluded()
    report, ours = look(store, found.id, now), found.reason.startswith(OURS)
    with store.begin() as conn:
        if report.experiment.state != "running":  # a guard broke
            if ours:
                _reject(conn, found)
            return Concluded(report.verdict.sentence)
        still = running(conn)
        if still is None or still.id != found.id:
            return Concluded()
        if not ours:
            return Concluded(waits=f"{report.verdict.sentence} A person began it, and ends it")
        lost, late = overtaken(conn, found), now - found.started_at > days * DAY
        if not (lost or late or report.verdict.kind in ("treatment", "control", "even", "blocked")):
            return Concluded(waits=f"{report.verdict.sentence} At the latest it ends after {days} days")
        return Concluded(_ended(conn, found, report, lost, days, now))


def _ended(conn: Connection, found: Experiment, report: Report, lost: bool, days: int, now: int) -> str:
    kind, said = report.verdict.kind, report.verdict.sentence
    if lost:
        said = "another version was activated"
    elif kind in ("open", "early"):
        use = f"To use it all the same: tastemaker activate {found.treatment}"
        said = f"proposed, since {days} days brought no verdict: {said} {use}"
    elif kind == "even":
        said = f"activated, since it was surely better on what came later and is not worse on users: {said}"
    stop_experiment(conn, said, vars(report.verdict), now)
    database.record_decision(conn, "experiment", said, now, found.treatment)
    if not lost and kind in ("treatment", "even"):
        database.activate(conn, found.treatment, f"experiment {found.id}: {said}", now)
    elif lost or kind not in ("open", "early"):
        _reject(conn, found)
    return said


def _reject(conn: Connection, found: Experiment) -> None:
    if database.version(conn, found.treatment).state in ("candidate", "challenger"):
        database.set_state(conn, found.treatment, "rejected")
