"""Who asks for a genre: which weight of a statement brings what that user later liked of it? MovieLens users.

Run: python benchmarks/asked.py --data FOLDER [--half judged|chosen]
FOLDER holds movies.csv, tags.csv and ratings.csv of a MovieLens edition with tags; users are cut as in head_start.py.

Every user asks twice, once for each family that a third of their ratings says they like best. Relevant is what they
like of that family among what they rated after their first ten other ratings: NDCG@20 in the whole catalog, beside the
NDCG@20 of all that they like and the share of the family among the first ten. Two kinds of model answer, with no
rating known and with ten: one pre-trained on invented users, and one learned from other people's ratings, twice, each
time from one half of the users, for those of the other.

A weight is chosen on `--half chosen`, averaged over nothing known and ten ratings known: who asks shall get it, and
still find the rest, so by the geometric mean of both NDCG; of weights within half a percent of the best, the largest.
The figures are of `--half judged`.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from head_start import World, open_world, pretrained
from head_start_people import K, People, is_chosen_on

from tastemaker.algorithms import GraphFilter, Popular
from tastemaker.data.arrays import Bool, Csr, Float64, Int32, Int64
from tastemaker.kernels.ranking import ranking_metrics
from tastemaker.kernels.threads import one_blas_thread
from tastemaker.lifecycle.candidates import stream
from tastemaker.metrics import interval
from tastemaker.scorers import Calibrated, Popularity, Ranked, Scorer, Stated
from tastemaker.watch import Watch

KNOWN = (0, 10)
ENOUGH = 0.995  # of the best balance
PRETRAINED = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
TRAINED = (0.0, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Asking:
    """
    people: a row for each user and family asked for; liked: csr (q, n_items), of any family
    family: int64 (q,);  user: int64 (q,), rows of the world's people;  has: bool (n_items, p), what is of a family
    """

    people: People
    liked: Csr
    family: Int64
    user: Int64
    has: Bool

    def figures(self, lists: Int32) -> tuple[Float64, Float64, float]:
        """NDCG of what was asked for, a user; of all that is liked; the family's share of the first ten."""
        asked, whole = (ranking_metrics(lists, liked)["ndcg"] for liked in (self.people.liked, self.liked))
        first = self.has[lists[:, :10], self.family[:, None]]  # (q, 10)
        users = np.unique(self.user)
        each = [np.nanmean(asked[self.user == u]) for u in users if not np.isnan(asked[self.user == u]).all()]
        return np.array(each), whole[~np.isnan(whole)], float(first.mean())


def asking(world: World) -> Asking:
    people = world.people
    user, family = np.nonzero(~np.isnan(people.profile))
    profile = np.full((len(user), people.profile.shape[1]), np.nan, np.float32)
    profile[np.arange(len(user)), family] = 1.0
    lexicon = replace(world.recipe.tastes, also=(), text=None)
    named = np.array([bool(tags) for tags in world.catalog.tags[lexicon.tags or ""]])
    has = np.asarray((lexicon.encode(world.catalog) > 0) & named[:, None])
    liked = people.liked[user].tocsr()
    inside = liked.multiply(has.T[family]).tocsr()
    inside.eliminate_zeros()
    mine = People(
        people.history[user], people.place[user], profile, people.items[user], people.rating[user], inside,
        people.apart[user],
    )  # fmt: skip
    return Asking(mine, liked, family, user, has)


def listed(scorer: Scorer, asked: Asking, known: int, rows: Int64) -> Int32:
    found, _ = scorer.top(asked.people.batch(known, True).take(rows), K, asked.people.apart[rows])
    return found


Answer = Callable[[float, bool, int], Int32]  # weight, are families counted whole?, ratings known -> lists (q, K)


def of_pretrained(world: World, asked: Asking) -> Answer:
    model = pretrained(world)
    assert isinstance(model, Calibrated)
    assert isinstance(model.inner, Stated)
    unit = model.inner.weight / world.recipe.rules.stated  # of the score, what a preference of 1 is worth
    inner, everybody = model.inner.inner, np.arange(len(asked.user))
    return lambda weight, whole, known: listed(
        Stated.around(inner, world.features, weight * unit, whole), asked, known, everybody
    )


def of_trained(world: World, asked: Asking, chosen_on: bool) -> Answer:
    users = np.flatnonzero(is_chosen_on(world.data.users.ids) == chosen_on)
    first = stream(0, "folds").random(len(users)) < 0.5
    models = [(_learned(world, users[first == side]), np.flatnonzero(first[asked.user] != side)) for side in (0, 1)]

    def answer(weight: float, whole: bool, known: int) -> Int32:
        lists = np.full((len(asked.user), K), -1, np.int32)
        for model, rows in models:
            heard = Stated.around(model, world.features, weight, whole, relative=True)
            lists[rows] = listed(heard, asked, known, rows)
        return lists

    return answer


def _learned(world: World, users: Int64) -> Scorer:
    train = world.of(users, 0)
    graph = GraphFilter().fit(train, world.features, stream(0, "graph"), Watch())
    popular = Popular().fit(train, world.features, stream(0, "popular"), Watch())
    assert isinstance(popular, Popularity)
    return Ranked(graph, graph, popular)


def print_table(name: str, weights: tuple[float, ...], whole: bool, answer: Answer, asked: Asking) -> None:
    """A row a weight; the one that the rule chooses is marked."""
    both = [[asked.figures(answer(weight, whole, known)) for known in KNOWN] for weight in weights]
    told = np.array([np.mean([f[0] for f in row], axis=0) for row in both])  # (weights, users)
    liked = np.array([np.mean([np.mean(f[1]) for f in row]) for row in both])
    balance = np.sqrt(told.mean(axis=1) * liked)
    chosen = int(np.flatnonzero(balance >= ENOUGH * balance.max())[-1])
    print(f"\n{name}, families counted {'whole' if whole else 'by share'}; {told.shape[1]} users")
    print("| weight | of what was asked for | of all that is liked | of the family |\n|---|---|---|---|")
    for k, (weight, row) in enumerate(zip(weights, both, strict=True)):
        ci = interval(told[k], stream(0, "interval"))
        share = float(np.mean([f[2] for f in row]))
        mark = " ← chosen" if k == chosen else ""
        print(f"| {weight:g} | {ci.mean:.3f} [{ci.low:.3f}, {ci.high:.3f}] | {liked[k]:.3f} | {share:.0%} |{mark}")


@one_blas_thread()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("judged", "chosen"), default="judged")
    given = parser.parse_args()
    chosen_on = given.half == "chosen"
    world = open_world(given.data, chosen_on, "movies", "bpr")
    asked = asking(world)
    print(f"{len(world.people)} users ask {len(asked.user)} times; NDCG@{K}, mean of {KNOWN} ratings known, 95 %")
    pre, trained = of_pretrained(world, asked), of_trained(world, asked, chosen_on)
    for whole in (False, True):
        print_table("pre-trained", PRETRAINED, whole, pre, asked)
        print_table("learned from ratings", TRAINED, whole, trained, asked)


if __name__ == "__main__":
    main()
