"""Only one at a time: leases, what frees them, and jobs that are never done twice or left running."""

import os
import subprocess
import sys
from socket import gethostname
from threading import Barrier, Thread

import pytest

from tastemaker.errors import QueryError, StoreError
from tastemaker.store import (
    Store,
    add_job,
    drop_lease,
    end_job,
    find_job,
    find_lease,
    hand_job,
    list_jobs,
    new_holder,
    report_job,
    settle_job,
    start_job,
    sweep_jobs,
    take_lease,
)
from tastemaker.store.jobs import STARTS
from tastemaker.store.leases import LASTS, alive

NOW = 1_000_000
ELSEWHERE = "another-host:17:abcd"  # of whose processes nothing can be known here


def dead_holder() -> str:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return f"{gethostname()}:{int(done.stdout)}:dead"


def test_the_second_is_told_who_has_it(store: Store) -> None:
    with store.begin() as conn:
        assert take_lease(conn, "training", "a:1:x", NOW).holder == "a:1:x"
    with store.begin() as conn:
        found = take_lease(conn, "training", ELSEWHERE, NOW + 5)
        assert (found.holder, found.since) == ("a:1:x", NOW)
        assert take_lease(conn, "another", ELSEWHERE, NOW + 5).holder == ELSEWHERE


def test_who_renews_keeps_it_since_the_beginning(store: Store) -> None:
    with store.begin() as conn:
        take_lease(conn, "training", ELSEWHERE, NOW)
        again = take_lease(conn, "training", ELSEWHERE, NOW + 20)
    assert (again.since, again.until) == (NOW, NOW + 20 + LASTS)


@pytest.mark.parametrize("later", [LASTS, 10 * LASTS, -10 * LASTS])
def test_a_lease_that_ran_out_or_comes_from_the_future_is_free(store: Store, later: int) -> None:
    with store.begin() as conn:
        take_lease(conn, "training", ELSEWHERE, NOW)
        mine = new_holder()
        assert take_lease(conn, "training", mine, NOW + later).holder == mine  # -: the clock jumped back


def test_a_process_that_died_holds_nothing(store: Store) -> None:
    with store.begin() as conn:
        take_lease(conn, "training", dead_holder(), NOW)
        assert take_lease(conn, "training", ELSEWHERE, NOW + 1).holder == ELSEWHERE


def test_only_the_holder_gives_it_back(store: Store) -> None:
    with store.begin() as conn:
        take_lease(conn, "training", ELSEWHERE, NOW)
        drop_lease(conn, "training", "a:1:x")
        assert find_lease(conn, "training") is not None
        drop_lease(conn, "training", ELSEWHERE)
        assert find_lease(conn, "training") is None


def test_on_windows_nobody_is_sent_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("tastemaker.store.leases.sys.platform", "win32")
    monkeypatch.setattr("tastemaker.store.leases.os.kill", lambda *asked: sent.append(asked))
    assert alive(new_holder())
    assert sent == []


def test_this_process_is_alive_and_a_zombie_is_not() -> None:
    assert alive(new_holder())
    assert not alive(dead_holder())
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet asked for
        assert not alive(f"{gethostname()}:{process.pid}:x")


