"""The service as people run it: `tastemaker serve` in processes of its own, which may be killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from .opened import until


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Running:
    process: "subprocess.Popen[bytes]"
    url: str
    http: httpx.Client

    def ready(self) -> bool:
        assert self.process.poll() is None, "the service has ended"
        with suppress(httpx.HTTPError):
            return bool(self.http.get("/health/ready").status_code == 200)
        return False

    def children(self) -> list[int]:
        told = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(line) for line in told.stdout.split()]

    def kill(self) -> None:
        """kill -9 to it and to its workers: no goodbye."""
        for pid in (*self.children(), self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(
    root: Path, key: str, *options: str, port: int | None = None, environment: dict[str, str] | None = None
) -> Iterator[Running]:
    chosen = port or free_port()
    command = [sys.executable, "-m", "tastemaker", "serve", str(root), "--port", str(chosen), "--rate", "1000000"]
    process = subprocess.Popen(
        [*command, "--no-jobs", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    url = f"http://127.0.0.1:{chosen}"
    headers: dict[str, Any] = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=20.0) as http:
        made = Running(process, url, http)
        try:
            until(made.ready, 60.0)
            yield made
        finally:
            process.terminate()
            try:
                process.wait(20.0)
            except subprocess.TimeoutExpired:
                made.kill()
