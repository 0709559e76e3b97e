"""Every page of projects of other kinds: sound and lists, feelings and moments."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from tastemaker.app import words
from tastemaker.app.data import checking, discover
from tastemaker.app.data.ability import ability
from tastemaker.explain.explainer import explain, kept_words, wording_of
from tastemaker.explain.prompt import digest
from tastemaker.lifecycle import Project
from tastemaker.store import Store
from tastemaker.store.answers import Answers

from .conftest import PAGES
from .others import feeling, sounding
from .test_pages import said

Show = Callable[..., Any]
NAMES = sorted(file.stem for file in PAGES.glob("*.py"))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sounding(tmp_path_factory.mktemp("stage"))


@pytest.fixture(scope="module")
def feel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return feeling(tmp_path_factory.mktemp("feel"))


@pytest.mark.parametrize("page", NAMES)
@pytest.mark.parametrize("world", ["stage", "feel"])
def test_a_page_opens(page: str, world: str, show: Show, request: pytest.FixtureRequest) -> None:
    app = show(page, request.getfixturevalue(world))
    assert not app.exception
    assert not app.error
    assert [title.value for title in app.title] == [words.PAGES[page][0]]


def test_sound_has_a_map_and_sentences_of_what_goes_together(stage: Path, show: Show) -> None:
    app = show("discover", stage, read_only=True)
    app.text_input(key="search").set_value("track 12").run()
    app.button(key="add t12").click().run()
    assert not app.exception
    assert "two directions in which they differ most" in said(app)
    assert "Track 12" in said(app)
    assert "Or choose" not in str([box.label for box in app.selectbox])


def test_a_feeling_is_read_and_shown_with_its_shares(feel: Path, show: Show) -> None:
    app = show("discover", feel, read_only=True)
    app.text_area(key="feeling").set_value("I feel so sad and lonely today").run()
    assert not app.exception
    assert words.DETECTED.format(block="emotion") in said(app)
    assert "sadness" in said(app) or "sad " in said(app)
    assert ">mapping</span>" in said(app)  # who spoke, where the parts of a model take turns


def test_a_label_is_chosen_and_an_unknown_one_noted(feel: Path, show: Show) -> None:
    store = Store.open(feel)
    answers = Answers.open(store)
    labels = ability(answers).context["emotion"]
    sure = discover.ask(answers, discover.Person(labels={"emotion": labels[0]}))
    assert sure.context["emotion"][labels[0]] == 1.0
    assert sure.slate.spoke == "mapping"
    assert {row["share"] for row in sure.rows} == {None}  # all score the same: there is nothing to compare
    assert not sure.notes
    strange = discover.ask(answers, discover.Person(labels={"emotion": "grumpish"}))
    assert "'grumpish' is no emotion that is known" in strange.notes[0]
    assert "emotion" not in strange.context
    store.close()
    app = show("discover", feel, read_only=True)
    app.selectbox(key="label emotion").set_value(labels[0]).run()
    assert not app.exception
    assert f"{labels[0]} 100%" in said(app)


def test_the_words_of_a_model_are_shown_with_its_name(feel: Path) -> None:
    store = Store.open(feel)
    answers, person = Answers.open(store), discover.Person(labels={"emotion": "sad"}, n=3)
    before = discover.ask(answers, person)
    assert [row["words_by"] for row in before.rows] == ["", "", ""]
    wording = wording_of(store.recipe())
    found = explain(answers, before.query, before.slate).evidence[0]
    words_kept = "Since you sound sad, this suits the moment."
    kept_words(store).put(digest(found, wording), words_kept)
    after = discover.ask(answers, person).rows[0]
    assert after["why"].startswith(words_kept)
    assert after["words_by"] == wording.model
    store.close()


@pytest.mark.parametrize("world", ["stage", "feel"])
def test_a_file_is_checked_by_the_columns_of_the_recipe(world: str, request: pytest.FixtureRequest) -> None:
    with Project.open(request.getfixturevalue(world)) as project:
        assert checking.catalog_columns(project.store.recipe()) == project.recipe.catalog
        assert checking.event_columns(project.store.recipe()) == project.recipe.events
