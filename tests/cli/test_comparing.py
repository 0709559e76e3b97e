"""compare, and import and init of public data sets: a table and a protocol, or one JSON document."""

import re
from pathlib import Path

import pytest

from tastemaker.lifecycle import Project
from tastemaker.lifecycle.compare import MODELS

from ..published import write_lightgcn, write_movielens
from ..shops import ITEMS, real_rankings, write_rankings
from .conftest import Run
from .test_bad_input import refused

LIGHT = ("--models", "graph, itemknn", "-k", "3")


def test_a_benchmark_is_one_command(run: Run) -> None:
    write_lightgcn(Path("toy"))
    done = run("compare", "toy", "--format", "lightgcn", *LIGHT)
    assert done.code == 0, done.err
    assert "recall@3, 95 %" in done.out
    assert re.search(r"^ (graph|itemknn) +0\.\d{4} \[0\.\d{4}, [01]\.\d{4}\] .* best ", done.out, re.MULTILINE)
    for baseline in (r"\(popular\)", r"\(random\)"):
        assert re.search(rf"^ {baseline} +0\.\d{{4}} +0\.\d{{4}}", done.out, re.MULTILINE)
    assert (
        "Learned from 20 likes of 10 items by 5 users, judged on 5 users. Protocol: the published split; " in done.out
    )
    assert "judge graph: done  recall 0." in done.err


def test_a_comparison_is_json(run: Run) -> None:
    write_lightgcn(Path("toy"))
    found = run("compare", "toy", "--format", "lightgcn", "--models", "popular", "--json").json
    assert (found["source"], found["k"], found["n_events"], found["left_out"]) == ("toy", 20, 20, {})
    (model,) = found["models"]
    assert model["name"] == "popular"
    assert model["metrics"]["recall"]["model"].keys() == {"mean", "low", "high"}
    assert model["behind"]["ndcg"]["mean"] == 0.0
    assert model["settings"]["damping"] == 5.0
    assert model["peak_memory_bytes"] > 0


def test_a_project_compares_its_own_events(run: Run, here: Project) -> None:
    said = refused(run("compare"))
    assert said == "shop has no real events to compare models on. Run: tastemaker import FILE"
    write_rankings(Path("r.csv"), real_rankings(here))
    run("import", "r.csv")
    done = run("compare", "--models", "popular,graph", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"likes of \d\d items by 60 users, judged on 60 users", done.out)
    assert not re.search(r"\(popular\)", done.out)  # it is a row of its own


def test_few_judged_users_are_a_hint(run: Run) -> None:
    rows = [f"{user},{item},4,{1000 + item}" for user in range(6) for item in range(9)]
    rows += [f"new {n},{n},5,{2000 + n}" for n in range(6)]
    Path("log.csv").write_text("\n".join(["user,item,stars,time", *rows, ""]), "utf-8")
    done = run("compare", "log.csv", "--models", "popular", "--split", "time", "--threshold", "4")
    assert done.code == 1  # whoever comes last is new
    assert "the 6 users of the test part are all new" in done.err
    done = run("compare", "log.csv", "--models", "popular", "--split", "pairs", "--threshold", "4")
    assert "a rating from 4 on is a like; stars runs from 4 (worst) to 5 (best), the ends that occur; each" in done.out


def test_what_compare_is_asked_wrongly(run: Run) -> None:
    write_lightgcn(Path("toy"))
    assert "There are: csv, lightgcn, movielens, parquet." in refused(run("compare", "toy", "--format", "lightgnc"))
    assert "toy is a folder. Say what it holds: --format" in refused(run("compare", "toy"))
    assert "'grap' is not compared; did you mean 'graph'?" in refused(
        run("compare", "toy", "--format", "lightgcn", "--models", "grap")
    )
    assert "tastemaker compare SOURCE --format csv" in refused(run("compare", "--format", "csv"))
    assert "is no project" in refused(run("compare"))
    assert "no such file: toy.csv" in refused(run("compare", "toy.csv"))


def test_help_names_every_model(run: Run) -> None:
    assert ",".join(MODELS) in re.sub(r"\s", "", run("compare", "--help").out)


def test_importing_a_public_data_set(run: Run, here: Project, tmp_path: Path) -> None:
    write_lightgcn(Path("toy"))
    done = run("import", "--format", "lightgcn", "toy/")
    assert done.out.splitlines() == [
        "toy/train.txt: 20 rows read, 20 new like events, 0 refused.",
        "toy/test.txt: 9 rows read, 9 new like events, 0 refused.",
        "10 new items: nothing names them but their ids.",
        "All parts are events here; to judge on the published split: tastemaker compare FOLDER --format NAME",
        "Next: tastemaker compare",
    ]
    again = run("import", "--format", "lightgcn", "toy", "--json").json
    assert (again["items"], [(f["added"], f["again"]) for f in again["files"]]) == (0, [(0, True), (0, True)])
    said = refused(run("import", "--format", "lightgcn", "toy", "--catalog"))
    assert said == "--format lightgcn brings its own catalog. Leave out --catalog, --tags and --delist-missing."
    Path("new.dump").write_text("Brand,Name\nA,One\n")
    assert "1 new items" in run("import", "new.dump", "--catalog", "--format", "csv").out
    Path("log.dump").write_text("user,item\nann,One\n")
    assert "log.dump: 1 rows read, 1 new like events" in run("import", "log.dump", "--format", "csv").out
    assert len(here.catalog()) == ITEMS + 11


def test_a_project_begins_with_a_public_data_set(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_movielens(Path("ml"), "1m")
    done = run("init", "shop", "ml/", "--format", "movielens")
    assert done.code == 0, done.err
    assert done.out.startswith("Made shop from ml/movies.dat, ml/ratings.dat: 4 items, 6 events, database ")
    assert "Next: cd shop, then tastemaker compare" in done.out
    monkeypatch.chdir("shop")
    found = run("recommend", "--like", "Plain: A Story (2006)", "-n", "2", "--json").json
    assert (len(found["items"]), found["level"]) == (2, "active")


def test_a_data_set_brings_its_own_recipe(run: Run) -> None:
    write_lightgcn(Path("toy"))
    for wrong in (["--format", "lightgcn"], ["toy", "--format", "lightgcn", "--recipe", "scent"]):
        said = refused(run("init", "shop", *wrong))
        assert said == "A data set brings its own recipe: tastemaker init DIR SOURCE --format NAME, no more."
    assert "toy is a folder. Say what it holds" in refused(run("init", "shop", "toy"))
    assert not Path("shop").exists()
    found = run("init", "shop", "toy", "--format", "lightgcn", "--json").json
    assert (found["items"], found["events"], found["files"]) == (10, 29, ["toy/test.txt", "toy/train.txt"])
