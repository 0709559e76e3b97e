"""Comparing models: on public data and on a project's own events, judged as anybody could judge it by hand."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.algorithms import ALGORITHMS, EASE
from tastemaker.algorithms.grids import GRIDS
from tastemaker.data.formats import read_published
from tastemaker.errors import DataError, QueryError, TrainingError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.compare import MODELS, Asked, compare, compare_published
from tastemaker.watch import Progress, Watch

from ..published import write_lightgcn
from ..shops import real_rankings, write_rankings

REAL = Path(__file__).parents[3] / "shared" / "data"
LIGHT = ("popular", "graph", "itemknn")


@pytest.fixture
def folder(tmp_path):
    """90 users of two kinds and 40 items, a few of them liked by all: what popularity cannot know, neighbors do."""
    rng = np.random.default_rng(3)
    train, test = {}, {}
    for user in range(90):
        mine = rng.permutation(np.arange(4, 22) if user % 3 else np.arange(22, 40))[:9].tolist()
        items = [*mine, *rng.choice(4, 2, replace=False).tolist()]
        train[user], test[user] = items[3:], items[:3]
    return write_lightgcn(tmp_path / "toy", train, test)


def of(found, name):
    return next(model for model in found.models if model.name == name)


def test_the_best_is_first_and_the_others_are_behind(folder):
    seen: list[Progress] = []
    found = compare_published(str(folder), "lightgcn", Asked(LIGHT, k=5), Watch(seen.append))
    assert (found.source, found.k, found.n_users, found.n_items, found.n_events) == ("toy", 5, 90, 40, 720)
    assert "the published split; full ranking of what a user has not had" in found.protocol
    assert sorted(model.name for model in found.models) == sorted(LIGHT)
    means = [model.report.metrics["recall"].model.mean for model in found.models]
    assert means == sorted(means, reverse=True)
    assert found.models[-1].name == "popular"
    assert found.models[0].behind["recall"].mean == 0.0
    last = found.models[-1].behind["recall"]
    assert last.low <= last.mean <= last.high < 0.0
    assert last.mean == pytest.approx(means[-1] - means[0])
    for model in found.models:
        assert model.report.n_users == 90
        assert model.report.metrics["recall"].popular == pytest.approx(means[-1])
        assert model.seconds >= 0.0
        assert model.peak_memory > 0
    assert {p.stage for p in seen} >= {"judge popular", "judge graph", "judge itemknn"}


def test_popularity_is_what_one_counts_by_hand(folder):
    found = compare_published(str(folder), "lightgcn", Asked(("popular",), k=5), Watch())
    data = read_published(str(folder), "lightgcn")
    train = [(int(u), int(i)) for u, i in zip(data.events.events.user, data.events.events.item, strict=True)]
    test = [(int(u), int(i)) for u, i in zip(data.test.events.user, data.test.events.item, strict=True)]
    counts = Counter(item for _, item in train)
    recalls = []
    for user in range(90):
        had = {i for u, i in train if u == user}
        order = sorted((i for i in range(40) if i not in had), key=lambda i: (-counts[i], i))[:5]
        recalls.append(len(set(order) & {i for u, i in test if u == user}) / 3)
    assert of(found, "popular").report.metrics["recall"].model.mean == pytest.approx(np.mean(recalls))


def test_the_same_seed_gives_the_same_numbers(folder):
    first, again = (compare_published(str(folder), "lightgcn", Asked(LIGHT, seed=4), Watch()) for _ in range(2))
    for a, b in zip(first.models, again.models, strict=True):
        assert (a.name, a.report.metrics, a.behind) == (b.name, b.report.metrics, b.behind)


def test_newcomers_and_what_a_user_had_before_are_not_judged(tmp_path):
    rows = [(user, item, 1000 + item) for user in range(8) for item in range(10) if (user + item) % 3]
    later = [(user, item, 2000 + item) for user in range(4) for item in (0, 1)]  # two thirds of these pairs are old
    later += [("new", 3, 2004), ("new", 4, 2005)]
    lines = [f"{user},{item},{time}" for user, item, time in rows + later]
    (tmp_path / "log.csv").write_text("\n".join(["user,item,time", *lines, ""]))
    found = compare_published(str(tmp_path / "log.csv"), None, Asked(("popular",)), Watch())
    assert "one global time split 80-10-10" in found.protocol
    assert found.newcomers == 1
    assert 0 < of(found, "popular").report.n_users < 4


def test_nobody_left_to_judge_is_said(tmp_path):
    lines = [f"u{n // 3},{n},{1000 + n}" for n in range(60)]  # users come one after the other
    (tmp_path / "log.csv").write_text("\n".join(["user,item,time", *lines, ""]))
    with pytest.raises(DataError, match=r"Nobody can be judged: the 2 users .* Give more events, or .* --split pairs"):
        compare_published(str(tmp_path / "log.csv"), None, Asked(("popular",)), Watch())
    found = compare_published(str(tmp_path / "log.csv"), None, Asked(("popular",), split="pairs"), Watch())
    assert found.models[0].report.n_users == 20


def test_a_model_that_cannot_be_learned_is_left_out_and_says_why(folder, monkeypatch):
    monkeypatch.setitem(ALGORITHMS, "ease", lambda: EASE(memory_limit=1e-6))
    found = compare_published(str(folder), "lightgcn", Asked(("ease", "popular")), Watch())
    assert [model.name for model in found.models] == ["popular"]
    assert "memory_limit is 1e-06 GB" in found.left_out["ease"]
    with pytest.raises(TrainingError, match="memory_limit"):
        compare_published(str(folder), "lightgcn", Asked(("ease",)), Watch())


def test_what_a_like_is_stands_in_the_protocol(tmp_path):
    lines = [f"{user},{item},{1 + (user + item) % 5}" for user in range(9) for item in range(20)]
    (tmp_path / "log.csv").write_text("\n".join(["user,item,rating", *lines, ""]))
    middle, high = (
        compare_published(str(tmp_path / "log.csv"), None, Asked(("popular",), threshold=t), Watch()) for t in (None, 5)
    )
    said = (
        "a rating above the middle of its scale is a like; rating runs from 1 (worst) to 5 (best), the ends that occur"
    )
    assert middle.protocol.startswith(f"{said}; each user's items dealt at random 70-10-20, since the events have no ")
    assert high.protocol.startswith("a rating from 5 on is a like; rating runs")
    assert (middle.n_events, high.n_events) == (54, 27)  # four fifths of 8 and of 4 likes, of each of 9 users


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            Asked(("grph",)),
            r"'grph' is not compared; did you mean 'graph'\? Learning from events alone: popular, graph",
        ),
        (Asked(("content",)), "'content' is not compared"),
        (Asked(k=0), "k is 0; judge lists of at least one item"),
        (Asked(split="users"), "--split is 'users'; give one of auto, time, pairs"),
    ],
)
def test_what_cannot_be_asked(folder, asked, says):
    with pytest.raises(QueryError, match=says):
        compare_published(str(folder), "lightgcn", asked, Watch())


def test_every_model_that_is_compared_learns_from_events_alone(folder):
    assert set(MODELS) <= set(ALGORITHMS)
    assert list(Asked().settings()) == list(MODELS)
    assert list(Asked(("graph", "popular", "graph")).settings()) == ["graph", "popular"]


def test_a_project_compares_on_its_own_real_events(new: Project, tmp_path):
    with pytest.raises(DataError, match=r"shop has no real events to compare models on. Run: tastemaker import FILE"):
        new.compare()
    new.synthesize(users=20)
    new.import_(write_rankings(tmp_path / "r.csv", real_rankings(new)))
    found = new.compare(("popular", "itemknn"), k=10, seed=1)
    assert (found.source, found.n_users) == ("shop", 60)
    assert found.protocol.startswith("a ranking above the middle of its scale is a like; each user's items dealt")
    assert {model.name for model in found.models} == {"popular", "itemknn"}
    for model in found.models:  # they all like what is sweet: either finds it
        assert model.report.metrics["recall"].model.mean > model.report.metrics["recall"].floor
    assert new.versions()[-1].id == 0


def test_an_empty_data_set(folder):
    data = read_published(str(folder), "lightgcn").events
    nothing = replace(data, events=data.events.where(np.zeros(len(data), bool)))
    with pytest.raises(DataError, match="nothing has no real events"):
        compare("nothing", nothing, None, Asked(), Watch())


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the data sets are not here; they are not ours to ship")
def test_the_graph_filter_beats_popularity_by_far_on_real_data():
    found = compare_published(str(REAL / "gowalla"), "lightgcn", Asked(("popular", "graph")), Watch())
    assert [model.name for model in found.models] == ["graph", "popular"]
    assert found.models[0].report.n_users == 29_858
    assert found.models[0].report.metrics["recall"].model.mean > 0.17 > 3 * found.models[1].behind["recall"].high


def test_tuning_names_the_settings_that_it_chose(folder):
    found = compare_published(str(folder), "lightgcn", Asked(("graph",), k=5, tune=True), Watch())
    (model,) = found.models
    assert model.algorithm in GRIDS["graph"]


def test_a_large_ease_is_left_out_unless_it_is_named(folder, monkeypatch):
    monkeypatch.setattr("tastemaker.lifecycle.compare.LARGE", 5)
    monkeypatch.setattr("tastemaker.lifecycle.compare.MODELS", ("popular", "ease"))
    assert "name it with --models" in compare_published(str(folder), "lightgcn", Asked(k=5), Watch()).left_out["ease"]
    named = compare_published(str(folder), "lightgcn", Asked(("ease",), k=5), Watch())
    assert [model.name for model in named.models] == ["ease"]
