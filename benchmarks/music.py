"""Held-out playlists: five of their tracks are told, the others are looked for among all. Prints a table.

    python benchmarks/music.py spotify_songs.csv.gz --folds 5

Protocol: playlists are dealt to five folds, each wholly in one; a model and its features learn from the other four, and
choose epochs, gains and weights on playlists held out of these. Only playlists with six tracks or more are asked. All
28,356 tracks but the five are ranked. Recall@10 counts hits among min(10, tracks looked for). What describes a
playlist, its genre columns among it, is never used. A track is "never", "once" or "more" by how many training
playlists hold it: "among all" counts only such tracks as hits, "among its kind" ranks only such tracks.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from tastemaker.algorithms import IALS, Algorithm, Blend, GraphFilter, Hybrid, Popular, Together
from tastemaker.algorithms.liked import liked
from tastemaker.data.arrays import Bool, Csr, Float64, csr
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.features import Features
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.load_events import load_events
from tastemaker.data.read import read_table
from tastemaker.evaluate import judge_ranking
from tastemaker.features.build import build_features
from tastemaker.metrics import interval, paired
from tastemaker.recipe import Recipe, find_recipe, read_recipe
from tastemaker.scorers import Embeddings, Scorer
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.watch import Watch

TOLD, K = 5, 10
NAMES = ("same artist", "same album")
KINDS = ("never", "once", "more")
GRAPH = GraphFilter(near=())
AUDIO = Together(blocks=("numbers",), epochs=6, learning_rate=3e-2, patience=4)
FULL = replace(AUDIO, beside=NAMES)


@dataclass(frozen=True)
class Fold:
    """train: playlists learned from; told, wanted: csr (n_playlists, n_tracks), disjoint."""

    train: Dataset
    told: Csr
    wanted: Csr
    features: Features

    @property
    def kinds(self) -> dict[str, Bool]:
        seen = np.bincount(self.train.events.item, minlength=len(self.features))
        return dict(zip(KINDS, (seen == 0, seen == 1, seen > 1), strict=True))


def folds(catalog: Catalog, data: Dataset, recipe: Recipe, n: int, seed: int) -> list[Fold]:
    """Each playlist's five told tracks are drawn once."""
    rng = np.random.default_rng(seed)
    fold, every = rng.permutation(len(data.users)) % 5, liked(data)
    owner = np.repeat(np.arange(every.shape[0]), np.diff(every.indptr))
    order = np.lexsort((rng.random(every.nnz), owner))
    place = np.empty(every.nnz, np.int64)
    place[order] = np.arange(every.nnz) - every.indptr[owner]
    asked = np.diff(every.indptr)[owner] > TOLD
    one = np.ones(every.nnz, np.float32)
    found = []
    for held in range(n):
        mine = asked & (fold[owner] == held)
        parts = (mine & (place < TOLD), mine & (place >= TOLD))
        told, wanted = (csr(owner[m], every.indices[m], one[m], every.shape) for m in parts)
        train = data.where(fold[data.events.user] != held)
        seen = np.zeros(len(catalog), bool)
        seen[train.events.item] = True
        features = build_features(catalog, recipe.features, recipe.tastes, seed, Watch(), fitted_on=seen)
        found.append(Fold(train, told, wanted, features))
    return found


def learned(model: Algorithm) -> Callable[[Fold], Scorer]:
    return lambda fold: model.fit(fold.train, fold.features, np.random.default_rng(0), Watch())


def near(*blocks: str) -> Callable[[Fold], Scorer]:
    """Content as it comes: these blocks, each row at length 1, side by side."""
    return lambda fold: Embeddings(
        unit_rows(np.hstack([unit_rows(fold.features.block(name)) for name in blocks])), "+".join(blocks)
    )


MODELS: dict[str, Callable[[Fold], Scorer]] = {
    "popularity": learned(Popular()),
    "audio, raw cosine": near("numbers"),
    "audio, learned: cosine": learned(replace(AUDIO, objective="cosine", margin=0.2)),
    "audio, learned: contrastive": learned(AUDIO),
    "same artist": near("same artist"),
    "audio and names, raw": near("numbers", *NAMES),
    "audio and names, learned": learned(FULL),
    "iALS": learned(IALS(dim=64, near=())),
    "graph filter": learned(GRAPH),
    "graph filter and iALS": learned(Blend((GRAPH, IALS(dim=64, near=())))),
    "graph filter, borrowing": learned(GraphFilter(near=("numbers", *NAMES))),
    "hybrid, gated": learned(Hybrid((FULL, GRAPH))),
}


