"""Compile every kernel once, so that the first command a user types is as fast as the second."""

import numpy as np

from .kernels.bpr import bpr_epoch
from .kernels.skipgram import skipgram


def main() -> None:
    tokens = np.arange(8, dtype=np.int32) % 4
    starts, counts = np.array([0, 8], np.int64), np.full(4, 2, np.int64)
    skipgram(tokens, starts, counts, dim=16, window=2, negative=2, epochs=1, seed=0, threads=2)
    f = np.float32
    bpr_epoch(
        np.ones((1, 2), f), np.zeros((1, 2), np.int32), np.zeros((1, 2), f), np.ones((1, 2), bool), np.ones((1, 1), f),
        np.ones((1, 3), f), np.ones(1, f), np.ones((2, 3), f), np.ones(1, f), 1, 0.1, 0.1, 0,
    )  # fmt: skip


if __name__ == "__main__":
    main()
