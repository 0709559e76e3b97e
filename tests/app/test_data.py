"""What pages show, as figures: checked against the store by other ways."""

import csv
import io
import re
from pathlib import Path
from time import time

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.app import words
from tastemaker.app.card import card
from tastemaker.app.data import (
    checking,
    discover,
    holdings,
    maps,
    overview,
)
from tastemaker.app.data.ability import ability
from tastemaker.app.data.plot import Plot, as_csv, thinned
from tastemaker.data.catalog import Catalog
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError
from tastemaker.lifecycle import Project
from tastemaker.monitor import Limits
from tastemaker.store import Store, read_catalog
from tastemaker.store.answers import Answers
from tastemaker.store.quality import read_outcomes
from tastemaker.store.tables import items

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


def test_of_a_thing_with_numbers_alone_these_are_said() -> None:
    numbers = {"tempo": np.array([120.0, np.nan], np.float32), "energy": np.array([0.25, np.nan], np.float32)}
    ids = Vocab(("a", "b"))
    assert discover.about(Catalog(ids, ("A", "B"), numbers=numbers), 0) == "tempo 120 · energy 0.25"
    assert discover.about(Catalog(ids, ("A", "B"), numbers=numbers), 1) == ""
    told = Catalog(ids, ("A", "B"), numbers=numbers, categories={"kind": ("folk", "rock")})
    assert discover.about(told, 0) == "folk"


def test_the_project_is_open_before_anybody_looks(past: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    streamlit = pytest.importorskip("streamlit", reason="the extra `app` is not installed")
    from tastemaker.app import frame
    from tastemaker.app.settings import Settings

    streamlit.cache_resource.clear()
    frame.warm(Settings(past))
    monkeypatch.setattr(Answers, "open", None)  # nobody opens it again
    opened = frame._opened(Settings(past, read_only=True))
    assert len(opened.catalog()) == 60
    streamlit.cache_resource.clear()


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
    assert all(axis.startswith((words.MAP_MORE[:6], words.MAP_LESS[:5])) for axis in found.axes)
    others, named = maps.others_on(catalog, found), maps.named_on(catalog, found, ["5", "6"], ["7", "nobody"])
    assert [row["what"] for row in maps.rows_of(named)] == [words.MAP_LISTED, words.MAP_LISTED, words.MAP_LIKED]
    rows = maps.rows_of(others, named)
    assert [row["what"] for row in rows[4:8]] == [words.MAP_OTHER, *(row["what"] for row in maps.rows_of(named))]
    assert len(rows) == 400
    assert maps.rows_of(others, maps.named_on(catalog, found, [], [])) == maps.rows_of(others)


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
    found = checking.check_file("more.csv", data, "events", catalog, store)
    assert (found.what, found.rows, found.loaded, found.n_refused) == ("rating", 3, 2, 1)
    assert (found.new, found.before) == (2, None)
    assert found.refused[0][words.COL_LINE] == 4
    items = b"movieId,title,genres\n1,A (1999),Drama\n900,B (2001),War|Drama\n"
    more = checking.check_file("items.csv", items, "catalog", catalog, store)
    assert (more.loaded, more.new, more.n_refused) == (2, 1, 0)
    assert more.sample[1]["genres"] == "War, Drama"
    assert more.sample[1]["era"] == "2000s"


def test_a_file_that_was_imported_is_known_again(store: Store, root: Path) -> None:
    data = b"userId,movieId,rating,timestamp\nu1,1,4,1600000000\nzz,2,3.5,1600000001\n"
    (root / "more.csv").write_bytes(data)
    with Project.open(root) as project:
        done, catalog = project.import_(root / "more.csv"), project.catalog()
    again = checking.check_file("renamed.csv", data, "events", catalog, store)
    assert (again.new, again.before) == (0, done.record.at)
    one_more = checking.check_file("more.csv", data + b"u2,3,4,1600000002\n", "events", catalog, store)
    assert (one_more.new, one_more.before) == (1, None)


def test_tags_are_no_events(store: Store, root: Path) -> None:
    data = b"userId,movieId,tag,timestamp\nu1,1,dark,1600000000\n"
    (root / "tags.csv").write_bytes(data)
    with Project.open(root) as project:
        catalog = project.catalog()
        with pytest.raises(DataError, match="--tags"):
            project.import_(root / "tags.csv")
    with pytest.raises(DataError, match="--tags"):
        checking.check_file("tags.csv", data, "events", catalog, store)


def test_columns_of_the_kept_recipe_are_those_of_the_file(store: Store, root: Path) -> None:
    with Project.open(root) as project:
        assert checking.catalog_columns(store.recipe()) == project.recipe.catalog
        assert checking.event_columns(store.recipe()) == project.recipe.events


def test_traffic_counts_lists_events_and_coverage(store: Store) -> None:
    found = overview.traffic(store, int(time()))
    assert sum(row["lists"] for row in found.rows) == found.lists == 60
    assert {row["fallback"] for row in found.rows} == {0.0, None}
    assert found.coverage is not None
    daily = [row["coverage"] for row in found.rows if row["coverage"] is not None]
    assert len(daily) == 14
    assert 0.1 < max(daily) <= found.coverage <= 1.0
    days = overview.accuracy_by_day(store, int(time()))
    with store.read() as conn:
        seen = read_outcomes(conn, int(time()) - 60 * 86_400)
    assert sum(row["outcomes"] for row in days) == int(seen.said.sum())
    assert "all versions" in overview.accuracy_plot(days, Limits()).title
    right = sum(row["accuracy"] * row["outcomes"] for row in days)
    assert right == pytest.approx(int(seen.correct.sum()))


def test_coverage_counts_what_can_still_be_shown(store: Store) -> None:
    with store.begin() as conn:
        conn.execute(sa.update(items).values(available=sa.case((items.c.row < 5, True), else_=False)))
    found = overview.traffic(store, int(time()))
    assert found.coverage is not None
    assert found.coverage <= 1.0


def test_a_card_shows_anybodys_words_as_text() -> None:
    row = {
        "rank": 1, "title": "<script>", "about": "a & b", "why": "**so**", "words_by": "", "kind": "content",
        "score": 1.0, "chance": None, "share": 0.5, "value": None,
        "parts": [{"part": "<i>near</i>", "weight": 0.25}],
    }  # fmt: skip
    drawn = card(row, None)
    assert "<b>1. &lt;script&gt;</b><small>a &amp; b</small><p>**so**</p>" in drawn
    assert words.SCORE.format(share=0.5) in drawn
    assert 'style="width:50%"' in drawn
    assert "&lt;i&gt;near&lt;/i&gt;" in drawn
    assert "0.25" in drawn
    assert words.NO_PARTS in card(row | {"parts": []}, None)
