"""Studies and trials: ids that tell, one process a trial, batches, and what becomes of a dead process's claim."""

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tastemaker.errors import QueryError
from tastemaker.store import Store, new_holder
from tastemaker.store.leases import LASTS
from tastemaker.store.tuning import (
    NewStudy,
    TrialRow,
    add_study,
    claim_trial,
    find_trials,
    finish_trial,
    list_studies,
    list_trials,
    release_trial,
    renew_trial,
    set_study,
    study,
    trials_known,
)

HERE = Path(__file__).parents[2]
AT = 1_795_193_867  # 2026-11-20 16:57:47 UTC
NEW = NewStudy(
    recipe="shop", model="mf", search="bayesian", metric="rmse", seed=3, digest="d1", settings={"a": 0.1}, started_at=AT
)


def claim(store: Store, id_: str, holder: str, wanted: int = 10, batch: int = 4, now: int = AT) -> Any:
    with store.begin() as conn:
        return claim_trial(conn, id_, wanted, batch, holder, now)


def finish(store: Store, row: TrialRow, value: float | None = 0.5, state: str = "done", holder: str = "") -> bool:
    with store.begin() as conn:
        return finish_trial(
            conn, row.id, holder or str(row.holder), params={"l2": 0.1, "dim": 8, "how": "a"}, state=state,
            value=value, detail={"steps": [0.1, 1 / 3], "why": ""}, seconds=0.25,
        )  # fmt: skip


@pytest.fixture
def begun(store: Store) -> str:
    with store.begin() as conn:
        return add_study(conn, NEW).id


def test_ids_say_what_was_begun_when(store: Store) -> None:
    with store.begin() as conn:
        first, second = add_study(conn, NEW), add_study(conn, NEW)
        other = add_study(conn, replace(NEW, search="grid"))
    assert first.id == "bayesian_20261120_165747"
    assert second.id == "bayesian_20261120_165748"
    assert other.id == "grid_20261120_165747"
    row = claim(store, first.id, new_holder())
    assert row.id == "bayesian_20261120_165747_000"
    with store.read() as conn:
        assert study(conn, first.id) == first
        assert study(conn) in (first, second, other)
        assert [s.id for s in list_studies(conn)] == sorted([first.id, second.id, other.id])
        assert (first.state, first.result, first.settings) == ("running", None, {"a": 0.1})


def test_an_unknown_study_is_named(store: Store) -> None:
    with store.read() as conn, pytest.raises(QueryError, match=r"Nothing was tuned yet\. Run: tastemaker tune"):
        study(conn)
    with store.begin() as conn:
        add_study(conn, NEW)
    with store.read() as conn, pytest.raises(QueryError, match="did you mean 'bayesian_20261120_165747'"):
        study(conn, "bayesian_20261120_165746")


def test_a_trial_comes_back_to_the_last_bit(store: Store, begun: str) -> None:
    row = claim(store, begun, new_holder())
    assert finish(store, row, 0.1 + 0.2)
    with store.read() as conn:
        (kept,) = list_trials(conn, begun)
        assert find_trials(conn, [kept.id, "nothing"]) == [kept]
    assert kept.value == 0.1 + 0.2
    assert kept.params == {"l2": 0.1, "dim": 8, "how": "a"}
    assert isinstance(kept.params["dim"], int)
    assert kept.detail == {"steps": [0.1, 1 / 3], "why": ""}
    assert (kept.state, kept.seconds, kept.until) == ("done", 0.25, None)


def test_nobody_gets_what_another_one_has(store: Store, begun: str) -> None:
    me, you = new_holder(), new_holder()
    numbers = [claim(store, begun, holder, batch=16).number for holder in (me, you, me, you)]
    assert numbers == [0, 1, 2, 3]


def test_a_batch_waits_for_the_one_before(store: Store, begun: str) -> None:
    me = new_holder()
    rows = [claim(store, begun, me, wanted=5, batch=2) for _ in range(2)]
    assert [row.number for row in rows] == [0, 1]
    assert claim(store, begun, me, wanted=5, batch=2) == "wait"
    finish(store, rows[0])
    assert claim(store, begun, me, wanted=5, batch=2) == "wait"
    finish(store, rows[1], None, "failed")
    rows = [claim(store, begun, me, wanted=5, batch=2) for _ in range(2)]
    for row in rows:
        finish(store, row, None, "pruned")
    last = claim(store, begun, me, wanted=5, batch=2)
    assert last.number == 4
    assert claim(store, begun, me, wanted=5, batch=2) == "wait"
    finish(store, last)
    assert claim(store, begun, me, wanted=5, batch=2) == "over"
    assert claim(store, begun, me, wanted=6, batch=2).number == 5


