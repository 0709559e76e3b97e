"""Chooses the settings that decide quality, each peer's and ours alike, on a tenth of the training events, held out.

Plain grids, best Recall@20 wins; the test part is not looked at. Epochs are fixed here, about as many as a peer makes
in the benchmark's 20 seconds on two cores, so that a busy machine does not choose. Written to settings.json.
"""

import json
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from peers.drive import Stage, compete
from peers.tasks import FACTORS, Entry, Settings, Task

FILE = Path(__file__).parent / "settings.json"


@dataclass(frozen=True)
class Grid:
    """fixed: what all trials share; tried: each setting's values, all combinations are tried."""

    side: str
    call: str
    fixed: Settings
    tried: dict[str, tuple[Any, ...]]


def _bpr(side: str, epochs: int, fixed: Settings, **tried: tuple[float, ...]) -> Grid:
    return Grid(side, "bpr_quality", {"seconds": 0, "trial": epochs, "dim": FACTORS, **fixed}, tried)


def _knn(kind: str) -> Grid:
    return Grid("implicit", "knn_quality", {"kind": kind}, {"neighbors": (200, 500, 1000)})


GRIDS = {
    "implicit bpr": _bpr("implicit", 100, {}, learning_rate=(0.01, 0.02, 0.04), regularization=(0.001, 0.003)),
    "cornac bpr": _bpr("cornac", 80, {}, learning_rate=(0.1, 0.2), lambda_reg=(0.0003, 0.001)),
    "lightfm warp": _bpr("lightfm", 12, {"loss": "warp"}, learning_rate=(0.03, 0.05, 0.1), alpha=(0.0,)),
    "lightfm bpr": _bpr("lightfm", 12, {"loss": "bpr"}, learning_rate=(0.05, 0.1, 0.2), alpha=(0.0,)),
    "tastemaker bpr": _bpr("tastemaker", 300, {}, learning_rate=(0.1, 0.2), l2=(0.002, 0.005)),
    "implicit als": Grid(
        "implicit",
        "als_quality",
        {"dim": 128, "epochs": 15, "cg": True},
        {"alpha": (20.0, 40.0, 80.0), "regularization": (0.1,)},
    ),
    "implicit cosine": _knn("cosine"),
    "implicit tfidf": _knn("tfidf"),
    "implicit bm25": _knn("bm25"),
}


def tune(wanted: list[str], stage: Stage) -> None:
    """Try the grids whose name is wanted (all, if none is) and keep each one's best."""
    chosen = json.loads(FILE.read_text())
    for name, grid in GRIDS.items():
        if not wanted or name in wanted:
            chosen[name] = _best(name, grid, stage)
            FILE.write_text(json.dumps(chosen, indent=2, sort_keys=True) + "\n")


def _best(name: str, grid: Grid, stage: Stage) -> Settings:
    trials = [dict(zip(grid.tried, values, strict=True)) for values in product(*grid.tried.values())]
    entries = [Entry(str(trial), grid.side, grid.call, grid.fixed | trial) for trial in trials]
    task = Task(name, f"tuning {name}", "Recall@20", tuple(entries), higher=True, together=False, judge_all=True)
    records = compete(task, 1, replace(stage, held=True))
    found = [record["rounds"][0]["figure"] if record["rounds"] else float("-inf") for record in records]
    best = trials[found.index(max(found))]
    print(f"{name}: {best}, Recall@20 {max(found):.4f} on held-out events", flush=True)
    return best
