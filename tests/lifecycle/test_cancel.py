"""A job that is cancelled at the last moment changes nothing; one that is past it says that it is done."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest

from tastemaker.errors import Cancelled
from tastemaker.lifecycle import Project, few_choices, pretrain, publishing, train
from tastemaker.store import ModelVersion, Store, add_job, end_job, find_job
from tastemaker.watch import Watch

from ..rated import new_project, rows, world, write_ratings

MODELS = "[models.biases]\n[models.ratingcontent]\ndim = 8\nepochs = 2"


@pytest.fixture(scope="module")
def learned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with ratings that one model has learned from."""
    folder = tmp_path_factory.mktemp("cancel")
    found = world(users=60, items=40)
    root = new_project(folder, found, models=MODELS)
    with Project.open(root) as project:
        project.import_(write_ratings(folder / "ratings.csv", rows(found, each=16)))
        project.train(models=["biases"])
    return root


@pytest.fixture
def project(learned_once: Path, tmp_path: Path) -> Iterator[Project]:
    with Project.open(shutil.copytree(learned_once, tmp_path / "copy")) as opened:
        yield opened


def queued(store: Store, kind: str) -> int:
    arguments = {"retrain": {"reason": "a test", "seed": 1, "search": 0}, "train": {"models": ["biases"]}}
    with store.begin() as conn:
        return add_job(conn, kind, arguments[kind], int(time()))


def cancel(store: Store, id_: int) -> None:
    with store.begin() as conn:
        end_job(conn, id_, "cancelled", int(time()), None, "by hand")


def cancelling(monkeypatch: pytest.MonkeyPatch, name: str, store: Store, id_: int) -> None:
    """Somebody cancels right before `publishing` calls this."""
    real = getattr(publishing, name)

    def late(*args: Any, **more: Any) -> Any:
        cancel(store, id_)
        return real(*args, **more)

    monkeypatch.setattr(publishing, name, late)


def state_of(project: Project) -> tuple[list[tuple[int, str]], ModelVersion | None]:
    versions = project.versions()
    return [(v.id, v.state) for v in versions], next(v for v in versions if v.state == "active")


@pytest.mark.parametrize("kind", ["retrain", "train"])
def test_a_cancel_after_the_last_step_still_stops_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before, id_ = state_of(project), queued(project.store, kind)
    cancelling(monkeypatch, "as_artifact", project.store, id_)  # all is learned, nothing is visible
    found = project.run_job(id_)
    assert (found.state, found.error) == ("cancelled", "by hand")
    assert state_of(project) == before


@pytest.mark.parametrize("kind", ["retrain", "train"])
def test_a_cancel_that_comes_too_late_does_not_hide_what_was_done(
    project: Project, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before, id_ = state_of(project)[0], queued(project.store, kind)
    monkeypatch.setattr(publishing, "plot_training", lambda *_: None)
    real = publishing.drop

    def late(*args: Any) -> Any:
        cancel(project.store, id_)
        return real(*args)

    monkeypatch.setattr(publishing, "drop", late)
    found = project.run_job(id_)
    with project.store.read() as conn:
        assert find_job(conn, id_).state == found.state == "done"
    assert found.result is not None
    assert found.result["what"] in ("activated", "rejected", "candidate")
    assert len(state_of(project)[0]) == len(before) + 1


def test_every_way_to_publish_asks_inside_its_transaction(project: Project) -> None:
    """Where nobody wants it, nothing is there afterwards, not even a candidate."""
    before = state_of(project)
    asked: list[bool] = []

    def refused(conn: Any) -> bool:
        asked.append(conn.in_transaction())
        return False

    with pytest.raises(Cancelled, match="before anything became visible"):
        project.train(models=["biases"], watch=Watch(settles=refused))
    assert asked == [True]
    assert state_of(project) == before
    for module in (few_choices, pretrain, publishing, train):
        text = Path(module.__file__ or "").read_text("utf-8")
        assert text.count("watch.settle(conn)") == text.count("store.begin()") == 1
