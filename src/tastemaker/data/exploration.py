"""Showing, now and then, what the model would not: new items get a chance, and other models can be judged by the log.

Each position takes the best item that is left, or, with the chance `explore`, one drawn from all that are left with
weight 1 / rank: a Plackett–Luce draw (Plackett 1975) whose utilities are -log(rank), since scores of different models
share no scale. The chance that the item shown had, given those above it, is its propensity:

    (1 - explore) [it is the best left] + explore · (1 / rank) / Σ_left (1 / rank)
"""

import numpy as np

from .arrays import Float64, Int64

POOL = 100  # best items that may be drawn from; what ranks below has no chance, and no log can say what it would do


def explored(n_pool: int, n: int, explore: float, rng: np.random.Generator) -> tuple[Int64, Float64]:
    """Which of n_pool ranked items (0 = best) stand at the first n positions, and their propensities: (n,) each."""
    weight = 1.0 / np.arange(1, n_pool + 1)
    order, chances = np.zeros(min(n, n_pool), np.int64), np.zeros(min(n, n_pool))
    for k in range(len(order)):
        best, total = int(np.argmax(weight)), float(weight.sum())
        drawn = rng.random() < explore
        at = int(rng.choice(n_pool, p=weight / total)) if drawn else best
        order[k] = at
        chances[k] = (1.0 - explore) * (at == best) + explore * weight[at] / total
        weight[at] = 0.0
    return order, chances
