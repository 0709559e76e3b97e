"""The hybrid beside peers, on playlists held out: LightFM's maintained fork with features, implicit's ALS with content.

    python benchmarks/music_peers.py spotify_songs.csv.gz --folds 5

Protocol: as benchmarks/music.py. Each peer has an environment of its own (benchmarks/peers/install.py); one that will
not install is reported, not dropped. Settings of a peer are chosen among a few on a fifth of each fold's training
playlists; ours are the recipe's, which chooses epochs, gains and balance likewise. LightFM also learns from the five
told tracks. Two times each: of one learning with what was chosen, and of that and all that the choice takes.
"""

import argparse
import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import scipy.sparse as sp
from mapped_factors import GRID, mapped
from music import FULL, GRAPH, KINDS, Fold, folds, judged, learned, pooled, said
from peers.install import install

from tastemaker.algorithms import Hybrid
from tastemaker.algorithms.liked import liked
from tastemaker.data.arrays import Float32
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.load_events import load_events
from tastemaker.data.read import read_table
from tastemaker.data.split import split_by_group
from tastemaker.metrics import paired
from tastemaker.recipe import find_recipe, read_recipe
from tastemaker.scorers import Scorer
from tastemaker.scorers.embeddings import unit_rows

SIDE = Path(__file__).with_name("music_sides.py")
GRIDS: dict[str, list[dict[str, Any]]] = {
    "lightfm": [{"epochs": 10}, {"epochs": 30}, {"epochs": 30, "alpha": 1e-5}],
    "implicit": [{"alpha": 1.0}, {"alpha": 10.0}, {"alpha": 10.0, "l2": 0.1}],
}
NAMES = {"lightfm": "LightFM (lightfm-next), hybrid", "implicit": "implicit ALS, content fallback"}
OURS, MAPPED = "hybrid, gated", "iALS, factors mapped from content"


Seconds = tuple[float, float]  # of one learning, and with all that its settings are chosen by


@dataclass(frozen=True)
class Said(Scorer):
    """Scores that somebody else gave, float32 (n_playlists, n_tracks); a playlist is known by the tracks it tells."""

    scores: Float32
    rows: dict[tuple[int, ...], int]

    @property
    def n_items(self) -> int:
        return int(self.scores.shape[1])

    def score_all(self, batch: Any) -> Float32:
        return self.scores[[self.rows[tuple(batch.positives[[q]].indices)] for q in range(len(batch))]]

    def score_rows(self, batch: Any, rows: Any) -> Float32:
        return np.take_along_axis(self.score_all(batch), rows, axis=1)

    def contributions(self, batch: Any, items: Any) -> Any:
        raise NotImplementedError

    def with_items(self, features: Any) -> Any:
        return self


def told_of(fold: Fold, scores: Float32) -> dict[str, Any]:
    """Judged as ours are."""
    return judged(Said(scores, {tuple(fold.told[[q]].indices): q for q in range(fold.told.shape[0])}), fold)


def inner(fold: Fold, seed: int) -> Fold:
    """The same fold's training playlists, a fifth of them asked."""
    cut = split_by_group(fold.train, "user", (0.8, 0.2, 0.0), np.random.default_rng(seed))
    every = liked(cut.valid)
    every = every[np.flatnonzero(np.diff(every.indptr) > 5)]
    rng = np.random.default_rng(seed + 1)
    told, wanted = every.copy(), every.copy()
    for q in range(every.shape[0]):
        mine = slice(every.indptr[q], every.indptr[q + 1])
        first = np.isin(np.arange(mine.stop - mine.start), rng.permutation(mine.stop - mine.start)[:5])
        told.data[mine], wanted.data[mine] = first, ~first
    for part in (told, wanted):
        part.eliminate_zeros()
    return replace(fold, train=cut.train, told=told, wanted=wanted)


def written(fold: Fold, path: Path) -> None:
    train, n = liked(fold.train), len(fold.features)
    categories = []
    numbers = sp.csr_matrix(np.clip(fold.features.block("numbers"), -3, 3) / fold.features.block("numbers").shape[1])
    catalog = fold.train.catalog
    for name in ("artist", "album"):
        _, code = np.unique(np.array(catalog.categories[name]), return_inverse=True)
        categories.append(sp.csr_matrix((np.ones(n), (np.arange(n), code))))
    features = sp.hstack([sp.identity(n), *categories, numbers]).astype(np.float32).tocsr()
    blocks = [unit_rows(fold.features.block(name)) for name in ("numbers", "same artist", "same album")]
    kept: dict[str, Any] = {"content": unit_rows(np.hstack(blocks))}
    for name, matrix in (("train", train[np.diff(train.indptr) > 0]), ("told", fold.told), ("features", features)):
        matrix = matrix.tocsr().astype(np.float32)
        kept |= {f"{name}/{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
        kept[f"{name}/shape"] = np.array(matrix.shape)
    np.savez(path, **kept)


def asked(python: str, side: str, fold: Fold, settings: dict[str, Any], folder: Path) -> tuple[dict[str, Any], float]:
    source, target = folder / "fold.npz", folder / "scores.npy"
    written(fold, source)
    line = [python, str(SIDE), side, str(source), str(target), json.dumps(settings)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:300])
    seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
    return told_of(fold, np.load(target)), seconds


