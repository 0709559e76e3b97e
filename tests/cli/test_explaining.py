"""explain, and recommend --explain: words first, numbers for those who ask."""

from time import sleep

import pytest

from tastemaker.lifecycle import Project

from ..explain.llama import tiny_llama
from .conftest import Run


def test_numbers_that_add_up_stand_below_the_words(run: Run, here: Project) -> None:
    title = here.catalog().titles[3]
    done = run("explain", "--like", title, "--taste", "woody=0.9", "-n", "2")
    assert done.code == 0
    assert f"“{title}”" in done.out
    for word in ("for anybody", "taste woody", "asked 0.9", "opinion 1", "score"):
        assert word in done.out
    asked = ("recommend", "--like", title, "--taste", "woody=0.9", "-n", "2")
    plain, full = run(*asked).out, run(*asked, "--explain").out
    assert "for anybody" not in plain
    assert full.startswith(plain.rstrip("\n"))
    assert full.count("for anybody") == 2


def test_the_document_holds_the_evidence(run: Run, here: Project) -> None:
    for found in (
        run("explain", "--taste", "woody=0.9", "-n", "3", "--json").json["items"],
        run("recommend", "--taste", "woody=0.9", "-n", "3", "--json").json["evidence"],
    ):
        assert [each["words_by"] for each in found] == ["template"] * 3
        for each in found:
            total = each["base"] + sum(c["weight"] for c in each["counted"]) + each["unexplained"]
            assert total == pytest.approx(each["score"], abs=1e-5)


def test_without_a_model_there_is_a_note_and_the_template(run: Run, here: Project) -> None:
    pytest.importorskip("transformers")
    plain = run("explain", "--taste", "woody=0.9").out
    done = run("explain", "--taste", "woody=0.9", "--words", "llm", "--model", "no/such", "-q")
    assert done.code == 0
    assert done.out.startswith(plain.rstrip("\n"))
    assert done.out.count("Note: The language model 'no/such' is not on this machine. Name a folder") == 1
    found = run("explain", "--taste", "woody=0.9", "--words", "llm", "--model", "no/such", "--json").json
    assert found["note"].startswith("Note: The language model 'no/such'")


def test_a_model_in_a_folder_is_asked_and_its_nonsense_refused(run: Run, here: Project) -> None:
    pytest.importorskip("transformers")
    tiny_llama(here.store.root / "tiny")
    asked = ("explain", "--taste", "woody=0.9", "--words", "llm", "--model", "tiny", "-n", "2")
    first = run(*asked)
    assert first.code == 0
    assert "tiny: 0 sentences found, 1 refused by the evidence, 1 asked before" in first.out  # both say the same
    assert "refused: it " in first.out or "refused: '" in first.out
    assert "tiny: 0 sentences found, 0 refused by the evidence, 2 asked before" in run(*asked).out
    assert {each["words_by"] for each in run(*asked, "--json").json["items"]} == {"template"}


def test_what_makes_no_sense_is_refused(run: Run, here: Project) -> None:
    assert "Add --words llm" in run("explain", "--recent", "5").err
    assert "No slate has the number 7" in run("explain", "--slate", "7").err


def test_a_job_in_the_background_has_a_number(run: Run, here: Project) -> None:
    job = run("explain", "--recent", "3", "--background", "--json").json["job"]
    assert [each["kind"] for each in run("jobs", "list", "--json").json if each["id"] == job] == ["words"]
    for _ in range(300):
        found = run("jobs", "list", "--json").json[0]
        if found["state"] not in ("queued", "running"):
            break
        sleep(0.1)
    assert (found["state"], found["result"]["reason"][:17]) == ("done", "0 sentences found")
