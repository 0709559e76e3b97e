"""A full disk, a database that may not be written, and a clock that jumps: still answering, and well again."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from tastemaker.errors import StoreError
from tastemaker.lifecycle import Project
from tastemaker.serve import showing, writing
from tastemaker.store.ingest import drop_batches
from tastemaker.store.slates import read_slates
from tastemaker.store.tables import ingest_batches

from ..shops import copied
from .opened import new_key, opened, until

TASTE = {"taste": {"woody": 0.9}, "n": 5}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A disk of 24 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root may make a small disk")
    yield disk  # type: ignore[misc]
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_the_disk_is_full(small: Path, taught_light: Path) -> None:
    root = copied(taught_light, small)
    item = Project.open(root).catalog().items.ids[0]
    with opened(root) as service:
        filler = small / "filler"
        _fill(filler)
        refused = until(lambda: _refused(service, item))
        assert "Send it again later" in refused["detail"] or "full" in refused["detail"]
        assert str(small) not in refused["detail"]
        assert service.post("/v1/recommendations", TASTE)["fallback"]["level"] == "active"
        filler.unlink()
        until(lambda: _stored(service, item))


def test_workers_share_no_file_that_a_full_disk_leaves_holes_in(small: Path, tmp_path: Path) -> None:
    """Writing into a hole through memory would kill the process."""
    from tastemaker.serve.shared import UserMarks

    UserMarks(tmp_path / "marks").touch("shop", "ann")
    kept = (tmp_path / "marks").stat()
    assert kept.st_blocks * 512 >= kept.st_size
    _fill(small / "filler")
    with pytest.raises(StoreError, match="TMPDIR"):
        UserMarks(small / "marks")


def _fill(file: Path) -> None:
    with suppress(OSError), file.open("wb") as filler:
        while True:
            filler.write(b"x" * 65536)
            filler.flush()


def _refused(service, item):  # type: ignore[no-untyped-def]
    rows = [{"user": f"{'u' * 200}{k}", "item": item, "kind": "like"} for k in range(1000)]
    found = service.ask("POST", "/v1/events", json=rows)
    return found.json() if found.status_code == 503 else None


def _stored(service, item):  # type: ignore[no-untyped-def]
    found = service.ask("POST", "/v1/events", json=[{"user": "ann", "item": item, "kind": "like"}])
    return found.status_code == 200


def test_the_database_may_only_be_read(shop: Path, project: Project) -> None:
    """By `query_only`: root may write any file."""
    item = project.catalog().items.ids[0]
    with opened(shop) as service:
        from sqlalchemy import event

        raw = service.tenant.steady.engine

        @event.listens_for(raw, "connect")
        def only_read(connection, _):  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA query_only = ON").close()

        raw.dispose()
        found = service.post("/v1/events", [{"user": "ann", "item": item, "kind": "like"}], 202)
        assert found["spooled"] == 1
        assert service.post("/v1/recommendations", TASTE)["fallback"]["level"] == "active"
        event.remove(raw, "connect", only_read)
        raw.dispose()
        until(lambda: service.tenant.spool.size == 0)
        assert service.get("/v1/users/ann")["events"] == 1


def test_what_is_swept_away_holds_no_events_up(shop: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired keys go a few at a time, in a transaction of their own, whatever becomes of it."""
    old = [{"id": f"b{k}", "body": "x", "at": 5} for k in range(5)]
    item, swept = project.catalog().items.ids[0], list[int]()

    def fails(*_: object) -> int:
        swept.append(-1)
        raise StoreError("made to fail")

    def sweeps(*given: object) -> int:
        swept.append(drop_batches(*given))  # type: ignore[arg-type]
        return swept[-1]

    monkeypatch.setattr(writing, "SWEPT", 2)
    monkeypatch.setattr(writing, "SOON", 0.0)
    monkeypatch.setattr(writing, "drop_batches", fails)
    with project.store.begin() as conn:
        conn.execute(sa.insert(ingest_batches), old)
    with opened(shop) as service:
        until(lambda: swept)
        found = service.post("/v1/events", [{"user": "ann", "item": item, "kind": "like"}])
        assert (found["accepted"], swept) == (1, [-1])  # and is not tried again with every event
        monkeypatch.setattr(writing, "drop_batches", sweeps)
        service.tenant.writing._sweeps = 0.0
        until(lambda: len(swept) == 4)
    assert swept == [-1, 2, 2, 1]


