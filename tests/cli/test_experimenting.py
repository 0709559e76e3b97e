"""The life of an experiment on the command line: planned, started, looked at, stopped; in words and in JSON."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from tastemaker.lifecycle import Project
from tastemaker.store import experiments
from tastemaker.store.experiments import Experiment, running

from ..experiment.made import crowd
from ..shops import real_rankings, write_rankings
from .conftest import Run
from .test_bad_input import refused


@pytest.fixture(autouse=True)
def salted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same users are dealt alike in every run of these tests."""
    monkeypatch.setattr(experiments, "uuid4", lambda: UUID(int=7))


def meet(project: Project, n: int, lift: float = 0.0) -> Experiment:
    with project.store.begin() as conn:
        found = running(conn)
        assert found is not None
        crowd(conn, found, n, lift)
    return found


def state(run: Run, version: int) -> str:
    return str(run("versions", "--json").json[version]["state"])


def test_an_experiment_from_plan_to_end(run: Run, here: Project) -> None:
    done = run("experiment", "plan", "2", "--effect", "20%")
    assert done.out.startswith(
        "To find 0.1 on like_accuracy (0.5 is assumed, for want of outcomes: the widest case): 1864"
    )
    assert "would need 1051; the rest is the price of looking any day." in done.out
    done = run("experiment", "start", "2", "1", "--effect", "0.1", "--guard", "like_rate=30%", "--share", "0.4")
    assert done.code == 0, done.err
    assert "Experiment 1: version 1 answers 40% of the users, version 2 the rest." in done.out
    assert (state(run, 1), state(run, 2)) == ("challenger", "active")
    assert (
        "Too early: 0 and 0 users so far whose outcomes tell “outcomes foretold rightly”"
        in run("experiment", "report").out
    )
    meet(here, 150)
    done = run("experiment", "report")
    for words in (
        "Experiment 1 (running), since",
        "always valid (decides)",
        "fixed horizon, one look",
        "Sample ratio: fine (40% due in treatment, ",
        "Bayesian view: treatment better with ",
        "Until the planned precision: ",
        "The always-valid interval may be looked at any day",
        "The price is power at small differences",
        "No difference shown yet: outcomes foretold rightly ",
    ):
        assert words in done.out
    assert re.search(r"like_rate +30% +[+-]\d+\.\d{4} \[-\d+\.\d{4}, \+\d+\.\d{4}\] +holds", done.out)
    done = run("experiment", "stop", "--why", "enough")
    assert done.out.startswith("Experiment 1 has ended; the active version answers everybody. No difference shown yet")
    assert state(run, 1) == "candidate"
    done = run("experiment", "report", "1")
    assert re.search(r"^Ended \d{4}-\d\d-\d\d \d\d:\d\d: enough$", done.out, re.MULTILINE)
    assert "The database is whole" in run("db", "check").out


def test_every_answer_is_json(run: Run, here: Project) -> None:
    assert run("experiment", "plan", "2", "--json").json["users"] > 1000
    started = run("experiment", "start", "2", "1", "--guard", "like_rate", "--json").json
    assert (started["id"], started["control"], started["treatment"], started["state"]) == (1, 2, 1, "running")
    assert started["settings"]["guards"] == [{"metric": "like_rate", "limit": {"value": 0.0, "relative": False}}]
    found = run("experiment", "report", "--json").json
    assert found["verdict"]["kind"] == "early"
    assert found["lift"]["points"]["low"] is None
    meet(here, 900, lift=-0.3)
    found = run("experiment", "report", "--json").json
    assert found["verdict"]["kind"] == "stopped"
    assert found["experiment"]["state"] == "stopped"
    assert found["guards"][0]["broken"] is True
    assert found["lift"]["points"]["high"] < 0
    assert found["price"].startswith("The always-valid interval")
    assert "No experiment is running" in refused(run("experiment", "stop"))
    assert run("experiment", "start", "0", "1", "--json").json["id"] == 2
    assert run("experiment", "stop", "--json").json["experiment"]["reason"] == "by hand"


