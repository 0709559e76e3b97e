"""How time and memory of each collaborative algorithm grow with the number of events, on generated data.

Run: python benchmarks/scaling.py [--large] [--only NAMES] [--limit SECONDS]
Users and items grow in proportion to events (27 events a user, 20 an item, a long tail of both). Every measurement is
a process of its own, so that its peak memory is its own: after a warm-up on 1,000 events, which loads libraries and
compiled code, one fit, then the top 20 for 1,000 users from their histories, the second time that they are asked.
"work" is how far the fit's peak is above the size before. A slope of 1 is linear growth. Algorithms in epochs make a
few: what an epoch costs is what grows.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from peers.generate import interactions
from peers.measure import Work, measured
from scipy.sparse import csr_array

from tastemaker.algorithms import ALGORITHMS
from tastemaker.data.arrays import csr, empty_csr
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.features import Features
from tastemaker.data.query import Batch
from tastemaker.data.vocab import Vocab
from tastemaker.watch import Watch

WARM, ASKED, TOP = 1000, 1000, 20
SIZES, LARGE = (100_000, 1_000_000), 10_000_000


@dataclass(frozen=True)
class Case:
    """share: of the sizes, for what grows faster than the others; graded: learns from grades, not from likes."""

    algorithm: str
    settings: dict[str, Any] = field(default_factory=dict)
    share: float = 1.0
    graded: bool = False


CASES = {
    "popular": Case("popular"),
    "item-kNN": Case("itemknn"),
    "graph filter, linear": Case("graph"),
    "graph filter, spectral": Case("graph", {"smooth": 0.2, "dim": 64}),
    "BPR-MF, 10 epochs": Case("bprmf", {"dim": 64, "epochs": 10}),
    "iALS by CG, 3 epochs": Case("ials", {"dim": 64, "epochs": 3}),
    "iALS exact, 3 epochs": Case("ials", {"dim": 64, "epochs": 3, "solver": "exact"}),
    "biased MF, 3 epochs": Case("biasedmf", {"epochs": 3}, graded=True),
    "blend": Case("blend"),
    "EASE": Case("ease", share=0.3),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help=f"{LARGE:,} events too")
    parser.add_argument("--sizes", help="numbers of events, separated by commas")
    parser.add_argument("--only", help="names, separated by semicolons")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds for one measurement")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(**json.loads(chosen.one))))
        return
    sizes = (
        [int(float(n)) for n in chosen.sizes.split(",")]
        if chosen.sizes
        else [*SIZES, *([LARGE] if chosen.large else [])]
    )
    names = [name for name in CASES if chosen.only is None or name in chosen.only.split(";")]
    print(
        f"{'':24}{'events':>12}{'users':>10}{'items':>10}{'fit s':>10}{'peak MB':>10}{'work MB':>10}{'1000 tops s':>13}"
    )
    print_slopes([row for name in names for n in sizes if (row := told(name, n, chosen.limit)) is not None])


def told(name: str, n_events: int, limit: float) -> dict[str, Any] | None:
    """One measurement in a process of its own, printed; None when there is none."""
    order = json.dumps({"name": name, "n_events": int(n_events * CASES[name].share)})
    try:
        line = [sys.executable, __file__, "--one", order]
        done = subprocess.run(line, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        print(f"{name:24}{n_events:12,}   longer than {limit:g} s")
        return None
    if done.returncode:
        print(f"{name:24}{n_events:12,}   {done.stderr.strip().splitlines()[-1]}")
        return None
    row: dict[str, Any] = json.loads(done.stdout)
    sizes = f"{row['events']:12,}{row['users']:10,}{row['items']:10,}"
    print(f"{name:24}{sizes}{row['fit']:10.2f}{row['peak']:10.0f}{row['work']:10.0f}{row['top']:13.3f}", flush=True)
    return row


def print_slopes(rows: list[dict[str, Any]]) -> None:
    print(f"\nlog-log slopes over the sizes measured\n{'':24}{'fit':>8}{'work memory':>14}{'1000 tops':>12}")
    for name, group in groupby(rows, key=lambda row: str(row["name"])):
        mine = list(group)
        if len(mine) > 1:
            print(f"{name:24}{slope(mine, 'fit'):8.2f}{slope(mine, 'work'):14.2f}{slope(mine, 'top'):12.2f}")


def slope(rows: list[dict[str, Any]], what: str) -> float:
    x, y = (np.log([max(row[key], 1e-9) for row in rows]) for key in ("events", what))
    return float(np.polyfit(x, y, 1)[0])


def measure(name: str, n_events: int) -> dict[str, Any]:
    case = CASES[name]
    model = ALGORITHMS[case.algorithm](**case.settings)
    warm, features, history = world(WARM, case.graded)
    top(model.fit(warm, features, np.random.default_rng(0), Watch()), history, case.graded)
    data, features, history = world(n_events, case.graded)
    kept: list[Any] = []
    fit = Work(
        lambda: kept.append(model.fit(data, features, np.random.default_rng(0), Watch())), lambda _, seconds: seconds
    )
    fitted = measured(fit, judged=False)
    asked = history[np.random.default_rng(1).integers(0, history.shape[0], ASKED)]
    top(kept[0], asked, case.graded)
    answered = measured(Work(lambda: top(kept[0], asked, case.graded), lambda _, seconds: seconds), judged=False)
    shape = {"events": len(data), "users": history.shape[0], "items": history.shape[1]}
    found = {
        "fit": fitted["seconds"],
        "peak": fitted["peak_mb"],
        "work": fitted["grown_mb"],
        "top": answered["seconds"],
    }
    return {"name": name, **shape, **found}


def world(n_events: int, graded: bool) -> tuple[Dataset, Features, csr_array]:
    """The events, features that say nothing, and the histories, csr (n_users, n_items)."""
    rng = np.random.default_rng(0)
    user, item, n_users, n_items = interactions(n_events, rng)
    value = rng.integers(1, 6, len(user)).astype(np.float32) if graded else np.ones(len(user), np.float32)
    users, items = (Vocab(tuple(map(str, range(n)))) for n in (n_users, n_items))
    scale = Scale(1, 5)
    events = events_of(user, item, value, "rating" if graded else "like")
    data = Dataset(events, Catalog(items, items.ids), users, scales={"rating": scale} if graded else {})
    return data, Features(items, {}), csr(user, item, scale.signed(value) if graded else value, (n_users, n_items))


def top(scorer: Any, history: csr_array, graded: bool) -> Any:
    n, nothing = history.shape[0], empty_csr(*history.shape)
    told = (nothing, history) if graded else (history, nothing)
    return scorer.top(Batch(*told, np.full(n, -1, np.int32), np.zeros((n, 0), np.float32)), TOP, history)


if __name__ == "__main__":
    main()
