"""Competitors as processes, asked in turn: round by round, so that a machine that drifts hits them all alike."""

import json
import os
import subprocess
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Timer
from typing import Any

from peers.install import Installed
from peers.tasks import Entry, Task

BENCHMARKS = Path(__file__).parents[1]
LIMIT = 3600.0  # seconds until a competitor that does not answer is ended
SLOW, SLOW_ROUNDS = 120.0, 3  # a round that takes longer than SLOW seconds is repeated SLOW_ROUNDS times at most
ENDED = "its process ended: out of memory, or too slow"

Answer = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """Where they compete. world: the folder of arrays; log: what they print; held: settings are being chosen."""

    installed: dict[str, Installed]
    world: Path
    threads: int
    log: Path
    held: bool = False


class Competitor:
    """One entry of a task: a process that prepares, then does a round whenever it is asked."""

    def __init__(self, entry: Entry, stage: Stage) -> None:
        order: Answer = {"side": entry.side, "call": entry.call, "settings": entry.settings}
        order |= {"data": str(stage.world), "threads": stage.threads, "held": stage.held}
        self.process = subprocess.Popen(
            [stage.installed[entry.side].python, "-m", "peers.worker", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stage.log.open("a"),
            text=True,
            cwd=BENCHMARKS,
            env=os.environ | _threads(stage.threads, entry.blas),
        )
        self.failed = self._answer().get("error", "")

    def round(self, judged: bool) -> Answer:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"judged": judged}) + "\n")
            self.process.stdin.flush()
            answer = self._answer()
        except BrokenPipeError:
            answer = {"error": ENDED}
        self.failed = answer.get("error", "")
        return answer

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _answer(self) -> Answer:
        assert self.process.stdout is not None
        clock = Timer(LIMIT, self.process.kill)
        clock.start()
        line = self.process.stdout.readline()
        clock.cancel()
        answer: Answer = json.loads(line) if line else {"error": ENDED}
        return answer


def _threads(threads: int, blas: int) -> dict[str, str]:
    every = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS", "LK_NUM_THREADS", "POLARS_MAX_THREADS")
    linear = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LK_NUM_BACKEND_THREADS")
    return {name: str(threads) for name in every} | {name: str(blas) for name in linear} | {"TQDM_DISABLE": "1"}


def compete(task: Task, rounds: int, stage: Stage) -> list[Answer]:
    """What each entry answered: its settings, its rounds, and its error if it has one."""
    records = [_blank(entry, stage.installed[entry.side]) for entry in task.entries]
    rounds = min(rounds, task.max_rounds)
    if task.together:
        _in_turn(task, records, rounds, stage)
    else:
        for entry, record in zip(task.entries, records, strict=True):
            _in_turn(replace(task, entries=(entry,)), [record], rounds, stage)
    return records


def _blank(entry: Entry, found: Installed) -> Answer:
    version = next(iter(found.versions.values()), "not installed")
    return asdict(entry) | {"version": version, "rounds": [], "error": found.error}


def _in_turn(task: Task, records: list[Answer], rounds: int, stage: Stage) -> None:
    running = []
    for entry, record in zip(task.entries, records, strict=True):
        if not record["error"]:
            competitor = Competitor(entry, stage)
            record["error"] = competitor.failed
            running.append((competitor, record))
    try:
        for number in range(rounds):
            for competitor, record in running:
                if competitor.failed or (number >= SLOW_ROUNDS and _slow(record)):
                    continue
                answer = competitor.round(judged=number == 0 or task.judge_all)
                _note(task, record, answer, number)
    finally:
        for competitor, _ in running:
            competitor.end()


def _slow(record: Answer) -> bool:
    return bool(record["rounds"][0]["seconds"] > SLOW)


def _note(task: Task, record: Answer, answer: Answer, number: int) -> None:
    if "error" in answer:
        record["error"] = answer["error"]
        print(f"  {task.name} {record['name']}: {answer['error']}", flush=True)
        return
    record["rounds"].append(answer)
    quality = ", ".join(f"{name} {value:.4g}" for name, value in answer["quality"].items())
    figure = f"{answer['figure']:.4g} {task.unit}"
    print(f"  {task.name} {number + 1}. {record['name']}: {figure}, {answer['peak_mb']:.0f} MB {quality}", flush=True)
