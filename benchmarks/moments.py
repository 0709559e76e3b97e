"""Which kind of item somebody chooses in a moment: network, mapping, popularity and oracle on invented lives.

    python benchmarks/moments.py GBvideos.csv --users 400 --clicks 250

Protocol: people live thirty days (synth.life) over the catalog: nine tenths of the mapping's choices and of their own
taste as the recipe says. In the world "habit" each has four hours of the day in which 80 % of the choices are of one
kind; in "nothing" all choices are the mapping's, so that there is nothing to learn beyond it. Models learn from the
first four fifths by the clock; each choice of the last fifth is foretold from what its user had done strictly before.
NDCG is 1 / log2(1 + place of the kind chosen). The oracle knows the chances that each choice was drawn from.
Intervals: bootstrap over days of users; the lift is paired. Seconds are one learning, on one thread.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from tastemaker.data.arrays import Float64, Int64
from tastemaker.data.catalog import Catalog
from tastemaker.data.context import CODE, PLACE, column, place_code
from tastemaker.data.dataset import Dataset
from tastemaker.data.events import events_of
from tastemaker.data.features import TASTES, Features
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.read import read_table
from tastemaker.data.vocab import Vocab
from tastemaker.evaluate import RankingReport, judge_choices
from tastemaker.evaluate.choices import worth
from tastemaker.features.build import build_features
from tastemaker.metrics import interval, paired
from tastemaker.recipe import Recipe, find_recipe, read_recipe
from tastemaker.recipe.context import choice_model
from tastemaker.scorers import Choices, Scorer
from tastemaker.synth.life import Life, live
from tastemaker.synth.samples import sample_catalog
from tastemaker.watch import Watch

NOW = 1_763_683_200  # 21 November 2025
WORLDS: Mapping[str, Mapping[str, Any]] = {"habit": {"habit": 0.8}, "nothing": {"habit": 0.0, "match": 1.0}}


@dataclass(frozen=True)
class World:
    """chances: float64 (n_events, n_kinds), what each choice was drawn from; kinds: int64 (n_items,)"""

    data: Dataset
    features: Features
    kinds: Int64
    chances: Float64


def invented(recipe: Recipe, catalog: Catalog, life: Life, seed: int) -> World:
    features = build_features(catalog, recipe.features, recipe.tastes, seed, Watch())
    model = choice_model(recipe.models, recipe.context)
    assert model is not None
    bare, membership = model.untrained(features), features.block(TASTES)
    days = live(life, bare.mapping, membership, {}, NOW, np.random.default_rng(seed))
    order = np.argsort(days.clicks.time, kind="stable")
    label = days.label[days.clicks.feeling][order]
    codes = np.array([place_code(place) for place in days.places], np.float32)
    context = {column(model.context, name): (label == row).astype(np.float32) for row, name in enumerate(bare.labels)}
    context[column(PLACE, CODE)] = codes[days.clicks.place[order]]
    clicks = days.clicks
    events = events_of(
        clicks.user[order], clicks.item[order], np.ones(len(order), np.float32), "click", time=clicks.time[order]
    )
    users = Vocab(tuple(f"person {u}" for u in range(life.users)))
    data = Dataset(replace(events, context=context), catalog, users, features.tastes)
    return World(data, features, membership.argmax(axis=1), days.expected[order])


def judged(world: World, recipe: Recipe, seed: int) -> dict[str, Any]:
    time = world.data.events.time
    begins = int(np.quantile(time, 0.8))
    asked, model = np.flatnonzero(time >= begins), choice_model(recipe.models, recipe.context)
    assert model is not None
    started, cpu = perf_counter(), process_time()
    network = model.fit(world.data.where(time < begins), world.features, np.random.default_rng(seed), Watch())
    seconds, cpu = perf_counter() - started, process_time() - cpu
    models: dict[str, Scorer] = {"network": network, "mapping": replace(network, learned=0)}
    reports = {name: _report(one, world, asked, begins, seed) for name, one in models.items()}
    rng = np.random.default_rng(seed)
    there = np.isin(np.arange(world.chances.shape[1]), world.kinds)
    best = worth(np.round(world.chances[asked], 9), world.kinds[world.data.events.item[asked]], there)["ndcg"]
    ndcg = {name: report.metrics["ndcg"].model for name, report in reports.items()}
    lift = paired(reports["network"].per_user["ndcg"], reports["mapping"].per_user["ndcg"], rng)
    oracle = interval(_days_of(best, world.data, asked), rng)
    found = reports["network"].metrics["ndcg"]
    return {
        "events": len(time), "learned": int((time < begins).sum()), "asked": len(asked),
        "seconds": seconds, "cpu seconds": cpu,
        "oracle": vars(oracle), "random": found.floor, "popular": found.popular,
        "ndcg": {name: vars(one) for name, one in ndcg.items()}, "lift over mapping": vars(lift),
        "of the oracle": ndcg["network"].mean / oracle.mean,
        "of the way": (ndcg["network"].mean - found.floor) / (oracle.mean - found.floor),
        "spoke": _voices(network, world, asked),
    }  # fmt: skip


def _report(scorer: Scorer, world: World, asked: Int64, begins: int, seed: int) -> RankingReport:
    return judge_choices(scorer, world.data, asked, world.kinds, np.random.default_rng(seed), begins)


def _days_of(values: Float64, data: Dataset, asked: Int64) -> Float64:
    key = data.events.user[asked].astype(np.int64) * (1 << 32) + data.events.time[asked] // 86_400
    _, unit = np.unique(key, return_inverse=True)
    return np.asarray(np.bincount(unit, values) / np.bincount(unit), np.float64)


def _voices(network: Choices, world: World, asked: Int64) -> dict[str, float]:
    from tastemaker.data.known import known_before

    _, batch = next(iter(known_before(world.data, asked, most=256, repeats=True)))
    who = [voice.who for voice in network.spoke(batch)]
    return {name: who.count(name) / len(who) for name in sorted(set(who))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog", nargs="?", type=Path, help="a file that the recipe reads; its sample by default")
    parser.add_argument("--recipe", default="mood")
    parser.add_argument("--users", type=int, default=400)
    parser.add_argument("--clicks", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    recipe = read_recipe(find_recipe(asked.recipe))
    rng = np.random.default_rng(asked.seed)
    catalog = sample_catalog(recipe.sample, recipe.tastes, recipe.catalog, rng)
    if asked.catalog is not None:
        catalog = load_catalog(read_table(asked.catalog), recipe.catalog).catalog
    found = {}
    for name, more in WORLDS.items():
        size = {"users": asked.users, "texts": asked.clicks, "clicks": asked.clicks, "interactions": 0}
        world = invented(recipe, catalog, replace(recipe.life, **{**size, **more}), asked.seed)
        found[name] = one = judged(world, recipe, asked.seed)
        print(
            f"{name}: learned from {one['learned']} of {one['events']} choices in {one['seconds']:.1f} s "
            f"(CPU {one['cpu seconds']:.1f} s); "
            f"{one['asked']} asked"
        )
        for model, m in {"oracle": one["oracle"], **one["ndcg"]}.items():
            print(f"  {model:8} {m['mean']:.4f} [{m['low']:.4f}, {m['high']:.4f}]")
        print(f"  popular  {one['popular']:.4f}\n  random   {one['random']:.4f}")
        lift = one["lift over mapping"]
        print(f"  network - mapping {lift['mean']:+.4f} [{lift['low']:+.4f}, {lift['high']:+.4f}];")
        print(
            f"  {one['of the oracle']:.1%} of the oracle's, {one['of the way']:.1%} of the way from random; "
            f"{one['spoke']}"
        )
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=2), "utf-8")


if __name__ == "__main__":
    main()
