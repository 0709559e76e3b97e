"""impact, for a person and as JSON."""

from tastemaker.lifecycle import Project

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
