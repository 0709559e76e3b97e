"""kill -9 of the service, of a worker and of PostgreSQL under load: every acknowledged event is there exactly once.

TASTEMAKER_KILLS says how many times each; two by default.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tastemaker.lifecycle import Project
from tastemaker.store import Store

from ..cluster import Cluster, cluster
from ..shops import QUICK, copied, quick_recipe
from .opened import new_key, until
from .running import free_port, running

KILLS = int(os.environ.get("TASTEMAKER_KILLS", "2"))
BATCH, SENDERS = 10, 2


class Sender(Thread):
    """Sends batches without end, each as often as it takes, and remembers what was acknowledged."""

    def __init__(self, name: str, port: int, key: str, item: str) -> None:
        super().__init__(daemon=True)
        self.name, self.port, self.key, self.item = name, port, key, item
        self.end, self.acknowledged, self.attempts = Event(), list[str](), 0

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"http://127.0.0.1:{self.port}/v1/events"
        batch = 0
        with httpx.Client(headers=headers, timeout=10.0) as http:
            while not self.end.is_set():
                batch += 1
                ids = [f"{self.name}-{batch}-{k}" for k in range(BATCH)]
                rows = [{"user": f"u{batch % 7}", "item": self.item, "kind": "like", "id": id_} for id_ in ids]
                while not self.end.is_set():
                    self.attempts += 1
                    try:
                        found = http.post(url, json=rows)
                    except httpx.HTTPError:
                        sleep(0.05)
                        continue
                    if found.status_code in (200, 202):
                        assert found.json()["refused"] == 0
                        self.acknowledged += ids
                        break
                    sleep(0.05)


def keys_of(root: Path) -> list[str]:
    with closing(Store.open(root)) as store, store.read() as conn:
        return list(conn.scalars(sa.text("SELECT key FROM events WHERE NOT synthetic")))


def under_load(port: int, key: str, item: str, rounds: int, fault: Callable[[], None]) -> list[Sender]:
    senders = [Sender(f"s{k}", port, key, item) for k in range(SENDERS)]
    for sender in senders:
        sender.start()
    rng = random.Random(0)
    for _ in range(rounds):
        before = [len(sender.acknowledged) for sender in senders]
        until(lambda b=before: all(len(s.acknowledged) > n for s, n in zip(senders, b, strict=True)), 60.0)
        sleep(rng.random() * 0.3)
        fault()
    before = [len(sender.acknowledged) for sender in senders]
    until(lambda: all(len(s.acknowledged) > n for s, n in zip(senders, before, strict=True)), 60.0)
    for sender in senders:
        sender.end.set()
    for sender in senders:
        sender.join(30.0)
    return senders


def check_all_there(root: Path, senders: list[Sender]) -> None:
    acknowledged = {f"id:{id_}" for sender in senders for id_ in sender.acknowledged}
    assert len(acknowledged) > KILLS * BATCH

    def there() -> bool:
        return acknowledged <= set(keys_of(root))

    until(there, 30.0)
    stored = keys_of(root)
    assert len(stored) == len(set(stored))


@pytest.mark.slow
def test_the_service_is_killed(tmp_path: Path, taught_light: Path) -> None:
    root = copied(taught_light, tmp_path)
    key, port = new_key(root, "admin"), free_port()
    item = Project.open(root).catalog().items.ids[0]
    service: list[Any] = [running(root, key, port=port)]
    now = [service[0].__enter__()]

    def fault() -> None:
        now[0].kill()
        service[0] = running(root, key, port=port)
        now[0] = service[0].__enter__()

    senders = under_load(port, key, item, KILLS, fault)
    service[0].__exit__(None, None, None)
    check_all_there(root, senders)


@pytest.mark.slow
def test_a_worker_is_killed(tmp_path: Path, taught_light: Path) -> None:
    root = copied(taught_light, tmp_path)
    key, port = new_key(root, "admin"), free_port()
    item = Project.open(root).catalog().items.ids[0]
    with running(root, key, "--workers", "2", port=port) as service:

        def workers() -> list[int]:
            found = [pid for pid in service.children() if b"spawn_main" in _command(pid)]
            return found if len(found) == 2 else []

        def fault() -> None:
            os.kill(random.choice(until(workers, 60.0)), signal.SIGKILL)

        senders = under_load(port, key, item, KILLS, fault)
    check_all_there(root, senders)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    pytest.importorskip("psycopg")
    with cluster() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, server: Cluster) -> Iterator[tuple[Path, str]]:
    """A project on a server that may be killed, and one of its items."""
    from tastemaker.lifecycle.sample import sample_file

    assert QUICK
    recipe = quick_recipe(tmp_path, light=True)
    catalog = sample_file(str(recipe), tmp_path / "catalog.csv", 0)
    with Project.init(tmp_path / "shop", recipe, catalog, database=server.url) as project:
        yield tmp_path / "shop", project.catalog().items.ids[0]
        project.store._drop()


@pytest.mark.slow
@pytest.mark.postgres
def test_postgres_is_killed(shop: tuple[Path, str], server: Cluster) -> None:
    """Events go to the spool while it is away, and are replayed, each once."""
    root, item = shop
    key, port, spooled = new_key(root, "admin"), free_port(), [0]
    with running(root, key, port=port) as service:

        def fault() -> None:
            server.kill()
            found = service.http.post("/v1/events", json=[{"user": "x", "item": item, "kind": "like"}])
            spooled[0] += found.json().get("spooled", 0)
            answer = service.http.get("/v1/users/u1/recommendations")
            assert (answer.status_code, len(answer.json()["items"])) == (200, 10)
            server.start()

        senders = under_load(port, key, item, KILLS, fault)
        assert spooled[0] == KILLS
        check_all_there(root, senders)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_worker_is_killed_while_the_database_is_away(shop: tuple[Path, str], server: Cluster) -> None:
    """What it had spooled is in nobody's memory: another worker finds it, and replays it beside its own."""
    root, item = shop
    key, port = new_key(root, "admin"), free_port()
    with running(root, key, "--workers", "2", port=port) as service:

        def spooling() -> list[int]:
            left = {path.name.partition("-")[0] for path in (root / "spool").glob("*.jsonl") if path.stat().st_size}
            return [pid for pid in service.children() if str(pid) in left]

        def fault() -> None:
            server.kill()
            os.kill(random.choice(until(spooling, 60.0)), signal.SIGKILL)
            server.start()

        senders = under_load(port, key, item, KILLS, fault)
        check_all_there(root, senders)
        until(lambda: not any(path.stat().st_size for path in (root / "spool").iterdir()))


