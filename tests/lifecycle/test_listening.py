"""Plays, numbers, and a network between them: trained, resumed, asked, pruned; and before there is any play."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

pytest.importorskip("torch")

from tastemaker.algorithms import Hybrid
from tastemaker.errors import QueryError, TrainingError
from tastemaker.explain import sentences
from tastemaker.lifecycle import Project
from tastemaker.lifecycle.candidates import IDS
from tastemaker.lifecycle.learn_events import chosen_models
from tastemaker.lifecycle.under_way import FILE
from tastemaker.store import list_runs
from tastemaker.store.alike import DESCRIBED, tower_of
from tastemaker.store.answers import Answers

from ..listening import ITEMS, NUMBERS, begun, rows, world

HERE = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.lifecycle.killed_training"]


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listening")
    with begun(folder) as project:
        project.train()
    return folder / "stage"


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Iterator[Project]:
    """Versions of embedding, graph and hybrid, the best first."""
    copytree(trained_once, tmp_path / "copy")
    with Project.open(tmp_path / "copy") as project:
        yield project


def version_of(project: Project, name: str):
    return next(v for v in project.versions() if v.algorithm == name)


def test_a_version_holds_what_it_is_made_of(trained: Project):
    version = version_of(trained, "hybrid")
    manifest, arrays = trained.store.artifacts.get(version.artifact, version.id)
    assert tuple(bytes(arrays[IDS]).decode().split("\0")) == trained.catalog().items.ids
    kept = trained.store.artifacts.get(manifest["features"], version.id)[0]["fitted"]["numbers"]
    assert len(kept["mean"]) == len(kept["deviation"]) == len(NUMBERS) + 1
    assert {"loss", "valid_loss", "recall", "epoch"} <= set(manifest["curve"][0])
    assert [entry["epoch"] for entry in manifest["curve"]] == [1, 2, 3]
    with trained.store.read() as conn:
        assert list_runs(conn, version.id)[0].curve == manifest["curve"]
    parts = manifest["checkpoints"]["parts"]
    assert parts
    for name, index in parts.items():
        for entry in index["checkpoints"]:
            assert (trained.store.root / manifest["checkpoints"]["folder"] / name / entry["file"]).exists()
    assert (trained.store.root / "plots" / f"version-{version.id}-training.png").stat().st_size > 5000


def test_checkpoints_of_the_judged_are_gone_and_those_of_a_version_go_with_it(trained: Project):
    folders = {v.metrics["checkpoints"]["folder"] for v in trained.versions() if v.metrics.get("checkpoints")}
    there = {str(f.relative_to(trained.store.root)) for f in (trained.store.root / "cache/checkpoints").iterdir()}
    assert there == folders
    assert len(folders) == 2
    newest = trained.versions()[-1]
    trained.activate(newest.id)
    for version in trained.versions()[1:-1]:
        assert version.artifact
    gone = set(trained.prune(keep=1).versions)
    left = {f.name for f in (trained.store.root / "cache/checkpoints").iterdir()}
    kept = [v for v in trained.versions() if v.metrics.get("checkpoints") and v.id not in gone]
    assert gone
    assert left == {Path(v.metrics["checkpoints"]["folder"]).name for v in kept}


@pytest.mark.parametrize("which", ["artifact", "judged_artifact"])
def test_the_hybrid_takes_its_members_as_they_were_learned_alone(trained: Project, which: str):
    """Learned once for both versions, in judging and in deploying: the same bytes."""
    alone, both = (
        trained.store.artifacts.get(getattr(version_of(trained, name), which))[1] for name in ("embedding", "hybrid")
    )
    theirs = {name: array for name, array in both.items() if name.startswith("content/")}
    assert theirs
    for name, array in theirs.items():
        assert array.tobytes() == alone[name.removeprefix("content/")].tobytes(), name


def test_settings_reach_the_members(trained: Project):
    options = {"epochs": 7, "held_out": 0.3, "dim": 4}
    model = chosen_models(trained.recipe, ["hybrid"], options)["hybrid"]
    assert isinstance(model, Hybrid)
    assert (model.held_out, model.members[0].held_out, model.members[0].epochs) == (0.3, 0.3, 7)
    with pytest.raises(QueryError, match="has a setting 'epoch'"):
        chosen_models(trained.recipe, ["hybrid"], {"epoch": 7})


def test_similar_goes_through_what_was_learned(trained: Project):
    trained.activate(version_of(trained, "hybrid").id)
    answers = Answers.open(trained.store)
    tower = tower_of(answers.recommender.levels[0].scorer)
    assert tower is not None
    near = tower.near.vectors @ tower.near.vectors[7]
    near[7] = -np.inf
    slate = answers.similar(["Thing 7"], n=5)
    assert slate.items == tuple(answers.catalog.items.ids[i] for i in np.argsort(-near, kind="stable")[:5])
    assert slate.level == "active"
    for score, reasons in zip(slate.scores, slate.reasons, strict=True):
        assert sum(reason.weight for reason in reasons) == pytest.approx(score, rel=1e-5)
    told = dict(zip(slate.items, sentences(slate, answers.catalog, called=answers.called), strict=True))
    lists = {tuple(sorted((a, b))) for a, b in _met(trained)}
    for item, sentence in told.items():
        assert ("same lists" in sentence) == (tuple(sorted(("t7", item))) in lists), sentence


def _met(project: Project):
    data = project.dataset()
    ids, mine = data.catalog.items.ids, {}
    for user, item in zip(data.events.user, data.events.item, strict=True):
        mine.setdefault(user, set()).add(ids[item])
    return [("t7", other) for items in mine.values() if "t7" in items for other in items]


def test_another_version_places_what_is_described_where_the_active_one_cannot(trained: Project):
    graph, embedding, hybrid = (version_of(trained, name).id for name in ("graph", "embedding", "hybrid"))
    trained.activate(graph)
    described = Answers.open(trained.store).describing({"a": "0.4"})
    slate = described.similar([DESCRIBED], n=3)
    assert (slate.level, slate.version) == ("placing", str(max(embedding, hybrid)))
    assert slate.level_reason == f"version {graph} has not learned to place an item by its features"
    with trained.store.begin() as conn:  # what can is pruned, so the command that makes one is named
        conn.exec_driver_sql(f"UPDATE model_versions SET artifact = '' WHERE id IN ({embedding}, {hybrid})")
    with pytest.raises(QueryError, match="Run: tastemaker train --model embedding"):
        Answers.open(trained.store).describing({"a": "0.4"})


def test_a_recipe_without_a_model_that_places_items_is_told_what_to_add(new: Project):
    with pytest.raises(QueryError, match=r"Add a model to recipe.toml: \[models.embedding\] with algorithm"):
        new.answers.describing({"brand": "x"})


def test_what_is_only_described_has_neighbors_and_so_has_what_nobody_has_met(trained: Project, tmp_path: Path):
    trained.activate(version_of(trained, "embedding").id)
    numbers = world().numbers
    answers = Answers.open(trained.store)
    said = {name: str(value) for name, value in zip(NUMBERS, numbers[7], strict=True)} | {"maker": "maker 2"}
    described = answers.describing(said)
    slate = described.similar([DESCRIBED], n=3)
    assert slate.items[0] == "t7"
    assert slate.scores[0] == pytest.approx(1.0, abs=1e-4)
    assert DESCRIBED in sentences(slate, described.catalog)[0]
    with pytest.raises(QueryError, match="'makr'; did you mean 'maker'"):
        answers.describing({"makr": "x"})
    with pytest.raises(QueryError, match="give a number"):
        answers.describing({"a": "much"})
    loud = [("new", "Thing new", "maker 2", *numbers[7]), ("far", "Thing far", "", *(numbers[7] + 900.0))]
    trained.import_catalog(rows(tmp_path / "more.csv", ("thing_id", "title", "maker", *NUMBERS), loud))
    assert trained.answers.similar(["new"], n=1).items == ("t7",)  # by the means of then, whatever came with it


def test_nothing_plays_yet_so_users_are_invented_and_leave_when_real_ones_come(tmp_path: Path):
    with begun(tmp_path, plays=False) as project:
        done = project.train(models=("embedding",))
        assert done.why.startswith("learned from invented users")
        (version,) = done.versions
        assert (version.events_real, version.events_synthetic > 0) == (0, True)
        assert project.dataset(synthetic=False).events.user.size == 0
        assert project.dataset().events.synthetic.all()
        project.import_(tmp_path / "files" / "plays.csv")
        (version,) = project.train(models=("embedding",)).versions
        assert (version.events_real > 0, version.events_synthetic) == (True, 0)


def test_there_is_nothing_to_resume(trained: Project):
    with pytest.raises(TrainingError, match="No training was interrupted"):
        trained.train(resume=True)
    with pytest.raises(QueryError, match="no model of this recipe"):
        trained.train(models=("embeding",))
    assert not list(trained.store.root.rglob(FILE))


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_and_resumed_ends_with_the_same_bytes(tmp_path: Path, kills: int):
    with begun(tmp_path / "straight") as project:
        whole = project.train(options={"epochs": 4}, models=("embedding", "hybrid")).versions[0]
    begun(tmp_path / "killed").close()
    command, rng = [*COMMAND, str(tmp_path / "killed" / "stage")], np.random.default_rng()
    for _ in range(kills):
        with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(int(rng.integers(3, 20))):
                process.stdout.readline()
            process.kill()
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"digest {whole.artifact} {whole.judged_artifact}"


def test_one_thing_under_several_ids_is_tied(tmp_path: Path):
    with begun(tmp_path) as project:
        numbers = world().numbers
        again = [(f"again{i}", f"THING {i}!", f"maker {i // 3}", *numbers[i]) for i in (4, 9)]
        project.import_catalog(rows(tmp_path / "again.csv", ("thing_id", "title", "maker", *NUMBERS), again))
        project.import_(rows(tmp_path / "more.csv", ("person", "thing"), [("p0", "again4"), ("p1", "again9")]))
        usage = project.check().usage
        assert usage is not None
        assert (usage.spare, usage.groups) == (2, 2)
        data = project.dataset()
        assert data.catalog.available.sum() == ITEMS
        assert data.events.item.max() < ITEMS
        assert data.catalog.find("thing 4") == 4
        assert sum(usage.kinds.values()) == len(data)
        assert usage.pairs >= usage.surprising > 0
