"""Foretelling grades and likes, beside Surprise (SVD, KNNBaseline) and LightGBM.

python benchmarks/ratings.py --data FOLDER

FOLDER holds movies.csv and ratings.csv as MovieLens writes them; without --data a world is generated. Protocols:
  time    what is later than the first 80 % of all events
  user    each user's last 20 %
  replay  the events after the first 20 %, in ten equal steps; everybody is refitted before each step
  random  a random 20 %, without times: only to compare with what others print
Every event is foretold from what happened strictly before it. All are fitted equally often, on the same events, and
calibrated on the same rows: the latest 20 % of what they learn from (random: a random 20 %; ours asks 5,000 of them at
most), after which they learn from all of it. A peer's number is its prediction or a linear function of it fitted on
those rows, whichever is better on the test part, in its favor; its chance of a like is a logistic function of the
prediction. Surprise knows a user as of the last refit. LightGBM is given what any practitioner would give it: means and
counts of user and item, of the user on the item's families, of the user's last five grades, of the user up to the
moment of the event ("lgbm") or up to the refit ("lgbm frozen"). Ours is asked both ways, too. Intervals: 95 %, users
resampled, paired.

The first run builds an environment for the peers under --out.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tastemaker.algorithms import Biases, RatingBlend
from tastemaker.algorithms.calibrate import logistic
from tastemaker.algorithms.foretelling import RatingModel, later
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset, Scale
from tastemaker.data.events import events_of
from tastemaker.data.features import TASTES, Features
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.read import read_table
from tastemaker.data.vocab import Vocab
from tastemaker.evaluate import Foretold, better_by, foretell
from tastemaker.features.build import build_features
from tastemaker.kernels.threads import one_blas_thread
from tastemaker.metrics import calibration_error
from tastemaker.recipe import find_recipe, read_recipe
from tastemaker.watch import Watch

HERE = Path(__file__).parent
NEEDS = ("scikit-surprise", "lightgbm", "scikit-learn", "scipy")
STEPS = 10
PEERS = ("svd", "knn", "lgbm", "lgbm frozen")
OURS: dict[str, RatingModel] = {"biases": Biases(), "ours": RatingBlend()}
METRICS = ("accuracy", "rmse", "log loss", "calibration")


@dataclass(frozen=True)
class Step:
    """bool (n,) each: what is learned from, what of it calibrates, what is foretold."""

    train: Any
    valid: Any
    test: Any


@dataclass(frozen=True)
class World:
    data: Dataset
    features: Features
    unit: float  # what a preference of 1 is worth in stars


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="time,user,replay,random", help="protocols, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "out" / "ratings")
    chosen = parser.parse_args()
    python = _environment(chosen.out)
    world = generated(chosen.seed) if chosen.data is None else read_world(chosen.data)
    for name in chosen.only.split(","):
        data, steps = protocol(world, name, chosen.seed)
        told = replace(world, data=data)
        found, seconds = ours(told, steps)
        for peer, value in peers(told, steps, python, chosen.out / f"{name}.npz").items():
            found[peer], seconds[peer] = value
        print(table(name, found, seconds, told), flush=True)


def _environment(out: Path) -> Path:
    python = out / "peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(out / "peers")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *NEEDS], check=True)
    return python


def read_world(folder: Path) -> World:
    recipe = read_recipe(find_recipe("movies"))
    catalog = load_catalog(read_table(folder / "movies.csv"), recipe.catalog).catalog
    features = build_features(catalog, recipe.features, recipe.tastes, 0, Watch())
    rows = np.loadtxt(folder / "ratings.csv", delimiter=",", skiprows=1)
    ids, user = np.unique(rows[:, 0].astype(int), return_inverse=True)
    item = catalog.items.rows(str(int(one)) for one in rows[:, 1])
    events = events_of(
        user.astype(np.int32), item, rows[:, 2].astype(np.float32), "rating", time=rows[:, 3].astype(np.int64)
    )
    scale = recipe.scales["rating"]
    users = Vocab(tuple(map(str, ids)))
    unit = (scale.best - scale.worst) / 2
    return World(Dataset(events, catalog, users, scales={"rating": scale}), features, unit)


def generated(seed: int, n_users: int = 600, n_items: int = 3000, n: int = 90_000) -> World:
    """Grades 1 to 5 where factors that families explain in part make taste, moods drift, and most users are new."""
    rng = np.random.default_rng(seed + 100)
    family = rng.integers(0, 12, (n_items, 2))
    content = np.zeros((n_items, 12), np.float32)
    np.put_along_axis(content, family, 0.5, axis=1)
    q = content @ rng.normal(0, 0.7, (12, 6)) + rng.normal(0, 0.35, (n_items, 6))
    worth, p = rng.normal(0, 0.4, n_items), rng.normal(0, 0.5, (n_users, 6))
    share = rng.pareto(1.2, n_users) + 0.1
    user = np.sort(rng.choice(n_users, n, p=share / share.sum())).astype(np.int32)
    item = np.minimum((n_items * rng.random(n) ** 2.2), n_items - 1).astype(np.int32)
    _, first = np.unique(user.astype(np.int64) * n_items + item, return_index=True)
    user, item = user[np.sort(first)], item[np.sort(first)]
    begun = rng.integers(0, 10_000_000, n_users)
    moment = begun[user] + np.concatenate([np.arange(c) * 60 for c in np.bincount(user, minlength=n_users)])
    mood, noise = np.zeros(len(user)), rng.normal(0, 0.3, len(user))
    for e in range(1, len(user)):
        mood[e] = 0.97 * mood[e - 1] + 0.24 * noise[e] if user[e] == user[e - 1] else noise[e]
    joy = 3.5 + rng.normal(0, 0.4, n_users)[user] + worth[item] + (p[user] * q[item]).sum(axis=1) + mood
    stars = np.clip(np.round(joy + rng.normal(0, 0.7, len(user))), 1, 5).astype(np.float32)
    items = Vocab(tuple(f"i{i}" for i in range(n_items)))
    catalog, users = Catalog(items, items.ids), Vocab(tuple(f"u{u}" for u in range(n_users)))
    events = events_of(user, item, stars, "rating", time=moment.astype(np.int64))
    names = tuple(f"family {f}" for f in range(12))
    features = Features(items, {TASTES: content}, {TASTES: names})
    return World(Dataset(events, catalog, users, scales={"rating": Scale(1, 5, 4)}), features, 2.0)


def protocol(world: World, name: str, seed: int) -> tuple[Dataset, list[Step]]:
    data, events = world.data, world.data.events
    n, when = len(data), events.time
    if name == "random":
        test = np.random.default_rng(seed).random(n) < 0.2
        data = replace(data, events=replace(events, time=test.astype(np.int64)))
        return data, [_step(data, ~test, test)]
    if name == "time":
        train = when <= np.sort(when)[int(0.8 * n) - 1]
        return data, [_step(data, train, ~train)]
    if name == "user":
        order = np.lexsort((when, events.user))
        counts = np.bincount(events.user)
        place = np.empty(n, np.int64)
        place[order] = np.arange(n) - (np.cumsum(counts) - counts)[events.user[order]]
        train = place < np.ceil(0.8 * counts[events.user])
        return data, [_step(data, train, ~train)]
    cuts = np.sort(when)[(n * np.linspace(0.2, 1.0, STEPS + 1)[:-1]).astype(int)]
    ends = [*cuts[1:], np.iinfo(np.int64).max]
    return data, [_step(data, when < a, (when >= a) & (when < b)) for a, b in zip(cuts, ends, strict=True)]


def _step(data: Dataset, train: Any, test: Any) -> Step:
    rows = np.flatnonzero(train)
    _, late = later(data.where(train), 0.2, np.random.default_rng(0))  # as our models draw it
    valid = np.zeros(len(train), bool)
    valid[rows[late]] = True
    return Step(train, valid, test)


Found = tuple[Foretold, float]


@one_blas_thread()
def ours(world: World, steps: list[Step]) -> tuple[dict[str, Foretold], dict[str, float]]:
    """Ours as it folds in what came since the refit, and frozen as of the refit."""
    parts: dict[str, list[Foretold]] = {}
    seconds: dict[str, float] = {}
    for step in steps:
        asked = np.flatnonzero(step.test)
        for name, model in OURS.items():
            begun = time.monotonic()
            scorer = model.fit(world.data.where(step.train), world.features, np.random.default_rng(0), Watch())
            seconds[name] = seconds.get(name, 0.0) + time.monotonic() - begun
            parts.setdefault(name, []).append(foretell(scorer, world.data, asked))
            if name == "ours":
                frozen = replace(world.data, events=replace(world.data.events, time=_frozen(world.data, step)))
                parts.setdefault("ours frozen", []).append(foretell(scorer, frozen, asked))
    seconds["ours frozen"] = seconds["ours"]
    return {name: joined(found) for name, found in parts.items()}, {n: s / len(steps) for n, s in seconds.items()}


def _frozen(data: Dataset, step: Step) -> Any:
    """Times as if all that is not learned from came after everything, at once."""
    return np.where(step.train, data.events.time, data.events.time.max() + 1)


def joined(parts: list[Foretold]) -> Foretold:
    names = ("value", "chance", "actual", "liked", "user", "item", "known", "time")
    return Foretold(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def peers(world: World, steps: list[Step], python: Path, file: Path) -> dict[str, Found]:
    """What the peers say, in their own environment, calibrated here."""
    e = world.data.events
    masks = {f"{name}{s}": getattr(step, name) for s, step in enumerate(steps) for name in ("train", "valid", "test")}
    content = world.features.matrix((TASTES, "numbers"))
    arrays: dict[str, Any] = {"user": e.user, "item": e.item, "value": e.value, "time": e.time, "content": content}
    np.savez(file, families=world.features.block(TASTES), text=world.features.block("text"), **arrays, **masks)
    answers = file.with_suffix(".answers.npz")
    subprocess.run([str(python), str(HERE / "ratings_peers.py"), str(file), str(answers), str(len(steps))], check=True)
    said, found = np.load(answers), {}
    for peer in PEERS:
        each = [_calibrated(world.data, step, said[f"{peer} valid{s}"], said[f"{peer} test{s}"]) for s, step in
                enumerate(steps)]  # fmt: skip
        plain, linear = (joined([pair[i] for pair in each]) for i in range(2))
        found[peer] = (min((plain, linear), key=_rmse), float(said[f"{peer} seconds"]) / len(steps))
    return found


def _calibrated(data: Dataset, step: Step, valid: Any, test: Any) -> tuple[Foretold, Foretold]:
    scale, e = data.scales["rating"], data.events
    signed, liked = data.signed(), data.liked()
    v, t = (scale.signed(np.asarray(x, np.float32)).astype(np.float64) for x in (valid, test))
    slope, shift = np.polyfit(v, signed[step.valid], 1)
    c = logistic(v[:, None], liked[step.valid])
    chance = (1.0 / (1.0 + np.exp(-(c[0] + c[1] * t)))).astype(np.float32)
    rest = (signed[step.test], liked[step.test], e.user[step.test], e.item[step.test], np.zeros(len(t), np.int32),
            e.time[step.test])  # fmt: skip
    values = (t, np.clip(slope * t + shift, -1.0, 1.0))
    plain, linear = (Foretold(value.astype(np.float32), chance, *rest) for value in values)
    return plain, linear


def _rmse(found: Foretold) -> float:
    return float(np.sqrt(found.losses()["squared error"].mean()))


def table(name: str, found: dict[str, Foretold], seconds: dict[str, float], world: World) -> str:
    """Each metric, and in brackets by how much ours is better, with its interval."""
    best, lines = (
        found["ours"],
        [f"\n| {name}, n = {len(found['ours']):,} | accuracy | RMSE | log loss | calibration | fit |"],
    )
    lines.append("|---|---|---|---|---|---|")
    for who, one in found.items():
        losses = one.losses()
        means = {"accuracy": losses["accuracy"].mean(), "rmse": world.unit * _rmse(one)}
        means |= {"log loss": losses["log loss"].mean(), "calibration": calibration_error(one.chance, one.liked)}
        cells = []
        for metric in METRICS:
            cell = f"{means[metric]:.4f}"
            if who != "ours":
                low, high = difference(metric, best, one, world.unit)
                cell += f" [{low:+.4f}, {high:+.4f}]"
            cells.append(cell)
        lines.append(f"| {who} | {' | '.join(cells)} | {seconds[who]:.1f} s |")
    return "\n".join(lines)


def difference(metric: str, tried: Foretold, base: Foretold, unit: float) -> tuple[float, float]:
    """By how much `tried` is better, 95 % interval; users resampled."""
    rng = np.random.default_rng(1)
    if metric == "calibration":
        return _calibration_gain(tried, base, rng)
    found = better_by(metric, tried, base, rng, unit)  # type: ignore[arg-type]
    return found.low, found.high


def _calibration_gain(tried: Foretold, base: Foretold, rng: np.random.Generator) -> tuple[float, float]:
    _, at = np.unique(tried.user, return_inverse=True)
    n_users = int(at.max()) + 1
    drawn = rng.multinomial(n_users, np.full(n_users, 1 / n_users), size=1000)
    errors = []
    for one in (tried, base):
        cell = at * 10 + np.minimum((one.chance * 10).astype(int), 9)
        gap = np.bincount(cell, one.chance.astype(np.float64) - one.liked, n_users * 10).reshape(n_users, 10)
        errors.append(np.abs(drawn @ gap).sum(axis=1) / (drawn @ np.bincount(at)))
    low, high = np.quantile(errors[1] - errors[0], [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
