"""`kill -9` at any moment leaves the old state or the new one."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tastemaker.lifecycle import Project
from tastemaker.store import check, list_activations, list_runs

HERE = Path(__file__).parents[2]
SECONDS = {"pretrain": 1.2, "import": 0.6}  # about what two rounds of a verb take
ROWS = 2000  # of a file that is imported


def killed(verb: str, root: Path, seed: int, after: float) -> None:
    command = [sys.executable, "-m", "tests.lifecycle.killed", verb, str(root), str(seed)]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        assert process.poll() is None
        process.kill()


def assert_whole(root: Path, per_pretrain: int) -> int:
    """The project opens, answers, and holds nothing by halves; how much was done since it was made."""
    with Project.open(root) as project:
        checkup = check(project.store)
        assert checkup.problems == ()
        versions = project.versions()
        assert [v.id for v in versions] == list(range(len(versions)))
        assert (len(versions) - 1) % per_pretrain == 0
        assert [v.state for v in versions].count("active") == 1
        with project.store.read() as conn:
            assert all(len(list_runs(conn, v.id)) == 1 for v in versions[1:])
            log = list_activations(conn)
        assert versions[log[-1]["version"]].state == "active"
        real, invented = (len(project.dataset(synthetic=s)) for s in (False, True))
        assert real % ROWS == 0
        assert real // ROWS == len(project.imports()) - 1
        assert invented == (600 if len(versions) > 1 else 0)
        slate = project.recommend(taste={"woody": 0.9}, n=5)
        assert (len(slate.items), slate.level, slate.level_reason) == (5, "active", "")
        return len(versions) + real


@pytest.mark.parametrize(
    ("verb", "rounds"),
    [
        ("pretrain", 3),
        ("import", 3),
        pytest.param("pretrain", 20, marks=pytest.mark.slow),
        pytest.param("import", 20, marks=pytest.mark.slow),
    ],
)
def test_kill_9_leaves_a_whole_project(new: Project, verb: str, rounds: int) -> None:
    root = new.store.root
    new.close()
    rng, done = np.random.default_rng(), [assert_whole(root, 2)]
    for seed in range(rounds):
        killed(verb, root, seed, after=float(rng.uniform(0.01, SECONDS[verb])))
        done.append(assert_whole(root, 2))
    assert done == sorted(done)
    with Project.open(root) as project:  # what was left behind is in nobody's way
        project.pretrain(seed=1)
        assert assert_whole(root, 2) > 1


def test_a_killed_init_leaves_no_project_or_one_that_opens(tmp_path: Path, new: Project) -> None:
    root = tmp_path / "mine"
    recipe, catalog = new.store.root / "recipe.toml", tmp_path / "catalog.csv"
    script = (
        "import sys; from tastemaker.lifecycle import Project; sys.stdout.write('ready\\n'); sys.stdout.flush(); "
        f"Project.init({str(root)!r}, {str(recipe)!r}, {str(catalog)!r})"
    )
    for after in (0.03, 0.08):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(after)
            process.kill()
        if (root / "tastemaker.toml").exists():
            with Project.open(root) as project:
                assert project.recipe.synth.users == 60
                assert len(project.catalog()) in (0, len(new.catalog()))
                assert len(project.versions()) == (len(project.catalog()) > 0)
            return
    Project.init(root, recipe, catalog).close()
