"""`kill -9` at any moment: who goes on ends with the same bytes as who was never killed."""

import os
import subprocess
import sys
import time
from pathlib import Path
from socket import gethostname

import numpy as np
import pytest

pytest.importorskip("torch")

from .killed_together import SPEC, digest

HERE = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.algorithms.killed_together"]


def lines_until_killed(folder: Path, after: int, late: float) -> list[str]:
    """What the job said before it was killed, `late` seconds after its `after`th line; all of it if it was quicker."""
    with subprocess.Popen([*COMMAND, str(folder)], cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(after)]
        time.sleep(late)
        process.kill()
        return [*said, *process.stdout.read().splitlines()]


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_a_job_that_is_killed_again_and_again_ends_with_the_same_bytes(tmp_path: Path, kills: int) -> None:
    expected, rng = digest(None), np.random.default_rng()
    for _ in range(kills):
        lines_until_killed(tmp_path, int(rng.integers(1, 5)), float(rng.uniform(0.0, 0.05)))
    done = subprocess.run([*COMMAND, str(tmp_path)], cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"digest {expected}"
    assert not list(tmp_path.rglob("*.tmp"))


def test_epochs_that_were_finished_are_not_learned_again_but_reported_again(tmp_path: Path) -> None:
    straight: list[str] = []
    expected = digest(None, straight.append)
    lines_until_killed(tmp_path, 6, 0.0)
    files = {file.name for file in tmp_path.rglob("epoch-*.safetensors")}
    assert files
    again: list[str] = []
    assert digest(tmp_path, again.append) == expected
    assert again == straight  # the curve is whole, although only its end was learned now
    first = tmp_path / "job" / "choose"
    times = {file.name: file.stat().st_mtime_ns for file in first.iterdir()}
    assert digest(tmp_path) == expected  # all is there: nothing is learned at all
    assert {file.name: file.stat().st_mtime_ns for file in first.iterdir()} == times


def test_the_last_and_the_best_are_kept(tmp_path: Path) -> None:
    digest(tmp_path)
    kept = sorted(int(file.stem.split("-")[1]) for file in (tmp_path / "job" / "choose").glob("epoch-*"))
    assert kept[-2:] == [SPEC.epochs - 1, SPEC.epochs]
    assert len(kept) <= SPEC.keep + 1


def test_what_a_killed_writer_left_is_swept_and_what_another_machine_writes_is_not(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = tmp_path / "job" / "choose"
    folder.mkdir(parents=True)
    left, theirs = folder / f"index.{gethostname()}-{dead.pid}.tmp", folder / f"index.elsewhere-{dead.pid}.tmp"
    for file in (left, theirs):
        file.write_bytes(b"half")
    digest(tmp_path)
    assert not left.exists()
    assert theirs.exists()
    os.utime(theirs, (0, 0))
    digest(tmp_path)  # nothing is left to learn
    assert not theirs.exists()
