"""impact, for a person and as JSON."""

from pathlib import Path
from time import time

from tastemaker.cli.loop import _said
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.tick import look

from ..shops import real_rankings, write_rankings
from .conftest import Run


def test_before_anything_happened(here: Project, run: Run) -> None:
    said = run("impact", "-q")
    assert said.code == 0
    assert "impact-2.png" in said.out
    found = run("impact", "--json").json
    assert (found["n"], found["liked"], found["lessons"]["scenarios"]) == (0, 0, [])
    assert "No outcome has been compared" in found["told"]["What nobody expected"][0]
    assert "What nobody expected" in run("impact").out


def test_a_version_that_is_not_there(here: Project, run: Run) -> None:
    said = run("impact", "--version", "9")
    assert (said.code, "No version has the number 9" in said.err) == (1, True)
    assert run("impact", "--items", "-1").code == 2


def test_what_came_before_the_active_version_is_told_alike_by_both(here: Project, run: Run, tmp_path: Path) -> None:
    with here.store.begin() as conn:
        conn.exec_driver_sql("UPDATE activations SET at = 1000 + version")  # 0 and then 2, long ago
    here.import_(write_rankings(tmp_path / "r.csv", real_rankings(here, users=3)))
    looked = look(here.store, here.recipe, int(time()) + 1)
    assert "30 new outcomes are compared with what version 2, which answered at the time" in _said(looked)
    here.activate(1)
    which = run("impact", "--json").json["told"]["What nobody expected"]
    assert "compared with what those that answered at the time say of it: version 2 (30)" in which[0]
    assert "tastemaker impact --version 2" in which[0]
    assert run("impact", "--version", "2", "--json").json["n"] == 30
