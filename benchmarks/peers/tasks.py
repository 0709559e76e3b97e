"""What is measured: each task, who takes part with which settings, and which figures are set against each other.

Settings that decide quality come from settings.json: tune.py chose them on a held-out part of the training set.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Settings = dict[str, Any]
CHOSEN: dict[str, Settings] = json.loads((Path(__file__).parent / "settings.json").read_text())
FACTORS = 64


@dataclass(frozen=True)
class Entry:
    """name: as printed; side, call: the file in sides/ and its function; blas: threads of the linear algebra alone."""

    name: str
    side: str
    call: str
    settings: Settings = field(default_factory=dict)
    blas: int = 1


@dataclass(frozen=True)
class Duel:
    """Names of two entries, and how many times as good ours should be, if that was said."""

    ours: str
    peer: str
    target: float | None = None


@dataclass(frozen=True)
class Task:
    """higher: is more better?  together: all entries at once, round by round; else one after the other, with all memory
    for each.  judge_all: quality of every round, not of the first alone.  note: what the figure contains."""

    name: str
    title: str
    unit: str
    entries: tuple[Entry, ...]
    duels: tuple[Duel, ...] = ()
    higher: bool = False
    together: bool = True
    judge_all: bool = False
    max_rounds: int = 99
    note: str = ""


def all_tasks(quick: bool, ratings: Path | None) -> list[Task]:
    tasks = [bpr_speed(quick), bpr_quality(quick)]
    tasks += [ials(dim, cg, quick) for cg in (False, True) for dim in (64, 128)]
    tasks += [topk(quick), one(quick), evaluation(), quality(quick)]
    return tasks + ([] if ratings is None else [ratings_task(ratings, split, quick) for split in ("random", "time")])


def bpr_speed(quick: bool) -> Task:
    few, many = (2, 3) if quick else (3, 9)

    def ours(negatives: str) -> Entry:
        settings = {"epochs": many, "dim": FACTORS, "negatives": negatives}
        return Entry(f"ours, {negatives} negatives", "tastemaker", "bpr_speed", settings)

    dim = {"dim": FACTORS}
    return Task(
        "bpr-speed",
        f"BPR, {FACTORS} factors",
        "million triples/s",
        (
            ours("popularity"),
            Entry("implicit, popularity negatives", "implicit", "bpr_speed", {"epochs": 2 * few, **dim}),
            ours("uniform"),
            Entry("Cornac, uniform negatives", "cornac", "bpr_speed", {"epochs": 2 * few, **dim}),
            Entry("LightFM, BPR", "lightfm", "bpr_speed", {"epochs": few, "loss": "bpr", **dim}),
            Entry("LightFM, WARP", "lightfm", "bpr_speed", {"epochs": few, "loss": "warp", **dim}),
        ),
        (
            Duel("ours, popularity negatives", "implicit, popularity negatives", 2.7),
            Duel("ours, uniform negatives", "implicit, popularity negatives", 3.5),
            Duel("ours, uniform negatives", "Cornac, uniform negatives"),
            Duel("ours, uniform negatives", "LightFM, BPR"),
            Duel("ours, uniform negatives", "LightFM, WARP"),
        ),
        higher=True,
        note="An epoch counts one triple an event, by the time between ends of epochs. implicit and Cornac skip "
        "a triple whose negative the user knows; ours draws again. WARP draws several negatives a triple.",
    )


def bpr_quality(quick: bool) -> Task:
    time = {"seconds": 0.5 if quick else 20.0, "dim": FACTORS}

    def entry(name: str, side: str, key: str, trial: int, **settings: Any) -> Entry:
        return Entry(name, side, "bpr_quality", {**time, "trial": trial, **settings, **CHOSEN[key]})

    peers = (
        entry("implicit", "implicit", "implicit bpr", 5),
        entry("Cornac", "cornac", "cornac bpr", 5),
        entry("LightFM, WARP", "lightfm", "lightfm warp", 1, loss="warp"),
        entry("LightFM, BPR", "lightfm", "lightfm bpr", 1, loss="bpr"),
    )
    return Task(
        "bpr-quality",
        f"BPR, {FACTORS} factors, each trained for {time['seconds']:g} s",
        "Recall@20",
        (entry("ours", "tastemaker", "tastemaker bpr", 5), *peers),
        tuple(Duel("ours", peer.name, 1.0) for peer in peers),
        higher=True,
        judge_all=True,
        max_rounds=3,
        note="As many epochs as fit into the time at the pace of trials right before; 3 rounds. "
        "Ours answers everybody as a stranger with a history, the others by the user's row that they learned.",
    )


def ials(dim: int, cg: bool, quick: bool) -> Task:
    epochs, exact = {"epochs": 3 if quick else 5 if cg else 3, "dim": dim}, not cg
    ours = Entry("ours", "tastemaker", "ials_speed", {**epochs, "solver": "exact" if exact else "cg"})
    hu = {"alpha": 10.0, "regularization": 0.1}
    implicit = Entry("implicit", "implicit", "als_speed", {**epochs, "cg": cg, **hu})
    lenskit = Entry("LensKit", "lenskit", "als_speed", {**epochs, "weight": 10.0, "regularization": 0.1})
    targets = {True: {64: 3.7, 128: 3.7}, False: {64: 2.1, 128: 1.6}}[exact]
    duels = (Duel("ours", "implicit", targets[dim]), *((Duel("ours", "LensKit", 3.0),) if exact else ()))
    kind, peers = ("exact", "Cholesky") if exact else ("cg", "conjugate gradient, 3 steps")
    return Task(
        f"ials-{kind}-{dim}",
        f"iALS, {dim} factors, {peers}",
        "s/iteration",
        (ours, implicit, lenskit) if exact else (ours, implicit),
        duels,
        note="An iteration updates all users and all items; the first, which pays for what is set up once, is left "
        "out. Quality is what the few iterations of a round reach, to see that all do the work.",
    )


def topk(quick: bool) -> Task:
    return Task(
        "topk",
        f"top 20 for every user from {FACTORS} factors",
        "users/s",
        (
            Entry("ours, seen filtered", "tastemaker", "topk", {"seen": True}),
            Entry("implicit, seen filtered", "implicit", "topk"),
            Entry("RecTools, seen filtered", "rectools", "topk"),
            Entry("ours, unfiltered", "tastemaker", "topk", {"seen": False}),
            Entry("faiss flat, unfiltered", "faiss", "topk"),
            Entry("NumPy, seen filtered", "numpy", "topk", blas=2),
            Entry("LensKit, seen filtered", "lenskit", "topk", {"n_users": 200 if quick else 2000}),
        ),
        (
            Duel("ours, seen filtered", "implicit, seen filtered", 2.3),
            Duel("ours, unfiltered", "faiss flat, unfiltered", 1.3),
            Duel("ours, seen filtered", "faiss flat, unfiltered"),
            Duel("ours, seen filtered", "RecTools, seen filtered"),
            Duel("ours, seen filtered", "NumPy, seen filtered"),
            Duel("ours, seen filtered", "LensKit, seen filtered"),
        ),
        higher=True,
        note="The same factors for all. Agreement: share of the exact top 20 found. LensKit answers 2,000 users.",
    )


def one(quick: bool) -> Task:
    n = {"n": 100 if quick else 500}
    return Task(
        "one",
        f"one user's exact top 20 from {FACTORS} factors, p50 of {n['n']} users",
        "ms",
        (
            Entry("ours, seen filtered", "tastemaker", "one", n),
            Entry("implicit, seen filtered", "implicit", "one", n),
            Entry("faiss flat, unfiltered", "faiss", "one", n),
            Entry("NumPy, seen filtered", "numpy", "one", n),
            Entry("RecTools, seen filtered", "rectools", "one", n),
            Entry("LensKit, seen filtered", "lenskit", "one", n),
        ),
        (
            Duel("ours, seen filtered", "implicit, seen filtered", 1.3),
            Duel("ours, seen filtered", "faiss flat, unfiltered"),
            Duel("ours, seen filtered", "NumPy, seen filtered"),
            Duel("ours, seen filtered", "RecTools, seen filtered"),
            Duel("ours, seen filtered", "LensKit, seen filtered"),
        ),
        note="Each user's row of seen items is cut out before the clock starts.",
    )


def evaluation() -> Task:
    return Task(
        "evaluation",
        "Recall@20 and NDCG@20 of all users, given their lists",
        "s",
        (
            Entry("ours", "tastemaker", "evaluation"),
            Entry("RecTools", "rectools", "evaluation"),
            Entry("ranx", "ranx", "evaluation", {"typed": False}),
            Entry("ranx, typed lists prepared", "ranx", "evaluation", {"typed": True}),
            Entry("LensKit", "lenskit", "evaluation"),
            Entry("NumPy", "numpy", "evaluation"),
        ),
        (
            Duel("ours", "RecTools", 4.0),
            Duel("ours", "ranx", 40.0),
            Duel("ours", "LensKit", 80.0),
            Duel("ours", "ranx, typed lists prepared"),
            Duel("ours", "NumPy"),
        ),
        note="Each library's own format is prepared before the clock starts: data frames, Qrels and Run, item lists. "
        "Ours makes six metrics in that time. Definitions differ: the values are given.",
    )


def quality(quick: bool) -> Task:
    small = {"epochs": 2, "dim": 16} if quick else {}

    def als(name: str, dim: int) -> Entry:
        settings = {"epochs": 15, "dim": dim, "cg": True, **CHOSEN["implicit als"], **small}
        return Entry(f"implicit, {name}", "implicit", "als_quality", settings)

    def knn(kind: str) -> Entry:
        return Entry(
            f"implicit, item-kNN {kind}", "implicit", "knn_quality", {"kind": kind, **CHOSEN[f"implicit {kind}"]}
        )

    def own(name: str, settings: Settings) -> Entry:
        fewer = {"epochs": 5} if quick and settings["algorithm"] in ("bprmf", "ials") else {}
        return Entry(f"ours, {name}", "tastemaker", "quality", {**settings, **fewer})

    ours = [own(name, settings) for name, settings in OURS.items()]
    ease = Entry("RecTools, EASE", "rectools", "ease_quality", CHOSEN["rectools ease"], blas=2)
    return Task(
        "quality",
        "Quality on the published split, full ranking",
        "Recall@20",
        (*ours, als("ALS", 128), *(knn(kind) for kind in ("cosine", "tfidf", "bm25")), ease),
        higher=True,
        together=False,
        judge_all=True,
        max_rounds=1,
        note="One fit each, one after the other. Peak memory is that of the fit.",
    )


# Settings that are not the defaults were chosen on a fifth of each user's training events, held out. What validation
# chooses is not what the published test part likes best: it is no random part of the events (docs/figures.md).
LARGE_IALS: Settings = {"algorithm": "ials", "dim": 1024, "alpha0": 0.01, "l2": 0.004, "epochs": 8}
OURS: dict[str, Settings] = {
    "item-kNN": {"algorithm": "itemknn"},
    "BPR-MF, 256 factors": {"algorithm": "bprmf", "dim": 256},
    "iALS, 256 factors": {"algorithm": "ials"},
    "iALS, 1024 factors": LARGE_IALS,
    "graph filter": {"algorithm": "graph"},
    "graph filter, chosen": {"algorithm": "graph", "into": 0.6, "through": 0.65, "out": 0.25},
    "graph filter, .8 1 .2 (not chosen)": {"algorithm": "graph", "into": 0.8, "through": 1.0, "out": 0.2},
    "graph filter, spectral": {"algorithm": "graph", "smooth": 0.05},
    "blend of graph and iALS": {"algorithm": "blend", "members": [{"algorithm": "graph"}, LARGE_IALS]},
    "EASE": {"algorithm": "ease", "l2": 150.0},
}


def ratings_task(folder: Path, split: str, quick: bool) -> Task:
    given = {"file": str(folder / "ratings.csv"), "split": split}
    svd = {"model": "svd", "n_factors": 50, "n_epochs": 3 if quick else 30, "reg_all": 0.05, "random_state": 0}

    def knn(user_based: bool) -> Settings:
        similarity = {"name": "pearson_baseline", "user_based": user_based}
        return {**given, "model": "knn", "sim_options": similarity, "verbose": False}

    baseline = "KNNBaseline of"
    when = "a random fifth" if split == "random" else "the last fifth in time"
    return Task(
        f"ratings-{split}",
        f"Ratings, {when} predicted",
        "s",
        (
            Entry("ours, BiasedMF", "tastemaker", "ratings", given),
            Entry("Surprise, SVD", "surprise", "ratings", {**given, **svd}),
            Entry("Surprise, KNNBaseline of users", "surprise", "ratings", knn(user_based=True)),
            Entry("Surprise, KNNBaseline of items", "surprise", "ratings", knn(user_based=False)),
        ),
        tuple(
            Duel("ours, BiasedMF", f"Surprise, {peer}") for peer in ("SVD", f"{baseline} users", f"{baseline} items")
        ),
        judge_all=True,
        note="Fit and prediction of all held-out ratings together.",
    )
