"""The commands of a recipe of moments, as somebody types them."""

import re
import subprocess
import sys
import tomllib
from importlib import resources

import pytest

from ..lifecycle.moments import some_clicks, user_data

with resources.files("tastemaker.recipes").joinpath("mood.toml").open("rb") as file:
    MAPPED = tomllib.load(file)["context"]["emotion"]["mapping"]


@pytest.fixture
def feel(run, monkeypatch, tmp_path):
    from ..lifecycle.moments import new_moments

    root = new_moments(tmp_path)
    monkeypatch.chdir(root)
    return root


def test_the_story_from_a_feeling_to_a_network(run, feel):
    text = ("--text", "I cried all night and I miss her")
    first = run("recommend", *text, "-n", 3)
    assert first.code == 0
    assert "sad (0." in first.out
    assert "· mapping, version 0" in first.out
    assert re.search(r"^sad \(0\.\d\d\), which asks for (comedy|music|pets)", first.out, re.MULTILINE)  # once
    assert re.search(r" 1 .* 100% +(Comedy|Music|Pets) suits “sad” \(0\.\d\d\)\.", first.out)
    assert "Scores and weights are logarithms" in run("recommend", *text, "-n", 3, "--explain").out
    found = run("recommend", *text, "--json", "-n", 400).json
    for one in found["evidence"]:
        moved = sum(c["weight"] for c in one["counted"])
        assert abs(one["score"] - one["base"] - moved) < 1e-4
        wants = [c for c in one["counted"] if c["suits"]]
        assert all(c["suits"] in MAPPED[c["name"]] and c["weight"] > 0 for c in wants)
    assert sum(any(c["suits"] for c in one["counted"]) for one in found["evidence"]) > 3
    assert "no network has been trained yet" in first.out
    refused = run("train")
    assert refused.code == 1
    assert "0 choices, and a network needs 10: 10 more are missing" in refused.err
    lived = run(
        "synthesize", "--users", 5, "--emotion-logs", 50, "--clicks", 20, "--interactions", 30, "--days", 30, "--json"
    )
    assert (lived.json["feelings"], lived.json["clicks"], lived.json["interactions"]) == (250, 100, 150)
    assert lived.json["patterns"]["late"] == 0
    assert run("train").code == 0
    told = run("recommend", *text, "--json", "-n", 3).json
    assert told["spoke"] in ("mapping", "neural")
    assert next(iter(told["context"]["emotion"])) == "sad"
    assert len(told["why"]) == 3
    given = run("recommend", "-c", "emotion=sad:0.7", "-c", "emotion=happy:0.3", "--json").json
    assert list(given["context"]["emotion"].items())[:2] == [("sad", 0.7), ("happy", 0.3)]
    assert run("recommend", "-c", "emotion=sad:x").code == 2


def test_another_program_s_tables_are_shown(run, feel):
    from tastemaker.lifecycle import Project

    with Project.open(feel) as project:
        clicks = some_clicks(project, 4)
    (feel / "user_data.db").unlink(missing_ok=True)
    user_data(feel / "user_data.db", [*clicks, ("ann", "nothing", "Music", "sad", 5)])
    found = run("sync")
    assert "1 rows lost: an item that the catalog does not hold" in found.out
    assert run("sync", "--json").json["tables"][0]["added"] == 0
    assert "rows of other tables" in run("forget", "ann").out


def test_a_recipe_without_days_refuses_their_options(run, here):
    assert "has no [life]" in run("synthesize", "--clicks", 3).err
    assert "has no [context.NAME]" in run("train-emotion").err
    assert "has no [context.NAME]" in run("recommend", "--text", "so sad").err


def test_an_answer_from_a_text_loads_nothing_that_trains(feel):
    script = "import sys; sys.argv = ['tastemaker', 'recommend', '--text', 'so sad', '-n', '2', '--json']\n"
    script += "try:\n    from tastemaker.cli import main; main()\nexcept SystemExit as e:\n    assert not e.code\n"
    script += "sys.stderr.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=feel)
    loaded = set(done.stderr.split("\n"))
    heavy = {
        "torch",
        "numba",
        "polars",
        "matplotlib",
        "sentence_transformers",
        "scipy.optimize",
        "numpy.f2py",
        "unittest",
    }
    heavy |= {f"tastemaker.{room}" for room in ("algorithms", "synth", "lifecycle", "recipe", "features", "testing")}
    assert "tastemaker.text" in loaded
    assert loaded & heavy == set()


def test_the_demonstration_ends_with_a_network_that_explains_itself(run):
    done = run("demo", "mood", "--json")
    assert done.code == 0
    told = done.json
    assert (told["active"], told["spoke"]) == ("1", "neural")
    assert next(iter(told["context"]["emotion"])) == "sad"
    assert len(told["items"]) == len(told["why"]) == 5