def test_of_many_at_once_one_gets_it(store: Store) -> None:
    n, got = 6, list[str]()
    ready = Barrier(n)

    def ask(k: int) -> None:
        ready.wait()
        with store.begin() as conn:
            got.append(take_lease(conn, "training", f"host-{k}:1:x", NOW).holder)

    threads = [Thread(target=ask, args=(k,)) for k in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == n
    assert len(set(got)) == 1


def test_a_job_is_started_once_and_ends_once(store: Store) -> None:
    with store.begin() as conn:
        id_ = add_job(conn, "retrain", {"seed": 3}, NOW)
        job = start_job(conn, id_, ELSEWHERE, NOW + 1)
        assert (job.state, job.arguments, job.started_at) == ("running", {"seed": 3}, NOW + 1)
        with pytest.raises(StoreError, match=rf"Job {id_} is running, so it cannot be started"):
            start_job(conn, id_, ELSEWHERE, NOW + 2)
        assert report_job(conn, id_, {"stage": "fit", "done": 1, "total": 2})
        end_job(conn, id_, "done", NOW + 3, {"what": "activated"}, None)
        end_job(conn, id_, "failed", NOW + 4, None, "too late")
        found = find_job(conn, id_)
        assert (found.state, found.ended_at, found.error) == ("done", NOW + 3, None)
        assert not report_job(conn, id_, {})
        with pytest.raises(QueryError, match="No job has the number 99"):
            find_job(conn, 99)


def test_jobs_of_dead_processes_are_swept(store: Store) -> None:
    with store.begin() as conn:
        dead, living, queued = (add_job(conn, "retrain", {}, NOW) for _ in range(3))
        start_job(conn, dead, dead_holder(), NOW)
        start_job(conn, living, new_holder(), NOW)
        assert sweep_jobs(conn, NOW + 1) == [dead]
        assert [job.state for job in list_jobs(conn)] == ["queued", "running", "failed"]  # the newest first
        assert "its process died" in str(find_job(conn, dead).error)
        assert find_job(conn, queued).state == "queued"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_a_process_that_only_has_the_number_of_another_one_works_on_nothing(store: Store) -> None:
    """The machine was started again, say."""
    mine = new_holder()
    before, _, born = mine.rpartition("-")
    assert int(born) > 0
    with store.begin() as conn:
        stale, own, old = (add_job(conn, "retrain", {}, NOW) for _ in range(3))
        start_job(conn, stale, f"{before}-{int(born) - 1}", NOW)
        start_job(conn, own, mine, NOW)
        start_job(conn, old, before, NOW)  # of a version that did not say
        assert sweep_jobs(conn, NOW + 1) == [stale]


def test_a_job_of_another_machine_is_swept_when_its_lease_ran_out(store: Store) -> None:
    with store.begin() as conn:
        far = add_job(conn, "retrain", {}, NOW)
        start_job(conn, far, ELSEWHERE, NOW)
        until = take_lease(conn, "training", ELSEWHERE, NOW).until
        assert sweep_jobs(conn, until - 1) == []
        assert sweep_jobs(conn, until) == [far]


def test_a_job_whose_process_died_before_it_began_is_swept(store: Store) -> None:
    with store.begin() as conn:
        gone, starting, waiting, far = (
            add_job(conn, "retrain", {}, NOW, holder) for holder in (dead_holder(), new_holder(), None, ELSEWHERE)
        )
        assert sweep_jobs(conn, NOW + STARTS - 1) == []  # a machine may be slow to start a process
        assert sweep_jobs(conn, NOW + STARTS) == [gone, far]
        assert [find_job(conn, id_).state for id_ in (starting, waiting)] == ["queued", "queued"]
        assert start_job(conn, starting, ELSEWHERE, NOW + STARTS).holder == ELSEWHERE
        assert start_job(conn, waiting, ELSEWHERE, NOW + 9 * STARTS).state == "running"


def test_who_starts_a_process_hands_it_the_job(store: Store) -> None:
    with store.begin() as conn:
        id_ = add_job(conn, "retrain", {}, NOW, dead_holder())
        hand_job(conn, id_, os.getpid())
        assert sweep_jobs(conn, NOW + STARTS) == []
        start_job(conn, id_, ELSEWHERE, NOW)
        hand_job(conn, id_, os.getpid())  # it began before it was handed over
        assert find_job(conn, id_).holder == ELSEWHERE


def test_a_job_that_settled_is_not_cancelled_and_a_cancelled_one_does_not_settle(store: Store) -> None:
    with store.begin() as conn:
        first, second = (add_job(conn, "retrain", {}, NOW) for _ in range(2))
        start_job(conn, first, new_holder(), NOW)
        assert settle_job(conn, first)
        end_job(conn, first, "cancelled", NOW + 1, None, "by hand")
        assert find_job(conn, first).state == "running"
        end_job(conn, first, "done", NOW + 2, {"what": "activated"}, None)
        assert (find_job(conn, first).state, find_job(conn, first).result) == ("done", {"what": "activated"})
        start_job(conn, second, new_holder(), NOW)
        end_job(conn, second, "cancelled", NOW + 1, None, "by hand")
        assert not settle_job(conn, second)
