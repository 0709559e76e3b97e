"""The peers of ratings.py, in their own environment: python ratings_peers.py ASKED.npz ANSWERS.npz STEPS"""

import sys
import time
from typing import Any

import lightgbm as lgb  # type: ignore[import-not-found]
import numpy as np
from surprise import SVD, Dataset, KNNBaseline, Reader  # type: ignore[import-not-found]

RECENT, DAMPING = 5, 5.0
BOOSTED = {
    "objective": "regression", "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 50, "feature_fraction": 0.8,
    "bagging_fraction": 0.8, "bagging_freq": 1, "verbose": -1, "num_threads": 2, "seed": 0,
}  # fmt: skip
COLUMNS = ("user", "item", "value")
ROUNDS = 300  # at most; the round that is best on the calibration rows is kept


class Surprise:
    def __init__(self, model: Any, **settings: Any) -> None:
        self.model, self.settings = model, settings

    def answers(self, d: dict[str, Any], train: Any, *asked: Any) -> list[Any]:
        low, high = float(d["value"].min()), float(d["value"].max())
        rows = [(int(u), int(i), float(v), None) for u, i, v in zip(*(d[c][train] for c in COLUMNS), strict=True)]
        made = self.model(**self.settings)
        made.fit(Dataset(Reader(rating_scale=(low, high))).construct_trainset(rows))
        return [
            np.array([made.predict(int(u), int(i)).est for u, i in zip(d["user"][m], d["item"][m], strict=True)])
            for m in asked
        ]


class Boosted:
    """LightGBM; running: features of user and item up to the moment of each event, else as of the refit."""

    def __init__(self, running: bool) -> None:
        self.running, self.rounds = running, 0

    def answers(self, d: dict[str, Any], train: Any, *asked: Any) -> list[Any]:
        x = features(d, train, self.running)
        data = lgb.Dataset(x[train], d["value"][train])
        if self.rounds == 0:  # the calibration rows are asked first, and choose the number of rounds
            inner = lgb.Dataset(x[asked[0]], d["value"][asked[0]])
            stop = [lgb.early_stopping(50, verbose=False)]
            made = lgb.train(BOOSTED, data, ROUNDS, valid_sets=[inner], callbacks=stop)
            self.rounds = made.best_iteration or ROUNDS
        else:
            made = lgb.train(BOOSTED, data, self.rounds)
            self.rounds = 0
        return [made.predict(x[m]) for m in asked]


def features(d: dict[str, Any], train: Any, running: bool) -> Any:
    """Of every event, from what was known strictly before it: of the item at the refit, of the user as told."""
    user, item, value, when = d["user"], d["item"], d["value"].astype(float), d["time"]
    families, mean = d["families"].astype(float), value[train].mean()
    total = np.bincount(item[train], (value - mean)[train], len(families))[item] - np.where(train, value - mean, 0.0)
    count = np.bincount(item[train], minlength=len(families))[item] - train  # a row does not count for itself
    bias = total / (count + DAMPING)
    told = np.ones(len(user), bool) if running else train
    undated = len(np.unique(when[train])) == 1
    if undated:
        told = train
    mine = np.zeros((len(user), 8))
    by_user = np.lexsort((when, user))
    for rows in np.split(by_user, np.flatnonzero(np.diff(user[by_user])) + 1):
        given, left = told[rows], (value - mean - bias)[rows]
        mine[rows] = of_user(given, left, value[rows], when[rows], families[item[rows]], undated)
    guess = mean + bias + mine[:, 0]
    return np.column_stack([bias, np.log1p(count), guess, mine, d["content"][item], d["text"][item]])


def of_user(given: Any, left: Any, value: Any, when: Any, families: Any, undated: bool) -> Any:
    """A user's events in order of time: damped mean, spread, mean of the last few, what they made of the item's
    families, time since the last grade, that grade, how many there are, and how often it was above the item's."""
    place = np.flatnonzero(given)
    if undated:
        n, own = np.full(len(left), given.sum()) - given, np.where(given, 1.0, 0.0)
    else:
        n, own = np.searchsorted(place, np.searchsorted(when, when, side="left")), np.zeros(len(left))

    def before(column: Any) -> Any:
        sums = np.concatenate([np.zeros((1, *column.shape[1:])), np.cumsum(column[place], axis=0)])
        if undated:
            return sums[-1] - column * own.reshape(-1, *(1,) * (column.ndim - 1))
        return sums[n]

    total = before(left)
    damped = total / (n + DAMPING)
    spread = np.sqrt(np.maximum(before(left**2) / np.maximum(n, 1) - (total / np.maximum(n, 1)) ** 2, 0.0))
    sums, first = np.concatenate([[0.0], np.cumsum(left[place])]), np.maximum(n - RECENT, 0)
    recent = damped if undated else (sums[n] - sums[first]) / np.maximum(n - first, 1)
    alike = (families * before(families)).sum(axis=1)
    taste = ((families * before(families * left[:, None])).sum(axis=1) - damped * alike) / (alike + 1.0)
    last = place[np.maximum(n - 1, 0)] if len(place) else np.zeros(len(n), int)
    known = (n > 0) & (not undated)
    gap = np.where(known, np.log1p(np.maximum(when - when[last], 0)), 0.0)
    high = before((left > 0).astype(float)) / (n + 1.0)
    return np.column_stack([damped, spread, recent, taste, gap, np.where(known, value[last], 0.0), np.log1p(n), high])


def main() -> None:
    asked, answers, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
    d = dict(np.load(asked))
    models: dict[str, Surprise | Boosted] = {
        "svd": Surprise(SVD, n_factors=50, n_epochs=30, reg_all=0.05, random_state=0),
        "knn": Surprise(KNNBaseline, sim_options={"name": "pearson_baseline", "user_based": False}, verbose=False),
        "lgbm": Boosted(running=True),
        "lgbm frozen": Boosted(running=False),
    }
    found = {}
    for name, model in models.items():
        seconds = 0.0
        for s in range(steps):
            train, valid, test = (d[f"{part}{s}"] for part in ("train", "valid", "test"))
            begun = time.monotonic()
            found[f"{name} valid{s}"] = model.answers(d, train & ~valid, valid)[0]
            found[f"{name} test{s}"] = model.answers(d, train, test)[0]
            seconds += time.monotonic() - begun
        found[f"{name} seconds"] = seconds
        print(f"  {name}: {seconds:.0f} s", flush=True)
    np.savez(answers, **found)


if __name__ == "__main__":
    main()
