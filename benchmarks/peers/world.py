"""What all competitors are given: the published split, one set of factors, one set of lists. Prepared once, as arrays.

Prepared by command.py: python -m peers.world SOURCE FOLDER; SOURCE holds train.txt and test.txt, user item item … in
a line, or is "generated".
"""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from peers.generate import interactions
from peers.judge import top_lists

DIM, TOP = 64, 20
HELD_SHARE = 0.1  # of each user's training items, held out to choose settings on
QUICK_EVENTS, QUICK_RATINGS = 20_000, 5_000


@dataclass(frozen=True)
class World:
    """held: settings are being chosen, so `test` is a part of the published training set."""

    folder: Path
    threads: int
    held: bool = False

    @cached_property
    def train(self) -> sparse.csr_matrix:
        """csr float32 (n_users, n_items) of ones, indices sorted."""
        return sparse.load_npz(self.folder / ("held_train.npz" if self.held else "train.npz"))

    @cached_property
    def test(self) -> sparse.csr_matrix:
        return sparse.load_npz(self.folder / ("held_test.npz" if self.held else "test.npz"))

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """user, item int32 (n_events,) of the training part."""
        user = np.repeat(np.arange(self.train.shape[0], dtype=np.int32), np.diff(self.train.indptr))
        return user, self.train.indices.astype(np.int32)

    @cached_property
    def factors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """users (n_users, DIM), items (n_items, DIM), the same for all: a few power iterations on the training part."""
        return np.load(self.folder / "users.npy"), np.load(self.folder / "items.npy")

    @cached_property
    def lists(self) -> NDArray[np.int32]:
        """int32 (n_users, TOP), recommended by `factors`, seen items left out."""
        loaded: NDArray[np.int32] = np.load(self.folder / "lists.npy")
        return loaded


def prepare(source: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if source == "generated":
        train, test = _generated()
        _write_ratings(folder / "ratings.csv", np.random.default_rng(0))
    else:
        train, test = _read(Path(source))
    held_train, held_test = _held_out(train, np.random.default_rng(0))
    for name, part in {"train": train, "test": test, "held_train": held_train, "held_test": held_test}.items():
        sparse.save_npz(folder / f"{name}.npz", part, compressed=False)
    users, items = _spectral(train, min(DIM, *train.shape), np.random.default_rng(0))
    np.save(folder / "users.npy", users)
    np.save(folder / "items.npy", items)
    np.save(folder / "lists.npy", top_lists(users, items, train, TOP))
    (folder / "done").touch()


def _read(source: Path) -> tuple[Any, Any]:
    parts = [_pairs(source / f"{name}.txt") for name in ("train", "test")]
    shape = tuple(1 + max(int(part[axis].max()) for part in parts) for axis in (0, 1))
    return tuple(_matrix(*part, shape) for part in parts)


def _pairs(file: Path) -> tuple[Any, Any]:
    rows = [np.array(line.split(), np.int32) for line in file.read_text().splitlines()]
    rows = [row for row in rows if len(row)]
    return np.repeat([row[0] for row in rows], [len(row) - 1 for row in rows]), np.concatenate([r[1:] for r in rows])


def _generated() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    user, item, n_users, n_items = interactions(QUICK_EVENTS, rng)
    return _held_out(_matrix(user, item, (n_users, n_items)), rng, share=0.2)


def _write_ratings(file: Path, rng: np.random.Generator) -> None:
    user, item, n_users, n_items = interactions(QUICK_RATINGS, rng)
    value = 3.0 + rng.normal(0, 0.5, n_users)[user] + rng.normal(0, 0.5, n_items)[item] + rng.normal(0, 0.7, len(user))
    stars = np.clip(np.round(value), 1, 5)
    table = np.column_stack([user, item, stars, rng.permutation(len(user))])
    np.savetxt(file, table, "%d", delimiter=",", header="user,item,rating,timestamp", comments="")


def _matrix(user: Any, item: Any, shape: Any) -> Any:
    matrix = sparse.csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def _held_out(matrix: Any, rng: np.random.Generator, share: float = HELD_SHARE) -> tuple[Any, Any]:
    """Two matrices of the same shape: what stays and what is held out; a user's first event always stays."""
    user = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    out = rng.random(matrix.nnz) < share
    out[matrix.indptr[:-1][np.diff(matrix.indptr) > 0]] = False
    return tuple(_matrix(user[m], matrix.indices[m], matrix.shape) for m in (~out, out))


def _spectral(train: Any, dim: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Like trained factors in what matters to a search: popular items have long rows, neighbors point the same way."""
    scale = [sparse.diags(1.0 / np.sqrt(np.maximum(train.sum(axis=axis).A1, 1.0))) for axis in (1, 0)]
    normal = (scale[0] @ train @ scale[1]).tocsr()
    items = rng.standard_normal((train.shape[1], dim))
    for _ in range(4):
        items = np.linalg.qr(normal.T @ (normal @ items))[0]
    return (train @ items).astype(np.float32), items.astype(np.float32)


if __name__ == "__main__":
    prepare(sys.argv[1], Path(sys.argv[2]))
