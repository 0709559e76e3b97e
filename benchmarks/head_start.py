"""What pre-training is worth to real people: MovieLens users from their first rating on, beside what else could answer.

Run: python benchmarks/head_start.py --data FOLDER [--half judged|chosen] [--shops N] [--plot FILE]
FOLDER holds movies.csv, tags.csv and ratings.csv of a MovieLens edition with tags.

The recipe is pre-trained on invented users alone: no rating is read, and no tag that a judged user gave. Users are cut
in two halves by a digest of their ids. Settings of the recipe were chosen on one half (--half chosen); the table is
about the other. Of each user, a random third of the ratings says which two families the user would state (the highest
mean-centred liking); of the rest, in the order of time, the first 0, 1, 2, 5 or 10 ratings are known and everything
after the tenth is judged, so that every column judges the same ratings:

    own list       Spearman and AUC of the user's judged ratings, ordered
    whole catalog  recall@20 and NDCG@20 of the judged items that the user likes, among all items that are not apart

Beside it stand a random order (exact), the newest items, those that most people tagged, content alone, and what needs
other people's ratings: the same algorithm from scratch, popularity (damped mean preference), and popularity added to
the pre-trained model. Those others are drawn from the half that is not judged: 10 users with their first 10 ratings,
100 with their first 10, 100 with all of theirs. Figures are means over several such draws (shops), intervals are over
judged users.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from head_start_people import METRICS, K, People, cut, is_chosen_on, judge_people, read_world

from tastemaker.algorithms import Content, Popular
from tastemaker.data.arrays import Bool, Float64, Int64
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.features import TASTES, Features
from tastemaker.features.build import build_features
from tastemaker.kernels.threads import one_blas_thread
from tastemaker.lifecycle.candidates import stream
from tastemaker.lifecycle.pretrain import VALID_USERS, fit_one
from tastemaker.lifecycle.synthesize import invent
from tastemaker.metrics import Interval, interval, paired, random_order
from tastemaker.recipe import Recipe, find_recipe, read_recipe
from tastemaker.scorers import Calibrated, Popularity, Scorer, WeightedSum
from tastemaker.watch import Watch

KNOWN = (0, 1, 2, 5, 10)
SHOPS = ((10, 10), (100, 10), (100, 0))  # how many others there are, and how many first ratings of each; 0 = all
POPULAR = 3.0  # what popularity counts beside the pre-trained model, in units of preference; not tuned
SHOWN = ("spearman", "auc", f"recall@{K}", f"ndcg@{K}")
PRETRAINED = "pre-trained"
COLORS = {
    "newest": "0.4", "most tagged": "tab:brown", "content": "tab:blue", PRETRAINED: "tab:green", "popular": "tab:red",
    "from scratch": "tab:orange", f"{PRETRAINED} + popular": "tab:purple",
}  # fmt: skip

Line = dict[int, dict[str, Float64]]  # known ratings -> metric -> float64 (users,)
Lines = dict[tuple[str, bool], Line]  # (who answers, are tastes stated?) -> Line


@dataclass(frozen=True)
class World:
    """others: rows of the users who are not judged; model: the algorithm of the recipe that learns."""

    recipe: Recipe
    catalog: Catalog
    data: Dataset
    features: Features
    people: People
    others: Int64
    model: str

    @property
    def newest(self) -> Scorer:
        """By the year that the title says; who else cannot say anything hands on to it."""
        return Popularity(np.nan_to_num(self.catalog.numbers["year"]))

    def of(self, users: Int64, first: int) -> Dataset:
        """The first ratings of these users, 0 = all of them; they state two families each, too."""
        events = self.data.events
        mine = np.flatnonzero(np.isin(events.user, users))
        order = mine[np.lexsort((events.time[mine], events.user[mine]))]
        starts = np.flatnonzero(np.diff(events.user[order], prepend=-1))
        place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        kept = order if first == 0 else order[place < first]
        named = nameable(self.recipe, self.catalog)
        states = cut(self.data, users, self.features.block(TASTES), named, stream(0, "shop"))
        profiles = np.full((len(self.data.users), len(self.features.tastes)), np.nan, np.float32)
        profiles[users] = states.profile
        return replace(self.data.where(np.sort(kept)), profiles=profiles)


def open_world(folder: Path, chosen_on: bool, recipe_name: str, model: str) -> World:
    recipe = read_recipe(find_recipe(recipe_name))
    catalog, data = read_world(folder, recipe, chosen_on)
    features = build_features(catalog, recipe.features, recipe.tastes, 0, Watch())
    half = is_chosen_on(data.users.ids) == chosen_on
    named = nameable(recipe, catalog)
    people = cut(data, np.flatnonzero(half), features.block(TASTES), named, stream(0, "people"))
    return World(recipe, catalog, data, features, people, np.flatnonzero(~half), model)


def nameable(recipe: Recipe, catalog: Catalog) -> Bool:
    """The families of the items' own tags, bool (p,): a person names kinds of items as favorites, not their years."""
    return np.asarray(replace(recipe.tastes, also=(), text=None).encode(catalog).any(axis=0))


