"""Real users for head_start.py: cut into what they could state, what is known of them, and what they are judged on."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tastemaker.data.arrays import Bool, Csr, Float32, Float64, Int32, Int64, csr, empty_csr
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.load_events import load_events
from tastemaker.data.load_tags import load_tags
from tastemaker.data.query import Batch
from tastemaker.data.read import read_table
from tastemaker.kernels.ranking import ranking_metrics
from tastemaker.metrics import ndcg_ranked, spearman
from tastemaker.recipe import Recipe
from tastemaker.scorers import Scorer

FIRST = 10  # ratings that can be known of a user
STATED = 2  # families that a user names
PRIOR = 2.0  # ratings at the user's mean that each family is given, so that one lucky rating makes no favorite
K = 20  # length of a list
METRICS = ("spearman", "auc", "ndcg of own", f"recall@{K}", f"ndcg@{K}")


def is_chosen_on(users: tuple[str, ...] | list[str]) -> Bool:
    """The half of the users that settings may be chosen on, by a digest of their ids; the others are judged."""
    return np.array([hashlib.sha256(user.encode()).digest()[0] % 2 == 0 for user in users], bool)


def read_world(folder: Path, recipe: Recipe, chosen_on: bool) -> tuple[Catalog, Dataset]:
    """Catalog and ratings. Tags that judged users gave are left out: nothing of theirs may be known."""
    catalog = load_catalog(read_table(folder / "movies.csv"), recipe.catalog).catalog
    table = read_table(folder / "tags.csv")
    others = is_chosen_on([cell or "" for cell in table.columns["userId"]]) != chosen_on
    rows = np.flatnonzero(others).tolist()
    kept = {name: [cells[row] for row in rows] for name, cells in table.columns.items()}
    theirs = replace(table, columns=kept, lines=[table.lines[row] for row in rows])
    tagged = load_tags(theirs, recipe.catalog, catalog).catalog
    events = load_events(read_table(folder / "ratings.csv"), recipe.events, tagged, recipe.tastes.names)
    return tagged, events.dataset


@dataclass(frozen=True)
class People:
    """
    history: csr (q, n_items), signed preference of the FIRST ratings; place: the same, 1 = the user's first rating
    profile: float32 (q, p), 1 for the families that a user states, NaN for all others
    items:   int32 (q, w), what is judged, -1 = padding; rating: float32 (q, w), NaN = padding
    liked:   csr (q, n_items), judged items that the user likes
    apart:   csr (q, n_items), what is neither found nor missed: the FIRST ratings, and those the statement comes from
    """

    history: Csr
    place: Csr
    profile: Float32
    items: Int32
    rating: Float32
    liked: Csr
    apart: Csr

    def __len__(self) -> int:
        return len(self.items)

    def batch(self, known: int, stated: bool) -> Batch:
        """The queries of these users when `known` ratings were given, with or without what they state."""
        seen = self.place.tocoo()
        rows = seen.data <= known
        users, items = seen.row[rows], seen.col[rows]
        told = np.asarray(self.history[users, items]).ravel().astype(np.float32) if len(users) else np.zeros(0)
        n, n_items = self.history.shape
        profile = self.profile if stated else np.full_like(self.profile, np.nan)
        ratings = csr(users, items, np.asarray(told, np.float32), (n, n_items))
        return Batch(empty_csr(n, n_items), ratings, np.full(n, -1, np.int32), profile)


def cut(data: Dataset, users: Int64, membership: Float32, nameable: Bool, rng: np.random.Generator) -> People:
    """A random third of a user's ratings is what a statement comes from; of the others, in the order of time, the first
    are known and all later ones are judged.

    A user states the families with the highest liking, Σ m_if (r_i - mean) / (Σ m_if + PRIOR) over that third.
    nameable: bool (p,), families that can be stated as favorites
    """
    events = data.events
    order = np.lexsort((np.arange(len(data)), events.time, events.user))
    start = np.searchsorted(events.user[order], np.arange(len(data.users) + 1))
    profile = np.full((len(users), membership.shape[1]), np.nan, np.float32)
    said, known, judged = [], [], []
    for row, user in enumerate(users):
        mine = order[start[user] : start[user + 1]]
        third = rng.permutation(len(mine)) < len(mine) // 3
        said.append(mine[third])
        known.append(mine[~third][:FIRST])
        judged.append(mine[~third][FIRST:])
        share, rating = membership[events.item[said[-1]]], events.value[said[-1]]
        liking = share.T @ (rating - rating.mean()) / (share.sum(axis=0) + PRIOR)
        profile[row, np.argsort(np.where(nameable, -liking, np.inf), kind="stable")[:STATED]] = 1.0
    return _people(data, profile, said, known, judged)


def _people(data: Dataset, profile: Float32, said: list[Int64], known: list[Int64], judged: list[Int64]) -> People:
    """said, known, judged: rows of events a user, in the order of time."""
    events, liked, n = data.events, data.liked(), len(profile)

    def matrix(rows: list[Int64], values: Float32) -> Csr:
        user, event = np.repeat(np.arange(n), [len(mine) for mine in rows]), np.concatenate(rows)
        return csr(user, events.item[event], values[event], (n, len(data.catalog)))

    place = np.zeros(len(data), np.float32)
    for mine in known:
        place[mine] = np.arange(1, len(mine) + 1)
    width = max(map(len, judged))
    items, rating = np.full((n, width), -1, np.int32), np.full((n, width), np.nan, np.float32)
    for row, mine in enumerate(judged):
        items[row, : len(mine)], rating[row, : len(mine)] = events.item[mine], events.value[mine]
    ones = np.ones(len(data), np.float32)
    wanted = matrix([mine[liked[mine]] for mine in judged], ones)
    apart = matrix([np.concatenate(pair) for pair in zip(said, known, strict=True)], ones)
    return People(matrix(known, data.signed()), matrix(known, place), profile, items, rating, wanted, apart)


def judge_people(levels: list[Scorer], people: People, known: int, stated: bool) -> dict[str, Float64]:
    """METRICS -> float64 (q,). levels: who is asked first, then who is, where that one says nothing."""
    batch = people.batch(known, stated)
    lists = np.full((len(people), K), -1, np.int32)
    scores = np.full(people.items.shape, np.nan, np.float32)
    for scorer in levels:
        silent = (lists < 0).all(axis=1)
        lists[silent] = scorer.top(batch, K, people.apart)[0][silent]
        scores[silent] = scorer.score(batch, people.items)[silent]
    own = spearman(scores, people.rating), auc(scores, people.rating), ndcg_ranked(scores, people.rating, 10)
    found = ranking_metrics(lists, people.liked)
    return dict(zip(METRICS, (*own, found["recall"], found["ndcg"]), strict=True))


def auc(scores: Float32, rating: Float32) -> Float64:
    """Of two items that a user rated differently, how often the better one has the higher score; a tie counts half."""
    found = np.full(len(scores), np.nan)
    for row, (mine, given) in enumerate(zip(np.nan_to_num(scores, nan=-np.inf), rating, strict=True)):
        here = ~np.isnan(given)
        better = given[here][:, None] > given[here][None, :]
        if better.any():
            one, other = np.broadcast_arrays(mine[here][:, None], mine[here][None, :])
            found[row] = ((one > other) + 0.5 * (one == other))[better].mean()
    return found