def best_of(python: str, side: str, fold: Fold, folder: Path) -> tuple[dict[str, Any], Seconds, dict[str, Any]]:
    """The settings that are best on a fifth of the training playlists, then learned from all of them."""
    part = inner(fold, 0)
    tried = [asked(python, side, part, settings, folder) for settings in GRIDS[side]]
    settings = GRIDS[side][int(np.argmax([np.nanmean(values["all/among all/ndcg"]) for values, _ in tried]))]
    found, seconds = asked(python, side, fold, settings, folder)
    return found, (seconds, seconds + sum(took for _, took in tried)), settings


def our_best(fold: Fold) -> tuple[dict[str, Any], Seconds]:
    begun = perf_counter()
    model = learned(Hybrid((FULL, GRAPH)))(fold)
    chosen = perf_counter()
    for member in (replace(FULL, held_out=0.0), GRAPH):  # once more, with nothing left to choose
        learned(member)(fold)
    ended = perf_counter()
    return judged(model, fold), (ended - chosen, chosen - begun)


def best_mapped(fold: Fold) -> tuple[dict[str, Any], Seconds]:
    """The other way to make a hybrid of our own parts, its settings chosen likewise."""
    begun, part = perf_counter(), inner(fold, 0)
    tried = [judged(model, part)["all/among all/ndcg"] for model in _mapped(part, GRID)]
    chosen = perf_counter()
    (model,) = _mapped(fold, [GRID[int(np.argmax([np.nanmean(values) for values in tried]))]])
    ended = perf_counter()
    return judged(model, fold), (ended - chosen, ended - begun)


def _mapped(fold: Fold, grid: list[dict[str, Any]]) -> list[Scorer]:
    embedded = learned(FULL)(fold).near.vectors.astype(np.float64)  # type: ignore[attr-defined]
    return [mapped(fold.train, fold.features, embedded, **settings) for settings in grid]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--environments", type=Path, default=Path("build/peers"))
    parser.add_argument("--mapped", action="store_true", help="also factors that are mapped from content: minutes")
    given = parser.parse_args()
    recipe = read_recipe(find_recipe("music"))
    table = read_table(given.file)
    catalog = load_catalog(table, recipe.catalog).catalog
    every = folds(catalog, load_events(table, recipe.events, catalog).dataset, recipe, given.folds, 0)
    results: dict[str, list[Any]] = {OURS: []}
    seconds: dict[str, list[Seconds]] = {OURS: []}
    learned(replace(FULL, epochs=1))(every[0])  # loads PyTorch and compiles
    with TemporaryDirectory() as folder:
        for fold in every:
            for name, best in ((OURS, our_best), *([(MAPPED, best_mapped)] if given.mapped else [])):
                found, took = best(fold)
                results.setdefault(name, []).append(found)
                seconds.setdefault(name, []).append(took)
        for side, name in NAMES.items():
            installed = install(side, given.environments.absolute())
            if installed.error:
                print(f"{name}: not installed: {installed.error}")
                continue
            for fold in every:
                try:
                    found, took, settings = best_of(installed.python, side, fold, Path(folder))
                except RuntimeError as error:
                    print(f"{name}: {error}")
                    break
                results.setdefault(name, []).append(found)
                seconds.setdefault(name, []).append(took)
                print(f"… {name} {installed.versions}: {settings}", flush=True)
    show({name: pooled(each) for name, each in results.items()}, seconds)


def show(results: dict[str, Any], seconds: dict[str, list[Seconds]]) -> None:
    for name, found in results.items():
        kinds = " ".join(f"{kind} {said(found[f'{kind}/among its kind/ndcg'])}" for kind in KINDS)
        print(f"{name:32s} all {said(found['all/among all/ndcg'])} {kinds} "
              "{:.1f} s, with all choices {:.1f} s".format(*np.mean(seconds[name], axis=0)))  # fmt: skip
    for name in results:
        if name != OURS:
            for key in ("all/among all", *(f"{kind}/among its kind" for kind in KINDS)):
                a, b = results[OURS][f"{key}/ndcg"], results[name][f"{key}/ndcg"]
                lift = paired(a, b, np.random.default_rng(0))
                print(f"{key:22s} ours - {name}: {lift.mean:+.4f} [{lift.low:+.4f}, {lift.high:+.4f}]")


if __name__ == "__main__":
    main()