def judged(model: Scorer, fold: Fold) -> dict[str, Float64]:
    """protocol/metric -> a number a playlist, NaN where it was not asked; and the floors."""
    found: dict[str, Float64] = {}
    for kind, mask in {"all": np.ones(len(fold.features), bool), **fold.kinds}.items():
        wanted = fold.wanted.copy()
        wanted.data *= mask[wanted.indices]
        wanted.eliminate_zeros()
        if not wanted.nnz:
            continue
        for how, allowed in (("among all", None), ("among its kind", mask)):
            report = judge_ranking(model, fold.told, wanted, np.random.default_rng(0), k=K, allowed=allowed)
            n = np.maximum(np.diff(wanted.indptr), 1)
            key = f"{kind}/{how}"
            found[f"{key}/recall"] = report.per_user["precision"] * K / np.minimum(K, n)
            found[f"{key}/ndcg"] = report.per_user["ndcg"]
            found[f"{key}/floor"] = np.array([report.metrics["ndcg"].floor])
    return found


def pooled(each: list[dict[str, Float64]]) -> dict[str, Float64]:
    """The playlists of all folds, each judged once."""
    keys = {key: None for found in each for key in found}
    return {key: np.concatenate([found[key][~np.isnan(found[key])] for found in each if key in found]) for key in keys}


def said(values: Float64) -> str:
    found = interval(values, np.random.default_rng(0))
    return f"{found.mean:.4f} [{found.low:.4f}, {found.high:.4f}]"


def show(results: dict[str, dict[str, Float64]], seconds: dict[str, float]) -> None:
    print(
        f"{'model':30s} {'recall@10':26s} {'ndcg@10':26s} " + " ".join(f"{k:>7s}" for k in KINDS) + "  seconds a fold"
    )
    for name, found in results.items():
        kinds = " ".join(f"{found[f'{kind}/among all/ndcg'].mean():7.4f}" for kind in KINDS)
        both = " ".join(f"{said(found[f'all/among all/{metric}']):26s}" for metric in ("recall", "ndcg"))
        print(f"{name:30s} {both} {kinds}  {seconds[name]:.1f}")
    first = next(iter(results.values()))
    print(f"{'random order':30s} {'':26s} {first['all/among all/floor'].mean():.4f}")
    print("\nNDCG@10 among its kind")
    for name, found in results.items():
        print(f"{name:30s} " + " ".join(f"{kind} {said(found[f'{kind}/among its kind/ndcg'])}" for kind in KINDS))


def show_lifts(results: dict[str, dict[str, Float64]]) -> None:
    """Paired differences of NDCG@10, playlist by playlist."""
    print("\nNDCG@10, paired")
    hybrid = "hybrid, gated"
    pairs = [
        ("audio, learned: contrastive", "audio, raw cosine", "all/among all"),
        ("audio, learned: contrastive", "audio, learned: cosine", "all/among all"),
        ("audio and names, learned", "same artist", "all/among all"),
        ("audio and names, learned", "audio and names, raw", "all/among all"),
    ]
    for kind in ("all", *KINDS):
        for how in ("among all", "among its kind"):
            for other in ("audio and names, learned", "graph filter"):
                pairs.append((hybrid, other, f"{kind}/{how}"))
    for ours, theirs, key in dict.fromkeys(pairs):
        if ours in results and theirs in results:
            a, b = results[ours][f"{key}/ndcg"], results[theirs][f"{key}/ndcg"]
            lift = paired(a, b, np.random.default_rng(0))
            ratio = f", x {a.mean() / b.mean():.2f}" if b.any() else ""
            print(f"{key:22s} {ours} - {theirs}: {lift.mean:+.4f} [{lift.low:+.4f}, {lift.high:+.4f}]{ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--folds", type=int, default=5, help="how many of the five are judged")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", nargs="*", help="names of the table; none = all")
    parser.add_argument("--json", type=Path, help="write the means here")
    asked = parser.parse_args()
    recipe = read_recipe(find_recipe("music"))
    table = read_table(asked.file)
    read = load_catalog(table, recipe.catalog)
    events = load_events(table, recipe.events, read.catalog)
    refused = len(read.refused), len(events.refused)
    print(f"{table.n_found} rows: {read.loaded} tracks, {read.merged} merged, {refused[0]} refused; "
          f"{len(events.dataset)} events, {refused[1]} refused")  # fmt: skip
    every = folds(read.catalog, events.dataset, recipe, asked.folds, asked.seed)
    results: dict[str, dict[str, Float64]] = {}
    seconds: dict[str, float] = {}
    for name, make in MODELS.items():
        if asked.models and name not in asked.models:
            continue
        begun, each = perf_counter(), []
        for fold in every:
            each.append(judged(make(fold), fold))
        results[name], seconds[name] = pooled(each), (perf_counter() - begun) / len(every)
        print(f"… {name}: {results[name]['all/among all/ndcg'].mean():.4f}", flush=True)
    show(results, seconds)
    show_lifts(results)
    if asked.json is not None:
        means: dict[str, Any] = {n: {key: float(v.mean()) for key, v in found.items()} for n, found in results.items()}
        asked.json.write_text(json.dumps({"results": means, "seconds": seconds}, indent=1))


if __name__ == "__main__":
    main()
