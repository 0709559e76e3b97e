"""Whatever a user gives: one line that names the thing, the value and the next step; a code that is not 0."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tastemaker.lifecycle import Project

from ..shops import edit, quick_recipe, write_rankings
from .conftest import Done, Run

HEAD = "Brand,Name,Notes,Description"


def refused(done: Done) -> str:
    assert done.code == 1
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("Error: ").strip()


def table(*rows: str, name: str = "shop.csv", head: str = HEAD) -> Path:
    file = Path(name)
    file.write_text("\n".join([head, *rows, ""]), "utf-8")
    return file


def init(run: Run, file: str | Path, *more: str) -> Done:
    return run("init", "shop", "--recipe", "scent", "--catalog", file, *more)


def test_no_such_file(run: Run) -> None:
    table("A,One,oak,")
    assert refused(init(run, "shp.csv")) == "no such file: shp.csv; did you mean 'shop.csv'?"
    assert not Path("shop").exists()


def test_an_empty_file(run: Run) -> None:
    Path("shop.csv").touch()
    assert refused(init(run, "shop.csv")) == "shop.csv is empty. It needs column names and rows."
    assert "columns (Brand, Name, Notes, Description) but no rows" in refused(init(run, table()))
    assert not Path("shop").exists()


def test_a_missing_column_and_the_nearest_name(run: Run) -> None:
    said = refused(init(run, table("A,One,oak,", head="Brand,Nmae,Notes,Description")))
    assert said == (
        "shop.csv has no column 'Name' (wanted for title); did you mean 'Nmae'? It has: Brand, Nmae, Notes, Description"
    )
    assert not Path("shop").exists()


def test_two_items_with_one_id(run: Run) -> None:
    recipe = quick_recipe(Path())
    edit(recipe, {'duplicates = "merge"': 'duplicates = "refuse"'})
    file = table("A,One,oak,", "B,Two,rose,", "A,One,lemon,")
    said = refused(run("init", "shop", "--recipe", recipe, "--catalog", file))
    assert said == (
        "shop.csv: rows 2 and 4 have one id, 'A / One'. "
        'Make the ids differ, or set duplicates = "merge" in the recipe.'
    )
    assert not Path("shop").exists()


def test_a_catalog_of_one_item(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert init(run, table("A,One,oak,")).code == 0
    monkeypatch.chdir("shop")
    assert "The catalog has 1 item; learning what is preferred to what needs two" in refused(run("pretrain"))
    assert run("recommend", "--taste", "woody=1", "--json").json["items"] == ["A / One"]
    assert run("check").code == 0


@pytest.mark.parametrize(("head", "row"), [("Name", "Item {}"), (HEAD, ",Item {},,")])
def test_a_catalog_with_no_text_at_all(run: Run, monkeypatch: pytest.MonkeyPatch, head: str, row: str) -> None:
    assert init(run, table(*(row.format(n) for n in range(3)), head=head)).code == 0
    monkeypatch.chdir("shop")
    assert "None of the 3 items has a word that [tastes.families] of recipe.toml knows" in refused(run("pretrain"))
    assert len(run("recommend", "--taste", "woody=1", "--json").json["items"]) == 3
    assert run("check").code == 0


def test_a_recipe_with_a_misspelt_key(run: Run) -> None:
    recipe = quick_recipe(Path())
    edit(recipe, {r"ranking_noise = 0.2": "rankingnoise = 0.2"})
    said = refused(run("init", "shop", "--recipe", recipe, "--catalog", table("A,One,oak,")))
    assert said.startswith("quick.toml: [synth] has no key 'rankingnoise'; did you mean 'ranking_noise'? Known: ")
    assert not Path("shop").exists()
    said = refused(run("init", "shop", "--recipe", "scnet"))
    assert said.startswith("No recipe is called 'scnet'; did you mean 'scent'? Built in: ")


def test_no_recipe_at_all(run: Run) -> None:
    said = refused(run("init", "shop", "--catalog", table("A,One,oak,")))
    assert said == "No recipe is named. Name one with --recipe, or have one written: --guess FILE"
    said = refused(run("init", "shop", "--guess", "--catalog", table("A,One,oak,")))
    assert said == "--guess needs a file after it, not --catalog: tastemaker init DIR --guess FILE.csv"


@pytest.mark.parametrize("there", [False, True])
def test_a_postgresql_that_is_down(run: Run, there: bool) -> None:
    pytest.importorskip("psycopg")
    if there:
        Path("shop").mkdir()
    file = table("A,One,oak,")
    said = refused(init(run, file, "--database", "postgresql://postgres@127.0.0.1:1/none"))
    assert "127.0.0.1:1 does not answer" in said
    assert "--database sqlite" in said
    assert sorted(p.name for p in Path().rglob("*")) == sorted(["shop.csv", *["shop"] * there])
    assert init(run, file).code == 0


@pytest.mark.parametrize(
    "command",
    ["check", "pretrain", "train", "evaluate", "recommend", "versions", "rollback", "db check", "import x.csv"],
)
def test_a_directory_that_is_no_project(run: Run, command: str) -> None:
    said = refused(run(*command.split()))
    assert re.fullmatch(r".* is no project, nor is a folder above it\. Run: tastemaker init DIR --recipe NAME", said)


@pytest.mark.parametrize(
    ("grade", "says"),
    [
        ("11", "rank 11 is outside 1–10"),
        ("", "rank missing is outside 1–10"),
        ("0", "rank 0 is outside 1–10"),
        ("NaN", "'NaN' is not a finite number; leave the cell empty if it is unknown"),
    ],
)
def test_a_rank_that_cannot_be(here: Project, run: Run, grade: str, says: str) -> None:
    rows = [("ann", here.catalog().items.ids[0], 1), ("ann", here.catalog().items.ids[1], grade)]
    file = write_rankings(Path("r.csv"), rows)  # type: ignore[arg-type]
    said = refused(run("import", file))
    assert said == f"r.csv, line 3: {says}. Fix the rows or pass --skip-bad-rows. Nothing was imported."
    done = run("import", file, "--skip-bad-rows")
    assert done.code == 0
    assert f"refused r.csv, line 3: {says}" in done.out
    assert "2 rows read, 1 new ranking events, 1 refused." in done.out


def test_a_misspelt_grade(here: Project, run: Run) -> None:
    file = write_rankings(Path("r.csv"), [("ann", here.catalog().items.ids[0], 1)], column="rnak")
    assert "but one 'rnak'; did you mean 'rank'?" in refused(run("import", file))


ASKED: dict[str, tuple[list[str], str]] = {
    "a taste": (["--taste", "wody=0.9"], "'wody' is no taste of this project; did you mean 'woody'? It has: floral, "),
    "how much": (["--taste", "woody=9"], "The taste woody is 9; give a number from 0 (not at all) to 1 (very much)."),
    "NaN": (["--taste", "woody=nan"], "The taste woody is nan; give a number"),
    "a title": (["--like", "Nothing of the kind"], "No item is called 'Nothing of the kind'"),
    "stars": (["--rate", "{title}=6"], "The rating of '{title}' is 6; give a number from 1 to 5."),
    "a filter": (["--filter", "brnad=X"], "Nothing can be filtered by 'brnad'; did you mean 'brand'? Filters: brand"),
    "a version": (["--version", "9"], "No version has the number 9. There are 0 to 2: tastemaker versions"),
    "how many": (["-n", "0"], "n is 0; ask for at least one item."),
}


@pytest.mark.parametrize("what", ASKED)
def test_a_question_that_cannot_be_answered(here: Project, run: Run, what: str) -> None:
    title = here.catalog().titles[0]
    arguments, says = ASKED[what]
    said = refused(run("recommend", *(a.format(title=title) for a in arguments)))
    assert said.startswith(says.format(title=title))


def test_a_title_that_is_nearly_right(here: Project, run: Run) -> None:
    title = here.catalog().titles[0]
    assert f"did you mean {title!r}?" in refused(run("recommend", "--like", title[:-1]))


@pytest.mark.parametrize("arguments", [["--taste", "woody"], ["--taste", "woody=much"], ["--filter", "brand"]])
def test_what_is_no_pair(here: Project, run: Run, arguments: list[str]) -> None:
    done = run("recommend", *arguments)
    assert done.code == 2
    assert "write " in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "ask",
    [
        lambda run: run("recommend", "--taste", "wody=1", "--json"),
        lambda run: run("import", "nowhere.csv", "--json"),
        lambda run: run("train", "--json"),
        lambda run: run("activate", "9", "--json"),
    ],
)
def test_an_error_is_json_when_json_is_asked_for(here: Project, run: Run, ask: Callable[[Run], Done]) -> None:
    done = ask(run)
    assert done.code == 1
    assert done.out == ""
    said = json.loads(done.err)
    assert said.keys() == {"error", "message"}
    assert said["error"].endswith("Error")


def test_a_process_of_its_own_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tastemaker", "init", "shop", "--recipe", "scent", "--catalog", "nowhere.csv"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: no such file: nowhere.csv. Check the path.\n"


def test_what_the_system_refuses_is_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "shop")

    monkeypatch.setattr(Project, "init", full)
    assert refused(run("init", "shop", "--recipe", "scent")) == (
        "No space left on device: shop. Nothing was half-written."
    )


def test_ctrl_c_is_an_answer(here: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Project, "pretrain", interrupted)
    done = run("pretrain")
    assert done.code == 130
    assert done.err == "Error: Stopped. What was saved before stays; run the same command again.\n"
