"""A planted world of tracks: does the network find the groups that the numbers hide? And how fast it embeds new tracks.

    python benchmarks/planted_tracks.py --tracks 100000 --plays 1000000

Tracks in groups of 50 (synth/listeners.py): the hidden place of a track is its group's center plus noise; its 12
numbers are a rotation of that place and of six louder numbers that nobody cares for. Listeners have three groups, and
play what is in them, the well-known more often, a tenth at random. Recall@10 = share of a track's ten nearest that is
of its group (49 are). The oracle knows the hidden place. A tenth of the tracks has no play at all that anybody learns
from: the last column. Then 10,000 new tracks are embedded by NumPy, in one thread.
"""

import argparse
from dataclasses import replace
from time import perf_counter

import numpy as np

from tastemaker.algorithms import Together
from tastemaker.data.catalog import Catalog
from tastemaker.data.dataset import Dataset
from tastemaker.data.events import events_of
from tastemaker.data.features import Features
from tastemaker.data.vocab import Vocab
from tastemaker.features.measures import fit_measures
from tastemaker.kernels.threads import one_blas_thread
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.synth.listeners import planted, same_group
from tastemaker.watch import Progress, Watch

GROUP, EACH, ASKED, NEW = 50, 50, 2000, 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--plays", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rate", type=float, default=3e-3, help="of the first step")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    world = planted(asked.tracks, asked.tracks // GROUP, asked.plays // EACH, EACH, rng)
    unmet = rng.random(asked.tracks) < 0.1
    kept = ~unmet[world.item]
    ids = tuple(f"t{i}" for i in range(asked.tracks))
    columns = {f"n{i:02d}": column for i, column in enumerate(world.numbers.T)}
    catalog = Catalog(Vocab(ids), ids, numbers=columns)
    events = events_of(world.user[kept], world.item[kept], np.ones(int(kept.sum()), np.float32), "play")
    data = Dataset(events, catalog, Vocab(tuple(f"u{i}" for i in range(asked.plays // EACH))))
    block = fit_measures(columns, ~unmet).encode(columns)
    features = Features(catalog.items, {"numbers": block})
    model = Together(
        blocks=("numbers",), epochs=asked.epochs, hidden=(256,), learning_rate=asked.rate, patience=3, gap=0
    )
    begun = perf_counter()
    tower = model.fit(data, features, np.random.default_rng(0), Watch(report))
    print(f"{asked.tracks} tracks, {int(kept.sum())} plays, learned in {perf_counter() - begun:.0f} s")
    met, new = (rng.choice(np.flatnonzero(mask), ASKED).astype(np.int32) for mask in (~unmet, unmet))
    oracle = [same_group(world.hidden, world.group, rows) for rows in (met, new)]
    for name, vectors in (
        ("learned", tower.near.vectors), ("raw numbers", unit_rows(block)), ("hidden place", world.hidden),
    ):  # fmt: skip
        found = [same_group(vectors, world.group, rows) for rows in (met, new)]
        shares = [f / o for f, o in zip(found, oracle, strict=True)]
        print(
            f"{name:14s} played {found[0]:.3f} ({shares[0]:.2f} of the oracle) never {found[1]:.3f} ({shares[1]:.2f})"
        )
    some = Features(Vocab(ids[:NEW]), {"numbers": block[:NEW]})
    empty = replace(tower, near=replace(tower.near, vectors=np.zeros((0, 0), np.float32)))
    with one_blas_thread():
        begun = perf_counter()
        empty.embed(some)
        print(f"embedding {len(some)} new tracks: {len(some) / (perf_counter() - begun):,.0f} a second, one thread")


def report(progress: Progress) -> None:
    if progress.metrics:
        print(progress.stage, progress.done, {k: round(v, 4) for k, v in progress.metrics.items()}, flush=True)


if __name__ == "__main__":
    main()
