"""Load on a loopback service: wrk where it is installed, else our own sender, which is slower and says so."""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

import httpx

SCRIPT = """
math.randomseed(tonumber(os.getenv("SEED") or "0"))
local prefix, suffix, users, key
function init(args) prefix = args[1]; suffix = args[2]; users = tonumber(args[3]); key = args[4] end
request = function()
  local headers = {}
  if key and #key > 0 then headers["Authorization"] = "Bearer " .. key end
  return wrk.format("GET", prefix .. (users > 0 and math.random(0, users - 1) or "") .. suffix, headers)
end
done = function(s, l, r)
  local bad = s.errors.status + s.errors.timeout + s.errors.read + s.errors.connect + s.errors.write
  io.write(string.format("FOUND %d %f %f %f %d\\n", s.requests, s.duration / 1e6, l:percentile(50) / 1e3,
                         l:percentile(99) / 1e3, bad))
end
"""


@dataclass(frozen=True)
class Load:
    """p50, p99: milliseconds; by: wrk or ours"""

    connections: int
    rate: float
    p50: float
    p99: float
    errors: int
    by: str

    def __str__(self) -> str:
        said = f"{self.connections:>3} connections {self.rate:>7.0f}/s  p50 {self.p50:>7.2f}  p99 {self.p99:>7.2f} ms"
        return f"{said}  errors {self.errors}" + ("" if self.by == "wrk" else f"  ({self.by})")


def load(url: str, prefix: str, suffix: str, users: int, key: str, connections: int, seconds: float) -> Load:
    """GET prefix + a random number below `users` + suffix; users 0 = no number."""
    if shutil.which("wrk") is None:
        return asyncio.run(_ours(url, prefix, suffix, users, key, connections, seconds))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "10s",
            "-s",
            script.name,
            url,
        ]
        done = subprocess.run(
            [*command, "--", prefix, suffix, str(users), key], capture_output=True, text=True, check=True
        )
    found = re.search(r"FOUND (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)", done.stdout)
    if found is None:
        sys.exit(f"wrk said: {done.stdout}{done.stderr}")
    n, took, p50, p99, bad = found.groups()
    return Load(connections, int(n) / float(took), float(p50), float(p99), int(bad), "wrk")


async def _ours(url: str, prefix: str, suffix: str, users: int, key: str, connections: int, seconds: float) -> Load:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    times: list[float] = []
    errors = 0
    end = perf_counter() + seconds

    async def one(number: int) -> None:
        nonlocal errors
        rng = Random(number)
        async with httpx.AsyncClient(base_url=url, headers=headers) as http:
            while (begun := perf_counter()) < end:
                found = await http.get(f"{prefix}{rng.randrange(users) if users else ''}{suffix}")
                errors += found.status_code != 200
                times.append(perf_counter() - begun)

    await asyncio.gather(*(one(k) for k in range(connections)))
    times.sort()
    p50, p99 = (times[int(len(times) * share)] * 1e3 for share in (0.5, 0.99))
    return Load(connections, len(times) / seconds, p50, p99, errors, "our own sender")


def warm(url: str, path: str, key: str) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"} if key else {}) as http:
        for _ in range(20):
            http.get(path)


def temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="tastemaker-bench-"))