@pytest.mark.slow
@pytest.mark.postgres
def test_postgres_hangs(shop: tuple[Path, str], server: Cluster) -> None:
    """It refuses nothing and answers nothing: answers come from memory, events go to the spool, health is told."""
    root, item = shop
    rows = [{"user": "x", "item": item, "kind": "like", "id": "first"}]
    with running(root, new_key(root, "admin")) as service:
        service.http.post("/v1/events", json=rows)

        def ask() -> Any:
            found = service.http.get("/v1/users/x/recommendations")
            assert (found.status_code, len(found.json()["items"])) == (200, 10)
            return found.json()["fallback"]["reason"]

        assert ask() == ""
        with server.hung():
            done = service.http.post("/v1/events", json=[{**rows[0], "id": f"later-{k}"} for k in range(3)])
            assert (done.status_code, done.json()["spooled"]) == (202, 3)
            assert "cannot be read" in ask()
            until(lambda: 'tastemaker_database_up{project="shop"} 0.0' in service.http.get("/metrics").text)
            with ThreadPoolExecutor(60) as pool:  # more than there are threads for routes
                waiting = [pool.submit(service.http.get, "/v1/items", timeout=60.0) for _ in range(60)]
                for path in ("/health/ready", "/v1/users/stranger/recommendations"):
                    assert service.http.get(path).status_code == 200
                asked = service.http.post("/v1/recommendations", json={"likes": [item]})
                assert asked.status_code == 200
                assert service.http.post("/v1/events", json=[{**rows[0], "id": "last"}]).status_code == 202
                assert {one.result().status_code for one in waiting} == {503}
        until(lambda: ask() == "")
        until(lambda: {"id:first", "id:later-0", "id:later-1", "id:later-2", "id:last"} <= set(keys_of(root)))
        assert len(keys_of(root)) == 5
