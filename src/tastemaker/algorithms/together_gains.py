"""How much the network's output counts beside the blocks that are compared as they are: chosen on users held out."""

from dataclasses import replace

import numpy as np

from ..data.arrays import Csr, Float32, Float64
from ..data.features import Features
from ..data.query import Batch
from ..scorers import Tower
from .strangers import mean_ndcg

USERS = 300  # asked, at most
STEPS = (0.0, 0.5, 0.7, 1.4, 2.0)  # what a gain is multiplied by in turn
ROUNDS = 4
K = 10


def best_gains(model: Tower, features: Features, batch: Batch, wanted: Csr) -> Float32:
    """float32 (1 + n blocks,): by coordinate ascent on NDCG@10, from all alike; the network's stays 1 where it can."""
    few = slice(0, USERS)
    batch, wanted = batch.take(few), wanted[few]
    seen = model.seen(features)

    def value(gains: Float64) -> float:
        vectors = replace(model, gains=gains.astype(np.float32)).joined(seen, features)
        return mean_ndcg(replace(model.near, vectors=vectors), batch, wanted, K)

    gains = np.ones(1 + len(model.beside))
    found = value(gains)
    for _ in range(ROUNDS):
        before = found
        for place in range(1, len(gains)):
            for step in STEPS:
                tried = gains.copy()
                tried[place] = step * gains[place] if gains[place] else step * 0.25
                better = value(tried)
                if better > found:
                    gains, found = tried, better
        if found == before:
            break
    return gains.astype(np.float32)
