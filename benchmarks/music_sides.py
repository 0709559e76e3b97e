"""Run by music_peers.py with a peer's own interpreter: fold.npz in, scores of every track for every playlist out.

    python music_sides.py SIDE FOLD.npz OUT.npy '{"dim": 64}'

Both are told everything: the training playlists, and the told tracks of those that are judged. Two threads. The
seconds are of learning alone: neither of the import nor of the scores.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

NEIGHBORS = 10
Scores = np.ndarray[Any, Any]
Found = tuple[Scores, float]  # and the seconds of learning


def csr(kept: Any, name: str) -> sp.csr_matrix:
    parts = tuple(kept[f"{name}/{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_matrix(parts, shape=tuple(kept[f"{name}/shape"]))


def lightfm(kept: Any, dim: int = 64, epochs: int = 30, alpha: float = 1e-6, loss: str = "warp") -> Found:
    """Tracks are their own indicator, artist, album and numbers; judged playlists are users with their told tracks."""
    from lightfm import LightFM  # type: ignore[import-not-found]

    train, told, features = csr(kept, "train"), csr(kept, "told"), csr(kept, "features")
    both = sp.vstack([train, told]).tocoo()
    begun = time.perf_counter()
    model = LightFM(dim, loss=loss, item_alpha=alpha, user_alpha=alpha, random_state=0)
    model.fit(both, item_features=features, epochs=epochs, num_threads=2)
    took = time.perf_counter() - begun
    users = np.arange(train.shape[0], both.shape[0])
    bias, vectors = model.get_item_representations(features)
    return np.asarray(model.user_embeddings[users] @ vectors.T + bias, np.float32), took


def implicit(kept: Any, dim: int = 64, l2: float = 0.01, alpha: float = 10.0, epochs: int = 15) -> Found:
    """ALS; a track that nobody has gets the mean factors of its nearest tracks in content."""
    from implicit.cpu.als import AlternatingLeastSquares  # type: ignore[import-not-found]

    train, told, content = csr(kept, "train"), csr(kept, "told"), kept["content"]
    begun = time.perf_counter()
    model = AlternatingLeastSquares(
        dim, regularization=l2, alpha=alpha, iterations=epochs, num_threads=2, random_state=0
    )
    model.fit(train, show_progress=False)
    seen = np.bincount(train.indices, minlength=train.shape[1]) > 0
    known, vectors = np.flatnonzero(seen), np.array(model.item_factors)
    for start in range(0, train.shape[1], 2000):
        rows = np.flatnonzero(~seen[start : start + 2000]) + start
        near = content[rows] @ content[known].T
        best = np.argpartition(-near, NEIGHBORS - 1, axis=1)[:, :NEIGHBORS]
        vectors[rows] = model.item_factors[known[best]].mean(axis=1)
    took = time.perf_counter() - begun
    users = model.recalculate_user(np.arange(told.shape[0]), told)
    return np.asarray(users @ vectors.T, np.float32), took


if __name__ == "__main__":
    side, source, target, settings = sys.argv[1:]
    with np.load(source) as kept:
        sides: dict[str, Callable[..., Found]] = {"lightfm": lightfm, "implicit": implicit}
        scores, took = sides[side](kept, **json.loads(settings))
    np.save(target, np.asarray(scores, np.float32))
    sys.stdout.write(json.dumps({"seconds": took}) + "\n")
