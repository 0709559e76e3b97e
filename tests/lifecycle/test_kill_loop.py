"""kill -9 to us or to the database's server at any moment: one active version, nothing acknowledged is lost."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from tastemaker.lifecycle import Project
from tastemaker.store import Store, check, list_jobs
from tastemaker.store.experiments import list_experiments
from tastemaker.store.tables import events, hp_experiments, recommendation_quality

from ..cluster import Cluster, cluster
from ..rated import new_project, rows, world, write_ratings
from .killed_loop import ROWS

MORE = int(os.environ.get("TASTEMAKER_KILLS", "4"))  # rounds of each verb; 20 take 15 minutes a database
HERE = Path(__file__).parents[2]
VERBS = ("retrain", "activate", "tune", "import", "experiment")
SECONDS = {"retrain": 2.0, "activate": 0.2, "tune": 1.5, "import": 0.5, "experiment": 0.3}  # about two rounds of a verb
FOUND = world(users=30, items=30)
FIRST = len(rows(FOUND, each=20))


def prepared(folder: Path, database: str | None) -> Path:
    """Two versions that learned, the first of them active."""
    root = new_project(folder, FOUND, database)
    with Project.open(root) as project:
        project.import_(write_ratings(folder / "first.csv", rows(FOUND, each=20)))
        project.train()
        project.train(seed=1)
        project.activate(1)
        project.activate(2)
    return root


@pytest.fixture(scope="module")
def own_server() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def begun(verb: str, root: Path, tag: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.lifecycle.killed_loop", verb, str(root), tag]
    process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def assert_whole(root: Path) -> None:
    with closing(Store.open(root)) as store:
        assert check(store).problems == ()
        with store.read() as conn:
            n = conn.scalar(sa.select(sa.func.count()).select_from(events))
            half = sa.select(hp_experiments).where(hp_experiments.c.state == "done", hp_experiments.c.value.is_(None))
            assert conn.execute(half).first() is None
            assert [t.state for t in list_experiments(conn)].count("running") <= 1
            judged = sa.select(sa.func.count()).select_from(recommendation_quality)
            assert conn.scalar(judged) <= n
    done = (root / "done.txt").read_text("utf-8").split() if (root / "done.txt").exists() else []
    assert (n - FIRST) % ROWS == 0
    assert (n - FIRST) // ROWS >= done.count("import")
    with Project.open(root) as project:
        versions = project.versions()
        assert [v.state for v in versions].count("active") == 1
        assert all(v.events_real for v in versions[1:])
        slate = project.recommend(likes=["0"], n=3)
        assert (len(slate.items), slate.level_reason) == (3, "")


@pytest.mark.parametrize("rounds", [1, pytest.param(MORE, marks=pytest.mark.slow)])
@pytest.mark.parametrize("verb", VERBS)
def test_kill_9_to_us(verb: str, rounds: int, tmp_path: Path, base: Path) -> None:
    import shutil

    root, rng = shutil.copytree(base, tmp_path / "night"), np.random.default_rng()
    for n in range(rounds):
        with begun(verb, root, str(n)) as process:
            time.sleep(float(rng.uniform(0.01, SECONDS[verb])))
            assert process.poll() is None, process.stdout.read()  # type: ignore[union-attr]
            process.kill()
        assert_whole(root)
    with Project.open(root) as project:  # what was left behind is in nobody's way
        assert project.retrain().done is not None
        with project.store.read() as conn:
            assert not [job for job in list_jobs(conn) if job.state == "running"]
    assert_whole(root)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("base"), None)


@pytest.mark.postgres
@pytest.mark.parametrize("rounds", [1, pytest.param(MORE, marks=pytest.mark.slow)])
@pytest.mark.parametrize("whom", ["us", "the server"])
def test_kill_9_on_postgresql(whom: str, rounds: int, tmp_path: Path, own_server: Cluster) -> None:
    schema = f"s{abs(hash((whom, rounds))) % 10**9}"
    engine = sa.create_engine(own_server.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        conn.exec_driver_sql(f"CREATE SCHEMA {schema}")
    engine.dispose()
    root, rng = prepared(tmp_path, f"{own_server.url}?options=-csearch_path%3D{schema}"), np.random.default_rng()
    for n in range(rounds):
        for verb in VERBS:
            with begun(verb, root, str(n)) as process:
                time.sleep(float(rng.uniform(0.01, SECONDS[verb])))
                if whom == "us":
                    process.kill()
                else:
                    own_server.kill()
                    process.kill() if rng.random() < 0.5 else None  # the other half meets a database that went away
                    _, trouble = process.communicate(timeout=60)
                    assert "Traceback" not in trouble, trouble
                    own_server.start()
            assert_whole(root)
