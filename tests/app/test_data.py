"""What pages show, as figures: checked against the store by other ways."""

import csv
import io
import re
from pathlib import Path
from time import time

import numpy as np
import pytest

from tastemaker.app import words
from tastemaker.app.data import (
    checking,
    discover,
    experiments,
    holdings,
    maps,
    overview,
    quality,
    training,
    tuning,
    versions,
)
from tastemaker.app.data.ability import ability
from tastemaker.app.data.plot import Plot, as_csv, thinned
from tastemaker.data.catalog import Catalog
from tastemaker.data.vocab import Vocab
from tastemaker.experiment import look as whole_report
from tastemaker.lifecycle import Project
from tastemaker.monitor import Limits
from tastemaker.store import ModelVersion, Store, read_catalog
from tastemaker.store.answers import Answers
from tastemaker.store.quality import read_outcomes
from tastemaker.store.tuning import TrialRow

APP = Path(words.__file__).parent


def test_every_text_is_used_and_every_used_one_is_there() -> None:
    code = [file.read_text("utf-8") for file in APP.rglob("*.py")]
    used = {name for text in code for name in re.findall(r"words\.([A-Z][A-Z_]+)", text)}
    assert used == set(words.everything())
    with pytest.raises(AttributeError, match="no text called"):
        _ = words.NOTHING_LIKE_IT


def test_a_plot_gives_its_rows_away_as_csv() -> None:
    text = as_csv([{"day": "2026-01-01", "n": 1}, {"day": "2026-01-02", "n": 2, "more": 'a "b", c'}])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[1] == {"day": "2026-01-02", "n": "2", "more": 'a "b", c'}
    plot = Plot("a", "A title", "line", [{"x": 1, "y": 2}], "x", "y", "days", "events")
    assert plot.described == "A title. events by days, 1 points from 1 to 1."


def test_thinning_keeps_both_ends() -> None:
    rows = [{"k": k} for k in range(10_001)]
    found = [row["k"] for row in thinned(rows, 400)]
    assert (len(found), found[0], found[-1]) == (400, 0, 10_000)


def test_the_list_is_that_of_the_recommender_with_its_reasons(store: Store) -> None:
    answers = Answers.open(store)
    person = discover.Person(user="u3", n=7)
    shown, plain = discover.ask(answers, person), answers.recommend(user="u3", n=7)
    assert tuple(row["id"] for row in shown.rows) == plain.items
    assert [row["score"] for row in shown.rows] == list(plain.scores)
    assert shown.rows[0]["share"] == 1.0
    for row in shown.rows:
        assert sum(part["weight"] for part in row["parts"]) == pytest.approx(row["score"], abs=1e-3)
        assert 0.5 <= row["value"] <= 5.0
        assert 0.0 < row["chance"] < 1.0
        assert f"You would give it about {row['value']:.1f} of 5." in row["why"]
        assert row["words_by"] == ""
        assert row["kind"] == "collaborative"


def test_a_skip_counts_against_and_is_not_shown_again(store: Store) -> None:
    answers = Answers.open(store)
    first = discover.ask(answers, discover.Person(user="u3"))
    gone = first.rows[0]["id"]
    second = discover.ask(answers, discover.Person(user="u3", skips=(gone,)))
    assert gone not in [row["id"] for row in second.rows]
    assert second.query.ratings[gone] == -1.0


def test_search_finds_all_the_words_and_beginnings_first() -> None:
    catalog = Catalog(Vocab(("a", "b", "c")), ("The Red Door", "Red Sea", "Blue Door"))
    assert [id_ for id_, _ in discover.search(catalog, "red")] == ["b", "a"]
    assert [id_ for id_, _ in discover.search(catalog, "door the")] == ["a"]
    assert discover.search(catalog, "  ") == []


def test_abilities_follow_what_there_is(store: Store, taught: Project) -> None:
    rated = ability(Answers.open(store))
    assert rated.stars is not None
    assert rated.stars.best == 5
    assert rated.numbers == ("year", "tagged")
    assert "horror" in rated.tastes
    assert rated.filters["genres"]
    plain = ability(taught.answers)
    assert plain.numbers == ()
    assert not plain.context


def test_the_map_is_the_two_directions_of_most_difference() -> None:
    rng = np.random.default_rng(0)
    along, across = rng.normal(0, 1, 400), rng.normal(0, 1, 400)
    ids = tuple(map(str, range(400)))
    gap = np.where(np.arange(400) == 3, np.nan, across)
    numbers = {"a": along, "b": along + rng.normal(0, 0.1, 400), "c": gap, "d": np.full(400, np.nan)}
    catalog = Catalog(Vocab(ids), ids, numbers={k: v.astype(np.float32) for k, v in numbers.items()})
    found = maps.map_of(catalog)
    assert abs(np.corrcoef(found.at[:, 0], along)[0, 1]) > 0.99
    assert abs(np.corrcoef(found.at[:, 1], np.nan_to_num(gap))[0, 1]) > 0.98
    assert found.said == pytest.approx(1.0, abs=0.01)
    rows = maps.map_rows(catalog, found, ["5", "6"], ["7", "nobody"])
    assert [row["what"] for row in rows[-3:]] == [words.MAP_LISTED, words.MAP_LISTED, words.MAP_LIKED]
    assert len(rows) == 400


def test_holdings_count_what_is_there(store: Store) -> None:
    with store.read() as conn:
        catalog = read_catalog(conn)
    found = holdings.holdings(store, catalog)
    assert (found.items, found.listed, found.users) == (60, 60, 160)
    assert found.real == int(found.per_item.sum())
    assert found.synthetic == 0
    tail = holdings.tail_plot(found)
    assert tail.rows[-1]["events"] == pytest.approx(1.0)
    when = holdings.when_plot(store, found)
    assert when is not None
    assert sum(row["events"] for row in when.rows) == found.real
    gaps = {row["column"]: row["without"] for row in holdings.gaps(catalog, {})}
    assert gaps == {"era": 0, "genres": 0, "tags": 60, "year": 0, "tagged": 60}


