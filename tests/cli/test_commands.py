"""Each command does what it says, in words and in JSON."""

import re
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest
from rich.console import Console

from tastemaker.cli import output, tables
from tastemaker.lifecycle import Project, cold_start

from ..shops import ITEMS, quick_recipe, real_rankings, write_rankings
from .conftest import Run


def test_the_story(run: Run, new: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    new.close()
    monkeypatch.setattr(cold_start, "SHOPS", 2)
    monkeypatch.setattr(cold_start, "FIRST", 30)
    recipe = quick_recipe(Path(), light=True)
    done = run("init", "mine", "--recipe", recipe, "--catalog", "catalog.csv")
    assert f"Made mine: {ITEMS} items, database " in done.out
    assert "Next: cd mine, then tastemaker check, tastemaker pretrain" in done.out
    monkeypatch.chdir("mine")
    done = run("check")
    assert f"{ITEMS} items." in done.out
    assert "The lexicon knows 100.0% of" in done.out
    done = run("pretrain")
    assert done.code == 0
    assert "Learned from 60 invented users and 600 synthetic rankings (no real ones)." in done.out
    assert "Version 2 (bpr) is active." in done.out
    for word in ("tastes stated", "tastes vague", "five rankings", "another kind", "catalog recall@20"):
        assert word in done.out
    done = run("recommend", "--taste", "woody=0.9,spicy=0.7", "-n", "3")
    assert "as you asked" in done.out or "ou asked for" in done.out
    assert "(+" not in done.out  # numbers are for those who ask for them
    assert done.out.strip().endswith("Answered by the active version, 2.")
    with Project.open() as project:
        write_rankings(Path("r.csv"), real_rankings(project))
    done = run("import", "r.csv")
    assert "r.csv: 600 rows read, 600 new ranking events, 0 refused.\nNext: tastemaker train" in done.out
    assert "(this very file was imported before)" in run("import", "r.csv").out
    done = run("train", "--from", "active", "--epochs", "40", "--learning-rate", "0.05")
    assert re.search(r"Used 5\d\d real events and 600 synthetic ones", done.out)
    assert "Version 3 is active: spearman +" in done.out
    done = run("versions")
    assert [line.split()[:3] for line in done.out.splitlines() if line.strip()[:1].isdigit()] == [
        ["0", "content", "retired"],
        ["1", "content", "candidate"],
        ["2", "bpr", "retired"],
        ["3", "bpr", "active"],
    ]
    done = run("evaluate")
    assert "Cold start: Spearman by how many rankings are known" in done.out
    assert "Held-out items" in done.out
    assert run("rollback").out == "Version 2 (bpr) is active.\n"
    assert run("activate", "1", "--why", "to see").out == "Version 1 (content) is active.\n"
    assert "The database is whole; schema " in run("db", "check").out


def test_every_result_is_json(run: Run, here: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_start, "SHOPS", 2)
    monkeypatch.setattr(cold_start, "FIRST", 30)
    item = here.catalog().items.ids[3]
    write_rankings(Path("r.csv"), real_rankings(here))
    found = run("check", "--json").json
    assert found["n_items"] == ITEMS
    assert set(found["families"]) == set(here.recipe.tastes.names)
    assert run("import", "r.csv", "--json").json["added"] == 600
    assert run("synthesize", "--users", "10", "--rankings", "5", "--json").json["events"] == 50
    assert run("pretrain", "--json").json["active"] == 2
    trained = run("train", "--json", "--seed", "3").json
    assert trained["parent"] == 2
    assert 500 <= trained["used"]["real"] <= 600  # all but those who calibrate
    assert run("evaluate", "--version", "1", "--json").json["users"][0]["case"] == "stated"
    slate = run("recommend", "--like", item, "-n", "3", "--json").json
    assert len(slate["items"]) == len(slate["titles"]) == len(slate["why"]) == 3
    near = run("similar", item, "-n", "4", "--json").json
    assert len(near["items"]) == 4
    assert ("equally near" in run("similar", item, "-n", "4").out) == (len(set(near["scores"])) < 4)
    assert [v["id"] for v in run("versions", "--json").json] == [0, 1, 2, 3, 4, 5]
    assert run("activate", "1", "--json").json["state"] == "active"
    assert run("rollback", "--json").json["algorithm"] == "bpr"
    assert run("delist", item, "--json").json == {"item": item, "available": False}
    assert run("relist", item, "--json").json == {"item": item, "available": True}
    assert run("forget", "ann 3", "--json").json["events"] == 10
    assert run("db", "check", "--json").json["problems"] == []
    assert run("db", "upgrade", "--json").json["now"]
    assert run("db", "backup", "all.tar", "--json").json["rows"]["items"] == ITEMS
    assert run("db", "restore", "all.tar", "--force", "--json").json["rows"]["items"] == ITEMS
    assert run("recommend", "--taste", "woody=1", "--json").json["level"] == "active"


def test_quiet_prints_the_result_alone(run: Run, here: Project) -> None:
    done = run("pretrain", "--quiet")
    assert done.err == ""
    assert "Learned from" not in done.out
    assert "Judged on held-out users" in done.out


def test_check_says_what_it_does_not_use(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("Brand,Name,Notes,Description,Price\nA,One,oak,,12\nB,Two,unheard,,13\n", "utf-8")
    assert run("init", tmp_path / "shop", "--recipe", "scent", "--catalog", file).code == 0
    said = run("check", "-p", tmp_path / "shop").out
    assert "Not used: Price. Name what matters in recipe.toml" in said
    assert "Families (items of which each is the main one)\n" in said
    assert [line.split() for line in said.splitlines() if "(none)" in line] == [["(none)", "1"]]
    assert run("check", "-p", tmp_path / "shop", "--json").json["unused"] == ["Price"]


def test_the_version_of_the_program(run: Run) -> None:
    said = run("--version")
    assert said.code == 0
    assert re.fullmatch(r"tastemaker \d+\.\d+\S*\n", said.out)


def test_forgetting_says_what_is_left_to_do(run: Run, here: Project, tmp_path: Path) -> None:
    here.import_(write_rankings(tmp_path / "r.csv", real_rankings(here, users=3)))
    assert "No version had learned from them, so nothing is left to do." in run("forget", "ann 0").out
    with here.store.begin() as conn:
        conn.exec_driver_sql("UPDATE training_runs SET events_real = 20 WHERE version = 2")
        conn.exec_driver_sql("UPDATE model_versions SET created_at = created_at + 1000 WHERE id = 2")
    said = run("forget", "ann 1").out
    assert "Versions that had learned from them: 2. They keep what they learned" in said
    assert "tastemaker prune --keep 1" in said


def test_more_than_there_are_is_said(run: Run, here: Project) -> None:
    said = run("recommend", "--taste", "woody=0.9", "-n", "100000").out
    assert f"Note: you asked for 100,000, and {ITEMS} fit." in said
    assert "Note:" not in run("recommend", "--taste", "woody=0.9", "-n", "3").out


def test_what_is_missing_leaves_no_separator(here: Project) -> None:
    categories = {"kind": ("",) * ITEMS, "brand": ("Orrin",) * ITEMS, "place": ("",) * ITEMS}
    found = here.recommend(taste={"woody": 0.9}, n=2)
    bare = replace(here.catalog(), categories=categories)
    assert [row[2] for row in tables.slate(found, bare, ["", ""]).rows] == ["Orrin", "Orrin"]


@pytest.mark.parametrize("width", [160, 120, 80, 40])
def test_no_figure_is_broken_into_two_lines(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "_console", lambda: Console(width=width))
    figure = "0.8184 [0.7717, 0.8579]"
    heads = ["", ">accuracy of likes", ">RMSE", ">log loss", ">calibration error", ">learned twice in"]
    rows = [["the same guess for all", "0.5", "0.9", "0.6", "", ""], ["version 1", *[figure] * 3, "0.052", "4.7 s"]]
    output.Table("Judged by log loss, 95 %, on what came later", heads, rows).print()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Judged by log loss, 95 %, on what came later"
    assert sum(line.count(figure) for line in lines) == 3
    assert max(map(len, lines)) <= max(width, len(lines[0]))
    assert any(line.count(figure) == 3 for line in lines) == (width >= 120)


def test_delisted_and_back(run: Run, here: Project) -> None:
    title, id_ = here.catalog().titles[3], here.catalog().items.ids[3]
    assert run("delist", title).out == f"{id_} is not recommended any more.\n"
    assert id_ not in run("recommend", "-n", str(ITEMS), "--json").json["items"]
    assert run("relist", title).out == f"{id_} can be recommended again.\n"


def test_filters_ratings_and_users_reach_the_recommender(run: Run, here: Project) -> None:
    catalog = here.catalog()
    brand, title = catalog.categories["brand"][0], catalog.titles[0]
    slate = run("recommend", "--rate", f"{title}=5", "-f", f"brand={brand}", "-n", str(ITEMS), "--json").json
    shown = catalog.items.rows(slate["items"])
    assert {catalog.categories["brand"][row] for row in shown} == {brand}
    assert title not in slate["titles"]
    assert run("recommend", "--user", "a stranger", "--json").json["items"]


def test_a_damaged_version_is_noted_under_the_answer(run: Run, here: Project) -> None:
    artifact = Path(here.store.artifacts.root) / here.versions()[2].artifact[:32] / "arrays.safetensors"
    artifact.write_bytes(artifact.read_bytes()[:-1])
    done = run("recommend", "--taste", "woody=1")
    assert done.code == 0
    assert "Answered by content alone. Note: version 2 cannot be used:" in done.out
    done = run("db", "check")
    assert done.code == 1
    assert "arrays.safetensors was altered or is damaged" in done.out
    assert done.err == "Error: 1 problem(s) found; see above.\n"


def test_backup_and_restore(run: Run, here: Project, tmp_path: Path) -> None:
    before = here.recommend(taste={"woody": 0.9})
    assert "Wrote all.tar.gz: " in run("db", "backup", "all.tar.gz").out
    here.close()
    Path("tastemaker.db").unlink()
    rmtree("artifacts")
    assert "missing" in run("recommend").err
    assert "Restored all.tar.gz: " in run("db", "restore", "all.tar.gz").out
    with Project.open() as again:
        assert again.recommend(taste={"woody": 0.9}) == before
        (tmp_path / "new.csv").write_text('Brand,Name,Notes\nNew,Cedar,"cedar, oud"\n', "utf-8")
        again.import_catalog(tmp_path / "new.csv")  # needs the features that the version learned from
        assert again.recommend(taste={"woody": 0.9}).level == "active"
    found = run("db", "check", "--json").json
    assert (found["problems"], found["orphans"]) == ([], [])


def test_a_guessed_recipe(run: Run, tmp_path: Path) -> None:
    rows = [f'"Thing {n}","{("oak, cedar", "rose, lily", "lemon, lime")[n % 3]}",{n}.5' for n in range(30)]
    (tmp_path / "things.csv").write_text("\n".join(["name,tags,price", *rows, ""]), "utf-8")
    done = run("init", "mine", "--guess", "things.csv", "--yes")
    assert done.code == 0, done.err
    assert "Made mine: 30 items" in done.out
    assert Path("mine.recipe.toml").exists()
