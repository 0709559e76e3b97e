"""RankNet, DPL and BPR, ours against plain tutorial loops (guide.py): time and quality in one run on the same rows.

Run: python benchmarks/learners.py [--data CSV] [--text lsa|word2vec] [--rounds R] [--threads N] [--quick]
Ours has the settings of the scent recipe; the guide has the published ones. Both get the same users, items, features
and inputs. Only the fit is timed, after a warm-up on 16 users: imports and compiled kernels are not part of it. Ours is
fitted R times, some before and some after the guide's single fit; its median counts.
Quality is measured on held-out users. What counts is the paired interval of ours minus guide, user by user.
--data: a perfume CSV (Brand, Name, Description, Notes); without it the catalog is invented.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from common import World, build_world, few_users
from guide import GUIDE, Published

from tastemaker.algorithms import Algorithm
from tastemaker.data.case import Case
from tastemaker.data.dataset import Dataset
from tastemaker.evaluate import Report, judge
from tastemaker.metrics import paired
from tastemaker.recipe import Recipe, find_recipe, read_recipe
from tastemaker.recommender import single
from tastemaker.scorers import Scorer
from tastemaker.watch import Watch

QUICK = 10  # --quick cuts the guide's epochs by this, and multiplies its time by it
SHORT = Published(
    ranknet_epochs=Published.ranknet_epochs // QUICK,
    dpl_epochs=Published.dpl_epochs // QUICK,
    bpr_iterations=Published.bpr_iterations // QUICK,
)
ONE = Published(ranknet_epochs=1, dpl_epochs=1, bpr_iterations=1, bpr_draws=100)


@dataclass(frozen=True)
class Duel:
    """One learner: seconds of the guide's fit, seconds of each of our fits, and what was learned."""

    guide_seconds: float
    ours_seconds: list[float]
    guide: Scorer
    ours: Scorer

    @property
    def median(self) -> float:
        return float(np.median(self.ours_seconds))


def fit_ours(model: Algorithm, world: World, train: Dataset, seed: int) -> tuple[float, Scorer]:
    start = time.perf_counter()
    scorer = model.fit(train, world.features, np.random.default_rng(seed), Watch())
    return time.perf_counter() - start, scorer


def fit_guide(name: str, settings: Published, world: World, train: Dataset, seed: int) -> tuple[float, Scorer]:
    start = time.perf_counter()
    scorer = GUIDE[name](train, world.features, settings, seed)
    return time.perf_counter() - start, scorer


def duel(name: str, model: Algorithm, world: World, settings: Published, rounds: int, seed: int) -> Duel:
    few = few_users(world.train)
    fit_ours(replace(model, epochs=1), world, few, seed)  # type: ignore[call-arg]  # all three have epochs
    fit_guide(name, ONE, world, few, seed)
    before = [fit_ours(model, world, world.train, seed) for _ in range((rounds + 1) // 2)]
    guide_seconds, guide = fit_guide(name, settings, world, world.train, seed)
    after = [fit_ours(model, world, world.train, seed) for _ in range(rounds // 2)]
    return Duel(guide_seconds, [seconds for seconds, _ in before + after], guide, before[0][1])


def print_times(duels: dict[str, Duel], scale: int) -> None:
    print(f"\n{'fit':10}{'guide s':>10}{'ours s':>10}   (range)          times as fast")
    for name, d in duels.items():
        spread = f"({min(d.ours_seconds):.2f} to {max(d.ours_seconds):.2f})"
        print(f"{name:10}{scale * d.guide_seconds:10.1f}{d.median:10.2f}   {spread:17}{scale * d.guide_seconds / d.median:10.1f}")
    guide, ours = (scale * sum(d.guide_seconds for d in duels.values()), sum(d.median for d in duels.values()))
    print(f"{'total':10}{guide:10.1f}{ours:10.2f}   {'':17}{guide / ours:10.1f}   (goal: at least 10)")


def print_quality(duels: dict[str, Duel], world: World, seed: int) -> None:
    for case in world.cases:
        print(f"\n{case.name}: {case.protocol}; {len(case.queries)} users")
        print(f"{'':10}{'metric':10}{'guide':>7}{'ours':>7}   ours - guide [95 %]          share of the way: guide, ours")
        for name, d in duels.items():
            guide, ours = (report_of(scorer, world, case, seed) for scorer in (d.guide, d.ours))
            for metric in ("spearman", "ndcg@10"):
                print(f"{name:10}{metric:10}{compared(guide, ours, metric, seed)}")


def report_of(scorer: Scorer, world: World, case: Case, seed: int) -> Report:
    model = single(world.catalog, world.features.tastes, scorer)
    return judge(model, replace(case, relevant=None), np.random.default_rng(seed))


def compared(guide: Report, ours: Report, metric: str, seed: int) -> str:
    theirs, mine = guide.metrics[metric], ours.metrics[metric]
    gap = paired(ours.per_user[metric], guide.per_user[metric], np.random.default_rng(seed))
    verdict = "better" if gap.low > 0 else "WORSE" if gap.high < 0 else "even"
    return (
        f"{theirs.model.mean:7.3f}{mine.model.mean:7.3f}   {gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}] {verdict:7}"
        f"{theirs.share.mean:8.1%}{mine.share.mean:8.1%}"
    )


def print_setting(world: World, recipe: Recipe, threads: int) -> None:
    shapes = ", ".join(f"{name} {block.shape[1]}" for name, block in world.features.blocks.items())
    print(f"{len(world.catalog)} items ({shapes}), {len(world.train.users)} users, {len(world.train)} rows")
    print(f"guide: {Published()}, PyTorch on {threads} thread(s)")
    for name in GUIDE:
        print(f"ours:  {recipe.models[name]}, one thread")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a perfume CSV; without it the catalog is invented")
    parser.add_argument("--text", choices=("lsa", "word2vec"), default="lsa", help="how text becomes features")
    parser.add_argument("--rounds", type=int, default=3, help="fits of each of ours; the median counts")
    parser.add_argument("--threads", type=int, default=1, help="of the guide's PyTorch; more than one is slower here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help=f"the guide does 1/{QUICK} of its epochs: not to be quoted")
    chosen = parser.parse_args()
    recipe = read_recipe(find_recipe("scent"))
    world = build_world(recipe, chosen.data, chosen.text, chosen.seed)
    torch.set_num_threads(chosen.threads)
    settings, scale = (SHORT, QUICK) if chosen.quick else (Published(), 1)
    print_setting(world, recipe, chosen.threads)
    duels = {name: duel(name, recipe.models[name], world, settings, chosen.rounds, chosen.seed) for name in GUIDE}
    if chosen.quick:
        print(f"\nQUICK, NOT TO BE QUOTED: the guide did 1/{QUICK} of its epochs; its seconds are multiplied by {QUICK},")
        print("and its quality is that of the shortened training.")
    print_times(duels, scale)
    print_quality(duels, world, chosen.seed)


if __name__ == "__main__":
    main()
