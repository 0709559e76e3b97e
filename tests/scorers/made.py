"""Scorers with arrays drawn by hand, no training."""

import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import Mlp, TasteFactors, TastePrior


def taste_prior(features, seed=0):
    rng = np.random.default_rng(seed)
    membership = features.block(TASTES)
    p = membership.shape[1]
    spread = rng.normal(size=(p, p)) * 0.2
    return TastePrior(
        mean=rng.random(p).astype(np.float32),
        precision=np.linalg.inv(spread @ spread.T + 0.05 * np.eye(p)).astype(np.float32),
        membership=membership,
        center=membership.mean(axis=0),
        slope=1.7,
        noise=0.3,
        stated=0.01,
    )


def taste_factors(features, seed=0, dim=6):
    rng = np.random.default_rng(seed)
    prior, n, blocks = taste_prior(features, seed), len(features), (TASTES, "text")
    width = features.matrix(blocks).shape[1]
    draw = lambda *shape: rng.normal(0.0, 0.4, shape).astype(np.float32)  # noqa: E731
    return TasteFactors(prior, draw(n, dim), draw(n), draw(prior.p + 1, dim), 0.8, draw(width + 1, dim + 1), blocks)


def mlp(features, squash, seed=0):
    rng = np.random.default_rng(seed)
    prior, blocks = taste_prior(features, seed), (TASTES, "text")
    inputs = features.matrix(blocks)
    draw = lambda *shape: rng.normal(0.0, 0.7, shape).astype(np.float32)  # noqa: E731
    item, bias = draw(inputs.shape[1], 9), draw(9)
    return Mlp(
        prior=prior,
        embedding=features.block("text"),
        hidden=inputs @ item + bias,
        item=item,
        bias=bias,
        user=draw(2 * prior.p, 9),
        match=draw(2, 9),
        weights=(draw(9, 7), draw(7, 1)),
        biases=(draw(7), draw(1)),
        blocks=blocks,
        near="text",
        squash=squash,
    )
