"""The client: typed answers, and retries that store nothing twice."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tastemaker.client import AsyncClient, Client, Event, ServiceError
from tastemaker.client.requests import LONGEST, pause
from tastemaker.lifecycle import Project

from .opened import Service, until


class Flaky(httpx.BaseTransport):
    """Answers by the service, or fails as it is told: before it was heard, after it was heard, or by a status."""

    def __init__(self, service: Service, *faults: Any) -> None:
        self.service, self.faults, self.sent = service, list(faults), 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault == "unheard":
            raise httpx.ConnectError("nobody listens")
        if isinstance(fault, int):
            return httpx.Response(fault, json={"detail": "later"}, headers={"Retry-After": "0"})
        path = request.url.raw_path.decode()
        headers = {
            k: v for k, v in request.headers.items() if k in ("authorization", "idempotency-key", "content-type")
        }
        found = self.service.http.request(request.method, path, content=request.read(), headers=headers)
        if fault == "cut":
            raise httpx.ReadError("the answer was lost")
        return httpx.Response(found.status_code, content=found.content, headers={"content-type": "application/json"})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tastemaker.client.synchronous.pause", lambda *_: 0.0)


def client(service: Service, *faults: Any, **more: Any) -> tuple[Client, Flaky]:
    transport = Flaky(service, *faults)
    return Client("http://service", service.key, transport=transport, **more), transport


def test_answers_are_values(service: Service, project: Project) -> None:
    made, _ = client(service)
    with made:
        item = project.catalog().items.ids[0]
        done = made.send([Event("ann/b", item), Event("ann/b", "nothing")])
        assert (done.accepted, done.refused, done.rows[1].status) == (1, 1, "refused")
        found = made.recommend("ann/b", 4, explain=True)
        assert found.ids == project.recommend(user="ann/b", n=4).items
        assert (found.model, found.version, found.level, found.arm) == ("bpr", 2, "active", None)
        assert found.items[0].reasons
        assert made.ask(taste={"woody": 0.9}, n=3).ids == project.recommend(taste={"woody": 0.9}, n=3).items
        assert len(made.similar(item, 3).ids) == 3
        until(lambda: service.ask("GET", f"/v1/explanations/{found.request_id}").status_code == 200)
        assert made.explain(found.request_id)["items"]
        assert made.versions()["active"] == 2
        assert made.forget("ann/b")["events"] == 1


def test_an_event_whose_answer_was_lost_is_stored_once(service: Service, project: Project) -> None:
    made, transport = client(service, "unheard", "cut", 503, "cut")
    done = made.send([Event("ann", project.catalog().items.ids[0])])
    assert (transport.sent, done.duplicate, done.accepted) == (5, 1, 0)
    assert service.get("/v1/users/ann")["events"] == 1


def test_what_cannot_be_repeated_is_not(service: Service) -> None:
    made, transport = client(service, "cut")
    with pytest.raises(ServiceError, match="cannot be reached"):
        made.rollback()
    assert transport.sent == 1
    made, transport = client(service, "unheard", retries=1)
    assert made.retrain()["state"] == "queued"
    assert transport.sent == 2


def test_a_refusal_is_an_error_with_its_reason(service: Service) -> None:
    made, transport = client(service)
    with pytest.raises(ServiceError, match="No item is called 'nothing'") as caught:
        made.ask(likes=["nothing"])
    assert (caught.value.status, transport.sent) == (404, 1)
    made, transport = client(service, 503, 503, retries=1)
    with pytest.raises(ServiceError, match="503: later"):
        made.versions()
    assert transport.sent == 2


def test_pauses_grow_and_listen() -> None:
    assert pause(0) < pause(5) <= 1.5 * LONGEST
    assert (pause(0, "2"), pause(0, "100")) == (2.0, LONGEST)


def test_the_same_without_waiting(service: Service) -> None:
    class Asynchronous(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self.inner = Flaky(service, 503)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await request.aread()
            return self.inner.handle_request(request)

    async def ask() -> tuple[str, ...]:
        async with AsyncClient("http://service", service.key, transport=Asynchronous()) as made:
            found = await asyncio.gather(*(made.recommend(f"u{k}", 3) for k in range(3)))
        return found[0].ids

    with ThreadPoolExecutor(1) as apart:  # what drove a browser before has left a loop running in this thread
        assert len(apart.submit(lambda: asyncio.run(ask())).result()) == 3


def test_both_clients_can_do_the_same() -> None:
    def verbs(cls: type) -> set[str]:
        return {name for name in vars(cls) if not name.startswith("_")} - {"close", "aclose"}

    assert verbs(Client) == verbs(AsyncClient)
