"""What pages show of versions, quality, experiments and searches: checked against the store by other ways."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.app import words
from tastemaker.app.data import (
    experiments,
    quality,
    training,
    tuning,
    versions,
)
from tastemaker.app.data.plot import Plot
from tastemaker.experiment import look as whole_report
from tastemaker.lifecycle import Project
from tastemaker.monitor import Limits
from tastemaker.monitor import quality as judge
from tastemaker.store import ModelVersion, Store, read_catalog
from tastemaker.store.answers import Answers
from tastemaker.store.outcomes import MEASURES
from tastemaker.store.tables import ab_tests
from tastemaker.store.tuning import TrialRow

JUDGED = {"later": {"metrics": {"accuracy": {"mean": 0.7, "low": 0.6, "high": 0.8}}}}


def test_the_line_of_quality_counts_every_outcome_once(store: Store) -> None:
    seen = quality.look(store, Limits.of(store.recipe()))
    plot = quality.over_time_plot(seen)
    assert plot is not None
    real = [row for row in plot.rows if row["what"] == words.REALISED]
    for version in (1, 3):
        mine = [row for row in real if row["version"] == words.VERSION_N.format(n=version)]
        said = seen.outcomes.where(seen.outcomes.said & (seen.outcomes.version == version))
        assert sum(row["outcomes"] for row in mine) == len(said)
        right = sum(row["share"] * row["outcomes"] for row in mine)
        assert right == pytest.approx(int(said.correct.sum()))
    assert all(row["low"] <= row["share"] <= row["high"] for row in real)
    assert plot.marks
    with store.read() as conn:
        catalog = read_catalog(conn)
    n, rows = quality.unexpected_rows(seen, catalog)
    assert n >= len(rows) > 0
    assert all(row[words.COL_ITEM].startswith("Film") for row in rows)


def test_outcomes_of_one_user_count_less() -> None:
    user, right = np.repeat(np.arange(40), 10), np.repeat(np.arange(40) % 2 == 0, 10)
    alike, apart = quality.share_of(right, user), quality.share_of(right, np.arange(400))
    assert alike.mean == pytest.approx(apart.mean) == pytest.approx(0.5)
    assert alike.high - alike.low > 2 * (apart.high - apart.low)


@pytest.mark.parametrize("most", [50, 100_000])
def test_quality_reads_once_for_its_window_and_its_line(
    most: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read = [], quality.read_outcomes
    monkeypatch.setattr(quality, "read_outcomes", lambda *asked: reads.append(asked) or read(*asked))
    monkeypatch.setattr(quality, "MOST", most)
    limits = Limits.of(store.recipe())
    seen = quality.look(store, limits)
    with store.read() as conn:
        np.testing.assert_equal(seen.quality.as_json(), judge(conn, limits).as_json())
        whole = read(conn)
    assert len(reads) == 1
    assert len(seen.outcomes) == min(most, len(whole))
    assert seen.outcomes.event.tolist() == whole.event.tolist()[-most:]


@pytest.mark.parametrize("metric", MEASURES)
def test_the_lift_of_every_measure_ends_where_the_report_is(metric: str, store: Store) -> None:
    with store.begin() as conn:
        conn.execute(sa.update(ab_tests).values(metric=metric))
    report, plot = experiments.look_by_day(store, 1)
    if metric in ("hits", "fallback"):  # nothing that was shown was liked, nothing fell back: no spread to draw
        assert plot is None
        return
    assert plot is not None
    by, last = 100.0 if report.measure.share else 1.0, plot.rows[-1]
    assert last["lift"] == pytest.approx(by * report.lift.points.mean)
    assert last["low"] == pytest.approx(by * report.lift.points.low)
    assert last["users"] == report.control.figure.n + report.treatment.figure.n


def test_the_lift_by_day_ends_where_the_report_is(store: Store) -> None:
    report = experiments.look(store, 1)
    assert report.lift == whole_report(store, 1).lift
    rows = experiments.lift_rows(store, report)
    assert rows[-1]["lift"] == pytest.approx(100 * report.lift.points.mean)
    assert rows[-1]["low"] == pytest.approx(100 * report.lift.points.low)
    assert rows[-1]["users"] == report.control.figure.n + report.treatment.figure.n
    assert [row["day"] for row in rows] == sorted(row["day"] for row in rows)


def test_looking_at_a_broken_guard_ends_nothing(store: Store) -> None:
    experiments.look(store, 1)
    assert experiments.all_of(store)[0].state == "running"


def test_the_family_tree_puts_children_above_their_parents() -> None:
    def made(id_: int, parent: int | None) -> ModelVersion:
        return ModelVersion(
            id=id_, parent=parent, recipe="r", algorithm="a", artifact="x", code_version="1", seed=0
        )  # fmt: skip

    found = versions.tree([made(3, 1), made(2, 0), made(0, None), made(1, 0), made(4, 9)])
    assert [(v.id, depth) for v, depth in found] == [(4, 0), (2, 0), (3, 1), (1, 1), (0, 0)]
    active = replace(made(1, 0), state="active")
    found = versions.tree([made(3, 1), made(2, 0), made(0, None), active])
    assert [(v.id, depth) for v, depth in found] == [(3, 0), (1, 0), (2, 1), (0, 0)]


def test_of_a_year_of_trainings_the_newest_and_the_active_one_are_shown() -> None:
    many = [
        ModelVersion(id=k, parent=k - 1 if k else None, recipe="r", algorithm="a", artifact="x", code_version="1",
                     seed=0, state="active" if k == 7 else "retired", metrics=JUDGED)
        for k in range(200)
    ]  # fmt: skip
    rows = versions.version_rows(many)
    assert len(rows) == versions.MOST
    assert {row[words.COL_INVENTED] for row in rows} == {None}  # a column of nothing is left out
    assert [row[words.COL_VERSION] for row in rows[:2]] == ["7 · a", "199 · a"]
    plot = versions.quality_plot(many)
    assert plot is not None
    assert len(plot.rows) == versions.MOST
    assert "7 a" in [row["version"] for row in plot.rows]


def test_lists_of_two_versions_differ_most_first(store: Store) -> None:
    found = versions.lists_beside(Answers.open(store, 0), Answers.open(store), ["u1", "u2", "u3"])
    assert [lists.shared for lists in found] == sorted(lists.shared for lists in found)
    same = versions.lists_beside(Answers.open(store), Answers.open(store), ["u1"])
    assert same[0].shared == 10


def test_metrics_of_versions_carry_intervals_and_floors(taught: Project) -> None:
    rows = versions.metric_rows(taught.versions()[-1])
    assert all(row[words.COL_INVENTED] > 0 for row in versions.version_rows(taught.versions())[:-1])
    spearman = next(row for row in rows if row[words.COL_METRIC] == "spearman")
    assert spearman[words.COL_LOW] <= spearman[words.COL_VALUE] <= spearman[words.COL_HIGH]
    assert spearman[words.COL_FLOOR] < spearman[words.COL_CEILING]
    assert versions.quality_plot(taught.versions()) is not None


def test_a_search_shows_best_beside_present(store: Store) -> None:
    study = tuning.studies(store)[0]
    one = tuning.searched(store, study)
    assert one.best is not None
    assert one.best.number == study.result["best"]  # type: ignore[index]
    plot = tuning.progress_plot(one)
    assert plot is not None
    best = [row["value"] for row in plot.rows if row["what"] == words.BEST_SO_FAR]
    assert best == sorted(best, reverse=not one.higher)
    assert {row[words.COL_SETTING] for row in tuning.beside_rows(one)} == set(tuning.fields_of(one))
    path = tuning.fields_of(one)[0]
    called = replace(one, study=replace(study, settings={**study.settings, "names": {path: "knn.so"}}))
    assert tuning.beside_rows(called)[0][words.COL_SETTING] == "knn.so"
    plot = tuning.slice_plot(called, path)
    assert (plot.x_title, plot.rows) == ("knn.so", tuning.slice_plot(one, path).rows)
    assert "knn.so" in plot.title


def test_importance_sees_the_setting_that_matters(store: Store) -> None:
    rng, study = np.random.default_rng(0), tuning.studies(store)[0]
    trials = [
        TrialRow(id=str(k), study="s", number=k, state="done", params={"a": a, "b": b, "c": "x"}, value=a + 0.01 * b)
        for k, (a, b) in enumerate(rng.uniform(0, 1, (40, 2)).tolist())
    ]
    plot = tuning.importance_plot(tuning.Searched(study, trials))
    assert plot is not None
    shares = {row["setting"]: row["share"] for row in plot.rows}
    named = replace(study, settings={**study.settings, "names": {"a": "mf.a"}})
    called = tuning.importance_plot(tuning.Searched(named, trials))
    assert called is not None
    assert called.rows == [{**row, "setting": "mf.a" if row["setting"] == "a" else row["setting"]} for row in plot.rows]
    assert shares["a"] > 0.7
    assert shares["b"] < 0.2
    assert shares["c"] == 0.0
    assert tuning.importance_plot(tuning.Searched(study, trials[:19])) is None
    same = [replace(t, params={**t.params, "a": 1.0}) for t in trials]
    plot = tuning.importance_plot(tuning.Searched(study, same))
    assert plot is not None
    assert {row["setting"]: row["share"] for row in plot.rows}["a"] == 0.0


def test_what_may_be_chance_is_called_so(store: Store) -> None:
    study = tuning.studies(store)[0]
    said = {}
    for low in (0.001, -0.001):
        gain = {"best": 0.6, "present": 0.5, "gain": {"mean": 0.1, "low": low, "high": 0.2}}
        said[low] = tuning.gain_said(replace(study, result={**(study.result or {}), "gain": gain}))
    assert "the interval is above 0" in said[0.001]
    assert "it may be chance" in said[-0.001]


def test_what_is_missing_before_learning_is_worth_it(new: Project, store: Store) -> None:
    lacking = {need.name: need.missing for need in training.needs(new.status(), new.store.recipe())}
    assert lacking == {words.NEED_ITEMS: 0, words.NEED_EVENTS: 10, words.NEED_USERS: 5}
    with Project.open(store.root) as project:
        assert all(not need.missing for need in training.needs(project.status(), store.recipe()))
    assert training.can_pretrain(new.store.recipe())
    assert not training.can_pretrain({"tastes": {"families": {}}})


def test_a_judgement_says_its_unit_and_which_way_is_better() -> None:
    def plot(name: str) -> Plot:
        metrics = {"metric": name, "later": {"metrics": {name: {"mean": 0.7, "low": 0.6, "high": 0.8}}}}
        made = ModelVersion(
            id=1, parent=0, recipe="r", algorithm="a", artifact="x", code_version="1", seed=0, metrics=metrics
        )
        found = versions.quality_plot([made])
        assert found is not None
        return found

    assert (plot("accuracy").percent, plot("accuracy").y_title) == (True, "accuracy")
    assert (plot("log loss").percent, plot("log loss").y_title) == (False, "log loss (lower is better)")
    assert plot("ndcg").y_title == "ndcg"


def test_segments_say_what_is_popular(store: Store) -> None:
    plot = quality.segments_plot(quality.look(store, Limits.of(store.recipe())).quality)
    assert plot is not None
    assert {"items: the most popular 20%", "items: all others"} <= {row["segment"] for row in plot.rows}


def test_no_axis_counts_in_powers_of_ten() -> None:
    charts = pytest.importorskip("tastemaker.app.charts", reason="the extra `app` is not installed")
    rows = [{"day": "2026-01-01", "lift": 10.0}]
    drawn = charts.draw(Plot("lift", "", "line", rows, "day", "lift", "day", "points", x_kind="time")).to_dict()
    assert drawn["layer"][0]["encoding"]["y"]["axis"]["format"] == ",.4~r"


def test_curves_of_learning_start_at_one(taught: Project) -> None:
    learned = training.learned(taught.store)
    assert learned.plot is not None
    assert learned.plot.rows[0]["share"] == 1.0
    (only,) = {row["version"] for row in learned.plot.rows}
    assert learned.plot.title.startswith(words.VERSION_N.format(n=only))  # one line has no legend
    assert {row[words.COL_MODEL] for row in learned.rows} >= {"bpr"}