def pretrained(world: World) -> Scorer:
    """As `tastemaker pretrain` learns it, from invented users alone."""
    train = invent(world.recipe, world.catalog, world.features, 0).dataset
    valid = invent(world.recipe, world.catalog, world.features, 0, VALID_USERS, purpose="valid").dataset
    return learned(world, train, valid)


def learned(world: World, train: Dataset, valid: Dataset) -> Scorer:
    model, rules = world.recipe.models[world.model], world.recipe.rules
    return fit_one(world.model, model, train, world.features, 0, Watch(), valid, rules=rules).scorer


def measured(world: World, levels: list[Scorer], stated: bool) -> Line:
    return {known: judge_people([*levels, world.newest], world.people, known, stated) for known in KNOWN}


def all_lines(world: World, shops: int) -> Lines:
    ties = stream(0, "ties").random(len(world.catalog), np.float32)  # the order of the file is no knowledge
    tagged = Popularity(np.nan_to_num(world.catalog.numbers["tagged"]) + np.float32(0.5) * ties)
    lines: Lines = {("newest", False): measured(world, [], False)}
    lines["most tagged", False] = measured(world, [tagged], False)
    content = Content().fit(world.data, world.features, stream(0, "content"), Watch())
    first = pretrained(world)
    for stated in (False, True):
        lines["content", stated] = measured(world, [content], stated)
        lines[PRETRAINED, stated] = measured(world, [first], stated)
    for n, known in SHOPS if shops else ():
        drawn = [stream(shop, f"shop {n}").choice(world.others, n, replace=False) for shop in range(shops)]
        found = [_of_shop(world, np.sort(users), known, first) for users in drawn]
        ratings = f"{n * known:,} ratings" if known else f"all ratings of {n}"
        for name, stated in found[0]:
            lines[f"{name}, {ratings}", stated] = _mean([shop[name, stated] for shop in found])
    return lines


def _of_shop(world: World, users: Int64, known: int, first: Scorer) -> Lines:
    train = world.of(users, known)
    popular = Popular().fit(train, world.features, stream(0, "popular"), Watch())
    scratch = learned(world, train, train)
    lines = {("popular", False): measured(world, [popular], False)}
    unit = first.slope if isinstance(first, Calibrated) else 1.0
    both = WeightedSum((first, popular), (1.0, POPULAR / unit))
    for stated in (False, True):
        lines["from scratch", stated] = measured(world, [scratch], stated)
        lines[f"{PRETRAINED} + popular", stated] = measured(world, [both], stated)
    return lines


def _mean(lines: list[Line]) -> Line:
    """The mean over shops of each user's figures."""
    return {k: {m: np.mean([line[k][m] for line in lines], axis=0) for m in METRICS} for k in KNOWN}


def random_floor(people: People, n_items: int) -> dict[str, float]:
    """What a random order reaches on average, exactly."""
    wanted = np.diff(people.liked.indptr)
    judged = wanted > 0
    candidates = (n_items - np.diff(people.apart.indptr))[judged]
    chance = random_order(candidates, wanted[judged], K)
    return {"spearman": 0.0, "auc": 0.5} | {f"{name}@{K}": float(chance[name].mean()) for name in ("recall", "ndcg")}


