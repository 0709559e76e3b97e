"""A language model's words: asked once, checked, kept; and what happens without one."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tastemaker.data.query import Query
from tastemaker.errors import Cancelled, MissingExtra, RecipeError
from tastemaker.explain import Wording, sentence
from tastemaker.explain.check import Names
from tastemaker.explain.facts import Facts, facts
from tastemaker.explain.improving import chosen, improve
from tastemaker.explain.kept import Kept
from tastemaker.explain.prompt import digest
from tastemaker.explain.writer import LocalModel
from tastemaker.watch import Watch

from .llama import tiny_llama
from .made import CATALOG, told

ASKED = Query(likes=("a: one",), profile={"woody": 0.9})
FOUND = [told(item, {"item:a: one": 1.0, "taste:woody": 0.5}, ASKED) for item in ("item 1", "item 3", "item 4")]
WORDING = Wording(model="somebody's")


class Scripted:
    """A model that says what it is told to say, and remembers what it was asked."""

    def __init__(self, *said: str) -> None:
        self.said, self.asked = said, list[Facts]()

    def write(self, told: Facts) -> str:
        self.asked.append(told)
        return self.said[(len(self.asked) - 1) % len(self.said)]


def improved(kept: Kept, writer: Scripted, found=FOUND, wording: Wording = WORDING, watch: Watch | None = None):
    return improve(found, CATALOG, wording, kept, lambda: writer, watch)


def test_the_same_facts_are_asked_once_and_what_passes_is_kept(tmp_path: Path) -> None:
    kept, writer = Kept(tmp_path), Scripted("You liked “Night Oud”, and this is woody as you asked. And it goes on")
    first = improved(kept, writer)
    assert (first.found, first.refused, first.known, first.nothing) == (3, 0, 0, 0)
    again = improved(kept, writer)
    assert (again.found, again.known, len(writer.asked)) == (0, 3, 3)
    words = kept.get(digest(FOUND[0], WORDING), FOUND[0], CATALOG, WORDING)
    assert words == "You liked “Night Oud”, and this is woody as you asked."
    assert str(first) == "3 sentences found, 0 refused by the evidence, 0 asked before, 0 left to the template"


def test_what_is_refused_is_not_asked_again_and_the_template_stays(tmp_path: Path) -> None:
    kept, writer = Kept(tmp_path), Scripted("You will love “Rose”, which sells best.")
    done = improved(kept, writer)
    assert (done.found, done.refused) == (0, 3)
    assert "'love' is neither in the evidence nor a plain word" in done.refusals[0][1]
    assert improved(kept, writer).known == 3
    assert kept.get(digest(FOUND[0], WORDING), FOUND[0], CATALOG, WORDING) is None
    refused = [json.loads(file.read_text("utf-8")) for file in tmp_path.glob("*.json")]
    assert all(each["words"] == "" and each["refused"] for each in refused)


def test_another_model_or_other_facts_are_asked_anew(tmp_path: Path) -> None:
    kept, writer = Kept(tmp_path), Scripted("You liked “Night Oud”, so this fits.")
    improved(kept, writer)
    assert improved(kept, writer, wording=replace(WORDING, model="another")).found == 3
    other = told("item 1", {"item:a: one": 1.0}, ASKED)
    assert improved(kept, writer, [other]).found == 1
    lighter = told("item 1", {"item:a: one": 0.9, "taste:woody": 0.45}, ASKED)  # other numbers, the same facts
    assert improved(kept, writer, [lighter]).known == 1


def test_a_file_that_somebody_altered_is_not_believed(tmp_path: Path) -> None:
    kept, key = Kept(tmp_path), digest(FOUND[0], WORDING)
    assert key is not None
    kept.put(key, "You liked “Night Oud”, so buy “Rose” today!")
    assert kept.get(key, FOUND[0], CATALOG, WORDING) is None
    (tmp_path / f"{key}.json").write_text("no json")
    assert kept.read(key) is None
    (tmp_path / f"{key}.json").write_text("[1]")
    assert kept.get(key, FOUND[0], CATALOG, WORDING) is None


def test_the_oldest_make_room(tmp_path: Path) -> None:
    import os

    kept = Kept(tmp_path / "new")
    assert kept.trim(2) == 0
    for n in range(5):
        kept.put(f"{n}", "words")
        os.utime(tmp_path / "new" / f"{n}.json", (n, n))
    assert kept.trim(2) == 3
    assert sorted(file.stem for file in (tmp_path / "new").glob("*")) == ["3", "4"]


def test_nothing_is_loaded_where_nothing_is_to_be_asked(tmp_path: Path) -> None:
    plain = told("item 1", {"base": 1.0}, Query())
    done = improve([plain], CATALOG, WORDING, Kept(tmp_path), lambda: pytest.fail("it was loaded"))
    assert done.nothing == 1


def test_a_job_that_is_stopped_keeps_what_it_found(tmp_path: Path) -> None:
    writer = Scripted("You liked “Night Oud”, so this fits.")
    seen: list[int] = []
    stop = Watch(lambda progress: seen.append(progress.done), lambda: len(seen) == 2)
    with pytest.raises(Cancelled):
        improved(Kept(tmp_path), writer, watch=stop)
    assert improved(Kept(tmp_path), writer).known == 2


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("You liked “Night Oud”, so this fits. You will love it!", "You liked “Night Oud”, so this fits."),
        ("\n\n You liked “Night Oud”, so this fits.\nUser: more", "You liked “Night Oud”, so this fits."),
        ("Sure. You liked “Night Oud”, so this fits.", ""),
        ("You liked “Night Oud”, so this", ""),
        ("", ""),
        ("FACTS You liked “Night Oud”. Both have: tar, LEATHER, oud.", ""),
    ],
)
def test_the_shortest_beginning_that_passes_is_chosen(written: str, words: str) -> None:
    said = facts(FOUND[0], WORDING)
    assert said is not None
    found, why = chosen(written, said, Names.of(CATALOG))
    assert found == words
    assert bool(why) is not bool(words)


@pytest.mark.parametrize("template", [True, False])
def test_a_tiny_llama_is_loaded_offline_and_its_nonsense_refused(
    tmp_path: Path, template: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    tiny_llama(tmp_path / "tiny", template=template)
    wording, kept = Wording(model="tiny", tokens=20), Kept(tmp_path / "words")
    loaded: list[LocalModel] = []

    def opened() -> LocalModel:
        loaded.append(LocalModel.open(wording, tmp_path))
        return loaded[-1]

    done = improve(FOUND, CATALOG, wording, kept, opened)
    assert (done.found, done.refused) == (0, 3)
    said = facts(FOUND[0], wording)
    assert said is not None
    written = loaded[0].write(said)
    assert written  # it does say something
    assert written == loaded[0].write(said)  # and always the same
    assert "</s>" not in written
    assert sentence(FOUND[0]).startswith("Mostly because you liked “Night Oud”")
    assert kept.get(digest(FOUND[0], wording), FOUND[0], CATALOG, wording) is None


def test_a_model_that_is_missing_says_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(RecipeError, match=r"'no/such' is not on this machine.*\[explain\] model.*--download"):
        LocalModel.open(Wording(model="no/such"), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecipeError, match=r"'empty' cannot be loaded \("):
        LocalModel.open(Wording(model="empty"), tmp_path)


def test_a_library_that_is_missing_says_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tastemaker\[llm\]'"):
        LocalModel.open(WORDING)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"tokens": 0}, r"\[explain\] tokens is 0"),
        ({"context": {"emotion": "you are {mood_of_user}"}}, r"\[explain.context\] emotion"),
        ({"context": {"emotion": "you are {label"}}, r"only \{label\} may"),
    ],
)
def test_a_wording_that_makes_no_sense_is_refused(spec: dict[str, object], why: str) -> None:
    with pytest.raises(RecipeError, match=why):
        Wording(**spec)  # type: ignore[arg-type]
