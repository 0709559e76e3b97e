"""Mixed load for a while: python -m benchmarks.service.soak [--minutes 15]

Is memory flat (slope printed), does no connection leak, is the last minute as quick as the first?
"""

import argparse
import random
import shutil
import sys
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import httpx
import numpy as np

from .load import temporary
from .run import USERS, made, say
from .started import Started, service

SENDERS = 4


class Sender(Thread):
    """Nine questions, then a batch of events, and so on; (when, milliseconds) of each."""

    def __init__(self, url: str, key: str, number: int) -> None:
        super().__init__(daemon=True)
        self.url, self.key, self.rng = url, key, random.Random(number)
        self.times: list[tuple[float, float]] = []
        self.failed, self.end = 0, Event()

    def run(self) -> None:
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=10.0) as http:
            while not self.end.is_set():
                begun = monotonic()
                found = self._ask(http)
                self.times.append((begun, (monotonic() - begun) * 1e3))
                self.failed += found.status_code >= 400
                sleep(0.005)

    def _ask(self, http: httpx.Client) -> httpx.Response:
        user, item = f"u{self.rng.randrange(USERS)}", f"i{self.rng.randrange(41000)}"
        dice = self.rng.random()
        if dice < 0.7:
            return http.get(f"/v1/users/{user}/recommendations?n=20")
        if dice < 0.8:
            return http.post("/v1/recommendations", json={"likes": [item], "n": 10, "explain": True})
        if dice < 0.9:
            return http.get(f"/v1/items/{item}/similar")
        rows = [{"user": user, "item": f"i{self.rng.randrange(41000)}", "kind": "like"} for _ in range(10)]
        return http.post("/v1/events", json=rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    asked = parser.parse_args()
    folder = temporary()
    try:
        key = made(folder / "shop")
        with service(folder / "shop") as started:
            soak(started, key, asked.minutes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def soak(started: Started, key: str, minutes: float) -> None:
    senders = [Sender(started.url, key, number) for number in range(SENDERS)]
    begun = monotonic()
    for sender in senders:
        sender.start()
    memory: list[tuple[float, float, int]] = []
    while monotonic() - begun < minutes * 60:
        sleep(min(5.0, minutes * 6))
        files = len(list(Path(f"/proc/{started.pid}/fd").iterdir()))
        memory.append(((monotonic() - begun) / 60, float(started.memory()[-1]), files))
    for sender in senders:
        sender.end.set()
        sender.join(20.0)
    tell(memory, [one for sender in senders for one in sender.times], begun, minutes)
    failed = sum(sender.failed for sender in senders)
    say(f"failed requests: {failed}")
    sys.exit(1 if failed else 0)


def tell(
    memory: list[tuple[float, float, int]], times: list[tuple[float, float]], begun: float, minutes: float
) -> None:
    settled = np.array(memory[len(memory) // 5 :])  # caches fill first
    slope = np.polyfit(settled[:, 0], settled[:, 1], 1)[0] if len(settled) > 1 else float("nan")
    say(f"memory {memory[0][1]:.0f} → {memory[-1][1]:.0f} MB, slope {slope:+.2f} MB a minute once caches are full")
    say(f"open files {memory[0][2]} → {memory[-1][2]}")
    at, took = (np.array(column) for column in zip(*times, strict=True))
    window = min(60.0, minutes * 20)
    first, last = (
        float(np.percentile(took[mask], 99)) for mask in (at < begun + window, at > begun + minutes * 60 - window)
    )
    say(f"{len(times)} requests, p99 {first:.1f} ms in the first {window:.0f} s, {last:.1f} ms in the last")


if __name__ == "__main__":
    main()
