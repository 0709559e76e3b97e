"""A PostgreSQL server of the test's own, on a free port, that may be killed like any process."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@dataclass
class Cluster:
    """bin: where initdb and pg_ctl are; data: its directory, which nobody else may read"""

    bin: Path
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Also after a kill: it recovers from its log, once the last of the killed have let go of its memory."""
        options = f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1"
        log = str(self.data / "log")
        for left in range(40, -1, -1):
            try:
                self.run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", log, "-o", options, "start")
            except AssertionError:
                if not left:
                    raise
                time.sleep(0.25)
            else:
                return

    def kill(self) -> None:
        """kill -9 to the server and all that it has begun: no goodbye, no checkpoint."""
        self.signal(signal.SIGKILL)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """It is there, keeps its connections, and does nothing."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        pid = int((self.data / "postmaster.pid").read_text("utf-8").split()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        for one in (pid, *map(int, children)):
            try:
                os.kill(one, number)
            except ProcessLookupError:
                continue

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        as_user = {} if os.geteuid() else {"user": "postgres", "group": "postgres", "extra_groups": []}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL, **as_user
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Skips where there is no server program, or no user that it may run as."""
    found = [*sorted(glob("/usr/lib/postgresql/*/bin")), os.path.dirname(shutil.which("initdb") or "")]
    programs = [Path(folder) for folder in found if folder]
    if not programs:
        pytest.skip("no PostgreSQL server is installed")
    with TemporaryDirectory(prefix="tastemaker-server-") as folder:  # not pytest's, which only its owner may enter
        data = Path(folder)
        _hand_over(data)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made = Cluster(programs[-1], data, port)
        made.run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync")
        made.start()
        try:
            yield made
        finally:
            made.kill()


def _hand_over(data: Path) -> None:
    """PostgreSQL does not run as root."""
    if os.geteuid():
        return
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    os.chown(data, user.pw_uid, user.pw_gid)
