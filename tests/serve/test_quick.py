"""Who answers: the loop, where that takes no time; a thread of its own for all else."""

from pathlib import Path
from threading import Thread, current_thread

import pytest

from .opened import opened


@pytest.fixture
def asked(shop: Path):
    """Ask for a user, at a pace that the model has shown: the names of the threads that scored."""
    with opened(shop, repeat_s=0.0) as service:
        names: list[str] = []
        service.tenant.took = lambda seconds, n: names.append(current_thread().name)

        def ask(user: str, pace: float, **more: object) -> list[str]:
            service.tenant.pace = pace
            names.clear()
            assert service.recommend(user, **more)["fallback"]["level"] == "active"
            with service.worker.scoring._busy:  # the thread answers first and then says that it is free
                return [*names]

        yield service, ask


def test_a_quick_model_is_asked_by_the_loop_once_the_history_is_remembered(asked) -> None:
    _, ask = asked
    assert ask("u1", 0.0001) == ["scoring"]  # the history has to be read
    (name,) = ask("u1", 0.0001)
    assert name != "scoring"
    assert ask("u1", 0.0001, explain=True) == ["scoring"]


def test_a_slow_model_or_one_that_nobody_knows_is_asked_by_the_thread(asked) -> None:
    _, ask = asked
    ask("u1", 0.0)
    assert ask("u1", 0.1) == ["scoring"]
    assert ask("u1", 0.0) == ["scoring"]


def test_the_loop_and_the_thread_answer_alike_and_an_event_counts_at_once(asked) -> None:
    service, ask = asked
    ask("u1", 0.0)
    by_thread = service.recommend("u1")["items"]
    service.tenant.pace = 0.0001
    assert service.recommend("u1")["items"] == by_thread
    best = by_thread[0]["id"]
    service.post("/v1/events", [{"user": "u1", "item": best, "kind": "like"}])
    assert ask("u1", 0.0001) == ["scoring"]
    assert best not in [item["id"] for item in service.recommend("u1")["items"]]


def test_the_loop_waits_for_nobody(asked) -> None:
    """While something else is scored the thread is asked, and the answer comes when it can."""
    service, ask = asked
    ask("u1", 0.0001)
    names = []
    with service.worker.scoring._busy:
        asking = Thread(target=lambda: names.extend(ask("u1", 0.0001)))
        asking.start()
        asking.join(0.3)
        assert asking.is_alive()
        assert service.http.get("/health/live").status_code == 200
    asking.join(10.0)
    assert names == ["scoring"]
