"""Processes that are killed, and processes that meet: the project stays whole."""

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tastemaker.store import (
    Store,
    active_version,
    add_versions,
    check,
    count_events,
    list_activations,
    list_versions,
    put_catalog,
)

from .toys import candidate, catalog

HERE = Path(__file__).parents[2]


def start(module: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", f"tests.store.{module}", *arguments]
    return subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True)


def test_kill_9_leaves_no_half_version(store: Store) -> None:
    with store.begin() as conn:
        put_catalog(conn, catalog())
    rng, versions = np.random.default_rng(), 0
    for attempt in range(3):
        with start("killed", str(store.root), str(attempt)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(float(rng.uniform(0.02, 0.4)))
            process.kill()
        with closing(Store.open(store.root)) as again:
            with again.read() as conn:
                found, active = list_versions(conn), active_version(conn)
                assert count_events(conn).real % 5 == 0
                assert len(list_activations(conn)) == len(found)
            assert check(again).problems == ()
            assert (active.id if active else -1) == len(found) - 1
            assert len(found) >= versions
            versions = len(found)


def test_two_processes_leave_one_active_version(store: Store) -> None:
    with store.begin() as conn:
        add_versions(conn, [candidate(), candidate()])
    both = [start("activating", str(store.root), str(n)) for n in range(2)]
    for process in both:
        process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    with store.read() as conn:
        versions = list_versions(conn)
    assert [v.id for v in versions] == list(range(82))
    assert sum(v.state == "active" for v in versions) == 1


@pytest.mark.parametrize("times", [3])
def test_artifacts_written_at_once_by_several_processes(sqlite: Store, times: int) -> None:
    script = (
        "import numpy as np; from tastemaker.store import Artifacts; "
        f"a = Artifacts({sqlite.artifacts.root!r}); "
        "[print(a.put({'n': n}, {'a': np.full(1000, n)})) for n in range(20)]"
    )
    pieces = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(times)]
    digests = {process.communicate()[0] for process in pieces}
    assert len(digests) == 1
    for digest in digests.pop().split():
        sqlite.artifacts.get(digest)
    assert len(list(Path(sqlite.artifacts.root).iterdir())) == 20