def test_what_a_dead_process_had_is_taken_over_at_once(store: Store, begun: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        pass
    host, _, token = new_holder().rsplit(":", 2)
    dead = claim(store, begun, f"{host}:{gone.pid}:{token}")
    me = new_holder()
    mine = claim(store, begun, me)
    assert (mine.number, mine.id, mine.holder) == (0, dead.id, me)
    assert not finish(store, dead, holder=str(dead.holder))
    assert finish(store, mine)


def test_what_another_machine_had_is_taken_over_when_its_time_is_up(store: Store, begun: str) -> None:
    far = "elsewhere:1:aa"
    theirs, me = claim(store, begun, far), new_holder()
    assert claim(store, begun, me, now=AT + LASTS - 1).number == 1
    with store.begin() as conn:
        assert renew_trial(conn, theirs.id, far, AT + LASTS)
    assert claim(store, begun, me, now=AT + 2 * LASTS - 1).number in (1, 2)
    assert claim(store, begun, me, now=AT + 2 * LASTS).number == 0
    with store.begin() as conn:
        assert not renew_trial(conn, theirs.id, far, AT + 2 * LASTS)
    assert not finish(store, theirs)


def test_a_clock_that_jumped_back_holds_nothing_for_ever(store: Store, begun: str) -> None:
    claim(store, begun, "elsewhere:1:aa", now=AT + 10**6)
    assert claim(store, begun, new_holder(), now=AT).number == 0


def test_clocks_of_machines_differ_by_some_seconds(store: Store, begun: str) -> None:
    claim(store, begun, "elsewhere:1:aa", now=AT + 9)
    assert claim(store, begun, new_holder(), now=AT).number == 1  # the first is not free


def test_what_is_given_back_is_there_again(store: Store, begun: str) -> None:
    me = new_holder()
    row = claim(store, begun, me)
    with store.begin() as conn:
        release_trial(conn, row.id, "somebody:1:else")
        assert len(list_trials(conn, begun)) == 1
        release_trial(conn, row.id, me)
        assert list_trials(conn, begun) == []
    row = claim(store, begun, me)
    finish(store, row)
    with store.begin() as conn:
        release_trial(conn, row.id, me)  # what is finished stays
        assert len(list_trials(conn, begun)) == 1


def test_only_what_compares_is_known(store: Store, begun: str) -> None:
    me = new_holder()
    for state, value in (("done", 0.5), ("pruned", None), ("failed", None)):
        finish(store, claim(store, begun, me), value, state)
    claim(store, begun, me)
    with store.begin() as conn:
        add_study(conn, replace(NEW, search="grid"))
    with store.read() as conn:
        assert [row.state for row in trials_known(conn, replace(NEW, search="random", seed=9))] == ["done", "pruned"]
        for other in ({"digest": "d2"}, {"model": "knn"}, {"metric": "accuracy"}, {"recipe": "other"}):
            assert trials_known(conn, replace(NEW, **other)) == []


def test_a_study_ends(store: Store, begun: str) -> None:
    with store.begin() as conn:
        set_study(conn, begun, state="done", ended_at=AT + 9, result={"best": 3, "gain": None})
    with store.read() as conn:
        found = study(conn, begun)
    assert (found.state, found.ended_at, found.result) == ("done", AT + 9, {"best": 3, "gain": None})


WORKER = """
import sys, time
from pathlib import Path
from tastemaker.store import Store, new_holder
from tastemaker.store.tuning import claim_trial, finish_trial
store, me = Store.open(Path(sys.argv[1])), new_holder()
print("ready", flush=True)
sys.stdin.readline()
while True:
    with store.begin() as conn:
        row = claim_trial(conn, sys.argv[2], 60, 4, me, int(time.time()))
    if row == "over":
        break
    time.sleep(0.002)
    if row == "wait":
        continue
    with store.begin() as conn:
        finish_trial(conn, row.id, me, params={"n": row.number}, state="done", value=1.0, detail={}, seconds=0.0)
    print(row.number, flush=True)
"""


def test_processes_that_meet_lose_no_trial_and_do_none_twice(store: Store, begun: str) -> None:
    command = [sys.executable, "-c", WORKER, str(store.root), begun]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, cwd=HERE, **pipes) for _ in range(3)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    said = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        said.append([int(line) for line in worker.communicate()[0].split()])
        assert worker.returncode == 0
    assert sorted(n for numbers in said for n in numbers) == list(range(60))
    assert sum(len(numbers) > 0 for numbers in said) >= 2
    with closing(Store.open(store.root)) as again, again.read() as conn:
        rows = list_trials(conn, begun)
    assert [row.number for row in rows] == list(range(60))
    assert all(row.params == {"n": row.number} and row.state == "done" for row in rows)
