"""tune: better on validation and on what nobody looked at; resumed, killed and shared searches are one; review asks."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.algorithms import ItemKNN
from tastemaker.data.features import Features
from tastemaker.errors import Cancelled, DataError, QueryError, RecipeError, TrainingError
from tastemaker.lifecycle import Project, tuning_begin
from tastemaker.lifecycle.candidates import stream
from tastemaker.lifecycle.later import later_part, next_part
from tastemaker.lifecycle.tuning import review
from tastemaker.lifecycle.tuning_begin import Wanted
from tastemaker.lifecycle.tuning_objective import validation_of
from tastemaker.store import check, list_decisions
from tastemaker.store.tables import model_versions
from tastemaker.store.tuning import TrialRow, list_studies, list_trials
from tastemaker.tune import SEARCHES
from tastemaker.watch import Watch

from ..shops import copied, edit
from ..store.conftest import postgres
from .tunable import tunable

__all__ = ["postgres"]

HERE = Path(__file__).parents[2]

KILLS = int(os.environ.get("TASTEMAKER_KILLS", "4"))


@pytest.fixture(scope="module")
def prepared(new_light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tunable(new_light, tmp_path_factory.mktemp("tunable"))


@pytest.fixture
def shop(prepared: Path, tmp_path: Path):
    with Project.open(copied(prepared, tmp_path)) as project:
        yield project


@pytest.fixture
def another(prepared: Path, tmp_path: Path):
    (tmp_path / "another").mkdir()
    with Project.open(copied(prepared, tmp_path / "another")) as project:
        yield project


def rows_of(project: Project, study: str) -> list[TrialRow]:
    with project.store.read() as conn:
        return list_trials(conn, study)


def found(project: Project, study: str):
    """What must be equal, to the last bit."""
    return [(r.number, r.params, r.state, r.value, r.detail) for r in rows_of(project, study)]


@pytest.mark.parametrize("search", SEARCHES)
def test_resumed_is_uninterrupted(shop: Project, another: Project, search: str) -> None:
    half = shop.tune(Wanted("knn", search, 6, seed=5))
    assert (half.over, len(half.report.trials)) == (True, 6)
    whole = shop.tune(Wanted(trials=12, resume=half.study.id))
    assert whole.study.id == half.study.id
    once = another.tune(Wanted("knn", search, 12, seed=5))
    assert found(shop, whole.study.id) == found(another, once.study.id)
    assert whole.report.gain == once.report.gain
    assert whole.report.importance == once.report.importance


@pytest.mark.parametrize(
    ("search", "kills"),
    [
        ("random", 2),
        pytest.param("grid", KILLS, marks=pytest.mark.slow),
        pytest.param("bayesian", KILLS, marks=pytest.mark.slow),
    ],
)
def test_killed_and_resumed_is_uninterrupted(shop: Project, another: Project, search: str, kills: int) -> None:
    trials = 8 + 4 * kills
    _killed(shop, search, trials, kills)
    ended = shop.tune(Wanted(resume=""))
    once = another.tune(Wanted("knn", search, trials, seed=5))
    assert found(shop, ended.study.id) == found(another, once.study.id)
    assert (ended.over, ended.report.gain) == (True, once.report.gain)
    assert check(shop.store).problems == ()


@pytest.mark.postgres
@pytest.mark.parametrize("kills", [1, pytest.param(KILLS, marks=pytest.mark.slow)])
def test_killed_on_postgresql_is_uninterrupted_on_sqlite(
    postgres: str, shop: Project, prepared: Path, tmp_path: Path, kills: int
) -> None:
    trials, catalog = 8 + 4 * kills, prepared.parent / "catalog.csv"
    with Project.init(tmp_path / "server", prepared / "recipe.toml", catalog, postgres) as server:
        server.import_(prepared / "ratings.csv")
        _killed(server, "bayesian", trials, kills)
        ended = server.tune(Wanted(resume="", jobs=2))
        once = shop.tune(Wanted("knn", "bayesian", trials, seed=5))
        assert found(server, ended.study.id) == found(shop, once.study.id)
        assert (ended.helpers_failed, ended.report.gain) == (0, once.report.gain)
        assert check(server.store).problems == ()


def _killed(project: Project, search: str, trials: int, times: int) -> None:
    """A process that tunes, killed in the midst of a trial, again and again; no half trial is left."""
    rng, done = np.random.default_rng(), 0
    for _ in range(times):
        again = "resume" if done else search
        command = [
            sys.executable,
            "-m",
            "tests.lifecycle.tunable",
            str(project.store.root.resolve()),
            again,
            str(trials),
        ]
        with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            while process.poll() is None and len(_rows(project)) < min(done + 2, trials):
                time.sleep(0.005)
            time.sleep(float(rng.uniform(0.0, 0.03)))
            process.kill()
        rows = _rows(project)
        assert [row.number for row in rows] == list(range(len(rows)))
        assert sum(row.state == "running" for row in rows) <= 1
        assert all(row.params and row.value is not None for row in rows if row.state == "done")
        done = len(rows)
    assert done > 0


def _rows(project: Project) -> list[TrialRow]:
    with project.store.read() as conn:
        studies = list_studies(conn)
        return list_trials(conn, studies[-1].id) if studies else []


def test_processes_beside_this_one_change_nothing(shop: Project, another: Project) -> None:
    together = shop.tune(Wanted("knn", "grid", 24, seed=5, jobs=2))
    alone = another.tune(Wanted("knn", "grid", 24, seed=5))
    assert together.helpers_failed == 0
    rows = rows_of(shop, together.study.id)
    assert [row.number for row in rows] == list(range(24))
    assert found(shop, together.study.id) == found(another, alone.study.id)


def test_the_best_is_better_than_the_poor_settings_and_stays_so_on_the_test_part(shop: Project) -> None:
    seen = []
    done = shop.tune(Wanted("knn", trials=20, seed=1), Watch(report=seen.append))
    r = done.report
    assert (r.metric, r.higher, r.search, done.over) == ("ndcg@20", True, "bayesian", True)
    assert r.gain is not None
    assert r.gain.gain.low > 0
    assert r.best.value > r.present.value
    assert r.present.params["k"] == 2
    assert seen[-1].stage == "tune knn"
    assert (seen[-1].done, seen[-1].total) == (20, 20)
    assert seen[-1].metrics == {"best_ndcg@20": r.best.value}
    before = shop.recipe.models["knn"]
    shop.tune_apply()
    data = shop.dataset(synthetic=False)
    test = replace(later_part(data, shop.recipe, None, int(data.events.time.max())), metric=None)
    learn, features = data.where(test.learn), Features(data.catalog.items, {})
    models = (before, shop.recipe.models["knn"])
    poor, good = (test.judge(m.fit(learn, features, stream(0, "x"), Watch()), 0) for m in models)
    assert test.lift(good, poor, 0).low > 0


@pytest.mark.parametrize("known", [None, 0.2], ids=["the last fifth", "what judges the next retraining"])
def test_the_test_part_is_never_read(
    shop: Project, another: Project, monkeypatch: pytest.MonkeyPatch, known: float | None
) -> None:
    """known: which part of the events the active version has learned from."""
    data = another.dataset(synthetic=False)
    last = int(data.events.time.max())
    begins = later_part(data, another.recipe, None, last).begins
    if known is not None:
        for project in (shop, another):
            with project.store.begin() as conn:
                learned = {"events_real": 99, "data_to": int(np.quantile(data.events.time, known))}
                conn.execute(sa.update(model_versions).where(model_versions.c.state == "active").values(learned))
        (active,) = (v for v in another.versions() if v.state == "active")
        assert next_part(data, another.recipe, active, last).begins < begins
        begins = next_part(data, another.recipe, active, last).begins
    part = validation_of(data, another.recipe, next(v for v in another.versions() if v.state == "active"))
    assert part.data.events.time.max() < begins
    assert part.data.events.time[part.asked].min() > part.data.events.time[part.learn].max()

    def poisoned(conn, catalog, tastes, scales, synthetic, until):
        read = real(conn, catalog, tastes, scales, synthetic=synthetic, until=until)
        e, late = read.events, read.events.time >= begins
        rng = np.random.default_rng(0)
        item = np.where(late, rng.integers(0, len(catalog), len(e)), e.item).astype(np.int32)
        value = np.where(late, np.float32(np.nan), e.value)  # whoever learns from them degenerates
        return replace(read, events=replace(e, item=item, value=value))

    clean = shop.tune(Wanted("knn", "random", 6, seed=2))
    real = tuning_begin.database.read_dataset
    monkeypatch.setattr(tuning_begin.database, "read_dataset", poisoned)
    blind = another.tune(Wanted("knn", "random", 6, seed=2))
    assert found(shop, clean.study.id) == found(another, blind.study.id)
    assert clean.study.digest == blind.study.digest
    assert clean.report.gain == blind.report.gain


def test_undated_events_are_dealt(shop: Project) -> None:
    data = shop.dataset(synthetic=False)
    undated = replace(data, events=replace(data.events, time=data.events.received_at))
    part, again = (validation_of(undated, shop.recipe) for _ in range(2))
    test = later_part(undated, shop.recipe, None, int(undated.events.time.max()))
    assert not part.dated
    assert "dealt by chance" in part.protocol
    assert np.array_equal(part.asked, again.asked)
    assert len(part.data) == len(data) - len(test.asked)
    assert 0.1 < len(part.asked) / len(part.data) < 0.3
    pairs = {(int(u), int(i)) for u, i in zip(*_pair(part.data, part.asked), strict=True)}
    assert not pairs & {(int(u), int(i)) for u, i in zip(*_pair(test.data, test.asked), strict=True)}


def _pair(data, rows):
    return data.events.user[rows], data.events.item[rows]


def test_a_bayesian_search_begins_with_what_compares(shop: Project) -> None:
    shop.tune(Wanted("knn", "random", 12, seed=1))
    warm = shop.tune(Wanted("knn", "bayesian", 3, seed=2))
    assert warm.known == 12
    assert warm.study.settings["known"][0].endswith("_000")
    assert shop.tune(Wanted("both", "bayesian", 2)).known == 0
    edit(shop.store.root / "recipe.toml", {"shrink = 150": 'shrink = 150\nnear = ["text"]'})
    shop.__dict__.pop("recipe")
    assert shop.tune(Wanted("knn", "bayesian", 2)).known == 0  # what is not searched is another


def test_review_shows_and_apply_writes(shop: Project) -> None:
    done = shop.tune(Wanted("knn", trials=12, seed=1))
    file = shop.store.root / "recipe.toml"
    before, was = file.read_text("utf-8"), shop.recipe.models
    shown = shop.tune_review()
    assert shown.report == done.report
    assert shop.tune_report() == done.folder
    assert file.read_text("utf-8") == before
    assert json.loads((done.folder / "best_hp.json").read_text())["settings"] == done.report.best.params
    assert (done.folder / "report.png").read_bytes().startswith(b"\x89PNG")
    assert "<h1>Tuning knn</h1>" in (done.folder / "report.html").read_text("utf-8")

    applied = shop.tune_apply()
    text = file.read_text("utf-8")
    assert shop.recipe.models["knn"] == ItemKNN(**done.report.best.params)
    assert {n: m for n, m in shop.recipe.models.items() if n not in ("knn", "both")} == {
        n: m for n, m in was.items() if n not in ("knn", "both")
    }
    assert applied.changes["k"][0] == 2
    removed = [line for line in before.splitlines() if line not in text.splitlines()]
    assert [line.split(" = ")[0] for line in removed] == ["k", "shrink"]
    assert "# too few" in text
    assert text.index("# what a reader should know") > text.index("weighting =") > text.index("[models.knn]")
    with shop.store.read() as conn:
        assert list_decisions(conn)[-1]["what"] == "tuned"
    assert shop.tune_review().study.result["applied_at"] > 0
    assert shop.tune_apply().changes == {}
    assert file.read_text("utf-8") == text


def test_members_of_a_blend_are_searched_and_written(shop: Project) -> None:
    done = shop.tune(Wanted("both", "random", 6, seed=3))
    assert {"members.0.k", "members.1.out"} <= done.report.space.keys()
    assert [*map(done.report.name, ("members.0.k", "members.1.out"))] == ["itemknn.k", "graph.out"]
    if not done.report.changes():
        pytest.fail("nothing better was found than poor settings")
    alone = shop.recipe.models["knn"]
    shop.tune_apply()
    assert shop.recipe.models["knn"] == alone  # used by its name, it stays what it is elsewhere
    both = shop.recipe.models["both"]
    assert both.members[0].k == done.report.best.params["members.0.k"]
    assert both.members[1].out == done.report.best.params["members.1.out"]


def test_time_runs_out_and_goes_on(shop: Project) -> None:
    done = shop.tune(Wanted("knn", "random", 5, minutes=0.0))
    assert (done.over, done.report.trials, done.study.state) == (False, [], "stopped")
    done = shop.tune(Wanted(resume=""))
    assert (done.over, len(done.report.trials), done.study.state) == (True, 5, "done")


def test_stopped_on_request_gives_its_trial_back(shop: Project) -> None:
    seen: list[object] = []
    with pytest.raises(Cancelled):
        shop.tune(Wanted("knn", "random", 9), Watch(seen.append, lambda: len(seen) > 4))
    shown = shop.tune_review()
    assert shown.study.state == "stopped"
    assert all(row.state == "done" for row in rows_of(shop, shown.study.id))
    assert shop.tune(Wanted(resume="")).over


def test_what_comes_meanwhile_changes_nothing(shop: Project, another: Project, tmp_path: Path) -> None:
    shop.tune(Wanted("knn", "bayesian", 6, seed=5))
    ids = shop.catalog().items.ids
    rows = [f'"{user}","{item}",5,{9 * 10**8 + n}' for user in ("u3", "new") for n, item in enumerate(ids[:20])]
    (tmp_path / "more.csv").write_text("\n".join(["user,item,rating,time", *rows, ""]), "utf-8")
    assert shop.import_(tmp_path / "more.csv").added == 40  # of before all others: what is learned from would move
    shop.activate(0)
    whole = shop.tune(Wanted(trials=12, resume="", jobs=2))
    once = another.tune(Wanted("knn", "bayesian", 12, seed=5))
    assert (whole.helpers_failed, found(shop, whole.study.id)) == (0, found(another, once.study.id))
    assert whole.report.gain == once.report.gain
    shop.forget("u3")
    with pytest.raises(DataError, match="or a user was forgotten"):
        shop.tune(Wanted(trials=14, resume=""))


def test_changed_data_end_a_study(shop: Project) -> None:
    done = shop.tune(Wanted("knn", "random", 2))
    with shop.store.begin() as conn:
        conn.exec_driver_sql("UPDATE events SET value = 5 WHERE id IN (SELECT id FROM events ORDER BY time LIMIT 9)")
    with pytest.raises(DataError, match=f"changed since study {done.study.id} began"):
        shop.tune(Wanted(trials=4, resume=""))


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        (Wanted("knnn"), QueryError, r"The recipe has no model 'knnn'; did you mean 'knn'\? It has: "),
        (Wanted("content"), TrainingError, "content does not learn from events, and settings are judged on real"),
        (Wanted("knn", "gird"), QueryError, "No search is called 'gird'; did you mean 'grid'"),
        (Wanted("knn", trials=0), QueryError, "--trials is 0"),
        (Wanted("knn", metric="mae"), QueryError, "judged by 'mae' here. There are: accuracy, rmse, log loss, ndcg@20"),
        (Wanted(resume=""), QueryError, r"Nothing was tuned yet\. Run: tastemaker tune"),
    ],
)
def test_what_cannot_be_tuned(shop: Project, wanted: Wanted, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        shop.tune(wanted)


def test_a_study_goes_on_as_it_began(shop: Project) -> None:
    done = shop.tune(Wanted("knn", "random", 2))
    with pytest.raises(QueryError, match=f"Study {done.study.id} has the search random, not grid"):
        shop.tune(Wanted(search="grid", resume=""))
    with pytest.raises(QueryError, match="No study is called 'nothing'"):
        shop.tune(Wanted(resume="nothing"))


def test_grades_are_foretold_by_the_metric_that_is_asked_for(shop: Project) -> None:
    edit(shop.store.root / "recipe.toml", {r"\[models.both\]": "[models.biases]\n\n[models.both]"})
    done = shop.tune(Wanted("biases", "random", 4, metric="log loss"))
    assert (done.report.metric, done.report.higher) == ("log loss", False)
    assert done.report.best.value == min(trial.value for trial in done.report.trials)
    assert shop.tune(Wanted("biases", "random", 1)).report.metric == "log loss"
    assert shop.tune(Wanted("biases", "random", 1, metric="accuracy")).report.metric == shop.recipe.quality.metric
    assert shop.tune(Wanted("biases", "random", 1, metric="ndcg@20")).report.metric == "ndcg@20"
    assert shop.tune(Wanted("knn", "random", 1, metric="rmse")).report.metric == "ndcg@20"  # it cannot foretell
    with pytest.raises(QueryError, match="has the metric ndcg@20, not rmse"):
        shop.tune(Wanted(metric="rmse", resume=""))


def test_too_few_events_to_tune_on(new: Project, tmp_path: Path) -> None:
    edit(new.store.root / "recipe.toml", {r"\[models.bpr\]": "[models.ials]\n\n[models.bpr]"})
    with pytest.raises(DataError, match="no real events"):
        new.tune(Wanted("ials"))
    ids = new.catalog().items.ids
    rows = "".join(f'u{n},"{ids[n]}",5,{10**9 + n}\n' for n in range(12))
    (tmp_path / "few.csv").write_text(f"user,item,rating,time\n{rows}", "utf-8")
    new.import_(tmp_path / "few.csv")
    with pytest.raises(DataError, match="Only 3 events can be judged on"):
        new.tune(Wanted("ials"))


def test_nothing_to_apply(shop: Project) -> None:
    shop.tune(Wanted("knn", "random", 3, minutes=0.0))
    with pytest.raises(RecipeError, match="came to its end, so there is nothing to apply"):
        shop.tune_apply()


def test_settings_that_cannot_learn_are_named_at_once(shop: Project) -> None:
    changes = {'algorithm = "itemknn"': 'algorithm = "ials"\ndim = 0', "k = 2 .*": "", "shrink = 150": ""}
    edit(shop.store.root / "recipe.toml", changes)
    with pytest.raises(TrainingError, match="iALS: dim is 0"):
        shop.tune(Wanted("knn", "random", 1))


def test_the_active_model_is_tuned_unless_another_is_named(shop: Project) -> None:
    assert shop.tune(Wanted(search="random", trials=1)).study.model == "knn"
    assert review(shop.store).study.model == "knn"
