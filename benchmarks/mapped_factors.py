"""A hybrid made the other way: factors of co-listening, foretold from content where nobody has met the track.

Gantner et al. 2010, "Learning attribute-to-feature mappings for cold-start recommendations": x_i = E_i W by ridge
regression, rows weighed by how many playlists hold the track; a track that n playlists hold keeps n / (n + weight) of
its own factors. E: what the network learned of content.
"""

from dataclasses import replace

import numpy as np

from tastemaker.algorithms import IALS
from tastemaker.algorithms.liked import liked
from tastemaker.data.arrays import Float64
from tastemaker.data.dataset import Dataset
from tastemaker.data.features import Features
from tastemaker.scorers import Scorer
from tastemaker.watch import Watch

GRID = [{"dim": dim, "weight": weight} for dim in (64, 256) for weight in (0.0, 1.0, 4.0)]
L2 = 1.0


def mapped(train: Dataset, features: Features, embedded: Float64, dim: int, weight: float) -> Scorer:
    """embedded: (n_tracks, d), what was learned of content; weight: in playlists, of what it foretells"""
    factors = IALS(dim=dim, near=()).fit(train, features, np.random.default_rng(0), Watch())
    n = np.bincount(liked(train).indices, minlength=len(features)).astype(np.float64)
    foretold = embedded @ _ridge(embedded, factors.items.astype(np.float64), n)
    own = np.divide(n, n + weight, out=np.zeros_like(n), where=n > 0)[:, None]
    return replace(factors, items=(own * factors.items + (1.0 - own) * foretold).astype(np.float32))


def _ridge(x: Float64, y: Float64, n: Float64) -> Float64:
    weighed = x * n[:, None]
    return np.asarray(np.linalg.solve(weighed.T @ x + L2 * np.eye(x.shape[1]), weighed.T @ y), np.float64)
