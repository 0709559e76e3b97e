"""A worker of the service in this process, and keys for it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from starlette.testclient import TestClient

from tastemaker.serve.app import create
from tastemaker.serve.settings import Settings
from tastemaker.serve.tenant import Tenant
from tastemaker.serve.worker import Worker
from tastemaker.store import Store
from tastemaker.store.keys import create_key


def new_key(root: Path, *scopes: str, name: str = "test", rate: float | None = None) -> str:
    with closing(Store.open(root)) as store, store.begin() as conn:
        return create_key(conn, name, scopes, 1, rate)[1]


@dataclass
class Service:
    http: TestClient
    worker: Worker
    key: str

    @property
    def tenant(self) -> Tenant:
        return next(iter(self.worker.tenants.values()))

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {key or self.key}", **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        found = self.ask("GET", path, **more)
        assert found.status_code == 200, found.text
        return found.json()

    def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        found = self.ask("POST", path, json=body, **more)
        assert found.status_code == status, found.text
        return found.json()

    def recommend(self, user: str, n: int = 5, **more: Any) -> Any:
        return self.get(f"/v1/users/{user}/recommendations", params={"n": n, **more})


def until(true: Callable[[], Any], seconds: float = 15.0) -> Any:
    """What it says as soon as it is something."""
    end = monotonic() + seconds
    while not (found := true()):
        assert monotonic() < end, "waited in vain"
        sleep(0.02)
    return found


@contextmanager
def opened(*roots: Path, key: str | None = None, **settings: Any) -> Iterator[Service]:
    chosen = key or new_key(roots[0], "admin")
    made = Settings(projects=tuple(map(str, roots)), poll_ms=50, run_jobs=False, rate=1e6, burst=1e6, **settings)
    door = create(made)
    with TestClient(door, raise_server_exceptions=False) as http:
        worker = door._worker
        until(lambda: worker.ready)
        yield Service(http, worker, chosen)


def ids_of(answer: Any) -> Sequence[str]:
    return [item["id"] for item in answer["items"]]
