"""The perfume recipe as a tutorial would write it, plain loops in PyTorch and NumPy: the baseline of learners.py.

Each function learns from all rows of `train`, with the user inputs that our learners have: tastes and how sure they are
(TastePrior), how well an item fits them, how near it is to the history. A tutorial has no views of a user: every row
comes with all stated tastes and no history, so the nearness is 0 and its weights stay as they were drawn. What comes
back is a scorer of ours with the learned weights, so that both are judged by the same code.

Nothing is made slow on purpose: the inputs are computed once and a batch is one indexing of them, which is quicker than
a DataLoader; BPR's samples are drawn a pass at a time. What is left is the cost of small batches and of Python.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import torch
from torch import nn

from tastemaker.algorithms.scaling import match_length
from tastemaker.algorithms.taste import fit_prior
from tastemaker.data.arrays import Float32, Int64, empty_csr
from tastemaker.data.dataset import Dataset
from tastemaker.data.features import TASTES, Features
from tastemaker.scorers import Mlp, Scorer, TasteFactors, TastePrior

BLOCKS, NEAR = (TASTES, "text", "numbers"), "text"


@dataclass(frozen=True)
class Published:
    """The recipe's published settings. draws: samples that BPR sees an iteration, as many as there are rows."""

    ranknet_epochs: int = 50
    ranknet_batch: int = 32
    dpl_epochs: int = 50
    dpl_batch: int = 16
    bpr_iterations: int = 100
    bpr_draws: int = 10_000
    bpr_learning_rate: float = 0.02
    dim: int = 50
    l2: float = 0.01


