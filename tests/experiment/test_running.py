"""A project's experiment from its plan to its verdict."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.errors import QueryError
from tastemaker.experiment import amount, check_options, guard, look, start, stop
from tastemaker.store import Store, activate, add_versions, list_versions, put_catalog
from tastemaker.store.experiments import arm_of, expose, running

from ..store.toys import candidate, catalog
from .made import DAY, crowd, record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Version 1 is active, 2 may be better."""
    with closing(Store.create(tmp_path / "shop", "sqlite", {})) as made:
        with made.begin() as conn:
            put_catalog(conn, catalog())
            add_versions(conn, [candidate(), candidate(), candidate()])
            activate(conn, 1, "first")
        yield made


def begin(store: Store, n: int, lift: float = 0.0, **options):
    """An experiment that n users have met."""
    found = start(store, 1, 2, at=1000 * DAY, **{"effect": "0.1", "salt": "s", **options})
    with store.begin() as conn:
        crowd(conn, found, n, lift)
    return look(store, at=1010 * DAY)


def test_a_plan_comes_from_what_users_did(store: Store) -> None:
    plan = check_options(store, 1, effect="20%")
    assert (plan.base, plan.days, plan.daily, plan.known) == (0.5, None, 0.0, 0)
    assert plan.effect == pytest.approx(0.1)
    with store.begin() as conn:
        rng = np.random.default_rng(0)
        record(conn, [{"user": f"u{n}", "version": 1, "at": n * DAY // 4, "correct": bool(rng.random() < 0.8)}
                      for n in range(112)])  # fmt: skip
    plan = check_options(store, 1, effect="20%")
    assert (plan.daily, plan.known) == (4.0, 112)
    assert plan.base == pytest.approx(0.8, abs=0.08)
    assert plan.effect == pytest.approx(0.2 * plan.base)
    assert plan.days == plan.users / 4
    whole = check_options(store, 1, days=100)
    assert whole.users == pytest.approx(400, abs=2)
    assert 1.7 < whole.users / whole.users_once < 1.85


def test_what_cannot_be_planned(store: Store) -> None:
    for options, said in (
        ({"metric": "likes"}, "Fewer than 30 users have outcomes that tell “likes per user”"),
        ({"effect": "big"}, "The effect is 'big'; give a size such as 5%"),
        ({"effect": "0"}, "is nothing to look for"),
        ({"days": 10}, "In 10 days about 0 users come"),
        ({"days": 10, "effect": "5%"}, "Give --effect or --days, not both"),
        ({"alpha": 0.7}, "give alpha below 0.5"),
        ({"guards": ["likerate"]}, "did you mean 'like_rate'"),
        ({"guards": ["like_rate=x"]}, "The limit of the guard like_rate is 'x'"),
        ({"share": 0.0}, "The share is 0"),
    ):
        with pytest.raises(QueryError, match=said):
            check_options(store, 1, **options)
        with pytest.raises(QueryError, match=said):
            start(store, 1, 2, **options)
    with store.read() as conn:
        assert running(conn) is None
        assert [v.state for v in list_versions(conn)] == ["candidate", "active", "candidate"]


def test_a_better_treatment_wins(store: Store) -> None:
    found = begin(store, 1200, lift=0.15)
    assert found.verdict.kind == "treatment"
    assert found.verdict.sentence.startswith("Version 2 (treatment) wins: outcomes foretold rightly +1")
    assert found.verdict.sentence.endswith("then tastemaker activate 2")
    assert 0 < found.lift.points.low < 0.15 < found.lift.points.high
    assert found.lift.points.low < found.once.points.low
    assert (found.control.users + found.treatment.users, found.ratio.broken) == (1200, False)
    assert found.belief is not None
    assert found.belief.better > 0.999
    ended = stop(store, "we have a winner", at=1011 * DAY)
    assert (ended.experiment.state, ended.experiment.verdict) == ("stopped", vars(found.verdict))
    assert ended.lift == found.lift
    assert look(store, 1).experiment == ended.experiment


def test_a_worse_treatment_loses_where_less_is_better_too(store: Store) -> None:
    with store.begin() as conn:
        record(conn, [{"user": f"b{n}", "version": 1, "at": 999 * DAY, "error": 0.4 + n % 5 / 10} for n in range(40)])
    found = start(store, 1, 2, metric="error", effect="0.05", at=1000 * DAY)
    with store.begin() as conn:
        crowd(conn, found, 400)
        for arm, error in (("control", -0.2), ("treatment", 0.6)):
            record(conn, [{"user": f"{arm} {n}", "at": 1005 * DAY, "test": 1, "arm": arm, "version": 1,
                           "error": error + (n % 7) / 100} for n in range(200)])  # fmt: skip
    verdict = look(store).verdict
    assert verdict.kind == "control"
    assert "wins: mean absolute error of the prediction +0." in verdict.sentence
    assert verdict.sentence.endswith("It answers already. End it: tastemaker experiment stop")


def test_it_says_how_long_it_still_needs(store: Store) -> None:
    found = begin(store, 40)
    assert found.verdict.kind == "early"
    assert (
        "users so far whose outcomes tell “outcomes foretold rightly”; nothing is said before each arm has 30"
        in found.verdict.sentence
    )
    assert np.isinf(found.lift.points.high)
    assert found.belief is None  # which would seem to say more than the verdict
    with store.begin() as conn:
        crowd(conn, found.experiment, 160, seed=1, first=40)
    found = look(store)
    assert found.belief is not None
    assert found.verdict.kind == "open"
    assert found.more_users is not None
    assert found.more_users > 20
    days = (found.more_users / 200) * (found.ratio.control + found.ratio.treatment) / 20  # 200 came in ten days
    assert found.more_days == pytest.approx(days, rel=0.02)
    assert f"more days ({found.more_users} users) for 10.0 points." in found.verdict.sentence


def test_it_ends_where_there_is_no_difference(store: Store) -> None:
    found = begin(store, 1500)
    assert found.verdict.kind == "even"
    assert found.more_users == 0


def test_a_broken_sample_ratio_blocks_the_verdict(store: Store) -> None:
    found = begin(store, 600, lift=0.4)
    assert found.verdict.kind == "treatment"
    with store.begin() as conn:
        whose = "IN (SELECT row FROM users WHERE id LIKE '%1' OR id LIKE '%2' OR id LIKE '%3')"
        conn.exec_driver_sql(f"DELETE FROM recommendation_quality WHERE arm = 'control' AND user_row {whose}")
        lost = "(user LIKE '%1' OR user LIKE '%2' OR user LIKE '%3')"
        conn.exec_driver_sql(f"DELETE FROM ab_assignments WHERE arm = 'control' AND {lost}")
    blocked = look(store)
    assert blocked.verdict.kind == "blocked"
    assert "which should have 50% of them" in blocked.verdict.sentence


def test_a_broken_guard_ends_it(store: Store) -> None:
    found = begin(store, 900, lift=-0.3, guards=["like_rate=5%", "outcomes=0.9"], effect="0.05")
    assert [(g.guard.metric, g.broken) for g in found.guards] == [("like_rate", True), ("outcomes", False)]
    assert found.verdict.kind == "stopped"
    assert found.verdict.sentence.startswith("Stopped since the guard “likes per outcome” broke: -")
    assert "where it may get worse by 5% at most" in found.verdict.sentence
    assert (found.experiment.state, found.experiment.ended_at) == ("stopped", 1010 * DAY)
    assert found.experiment.reason == found.verdict.sentence
    with store.read() as conn:
        assert arm_of(conn, "ann") is None
        assert [v.state for v in list_versions(conn)] == ["candidate", "active", "candidate"]


def test_a_guard_holds_while_it_may_still_hold(store: Store) -> None:
    found = begin(store, 900, lift=-0.3, guards=["like_rate=0.9", "fallback"], effect="0.05")
    assert not any(g.broken for g in found.guards)
    assert found.experiment.state == "running"
    assert found.verdict.kind == "control"


def test_the_past_narrows_the_figure(store: Store) -> None:
    found = start(store, 1, 2, effect="0.1", at=1000 * DAY)
    rng = np.random.default_rng(0)
    with store.begin() as conn:
        crowd(conn, found, 300)
        users = [f"user {n}" for n in range(300)]
        taste = rng.random(300) < 0.5
        record(conn, [{"user": u, "version": 1, "at": k, "correct": bool(t)}
                      for u, t in zip(users, taste, strict=True) for k in range(3)])  # fmt: skip
        record(conn, [{"user": u, "version": d.version, "test": 1, "arm": d.arm, "at": 1001 * DAY, "correct": bool(t)}
                      for u, t in zip(users, taste, strict=True) for _ in range(20)
                      if (d := arm_of(conn, u)) is not None])  # fmt: skip
    report = look(store)
    assert report.adjusted is not None
    assert report.saved > 0.6
    width = [i.points.high - i.points.low for i in (report.adjusted, report.lift)]
    assert width[0] < 0.7 * width[1]


@pytest.mark.parametrize(("metric", "near"), [("likes", 0.5), ("like_rate", 0.05)])
def test_who_acts_may_depend_on_the_treatment_and_the_past_still_does_not(
    store: Store, metric: str, near: float
) -> None:
    """The treatment wakes idle users, who like nothing more for it, or as often as the others: no difference."""
    rng, rows = np.random.default_rng(0), []

    def does(user: str, likes: int, others: int, **more) -> None:
        rows.extend({"user": user, "version": 1, "liked": k < likes, **more} for k in range(likes + others))

    with store.begin() as conn:
        record(conn, [{"user": f"b{n}", "version": 1, "at": 999 * DAY, "liked": n % 2 == 0} for n in range(60)])
    test = start(store, 1, 2, metric=metric, effect="0.5", at=1000 * DAY, salt="s")
    with store.begin() as conn:
        dealt = expose(conn, [f"u{n}" for n in range(400)], 1001 * DAY)
    for n, (user, d) in enumerate(dealt.items()):
        now = {"at": 1002 * DAY, "test": test.id, "arm": d.arm, "version": d.version}
        idle, keen = n % 2 == 0, n % 4 == 1
        if metric == "likes":
            does(user, 5 if idle else 10, 0)
            does(user, 0 if idle else int(rng.poisson(4)), int(d.arm == "treatment" or not idle), **now)
        else:
            does(user, 0 if idle else 10 if keen else 2, 10 if idle else 0 if keen else 8)
            likes = int(rng.binomial(6, 0.6 if idle else 0.8 if keen else 0.4))
            does(user, likes, 6 - likes, **now) if d.arm == "treatment" or not idle else None
    with store.begin() as conn:
        record(conn, rows)
    found = look(store)
    assert found.adjusted is not None
    assert abs(found.adjusted.points.mean) < near  # with a past of those alone who acted: -1.0 and +0.09
    assert found.saved > 0.05


def test_an_activation_is_noticed(store: Store) -> None:
    assert begin(store, 40).verdict.kind == "early"
    with store.begin() as conn:
        activate(conn, 0, "by hand")
    found = look(store).verdict
    assert found.kind == "overtaken"
    assert found.sentence.startswith("Overtaken: another version was activated since it started")
    assert found.sentence.endswith("nothing is said before each arm has 30.")
    assert stop(store).verdict.kind == "early"


def test_sizes_and_guards_are_read() -> None:
    assert (str(amount("5%", "")), str(amount(" 0.02 ", ""))) == ("5%", "0.02")
    assert amount("5%", "") == replace(amount("0.05", ""), relative=True)
    assert guard("error = 1%").metric == "error"
    assert guard("likes").limit.value == 0.0