def test_what_is_refused(run: Run, here: Project) -> None:
    assert "There is no experiment yet. Start one" in refused(run("experiment", "report"))
    assert "Version 2 cannot be compared with itself" in refused(run("experiment", "start", "2", "2"))
    assert "No version has the number 12" in refused(run("experiment", "plan", "12"))
    assert "No slate was shown with exploration" in refused(run("experiment", "estimate", "1"))
    assert "0 users with outcomes are too few to draw from (needed: 30)" in refused(run("experiment", "validate"))
    assert "There are no real events to learn from" in refused(run("experiment", "pretrained"))
    run("experiment", "start", "2", "1")
    assert "Experiment 1 (version 2 against 1) is running" in refused(run("experiment", "start", "2", "0"))
    assert "Experiment 1 is running, and only one can" in refused(run("experiment", "pretrained"))


def test_simulations_on_the_projects_own_users(run: Run, here: Project) -> None:
    write_rankings(Path("ranks.csv"), real_rankings(here))
    run("import", "ranks.csv")
    assert "All 60 users have the same like_rate, so chance decides nothing" in refused(run("experiment", "validate"))
    stars = [(user, item, 1 + (n * n) % 5) for n, (user, item, _) in enumerate(real_rankings(here, seed=1))]
    write_rankings(Path("r.csv"), [(f"{user}{n % 7}", i, s) for n, (user, i, s) in enumerate(stars)], "rating")
    run("import", "r.csv")
    done = run("experiment", "validate", "--sims", "200")
    assert re.search(r"Users drawn from \d{3} of this project \(like_rate: likes among their events", done.out)
    assert re.search(
        r"False alarms: \d\.\d% with the always-valid interval, however often one looks; \d+\.\d% when", done.out
    )
    assert "The difference is the price of looking any day." in done.out
    run("experiment", "start", "2", "1")
    meet(here, 300)
    found = run("experiment", "validate", "--sims", "200", "--looks", "5", "--json").json
    assert (found["source"], found["users"], found["alike"]["looks"]) == ("tracked outcomes", 300, 5)
    assert found["alike"]["always_valid"] <= 0.05
    assert [round(run["lift"], 1) for run in found["better"][:2]] == [0.2, 0.1]


def test_pretrained_against_a_random_start_is_one_command(run: Run, here: Project) -> None:
    write_rankings(Path("r.csv"), real_rankings(here))
    run("import", "r.csv")
    assert "did you mean 'like_rate'" in refused(run("experiment", "pretrained", "--metric", "likerate"))
    said = refused(run("experiment", "pretrained", "--version", "1"))
    assert said.startswith("Version 1 is content, which pre-training teaches nothing here")
    assert "Version 0 (content) was not pre-trained" in refused(run("experiment", "pretrained", "--version", "0"))
    done = run("experiment", "pretrained", "--quiet")
    assert done.code == 0, done.err
    assert "Experiment 1: version 3 answers 50% of the users, version 4 the rest." in done.out
    tuned, plain = run("versions", "--json").json[3:]
    assert (tuned["algorithm"], tuned["parent"], plain["algorithm"], plain["parent"]) == ("bpr", 2, "bpr", 0)
    assert (plain["state"], plain["params"]["epochs"]) == ("challenger", tuned["params"]["epochs"])
    assert re.fullmatch(r"real:[45]\d\d synthetic:0", plain["data_digest"])
    with here.store.read() as conn:
        found = running(conn)
    assert found is not None
    assert found.reason == "pre-trained (version 3) against a random start (version 4)"
    run("experiment", "stop")
    done = run("experiment", "pretrained", "--version", "3", "--quiet")  # which real users have taught already
    assert "Experiment 2: version 3 answers 50% of the users, version 5 the rest." in done.out


@pytest.mark.parametrize("command", ["plan", "start", "report", "stop", "validate", "pretrained", "estimate"])
def test_help_is_one_sentence_and_every_option_explained(run: Run, command: str) -> None:
    assert run("experiment", command, "--help").code == 0


def test_a_version_that_answers_and_is_in_neither_arm_is_named(run: Run, here: Project) -> None:
    answers = next(one["id"] for one in run("versions", "--json").json if one["state"] == "active")
    first, second = [one["id"] for one in run("versions", "--json").json if one["id"] != answers][:2]
    said = run("experiment", "start", str(first), str(second)).out
    assert f"Version {answers}, which answers now, is in neither arm" in " ".join(said.split())
    run("experiment", "stop")
    assert "neither arm" not in run("experiment", "start", str(first), str(answers)).out