def print_tables(lines: Lines, floor: dict[str, float]) -> None:
    for metric in SHOWN:
        print(f"\n| {metric} | known: 0 | 1 | 2 | 5 | 10 |\n|---|---|---|---|---|---|")
        print(f"| random order | {floor[metric]:.3f} | | | | |")
        for (name, stated), line in lines.items():
            told = f"{name}, two families stated" if stated else name
            print(f"| {told} | {' | '.join(map(_cell, _intervals(line, metric)))} |")


def _intervals(line: Line, metric: str) -> list[Interval]:
    return [interval(line[k][metric], stream(0, "interval")) for k in KNOWN]


def _cell(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]".replace("0.", ".")


def print_differences(lines: Lines) -> None:
    """Pre-trained minus each other line, and what it adds to popularity, user by user."""
    pairs = [(f"{PRETRAINED} - {name}", PRETRAINED, name, stated) for name, stated in lines if name != PRETRAINED]
    added = [f"{PRETRAINED} + {name}" for name, _ in lines if name.startswith("popular")]
    pairs += [(f"({name}) - popular", name, name.removeprefix(f"{PRETRAINED} + "), False) for name in added]
    for metric in ("auc", f"recall@{K}", f"ndcg@{K}"):
        print(f"\n| {metric}, difference | known: 0 | 1 | 2 | 5 | 10 |\n|---|---|---|---|---|---|")
        for told, mine, other, stated in pairs:
            one, two = lines[mine, stated], lines[other, stated]
            gaps = [paired(one[k][metric], two[k][metric], stream(0, "paired")) for k in KNOWN]
            cells = [f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]".replace("0.", ".") for gap in gaps]
            print(f"| {told}{', stated' if stated else ''} | {' | '.join(cells)} |")


def plot(lines: Lines, floor: dict[str, float], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(12, 9), sharex=True, layout="constrained")
    for row, metric in zip(axes, ("auc", f"recall@{K}"), strict=True):
        for axis, stated in zip(row, (False, True), strict=True):
            axis.axhline(floor[metric], color="0.6", linestyle=":", label="random order")
            for (name, told), line in lines.items():
                if told == stated or (name, True) not in lines:
                    _draw(axis, name, _intervals(line, metric))
            axis.set_title(f"{metric}, {'two families stated' if stated else 'nothing stated'}")
            axis.set_xticks(range(len(KNOWN)), list(map(str, KNOWN)))
            axis.set_xlabel("ratings known of the user")
            axis.grid(alpha=0.3)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="small")
    figure.suptitle("What pre-training without any rating is worth to real users")
    figure.savefig(file, dpi=110)
    print(f"\nDrawn in {file}")


def _draw(axis: Any, name: str, found: list[Interval]) -> None:
    """A color for who answers, a dash for how many ratings of other people it learned from."""
    who, _, ratings = name.partition(", ")
    color, dash = COLORS[who], {"": "-", "100 ratings": ":", "1,000 ratings": "--"}.get(ratings, "-.")
    at, strong = range(len(KNOWN)), name == PRETRAINED
    axis.plot(at, [f.mean for f in found], color=color, linestyle=dash, linewidth=3 if strong else 1.4, label=name)
    if strong:
        axis.fill_between(at, [f.low for f in found], [f.high for f in found], color=color, alpha=0.15)


@one_blas_thread()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", default="movies")
    parser.add_argument("--model", default="bpr", help="which of the recipe's models that learn from tastes")
    parser.add_argument("--half", choices=("judged", "chosen"), default="judged")
    parser.add_argument("--shops", type=int, default=5, help="draws of other people; 0 = none of what needs them")
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args()
    world = open_world(chosen.data, chosen.half == "chosen", chosen.recipe, chosen.model)
    judged = int((~np.isnan(world.people.rating)).sum())
    print(
        f"{len(world.people)} users, {judged} judged ratings, {world.people.liked.nnz} of them likes; "
        f"{len(world.catalog)} items; {chosen.shops} shops of the other {len(world.others)} users; model {world.model}"
    )
    lines, floor = all_lines(world, chosen.shops), random_floor(world.people, len(world.catalog))
    print_tables(lines, floor)
    print_differences(lines)
    if chosen.plot is not None:
        plot(lines, floor, chosen.plot)


if __name__ == "__main__":
    main()
