"""What a search found, in numbers, as a picture and as one page."""

import json
import re
from dataclasses import replace

import pytest

from tastemaker.algorithms import BiasedMF, ItemKNN
from tastemaker.metrics import Interval
from tastemaker.tune import plan, report, search, space_of
from tastemaker.tune.picture import drawn, page, png, said
from tastemaker.tune.report import Gain
from tastemaker.watch import Watch

from .hills import Hill


@pytest.fixture(scope="module")
def told():
    made = plan(BiasedMF(), "random", 60, seed=2, rungs=(1.0,))
    trials = search(made, Hill(fails=100), Watch())
    gain = Gain(-3.0, 0.5, Interval(3.5, 3.1, 3.9))
    return report("random_20261120_165747", "mf <x>", "random", "height", True, "a hill", 60, made.space, trials, gain)


def test_best_so_far_never_falls(told):
    line = told.best_so_far()
    values = [value for _, value in line]
    assert values == sorted(values)
    assert values[-1] == told.best.value
    assert line[0] == (0, told.present.value)
    assert len(line) == 60


def test_the_field_that_counts_most_is_named_first(told):
    assert next(iter(told.importance)) == "l2"
    assert sum(told.importance.values()) == pytest.approx(1.0)
    assert told.importance["epochs"] < 0.5 * told.importance["l2"]
    assert next(iter(told.slices())) == "l2"
    assert len(told.slices()["nu"]) == told.count("done") < 60


def test_too_few_trials_say_nothing_of_importance(told):
    few = report("s", "m", "random", "height", True, "", 60, told.space, told.trials[:5])
    assert few.importance == {}
    assert (
        few.unranked == f"Which settings matter cannot be told from {few.count('done')} whole trials; 10 are the least."
    )
    assert few.unranked in page(few, b"")
    assert few.as_json()["unranked"] == few.unranked
    assert told.unranked == ""
    assert list(few.slices()) == list(told.space)
    assert few.gain is None
    assert png(few).startswith(b"\x89PNG")


def test_best_hp_is_json(told):
    hp = json.loads(json.dumps(told.best_hp()))
    assert hp["settings"] == told.best.params
    assert hp["present"]["settings"] == told.present.params
    assert hp["gain"]["gain"] == {"mean": 3.5, "low": 3.1, "high": 3.9}
    assert (hp["study"], hp["metric"], hp["protocol"]) == ("random_20261120_165747", "height", "a hill")
    assert "test data were not read" in hp["note"]
    whole = json.loads(json.dumps(told.as_json()))
    assert len(whole["trials"]) == 60
    assert BiasedMF(**hp["settings"]).l2 == told.best.params["l2"]


def test_changes_are_what_differs(told):
    changes = told.changes()
    assert changes["l2"] == (0.05, told.best.params["l2"])
    assert told.present.params.keys() >= changes.keys()


def test_a_page_needs_nothing_else(told):
    picture = png(told)
    assert picture.startswith(b"\x89PNG")
    text = page(told, picture)
    assert re.findall(r"(?:src|href)=\"(?!data:image/png;base64,)", text) == []
    assert "http" not in text
    assert "<h1>Tuning mf &lt;x&gt;</h1>" in text
    assert text.count("<tr>") == 1 + 5 + 1 + 60
    assert "better by +3.5000 [+3.1000, +3.9000], and the interval is above 0" in text


def test_fields_are_called_as_people_call_them_and_their_paths_stay_for_programs(told):
    path = next(iter(told.slices()))
    one = replace(told, names={path: "mf.the_field"})
    text = page(one, b"")
    assert f">{path}<" in page(told, b"")
    assert f">{path}<" not in text
    assert text.count(">mf.the_field<") == 2  # beside the present settings, and above the trials
    assert one.as_json()["names"][path] == one.best_hp()["names"][path] == "mf.the_field"
    assert path in one.as_json()["space"]
    assert told.name(path) == path
    figures = [text.get_text() for axes in drawn(one).axes for text in (*axes.get_yticklabels(), axes.xaxis.label)]
    assert figures.count("mf.the_field") == 2
    assert path not in figures


def test_what_is_said(told):
    assert said(told).startswith("60 of 60 trials (")
    unsure = replace(told, gain=Gain(0.0, 0.1, Interval(0.1, -0.2, 0.4)))
    assert "the interval holds 0, so it may be chance" in said(unsure)
    alone = replace(told, trials=told.trials[:1], gain=None)
    assert said(alone).endswith("the present settings are the best: height " + f"{told.present.value:.4g}.")
    none = replace(told, trials=[replace(told.trials[0], state="failed", value=None)])
    assert said(none) == "1 of 60 trials (0 whole, 0 pruned, 1 failed); none came to its end."
    assert none.changes() == {}


def test_words_have_slices_too():
    space = space_of(ItemKNN())
    trials = [replace(t, number=n) for n, t in enumerate([_trial(space, "cosine", 0.1), _trial(space, "bm25", 0.2)])]
    told = report("s", "knn", "random", "ndcg@20", True, "", 2, space, trials)
    assert [value for value, _ in told.slices()["weighting"]] == ["cosine", "bm25"]
    assert png(told).startswith(b"\x89PNG")


def _trial(space, weighting, value):
    from tastemaker.tune import Trial, values_of

    return Trial(0, {**values_of(ItemKNN(), space), "weighting": weighting}, "done", value)