def ranknet(train: Dataset, features: Features, settings: Published, seed: int) -> Mlp:
    """Burges et al. 2005: binary cross-entropy on score differences, over all pairs of every list."""
    torch.manual_seed(seed)
    prior = fit_prior(train, features)
    inputs = torch.from_numpy(inputs_of(train, features, prior))
    pairs = torch.from_numpy(pairs_of(train))
    model = nn.Sequential(
        nn.Linear(inputs.shape[1], 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    cross_entropy = nn.BCEWithLogitsLoss()
    for _ in range(settings.ranknet_epochs):
        for batch in torch.split(torch.randperm(len(pairs)), settings.ranknet_batch):
            better, worse = pairs[batch].T
            difference = model(inputs[better]) - model(inputs[worse])
            loss = cross_entropy(difference, torch.ones_like(difference))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return as_mlp(model, prior, features, squash=False)


def dpl(train: Dataset, features: Features, settings: Published, seed: int) -> Mlp:
    """Deep preference learning: mean squared error of a direct score in [0, 1], row by row."""
    torch.manual_seed(seed)
    prior = fit_prior(train, features)
    inputs = torch.from_numpy(inputs_of(train, features, prior))
    preference = torch.from_numpy((1.0 + train.signed()) / 2.0)[:, None]
    model = nn.Sequential(
        nn.Linear(inputs.shape[1], 128), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(64, 1), nn.Sigmoid(),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    squared_error = nn.MSELoss()
    for _ in range(settings.dpl_epochs):
        for batch in torch.split(torch.randperm(len(inputs)), settings.dpl_batch):
            loss = squared_error(model(inputs[batch]), preference[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return as_mlp(model, prior, features, squash=True)


def bpr(train: Dataset, features: Features, settings: Published, seed: int) -> TasteFactors:
    """Rendle et al. 2009, LearnBPR, one sample at a time; as in ours, a user's vector is a map of the tastes."""
    rng, prior = np.random.default_rng(seed), fit_prior(train, features)
    tastes = np.hstack([user_inputs(train, prior)[0] - prior.mean, np.ones((len(train.users), 1))]).astype(np.float32)
    unit = match_length(prior)
    looks = prior.looks() / np.float32(unit)
    vectors = rng.normal(0.0, 0.1, (len(features), settings.dim)).astype(np.float32)
    bias = np.zeros(len(features), np.float32)
    user = rng.normal(0.0, 0.1, (prior.p + 1, settings.dim)).astype(np.float32)
    alpha, rate, l2 = 1.0, settings.bpr_learning_rate, settings.l2
    pairs, of_user, of_item = pairs_of(train), train.events.user, train.events.item
    for _ in range(settings.bpr_iterations):
        for better, worse in pairs[rng.integers(0, len(pairs), settings.bpr_draws)].tolist():
            t, i, j = tastes[of_user[better]], of_item[better], of_item[worse]
            mine, apart = t @ user, vectors[i] - vectors[j]
            match = float(t[:-1] @ (looks[i] - looks[j]))
            g = 1.0 / (1.0 + math.exp(mine @ apart + bias[i] - bias[j] + alpha * match))
            vectors[i] += rate * (g * mine - l2 * vectors[i])
            vectors[j] -= rate * (g * mine + l2 * vectors[j])
            bias[i] += rate * (g - l2 * bias[i])
            bias[j] -= rate * (g + l2 * bias[j])
            user += rate * (g * np.outer(t, apart) - l2 * user)
            alpha += rate * (g * match - l2 * alpha)
    nothing = np.zeros((0, 0), np.float32)  # it has no vector for new items
    return TasteFactors(prior, vectors, bias, user, float(alpha) / unit, nothing, BLOCKS)


GUIDE: dict[str, Callable[[Dataset, Features, Published, int], Scorer]] = {
    "ranknet": ranknet, "dpl": dpl, "bpr": bpr,
}  # fmt: skip


def user_inputs(train: Dataset, prior: TastePrior) -> tuple[Float32, Float32]:
    """Tastes and their spread, float32 (n_users, p) each, of users who told all their tastes and no history."""
    return prior.infer(train.profiles, empty_csr(len(train.users), len(train.catalog)))


def inputs_of(train: Dataset, features: Features, prior: TastePrior) -> Float32:
    """[item features, tastes, spread, match, nearness] of every event, float32 (n, d + 2 p + 2)."""
    tastes, spread = user_inputs(train, prior)
    user, item = train.events.user, train.events.item
    match = np.einsum("np,np->n", (tastes - prior.mean)[user], prior.looks()[item])
    nearness = np.zeros_like(match)
    found = [features.matrix(BLOCKS)[item], tastes[user], spread[user], match[:, None], nearness[:, None]]
    return np.hstack(found).astype(np.float32)


def pairs_of(train: Dataset) -> Int64:
    """Positions of all pairs of events of one user, the better one first, int64 (n_pairs, 2)."""
    signed, order = train.signed(), np.argsort(train.events.user, kind="stable")
    starts = np.flatnonzero(np.diff(train.events.user[order], prepend=-1))
    found = [
        (a, b) if signed[a] > signed[b] else (b, a)
        for first, last in pairwise((*starts.tolist(), len(order)))
        for a, b in combinations(order[first:last].tolist(), 2)
        if signed[a] != signed[b]
    ]
    return np.array(found, np.int64)


def as_mlp(model: nn.Sequential, prior: TastePrior, features: Features, squash: bool) -> Mlp:
    """The network as our scorer: its first layer falls into the parts of the item, of the user and of the matches."""
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    weights = [layer.weight.detach().numpy().T.copy() for layer in linear]  # (n_in, n_out) each
    biases = [layer.bias.detach().numpy().copy() for layer in linear]
    items = features.matrix(BLOCKS)
    d, p = items.shape[1], prior.p
    item, user, match = np.split(weights[0], [d, d + 2 * p])
    return Mlp(
        prior=prior,
        embedding=features.block(NEAR),
        hidden=items @ item + biases[0],
        item=item,
        bias=biases[0],
        user=user,
        match=match,
        weights=tuple(weights[1:]),
        biases=tuple(biases[1:]),
        blocks=BLOCKS,
        near=NEAR,
        squash=squash,
    )
