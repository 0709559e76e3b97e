"""RankNet, DPL and BPR, ours against plain tutorial loops (guide.py): time and quality in one run on the same rows.

Run: python benchmarks/learners.py [--data CSV] [--text lsa|word2vec] [--rounds R] [--threads N] [--quick]
Ours has the settings of the scent recipe, the guide the published ones. Both get the same users, items, features and
inputs. Only the fit is timed, after a warm-up on 16 users: imports and compiling are not part of it. Ours is fitted R
times, half of them before and half after the guide's single fit, and its median counts; the first one is judged.
Processor seconds say what a busy machine hides. Our networks use one thread of PyTorch; so does the guide unless told
otherwise, because its matrices are too small to share: two threads wait for each other, long where others are at work.
Quality is measured on held-out users. What counts is the paired interval of ours minus guide, user by user.
--data: a perfume CSV (Brand, Name, Description, Notes); without it the catalog is invented.
"""

import argparse
import time
from collections.abc import Callable
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
class Fit:
    """What one fit learned, and the seconds it took: by the clock, and of all processors together."""

    scorer: Scorer
    clock: float
    processor: float


@dataclass(frozen=True)
class Duel:
    guide: Fit
    ours: list[Fit]

    def seconds(self) -> np.ndarray:
        """[[guide, ours] by the clock, the same of the processors]; ours is the median."""
        clock, processor = np.median([(fit.clock, fit.processor) for fit in self.ours], axis=0)
        return np.array([[self.guide.clock, clock], [self.guide.processor, processor]])


def timed(learn: Callable[[], Scorer]) -> Fit:
    clock, processor = time.perf_counter(), time.process_time()
    scorer = learn()
    return Fit(scorer, time.perf_counter() - clock, time.process_time() - processor)


def duel(name: str, model: Algorithm, world: World, settings: Published, rounds: int, seed: int) -> Duel:
    def ours(train: Dataset, model: Algorithm = model) -> Scorer:
        return model.fit(train, world.features, np.random.default_rng(seed), Watch())

    def guide(train: Dataset, settings: Published = settings) -> Scorer:
        return GUIDE[name](train, world.features, settings, seed)

    few = few_users(world.train)
    ours(few, replace(model, epochs=1))  # type: ignore[call-arg]  # all three have epochs
    guide(few, ONE)
    before = [timed(lambda: ours(world.train)) for _ in range((rounds + 1) // 2)]
    theirs = timed(lambda: guide(world.train))
    after = [timed(lambda: ours(world.train)) for _ in range(rounds // 2)]
    return Duel(theirs, before + after)


def print_times(duels: dict[str, Duel], scale: int) -> None:
    print(f"\n{'':10}{'guide s':>9}{'ours s':>9}{'times as fast':>15}   ours, range    processor s: guide, ours, ratio")
    total = np.zeros((2, 2))
    for name, d in duels.items():
        seconds = d.seconds() * [scale, 1]
        total += seconds
        clocks = [fit.clock for fit in d.ours]
        print(time_line(name, seconds, f"{min(clocks):.2f} to {max(clocks):.2f}"))
    print(time_line("total", total, "") + "   (goal: 10)")


def time_line(name: str, seconds: np.ndarray, spread: str) -> str:
    (guide, ours), (guide_processor, ours_processor) = seconds
    return (
        f"{name:10}{guide:9.1f}{ours:9.2f}{guide / ours:15.1f}   {spread:15}"
        f"{guide_processor:12.1f}{ours_processor:9.2f}{guide_processor / ours_processor:8.1f}"
    )


def print_quality(duels: dict[str, Duel], world: World, seed: int) -> None:
    for case in world.cases:
        print(f"\n{case.name}: {case.protocol}; {len(case.queries)} users")
        print(f"{'':20}  guide   ours   ours - guide [95 %]               share of the way: guide, ours")
        for name, d in duels.items():
            guide, ours = (report_of(scorer, world, case, seed) for scorer in (d.guide.scorer, d.ours[0].scorer))
            for metric in ("spearman", "ndcg@10"):
                print(f"{name:10}{metric:10}{compared(guide, ours, metric, seed)}")


def report_of(scorer: Scorer, world: World, case: Case, seed: int) -> Report:
    model = single(world.catalog, world.features.tastes, scorer)
    return judge(model, replace(case, relevant=None), np.random.default_rng(seed))


def compared(guide: Report, ours: Report, metric: str, seed: int) -> str:
    theirs, mine = guide.metrics[metric], ours.metrics[metric]
    gap = paired(ours.per_user[metric], guide.per_user[metric], np.random.default_rng(seed))
    verdict = "better" if gap.low > 0 else "WORSE" if gap.high < 0 else "even"
    interval = f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
    shares = f"{theirs.share.mean:10.1%}{mine.share.mean:8.1%}"
    return f"{theirs.model.mean:7.3f}{mine.model.mean:7.3f}   {interval} {verdict:7}{shares}"


def print_setting(world: World, recipe: Recipe, threads: int) -> None:
    shapes = ", ".join(f"{name} {block.shape[1]}" for name, block in world.features.blocks.items())
    print(f"{len(world.catalog)} items ({shapes}), {len(world.train.users)} users, {len(world.train)} rows")
    print(f"guide: {Published()}, PyTorch on {threads} thread(s)")
    for name in GUIDE:
        print(f"ours:  {recipe.models[name]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a perfume CSV; without it the catalog is invented")
    parser.add_argument("--text", choices=("lsa", "word2vec"), default="lsa", help="how text becomes features")
    parser.add_argument("--rounds", type=int, default=3, help="fits of each of ours; the median counts")
    parser.add_argument("--threads", type=int, default=1, help="of the guide's PyTorch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help=f"1/{QUICK} of the guide's epochs: not to be quoted")
    chosen = parser.parse_args()
    recipe = read_recipe(find_recipe("scent"))
    world = build_world(recipe, chosen.data, chosen.text, chosen.seed)
    torch.set_num_threads(chosen.threads)
    settings, scale = (SHORT, QUICK) if chosen.quick else (Published(), 1)
    print_setting(world, recipe, chosen.threads)
    duels = {name: duel(name, recipe.models[name], world, settings, chosen.rounds, chosen.seed) for name in GUIDE}
    if chosen.quick:
        print(f"\nQUICK, NOT TO BE QUOTED: the guide did 1/{QUICK} of its epochs. Its seconds are multiplied by")
        print(f"{QUICK}; its quality is that of the shortened training.")
    print_times(duels, scale)
    print_quality(duels, world, chosen.seed)


if __name__ == "__main__":
    main()
