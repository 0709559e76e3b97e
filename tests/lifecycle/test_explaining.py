"""explain: of a question, of an answer that was kept, and by a language model in a job of its own."""

from dataclasses import replace
from pathlib import Path
from time import sleep, time

import pytest

from tastemaker.data.query import Query
from tastemaker.errors import QueryError
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.explaining import start_words
from tastemaker.store import add_job, end_job, find_job
from tastemaker.store.slates import put_slate

from ..explain.llama import tiny_llama
from ..shops import edit, write_rankings


def shown(project: Project, query: Query) -> int:
    """The number of an answer, kept as the service keeps it."""
    slate = project.answers.recommender.recommend([query])[0]
    with project.store.begin() as conn:
        return put_slate(conn, query, slate, int(time()))


def asked(project: Project) -> Query:
    first = project.catalog().items.ids[3]
    return project.answers.query(likes=[first], taste={"woody": 0.9, "sweet": 0.1}, n=5)


def with_model(project: Project, name: str) -> None:
    file = project.store.root / "recipe.toml"
    file.write_text(file.read_text("utf-8") + f'\n[explain]\nmodel = "{name}"\ntokens = 8\n', "utf-8")
    project.__dict__.pop("recipe", None)
    assert project.recipe.explain.model == name


def job(project: Project, **arguments: object) -> int:
    with project.store.begin() as conn:
        return add_job(conn, "words", arguments, int(time()))


def test_every_item_is_explained_by_numbers_that_add_up(taught: Project) -> None:
    query = asked(taught)
    found = taught.explain(likes=query.likes, taste=query.profile, n=5)
    assert len(found.words) == len(found.evidence) == 5
    assert set(found.sources) == {"template"}
    for each in found.evidence:
        assert each.base + sum(c.weight for c in each.counted) == pytest.approx(each.score, abs=1e-4)
        assert {c.kind for c in each.counted} <= {"taste", "item"}


def test_it_counts_the_real_users_who_have_both(taught: Project, tmp_path: Path) -> None:
    ids = taught.catalog().items.ids
    found = taught.explain(likes=[ids[3]], n=1).evidence[0]
    assert [c.both for c in found.counted] == [0]
    rows = [("ann", found.item, 1), ("ann", ids[3], 2), ("bob", found.item, 1), ("bob", ids[3], 1), ("cid", ids[3], 1)]
    taught.import_(write_rankings(tmp_path / "r.csv", rows))
    taught.synthesize(users=30, rankings=10)
    found = taught.explain(likes=[ids[3]], n=1).evidence[0]
    assert [c.both for c in found.counted] == [2]


def test_an_answer_that_was_kept_is_explained_as_it_was_given(taught: Project) -> None:
    query = asked(taught)
    before = taught.explain(likes=query.likes, taste=query.profile, n=5)
    number = shown(taught, query)
    after = taught.explain(slate=number)
    assert after.words == before.words
    assert after.slate.items == before.slate.items
    taught.activate(1)  # another version answers now; this one explains what it chose
    again = taught.explain(slate=number)
    assert again.slate.version == "2"
    assert again.words == before.words
    with pytest.raises(QueryError, match="No slate has the number 99"):
        taught.explain(slate=99)


def test_an_item_that_was_delisted_since_keeps_its_place(taught: Project) -> None:
    number = shown(taught, asked(taught))
    items = taught.explain(slate=number).slate.items
    taught.set_available(items[1], False)
    found = taught.explain(slate=number)
    assert found.slate.items == items
    assert found.evidence[1].counted == ()
    assert found.evidence[1].unexplained == pytest.approx(found.evidence[1].score)
    assert found.evidence[2].counted


def test_the_order_is_that_of_the_answer_also_where_chance_had_a_say(taught: Project) -> None:
    query = asked(taught)
    slate = taught.answers.recommender.recommend([query])[0]
    turned = replace(slate, items=slate.items[::-1], scores=slate.scores[::-1], propensities=(0.5,) * 5)
    with taught.store.begin() as conn:
        number = put_slate(conn, query, turned, 0)
    assert taught.explain(slate=number).slate.items == turned.items
    assert [round(s, 4) for s in taught.explain(slate=number).slate.scores] == [round(s, 4) for s in turned.scores]


def test_a_job_asks_the_model_of_the_recipe_and_refuses_its_nonsense(taught: Project) -> None:
    pytest.importorskip("transformers")
    with_model(taught, "tiny")
    tiny_llama(taught.store.root / "tiny")
    number = shown(taught, asked(taught))
    before = taught.explain(slate=number).words
    done = taught.run_job(job(taught, slates=[number], recent=3))
    assert done.state == "done"
    assert done.result is not None
    assert done.result["reason"].startswith("0 sentences found, ")
    assert taught.explain(slate=number).words == before
    again = taught.run_job(job(taught, slates=[number]))
    assert again.result is not None
    assert "0 refused by the evidence" in again.result["reason"]  # nothing is asked twice


def test_words_that_passed_are_shown_and_what_speaks_against_stays_said(taught: Project) -> None:
    """What a model found is in the cache; here somebody else wrote it there."""
    from tastemaker.explain.explainer import kept_words, wording_of
    from tastemaker.explain.prompt import digest

    number = shown(taught, asked(taught))
    found = taught.explain(slate=number)
    wording = wording_of(taught.store.recipe())
    key = digest(found.evidence[0], wording)
    assert key is not None
    kept_words(taught.store).put(key, "You asked for woody, and this suits it.")
    better = taught.explain(slate=number)
    assert better.words[0].startswith("You asked for woody, and this suits it.")
    assert better.sources[0] == wording.model
    kept_words(taught.store).put(key, "You asked for woody, and this is our best one.")
    assert taught.explain(slate=number).words == found.words


def test_a_model_that_is_missing_fails_the_job_once_and_the_template_stays(taught: Project) -> None:
    pytest.importorskip("transformers")
    with_model(taught, "nowhere/at-all")
    number = shown(taught, asked(taught))
    before = taught.explain(slate=number).words
    id_ = job(taught, slates=[number])
    done = taught.run_job(id_)
    assert done.state == "failed"
    assert "The language model 'nowhere/at-all' is not on this machine. Name a folder" in (done.error or "")
    assert taught.explain(slate=number).words == before
    assert start_words(taught.store, recent=5) == id_  # said once: not tried again at every request


def test_one_job_works_at_a_time_and_one_that_never_began_is_forgotten(taught: Project) -> None:
    waiting = job(taught, recent=1)
    assert start_words(taught.store, recent=1) == waiting
    with taught.store.begin() as conn:
        end_job(conn, waiting, "cancelled", int(time()), None, "by hand")
    begun = start_words(taught.store, recent=0)
    assert begun != waiting
    for _ in range(300):  # a process of its own: no answer is kept, so there is nothing to say
        with taught.store.read() as conn:
            found = find_job(conn, begun)
        if found.state not in ("queued", "running"):
            break
        sleep(0.1)
    assert (found.state, found.error) == ("done", None)


def test_a_recipe_with_a_wording_that_makes_no_sense_is_refused(taught: Project, tmp_path: Path) -> None:
    from tastemaker.errors import RecipeError
    from tastemaker.recipe import read_recipe

    file = taught.store.root / "recipe.toml"
    edit(file, {r"\[rules\]": '[explain]\nmodle = "x"\n[rules]'})
    with pytest.raises(RecipeError, match="no key 'modle'; did you mean 'model'"):
        read_recipe(file)
