"""Word2Vec, ours against gensim: time and quality on the same documents, interleaved in one process.

Run: python benchmarks/word2vec.py [--data CSV] [--epochs N] [--rounds R] [--quality-epochs N]
Without --data the corpus is synthetic: topics, Zipfian words, notes that belong to topics.
"""

import argparse
import csv
import importlib.util
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from tastemaker.features.word2vec import Word2Vec

Array = NDArray[np.float64]
N_NEIGHBORS, N_NOTES, N_FOLDS, L2, N_BOOTSTRAPS = 10, 50, 5, 1.0, 2000


@dataclass(frozen=True)
class Items:
    notes: list[set[str]]
    descriptions: list[list[str]]
    documents: list[list[str]]  # notes, phrases of notes as one token, description, brand


def words(text: str | None) -> list[str]:
    return re.findall(r"[^\W_]+", (text or "").lower())


def read_items(path: Path) -> Items:
    """A CSV with the columns Brand, Description and Notes (comma separated)."""
    found = Items([], [], [])
    with path.open(encoding="cp1252", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            phrases = [phrase for text in (row["Notes"] or "").split(",") if (phrase := words(text))]
            found.notes.append({" ".join(phrase) for phrase in phrases})
            found.descriptions.append(words(row["Description"]))
            tokens = [word for phrase in phrases for word in phrase]
            tokens += ["_".join(phrase) for phrase in phrases if len(phrase) > 1]
            found.documents.append(tokens + found.descriptions[-1] + words(row["Brand"]))
    return found


def synthetic_items(n: int = 800, n_words: int = 6000, n_topics: int = 20, seed: int = 0) -> Items:
    rng, found = np.random.default_rng(seed), Items([], [], [])
    zipf = 1 / np.arange(3, n_words + 3)
    topic_of = rng.integers(0, n_topics, n_words)
    chances = zipf * np.where(topic_of == np.arange(n_topics)[:, None], n_topics / 4, 1.0)  # (n_topics, n_words)
    chances /= chances.sum(axis=1, keepdims=True)
    for _ in range(n):
        topic = int(rng.integers(n_topics))
        notes = {f"note{topic * 4 + int(k)}" for k in rng.integers(0, 8, 4)}
        text = [f"w{w}" for w in rng.choice(n_words, rng.integers(20, 150), p=chances[topic])]
        found.notes.append(notes)
        found.descriptions.append(text)
        found.documents.append(sorted(notes) + text)
    return found


def seconds(settings: Word2Vec, documents: list[list[str]]) -> float:
    start = time.perf_counter()
    settings.fit(documents, seed=1)
    return time.perf_counter() - start


def print_times(contestants: dict[str, Word2Vec], documents: list[list[str]], rounds: int) -> None:
    times = {name: np.zeros(rounds) for name in contestants}
    for i in range(rounds):
        for name, settings in contestants.items():
            times[name][i] = seconds(settings, documents)
    best = next(iter(times))
    print(f"{'':24}{'median s':>10}   times as fast as {best} (range)")
    for name, taken in times.items():
        ratio = times[best] / taken
        share = np.median(times[best]) / np.median(taken)
        print(f"{name:24}{np.median(taken):10.2f}{share:13.2f} ({ratio.min():.2f} to {ratio.max():.2f})")


def neighbor_overlap(vectors: NDArray[np.float32], notes: list[set[str]]) -> Array:
    """float64 (n,): the mean Jaccard index of each item's notes with those of its nearest items by cosine."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :N_NEIGHBORS]
    pairs = [(own, notes[j]) for own, row in zip(notes, nearest, strict=True) for j in row]
    shared = np.array([len(own & other) / max(1, len(own | other)) for own, other in pairs])
    return np.asarray(shared.reshape(len(notes), -1).mean(axis=1))  # (n, N_NEIGHBORS) -> (n,)


def note_auc(vectors: NDArray[np.float32], notes: list[set[str]]) -> Array:
    """float64 (N_NOTES,): for each frequent note, the AUC of ridge regression on items left out of the fit."""
    names = [note for own in notes for note in own]
    kinds, counts = np.unique(names, return_counts=True)
    frequent = kinds[np.argsort(-counts, kind="stable")[:N_NOTES]]
    present = np.array([[note in own for note in frequent] for own in notes], float)  # (n, N_NOTES)
    x = np.c_[vectors, np.ones(len(notes))].astype(float)
    fold = np.random.default_rng(0).integers(0, N_FOLDS, len(notes))
    scores = np.zeros_like(present)
    for k in range(N_FOLDS):
        fit = x[fold != k]
        weights = np.linalg.solve(fit.T @ fit + L2 * np.eye(x.shape[1]), fit.T @ present[fold != k])
        scores[fold == k] = x[fold == k] @ weights
    n_present = present.sum(axis=0)
    ranks = (rankdata(scores, axis=0) * present).sum(axis=0) - n_present * (n_present + 1) / 2
    return np.asarray(ranks / (n_present * (len(notes) - n_present)))


def interval(difference: Array) -> tuple[float, float]:
    """95 % of the means of paired bootstrap samples."""
    draws = np.random.default_rng(0).integers(0, len(difference), (N_BOOTSTRAPS, len(difference)))
    low, high = np.quantile(difference[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def print_quality(contestants: dict[str, Word2Vec], items: Items) -> None:
    measured: dict[str, tuple[Array, Array]] = {}
    for name, settings in contestants.items():
        full = settings.fit(items.documents, seed=1).encode(items.documents)
        described = settings.fit(items.descriptions, seed=1).encode(items.descriptions)
        measured[name] = neighbor_overlap(full, items.notes), note_auc(described, items.notes)
    for k, label in enumerate((f"notes shared with {N_NEIGHBORS} nearest", f"AUC, {N_NOTES} notes from descriptions")):
        print(f"\n{label}")
        first = next(iter(measured.values()))[k]
        for name, values in measured.items():
            low, high = interval(values[k] - first)
            print(f"{name:24}{values[k].mean():10.4f}   against the first: {low:+.4f} to {high:+.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="CSV with Brand, Description, Notes")
    parser.add_argument("--epochs", type=int, default=5, help="of each timed run")
    parser.add_argument("--rounds", type=int, default=5, help="timed runs of each contestant")
    parser.add_argument("--quality-epochs", type=int, default=100, help="0 leaves quality out")
    chosen = parser.parse_args()
    items = synthetic_items() if chosen.data is None else read_items(chosen.data)
    print(f"{len(items.documents)} documents, {sum(map(len, items.documents))} tokens, {chosen.epochs} epochs")
    both = Word2Vec(epochs=chosen.epochs)
    contestants = {"ours, 2 threads": both, "ours, 1 thread": replace(both, threads=1)}
    if importlib.util.find_spec("gensim") is not None:
        gensim = replace(both, backend="gensim")
        contestants = {"gensim, 2 workers": gensim, "gensim, 1 worker": replace(gensim, threads=1), **contestants}
    for settings in contestants.values():
        seconds(replace(settings, epochs=1), items.documents[:20])  # compile
    print_times(contestants, items.documents, chosen.rounds)
    if chosen.quality_epochs > 0:
        judged = {name: contestants[name] for name in contestants if "1" not in name}
        print_quality({name: replace(s, epochs=chosen.quality_epochs) for name, s in judged.items()}, items)


if __name__ == "__main__":
    main()
