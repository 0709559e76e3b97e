"""The service beside a plain endpoint, in one run: python -m benchmarks.service.run [--seconds 10] [--quick]

41,000 items × 64 factors; every question folds in a user's 30 events from the store, leaves them out, is logged and
counted. The plain endpoint multiplies a known user's vector and takes the top 20, no more.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

import httpx

from .load import Load, load, temporary, warm
from .started import Started, plain, service

Open = AbstractContextManager[Started]
USERS, CONNECTIONS = 2000, (1, 8, 32)
PREFIX, SUFFIX = "/v1/users/u", "/recommendations?n=20"
EVENTS, ROWS = 20_000, 100
POSTGRES = os.environ.get("TASTEMAKER_BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="one worker, uvicorn, no PostgreSQL")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    folder = temporary()
    found: dict[str, object] = {"cores": os.cpu_count(), "load before": os.getloadavg()[0]}
    try:
        key = made(folder / "shop")
        found["requests"] = requests(folder / "shop", key, asked.seconds, asked.quick)
        found["events on SQLite"] = events(folder / "shop", key)
        if not asked.quick:
            found["events on PostgreSQL"] = on_postgres(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if asked.out is not None:
        asked.out.write_text(json.dumps(found, indent=1), "utf-8")


def made(root: Path, database: str | None = None) -> str:
    """A key of the project that is made here; in a process of its own, since making it loads what serving must not."""
    command = [sys.executable, "-m", "benchmarks.service.shop", str(root), *([database] if database else [])]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def requests(root: Path, key: str, seconds: float, quick: bool) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, workers, open_it, path, users in _subjects(root, quick):
        with open_it as started:
            prefix, suffix = path
            warm(started.url, f"{prefix}{'0' if users else ''}{suffix}", key)
            load(started.url, prefix, suffix, users, key, 8, max(1.0, seconds / 3))
            loads = [load(started.url, prefix, suffix, users, key, c, seconds) for c in CONNECTIONS]
            rows.append(_row(name, workers, started, loads))
    return rows


def _subjects(root: Path, quick: bool) -> Iterator[tuple[str, int, Open, tuple[str, str], int]]:
    ours, theirs = (PREFIX, SUFFIX), ("/users/", "/recommendations")
    for workers in (1,) if quick else (1, 2):
        yield "plain endpoint", workers, plain(workers), theirs, USERS
        yield "empty endpoint", workers, plain(workers), ("/empty", ""), 0
        for server in ("uvicorn",) if quick else ("uvicorn", "granian"):
            made_anew = service(root, workers=workers, server=server, repeat_s=0.0)
            yield f"tastemaker ({server})", workers, made_anew, ours, USERS
            yield f"tastemaker ({server}), repeated", workers, service(root, workers=workers, server=server), ours, 1


def _row(name: str, workers: int, started: Started, loads: list[Load]) -> dict[str, object]:
    memory = started.memory()
    say(f"{name}, {workers} worker{'s' * (workers > 1)}: ready in {started.ready:.2f} s, {memory[-1]} MB a worker")
    for one in loads:
        say(f"    {one}")
    return {"name": name, "workers": workers, "ready": started.ready, "MB": memory[-1], "loads": [*map(asdict, loads)]}


def events(root: Path, key: str) -> float:
    """Acknowledged rows a second, in batches of 100, four senders."""
    from concurrent.futures import ThreadPoolExecutor

    with service(root) as started:
        headers = {"Authorization": f"Bearer {key}"}

        def send(sender: int) -> int:
            accepted = 0
            with httpx.Client(base_url=started.url, headers=headers, timeout=30.0) as http:
                for batch in range(EVENTS // ROWS // 4):
                    rows = [_event(sender, batch, k) for k in range(ROWS)]
                    accepted += http.post("/v1/events", json=rows).json()["accepted"]
            return accepted

        begun = perf_counter()
        with ThreadPoolExecutor(4) as pool:
            stored = sum(pool.map(send, range(4)))
        rate = stored / (perf_counter() - begun)
    say(f"events: {stored} rows acknowledged, {rate:.0f}/s in batches of {ROWS}")
    return rate


def _event(sender: int, batch: int, k: int) -> dict[str, str]:
    user, item = f"u{(batch * 7 + k) % USERS}", f"i{(batch * ROWS + k) % 41000}"
    return {"user": user, "item": item, "kind": "like", "id": f"{sender}-{batch}-{k}"}


def on_postgres(folder: Path) -> float | None:
    with ExitStack() as stack:
        url = stack.enter_context(_database())
        if url is None:
            return None
        key = made(folder / "postgres", url)
        say("PostgreSQL:")
        return events(folder / "postgres", key)


@contextmanager
def _database() -> Iterator[str | None]:
    """A database of our own on the server, dropped afterwards."""
    try:
        import psycopg

        admin = psycopg.connect(f"{POSTGRES}/postgres", autocommit=True)
    except Exception as error:
        say(f"no PostgreSQL here: {error}")
        yield None
        return
    name = f"tastemaker_bench_{os.getpid()}"
    admin.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{POSTGRES}/{name}"
    finally:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