def test_what_was_shown_waits_where_the_database_goes_away_in_the_midst(
    shop: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slate is refused, then the database goes: what was not tried yet is not lost."""
    away, put = [True], showing.put_slates

    def puts(conn: sa.Connection, rows: list[dict[str, str]], dumps: object) -> None:
        if "request-3" in (names := [row["request"] for row in rows]):
            raise sa.exc.IntegrityError("made to fail", {}, ValueError("refused"))
        if away[0] and "request-4" in names:
            raise sa.exc.OperationalError("made to fail", {}, ValueError("gone"))
        put(conn, rows, dumps)  # type: ignore[arg-type]

    def logged() -> list[str]:
        with project.store.read() as conn:
            return [str(row["request"]) for row in read_slates(conn)]

    monkeypatch.setattr(showing, "put_slates", puts)
    with opened(shop) as service:
        service.tenant.writing._retry = float("inf")
        for k in range(6):
            service.get("/v1/users/ann/recommendations", headers={"X-Request-Id": f"request-{k}"})
        service.tenant.writing._retry = 0.0
        until(lambda: len(service.tenant.writing.showing) == 2)
        assert logged() == [f"request-{k}" for k in (0, 1, 2)]
        away[0] = False
        until(lambda: logged() == [f"request-{k}" for k in (0, 1, 2, 4, 5)])


def test_the_clock_jumps(shop: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    item, real = project.catalog().items.ids[0], time.time
    with opened(shop, key=new_key(shop, "admin")) as service:
        for jump in (-7 * 86400, 7 * 86400):
            for module in ("scoring", "writing", "showing", "routes.events"):
                monkeypatch.setattr(f"tastemaker.serve.{module}.time", lambda j=jump: real() + j)
            assert service.post("/v1/recommendations", TASTE)["fallback"] == {"level": "active", "reason": ""}
            assert service.post("/v1/events", [{"user": "ann", "item": item, "kind": "like"}])["accepted"] == 1
            assert service.recommend("ann")["items"]


def test_kernels_are_kept_in_the_project_where_the_package_may_not_be_written(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under ProtectSystem=strict, and without a home: numba would refuse to compile them at all."""
    import os

    from tastemaker.serve import process
    from tastemaker.serve.settings import ENVIRONMENT, Settings

    monkeypatch.setenv(ENVIRONMENT, Settings((str(shop),), open_door=True).as_text())
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    monkeypatch.setattr(os, "access", lambda *_: False)
    process.application()
    assert os.environ["NUMBA_CACHE_DIR"] == "elsewhere"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    process.application()
    assert os.environ.pop("NUMBA_CACHE_DIR") == str(shop / "cache" / "kernels")


def test_what_the_service_loads(shop: Path) -> None:
    """Nothing that trains, no app, no plots; and it is the process of a worker that is looked at."""
    import sys

    script = (
        "import sys, time\nfrom starlette.testclient import TestClient\nimport tastemaker.serve.process\n"
        "from tastemaker.serve.app import create\nfrom tastemaker.serve.settings import Settings\n"
        f"door = create(Settings(({str(shop)!r},), open_door=True))\n"
        "with TestClient(door) as http:\n"
        "    while http.get('/health/ready').status_code != 200: time.sleep(.02)\n"
        "    http.get('/v1/users/ann/recommendations'); http.get('/v1/versions')\n"
        "print(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"torch", "gensim", "optuna", "streamlit", "polars", "matplotlib", "alembic", "numba", "pandas"}
    heavy |= {f"tastemaker.{room}" for room in ("algorithms", "synth", "tune", "lifecycle", "recipe", "features")}
    assert "tastemaker.serve.worker" in loaded
    assert loaded & heavy == set()
