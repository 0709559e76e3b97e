"""The life of experiments: started, answered by arm, stopped; one at a time."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from time import time
from typing import Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from ..data.arms import ARMS, TREATMENT, Arm, deal
from ..data.nearest import did_you_mean
from ..errors import QueryError, StoreError
from .outcomes import MEASURES
from .tables import ab_assignments, ab_tests, model_versions
from .tables.base import add_new, alone
from .tables.experiments import RUNNING
from .versions import active_version, version, whole_version

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class NewExperiment:
    """control, treatment: versions; share: of the users who get the treatment; settings: plan, guards, alpha …"""

    control: int
    treatment: int
    share: float = 0.5
    metric: str = "like_accuracy"
    settings: Json = field(default_factory=dict)
    reason: str = "by hand"
    salt: str = field(default_factory=lambda: uuid4().hex)
    started_at: int = field(default_factory=lambda: int(time()))


@dataclass(frozen=True, kw_only=True)
class Experiment(NewExperiment):
    id: int
    state: str
    ended_at: int | None
    verdict: Json | None

    @property
    def versions(self) -> tuple[int, int]:
        return self.control, self.treatment


class Dealt(NamedTuple):
    """Which version answers a user, in which arm of which experiment."""

    version: int
    arm: Arm
    test: int


def start_experiment(conn: sa.Connection, new: NewExperiment) -> Experiment:
    """From now on `arm_of` deals users to the two versions; they become challengers, the active one stays active."""
    alone(conn, ab_tests)
    if (now := running(conn)) is not None:
        raise StoreError(
            f"Experiment {now.id} (version {now.control} against {now.treatment}) is running, and only one can. "
            "End it first: tastemaker experiment stop"
        )
    check_experiment(conn, new)
    before = {str(v): version(conn, v).state for v in (new.control, new.treatment)}
    active = active_version(conn)
    settings = {**new.settings, "states": before, "active": None if active is None else active.id}
    id_ = (conn.scalar(sa.select(sa.func.max(ab_tests.c.id))) or 0) + 1
    row = {**asdict(new), "id": id_, "settings": settings, "state": "running"}
    conn.execute(sa.insert(ab_tests).values(row))
    challengers = [v for v, state in before.items() if state != "active"]
    _set_states(conn, {int(v): "challenger" for v in challengers})
    return experiment(conn, id_)


def check_experiment(conn: sa.Connection, new: NewExperiment) -> None:
    """QueryError unless it could be started: two versions that are whole, a share, a known measure."""
    if new.control == new.treatment:
        raise QueryError(f"Version {new.control} cannot be compared with itself. See: tastemaker versions")
    for v in (new.control, new.treatment):
        whole_version(conn, v)
    check_share(new.share)
    check_measure(new.metric)


def check_share(share: float) -> None:
    if not 0.0 < share < 1.0:
        raise QueryError(f"The share is {share:g}; give the part of the users who get the treatment, such as 0.5.")


def check_measure(name: str) -> None:
    if name not in MEASURES:
        raise QueryError(f"Nothing is measured as {name!r}{did_you_mean(name, MEASURES) or '.'} {_known()}")


def stop_experiment(conn: sa.Connection, reason: str, verdict: Json | None = None, at: int | None = None) -> Experiment:
    """The running one; its versions get back the state they had, unless one became active meanwhile."""
    alone(conn, ab_tests)
    found = running(conn)
    if found is None:
        raise QueryError("No experiment is running. Start one: tastemaker experiment start CONTROL TREATMENT")
    ended = {"state": "stopped", "ended_at": int(time()) if at is None else at, "reason": reason, "verdict": verdict}
    conn.execute(sa.update(ab_tests).where(ab_tests.c.id == found.id).values(ended))
    before = found.settings["states"]
    back = {v: before[str(v)] for v in found.versions if version(conn, v).state == "challenger"}
    _set_states(conn, back)
    return experiment(conn, found.id)


def running(conn: sa.Connection) -> Experiment | None:
    found = conn.execute(sa.select(ab_tests).where(RUNNING)).one_or_none()
    return None if found is None else Experiment(**found._mapping)


def experiment(conn: sa.Connection, id_: int | None = None) -> Experiment:
    """The one with this number, or the latest."""
    chosen = sa.select(ab_tests).order_by(ab_tests.c.id.desc()).limit(1)
    found = conn.execute(chosen if id_ is None else chosen.where(ab_tests.c.id == id_)).one_or_none()
    if found is None:
        what = "There is no experiment yet." if id_ is None else f"No experiment has the number {id_}."
        raise QueryError(f"{what} Start one: tastemaker experiment start CONTROL TREATMENT")
    return Experiment(**found._mapping)


def list_experiments(conn: sa.Connection) -> list[Experiment]:
    """Oldest first."""
    return [Experiment(**row._mapping) for row in conn.execute(sa.select(ab_tests).order_by(ab_tests.c.id))]


def arm_of(conn: sa.Connection, user: str | int) -> Dealt | None:
    """Who answers this user; None = the active version, since no experiment runs.

    Also None once another version was activated than the one that was active when it started: a rollback counts for
    all.
    """
    found = dealing(conn)
    return None if found is None else dealt_by(found, user)


def dealing(conn: sa.Connection) -> Experiment | None:
    """The running one, unless another version was activated since: with `dealt_by`, `arm_of` for many users."""
    found = running(conn)
    return None if found is None or overtaken(conn, found) else found


def dealt_by(found: Experiment, user: str | int) -> Dealt:
    arm = deal(user, found.salt, found.share)
    return Dealt(found.treatment if arm == TREATMENT else found.control, arm, found.id)


def overtaken(conn: sa.Connection, found: Experiment) -> bool:
    """Was another version activated since it started?"""
    active = active_version(conn)
    return bool((None if active is None else active.id) != found.settings["active"])


def expose(conn: sa.Connection, users: Iterable[str | int], at: int) -> dict[str, Dealt]:
    """`arm_of` each of them, remembered with the time of the first meeting; {} where no experiment runs."""
    found = dealing(conn)
    if found is None:
        return {}
    dealt = {str(user): dealt_by(found, user) for user in users}
    add_new(conn, ab_assignments, [{"test": d.test, "user": u, "arm": d.arm, "at": at} for u, d in dealt.items()])
    return dealt


class Exposed(NamedTuple):
    """Users an arm, and when the first and the last of them met the experiment; 0 = nobody did."""

    control: int
    treatment: int
    first: int
    last: int


def exposed(conn: sa.Connection, test: int) -> Exposed:
    a = ab_assignments.c
    counts = sa.select(a.arm, sa.func.count(), sa.func.min(a.at), sa.func.max(a.at)).where(a.test == test)
    rows = {arm: tuple(rest) for arm, *rest in conn.execute(counts.group_by(a.arm))}
    each = [rows.get(arm, (0, 0, 0)) for arm in ARMS]
    firsts = [first for n, first, _ in each if n]
    return Exposed(each[0][0], each[1][0], min(firsts, default=0), max(last for _, _, last in each))


def _set_states(conn: sa.Connection, states: dict[int, str]) -> None:
    for id_, state in states.items():
        conn.execute(sa.update(model_versions).where(model_versions.c.id == id_).values(state=state))


def _known() -> str:
    return "There are: " + "; ".join(f"{name} ({measure.says})" for name, measure in MEASURES.items()) + "."
