"""Servers of a benchmark, in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from time import perf_counter, sleep

import httpx

SERVE = """
import json, sys
from tastemaker.serve.run import serve
from tastemaker.serve.settings import Settings
if __name__ == "__main__":
    serve(Settings(**json.loads(sys.argv[1])))
"""


@dataclass(frozen=True)
class Started:
    """ready: seconds until it answered"""

    url: str
    pid: int
    ready: float

    def memory(self) -> list[int]:
        """MB of each process that answers: the largest one last."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        return sorted(_resident(int(pid)) for pid in (str(self.pid), *found))


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1]) * 4096 >> 20
    return 0


def free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def service(root: Path, **settings: object) -> Iterator[Started]:
    port = free_port()
    said = {"projects": [str(root)], "port": port, "rate": 1e9, "burst": 1e9, "run_jobs": False, **settings}
    with root.parent.joinpath("serve.py").open("w", encoding="utf-8") as file:
        file.write(SERVE)
    command = [sys.executable, file.name, json.dumps(said)]
    with _process(command, port, "/health/ready") as started:
        yield started


@contextmanager
def plain(workers: int = 1) -> Iterator[Started]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.service.plain:app", "--port", str(port)]
    more = ["--log-level", "warning", "--no-access-log", "--workers", str(workers)]
    with _process([*command, *more], port, "/empty") as started:
        yield started


@contextmanager
def _process(command: list[str], port: int, path: str) -> Iterator[Started]:
    begun = perf_counter()
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            if process.poll() is not None:
                sys.exit(f"{' '.join(command)} has ended")
            with suppress(httpx.HTTPError):
                if httpx.get(url + path).status_code == 200:
                    break
            sleep(0.02)
        yield Started(url, process.pid, perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(30)