def test_a_file_is_checked_and_nothing_is_kept(store: Store) -> None:
    with store.read() as conn:
        catalog = read_catalog(conn)
    data = b"userId,movieId,rating,timestamp\nu1,1,4,1600000000\nzz,2,3.5,1600000001\nu1,2,11,1600000002\n"
    found = checking.check_file("more.csv", data, "events", catalog, store.recipe())
    assert (found.what, found.rows, found.loaded, found.n_refused) == ("rating", 3, 2, 1)
    assert found.refused[0][words.COL_LINE] == 4
    items = b"movieId,title,genres\n1,A (1999),Drama\n900,B (2001),War|Drama\n"
    more = checking.check_file("items.csv", items, "catalog", catalog, store.recipe())
    assert (more.loaded, more.new, more.n_refused) == (2, 1, 0)
    assert more.sample[1]["genres"] == "War, Drama"
    assert more.sample[1]["era"] == "2000s"


def test_columns_of_the_kept_recipe_are_those_of_the_file(store: Store, root: Path) -> None:
    with Project.open(root) as project:
        assert checking.catalog_columns(store.recipe()) == project.recipe.catalog
        assert checking.event_columns(store.recipe()) == project.recipe.events


def test_traffic_counts_lists_events_and_coverage(store: Store) -> None:
    found = overview.traffic(store, int(time()))
    assert sum(row["lists"] for row in found.rows) == found.lists == 60
    assert {row["fallback"] for row in found.rows} == {0.0, None}
    assert found.coverage is not None
    assert 0.1 < found.coverage <= 1.0
    days = overview.accuracy_by_day(store, int(time()))
    with store.read() as conn:
        seen = read_outcomes(conn, int(time()) - 60 * 86_400)
    assert sum(row["outcomes"] for row in days) == int(seen.said.sum())
    right = sum(row["accuracy"] * row["outcomes"] for row in days)
    assert right == pytest.approx(int(seen.correct.sum()))


def test_the_line_of_quality_counts_every_outcome_once(store: Store) -> None:
    seen = quality.look(store, Limits.of(store.recipe()))
    plot = quality.over_time_plot(seen)
    assert plot is not None
    real = [row for row in plot.rows if row["what"] == words.REALISED]
    assert sum(row["outcomes"] for row in real) == int(seen.outcomes.said.sum())
    assert all(row["low"] <= row["share"] <= row["high"] for row in real)
    assert plot.marks
    with store.read() as conn:
        catalog = read_catalog(conn)
    n, rows = quality.unexpected_rows(seen, catalog)
    assert n >= len(rows) > 0
    assert all(row[words.COL_ITEM].startswith("Film") for row in rows)


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


def test_the_family_tree_puts_children_under_their_parents() -> None:
    def made(id_: int, parent: int | None) -> ModelVersion:
        return ModelVersion(
            id=id_, parent=parent, recipe="r", algorithm="a", artifact="x", code_version="1", seed=0
        )  # fmt: skip

    found = versions.tree([made(3, 1), made(2, 0), made(0, None), made(1, 0), made(4, 9)])
    assert [(v.id, depth) for v, depth in found] == [(0, 0), (1, 1), (3, 2), (2, 1), (4, 0)]


def test_lists_of_two_versions_differ_most_first(store: Store) -> None:
    found = versions.lists_beside(Answers.open(store, 0), Answers.open(store), ["u1", "u2", "u3"])
    assert [lists.shared for lists in found] == sorted(lists.shared for lists in found)
    same = versions.lists_beside(Answers.open(store), Answers.open(store), ["u1"])
    assert same[0].shared == 10


def test_metrics_of_versions_carry_intervals_and_floors(taught: Project) -> None:
    rows = versions.metric_rows(taught.versions()[-1])
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


def test_importance_sees_the_setting_that_matters(store: Store) -> None:
    rng, study = np.random.default_rng(0), tuning.studies(store)[0]
    trials = [
        TrialRow(id=str(k), study="s", number=k, state="done", params={"a": a, "b": b, "c": "x"}, value=a + 0.01 * b)
        for k, (a, b) in enumerate(rng.uniform(0, 1, (40, 2)).tolist())
    ]
    plot = tuning.importance_plot(tuning.Searched(study, trials))
    assert plot is not None
    shares = {row["setting"]: row["share"] for row in plot.rows}
    assert shares["a"] > 0.7
    assert shares["b"] < 0.2
    assert shares["c"] == 0.0
    assert tuning.importance_plot(tuning.Searched(study, trials[:5])) is None


def test_what_is_missing_before_learning_is_worth_it(new: Project, store: Store) -> None:
    lacking = {need.name: need.missing for need in training.needs(new.status(), new.store.recipe())}
    assert lacking == {words.NEED_ITEMS: 0, words.NEED_EVENTS: 10, words.NEED_USERS: 5}
    with Project.open(store.root) as project:
        assert all(not need.missing for need in training.needs(project.status(), store.recipe()))
    assert training.can_pretrain(new.store.recipe())
    assert not training.can_pretrain({"tastes": {"families": {}}})


def test_curves_of_learning_start_at_one(taught: Project) -> None:
    learned = training.learned(taught.store)
    assert learned.plot is not None
    assert learned.plot.rows[0]["share"] == 1.0
    assert {row[words.COL_MODEL] for row in learned.rows} >= {"bpr"}
